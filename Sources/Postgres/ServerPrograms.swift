public import Foundation
import Subprocess
import SystemPackage

/// The programs of one version of PostgreSQL, run as a user that may run a server.
public struct ServerPrograms: Sendable {
    /// Where Debian puts each version's programs: `VERSION/bin` below it.
    public static let standardInstallations = URL(filePath: "/usr/lib/postgresql")

    /// The user the server runs as, where we are root.
    struct Account: Sendable {
        let name: String
        let userID: uid_t
        let groupID: gid_t
    }

    let folder: URL
    let account: Account?

    /// The programs of the version that made some data; without data, of the newest that is installed.
    ///
    /// - Parameters:
    ///   - data: A cluster's data directory, which need not exist.
    ///   - installations: A folder with a folder for each version.
    /// - Throws: ``EmbeddedServer/Failure``.
    init(for data: URL?, in installations: URL) throws {
        let made = data.flatMap { Self.version(of: $0) }
        try self.init(version: made, in: installations)
    }

    /// The programs of one major version.
    ///
    /// - Parameters:
    ///   - version: Such as `15`; `nil` takes the newest.
    ///   - installations: A folder with a folder for each version.
    /// - Throws: ``EmbeddedServer/Failure``.
    public init(version: String?, in installations: URL = standardInstallations) throws {
        account = try Self.account()
        let versions = Self.versions(in: installations)
        guard !versions.isEmpty || installations == Self.standardInstallations else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "there is no PostgreSQL in \(installations.plainPath) (VERSION/bin)")
        }
        if let version, !versions.isEmpty {
            guard versions.contains(version) else {
                throw EmbeddedServer.Failure.dataIsForVersion(version, installed: versions)
            }
        }
        if let chosen = version ?? versions.first, versions.contains(chosen) {
            folder = installations.appending(path: "\(chosen)/bin")
            return
        }
        let files = FileManager.default
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/opt/homebrew/bin", "/usr/local/bin"]
        guard
            let found = folders.first(where: {
                files.isExecutableFile(atPath: "\($0)/initdb") && files.isExecutableFile(atPath: "\($0)/pg_ctl")
            })
        else { throw EmbeddedServer.Failure.noServerProgram }
        folder = URL(filePath: found)
    }

    /// The major version that made a data directory; `nil` where there is none.
    static func version(of data: URL) -> String? {
        // Where it cannot be read, nor can the server, which says why it does not start.
        (try? String(contentsOf: data.appending(path: "PG_VERSION"), encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The versions installed, the newest first.
    static func versions(in installations: URL) -> [String] {
        let files = FileManager.default
        // No version that can be used is an error of its own.
        return ((try? files.contentsOfDirectory(atPath: installations.plainPath)) ?? [])
            .filter { files.isExecutableFile(atPath: "\(installations.plainPath)/\($0)/bin/initdb") }
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    }

    private static func account() throws -> Account? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return Account(name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
            }
        }
        throw EmbeddedServer.Failure.noUnprivilegedUser
    }

    /// The same, run as whoever we are.
    var withoutAccount: ServerPrograms { ServerPrograms(folder: folder, account: nil) }

    private init(folder: URL, account: Account?) {
        (self.folder, self.account) = (folder, account)
    }

    /// Runs one of them, or of the system's own where it is not there, and waits for its end.
    ///
    /// - Parameters:
    ///   - program: Its name.
    ///   - arguments: What it is told; never a secret, since others can read it.
    ///   - environment: What is added to its environment.
    ///   - place: A folder whose access is worth a hint when it is refused.
    ///   - worksThere: Whether the program writes files into the folder it works in, which is then that one.
    /// - Returns: What it printed on both outputs.
    /// - Throws: ``EmbeddedServer/Failure/commandFailed(_:output:)``.
    @discardableResult
    func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], at place: URL,
        workingThere worksThere: Bool = false
    ) async throws -> String {
        let own = folder.appending(path: program).plainPath
        var command = [FileManager.default.isExecutableFile(atPath: own) ? own : program] + arguments
        // A program of its own gives up root's rights: doing that between fork and exec can hang where threads run.
        if let account {
            command =
                ["setpriv", "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--"] + command
        }
        // The server's messages in English, whatever the terminal speaks: they are quoted in errors.
        let variables = environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments(command),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: variables.map { (.init(stringLiteral: $0), $1) })),
            workingDirectory: FilePath(worksThere ? place.plainPath : "/"),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let output = [result.standardOutput, result.standardError].compactMap(\.self).joined()
        guard result.terminationStatus.isSuccess else {
            var hint = ""
            if let account, output.contains("Permission denied") {
                hint = "\nThe user \(account.name) has to be able to reach \(place.plainPath)."
            }
            throw EmbeddedServer.Failure.commandFailed(program, output: output + hint)
        }
        return output
    }

    private var files: FileManager { .default }

    /// Makes a folder that only the server's user can enter.
    ///
    /// One that is there already has to be that, and no link: under /tmp anyone may have put it there.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)``.
    func makeOwned(_ folder: URL) throws {
        let path = folder.plainPath
        var status = stat()
        if lstat(path, &status) == 0 {
            let isClosedFolder = status.st_mode & S_IFMT == S_IFDIR && status.st_mode & 0o077 == 0
            if isClosedFolder, status.st_uid == account?.userID ?? geteuid() { return }
            // Made by us, killed before it was given away: the next lines do that.
            let isUngiven =
                // One that cannot be looked into is not taken for empty.
                status.st_uid == geteuid() && (try? files.contentsOfDirectory(atPath: path))?.isEmpty == true
            guard isClosedFolder, isUngiven else {
                let whose = account.map { "\($0.name):" } ?? "$USER"
                throw EmbeddedServer.Failure.cannotPrepare(
                    "\(path) has to be a folder of the server's user, closed to others: "
                        + "chown -R \(whose) and chmod 700")
            }
            return try give(folder)
        }
        do {
            try files.createDirectory(at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(path) cannot be made: \(error.systemReason)")
        }
        // Closed from its first moment.
        guard mkdir(path, 0o700) == 0 else {
            throw EmbeddedServer.Failure.cannotPrepare("\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        try give(folder)
    }

    /// Gives one file or folder to the server's user.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)``.
    func give(_ file: URL) throws {
        guard let account else { return }
        guard chown(file.plainPath, account.userID, account.groupID) == 0 else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "\(file.plainPath) cannot be given to the user \(account.name)")
        }
    }
}

extension URL {
    /// As programs know it: no percent signs, no slash at the end.
    var plainPath: String {
        let path = path(percentEncoded: false)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
