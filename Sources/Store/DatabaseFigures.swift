public import Foundation
import Postgres

/// What an operator wants to know of the database from minute to minute.
public struct DatabaseFigures: Sendable {
    /// Up to when the sums of reports are complete, by campaign.
    public let sums: [(campaign: String, knownAt: Date)]
    /// How far the log of history is; `nil` where nothing is in it.
    public let log: (size: Int, loggedThrough: Date?, signedAt: Date?)?
    /// Seconds that the database's clock is ahead of this server's; negative where it is behind.
    public let clockAhead: TimeInterval
    /// Of the first database.
    public let bytes: Int
    /// Bytes that the filer with the most has stored.
    public let mostStoredByFiler: Int
    /// Complaints whose erasure is approved and not carried out yet.
    public let erasuresPending: Int
    /// Why no worker works; `nil` where one does.
    public let worker: WorkerMissing?
}

/// No server has a worker that works: nothing that time brings about happens, and approved erasures may wait.
public struct WorkerMissing: Error, Equatable {
    /// How long a round has been due, in seconds; `nil` where there never was one.
    public let seconds: Int?
}

extension Databases {
    /// - Throws: `PostgresError`.
    public func figures() async throws -> DatabaseFigures {
        try await health.withConnection { db in
            DatabaseFigures(
                sums: try db.momentsOfSums(), log: try db.logState(),
                clockAhead: try db.clock().timeIntervalSince(db.ownTime), bytes: try db.databaseBytes(),
                mostStoredByFiler: try db.mostStoredByFiler(), erasuresPending: try db.erasuresPending(),
                worker: try db.workerMissing())
        }
    }

    /// Whether some server has a worker.
    ///
    /// - Returns: `nil` where one has.
    /// - Throws: `PostgresError`.
    public func workerMissing() async throws -> WorkerMissing? {
        try await health.withConnection { db in try db.workerMissing() }
    }
}

extension Connection {
    private func number(_ query: SQL) throws -> Int { try first(query) { row in try row.read(Int.self) } ?? 0 }

    fileprivate func databaseBytes() throws -> Int { try number("SELECT pg_database_size(current_database())") }

    fileprivate func mostStoredByFiler() throws -> Int {
        try number("SELECT coalesce(max(bytes), 0)::bigint FROM filer_storage")
    }

    /// Those whose key is not deleted yet, and those that an approved run has not come to.
    fileprivate func erasuresPending() throws -> Int {
        try number(
            """
            SELECT (SELECT count(*) FROM complaint WHERE data_state = 'erasing')
                 + (SELECT count(*) FROM disposal_item i
                    JOIN disposal d ON d.campaign_id = i.campaign_id AND d.number = i.number
                    WHERE i.outcome IS NULL AND i.step = 'erased' AND d.approved_at IS NOT NULL
                      AND d.withdrawn_at IS NULL)
            """)
    }

    fileprivate func workerMissing() throws -> WorkerMissing? {
        let late = try first(
            """
            SELECT extract(epoch FROM clock_timestamp() - next_round_by)::bigint
            FROM worker_lease WHERE name = 'worker'
            """
        ) { row in try row.read(Int?.self) }
        guard let late = late ?? nil else { return WorkerMissing(seconds: nil) }
        return late > 0 ? WorkerMissing(seconds: late) : nil
    }
}
