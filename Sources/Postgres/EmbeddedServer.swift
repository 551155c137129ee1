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
    public static func archive(of directory: URL) -> URL? {
        (try? String(contentsOf: directory.appending(path: "log-archive"), encoding: .utf8)).map { URL(filePath: $0) }
    }

    /// A socket's path may have 107 bytes; where the directory is deeper, it goes under /tmp.
    static func socket(in directory: URL) -> URL {
        let near = directory.appending(path: "socket")
        let name = "rectify-\(UInt32(truncatingIfNeeded: directory.plainPath.stableHash))"
        return near.plainPath.utf8.count <= 80 ? near : URL(filePath: "/tmp").appending(path: name)
    }

    /// Stops the server: open transactions are rolled back, what is committed is safe.
    ///
    /// - Throws: ``Failure/commandFailed(_:output:)``.
    public func stop() async throws {
        try await run("pg_ctl", ["-D", data.plainPath, "-m", "fast", "-w", "-t", "60", "stop"])
    }

    /// Whether the server's process lives.
    public var isRunning: Bool {
        guard let file = try? String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8),
            let process = file.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { return false }
        // Where this program is the first of a container, a server that died is its own to bury, and looks alive until then.
        return waitpid(process, nil, WNOHANG) != process && kill(process, 0) == 0
    }

    /// Starts the server again where it has died; what was committed is there.
    ///
    /// - Returns: Whether it had died.
    /// - Throws: ``Failure/commandFailed(_:output:)``, also where what the dead one left behind still ends.
    public func revive() async throws -> Bool {
        guard !isRunning else { return false }
        try await startServer()
        return true
    }

    // MARK: Steps

    private func createCluster() async throws {
        let files = FileManager.default
        guard !Self.exists(in: directory) else { return }
        let others = ((try? files.contentsOfDirectory(atPath: directory.plainPath)) ?? [])
            .filter { $0.hasPrefix("postgres.") && !["postgres.new", "postgres.restoring"].contains($0) }.sorted()
        // An empty cluster in place of one that was moved away would look as if everything were lost.
        guard others.isEmpty else { throw Failure.dataWereMovedAway(data.plainPath, found: others) }
        // Made under another name first: what a crash leaves behind is never taken for a cluster.
        let draft = directory.appending(path: "postgres.new")
        try? files.removeItem(at: draft)
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

    private func startServer() async throws {
        let isThere = (try? await run("pg_ctl", ["-D", data.plainPath, "status"])) != nil
        var settings = [
            "listen_addresses=", "unix_socket_directories=\(socket.plainPath)", "unix_socket_permissions=0700",
        ]
        if let folder = Self.archive(of: directory) {
            settings += ["archive_mode=on", "archive_command=\(ArchivedLog(folder).command)", "archive_timeout=60"]
        }
        if isThere, !runs(with: settings) {
            try await stop()
        } else if isThere, try await takesConnections() {
            return
        }
        try programs.makeOwned(socket)
        let log = data.appending(path: "server.log").plainPath
        let switches = (settings + options).map { "-c " + $0.quotedForShell }.joined(separator: " ")
        try await run("pg_ctl", ["-D", data.plainPath, "-w", "-t", "60", "-l", log, "-o", switches, "start"])
    }

    /// Waits until the server that is there takes connections: one whose processes have crashed recovers first.
    ///
    /// - Returns: `false` where it ends instead. One that was killed is there until its parent has asked for its exit code.
    /// - Throws: ``Failure/commandFailed(_:output:)`` where it does neither within a minute.
    private func takesConnections() async throws -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while isRunning {
            do {
                try await run("pg_isready", ["-h", socket.plainPath, "-U", Self.administrator, "-d", "postgres"])
                return true
            } catch let failure as Failure {
                guard ContinuousClock.now < end else { throw failure }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        return false
    }

    /// Whether the server that runs was started as it would be now.
    ///
    /// One that an interrupted upgrade has left behind listens elsewhere; one from before a setting does not archive its log.
    private func runs(with settings: [String]) -> Bool {
        let file = try? String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8)
        let lines = file?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        guard lines.count > 3, lines[3] == "5432",
            let started = try? String(contentsOf: data.appending(path: "postmaster.opts"), encoding: .utf8)
        else { return false }
        let archives = settings.contains("archive_mode=on")
        return settings.allSatisfy { started.contains($0) } && started.contains("archive_mode=on") == archives
    }

    /// Sees to it that the folder for the archived log is there and this cluster's.
    ///
    /// Not when a server that has died is started again: then the log waits until the folder is back.
    private func claimArchive() async throws {
        guard let folder = Self.archive(of: directory) else { return }
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
