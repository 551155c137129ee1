public import Foundation

/// How a session is opened and how long anything in it may take.
public struct ConnectionSettings: Sendable {
    /// A libpq connection string or URL; several hosts, `target_session_attrs` and TLS settings pass through.
    public var conninfo: String
    public var applicationName: String
    /// The server ends a statement after this.
    public var statementTimeout: Duration
    /// The server gives up waiting for a lock after this; longer than its search for deadlocks, which takes a second,
    /// so that a deadlock is told as one and the transaction run again.
    public var lockTimeout: Duration
    /// How long an answer to COMMIT is waited for before its outcome counts as unknown.
    public var commitDeadline: Duration
    /// Whether rows are looked up here by index only, table by table in the order in which a statement names them.
    ///
    /// Then a plan made while a table was small or not yet looked at, and kept, stays good when it has grown, and is made
    /// once for a statement and not with each of its executions, which costs as much as to execute it. The server's own
    /// look-ups for foreign keys follow it too.
    public var looksUpOnly: Bool
    /// Whether nothing can be written here, by the server's word, whatever is asked.
    public var readsOnly: Bool
    /// The role that the session takes on; `nil` stays with the login's own rights.
    public var role: String?
    /// This machine's own clock, with which the database's is compared.
    public var clock: @Sendable () -> Date

    public init(
        conninfo: String, applicationName: String = "rectify", statementTimeout: Duration = .seconds(5),
        lockTimeout: Duration = .seconds(2), commitDeadline: Duration = .seconds(5),
        looksUpOnly: Bool = false, readsOnly: Bool = false, role: String? = nil,
        clock: @escaping @Sendable () -> Date = Date.init
    ) {
        self.conninfo = conninfo
        self.applicationName = applicationName
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.commitDeadline = commitDeadline
        self.looksUpOnly = looksUpOnly
        self.readsOnly = readsOnly
        self.role = role
        self.clock = clock
    }

    /// Our own limit, a little above the server's, for when the server itself does not answer.
    var deadline: Duration { statementTimeout + .seconds(2) }
    /// Scripts and copies are an operator's: the server's timeout holds for each statement, ours for the whole.
    var scriptDeadline: Duration { .seconds(3600) }

    var script: String {
        """
        SET TIME ZONE 'UTC';
        SET DATESTYLE = 'ISO, YMD';
        SET statement_timeout = \(milliseconds(statementTimeout));
        SET lock_timeout = \(milliseconds(lockTimeout));
        SET idle_in_transaction_session_timeout = 10000;
        SET jit = off;
        SET enable_seqscan = \(looksUpOnly ? "off" : "on");
        SET enable_hashjoin = \(looksUpOnly ? "off" : "on");
        SET enable_mergejoin = \(looksUpOnly ? "off" : "on");
        SET join_collapse_limit = \(looksUpOnly ? 1 : 8);
        SET plan_cache_mode = \(looksUpOnly ? "force_generic_plan" : "auto");
        SET default_transaction_read_only = \(readsOnly ? "on" : "off");
        \(role.map { "SET ROLE \"\($0)\";" } ?? "")
        """
    }

    private func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
