public import Casework
import Crypto
public import Foundation
public import Postgres

/// The keys of complaints: made ahead in the keys database, so that a filing waits for no second database.
public actor CaseKeys {
    private let database: Database
    private nonisolated let ring: KeyRing
    public nonisolated let named: NamedKeys
    private let wrapped: ReadLane<UUID, WrappedKey>
    private var ready: [CaseKey] = []
    private var refill: Task<Void, any Error>?

    /// Keys taken into memory at a time.
    ///
    /// What a crash leaves unused there stays claimed and opens nothing.
    private static let batch = 512

    /// - Throws: What ``NamedKeys`` throws.
    public init(_ database: Database, _ ring: KeyRing) async throws {
        self.database = database
        self.ring = ring
        named = try await NamedKeys(of: database, ring)
        wrapped = ReadLane(database, readers: 1) { db, ids in
            let rows = try db.all("SELECT id, kek_id, wrapped FROM case_key WHERE id = ANY(\(ids))") { row in
                (try row.read(UUID.self), WrappedKey(keyID: try row.read(), bytes: try row.read()))
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
                    "id": .value(key.id), "wrapped": .value(try key.wrapped(under: ring.current)),
                    "kek_id": .value(ring.current.id), "created_at": .value(now), "claimed_at": .value(now),
                ])
        }
        _ = try await database.transaction { [rows] db in try db.insert(rows) }
        return keys
    }

    /// The key with this id, or `nil` once it was erased.
    ///
    /// - Throws: `PostgresError`, ``UnsuitableServer`` where it is under a key that is not on the ring, or ``DamagedSeal``
    ///   where it was tampered with.
    public nonisolated func key(_ id: UUID) async throws -> CaseKey? {
        try await wrapped.answer(to: id).map { CaseKey(id: id, key: try ring.unwrap($0, id: id)) }
    }
}

extension Databases {
    /// The complaints that are not erased and whose key is not there any more.
    ///
    /// After cases were put back to an earlier state these are those that were erased since; where keys were put back,
    /// those filed later.
    ///
    /// - Parameter first: So many are named.
    /// - Returns: How many there are, and the first.
    /// - Throws: `PostgresError`.
    public func complaintsWithoutKeys(first: Int) async throws -> (count: Int, first: [Reference]) {
        var (count, named) = (0, [Reference]())
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while true {
            let page = try await work.transaction(.readOnly) { [last] db in
                try db.all(
                    """
                    SELECT c.id, c.key_id, k.prefix, c.number
                    FROM complaint c JOIN campaign k ON k.id = c.campaign_id
                    WHERE c.data_state IN ('active', 'restricted') AND c.key_id IS NOT NULL AND c.id > \(last)
                    ORDER BY c.id LIMIT 10000
                    """
                ) { row in
                    (
                        id: try row.read(UUID.self), key: try row.read(UUID.self),
                        of: Reference(prefix: try row.read(), number: try row.read())
                    )
                }
            }
            guard let end = page.last else { return (count, named) }
            last = end.id
            let ids = page.map(\.key)
            let there = try await keys.transaction(.readOnly) { db in
                Set(try db.all("SELECT id FROM case_key WHERE id = ANY(\(ids))") { row in try row.read(UUID.self) })
            }
            let missing = page.filter { !there.contains($0.key) }
            count += missing.count
            named += missing.prefix(max(0, first - named.count)).map(\.of)
        }
    }
}
