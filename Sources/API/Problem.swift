import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Postgres
import Store

/// What the client is told when something is wrong (RFC 9457).
///
/// Everything thrown becomes one of these, here and nowhere else.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// Stable, for programs; the end of the type.
    var code: String
    var title: String
    var detail: String
    var errors: [Fault]?
    var existing: String?
    var headers: HTTPFields = [:]
    /// For the log alone: what went wrong, where it is not the client's mistake.
    private(set) var cause: String?

    init(
        _ status: HTTPResponse.Status, _ code: String, _ title: String, _ detail: String, errors: [Fault]? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    static let unauthenticated = Problem(
        .unauthorized, "unauthenticated", "Not signed in",
        "Send a token as Authorization: Bearer …; with the command line: rectify login.",
        headers: [.wwwAuthenticate: "Bearer"])

    static func otherKey(_ whose: String) -> Problem {
        Problem(
            .forbidden, "other-key", "Not with this key", "This address is for \(whose); yours is another kind of key.")
    }

    static let badToken = Problem(
        .unauthorized, "bad-token", "The token is not good",
        "It is wrong, has expired or was revoked. Ask for a new one and sign in again.",
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

    static let officersElsewhere = Problem(
        .unauthorized, "bad-token", "The token is not good here",
        "At this address no officer is let in. Officers work at another one; it is the operator who knows it.",
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

    static let passwordNotOwn = Problem(
        .forbidden, "password-not-own", "Set a password of your own first",
        "Somebody else has set yours. PUT /v1/session/password; with the command line: rectify password.")

    static func notFound(_ what: String) -> Problem {
        Problem(.notFound, "not-found", "Not found", "There is no \(what).")
    }

    static func badReference(_ text: String) -> Problem {
        Problem(
            .notFound, "not-found", "Not found",
            "“\(text)” is no reference: they look like IR21-0000123-4, and the last digit has to fit the others.")
    }

    static func invalid(_ faults: [Fault]) -> Problem {
        Problem(
            .unprocessableContent, "invalid", "The request cannot be accepted",
            faults.count == 1 ? "\(faults[0].pointer) \(faults[0].detail)." : "\(faults.count) things are wrong.",
            errors: faults)
    }

    static func malformed(_ error: JSON.SyntaxError) -> Problem {
        Problem(
            .badRequest, "malformed-json", "The body is no JSON",
            "At byte \(error.offset): \(error.reason). Send one JSON object in UTF-8.")
    }

    static func tooLarge(limit: Int) -> Problem {
        Problem(
            .contentTooLarge, "too-large", "The body is too large", "It may have \(limit) bytes at the most.",
            headers: [.connection: "close"])
    }

    static func overloaded(_ detail: String, retryAfter: Int = 1) -> Problem {
        Problem(
            .serviceUnavailable, "unavailable", "Not available now", detail,
            headers: [.retryAfter: String(retryAfter)])
    }

    static let unknownTrackingCode = Problem(
        .notFound, "tracking-code-unknown", "No complaint has this code",
        "Check the code: 26 letters and digits, as you were given it when you filed.")

    /// What the address names is not what the code opens, whether or not it is there.
    static let foreignTrackingCode = Problem(
        .unauthorized, unknownTrackingCode.code, "The code does not open this complaint",
        "Check the code and the reference: both are as you were given them when you filed.")

    static let precondition = Problem(
        .preconditionRequired, "precondition-required", "If-Match is missing",
        "Read the case first and send its entity tag as If-Match, so that nobody's change is lost.")
}

// MARK: From errors

extension Problem {
    /// The one place where an error becomes an answer.
    ///
    /// What is not listed tells nothing but its request id.
    init(_ error: any Error) {
        self.init(answering: error)
        guard status.code >= 500, cause == nil else { return }
        let other = code == Self.internalError.code ? "\(type(of: error))" : detail
        cause = (error as? PostgresError).map(Self.cause) ?? other
    }

    /// The SQLSTATE, the message and the constraint, never the values that were sent.
    private static func cause(of error: PostgresError) -> String {
        guard case .server(let server) = error else { return error.description }
        // PostgreSQL quotes a value that does not fit its type (class 22).
        let message = server.state.hasPrefix("22") ? "a value does not fit" : server.message
        return "PostgreSQL \(server.state): \(message)" + (server.constraint.map { " (constraint \($0))" } ?? "")
    }

    private init(answering error: any Error) {
        self =
            switch error {
            case let problem as Problem: problem
            case let refusal as Refusal: Problem(refusal)
            case let error as CaseError: Problem(error)
            case let invalid as InvalidDocument: .invalid(invalid.faults)
            case let error as JSON.SyntaxError: .malformed(error)
            case let error as IdempotencyError: Problem(error)
            case is ReadLaneFull: Self.overloaded("More wait than can be answered; ask again in a moment.")
            case is FilingLane.Full: Self.overloaded("More filings wait than can be taken; send it again in a moment.")
            case ImportError.elsewhere(let lines):
                Problem(
                    .conflict, "import-elsewhere", "The import stands somewhere else",
                    "\(lines) lines are in; send those after them, with ?after=\(lines).")
            case let full as FilerStorageFull: .storageQuotaUsed(full)
            case let unfit as EvidenceFile.Unfit:
                .invalid([Fault(pointer: unfit.pointer, code: unfit.code, detail: unfit.detail)])
            case EvidenceError.complaintIsFull: .complaintIsFull
            case EvidenceError.noRoom: .noRoom
            case EvidenceError.known: Problem(.conflict, "known", "There already", "The same file is there already.")
            case IntakeError.alreadyFiled(let existing): .alreadyFiled(existing)
            case IntakeError.referenceConflict(let existing): .referenceConflict(existing)
            case let error as MomentError: Problem(error)
            case let error as IssueError: Problem(error)
            case let error as SignInError: Problem(error)
            case is ComputePool.Busy:
                Self.overloaded("More waits to be computed than may; try again in a moment.", retryAfter: 3)
            case is NotSummed: Self.overloaded("The report is being prepared.", retryAfter: 60)
            case let error as PostgresError: Problem(error)
            case let error as DamagedSeal: .damagedSeal(error)
            case OfficerError.unknown(let name): .notFound("officer \(name)")
            // Whoever sent it is gone or has lost the thread; nobody reads this, but the log tells it is not our fault.
            case is HTTPParserError, is ChannelError: .brokenOff
            case let error as HTTPError where error.status == .notFound:
                Problem(.notFound, "not-found", "Not found", "There is nothing at this address.")
            case let error as HTTPError:
                Problem(error.status, "http", error.status.reasonPhrase, error.body ?? error.status.reasonPhrase)
            case is CancellationError: .overloaded("The request was given up.")
            default: .internalError
            }
    }

    /// What is shown of a complaint would not be what was sent: nothing of it is.
    private static func damagedSeal(_ error: DamagedSeal) -> Problem {
        var problem = Problem(
            .conflict, "sealed-data-damaged", "What is sealed was changed",
            "What is kept sealed about this complaint is not what was sealed for it, so that it is not shown. Tell the "
                + "operator, who finds what else was changed with: rectify audit verify.")
        problem.cause = error.description
        return problem
    }

    private static let brokenOff = Problem(
        .badRequest, "broken-off", "The request broke off", "It ended before its end; send it again.",
        headers: [.connection: "close"])

    static let internalError = Problem(
        .internalServerError, "internal", "Something went wrong here", "Tell the operator the request id.")

    private static let outcomeUnknown = overloaded(
        "It is not known whether this was stored. Ask again with the same Idempotency-Key to be sure.", retryAfter: 2)

    private static let noRoom = Problem(
        HTTPResponse.Status(code: 507), "no-room", "No room left", "Nothing was stored. Try again later.",
        headers: [.retryAfter: "30"])

    private static func storageQuotaUsed(_ full: FilerStorageFull) -> Problem {
        Problem(
            .forbidden, "storage-quota-used", "No more may be stored",
            "What this filer has filed and imported takes the \(full.quota >> 20) MiB it may take. Ask the authority for more."
        )
    }

    private static let complaintIsFull = Problem(
        .conflict, "too-much-evidence", "No more files for this complaint",
        "It may have \(EvidenceQuota.files) files with \(EvidenceQuota.bytesOfOne >> 20) MiB in all.")

    private static func alreadyFiled(_ existing: String) -> Problem {
        var problem = Problem(
            .conflict, "already-filed", "Filed before",
            "This client_reference was used for \(existing); each may be used once.")
        problem.existing = "/v1/complaints/\(existing)"
        return problem
    }

    private static func referenceConflict(_ existing: String) -> Problem {
        var problem = Problem(
            .conflict, "reference-conflict", "Another filing has this reference",
            "\(existing) was filed under this client_reference and says something else. If this is another complaint, give "
                + "it a reference of its own.")
        problem.existing = "/v1/complaints/\(existing)"
        return problem
    }

    private init(_ error: CaseError) {
        self =
            switch error {
            case .stale(let current, let winner):
                Problem(
                    .preconditionFailed, "stale", "Someone was faster",
                    "The case has changed since you read it\(winner.map { ", by \($0)" } ?? ""); its version is "
                        + "\(current) now. Read it again.",
                    headers: [.eTag: "\"\(current)\""])
            case .notFound(let what): .notFound(what)
            }
    }

    private init(_ error: IdempotencyError) {
        self =
            switch error {
            case .inFlight, .raced:
                Problem(
                    .conflict, "in-flight", "Still under way",
                    "The first request with this Idempotency-Key is still under way; ask again in a moment.",
                    headers: [.retryAfter: "1"])
            case .keyReused:
                Problem(
                    .unprocessableContent, "idempotency-key-reused", "The key was used for something else",
                    "This Idempotency-Key came with another request before. Use a fresh one for each filing.")
            }
    }

    private init(_ error: IssueError) {
        self =
            switch error {
            case .incomplete(let day):
                .invalid([
                    Fault(pointer: "#/as_of", code: "incomplete", detail: "is \(day), which is not over yet")
                ])
            case .beforeCampaign(let day):
                .invalid([
                    Fault(pointer: "#/as_of", code: "out_of_range", detail: "lies before the campaign began, \(day)")
                ])
            case .unknown(let number):
                .invalid([
                    Fault(
                        pointer: "#/corrects", code: "unknown", detail: "is \(number); no such issue ends on that day")
                ])
            case .isCorrected(let later):
                Problem(
                    .conflict, "issue-is-corrected", "Corrected already",
                    "Issue \(later) corrects it; if that is wrong, correct that one.")
            case .nothingToCorrect(let number):
                Problem(
                    .conflict, "nothing-to-correct", "Nothing to correct",
                    "Every figure is as issue \(number) has it.")
            case .isThere(let number):
                Problem(
                    .conflict, "issue-is-there", "Published already",
                    "Issue \(number) ends on that day or later. Publish a correction of one that ends on it, or a later day."
                )
            }
    }

    private init(_ error: SignInError) {
        self =
            switch error {
            case .wrong:
                Problem(
                    .unauthorized, "sign-in-failed", "Not signed in", "The name, the password or the code is wrong.",
                    headers: [.wwwAuthenticate: "Bearer"])
            case .codeNeeded:
                Problem(
                    .unauthorized, "code-needed", "One step more", "Send the code of the second factor as “code”.",
                    headers: [.wwwAuthenticate: "Bearer"])
            case .hasSecondFactor:
                Problem(
                    .conflict, "second-factor-is-there", "There is one already",
                    "Take the second factor away first, with a code of it.")
            case .noSecondFactor:
                Problem(.conflict, "no-second-factor", "There is none", "There is no second factor to do this with.")
            }
    }

    private init(_ error: MomentError) {
        self =
            switch error {
            case .clockBehindCut: .overloaded("The database's clock went back. Nothing was recorded.", retryAfter: 5)
            case .clockAhead(let seconds):
                Problem(
                    .serviceUnavailable, "clock-ahead", "The database's clock is ahead",
                    "It is \(seconds) seconds ahead of this server's clock. Nothing is recorded until both agree again; the "
                        + "operator sets the clock that is wrong.",
                    headers: [.retryAfter: "30"])
            case .cutStillOpen: .overloaded("Writers are still busy with what the report would show.", retryAfter: 2)
            case .inTheFuture(let now):
                .invalid([
                    Fault(
                        pointer: "?/known_at", code: "in_the_future",
                        detail: "has not come yet; it is \(now.formatted(.iso8601))")
                ])
            }
    }

    private init(_ error: PostgresError) {
        switch error {
        case .server(let server) where server.state == "53100":
            self = .noRoom
        case .server(let server) where server.state.hasPrefix("53"):
            self = .overloaded("The database is short of memory or connections. Nothing was changed.", retryAfter: 2)
        case .server(let server) where ["40003", "08007"].contains(server.state):
            self = .outcomeUnknown
        case .server(let server) where error.isTransient && server.state.contains(/^(40|55|57014)/):
            self = .overloaded("The database was too busy. Nothing was changed.")
        case .server where error.isTransient:
            self = .overloaded("The database is going away or coming back.", retryAfter: 2)
        case .server(let server) where server.constraint == "campaign_closes_after_launch":
            self = .invalid([
                Fault(pointer: "#/closed_on", code: "out_of_range", detail: "lies before the campaign's launch")
            ])
        case .commitOutcomeUnknown: self = .outcomeUnknown
        case .connectionLost, .deadlineExceeded, .poolExhausted, .closed, .rolledBack:
            self = .overloaded("The database cannot be reached in time. Nothing was changed.", retryAfter: 2)
        case .server, .nulCharacter, .unexpectedRow: self = .internalError
        }
    }
}

// MARK: To an answer

extension Problem {
    func body(requestID: UUID) -> ProblemBody {
        ProblemBody(
            type: "/problems/\(code)", title: title, status: status.code, detail: detail, code: code,
            requestId: requestID.text, errors: errors, existing: existing)
    }

    func bytes(requestID: UUID) -> [UInt8] {
        // A problem is strings and numbers, which can always be encoded.
        (try? Coding.bytes(of: body(requestID: requestID))) ?? []
    }

    /// The fields of the answer, but for those that every answer has.
    var fields: HTTPFields {
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        return fields
    }

    /// The whole answer, for what is refused before there is a request to answer.
    func answer(to requestID: UUID, isEncrypted: Bool) -> (head: HTTPResponse, body: ByteBuffer) {
        let body = bytes(requestID: requestID)
        var fields = fields
        fields.complete(requestID: requestID, isEncrypted: isEncrypted)
        fields[.contentLength] = String(body.count)
        return (HTTPResponse(status: status, headerFields: fields), ByteBuffer(bytes: body))
    }

    func response(requestID: UUID) -> Response {
        let body = ByteBuffer(bytes: bytes(requestID: requestID))
        return Response(status: status, headers: fields, body: .init(byteBuffer: body))
    }
}
