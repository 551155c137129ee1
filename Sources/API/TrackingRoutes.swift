import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What the complainant can see and do with the tracking code, which never stands in an address.
struct TrackingRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/tracking", show),
            // What was asked for brings the case on; anything else is only said.
            Route(.post, "/v1/tracking/messages") { request, _ in
                try await perform(request, needsMessage: true) { _ in .message }
            },
            Route(.post, "/v1/tracking/withdrawal") { request, _ in
                try await perform(request) { _ in .withdraw }
            },
            Route(.post, "/v1/tracking/confirmation") { request, _ in
                try await perform(request) { body in
                    if !body.has("fixed") { body.fault("fixed", "missing", "is required: true or false") }
                    return body.bool("fixed") == true ? .confirmFixed(by: nil) : .denyFixed(by: nil)
                }
            },
            Route(.post, "/v1/tracking/rating") { request, _ in
                try await perform(request) { body in .rate(body.requiredInt("rating", in: 1...5), by: nil) }
            },
        ]
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        try await answer(try await service.tracked(request))
    }

    private func perform(
        _ request: Request, needsMessage: Bool = false, _ read: @Sendable (ObjectReader) -> Complaint.Action
    ) async throws -> Response {
        let found = try await service.tracked(request)
        let body = try await Body(request)
        let action = read(body.reader)
        var terms = ActionTerms()
        terms.message =
            needsMessage
            ? body.reader.requiredText("message", limit: 4000, isProse: true)
            : body.reader.text("message", limit: 4000, isProse: true)
        try body.finish()
        let book = try await service.references.book()
        let key = terms.message == nil ? nil : try await service.keys.key(of: found)
        let now = service.now()
        do {
            let record = try await service.databases.work.transaction(as: .system) { [terms] db in
                let (reference, actor) = (found.reference, Actor(.complainant))
                return action == .message
                    ? try db.keep(
                        action, answersRequest: true, on: reference, by: actor, terms, book: book, at: now, key: key)
                    : try db.perform(action, on: reference, by: actor, terms, book: book, at: now, key: key)
            }
            return try await answer(record)
        } catch Refusal.hasDuplicates {
            throw Self.askTheAuthority
        } catch Refusal.outOfOrder where found.complaint.status == .duplicate && action == .withdraw {
            throw Self.askTheAuthority
        }
    }

    /// Why is nobody else's business; what to do is said.
    private static let askTheAuthority = Problem(
        .conflict, "ask-the-authority", "The authority has to look at it first",
        "Write a message that you withdraw; an officer carries it out.")

    private func answer(_ record: ComplaintRecord) async throws -> Response {
        try .json(try await service.trackingBody(of: record), headers: [.referrerPolicy: "no-referrer"])
    }
}

extension Service {
    /// A complaint as the complainant follows it.
    func trackingBody(of record: ComplaintRecord) async throws -> TrackingBody {
        let (sealed, notes, handling, all) = try await databases.work.transaction(.readOnly) { db in
            let handling = try db.handling(of: record)
            return (
                try db.messages(of: [record])[record.complaint.id] ?? [], try db.outwardNotes(of: record), handling,
                try handling?.all ?? db.merged(into: record)
            )
        }
        // A complainant reads the own conversation only, not that of complaints merged into it.
        let own = sealed.filter { $0.reference == record.reference }
        let messages: [OpenedMessage]
        do {
            messages = try await keys.open(own)
        } catch is PostgresError {
            messages = []
        }
        return TrackingBody(
            reference: record.reference.description, campaign: record.campaign, complaint: record.complaint,
            original: handling?.complaint, messages: messages.map(MessageBody.init),
            notes: try await outwardNotes(notes, handling, to: record, among: all))
    }

    /// What the authority wrote for a complainant to read, without the names of others whose complaints are one case with it.
    ///
    /// Where those names cannot be looked up just now, nothing is told that might hold one.
    private func outwardNotes(
        _ own: [OutwardNote], _ handling: Handling?, to record: ComplaintRecord, among all: [ComplaintRecord]
    ) async throws -> [TrackingBody.Note] {
        guard all.count > 1 else { return own.map { TrackingBody.Note(on: $0.on, text: $0.text) } }
        guard !own.isEmpty || handling?.notes.isEmpty == false || handling?.messages.isEmpty == false else { return [] }
        let (names, others, words): ([String], [String], [OpenedMessage])
        do {
            names = try await identities(of: all)
            others = try await identities(of: all.filter { $0.reference != record.reference })
            words = try await keys.open(handling?.messages ?? [])
        } catch is PostgresError {
            return []
        }
        let shared =
            (handling?.notes ?? []).map { ($0.on, $0.text) }
            + words.compactMap { word in word.text.map { (word.message.on, $0) } }
        return own.map { TrackingBody.Note(on: $0.on, text: $0.text.without(others)) }
            + shared.sorted { $0.0 < $1.0 }.map { TrackingBody.Note(on: $0.0, text: redacted($0.1, of: names)) }
    }

    /// Names, telephone numbers and mail addresses of those who filed.
    private func identities(of records: [ComplaintRecord]) async throws -> [String] {
        let sealed = try await databases.work.transaction(.readOnly) { db in try db.sealedFields(of: Cases(records)) }
        var known: [String] = []
        for record in records {
            let identity = try await keys.open(
                (sealed[record.complaint.id] ?? [:]).filter { $0.key == .identity }, of: record
            ).identity
            known += Identity.Field.allCases.compactMap { identity?[$0] }
        }
        return known
    }

    /// The complaint whose tracking code stands in the request.
    ///
    /// - Throws: ``Problem``, the same for a code that is malformed and one that is nobody's.
    func tracked(_ request: Request) async throws -> ComplaintRecord {
        guard let text = request.headers[.trackingCode] else {
            throw Problem(
                .badRequest, "tracking-code-missing", "The tracking code is missing",
                "Send the code you were given when you filed, as the header Tracking-Code.")
        }
        guard let record = try await complaint(trackedBy: text) else { throw Problem.unknownTrackingCode }
        return record
    }

    /// The complaint with this code, if it is one at all.
    func complaint(trackedBy text: String) async throws -> ComplaintRecord? {
        guard let code = TrackingCode(text) else { return nil }
        return try await databases.work.transaction(.readOnly) { db in try db.complaint(trackedBy: code) }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy").unsafelyUnwrapped
}
