import ArgumentParser
import Postgres
import Store

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the databases to the newest schema, or say what waits.")

    @Flag(help: "Only say what is applied and what waits.")
    var status = false

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDeployment { deployment, logger in
            guard status else {
                let applied = try await deployment.migrate(logger: logger)
                return Terminal.write(
                    line:
                        applied.isEmpty ? "nothing to apply" : applied.map { "applied \($0)" }.joined(separator: "\n"))
            }
            for (url, folder, prefix) in [
                (deployment.ownerURL, Home.migrations, ""), (deployment.ownerKeysURL, Home.keyMigrations, "keys/"),
            ] {
                let migrations = try Migrations(in: folder)
                let database = deployment.owned(url, logger: logger)
                let pending = try await closing(database) { try await migrations.pending(in: database) }.map(\.number)
                for file in migrations.files {
                    let state = pending.contains(file.number) ? "waits  " : "applied"
                    Terminal.write(line: "\(state)  \(prefix)\(file.name)")
                }
            }
        }
    }
}
