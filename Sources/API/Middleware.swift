import Casework
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Store
import Synchronization

/// Answers whatever is thrown, and counts and logs each request once: what was asked, what came of it, never what was in it.
struct ProblemMiddleware: RouterMiddleware {
    let metrics: Metrics
    let departure: Departure
    /// Whether the client is told to come by TLS for a year.
    let isEncrypted: Bool

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let begun = ContinuousClock.now
        let trace = request.headers[.traceparent].flatMap(TraceParent.init(parsing:))
        var problem: Problem?
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let answer = Problem(error)
            problem = answer
            response = answer.response(requestID: context.requestID)
        }
        if request.method == .get || request.method == .head, response.status == .ok,
            let tag = response.headers[.eTag], request.headers[.ifNoneMatch]?.names(tag) == true
        {
            let kept: [HTTPField.Name] = [.eTag, .cacheControl, .vary, .contentLanguage]
            response = Response(status: .notModified, headers: response.headers.filter { kept.contains($0.name) })
        }
        response.headers.complete(requestID: context.requestID, isEncrypted: isEncrypted)
        if departure.isAnnounced { response.headers[.connection] = "close" }
        let took = begun.duration(to: .now)
        metrics.note(
            request.method.rawValue, context.endpointPath, status: Int(response.status.code), took: took)
        log(request, response, problem?.cause, context, trace, took: took)
        return response
    }

    private func log(
        _ request: Request, _ response: Response, _ cause: String?, _ context: Context,
        _ trace: TraceParent?, took: Duration
    ) {
        let status = response.status.code
        let level: Logger.Level = status >= 500 ? .error : .info
        guard context.logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(context.requestID.text)",
            "trace_id": "\(trace?.traceID ?? TraceParent.new(context.requestID).traceID)",
            "method": "\(request.method)",
            "route": "\(context.endpointPath ?? "none")", "status": "\(status)",
            "ms": "\(took.components.seconds * 1000 + took.components.attoseconds / 1_000_000_000_000_000)",
        ]
        switch context.caller {
        case .anyone: break
        case .officer(let officer): metadata["officer"] = "\(officer.name)"
        case .company(let company): metadata["company"] = "\(company.company)"
        case .filer(let filer): metadata["filer"] = "\(filer.name)"
        }
        // A client's mistake is its own business; ours is logged with its cause.
        if let cause { metadata["error"] = "\(cause)" }
        context.logger.log(level: level, "request answered", metadata: metadata)
    }
}

/// Finds out who asks.
///
/// A request without a token is anonymous; one with a bad token is refused.
final class Authentication: RouterMiddleware {
    private let database: Database
    /// Looked up for each request, so that a right that was taken away is gone at the next.
    private let officers: ReadLane<TokenHash, OfficerBearer>
    private let filers: ReadLane<TokenHash, FilerBearer>
    private let companies: ReadLane<TokenHash, CompanyBearer>
    /// The keys whose use was noted today, so that it is noted once.
    private let noted = Mutex<(day: Day, keys: Set<UUID>)>((Day(number: 0), []))

    private let entrance: Entrance
    private let limits: RateLimits
    private let now: @Sendable () -> Date

    init(_ service: Service, _ entrance: Entrance) {
        self.entrance = entrance
        limits = service.limits
        now = service.now
        database = service.databases.work
        let tokens = service.databases.tokens
        officers = ReadLane(tokens) { db, tokens in try db.officers(bearing: tokens) }
        filers = ReadLane(tokens) { db, keys in try db.filers(bearing: keys) }
        companies = ReadLane(tokens) { db, keys in try db.companies(bearing: keys) }
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        var mustChangePassword = false
        if let header = request.headers[.authorization] {
            do {
                let (token, mustChange) = try await verify(header, context)
                context.token = token
                mustChangePassword = mustChange
            } catch {
                // Who asks is not known, so it is the network that asks.
                _ = try limits.take([limits.all, limits.strangers], by: context.network, at: now())
                throw error
            }
        }
        var fields = try limits.take(
            Quotas.ofCaller(request, context, limits), by: context.principal ?? context.network, at: now())
        let filing = try limits.take(Quotas.ofFiling(request, context, limits), by: context.network, at: now())
        if !filing.isEmpty { fields = filing }
        // Someone else knows this password, and could act in the officer's name.
        if mustChangePassword, !request.uri.path.hasPrefix("/v1/session") { throw Problem.passwordNotOwn }
        var response = try await next(request, context)
        for field in fields { response.headers[field.name] = field.value }
        return response
    }
}

extension Authentication {
    /// Finds out whose token or key this is.
    ///
    /// - Returns: The token, and whether its officer has to set another password before anything else.
    /// - Throws: ``Problem`` 401, `ReadLaneFull`, or `PostgresError`.
    private func verify(
        _ header: String, _ context: Context
    ) async throws -> (token: String, mustChangePassword: Bool) {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw Problem.unauthenticated }
        let token = String(parts[1])
        // A key says itself whose kind it is, so that one look-up is enough.
        if token.hasPrefix("rck_") {
            guard let company = try await companies.answer(to: TokenHash(of: token)) else { throw Problem.badToken }
            context.caller = .company(company)
            try await noteUse(of: company.keyID) { db, day in try db.noteUse(of: company.keyID, on: day) }
        } else if token.hasPrefix("rfk_") {
            guard let filer = try await filers.answer(to: TokenHash(of: token)) else { throw Problem.badToken }
            context.caller = .filer(filer)
            try await noteUse(of: filer.keyID) { db, day in try db.noteUse(ofFilerKey: filer.keyID, on: day) }
        } else {
            guard entrance.admitsOfficers else { throw Problem.officersElsewhere }
            guard let bearer = try await officers.answer(to: TokenHash(of: token)) else { throw Problem.badToken }
            context.caller = .officer(bearer.officer)
            if bearer.hasToBeNoted {
                try await database.withConnection { db in try db.noteUse(ofSession: bearer.tokenID) }
            }
            return (token, bearer.mustChangePassword)
        }
        return (token, false)
    }

    /// Notes the use of a key once a day.
    private func noteUse(
        of key: UUID, _ note: @escaping @Sendable (isolated Connection, Day) throws -> Void
    ) async throws {
        let today = Day(Date(), in: .gmt)
        let isNew = noted.withLock { noted in
            if noted.day != today { noted = (today, []) }
            return noted.keys.insert(key).inserted
        }
        guard isNew else { return }
        try await database.withConnection { db in try note(db, today) }
    }
}

extension String {
    /// Whether this list of entity tags holds the tag, or stands for any (RFC 9110, 13.1.2).
    fileprivate func names(_ tag: String) -> Bool {
        split(separator: ",").contains { entry in
            let entry = entry.trimmingCharacters(in: .whitespaces)
            return entry == "*" || entry == tag || entry == "W/" + tag
        }
    }
}

extension HTTPFields {
    /// Adds what every answer has.
    mutating func complete(requestID: UUID, isEncrypted: Bool) {
        self[.requestID] = requestID.text
        self[.contentTypeOptions] = "nosniff"
        if self[.referrerPolicy] == nil { self[.referrerPolicy] = "no-referrer" }
        // A page brings its style along; it loads nothing, runs nothing and stands in no frame, and no more does anything else.
        if self[.contentSecurityPolicy] == nil {
            let isPage = self[.contentType]?.hasPrefix("text/html") == true
            let style = isPage ? " style-src 'unsafe-inline';" : ""
            self[.contentSecurityPolicy] = "default-src 'none';\(style) frame-ancestors 'none'"
        }
        self[.crossOriginResourcePolicy] = "same-origin"
        if isEncrypted { self[.strictTransportSecurity] = "max-age=31536000; includeSubDomains" }
        if self[.cacheControl] == nil { self[.cacheControl] = "no-store" }
    }
}

extension HTTPField.Name {
    static let traceparent = Self("traceparent").unsafelyUnwrapped
    static let requestID = Self("X-Request-Id").unsafelyUnwrapped
    static let crossOriginResourcePolicy = Self("Cross-Origin-Resource-Policy").unsafelyUnwrapped
    static let contentTypeOptions = Self("X-Content-Type-Options").unsafelyUnwrapped
    static let idempotencyKey = Self("Idempotency-Key").unsafelyUnwrapped
    static let idempotentReplayed = Self("Idempotent-Replayed").unsafelyUnwrapped
    static let trackingCode = Self("Tracking-Code").unsafelyUnwrapped
}
