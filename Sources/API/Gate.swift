import Casework
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// What every request passes before anything is done about it: its form, how many are under way, and how many its
/// network may still send.
struct Gate: RouterMiddleware {
    let service: Service

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        // The question whether the server lives is answered however busy it is.
        if path == "/livez" || path == "/readyz" || path == "/readyz/worker" { return try await next(request, context) }
        // About the server as a whole (RFC 9110, 9.3.7): every method that some address takes.
        if request.uri.string == "*" { return Response(status: .noContent, headers: [.allow: Self.methods]) }
        try checkForm(request)
        guard service.requests.enter(service.requestsAtOnce) else {
            throw Problem.overloaded("More is under way than can be taken; send it again in a moment.")
        }
        defer { service.requests.leave() }
        var context = context
        if let forwarded = request.headers[.forwardedFor] {
            context.network = networkPrefix(of: service.proxies.client(peer: context.peer, forwarded: forwarded))
        }
        // Limits of the network come first, whatever the request says about who sends it.
        let fields = try service.limits.take(
            Quotas.ofNetwork(request, context, service.limits), by: context.network, at: service.now())
        var response = try await next(request, context)
        // Where a principal has a quota of its own, the answer says that one.
        if response.headers[.rateLimit] == nil { response.headers.append(contentsOf: fields) }
        return response
    }

    private static let methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

    private func checkForm(_ request: Request) throws {
        guard request.uri.string.utf8.count <= Problem.addressLimit else { throw Problem.addressTooLong }
        let path = request.uri.path
        let isOdd = path.contains("//") || path.count > 1 && path.hasSuffix("/") || path.contains("/.")
        let isEscaped = path.lowercased().contains("%2e") || path.lowercased().contains("%2f")
        if isOdd || isEscaped || Self.holdsControls(path) { throw Problem.notFound(path) }
    }

    /// Whether the path has an escaped control character: no address has one, and PostgreSQL takes no text with U+0000.
    private static func holdsControls(_ path: String) -> Bool {
        path.contains("%") && path.removingPercentEncoding?.unicodeScalars.contains(where: \.isControl) == true
    }
}

/// How many of something are under way.
final class UnderWay: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    func enter(_ limit: Int) -> Bool {
        number.withLock { number in
            guard number < limit else { return false }
            number += 1
            return true
        }
    }

    func leave() { number.withLock { $0 -= 1 } }
}

extension HTTPField.Name {
    fileprivate static let forwardedFor = Self("X-Forwarded-For").unsafelyUnwrapped
}

extension Problem {
    /// Characters of an address, at the most.
    static let addressLimit = 16_384

    static let addressTooLong = Problem(
        .uriTooLong, "address-too-long", "The address is too long",
        "It may have \(addressLimit) characters at the most.")

    static let tooManyFilings = overloaded("More filings come than can be taken; send it again in a moment.")

    static func quotaExceeded(_ policy: RatePolicy, _ fields: HTTPFields) -> Problem {
        Problem(
            .tooManyRequests, "quota-exceeded", "Too many of these",
            "\(policy.quota) are taken in \(policy.window) seconds (“\(policy.name)”). Come again in "
                + "\(fields[.retryAfter] ?? "some") seconds.",
            headers: fields)
    }
}
