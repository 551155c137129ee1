import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Who the bearer of the token is, and the end of that token.
struct SessionRoutes {
    let service: Service

    var routes: [Route] {
        [Route(.get, "/v1/session", show), Route(.delete, "/v1/session", end)]
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.signedIn()
        return try .json(SessionBody(name: officer.name, role: officer.role, office: officer.office))
    }

    @Sendable func end(_ request: Request, context: Context) async throws -> Response {
        _ = try context.signedIn()
        guard let token = context.token else { throw Problem.unauthenticated }
        try await service.databases.work.transaction { db in try db.revokeToken(token) }
        return Response(status: .noContent)
    }
}
