import Foundation
import Logging
import Postgres
import Store
import Transparency

/// The two databases and the key they are used with: from the settings, or an embedded server's.
struct Deployment {
    let url: String
    let keysURL: String
    let keyFile: URL
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
        keyFile = URL(filePath: try required("keys.file", "make one with: head -c 32 /dev/urandom | base64"))
        logKeyFile = nil
    }

    init(_ server: EmbeddedServer, in directory: URL) {
        url = server.conninfo(database: "rectify")
        keysURL = server.conninfo(database: "rectify_keys")
        keyFile = Self.keyFile(in: directory)
        logKeyFile = Self.logKeyFile(in: directory)
    }

    /// Of a server that another process has started in `directory`.
    init(runningIn directory: URL) {
        url = EmbeddedServer.conninfo(database: "rectify", in: directory)
        keysURL = EmbeddedServer.conninfo(database: "rectify_keys", in: directory)
        keyFile = Self.keyFile(in: directory)
        logKeyFile = Self.logKeyFile(in: directory)
    }

    /// Where an embedded cluster's key-encryption key lies.
    static func keyFile(in directory: URL) -> URL { directory.appending(path: "key-encryption-key") }

    /// Where the key of its log lies.
    static func logKeyFile(in directory: URL) -> URL { directory.appending(path: "log-signing-key") }

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

    /// One database for an operator's command.
    func database(_ url: String, logger: Logger) -> Database {
        Database(
            ConnectionSettings(conninfo: url, applicationName: "rectify-operator", statementTimeout: .seconds(60)),
            limits: PoolLimits(connections: 1), logger: logger)
    }

    /// Brings both databases to the newest schema.
    ///
    /// - Returns: The migrations applied now.
    func migrate(logger: Logger) async throws -> [String] {
        var applied: [String] = []
        for (url, folder) in [(url, Home.migrations), (keysURL, Home.keyMigrations)] {
            let database = database(url, logger: logger)
            let names = try await closing(database) { try await Migrations(in: folder).apply(to: database) }
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
