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

    /// Starts both, makes what is missing, and moves the keys out of the first cluster, where earlier versions had them.
    ///
    /// - Parameters:
    ///   - directory: Where they are.
    ///   - settings: Where PostgreSQL's programs are.
    ///   - losesKeys: Whether a cluster for new keys is made although that of the old ones is gone.
    /// - Returns: Both, running; they have to be stopped.
    /// - Throws: `EmbeddedServer.Failure`, ``Failure`` where keys would be lost, or `PostgresError`.
    static func start(
        in directory: URL, _ settings: Settings, losingKeys losesKeys: Bool = false
    ) async throws -> EmbeddedClusters {
        let place = keysDirectory(in: directory)
        guard EmbeddedServer.exists(in: directory) || !EmbeddedServer.exists(in: place) else {
            throw Failure(
                """
                the cases are gone from \(directory.path(percentEncoded: false)), and their keys are there: put postgres \
                back, or restore it (rectify restore); an empty one in its place would look as if nothing had been filed
                """, code: Failure.Code.conflict)
        }
        let archive = try EmbeddedServer.archive(of: directory)
        if archive != nil, EmbeddedServer.exists(in: directory), !EmbeddedServer.exists(in: place) {
            // Keys that are moved out of the first cluster are in its log while they are.
            try EmbeddedServer.archiveLog(of: directory, in: nil)
            let moved = await Result { try await moveUnarchived(in: directory, settings, losesKeys) }
            // Also where it failed: no start from now on is without.
            try EmbeddedServer.archiveLog(of: directory, in: archive)
            try moved.get()
        }
        return try await startBoth(in: directory, settings, losesKeys)
    }

    private static func startBoth(
        in directory: URL, _ settings: Settings, _ losesKeys: Bool
    ) async throws -> EmbeddedClusters {
        let installations = URL(filePath: settings["embedded.postgres_folder"])
        let place = keysDirectory(in: directory)
        let cases = try await EmbeddedServer.start(in: directory, installations: installations)
        do {
            if !losesKeys, !EmbeddedServer.exists(in: place) { try await refuseLostKeys(of: cases, place) }
            // It holds little, and few ask.
            let keys = try await EmbeddedServer.start(
                in: place, options: ["shared_buffers=16MB"], installations: installations)
            let clusters = EmbeddedClusters(cases: cases, keys: keys)
            do {
                for server in [cases, keys] {
                    try await administer(server) { admin in try await admin.waitForOtherCommands(atMost: .seconds(30)) }
                }
                try await clusters.prepareDatabases()
            } catch {
                // The first error is the one to tell.
                try? await keys.stop()
                throw error
            }
            return clusters
        } catch {
            // The first error is the one to tell.
            try? await cases.stop()
            throw error
        }
    }

    private static func moveUnarchived(in directory: URL, _ settings: Settings, _ losesKeys: Bool) async throws {
        let moving = try await startBoth(in: directory, settings, losesKeys)
        try await moving.leaveLogBehind()
        try await moving.stop()
    }

    private func leaveLogBehind() async throws {
        try await Self.administer(cases) { admin in
            try await admin.checkpoint()
            try await admin.switchLog()
            try await admin.checkpoint()
        }
    }

    /// Every start of the clusters from now on archives their logs where the settings say, or none does.
    ///
    /// - Throws: `EmbeddedServer.Failure`.
    static func archiveLogs(of directory: URL, _ settings: Settings, _ logger: Logger) throws {
        for (key, directory) in [
            ("backup.folder", directory), ("backup.keys_folder", keysDirectory(in: directory)),
        ] {
            let folder = settings[key].isEmpty ? nil : URL(filePath: settings[key])
            let was = try EmbeddedServer.archive(of: directory)
            if let was, folder == nil {
                logger.warning(
                    "\(key) is not set any more: moments from now on cannot be restored from what is there",
                    metadata: ["folder": "\(was.path(percentEncoded: false))"])
            }
            try EmbeddedServer.archiveLog(of: directory, in: folder)
        }
    }

    /// A database that was used has keys: where they are not beside it nor, as once, in it, they were moved away.
    private static func refuseLostKeys(of cases: EmbeddedServer, _ place: URL) async throws {
        let (isUsed, hasKeys) = try await administer(cases) { admin in
            (try await admin.hasDatabase("rectify"), try await admin.hasDatabase("rectify_keys"))
        }
        guard isUsed, !hasKeys else { return }
        throw Failure(
            """
            the keys are gone from \(place.path(percentEncoded: false)): put them back, or restore them (rectify restore); \
            new ones in their place would open nothing that was filed
            """, code: Failure.Code.conflict)
    }

    private func prepareDatabases() async throws {
        // The keys first: a database that is there without them would look robbed.
        let isOld = try await Self.administer(cases) { admin in try await admin.hasDatabase("rectify_keys") }
        let isMoved = try await Self.administer(keys) { admin in try await admin.hasDatabase("rectify_keys") }
        if isOld {
            if !isMoved { try await moveKeys() }
            try await dropOldKeys()
        } else if !isMoved {
            try await Self.administer(keys) { admin in try await admin.createDatabaseIfMissing("rectify_keys") }
        }
        try await Self.administer(cases) { admin in try await admin.createDatabaseIfMissing("rectify") }
    }

    private func moveKeys() async throws {
        let draft = "rectify_keys_moving"
        try await Self.administer(keys) { admin in
            try await DatabaseRole.prepare(Home.roles, login: DatabaseRole.embeddedLogin, in: admin)
            try await admin.dropDatabase(draft)
            try await admin.createDatabaseIfMissing(draft)
        }
        try await cases.copyDatabase("rectify_keys", to: draft, of: keys)
        try await Self.administer(keys) { admin in try await admin.renameDatabase(draft, to: "rectify_keys") }
        serverLogger(.notice).notice(
            "the keys were moved into a cluster of their own, which no backup of the first has")
    }

    /// Not before each key is known to be in the new place: an earlier version may have worked here in between.
    private func dropOldKeys() async throws {
        func keys(of server: EmbeddedServer) async throws -> Set<UUID> {
            let database = Self.database("rectify_keys", of: server)
            return try await closing(database) { try await database.withConnection { db in try db.keysThereAre() } }
        }
        let missing = try await keys(of: cases).subtracting(keys(of: self.keys)).count
        guard missing == 0 else {
            throw Failure(
                """
                two databases hold keys, and \(missing) of those beside the cases are not among those in their own cluster: \
                an earlier version has made new ones after the others were moved. Nothing was changed. Copy the rows of \
                case_key from the one to the other (pg_dump --data-only --table case_key), then start again
                """, code: Failure.Code.conflict)
        }
        try await Self.administer(cases) { admin in try await admin.dropDatabase("rectify_keys") }
    }

    /// Lets the archiver of the logs begin at once: after a start it waits for the first checkpoint, up to five minutes.
    ///
    /// - Throws: `PostgresError`.
    func beginArchiving() async throws {
        for server in [cases, keys] {
            try await Self.administer(server) { admin in
                try await admin.checkpoint()
                try await admin.switchLog()
            }
        }
    }

    private static func administer<Value>(
        _ server: EmbeddedServer, _ body: (Database) async throws -> Value
    ) async throws -> Value {
        let admin = database("postgres", of: server)
        return try await closing(admin) { try await body(admin) }
    }

    private static func database(_ name: String, of server: EmbeddedServer) -> Database {
        let settings = ConnectionSettings(conninfo: server.conninfo(database: name), statementTimeout: .seconds(60))
        return Database(settings, limits: PoolLimits(connections: 1), logger: serverLogger(.warning))
    }

    /// Stops both at the same time.
    ///
    /// - Parameter limit: How long their end is waited for.
    /// - Throws: `EmbeddedServer.Failure` of one that could not be; the other is stopped all the same.
    func stop(within limit: Duration = .seconds(60)) async throws {
        async let second = Result { try await keys.stop(within: limit) }
        let first = await Result { try await cases.stop(within: limit) }
        try await second.get()
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
