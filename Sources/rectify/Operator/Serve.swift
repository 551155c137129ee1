import ArgumentParser

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the API on a database of your own, migrated before.",
        discussion:
            "Needs database.url, database.keys_url and keys.file. The schema is brought up by `rectify migrate`.")

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
        try await Running(
            deployment: try Deployment(settings), settings: settings, host: host ?? settings["server.host"],
            port: port ?? settings.number("server.port"), logger: serverLogger(settings.logLevel)
        ).run()
    }
}
