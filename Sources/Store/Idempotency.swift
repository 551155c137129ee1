import Crypto
public import Foundation
public import Postgres

/// A request that may come twice and must act once.
public struct IdempotentRequest: Sendable {
    /// Who asks; the same key of someone else is another key.
    public let principal: String
    public let path: String
    let key: String
    /// Of method, path and body: the same key with another request is a mistake.
    let fingerprint: Data

    public init(principal: String, key: String, method: String, path: String, body: some DataProtocol) {
        self.principal = principal
        self.path = path
        self.key = key
        var hash = SHA256()
        for part in [method, path, principal] {
            hash.update(data: Data(part.utf8))
            hash.update(data: Data([0]))
        }
        hash.update(data: body)
        fingerprint = Data(hash.finalize())
    }

    var keyHash: Data { sha256(key) }

    /// One part of the request, as a request of its own.
    public func part(_ index: Int, body: some DataProtocol) -> IdempotentRequest {
        IdempotentRequest(
            principal: principal, key: "\(key)#\(index)", method: "POST", path: "\(path)#\(index)", body: body)
    }

    /// The answer can be read only by who knows the key.
    fileprivate var responseKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(key.utf8)), info: Data("rectify idempotency".utf8),
            outputByteCount: 32)
    }
}

/// An answer that is given again as it was, byte for byte.
public struct StoredAnswer: Sendable, Equatable {
    public let status: Int
    public let location: String
    /// The entity tag; `nil` where there is none.
    public let version: Int?
    public let body: Data

    public init(status: Int, location: String, version: Int?, body: Data) {
        self.status = status
        self.location = location
        self.version = version
        self.body = body
    }
}

/// Why a request with a key was not carried out.
public enum IdempotencyError: Error, Equatable {
    /// The first request with this key is still under way.
    case inFlight
    /// The key was used for another request.
    case keyReused
    /// Another request with this key was faster; its answer is there now.
    case raced
}

extension Databases {
    /// Carries out a request that may come twice, in one transaction with the answer that is kept for it.
    ///
    /// - Returns: The answer, and whether it had been given before.
    /// - Throws: ``IdempotencyError``, what `body` throws, or `PostgresError`; nothing is changed then.
    public func once(
        _ request: IdempotentRequest, at moment: Date,
        _ body: @escaping @Sendable (isolated Connection) throws -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        do {
            return try await work.transaction { db in
                if let known = try db.answer(to: request) { return (known, true) }
                let made = try body(db)
                guard try db.keep(made, for: request, at: moment) else { throw IdempotencyError.raced }
                return (made, false)
            }
        } catch IdempotencyError.raced {
            let known = try await work.transaction(.readOnly) { db in try db.answer(to: request) }
            guard let known else { throw IdempotencyError.inFlight }
            return (known, true)
        }
    }
}

extension Connection {
    /// What was answered to this request before; `nil` where it is new.
    ///
    /// - Throws: ``IdempotencyError/keyReused``, or `PostgresError`.
    func answer(to request: IdempotentRequest) throws -> StoredAnswer? {
        try storedAnswers(to: [request]).values.first.map { try $0.answer(to: request) }
    }

    /// The answers that are kept for these requests, by the digest of their keys.
    func storedAnswers(to requests: [IdempotentRequest]) throws -> [Data: SealedAnswer] {
        let rows = try all(
            """
            SELECT k.key_hash, k.principal, k.fingerprint, k.status, k.sealed_response
            FROM unnest(\(requests.map(\.principal)), \(requests.map(\.keyHash))) AS w(principal, key_hash)
            CROSS JOIN LATERAL (
                SELECT * FROM idempotency_key WHERE principal = w.principal AND key_hash = w.key_hash LIMIT 1) k
            """
        ) { row in
            (
                try row.read(Data.self),
                SealedAnswer(
                    principal: try row.read(), fingerprint: try row.read(), status: try row.read(),
                    sealed: try row.read())
            )
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Keeps the answer; waits for another request with the same key that is under way.
    ///
    /// - Returns: Whether it was new.
    /// - Throws: ``IdempotencyError/inFlight`` where the wait is over, or `PostgresError`.
    func keep(_ answer: StoredAnswer, for request: IdempotentRequest, at moment: Date) throws -> Bool {
        do {
            return try insert(answer, for: request, at: moment)
        } catch let error as PostgresError where error.state == "55P03" {
            throw IdempotencyError.inFlight
        }
    }

    private func insert(_ answer: StoredAnswer, for request: IdempotentRequest, at moment: Date) throws -> Bool {
        var rows = RowBatch()
        try rows.add(answer, for: request, at: moment)
        return try insert(rows) == 1
    }
}

/// An answer as it is kept, encrypted under the key of its request.
struct SealedAnswer: Sendable {
    let principal: String
    fileprivate let fingerprint: Data
    fileprivate let status: Int
    fileprivate let sealed: Data

    /// - Throws: ``IdempotencyError/keyReused`` where the key came with another request.
    func answer(to request: IdempotentRequest) throws -> StoredAnswer {
        guard fingerprint == request.fingerprint else { throw IdempotencyError.keyReused }
        let opened = try open(sealed, with: request.responseKey, context: "idempotency|\(request.principal)|1")
        let parts = opened.split(separator: 0x0A, maxSplits: 1)
        guard parts.count == 2 else { throw PostgresError.unexpectedRow("a stored answer has no location") }
        // The version of the program before this one stored filings only, and no version.
        let head = String(decoding: parts[0], as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        return StoredAnswer(
            status: status, location: String(head[0]), version: head.count > 1 ? Int(head[1]) : 1,
            body: Data(parts[1]))
    }
}

extension RowBatch {
    mutating func add(_ answer: StoredAnswer, for request: IdempotentRequest, at moment: Date) throws {
        let head = "\(answer.location) \(answer.version.map { "\($0)" } ?? "")\n"
        let sealed = try seal(
            Data(head.utf8) + answer.body, with: request.responseKey, context: "idempotency|\(request.principal)|1")
        add(
            "idempotency_key", ignoringConflicts: true,
            [
                "principal": .value(request.principal), "key_hash": .value(request.keyHash),
                "fingerprint": .value(request.fingerprint), "recorded_at": .value(moment),
                "status": .value(answer.status), "sealed_response": .value(sealed),
            ])
    }
}
