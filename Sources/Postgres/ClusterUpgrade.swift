public import Foundation

/// Takes a cluster to a newer major version of PostgreSQL, by its own `pg_upgrade`.
public struct ClusterUpgrade: Sendable {
    /// Major versions.
    public let from: String
    public let to: String

    private let directory: URL
    private let old: ServerPrograms
    private let new: ServerPrograms

    private var data: URL { EmbeddedServer.data(in: directory) }
    /// Where the old data stay.
    public var kept: URL { directory.appending(path: "postgres.\(from)") }
    private var draft: URL { directory.appending(path: "postgres.upgraded") }

    /// Looks at what there is to do; `nil` where the data are of that version already.
    ///
    /// - Parameters:
    ///   - directory: That an embedded server was started in.
    ///   - version: The version to go to; `nil` is the newest that is installed.
    ///   - installations: A folder with a folder for each installed version of PostgreSQL.
    /// - Throws: ``EmbeddedServer/Failure``.
    public init?(
        of directory: URL, to version: String?, installations: URL = ServerPrograms.standardInstallations
    ) throws {
        self.directory = directory.standardizedFileURL
        guard let from = ServerPrograms.version(of: EmbeddedServer.data(in: directory)) else {
            throw EmbeddedServer.Failure.cannotPrepare("there is no cluster in \(directory.plainPath)")
        }
        let installed = ServerPrograms.versions(in: installations)
        guard let to = version ?? installed.first else { throw EmbeddedServer.Failure.noServerProgram }
        guard to != from else { return nil }
        (self.from, self.to) = (from, to)
        guard let (older, newer) = Int(from).flatMap({ one in Int(to).map { (one, $0) } }), older < newer else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "the data are of PostgreSQL \(from); there is no way back to \(to)")
        }
        old = try ServerPrograms(version: from, in: installations)
        new = try ServerPrograms(version: to, in: installations)
        guard !FileManager.default.fileExists(atPath: kept.plainPath) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "\(kept.plainPath) is there already, from an earlier upgrade; move it away first")
        }
    }

    /// Copies the data into a new cluster, and gives it the old one's place; the old data stay as they are.
    ///
    /// What fails leaves the old cluster in its place. The folder for the archived log is no longer used: it has the old
    /// cluster's.
    ///
    /// - Throws: ``EmbeddedServer/Failure``.
    public func run() async throws {
        let lock = try DirectoryLock(directory)
        defer { withExtendedLifetime(lock) {} }
        let socket = EmbeddedServer.socket(in: directory)
        try old.makeOwned(socket)
        for left in [draft, data]
        where FileManager.default.fileExists(atPath: left.appending(path: "postmaster.pid").plainPath) {
            // Of an upgrade that was broken off; one that still runs hinders the start below, which says so.
            try? await control(new, "stop", left, socket)
        }
        // One that was killed is not taken as it is: it has to have come to its end properly.
        try await control(old, "start", data, socket)
        try await control(old, "stop", data, socket)
        // initdb refuses a folder that holds something.
        try? FileManager.default.removeItem(at: draft)
        try await EmbeddedServer.initialise(draft, with: new)
        // What it says of a failure stays in files there.
        try await new.run(
            "pg_upgrade",
            [
                "--old-bindir", old.folder.plainPath, "--new-bindir", new.folder.plainPath, "--old-datadir",
                data.plainPath, "--new-datadir", draft.plainPath, "--username", EmbeddedServer.administrator,
                "--socketdir", socket.plainPath,
            ], at: draft, workingThere: true)
        try await finish(socket)
        try EmbeddedServer.archiveLog(of: directory, in: nil)
        do {
            try FileManager.default.moveItem(at: data, to: kept)
            try FileManager.default.moveItem(at: draft, to: data)
        } catch {
            if !FileManager.default.fileExists(atPath: data.plainPath) {
                // The failure below names both places where that fails, too.
                try? FileManager.default.moveItem(at: kept, to: data)
            }
            throw EmbeddedServer.Failure.cannotPrepare(
                "\(draft.plainPath) cannot be renamed: \(error.systemReason); the old data are in \(data.plainPath) or \(kept.plainPath)"
            )
        }
    }

    /// What `pg_upgrade` leaves to be done: newer extensions, and what the planner knows of the tables.
    private func finish(_ socket: URL) async throws {
        try await control(new, "start", draft, socket)
        let login = ["--host", socket.plainPath, "--username", EmbeddedServer.administrator]
        let extensions = draft.appending(path: "update_extensions.sql")
        do {
            if FileManager.default.fileExists(atPath: extensions.plainPath) {
                try await new.run("psql", login + ["-d", "postgres", "-f", extensions.plainPath], at: draft)
            }
            try await new.run("vacuumdb", login + ["--all", "--analyze-only"], at: draft)
        } catch {
            // The first error is the one to tell.
            try? await control(new, "stop", draft, socket)
            throw error
        }
        try await control(new, "stop", draft, socket)
        for script in [extensions, draft.appending(path: "delete_old_cluster.sh")] {
            // A script that is left is never run.
            try? FileManager.default.removeItem(at: script)
        }
    }

    private func control(_ programs: ServerPrograms, _ action: String, _ data: URL, _ socket: URL) async throws {
        let settings = ["listen_addresses=", "unix_socket_directories=\(socket.plainPath)"]
            .map { "-c " + $0.quotedForShell }.joined(separator: " ")
        let more =
            action == "start" ? ["-l", data.appending(path: "server.log").plainPath, "-o", settings] : ["-m", "fast"]
        try await programs.run("pg_ctl", ["-D", data.plainPath, "-w", "-t", "600"] + more + [action], at: data)
    }
}
