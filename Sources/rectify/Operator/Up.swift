import ArgumentParser
import Foundation
import Logging
import Postgres
import Store

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start everything: a private PostgreSQL, its schema and reference data, and the server.",
        discussion: """
            The first start makes the database under --data; later ones use it again. Ctrl-C or SIGTERM stops both.
            With RECTIFY_DATABASE_URL set, that database is used, and none is started.
            """)

    @OptionGroup var data: DataOptions

    @Option(help: "Address to listen on.")
    var host: String?

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: Int?

    @OptionGroup var file: SettingsOptions

    func run() async throws {
        let settings = try await file.settings()
        let logger = serverLogger(settings.logLevel)
        guard settings["database.url"].isEmpty else {
            return try await serve(Deployment(settings), settings)
        }
        let directory = data.directory
        let server = try await EmbeddedServer.start(in: directory)
        do {
            for name in ["rectify", "rectify_keys"] { try await create(name, on: server) }
            let deployment = Deployment(server, in: directory)
            try makeKeyFile(deployment.keyFile)
            logger.debug("embedded PostgreSQL runs")
            try await serve(deployment, settings)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func serve(_ deployment: Deployment, _ settings: Settings) async throws {
        let logger = serverLogger(settings.logLevel)
        _ = try await deployment.migrate(logger: logger)
        let database = deployment.database(deployment.url, logger: logger)
        let changes = try await closing(database) { try await database.load(try Home.referenceFiles()) }
        if !changes.isEmpty { logger.info("reference data loaded", metadata: ["changes": "\(changes.count)"]) }
        try await Running(
            deployment: deployment, settings: settings, host: host ?? settings["server.host"],
            port: port ?? settings.number("server.port"), logger: logger
        ).run()
    }

    private func create(_ name: String, on server: EmbeddedServer) async throws {
        let logger = serverLogger(.warning)
        let settings = ConnectionSettings(conninfo: server.conninfo(database: "postgres"))
        let admin = Database(settings, limits: PoolLimits(connections: 1), logger: logger)
        try await closing(admin) { try await admin.createDatabaseIfMissing(name) }
    }

    /// A key of its own for each cluster, readable by its user alone.
    private func makeKeyFile(_ file: URL) throws {
        let path = file.path(percentEncoded: false)
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let text = Data((KeyEncryptionKey.generate() + "\n").utf8)
        guard FileManager.default.createFile(atPath: path, contents: text, attributes: [.posixPermissions: 0o600])
        else { throw Failure("\(path) cannot be written") }
    }
}

/// Where an embedded database lives.
struct DataOptions: ParsableArguments {
    @Option(help: "Directory of the embedded database.", completion: .directory)
    var data: String?

    var directory: URL {
        if let data { return URL(filePath: data) }
        if geteuid() == 0 { return URL(filePath: "/var/lib/rectify") }
        let home = FileManager.default.homeDirectoryForCurrentUser
        let base = ProcessInfo.processInfo.environment["XDG_DATA_HOME"].map { URL(filePath: $0) }
        return (base ?? home.appending(path: ".local/share")).appending(path: "rectify")
    }
}

struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "Settings file, in place of Config/rectify.yaml.", completion: .file())
    var config: String?

    func settings() async throws -> Settings {
        try await Settings.read(file: config.map { URL(filePath: $0) })
    }
}
