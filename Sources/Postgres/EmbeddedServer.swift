public import Foundation
import Subprocess
import SystemPackage

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

        public var description: String {
            switch self {
            case .noServerProgram:
                "no PostgreSQL server is installed here (initdb was not found); "
                    + "on Debian: apt-get install postgresql; on macOS: brew install postgresql"
            case .inUse(let directory, let processID):
                "another process (\(processID)) uses \(directory); stop it first, or give another --data"
            case .dataIsForVersion(let version, let installed):
                "the data were made by PostgreSQL \(version), but installed is \(installed.joined(separator: ", ")); "
                    + "install version \(version)"
            case .noUnprivilegedUser:
                "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as"
            case .commandFailed(let command, let output): "\(command) failed:\n\(output)"
            case .cannotPrepare(let what): what
            }
        }
    }

    private let directory: URL
    private let socket: URL
    private let programs: URL
    private let lock: Int32
    private let account: Account?
    private let options: [String]

    private var data: URL { directory.appending(path: "postgres") }

    /// The user the server runs as, where we are root.
    private struct Account {
        let name: String
        let userID: uid_t
        let groupID: gid_t
    }

    /// Takes the directory, makes the cluster there if there is none, and starts it if it does not run.
    ///
    /// - Parameters:
    ///   - directory: Where everything lives; made if it is not there.
    ///   - options: Settings for the server, such as `max_connections=200`.
    /// - Returns: The running server, which has to be stopped.
    /// - Throws: ``Failure``.
    public static func start(in directory: URL, options: [String] = []) async throws -> EmbeddedServer {
        let server = try EmbeddedServer(directory, options)
        try await server.createCluster()
        try await server.startServer()
        return server
    }

    private init(_ directory: URL, _ options: [String]) throws {
        self.directory = directory.standardizedFileURL
        self.options = options
        account = try Self.account()
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw Failure.cannotPrepare("\(directory.plainPath) cannot be made: \(error.systemReason)")
        }
        programs = try Self.programs(for: directory.appending(path: "postgres"))
        lock = try Self.lock(directory)
        socket = Self.socket(in: self.directory)
    }

    deinit {
        close(lock)
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
        "host='\(socket(in: directory.standardizedFileURL).plainPath.escaped)' user=\(login) dbname=\(database)"
    }

    /// Whether a cluster was ever made in `directory`.
    public static func exists(in directory: URL) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending(path: "postgres/PG_VERSION").plainPath)
    }

    /// A socket's path may have 107 bytes; where the directory is deeper, it goes under /tmp.
    private static func socket(in directory: URL) -> URL {
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
        guard !files.fileExists(atPath: data.appending(path: "PG_VERSION").plainPath) else { return }
        // Made under another name first: what a crash leaves behind is never taken for a cluster.
        let draft = directory.appending(path: "postgres.new")
        try? files.removeItem(at: draft)
        try makeOwned(draft)
        try await run(
            "initdb",
            [
                "-D", draft.plainPath, "--username=\(Self.administrator)", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums", "--no-instructions",
            ])
        do {
            // Errors without the row that caused them: it may hold what a complainant wrote.
            let settings = try FileHandle(forWritingTo: draft.appending(path: "postgresql.conf"))
            try settings.seekToEnd()
            try settings.write(contentsOf: Data("\nlog_error_verbosity = terse\n".utf8))
            try settings.synchronize()
            try files.moveItem(at: draft, to: data)
        } catch {
            throw Failure.cannotPrepare("\(draft.plainPath) cannot be finished: \(error.systemReason)")
        }
    }

    private func startServer() async throws {
        let isRunning = (try? await run("pg_ctl", ["-D", data.plainPath, "status"])) != nil
        guard !isRunning else { return }
        try makeOwned(socket)
        let settings = [
            "listen_addresses=", "unix_socket_directories=\(socket.plainPath)", "unix_socket_permissions=0700",
        ]
        let log = data.appending(path: "server.log").plainPath
        let switches = (settings + options).map { "-c '\($0)'" }.joined(separator: " ")
        try await run("pg_ctl", ["-D", data.plainPath, "-w", "-t", "60", "-l", log, "-o", switches, "start"])
    }

    /// A folder that only the server's user can enter.
    ///
    /// One that is there already has to be that, and no link: under /tmp anyone may have put it there.
    private func makeOwned(_ folder: URL) throws {
        var status = stat()
        if lstat(folder.plainPath, &status) == 0 {
            let isOurs = status.st_uid == account?.userID ?? geteuid()
            guard isOurs, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o077 == 0 else {
                throw Failure.cannotPrepare(
                    "\(folder.plainPath) belongs to someone else or is open to others; remove it")
            }
            return
        }
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure.cannotPrepare("\(folder.plainPath) cannot be made: \(error.systemReason)")
        }
        guard let account else { return }
        guard chown(folder.plainPath, account.userID, account.groupID) == 0 else {
            throw Failure.cannotPrepare("\(folder.plainPath) cannot be given to the user \(account.name)")
        }
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        var command = [programs.appending(path: program).plainPath] + arguments
        // A program of its own gives up root's rights: doing that between fork and exec can hang where threads run.
        if let account {
            command =
                ["setpriv", "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--"] + command
        }
        // The server's messages in English, whatever the terminal speaks: they are quoted in errors.
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments(["LC_ALL=C.UTF-8"] + command), workingDirectory: "/",
            output: .string(limit: 65_536), error: .string(limit: 65_536))
        guard result.terminationStatus.isSuccess else {
            let output = [result.standardOutput, result.standardError].compactMap(\.self).joined()
            var hint = ""
            if let account, output.contains("Permission denied") {
                hint = "\nThe user \(account.name) has to be able to reach \(directory.plainPath)."
            }
            throw Failure.commandFailed(program, output: output + hint)
        }
    }

    // MARK: Finding things

    private static func account() throws -> Account? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return Account(name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
            }
        }
        throw Failure.noUnprivilegedUser
    }

    private static func lock(_ directory: URL) throws -> Int32 {
        let path = directory.appending(path: "rectify.lock").plainPath
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure.cannotPrepare("\(path) cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            close(descriptor)
            throw Failure.inUse(
                directory: directory.plainPath, processID: holder.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        ftruncate(descriptor, 0)
        let me = Array("\(getpid())\n".utf8)
        _ = write(descriptor, me, me.count)
        return descriptor
    }

    /// The programs of the version that made the data, else of the newest installed.
    private static func programs(for data: URL) throws -> URL {
        let files = FileManager.default
        let root = "/usr/lib/postgresql"
        let versions = ((try? files.contentsOfDirectory(atPath: root)) ?? [])
            .filter { files.isExecutableFile(atPath: "\(root)/\($0)/bin/initdb") }
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        let made = try? String(contentsOf: data.appending(path: "PG_VERSION"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        if let made, !versions.isEmpty {
            guard versions.contains(made) else { throw Failure.dataIsForVersion(made, installed: versions) }
            return URL(filePath: "\(root)/\(made)/bin")
        }
        if let newest = versions.first { return URL(filePath: "\(root)/\(newest)/bin") }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":").map(String.init) + ["/opt/homebrew/bin", "/usr/local/bin"]
        where files.isExecutableFile(atPath: "\(folder)/initdb") && files.isExecutableFile(atPath: "\(folder)/pg_ctl") {
            return URL(filePath: folder)
        }
        throw Failure.noServerProgram
    }
}

extension URL {
    fileprivate var plainPath: String {
        let path = path(percentEncoded: false)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

extension String {
    /// As a quoted value of a connection string has it.
    fileprivate var escaped: String { replacing("\\", with: "\\\\").replacing("'", with: "\\'") }

    /// The same in every process, unlike `hashValue` (FNV-1a).
    fileprivate var stableHash: UInt64 {
        utf8.reduce(14_695_981_039_346_656_037) { hash, byte in (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
}
