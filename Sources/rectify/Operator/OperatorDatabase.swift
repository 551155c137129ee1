import ArgumentParser
import Foundation
import Logging
import Postgres
import Store

/// Finds the database an operator's command works on.
struct OperatorOptions: ParsableArguments {
    @OptionGroup var data: DataOptions
    @OptionGroup var file: SettingsOptions

    /// The deployment, whether it runs or not.
    ///
    /// - Throws: ``SettingsError``.
    func deployment(_ settings: Settings) throws -> Deployment {
        settings["database.url"].isEmpty ? Deployment(embeddedIn: data.directory) : try Deployment(settings)
    }

    /// Lends `body` the deployment: that of the settings, else the embedded one, which is started for as long as the
    /// command takes where it does not run.
    func withDeployment<Value>(_ body: (Deployment, Logger) async throws -> Value) async throws -> Value {
        let settings = try await file.settings()
        let logger = serverLogger(.warning)
        guard settings["database.url"].isEmpty else { return try await body(try Deployment(settings), logger) }
        guard EmbeddedServer.exists(in: data.directory) else {
            throw Failure(
                "there is no database at \(data.directory.path(percentEncoded: false)): start one with `rectify up`, "
                    + "name its directory with --data, or set RECTIFY_DATABASE_URL",
                code: Failure.Code.notFound)
        }
        let server: EmbeddedClusters
        do {
            server = try await EmbeddedClusters.start(in: data.directory, settings)
        } catch EmbeddedServer.Failure.inUse {
            return try await body(Deployment(embeddedIn: data.directory), logger)
        }
        do {
            let value = try await body(Deployment(embeddedIn: data.directory), logger)
            try await server.stop()
            return value
        } catch {
            // The first error is the one to tell.
            try? await server.stop()
            throw error
        }
    }

    /// The same, with all pools opened, as the server has them.
    func withDatabases<Value>(_ body: (Databases, Deployment) async throws -> Value) async throws -> Value {
        try await withDeployment { deployment, logger in
            let databases = Databases(url: deployment.url, keysURL: deployment.keysURL, logger: logger)
            do {
                let value = try await body(databases, deployment)
                await databases.close()
                return value
            } catch {
                await databases.close()
                throw error
            }
        }
    }

    /// The same, with the first database opened.
    func withDatabase<Value>(_ body: (Database) async throws -> Value) async throws -> Value {
        try await withDeployment { deployment, logger in
            let database = deployment.database(logger: logger)
            return try await closing(database) { try await body(database) }
        }
    }
}
