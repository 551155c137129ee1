import Foundation
import Logging
import Postgres
import Store

/// The two PostgreSQL clusters of an embedded deployment: what is filed in one, the keys of it in another, so that no copy
/// of the first has a key in it.
struct EmbeddedClusters {
    private let cases: EmbeddedServer
    private let keys: EmbeddedServer

    /// Where the cluster of the keys is.
    static func keysDirectory(in directory: URL) -> URL { directory.appending(path: "keys") }

    /// Starts both, and makes what is missing.
    ///
    /// - Throws: `EmbeddedServer.Failure`.
    static func start(in directory: URL, _ settings: Settings) async throws -> EmbeddedClusters {
        let installations = URL(filePath: settings["embedded.postgres_folder"])
        let cases = try await EmbeddedServer.start(in: directory, installations: installations)
        do {
            // It holds little, and few ask.
            let keys = try await EmbeddedServer.start(
                in: keysDirectory(in: directory), options: ["shared_buffers=16MB"], installations: installations)
            return EmbeddedClusters(cases: cases, keys: keys)
        } catch {
            try? await cases.stop()
            throw error
        }
    }

    /// Makes the databases in them, and moves the keys out of the first cluster, where earlier versions had them.
    ///
    /// - Returns: Whether keys were moved.
    /// - Throws: `EmbeddedServer.Failure`, or `PostgresError`.
    func prepareDatabases() async throws -> Bool {
        try await administer(cases) { admin in try await admin.createDatabaseIfMissing("rectify") }
        let isOld = try await administer(cases) { admin in try await admin.hasDatabase("rectify_keys") }
        let isMoved = try await administer(keys) { admin in try await admin.hasDatabase("rectify_keys") }
        guard isOld else {
            try await administer(keys) { admin in try await admin.createDatabaseIfMissing("rectify_keys") }
            return false
        }
        if !isMoved {
            let draft = "rectify_keys_moving"
            try await administer(keys) { admin in
                try await DatabaseRole.prepare(Home.roles, login: DatabaseRole.embeddedLogin, in: admin)
                try await admin.dropDatabase(draft)
                try await admin.createDatabaseIfMissing(draft)
            }
            try await cases.copyDatabase("rectify_keys", to: draft, of: keys)
            try await administer(keys) { admin in try await admin.renameDatabase(draft, to: "rectify_keys") }
        }
        try await administer(cases) { admin in try await admin.dropDatabase("rectify_keys") }
        return true
    }

    private func administer<Value>(
        _ server: EmbeddedServer, _ body: (Database) async throws -> Value
    ) async throws -> Value {
        let settings = ConnectionSettings(
            conninfo: server.conninfo(database: "postgres"), statementTimeout: .seconds(60))
        let admin = Database(settings, limits: PoolLimits(connections: 1), logger: serverLogger(.warning))
        return try await closing(admin) { try await body(admin) }
    }

    /// Stops both.
    ///
    /// - Throws: `EmbeddedServer.Failure` of the first that could not be; the other is stopped all the same.
    func stop() async throws {
        let first = await Result { try await cases.stop() }
        try await keys.stop()
        try first.get()
    }

    /// Starts again what has died.
    ///
    /// - Returns: Whether one had.
    /// - Throws: `EmbeddedServer.Failure`.
    func revive() async throws -> Bool {
        let revived = [try await cases.revive(), try await keys.revive()]
        return revived.contains(true)
    }
}

extension Result where Failure == any Error {
    /// What `body` returns or throws.
    fileprivate init(catching body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
