import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird

/// One line of the API: what is asked, and who answers.
struct Route: Sendable {
    let method: HTTPRequest.Method
    let path: String
    /// What it can answer with; the first is the default.
    let offers: [MediaKind]
    /// Whether it never computes longer than two milliseconds.
    ///
    /// Then it is answered on the thread that reads its connection, which is cheaper; all others are answered on the
    /// shared threads of Swift.
    let isBrief: Bool
    let answer: @Sendable (Request, Context) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, offers: [MediaKind] = [.json], isBrief: Bool = false,
        _ answer: @escaping @Sendable (Request, Context) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.offers = offers
        self.isBrief = isBrief
        self.answer = answer
    }
}

extension Route {
    /// The answer, made on a thread where it holds up nobody.
    fileprivate func answered(_ request: Request, _ context: Context) async throws -> Response {
        guard !isBrief else { return try await answer(request, context) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await answer(request, context) }
    }
}

/// A form an answer can take.
enum MediaKind: String, Sendable {
    case json = "application/json"
    case html = "text/html"
    case csv = "text/csv"
    case markdown = "text/markdown"
    case plain = "text/plain"

    var contentType: String { self == .json ? rawValue : "\(rawValue); charset=utf-8" }

    /// Its name in an address, as `format=csv`.
    private var name: String {
        switch self {
        case .json: "json"
        case .html: "html"
        case .csv: "csv"
        case .markdown: "markdown"
        case .plain: "text"
        }
    }

    /// The form that the address names as `format`, because a browser asks for HTML whatever a link leads to; else the
    /// best of `offers` by the client's wish (RFC 9110, 12.5.1).
    ///
    /// - Throws: ``Problem`` 406 where none will do, 422 where none has this name.
    static func negotiated(_ request: Request, offers: [MediaKind]) throws -> MediaKind {
        if offers.count > 1, let asked = request.uri.queryParameters["format"] {
            guard let named = offers.first(where: { $0.name == asked }) else {
                let known = offers.map(\.name).joined(separator: ", ")
                throw Problem.invalid([
                    Fault(pointer: "?/format", code: "unknown_code", detail: "is not known; known: \(known)")
                ])
            }
            return named
        }
        guard let accept = request.headers[.accept], let first = offers.first else { return offers.first ?? .json }
        var best: (kind: MediaKind, quality: Double)?
        for offer in offers {
            let quality = quality(of: offer, in: accept)
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        guard let best else {
            throw Problem(
                .notAcceptable, "not-acceptable", "Not in this form",
                "This can be had as \(offers.map(\.rawValue).joined(separator: ", ")); ask for \(first.rawValue).")
        }
        return best.kind
    }

    /// The most specific range that fits decides.
    private static func quality(of offer: MediaKind, in accept: String) -> Double {
        var found: (specificity: Int, quality: Double) = (-1, 0)
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            guard let type = parts.first else { continue }
            let specificity =
                type == offer.rawValue
                ? 2 : type == offer.rawValue.prefix { $0 != "/" } + "/*" ? 1 : type == "*/*" ? 0 : -1
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if specificity > found.specificity { found = (specificity, quality) }
        }
        return found.quality
    }
}

extension Router<Context> {
    /// Registers the routes, and answers 405 with `Allow` for every other method on their paths.
    func register(_ routes: [Route]) {
        let methods: [HTTPRequest.Method] =
            [.get, .head, .post, .put, .patch, .delete, .options, .trace]
            + [
                "QUERY", "SEARCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "LINK",
                "UNLINK", "PURGE", "ACL", "BIND", "MERGE",
            ].compactMap { HTTPRequest.Method($0) }
        for (path, group) in Dictionary(grouping: routes, by: \.path) {
            for route in group {
                on(RouterPath(path), method: route.method) { request, context in
                    _ = try MediaKind.negotiated(request, offers: route.offers)
                    var response = try await route.answered(request, context)
                    if route.offers.count > 1 { response.headers[.vary] = "Accept" }
                    return response
                }
            }
            var allowed = group.map(\.method)
            if allowed.contains(.get) { allowed.append(.head) }
            let allow = allowed.map(\.rawValue).sorted().joined(separator: ", ")
            for method in methods where !allowed.contains(method) {
                on(RouterPath(path), method: method) { _, _ -> Response in
                    throw Problem(
                        .methodNotAllowed, "method-not-allowed", "Not by this method",
                        "This address takes \(allow).", headers: [.allow: allow])
                }
            }
        }
    }
}

extension Page {
    /// What was found as a page; one more than it holds tells that there is a next.
    init<Found>(
        _ found: [Found], size: Int, _ item: (Found) -> Item, next: (_ last: Found) -> String
    ) {
        self.init(
            items: found.prefix(size).map(item), next: found.count > size ? next(found[size - 1]) : nil)
    }
}

extension Response {
    /// A JSON answer.
    static func json(
        _ body: some Encodable, status: HTTPResponse.Status = .ok, version: Int? = nil, headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = MediaKind.json.contentType
        if let version { headers[.eTag] = "\"\(version)\"" }
        return Response(
            status: status, headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: try Coding.bytes(of: body))))
    }

    static func text(_ text: String, as kind: MediaKind) -> Response { bytes(ByteBuffer(string: text), as: kind) }

    static func bytes(_ bytes: ByteBuffer, as kind: MediaKind) -> Response {
        Response(status: .ok, headers: [.contentType: kind.contentType], body: .init(byteBuffer: bytes))
    }

    /// The same, with the name that a browser gives the file; it shows JSON and saves CSV.
    static func file(_ bytes: ByteBuffer, as kind: MediaKind, named name: String) -> Response {
        var response = self.bytes(bytes, as: kind)
        response.headers[.contentDisposition] = "\(kind == .csv ? "attachment" : "inline"); filename=\"\(name)\""
        return response
    }
}
