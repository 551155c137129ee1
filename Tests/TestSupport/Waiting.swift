public import Postgres
import Synchronization

/// Something has not come about in all the time that the slowest machine could need.
public struct TookTooLong: Error, CustomStringConvertible {
    let what: String
    public var description: String { "this never came about: \(what)" }
}

/// Waits until something is so; a test that waited in vain for ten minutes fails.
///
/// - Throws: ``TookTooLong``, or what `isSo` throws.
public func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(600)
    while try await !isSo() {
        guard ContinuousClock.now < end else { throw TookTooLong(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Holds up transactions of a database until a test lets them go on.
///
/// It is a lock that the test has from the beginning, in a session of its own.
public struct Gate: Sendable {
    /// What a transaction runs to be held up.
    public static let pass: SQL = "SELECT pg_advisory_xact_lock_shared(4711)"

    private let keeper: Database

    /// Closes the gate of a database.
    public init(of database: Database) async throws {
        let name = try await database.withConnection { db in
            try db.first("SELECT current_database()") { row in try row.read(String.self) }
        }
        let conninfo = try await TestServer.running().conninfo(database: name ?? "")
        keeper = Database(
            ConnectionSettings(conninfo: conninfo, statementTimeout: .seconds(600)),
            limits: PoolLimits(connections: 1, wait: .seconds(600), maximumAge: .seconds(86_400)), logger: quiet)
        try await keeper.withConnection { db in try db.run(script: "SELECT pg_advisory_lock(4711)") }
    }

    /// Until so many transactions stand before the gate.
    public func untilReached(by count: Int = 1) async throws {
        try await until("\(count) at the gate") { try await waiting("locktype = 'advisory'") >= count }
    }

    /// Until so many transactions wait for what one before the gate has locked.
    public func untilOthersWait(_ count: Int = 1) async throws {
        try await until("\(count) wait for others") { try await waiting("locktype <> 'advisory'") >= count }
    }

    private func waiting(_ kind: SQL) async throws -> Int {
        try await keeper.withConnection { db in
            try db.first(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE NOT l.granted AND a.datname = current_database() AND \(kind)
                """
            ) { row in try row.read(Int.self) } ?? 0
        }
    }

    /// Lets everyone through, from now on.
    public func open() async { await keeper.close() }
}

/// Counts what happens in several tasks.
public final class Counter: Sendable {
    private let count = Mutex(0)

    public init() {}

    public var value: Int { count.withLock { $0 } }

    /// - Returns: How many it is now.
    @discardableResult
    public func add() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
