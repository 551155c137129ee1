/// The databases of a cluster, as its administrator sees them; for names of ours only.
extension Database {
    /// Whether there is a database of that name beside this one.
    ///
    /// - Throws: ``PostgresError``.
    public func hasDatabase(_ name: String) async throws -> Bool {
        try await withConnection { db in
            try db.first("SELECT true FROM pg_database WHERE datname = \(name)") { row in try row.read(Bool.self) }
                ?? false
        }
    }

    /// Creates a database beside this one, where there is none of that name.
    ///
    /// - Throws: ``PostgresError``.
    public func createDatabaseIfMissing(_ name: String) async throws {
        guard try await !hasDatabase(name) else { return }
        try await withConnection { db in try db.run(script: "CREATE DATABASE \(name.quoted)") }
    }

    /// Waits while commands that set a cluster up are at work in it: those of a process that was killed finish what they had
    /// begun, and what they make would be in the way.
    ///
    /// - Parameter limit: How long is waited at the most; then the work goes on.
    /// - Throws: ``PostgresError``, or `CancellationError`.
    public func waitForOtherCommands(atMost limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let isBusy = try await withConnection { db in
                try db.first(
                    """
                    SELECT true FROM pg_stat_activity
                    WHERE (usename = current_user OR application_name = 'rectify-operator') AND state <> 'idle'
                      AND backend_type = 'client backend' AND pid <> pg_backend_pid()
                    LIMIT 1
                    """
                ) { row in try row.read(Bool.self) } ?? false
            }
            guard isBusy else { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Writes everything that is only in memory to the cluster's files.
    ///
    /// - Throws: ``PostgresError``.
    public func checkpoint() async throws {
        try await withConnection { db in try db.run(script: "CHECKPOINT") }
    }

    /// Begins a new file of the log, so that the one before can be archived.
    ///
    /// - Throws: ``PostgresError``.
    public func switchLog() async throws {
        try await withConnection { db in try db.run(script: "SELECT pg_switch_wal()") }
    }

    /// Removes a database beside this one, where there is one of that name.
    ///
    /// - Throws: ``PostgresError``, also where someone is connected to it.
    public func dropDatabase(_ name: String) async throws {
        try await withConnection { db in try db.run(script: "DROP DATABASE IF EXISTS \(name.quoted)") }
    }

    /// Gives a database beside this one another name.
    ///
    /// - Throws: ``PostgresError``.
    public func renameDatabase(_ name: String, to other: String) async throws {
        try await withConnection { db in
            try db.run(script: "ALTER DATABASE \(name.quoted) RENAME TO \(other.quoted)")
        }
    }
}

extension String {
    fileprivate var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
