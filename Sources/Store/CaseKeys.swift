import Crypto
public import Foundation
public import Postgres

/// The keys of complaints: made ahead in the keys database, so that a filing waits for no second database.
public actor CaseKeys {
    private let database: Database
    public nonisolated let encryptionKey: KeyEncryptionKey
    private let wrapped: ReadLane<UUID, Data>
    private var ready: [CaseKey] = []
    private var refill: Task<Void, any Error>?

    /// Keys taken into memory at a time.
    ///
    /// What a crash leaves unused there stays claimed and opens nothing.
    private static let batch = 512

    public init(_ database: Database, encryptionKey: KeyEncryptionKey) {
        self.database = database
        self.encryptionKey = encryptionKey
        wrapped = ReadLane(database, readers: 1) { db, ids in
            let rows = try db.all("SELECT id, wrapped FROM case_key WHERE id = ANY(\(ids))") { row in
                (try row.read(UUID.self), try row.read(Data.self))
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
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

    /// A key that was taken and sealed nothing that was kept.
    func giveBack(_ key: CaseKey) { ready.append(key) }

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
        let now = Date()
        let keys = (0..<Self.batch).map { _ in CaseKey(id: .v7(at: now), key: SymmetricKey(size: .bits256)) }
        var rows = RowBatch()
        for key in keys {
            rows.add(
                "case_key",
                [
                    "id": .value(key.id), "wrapped": .value(try key.wrapped(under: encryptionKey)),
                    "kek_id": .value(encryptionKey.id), "created_at": .value(now), "claimed_at": .value(now),
                ])
        }
        _ = try await database.transaction { [rows] db in try db.insert(rows) }
        return keys
    }

    /// The key with this id, or `nil` once it was erased.
    ///
    /// - Throws: `PostgresError`, or `CryptoKitError` where it was wrapped under another key.
    public nonisolated func key(_ id: UUID) async throws -> CaseKey? {
        try await wrapped.answer(to: id).map { CaseKey(id: id, key: try encryptionKey.unwrap($0, id: id)) }
    }
}
