import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// For machines: whether the process lives, and whether it can work.
struct HealthRoutes {
    let service: Service

    struct Health: Codable {
        var status: String
    }

    var routes: [Route] {
        [
            // Never asks the database: a database that is away is no reason to restart the server.
            Route(.get, "/livez") { _, _ in try .json(Health(status: "ok")) },
            Route(.get, "/readyz", ready),
        ]
    }

    @Sendable func ready(_ request: Request, context: Context) async throws -> Response {
        let canWrite = try await service.databases.isReady()
        guard canWrite else {
            throw Problem.overloaded("The database answers, but does not take writes or lacks its schema.")
        }
        return try .json(Health(status: "ok"))
    }
}
