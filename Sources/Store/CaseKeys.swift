import Crypto
public import Foundation
public import Postgres

/// The keys of complaints: made ahead in the keys database, so that a filing waits for no second database.
public actor CaseKeys {
    private let database: Database
    public nonisolated let encryptionKey: KeyEncryptionKey
    private var ready: [CaseKey] = []
    private var refill: Task<Void, any Error>?

    /// Keys taken into memory at a time.
    ///
    /// What a crash leaves unused there stays claimed and opens nothing.
    private static let batch = 128

    public init(_ database: Database, encryptionKey: KeyEncryptionKey) {
        self.database = database
        self.encryptionKey = encryptionKey
    }

    /// A key that no complaint has had.
    ///
    /// - Throws: `PostgresError` where the keys database cannot be reached and none is left.
    public func take() async throws -> CaseKey {
        while ready.isEmpty { try await fill() }
        let key = ready.removeLast()
        if ready.count < Self.batch / 4, refill == nil { Task { try await fill() } }
        return key
    }

    private func fill() async throws {
        if let refill { return try await refill.value }
        let task = Task {
            // Ended by the task itself: whoever comes after it must not find it ended and still there.
            defer { refill = nil }
            ready += try await claim()
        }
        refill = task
        try await task.value
    }

    private func claim() async throws -> [CaseKey] {
        let kek = encryptionKey
        let rows = try await database.transaction { db in
            let now = Date()
            for _ in 0..<Self.batch {
                let id = UUID.v7(at: now)
                let wrapped = try kek.wrap(SymmetricKey(size: .bits256), id: id)
                try db.run(
                    """
                    INSERT INTO case_key (id, wrapped, kek_id, created_at)
                    VALUES (\(id), \(wrapped), \(kek.id), \(now))
                    """)
            }
            return try db.all(
                """
                UPDATE case_key SET claimed_at = \(now)
                WHERE id IN (SELECT id FROM case_key WHERE claimed_at IS NULL AND kek_id = \(kek.id)
                             ORDER BY id LIMIT \(Self.batch) FOR UPDATE SKIP LOCKED)
                RETURNING id, wrapped
                """
            ) { row in (try row.read(UUID.self), try row.read(Data.self)) }
        }
        return try rows.map { CaseKey(id: $0.0, key: try kek.unwrap($0.1, id: $0.0)) }
    }

    /// The key with this id, or `nil` once it was erased.
    ///
    /// - Throws: `PostgresError`, or `CryptoKitError` where it was wrapped under another key.
    public nonisolated func key(_ id: UUID) async throws -> CaseKey? {
        let wrapped = try await database.withConnection { db in
            try db.first("SELECT wrapped FROM case_key WHERE id = \(id)") { row in try row.read(Data.self) }
        }
        return try wrapped.map { CaseKey(id: id, key: try encryptionKey.unwrap($0, id: id)) }
    }
}
