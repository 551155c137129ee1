public import Foundation
public import Logging
public import Postgres
import Reports

/// The pools the server works with, apart so that one purpose cannot starve another.
public struct Databases: Sendable {
    /// Filings, kept short.
    public let filing: Database
    /// Files of filings, apart so that they do not keep single ones waiting.
    public let imports: Database
    /// Officers' actions.
    public let work: Database
    /// Lists and single cases, without a transaction around them: nothing can be written here.
    public let reads: Database
    /// The question whose token it is, asked with every request and never behind a search.
    public let tokens: Database
    /// Reports and lists that may take their time.
    public let reports: Database
    /// The sums of reports.
    public let sums: Database
    /// Making leaves of events, and signing.
    public let history: Database
    /// The question whether the database is there.
    public let health: Database
    /// What companies and filers ask for with keys of their own: rows of theirs alone.
    public let parties: Database
    /// The second database, with the keys of sealed complaints.
    public let keys: Database

    /// Where reports, images and the like are computed.
    public let compute = ComputePool()

    /// The reports that were asked for last.
    let told = ToldReports()
    /// Reports that are made now.
    let reportWork = SharedWork<ReportQuestion, ProgressReport?>()

    /// How many connections each pool may open.
    public struct Sizes: Sendable {
        public var filing: Int
        public var work: Int
        public var reads: Int
        public var reports: Int

        public init(filing: Int = 4, work: Int = 6, reads: Int = 4, reports: Int = 2) {
            self.filing = filing
            self.work = work
            self.reads = reads
            self.reports = reports
        }
    }

    /// - Parameters:
    ///   - url: The first database.
    ///   - keysURL: The second.
    ///   - sizes: Of the pools.
    ///   - wait: How long work waits for a connection.
    ///   - slowness: How many times as long as usual a statement, a lock and a commit may take, on a slow machine.
    ///   - clock: This machine's own, with which the database's is compared.
    ///   - logger: Where connections tell of themselves.
    public init(
        url: String, keysURL: String, sizes: Sizes = Sizes(), wait: Duration = .seconds(3), slowness: Int = 1,
        clock: @escaping @Sendable () -> Date = Date.init, logger: Logger
    ) {
        func database(
            _ name: String, _ connections: Int, _ timeout: Duration, as role: DatabaseRole = .staff,
            looksUpOnly: Bool = false,
            readsOnly: Bool = false
        ) -> Database {
            Database(
                ConnectionSettings(
                    conninfo: role == .keys ? keysURL : url, applicationName: "rectify-\(name)",
                    statementTimeout: timeout * slowness, lockTimeout: .seconds(2) * slowness,
                    commitDeadline: .seconds(5) * slowness, looksUpOnly: looksUpOnly, readsOnly: readsOnly,
                    role: role.rawValue, clock: clock),
                limits: PoolLimits(connections: connections, wait: wait), logger: logger)
        }
        filing = database("filing", sizes.filing, .seconds(5), as: .intake, looksUpOnly: true)
        imports = database("imports", 2, .seconds(60), as: .intake, looksUpOnly: true)
        work = database("work", sizes.work, .seconds(5))
        reads = database("reads", sizes.reads, .seconds(2), looksUpOnly: true, readsOnly: true)
        tokens = database("tokens", 2, .seconds(2), looksUpOnly: true, readsOnly: true)
        reports = database("reports", sizes.reports, .seconds(60), as: .report)
        sums = database("sums", 1, .seconds(60))
        history = database("history", 1, .seconds(60))
        health = database("health", 1, .seconds(2))
        parties = database("parties", 3, .seconds(5), as: .party)
        keys = database("keys", 2, .seconds(5), as: .keys)
    }

    /// All of them, by name.
    public var pools: [(name: String, database: Database)] {
        [
            ("filing", filing), ("imports", imports), ("work", work), ("reads", reads), ("tokens", tokens),
            ("reports", reports), ("sums", sums), ("history", history), ("health", health), ("parties", parties),
            ("keys", keys),
        ]
    }

    /// Connections that all pools together may open.
    public var connectionsAtMost: Int { pools.reduce(0) { $0 + $1.database.poolState.atMost } }

    public func close() async {
        for (_, database) in pools { await database.close() }
    }
}

/// Whether the databases can be worked with.
public enum Readiness: Sendable, Equatable {
    case ready
    /// The database takes no writes, or a schema is missing.
    case notWritable
    /// The database's clock is so many seconds ahead of this server's: nothing is recorded.
    case clockAhead(seconds: Int)
}

extension Databases {
    /// Whether the schemas are there, the database takes writes, and its clock can be right.
    ///
    /// - Throws: `PostgresError` where it cannot be asked.
    public func readiness() async throws -> Readiness {
        let keysAnswer = try await keys.withConnection { db in
            try db.first("SELECT to_regclass('case_key') IS NOT NULL") { row in try row.read(Bool.self) }
        }
        guard keysAnswer == true else { return .notWritable }
        return try await health.withConnection { db in
            let canWrite = try db.first("SELECT NOT pg_is_in_recovery() AND to_regclass('closed_cut') IS NOT NULL") {
                row in try row.read(Bool.self)
            }
            guard canWrite == true else { return .notWritable }
            do {
                try MomentError.check(try db.clock(), against: db.ownTime)
            } catch MomentError.clockAhead(let seconds) {
                return .clockAhead(seconds: seconds)
            }
            return .ready
        }
    }
}

/// Why a server is not one this product can work with.
public enum UnsuitableServer: Error, Equatable, CustomStringConvertible {
    case version(Int)
    case encoding(String)
    case keysOfAnotherKeyFile(String)
    /// Writers of other logins would not be seen, and cuts closed over them.
    case blindToOthers

    public var description: String {
        switch self {
        case .version(let version): "PostgreSQL 15 or newer is needed; this is \(version / 10_000)"
        case .encoding(let encoding): "the databases have to be UTF8; this is \(encoding)"
        case .blindToOthers:
            "rectify_staff lacks pg_read_all_stats; an administrator has to run Migrations/roles/roles.sql"
        case .keysOfAnotherKeyFile(let id):
            "complaints are sealed under the key-encryption key \(id), which is not at hand; "
                + "put its file back (keys.file), or name it in keys.previous_files"
        }
    }
}

extension Databases {
    /// Looks at what never changes while the server runs.
    ///
    /// - Throws: ``UnsuitableServer``, or `PostgresError`.
    public func checkSuitability(_ ring: KeyRing) async throws {
        let encoding = try await health.withConnection { db in
            guard db.serverVersion >= 150_000 else { throw UnsuitableServer.version(db.serverVersion) }
            return try db.first("SHOW server_encoding") { row in try row.read(String.self) }
        }
        guard encoding == "UTF8" else { throw UnsuitableServer.encoding(encoding ?? "unknown") }
        let seesOthers = try await health.withConnection { db in
            try db.first("SELECT pg_has_role('rectify_staff', 'pg_read_all_stats', 'USAGE')") { row in
                try row.read(Bool.self)
            }
        }
        guard seesOthers == true else { throw UnsuitableServer.blindToOthers }
        try await keys.withConnection { db in try db.refuseForeignKeys(ring) }
    }
}
