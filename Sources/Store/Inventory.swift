public import Foundation
public import Postgres

/// What is in the first database, to be held against what was in it elsewhere or before.
public struct Inventory: Sendable, Equatable {
    public let complaints: Int
    public let events: Int
    /// When the last of them was recorded.
    public let lastRecordedAt: Date?
    /// Leaves of the log of history, and its root.
    public let leaves: Int
    public let root: Data?
}

extension Connection {
    /// Counts what is there.
    ///
    /// - Throws: `PostgresError`.
    public func inventory() throws -> Inventory {
        let found = try first(
            """
            SELECT (SELECT count(*) FROM complaint), (SELECT count(*) FROM event), (SELECT max(recorded_at) FROM event),
                   (SELECT size FROM log_place)
            """
        ) { row in
            (
                complaints: try row.read(Int.self), events: try row.read(Int.self), last: try row.read(Date?.self),
                leaves: try row.read(Int.self)
            )
        }
        let leaves = found?.leaves ?? 0
        return Inventory(
            complaints: found?.complaints ?? 0, events: found?.events ?? 0, lastRecordedAt: found?.last, leaves: leaves,
            root: try logRoot(ofSize: leaves))
    }

    /// Keys that complaints have, in the second database.
    ///
    /// - Throws: `PostgresError`.
    public func keysInUse() throws -> Int {
        try first("SELECT count(*) FROM case_key WHERE claimed_at IS NOT NULL") { row in try row.read(Int.self) } ?? 0
    }

    /// The ids of all keys in the second database.
    ///
    /// - Throws: `PostgresError`.
    public func keysThereAre() throws -> Set<UUID> {
        Set(try all("SELECT id FROM case_key") { row in try row.read(UUID.self) })
    }
}

extension Database {
    /// Writes the keys that are there into new files, so that none that was deleted is in a copy of the cluster any more.
    ///
    /// Nobody takes a key meanwhile: some seconds for a million.
    ///
    /// - Throws: `PostgresError`, also where it is in use for too long; nothing is changed then.
    public func wipeDeletedKeys() async throws {
        try await withConnection { db in try db.run(script: "VACUUM (FULL) case_key") }
        try await checkpoint()
    }
}
