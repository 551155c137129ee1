public import Foundation

/// Brings a base backup back as a data directory: as it was, or with its log up to a moment or to the end.
public struct Recovery: Sendable {
    /// What came of it.
    public struct Outcome: Sendable {
        /// When the last transaction that is in it was committed, in the server's words; `nil` where the log held none.
        public let lastTransaction: String?
        /// Whether the log went on behind the moment that was asked for.
        public let reachedMoment: Bool
        /// What was wrong with the backup or its log: what came back may be less than was asked for.
        public let faults: [String]
    }

    /// A recovered server that runs while it is looked at.
    public struct Copy: Sendable {
        let programs: ServerPrograms
        let socket: URL
        let administrator: String

        /// A connection string for one of its databases, of a login that may do everything.
        public func conninfo(database: String) -> String {
            EmbeddedServer.conninfo(database: database, login: administrator, socket: socket)
        }

        /// Reads every table and index of all databases, and holds one against the other.
        ///
        /// - Returns: What is damaged, in the words of `pg_amcheck`; nothing where all is well.
        /// - Throws: ``EmbeddedServer/Failure`` where it cannot be run.
        public func damage() async throws -> String? {
            do {
                try await programs.run(
                    "pg_amcheck",
                    [
                        "--all", "--install-missing", "--heapallindexed", "--host", socket.plainPath, "--username",
                        administrator,
                    ], at: socket)
                return nil
            } catch EmbeddedServer.Failure.commandFailed(_, let output) {
                return output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
    }

    private let backup: BackupFolder.Backup
    private let backups: BackupFolder
    private let target: URL
    private let moment: Date?
    private let programs: ServerPrograms
    /// Settings, socket and messages of the server that does it, gone at the end.
    private let scratch: URL

    private var draft: URL {
        target.deletingLastPathComponent().appending(path: target.lastPathComponent + ".restoring")
    }
    private var socket: URL { EmbeddedServer.socket(in: scratch) }
    private var messages: URL { scratch.appending(path: "server.log") }

    /// - Parameters:
    ///   - backups: Where the backup and the log are.
    ///   - moment: The state of which is wanted; `nil` is all there is.
    ///   - target: The data directory that is made; must not exist.
    ///   - installations: A folder with a folder for each installed version of PostgreSQL.
    /// - Throws: ``EmbeddedServer/Failure`` where no backup reaches so far back, or something is there already.
    public init(
        from backups: BackupFolder, until moment: Date?, to target: URL,
        installations: URL = ServerPrograms.standardInstallations
    ) throws {
        let all = try backups.all()
        guard let oldest = all.first else {
            throw EmbeddedServer.Failure.cannotPrepare("there is no backup in \(backups.folder.plainPath)")
        }
        // Not from what a restore to an earlier moment has set aside.
        let backup = try all.last { try $0.about.takenAt <= moment ?? .distantFuture && backups.goesOn(from: $0) }
        guard let backup else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "the oldest backup in \(backups.folder.plainPath) is of \(oldest.about.takenAt.ISO8601Format()): "
                    + "no earlier moment can be restored"
                    + (try all.contains { try !backups.goesOn(from: $0) }
                        ? ", and later ones were set aside by a restore" : "")
            )
        }
        (self.backup, self.backups, self.moment) = (backup, backups, moment)
        self.target = target.standardizedFileURL
        programs = try ServerPrograms(version: backup.about.version, in: installations)
        scratch = self.target.deletingLastPathComponent().appending(path: ".recovering")
        guard !FileManager.default.fileExists(atPath: self.target.plainPath) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "\(self.target.plainPath) is there already: stop its server and move it away first")
        }
        for folder in [backups.folder, self.target] { try folder.refuseOddName() }
    }

    /// The backup that is taken: the newest that is not later than the moment.
    public var source: BackupFolder.Backup { backup }

    /// Does it, and lends the recovered server to `check` before it is stopped again.
    ///
    /// The backup is looked at before, whole, and only read. The data directory has its name only when all went well; what
    /// is given up half-way is removed. A recovery may take a day.
    ///
    /// - Parameters:
    ///   - acceptsFaults: Whether to go on where something is wrong with the backup or its log.
    ///   - check: What is to be looked at, or changed, in the recovered server.
    /// - Returns: What came of it, and of the check.
    /// - Throws: ``EmbeddedServer/Failure``, ``Faulty``, or what `check` throws.
    public func run<Value: Sendable>(
        despiteFaults acceptsFaults: Bool = false, _ check: (Copy) async throws -> Value
    ) async throws -> (Outcome, Value) {
        let locks = [try DirectoryLock(target.deletingLastPathComponent()), try readingLock()]
        defer { withExtendedLifetime(locks) {} }
        await clear()
        let faults = try await backups.faults(of: backup)
        guard faults.isEmpty || acceptsFaults else { throw Faulty(faults: faults) }
        do {
            try await copy()
            try prepare()
            let reached = try await recover()
            let value = try await check(
                Copy(programs: programs, socket: socket, administrator: backup.about.administrator))
            try await control("stop", ["-m", "fast"])
            let outcome = Outcome(lastTransaction: try lastTransaction(), reachedMoment: reached, faults: faults)
            try finish()
            await clear()
            return (outcome, value)
        } catch {
            // Also where the task was cancelled: no server stays behind.
            await Task.detached { await clear() }.value
            throw error
        }
    }

    /// Nobody deletes old backups meanwhile; where the folder can only be read, that is not ours to see to.
    private func readingLock() throws -> DirectoryLock? {
        do {
            return try DirectoryLock(backups.folder)
        } catch let failure as EmbeddedServer.Failure {
            if case .inUse = failure { throw failure }
            return nil
        }
    }

    /// Why a backup was not taken as it is.
    public struct Faulty: Error, CustomStringConvertible {
        public let faults: [String]

        public var description: String { faults.joined(separator: "\n") }
    }

    /// Removes what is not finished, here or by an earlier try, and stops a server that still works on it.
    private func clear() async {
        if FileManager.default.fileExists(atPath: draft.appending(path: "postmaster.pid").plainPath) {
            // Where it does not stop, the next start in its place fails and says so.
            try? await control("stop", ["-m", "immediate"])
        }
        // What stays hinders the next try, which says so.
        for left in [draft, scratch, socket] { try? FileManager.default.removeItem(at: left) }
    }

    // MARK: Steps

    private func copy() async throws {
        try programs.makeOwned(draft)
        // Whoever brought the backup here may be another user than the server's: root reads it, and gives it over.
        let asOneself = programs.withoutAccount
        try await asOneself.run("cp", ["-a", backup.data.plainPath + "/.", draft.plainPath], at: backups.folder)
        if let account = programs.account {
            try await asOneself.run(
                "chown", ["-R", "\(account.userID):\(account.groupID)", draft.plainPath], at: draft)
        }
        guard let last = try backups.log.segments().last else { return }
        try await programs.run(
            "head", ["-c", "1", backups.log.folder.appending(path: last.name).plainPath], at: backups.folder)
    }

    private func prepare() throws {
        try programs.makeOwned(scratch)
        try programs.makeOwned(socket)
        let settings = [
            "listen_addresses = ''", "unix_socket_directories = '\(socket.plainPath.escaped)'",
            "unix_socket_permissions = 0700", "hba_file = '\(scratch.plainPath.escaped)/pg_hba.conf'",
            "ident_file = '\(scratch.plainPath.escaped)/pg_ident.conf'", "archive_mode = off", "hot_standby = off",
            "max_connections = 20", "log_error_verbosity = terse", "recovery_target_timeline = 'latest'",
            // What is written until the next start stays until that archives it.
            "autovacuum = off", "wal_keep_size = '1GB'",
            "restore_command = '\(try backups.log.isEmpty() ? "false" : backups.log.commandBack)'",
        ]
        try write(settings, to: "postgresql.conf")
        try write(["local all all trust"], to: "pg_hba.conf")
        try write([], to: "pg_ident.conf")
        try programs.give(own(Data(), at: draft.appending(path: "recovery.signal")))
        // Settings that were made in the running server would win over ours: they are its own business, later.
        guard FileManager.default.fileExists(atPath: automatic.plainPath) else { return }
        do {
            try FileManager.default.moveItem(at: automatic, to: scratch.appending(path: automatic.lastPathComponent))
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(automatic.plainPath) cannot be moved: \(error.systemReason)")
        }
    }

    private var automatic: URL { draft.appending(path: "postgresql.auto.conf") }

    private func finish() throws {
        let files = FileManager.default
        do {
            let kept = scratch.appending(path: automatic.lastPathComponent)
            if files.fileExists(atPath: kept.plainPath) {
                if files.fileExists(atPath: automatic.plainPath) { try files.removeItem(at: automatic) }
                try files.moveItem(at: kept, to: automatic)
            }
            try files.removeItem(at: draft.appending(path: "backup_manifest"))
            try files.moveItem(at: draft, to: target)
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(target.plainPath) cannot be made: \(error.systemReason)")
        }
    }

    private func write(_ lines: [String], to name: String) throws {
        try programs.give(own(Data(lines.map { $0 + "\n" }.joined().utf8), at: scratch.appending(path: name)))
    }

    private func own(_ bytes: Data, at file: URL) throws -> URL {
        do {
            try bytes.write(to: file)
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(file.plainPath) cannot be written: \(error.systemReason)")
        }
        return file
    }

    /// - Returns: Whether the log went on behind the moment.
    private func recover() async throws -> Bool {
        guard let moment else {
            try await start([])
            return true
        }
        let words = moment.formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, includingFractionalSeconds: true, timeZone: .gmt)
        ).replacing("Z", with: "+00")
        do {
            try await start(["recovery_target_time=\(words)", "recovery_target_action=promote"])
            return true
        } catch let failure as EmbeddedServer.Failure {
            // Where nothing was committed behind the moment, PostgreSQL calls it not reached; all there is, is wanted then.
            guard try said("recovery ended before configured recovery target was reached") else { throw failure }
            try await start([])
            return false
        }
    }

    private func start(_ settings: [String]) async throws {
        let all = ["config_file=\(scratch.appending(path: "postgresql.conf").plainPath)"] + settings
        let switches = all.map { "-c " + $0.quotedForShell }.joined(separator: " ")
        do {
            try await control("start", ["-t", "86400", "-l", messages.plainPath, "-o", switches])
            try await becomeReady()
        } catch EmbeddedServer.Failure.commandFailed(let program, let output) {
            // The failure is thrown without the server's words where those cannot be read.
            let last = (try? String(contentsOf: messages, encoding: .utf8)).map { $0.suffix(2000) } ?? ""
            throw EmbeddedServer.Failure.commandFailed(program, output: output + last)
        }
    }

    /// Waits until the log is read to where it should be: `pg_ctl` counts a server as started when it only begins to.
    private func becomeReady() async throws {
        let end = ContinuousClock.now + .seconds(86_400)
        while ContinuousClock.now < end {
            let life = PostmasterFile.life(in: draft)
            if life == .runs(.ready) { return }
            if life == .died { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw EmbeddedServer.Failure.commandFailed("recovery", output: "")
    }

    private func control(_ action: String, _ arguments: [String]) async throws {
        try await programs.run("pg_ctl", ["-D", draft.plainPath, "-w"] + arguments + [action], at: draft)
    }

    private func said(_ words: String) throws -> Bool {
        try messages.textIfThere()?.contains(words) ?? false
    }

    private func lastTransaction() throws -> String? {
        try messages.textIfThere()?
            .matches(of: /last completed transaction was at log time (\S+ \S+)/).last.map { String($0.1) }
    }
}
