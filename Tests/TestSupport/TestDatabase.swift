import Casework
public import Foundation
public import Logging
public import Postgres
public import Store
import Synchronization

/// The root of the checkout, wherever the tests are run from.
public let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A log that nobody reads.
public let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// One PostgreSQL for the whole run, in a directory of its own, gone when the tests end.
public enum TestServer {
    public struct Running: Sendable {
        let server: EmbeddedServer

        public func conninfo(database: String, login: String = EmbeddedServer.administrator) -> String {
            server.conninfo(database: database, login: login)
        }
    }

    private static let started = Task {
        let directory = FileManager.default.temporaryDirectory.appending(path: "rectify-tests-\(getpid())")
        // Nothing here has to survive a power cut; everything else is as in use.
        let options = ["fsync=off", "max_connections=400", "shared_buffers=64MB"]
        let server = try await EmbeddedServer.start(in: directory, options: options)
        atexit { TestServer.remove() }
        let running = Running(server: server)
        let roles = repository.appending(path: "Migrations/roles/roles.sql")
        let admin = running.database("postgres", connections: 1)
        try await DatabaseRole.prepare(roles, login: DatabaseRole.embeddedLogin, in: admin)
        await admin.close()
        try await makeTemplate("template_cases", migrations: "Migrations", loads: true, on: running)
        try await makeTemplate("template_keys", migrations: "Migrations/keys", loads: false, on: running)
        return running
    }

    public static func running() async throws -> Running { try await started.value }

    /// The run is over: stop the server at once and remove what it wrote.
    private static func remove() {
        let directory = FileManager.default.temporaryDirectory.appending(path: "rectify-tests-\(getpid())")
        let pidFile = directory.appending(path: "postgres/postmaster.pid")
        if let first = try? String(contentsOf: pidFile, encoding: .utf8).split(separator: "\n").first,
            let server = pid_t(first)
        {
            kill(server, SIGQUIT)
            for _ in 0..<50 where kill(server, 0) == 0 { usleep(100_000) }
        }
        try? FileManager.default.removeItem(at: directory)
    }

    private static func makeTemplate(
        _ name: String, migrations: String, loads: Bool, on running: Running
    ) async throws {
        try await running.administer("CREATE DATABASE \(name)")
        let database = running.database(name)
        _ = try await Migrations(in: repository.appending(path: migrations)).apply(to: database)
        if loads {
            for file in try referenceFiles() {
                _ = try await database.transaction { db in
                    let known = try db.referenceBook().data
                    return try db.load(ReferenceFile.items(in: JSON(parsing: Data(contentsOf: file)), knowing: known))
                }
            }
        }
        await database.close()
    }

    /// The files the product ships, in the order they are loaded.
    public static func referenceFiles() throws -> [URL] {
        let config = repository.appending(path: "Config")
        func files(_ folder: String) throws -> [URL] {
            try FileManager.default.contentsOfDirectory(
                at: config.appending(path: folder), includingPropertiesForKeys: nil
            ).filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        }
        return try [config.appending(path: "registry.json")] + files("campaigns") + files("calendars")
    }
}

extension TestServer.Running {
    public func database(_ name: String, connections: Int = 2) -> Database {
        Database(
            ConnectionSettings(
                conninfo: conninfo(database: name), statementTimeout: .seconds(600), lockTimeout: .seconds(60)),
            limits: PoolLimits(connections: connections, wait: .seconds(300)), logger: quiet)
    }

    func administer(_ script: String) async throws {
        let admin = database("postgres", connections: 1)
        do {
            try await admin.withConnection { db in try db.run(script: script) }
        } catch {
            await admin.close()
            throw error
        }
        await admin.close()
    }
}

/// Two databases of a test's own, with everything the server needs to work with them.
public struct TestStore: Sendable {
    /// Of the first database.
    public let name: String
    public let url: String
    public let keysURL: String
    public let databases: Databases
    /// The first database, as who may do everything in it.
    public let owner: Database
    public let keys: CaseKeys
    public let references: ReferenceCache
    public let encryptionKey: KeyEncryptionKey

    public func book() async throws -> ReferenceBook { try await references.book() }
}

/// Lends `body` freshly migrated databases with the shipped reference data, and drops them afterwards.
///
/// - Parameters:
///   - clock: The server's own, with which the database's is compared.
///   - body: Works with them.
/// - Returns: What `body` returns.
/// - Throws: `PostgresError`, or what `body` throws.
@discardableResult
public func withStore<Value: Sendable>(
    clock: @escaping @Sendable () -> Date = Date.init, _ body: (TestStore) async throws -> Value
) async throws -> Value {
    let server = try await TestServer.running()
    let suffix = UUID().uuidString.lowercased().replacing("-", with: "")
    let (cases, keys) = ("test_\(suffix)", "keys_\(suffix)")
    try await server.administer("CREATE DATABASE \(cases) TEMPLATE template_cases")
    try await server.administer("CREATE DATABASE \(keys) TEMPLATE template_keys")
    let (url, keysURL) = (server.conninfo(database: cases), server.conninfo(database: keys))
    let databases = Databases(
        url: server.conninfo(database: cases, login: DatabaseRole.embeddedLogin),
        keysURL: server.conninfo(database: keys, login: DatabaseRole.embeddedLogin), wait: .seconds(300),
        slowness: 20, clock: clock, logger: quiet)
    let owner = server.database(cases)
    let encryptionKey = KeyEncryptionKey(Data(repeating: 7, count: 32))
    let store = TestStore(
        name: cases, url: url, keysURL: keysURL, databases: databases, owner: owner,
        keys: try await CaseKeys(databases.keys, KeyRing(encryptionKey)),
        references: ReferenceCache(databases.work, suffixes: shippedSuffixes),
        encryptionKey: encryptionKey)
    func drop() async throws {
        await databases.close()
        await owner.close()
        try await server.administer("DROP DATABASE \(cases) WITH (FORCE)")
        try await server.administer("DROP DATABASE \(keys) WITH (FORCE)")
    }
    do {
        let value = try await body(store)
        try await drop()
        return value
    } catch {
        try? await drop()
        throw error
    }
}

/// Lends `body` a pool on an empty database of its own, and drops that afterwards.
@discardableResult
public func withDatabase<Value: Sendable>(
    connections: Int = 2, waiting: Int = 256, wait: Duration = .seconds(300),
    statementTimeout: Duration = .seconds(600), maximumAge: Duration = .seconds(600),
    idleBeforeCheck: Duration = .seconds(30), _ body: (Database) async throws -> Value
) async throws -> Value {
    let server = try await TestServer.running()
    let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
    try await server.administer("CREATE DATABASE \(name)")
    let database = Database(
        ConnectionSettings(conninfo: server.conninfo(database: name), statementTimeout: statementTimeout),
        limits: PoolLimits(
            connections: connections, waiting: waiting, wait: wait, maximumAge: maximumAge,
            idleBeforeCheck: idleBeforeCheck), logger: quiet)
    do {
        let value = try await body(database)
        await database.close()
        try await server.administer("DROP DATABASE \(name) WITH (FORCE)")
        return value
    } catch {
        await database.close()
        try? await server.administer("DROP DATABASE \(name) WITH (FORCE)")
        throw error
    }
}
