public import Foundation

/// A private PostgreSQL in a directory of its own, reached by a unix socket only.
///
/// Whoever starts it holds a lock on the directory until the process ends, however it ends. A server that outlived a
/// crash of its starter is taken over as it is.
public final class EmbeddedServer: Sendable {
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case noServerProgram
        case inUse(directory: String, processID: String)
        case dataIsForVersion(String, installed: [String])
        case noUnprivilegedUser
        case commandFailed(String, output: String)
        case cannotPrepare(String)
        case dataWereMovedAway(String, found: [String])
        case archiveOfAnother(String)
        case startFailed(log: String, output: String)
        case doesNotStop(log: String)

        public var description: String {
            switch self {
            case .noServerProgram:
                "no PostgreSQL server is installed here (initdb was not found); "
                    + "on Debian: apt-get install postgresql; on macOS: brew install postgresql"
            case .inUse(let directory, let processID):
                "another process (\(processID)) uses \(directory); stop it first, or wait until it is done"
            case .dataIsForVersion(let version, let installed):
                "PostgreSQL \(version) is needed, and installed is \(installed.joined(separator: ", ")); "
                    + "install version \(version)"
            case .noUnprivilegedUser:
                "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as"
            case .commandFailed(let command, let output): "\(command) failed:\n\(output)"
            case .cannotPrepare(let what): what
            case .dataWereMovedAway(let data, let found):
                "\(data) is missing, but \(found.joined(separator: ", ")) is beside it: an upgrade or a restore was "
                    + "broken off, or someone moved it; rename the one that is meant, or do it again"
            case .archiveOfAnother(let folder):
                "\(folder) holds the log of another cluster; name another folder for this one"
            case .startFailed(let log, let output):
                "PostgreSQL does not start; read its log, \(log)\n\(output)"
            case .doesNotStop(let log):
                "PostgreSQL was asked to stop and has not stopped in time; it stops by itself once it can. Its log is \(log)"
            }
        }
    }

    private let directory: URL
    private let socket: URL
    private let programs: ServerPrograms
    private let lock: DirectoryLock
    private let options: [String]

    private var data: URL { Self.data(in: directory) }

    /// Takes the directory, makes the cluster there if there is none, and starts it if it does not run.
    ///
    /// - Parameters:
    ///   - directory: Where everything lives; made if it is not there.
    ///   - options: Settings for the server, such as `max_connections=200`.
    ///   - installations: A folder with a folder for each installed version of PostgreSQL.
    /// - Returns: The running server, which has to be stopped.
    /// - Throws: ``Failure``.
    public static func start(
        in directory: URL, options: [String] = [], installations: URL = ServerPrograms.standardInstallations
    ) async throws -> EmbeddedServer {
        let server = try EmbeddedServer(directory, options, installations)
        try await server.createCluster()
        try await server.claimArchive()
        try await server.startServer()
        return server
    }

    private init(_ directory: URL, _ options: [String], _ installations: URL) throws {
        self.directory = directory.standardizedFileURL
        self.options = options
        lock = try DirectoryLock(directory)
        programs = try ServerPrograms(for: Self.data(in: directory), in: installations)
        socket = Self.socket(in: self.directory)
    }

    /// Who the cluster was made by, and who may do everything in it.
    public static let administrator = "rectify"

    /// A connection string for one database of the cluster.
    ///
    /// - Parameters:
    ///   - database: Its name.
    ///   - login: The role to log in as; left out, the cluster's superuser.
    /// - Returns: What libpq connects by.
    public func conninfo(database: String, login: String = administrator) -> String {
        Self.conninfo(database: database, login: login, in: directory)
    }

    /// The same, of a server that another process has started in `directory`.
    public static func conninfo(database: String, login: String = administrator, in directory: URL) -> String {
        conninfo(database: database, login: login, socket: socket(in: directory.standardizedFileURL))
    }

    static func conninfo(database: String, login: String, socket: URL) -> String {
        "host='\(socket.plainPath.escaped)' user='\(login.escaped)' dbname='\(database.escaped)'"
    }

    /// Whether a cluster was ever made in `directory`.
    public static func exists(in directory: URL) -> Bool {
        FileManager.default.fileExists(atPath: data(in: directory).appending(path: "PG_VERSION").plainPath)
    }

    /// Where the cluster's data are.
    public static func data(in directory: URL) -> URL { directory.appending(path: "postgres") }

    /// Names the folder in which every start of the cluster, by whichever command, archives its log from now on.
    ///
    /// A cluster that was started once without would leave a gap behind that nobody notices until a restore.
    ///
    /// - Parameters:
    ///   - directory: Of the cluster.
    ///   - folder: Where the log goes; `nil` ends it.
    /// - Throws: ``Failure/cannotPrepare(_:)``.
    public static func archiveLog(of directory: URL, in folder: URL?) throws {
        let note = directory.appending(path: "log-archive")
        do {
            guard let folder else {
                if FileManager.default.fileExists(atPath: note.plainPath) {
                    try FileManager.default.removeItem(at: note)
                }
                return
            }
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data(folder.standardizedFileURL.plainPath.utf8).write(to: note, options: .atomic)
        } catch {
            throw Failure.cannotPrepare("\(note.plainPath) cannot be written: \(error.systemReason)")
        }
    }

    /// Where every start of the cluster archives its log; `nil` where none does.
    ///
    /// - Throws: ``UnreadableFile`` where it is written down and cannot be read: a start without it would leave a gap.
    public static func archive(of directory: URL) throws(UnreadableFile) -> URL? {
        try directory.appending(path: "log-archive").textIfThere().map { URL(filePath: $0) }
    }

    /// A socket's path may have 107 bytes; where the directory is deeper, it goes under /tmp.
    static func socket(in directory: URL) -> URL {
        let near = directory.appending(path: "socket")
        let name = "rectify-\(UInt32(truncatingIfNeeded: directory.plainPath.stableHash))"
        return near.plainPath.utf8.count <= 80 ? near : URL(filePath: "/tmp").appending(path: name)
    }

    /// Stops the server: open transactions are rolled back, what is committed is safe.
    ///
    /// - Parameter limit: How long its end is waited for, in whole seconds.
    /// - Throws: ``Failure/doesNotStop(log:)`` where it takes longer, or ``Failure/commandFailed(_:output:)``.
    public func stop(within limit: Duration = .seconds(60)) async throws {
        let seconds = max(1, limit.components.seconds)
        do {
            try await run("pg_ctl", ["-D", data.plainPath, "-m", "fast", "-w", "-t", "\(seconds)", "stop"])
        } catch Failure.commandFailed(let command, let output) {
            guard case .runs = PostmasterFile.life(in: data) else {
                throw Failure.commandFailed(command, output: output)
            }
            throw Failure.doesNotStop(log: serverLog.plainPath)
        }
    }

    /// Starts the server again where it has died; what was committed is there.
    ///
    /// Where it is not known whether it lives, as when this process may open no more files, nothing is done.
    ///
    /// - Returns: Whether it had died.
    /// - Throws: ``Failure/startFailed(log:output:)``, also where what the dead one left behind still ends.
    public func revive() async throws -> Bool {
        guard PostmasterFile.life(in: data) == .died else { return false }
        try await startServer()
        return true
    }

    // MARK: Steps

    private func createCluster() async throws {
        let files = FileManager.default
        guard !Self.exists(in: directory) else { return }
        let drafts = "postgres.new"
        let found = (try directory.namesIfThere() ?? []).sorted()
        let others = found.filter {
            $0.hasPrefix("postgres.") && !$0.hasPrefix(drafts) && $0 != "postgres.restoring"
        }
        // An empty cluster in place of one that was moved away would look as if everything were lost.
        guard others.isEmpty else { throw Failure.dataWereMovedAway(data.plainPath, found: others) }
        // Made under another name first: what a crash leaves behind is never taken for a cluster. The name is this process's
        // own, because the initdb of one that was killed may still write into the other; what it writes is removed here or
        // at the next start.
        for name in found where name.hasPrefix(drafts) {
            // What stays is removed by the next start.
            try? files.removeItem(at: directory.appending(path: name))
        }
        let draft = directory.appending(path: "\(drafts)-\(UUID().uuidString)")
        try await Self.initialise(draft, with: programs)
        do {
            try files.moveItem(at: draft, to: data)
        } catch {
            throw Failure.cannotPrepare("\(draft.plainPath) cannot be finished: \(error.systemReason)")
        }
    }

    /// Makes an empty cluster.
    ///
    /// - Throws: ``Failure``.
    static func initialise(_ data: URL, with programs: ServerPrograms) async throws {
        try programs.makeOwned(data)
        try await programs.run(
            "initdb",
            [
                "-D", data.plainPath, "--username=\(administrator)", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums", "--no-instructions",
            ], at: data.deletingLastPathComponent())
        do {
            // Errors without the row that caused them: it may hold what a complainant wrote.
            let settings = try FileHandle(forWritingTo: data.appending(path: "postgresql.conf"))
            try settings.seekToEnd()
            try settings.write(contentsOf: Data("\nlog_error_verbosity = terse\n".utf8))
            try settings.synchronize()
        } catch {
            throw Failure.cannotPrepare("\(data.plainPath) cannot be finished: \(error.systemReason)")
        }
    }

    /// What PostgreSQL itself says.
    private var serverLog: URL { data.appending(path: "server.log") }

    private func startServer() async throws {
        var settings = [
            "listen_addresses=", "unix_socket_directories=\(socket.plainPath)", "unix_socket_permissions=0700",
        ]
        if let folder = try Self.archive(of: directory) {
            settings += ["archive_mode=on", "archive_command=\(ArchivedLog(folder).command)", "archive_timeout=60"]
        }
        for attempt in 1... {
            if try await takesOver(settings) { return }
            try programs.makeOwned(socket)
            do {
                return try await launch(settings)
            } catch let failure as Failure {
                // A server that a killed process had begun to start may have been faster.
                guard attempt < 3, case .runs = PostmasterFile.life(in: data) else { throw failure }
            }
        }
    }

    private func launch(_ settings: [String]) async throws {
        let switches = (settings + options).map { "-c " + $0.quotedForShell }.joined(separator: " ")
        do {
            try await run(
                "pg_ctl",
                ["-D", data.plainPath, "-w", "-t", "60", "-l", serverLog.plainPath, "-o", switches, "start"])
        } catch Failure.commandFailed(_, let output) {
            throw startFailed(output)
        }
    }

    private func startFailed(_ output: String) -> Failure {
        // The failure names the log; where it cannot be read, its end is not shown.
        let said = (try? String(contentsOf: serverLog, encoding: .utf8)).map { String($0.suffix(2000)) } ?? ""
        return .startFailed(log: serverLog.plainPath, output: output + said)
    }

    /// Whether a server that runs already, started by a process that was killed, can be used as it is.
    ///
    /// One that does not listen or archive as it should is stopped.
    private func takesOver(_ settings: [String]) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            switch PostmasterFile.life(in: data) {
            case .died: return false
            case .unknown(let why):
                throw Failure.cannotPrepare("whether PostgreSQL runs in \(data.plainPath) is not known: \(why)")
            case .runs(.ready), .runs(.standby):
                guard try runs(with: settings) else {
                    try await stop()
                    return false
                }
                if await takesConnections() { return true }
            case .runs(.starting), .runs(.stopping): break
            }
            guard ContinuousClock.now < end else {
                throw startFailed("It has been starting, stopping or recovering for a minute.\n")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Whether the server takes connections; one whose processes have crashed says that it is ready and recovers first.
    private func takesConnections() async -> Bool {
        do {
            try await run("pg_isready", ["-h", socket.plainPath, "-U", Self.administrator, "-d", "postgres"])
            return true
        } catch {
            return false
        }
    }

    /// Whether the server that runs was started as it would be now.
    ///
    /// One that an interrupted upgrade has left behind listens elsewhere; one from before a setting does not archive its log.
    private func runs(with settings: [String]) throws -> Bool {
        guard try PostmasterFile(of: data)?.port == "5432" else { return false }
        let file = data.appending(path: "postmaster.opts")
        let started: String
        do {
            started = try String(contentsOf: file, encoding: .utf8)
        } catch {
            // A healthy server is not stopped because a file could not be read just now.
            throw Failure.cannotPrepare("\(file.plainPath) cannot be read: \(error.systemReason)")
        }
        let archives = settings.contains("archive_mode=on")
        return settings.allSatisfy { started.contains($0) } && started.contains("archive_mode=on") == archives
    }

    /// Sees to it that the folder for the archived log is there and this cluster's.
    ///
    /// Not when a server that has died is started again: then the log waits until the folder is back.
    private func claimArchive() async throws {
        guard let folder = try Self.archive(of: directory) else { return }
        let control = try await run("pg_controldata", ["-D", data.plainPath])
        let log = ArchivedLog(folder)
        try log.claim(for: ArchivedLog.system(in: control), programs)
        try await log.takeHistories(of: data, programs)
    }

    /// Copies a database into one of another running server, which has to be there and empty.
    ///
    /// - Parameters:
    ///   - name: Of the database here.
    ///   - copy: Of the one there.
    ///   - other: The other server, which has the same roles.
    /// - Throws: ``Failure/commandFailed(_:output:)``; nothing is in the copy then.
    public func copyDatabase(_ name: String, to copy: String, of other: EmbeddedServer) async throws {
        let folder = other.directory.appending(path: "moving")
        try programs.makeOwned(folder)
        // Only its owner reads what is left.
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "database").plainPath
        try await run("pg_dump", ["-Fc", "--file", file, conninfo(database: name)])
        try await run(
            "pg_restore",
            ["--exit-on-error", "--single-transaction", "--dbname", other.conninfo(database: copy), file])
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await programs.run(program, arguments, at: directory)
    }
}

extension String {
    /// As one word for a shell.
    var quotedForShell: String { "'" + replacing("'", with: "'\\''") + "'" }

    /// As a quoted value of a connection string or of `postgresql.conf` has it.
    var escaped: String { replacing("\\", with: "\\\\").replacing("'", with: "\\'") }

    /// The same in every process, unlike `hashValue` (FNV-1a).
    fileprivate var stableHash: UInt64 {
        utf8.reduce(14_695_981_039_346_656_037) { hash, byte in (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
}
