import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

extension Request {
    /// The same, or `nil` where it only looks: then it needs no key, but one that comes has to be good.
    func idempotent(for principal: String, _ body: Data, isTrial: Bool) throws -> IdempotentRequest? {
        guard isTrial else { return try idempotent(for: principal, body) }
        if headers[.idempotencyKey] != nil { _ = try idempotent(for: principal, body) as IdempotentRequest }
        return nil
    }

    /// The request as one that may come twice: by its `Idempotency-Key`, a quoted string or a bare token.
    ///
    /// - Throws: ``Problem`` 400 where the key is missing or could be guessed, since it opens the answer that is kept.
    func idempotent(for principal: String, _ body: Data) throws -> IdempotentRequest {
        let least = principal == "anonymous" ? 32 : 16
        var key = headers[.idempotencyKey]?.trimmingCharacters(in: .whitespaces) ?? ""
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = String(key.dropFirst().dropLast()) }
        let isFine = (least...255).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isFine else {
            throw Problem(
                .badRequest, key.isEmpty ? "idempotency-key-missing" : "idempotency-key-bad",
                "Idempotency-Key is \(key.isEmpty ? "missing" : "not good")",
                "Send a fresh UUID as Idempotency-Key (\(least) to 255 visible characters), and the same one again "
                    + "when you repeat this request.")
        }
        return IdempotentRequest(principal: principal, key: key, method: method.rawValue, path: uri.path, body: body)
    }
}

extension Service {
    /// Carries out a change, once where the request has a key.
    func change(
        _ request: Request, by officer: Officer, _ bytes: Data, status: HTTPResponse.Status,
        _ body: @escaping @Sendable (isolated Connection) throws -> (body: any Encodable & Sendable, version: Int?)
    ) async throws -> Response {
        let made: @Sendable (isolated Connection) throws -> StoredAnswer = { db in
            let (body, version) = try body(db)
            return StoredAnswer(
                status: status.code, location: "", version: version, body: Data(try Coding.bytes(of: body)))
        }
        guard request.headers[.idempotencyKey] != nil else {
            return Response(try await databases.work.transaction { db in try made(db) }, isReplay: false)
        }
        let once = try request.idempotent(for: "officer:\(officer.id.uuidString)", bytes)
        let (answer, isReplay) = try await databases.once(once, at: now(), made)
        return Response(answer, isReplay: isReplay)
    }
}

extension Response {
    /// An answer as it was given the first time.
    init(_ answer: StoredAnswer, isReplay: Bool) {
        var headers: HTTPFields = [.contentType: MediaKind.json.contentType]
        if !answer.location.isEmpty { headers[.location] = answer.location }
        if let version = answer.version { headers[.eTag] = "\"\(version)\"" }
        if isReplay { headers[.idempotentReplayed] = "true" }
        self.init(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
