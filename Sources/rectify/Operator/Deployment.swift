import Foundation
import Logging
import Postgres
import Store
import Transparency

/// The two databases and the key they are used with: from the settings, or an embedded server's.
struct Deployment {
    let url: String
    let keysURL: String
    /// The same databases, as someone who may alter them.
    let ownerURL: String
    let ownerKeysURL: String
    /// The same databases, as someone who may copy their clusters.
    let backupURL: String
    let backupKeysURL: String
    /// The login to be made a member of the roles; `nil` where an administrator does that.
    let login: String?
    /// Where the key-encryption key comes from.
    let keySource: KeySource
    /// Files of key-encryption keys that were used before.
    let previousKeyFiles: [URL]
    /// Where an embedded server keeps its clusters; `nil` where the databases are elsewhere.
    let directory: URL?
    /// What an embedded server's log of history is signed with, unless the settings name another key.
    let logKeyFile: URL?

    /// - Throws: ``SettingsError`` where the settings name no database.
    init(_ settings: Settings) throws {
        func required(_ key: String, _ why: String) throws -> String {
            guard !settings[key].isEmpty else { throw SettingsError.missing(key: key, why: why) }
            return settings[key]
        }
        url = try required("database.url", "or use `rectify up`, which brings a database of its own")
        keysURL = try required("database.keys_url", "the keys of sealed complaints live in a second database")
        if settings["keys.command"].isEmpty {
            let file = try required("keys.file", "make one with: head -c 32 /dev/urandom | base64")
            keySource = .file(URL(filePath: file))
        } else {
            keySource = .command(settings["keys.command"])
        }
        previousKeyFiles = settings["keys.previous_files"].split(separator: ",").map {
            URL(filePath: $0.trimmingCharacters(in: .whitespaces))
        }
        logKeyFile = nil
        directory = nil
        let (owner, ownerOfKeys) = (settings["database.owner_url"], settings["database.owner_keys_url"])
        (ownerURL, ownerKeysURL) = (owner.isEmpty ? url : owner, ownerOfKeys.isEmpty ? keysURL : ownerOfKeys)
        let (backup, backupOfKeys) = (settings["backup.url"], settings["backup.keys_url"])
        (backupURL, backupKeysURL) = (
            backup.isEmpty ? ownerURL : backup, backupOfKeys.isEmpty ? ownerKeysURL : backupOfKeys
        )
        login = nil
    }

    /// Of an embedded server in `directory`, whichever process has started it.
    init(embeddedIn directory: URL) {
        let keysDirectory = EmbeddedClusters.keysDirectory(in: directory)
        let login = DatabaseRole.embeddedLogin
        self.login = login
        self.directory = directory
        url = EmbeddedServer.conninfo(database: "rectify", login: login, in: directory)
        keysURL = EmbeddedServer.conninfo(database: "rectify_keys", login: login, in: keysDirectory)
        ownerURL = EmbeddedServer.conninfo(database: "rectify", in: directory)
        ownerKeysURL = EmbeddedServer.conninfo(database: "rectify_keys", in: keysDirectory)
        (backupURL, backupKeysURL) = (ownerURL, ownerKeysURL)
        keySource = .file(Self.keyFile(in: directory))
        let previous = Self.previousKeyFile(in: directory)
        previousKeyFiles =
            FileManager.default.fileExists(atPath: previous.path(percentEncoded: false)) ? [previous] : []
        logKeyFile = Self.logKeyFile(in: directory)
    }

    /// Where an embedded cluster's key-encryption key lies.
    static func keyFile(in directory: URL) -> URL { directory.appending(path: "key-encryption-key") }

    /// Where the one before it lies, until nothing is under it any more.
    static func previousKeyFile(in directory: URL) -> URL { directory.appending(path: "key-encryption-key.previous") }

    /// Where the key of its log lies.
    static func logKeyFile(in directory: URL) -> URL { directory.appending(path: "log-signing-key") }

    /// The key-encryption keys.
    ///
    /// - Throws: `KeyFile.Failure`, or ``Failure`` where the command gives no key.
    func keyRing() async throws -> KeyRing {
        let current = try await keySource.key()
        return KeyRing(current, previous: try previousKeyFiles.map { try KeyEncryptionKey(file: $0) })
    }

    /// Signs the log of history; `nil` where there is no key for it.
    ///
    /// - Throws: `KeyFile.Failure`, or ``Failure`` where the log's name cannot be one.
    func logSigner(_ settings: Settings) throws -> NoteSigner? {
        let (named, name) = (settings["history.key_file"], settings["history.origin"])
        guard let file = named.isEmpty ? logKeyFile : URL(filePath: named) else { return nil }
        guard name.wholeMatch(of: /[!-*,-~]{1,100}/) != nil else {
            throw Failure("history.origin has to be 1 to 100 visible ASCII characters but plus signs", code: 64)
        }
        return try NoteSigner(name: name, seed: try KeyFile.read(file))
    }

    /// The first database for an operator's command, as the server uses it.
    func database(logger: Logger) -> Database {
        database(url, as: .staff, logger: logger)
    }

    /// One database, as who may alter it.
    func owned(_ url: String, logger: Logger) -> Database { database(url, as: nil, logger: logger) }

    private func database(_ url: String, as role: DatabaseRole?, logger: Logger) -> Database {
        Database(
            ConnectionSettings(
                conninfo: url, applicationName: "rectify-operator", statementTimeout: .seconds(60),
                role: role?.rawValue),
            limits: PoolLimits(connections: 1), logger: logger)
    }

    /// Makes the roles that are missing where the server is our own, and brings both databases to the newest schema.
    ///
    /// - Returns: The migrations applied now.
    func migrate(logger: Logger) async throws -> [String] {
        var applied: [String] = []
        for (url, folder) in [(ownerURL, Home.migrations), (ownerKeysURL, Home.keyMigrations)] {
            let database = owned(url, logger: logger)
            let names = try await closing(database) {
                if let login { try await DatabaseRole.prepare(Home.roles, login: login, in: database) }
                return try await Migrations(in: folder).apply(to: database)
            }
            applied += names
        }
        return applied
    }
}

/// Closes the database when `body` is done, however it ends.
func closing<Value>(_ database: Database, _ body: () async throws -> Value) async throws -> Value {
    do {
        let value = try await body()
        await database.close()
        return value
    } catch {
        await database.close()
        throw error
    }
}
