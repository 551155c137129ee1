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

    func validate() throws {
        guard (0...65_535).contains(port ?? 0) else { throw ValidationError("--port lies between 0 and 65535.") }
    }

    func run() async throws {
        forbidCoreFiles()
        OpenFiles.raiseLimit()
        let settings = try await file.settings()
        let logger = serverLogger(settings.logLevel)
        guard settings["database.url"].isEmpty else {
            return try await serve(Deployment(settings), settings, StopMoment(), breakOff: {})
        }
        let directory = data.directory
        for key in ["keys.file", "keys.command", "keys.previous_files"] where !settings[key].isEmpty {
            throw Failure(
                "\(key) is for a database of your own; here the key is kept in the directory of --data. Unset it",
                code: 64)
        }
        try makeKeyFile(Deployment.keyFile(in: directory), for: directory)
        try EmbeddedClusters.archiveLogs(of: directory, settings, logger)
        let server = try await EmbeddedClusters.start(in: directory, settings)
        let stopping = StopMoment()
        /// PostgreSQL gets what is left of the time that the end may take, and a little more.
        @Sendable func stopInTime() async throws {
            let seconds = settings.number("server.leaving_seconds") + settings.number("server.shutdown_seconds")
            try await server.stop(within: stopping.left(of: seconds + 4))
        }
        do {
            try await server.beginArchiving()
            let deployment = Deployment(embeddedIn: directory)
            logger.debug("embedded PostgreSQL runs")
            let watch = Task { await keepAlive(server, logger) }
            // Nobody starts it again while it is being stopped.
            func endWatch() async {
                watch.cancel()
                await watch.value
            }
            do {
                try await serve(deployment, settings, stopping) {
                    do {
                        try await stopInTime()
                    } catch {
                        logger.error("\(error)")
                    }
                }
            } catch {
                await endWatch()
                throw error
            }
            await endWatch()
        } catch {
            // Why it ends is what matters; a server that does not stop is taken over by the next start.
            try? await stopInTime()
            throw error
        }
        try await stopInTime()
    }

    /// Brings the database back where its process has died, within a second or two, until the task is cancelled.
    private func keepAlive(_ server: EmbeddedClusters, _ logger: Logger) async {
        while !Task.isCancelled {
            do {
                if try await server.revive() { logger.warning("PostgreSQL had died and was started again") }
            } catch {
                logger.error(
                    "PostgreSQL has died and does not start yet; it is tried again", metadata: ["error": "\(error)"])
            }
            // Cancelled, the loop ends by its condition.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func serve(
        _ deployment: Deployment, _ settings: Settings, _ stopping: StopMoment,
        breakOff: @escaping @Sendable () async -> Void
    ) async throws {
        let logger = serverLogger(settings.logLevel)
        _ = try await deployment.migrate(logger: logger)
        let database = deployment.database(logger: logger)
        try await closing(database) {
            // What an operator has loaded since is not undone: the shipped files are for a new database.
            guard try await database.transaction(.readOnly, { db in try db.hasReferenceData() }) == false else {
                return
            }
            let changes = try await database.load(try Home.referenceFiles())
            logger.info("reference data loaded", metadata: ["changes": "\(changes.count)"])
        }
        if let file = deployment.logKeyFile, settings["history.key_file"].isEmpty {
            try await makeLogKey(file, deployment, logger)
        }
        try await Running(
            deployment: deployment, settings: settings, host: host ?? settings["server.host"],
            port: port ?? settings.number("server.port"), logger: logger, stopping: stopping, breakOff: breakOff
        ).run()
    }

    /// A key of its own for each cluster, readable by its user alone, on disk before anything is sealed with it.
    private func makeKeyFile(_ file: URL, for directory: URL) throws {
        let path = file.path(percentEncoded: false)
        guard !FileManager.default.fileExists(atPath: path) else { return }
        guard !EmbeddedServer.exists(in: directory) else {
            throw Failure(
                "\(path) is missing, and what the database there holds is sealed with it; put it back from your copy")
        }
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw Failure("\(directory.path(percentEncoded: false)) cannot be made: \(error.systemReason)")
        }
        try makeSecret(file)
    }

    /// A log that was begun without a key goes on with one; one that was signed needs the key it was signed with.
    private func makeLogKey(_ file: URL, _ deployment: Deployment, _ logger: Logger) async throws {
        let path = file.path(percentEncoded: false)
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let database = deployment.database(logger: logger)
        let signed = try await closing(database) {
            try await database.transaction(.readOnly) { db in try db.latestCheckpoint() }
        }
        guard signed == nil else {
            throw Failure("\(path) is missing, and the log of history is signed with it; put it back from your copy")
        }
        try makeSecret(file)
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
        let base = ProcessInfo.processInfo.variable("XDG_DATA_HOME").map { URL(filePath: $0) }
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
