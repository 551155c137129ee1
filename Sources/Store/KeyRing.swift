public import Crypto
public import Foundation
public import Postgres

/// The key-encryption keys of a deployment: one that keys are wrapped under, and earlier ones that still open some.
public struct KeyRing: Sendable {
    public let current: KeyEncryptionKey
    /// The first that is known of: what was worked out before keys had names came from it.
    let origin: KeyEncryptionKey
    private let keys: [String: KeyEncryptionKey]

    public init(_ current: KeyEncryptionKey, previous: [KeyEncryptionKey] = []) {
        self.current = current
        origin = previous.first ?? current
        keys = Dictionary((previous + [current]).map { ($0.id, $0) }) { $1 }
    }

    /// The names of all of them.
    public var ids: [String] { keys.keys.sorted() }

    func unwrap(_ wrapped: WrappedKey, id: UUID) throws -> SymmetricKey {
        try key(wrapped.keyID).unwrap(wrapped.bytes, id: id)
    }

    func unwrap(_ wrapped: WrappedKey, named name: String) throws -> SymmetricKey {
        try key(wrapped.keyID).unwrap(wrapped.bytes, named: name)
    }

    private func key(_ id: String) throws -> KeyEncryptionKey {
        guard let key = keys[id] else { throw UnsuitableServer.keysOfAnotherKeyFile(id) }
        return key
    }
}

/// A key as it is kept: under which key-encryption key, and the bytes.
struct WrappedKey: Sendable {
    let keyID: String
    let bytes: Data
}

/// Keys that are not a complaint's, and stay the same when the key-encryption key changes.
public struct NamedKeys: Sendable {
    /// Finds complaints of one telephone number or mail address; it opens nothing.
    let contactIndex: SymmetricKey
    /// Encrypts the secrets of second factors.
    let secondFactor: SymmetricKey
    /// Signs the cursors of lists.
    public let cursor: SymmetricKey

    /// Makes the digests by which filings under one reference are compared; worked out from ``contactIndex``.
    var filingDigest: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: contactIndex, info: Data("rectify filing digest".utf8), outputByteCount: 32)
    }

    private static let names = ["contact digest", "second factor", "cursor"]

    /// Those of the deployment.
    ///
    /// Made at random on first use. In deployments of before they were worked out from the key-encryption key, and stay what
    /// they were: there, who has had that key once has them.
    ///
    /// - Throws: `PostgresError`, ``UnsuitableServer``, or ``DamagedSeal`` where one was tampered with.
    public init(of database: Database, _ ring: KeyRing) async throws {
        let kept = try await database.transaction { db in
            try db.refuseForeignKeys(ring)
            let isNew =
                try db.first("SELECT NOT EXISTS (SELECT FROM case_key)") { row in try row.read(Bool.self) } ?? true
            for name in Self.names {
                let first = isNew ? SymmetricKey(size: .bits256) : ring.origin.derived(for: name)
                let wrapped = try ring.current.wrap(first, named: name)
                try db.run(
                    """
                    INSERT INTO named_key (name, wrapped, kek_id) VALUES (\(name), \(wrapped), \(ring.current.id))
                    ON CONFLICT (name) DO NOTHING
                    """)
            }
            return try db.all("SELECT name, kek_id, wrapped FROM named_key") { row in
                (try row.read(String.self), WrappedKey(keyID: try row.read(), bytes: try row.read()))
            }
        }
        var keys: [String: SymmetricKey] = [:]
        for (name, wrapped) in kept { keys[name] = try ring.unwrap(wrapped, named: name) }
        let found = keys
        func key(_ name: String) throws -> SymmetricKey {
            guard let key = found[name] else { throw PostgresError.unexpectedRow("no key for “\(name)”") }
            return key
        }
        (contactIndex, secondFactor, cursor) = (
            try key("contact digest"), try key("second factor"), try key("cursor")
        )
    }
}

extension Databases {
    /// How many keys are under which key-encryption key.
    ///
    /// - Throws: `PostgresError`.
    public func keyCounts() async throws -> [(keyID: String, count: Int)] {
        try await keys.withConnection { db in
            try db.all(
                """
                SELECT kek_id, sum(n)::bigint FROM (
                    SELECT kek_id, count(*) AS n FROM case_key GROUP BY kek_id
                    UNION ALL SELECT kek_id, count(*) FROM named_key GROUP BY kek_id) x
                GROUP BY kek_id ORDER BY kek_id
                """
            ) { row in (try row.read(), try row.read()) }
        }
    }

    /// Says, for a minute, that a server wraps keys under this one; to be said again before the minute is over.
    ///
    /// - Parameters:
    ///   - server: Which server, by a name of its own.
    ///   - id: The name of its key; `nil` when it ends.
    /// - Throws: `PostgresError`.
    public func announce(_ server: UUID, uses id: String?) async throws {
        try await keys.transaction { db in
            try db.run("DELETE FROM server_key WHERE server = \(server) OR seen_at < now() - interval '1 minute'")
            guard let id else { return }
            try db.run("INSERT INTO server_key (server, kek_id, seen_at) VALUES (\(server), \(id), now())")
        }
    }

    /// How many servers run, as they said within the last minute, that wrap keys under another key than the ring's.
    ///
    /// - Throws: `PostgresError`.
    public func serversWithout(_ ring: KeyRing) async throws -> Int {
        try await keys.withConnection { db in
            try db.first(
                """
                SELECT count(*) FROM server_key WHERE kek_id <> \(ring.current.id) AND seen_at > now() - interval '1 minute'
                """
            ) { row in try row.read(Int.self) } ?? 0
        }
    }

    /// Wraps keys anew under the ring's current key, a thousand at a time, while servers work.
    ///
    /// - Parameters:
    ///   - ring: Has to open all that is there.
    ///   - progress: Told how many are done.
    /// - Returns: How many were wrapped anew.
    /// - Throws: `PostgresError`, ``UnsuitableServer``, or `CryptoKitError`; what was done before stays done.
    public func rewrap(_ ring: KeyRing, progress: @Sendable (Int) -> Void = { _ in }) async throws -> Int {
        var count = try await keys.transaction { db in try db.rewrapNamed(ring) }
        let stale = try await keys.withConnection { db in try db.keyIDs() }.filter { $0 != ring.current.id }
        for id in stale {
            while true {
                let part = try await keys.transaction { db in try db.rewrapCases(ring, under: id) }
                if part == 0 { break }
                count += part
                progress(count)
            }
        }
        return count
    }
}

extension Connection {
    /// Under which key-encryption keys there are keys of complaints; found step by step, however many keys there are.
    fileprivate func keyIDs() throws -> [String] {
        try all(
            """
            WITH RECURSIVE ids AS (
                SELECT min(kek_id) AS id FROM case_key
                UNION ALL
                SELECT (SELECT min(kek_id) FROM case_key WHERE kek_id > ids.id) FROM ids WHERE ids.id IS NOT NULL)
            SELECT id FROM ids WHERE id IS NOT NULL
            """
        ) { row in try row.read(String.self) }
    }

    /// - Throws: ``UnsuitableServer/keysOfAnotherKeyFile(_:)`` where there are keys that the ring does not open.
    func refuseForeignKeys(_ ring: KeyRing) throws {
        if let foreign = try keyIDs().first(where: { !ring.ids.contains($0) }) {
            throw UnsuitableServer.keysOfAnotherKeyFile(foreign)
        }
    }

    fileprivate func rewrapNamed(_ ring: KeyRing) throws -> Int {
        let stale = try all(
            "SELECT name, kek_id, wrapped FROM named_key WHERE kek_id <> \(ring.current.id) FOR UPDATE"
        ) { row in (try row.read(String.self), WrappedKey(keyID: try row.read(), bytes: try row.read())) }
        for (name, wrapped) in stale {
            let key = try ring.unwrap(wrapped, named: name)
            try run(
                """
                UPDATE named_key SET wrapped = \(try ring.current.wrap(key, named: name)), kek_id = \(ring.current.id)
                WHERE name = \(name)
                """)
        }
        return stale.count
    }

    /// One erased meanwhile is passed by: its row is gone, and nothing brings it back.
    fileprivate func rewrapCases(_ ring: KeyRing, under old: String) throws -> Int {
        let stale = try all(
            """
            SELECT id, kek_id, wrapped FROM case_key WHERE kek_id = \(old)
            ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
            """
        ) { row in (try row.read(UUID.self), WrappedKey(keyID: try row.read(), bytes: try row.read())) }
        guard !stale.isEmpty else { return 0 }
        let fresh = try stale.map { id, wrapped in
            try ring.current.wrap(try ring.unwrap(wrapped, id: id), id: id)
        }
        return try run(
            """
            UPDATE case_key k SET wrapped = w.wrapped, kek_id = \(ring.current.id)
            FROM unnest(\(stale.map(\.0)), \(fresh)) AS w(id, wrapped) WHERE k.id = w.id
            """)
    }
}
