import Casework
import Contract
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What an organisation with a key has filed.
struct FilerRoutes {
    let service: Service

    var routes: [Route] {
        [Route(.get, "/v1/filer/campaigns/:campaign/complaints", list)]
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let filer = try context.signedInFiler()
        let (id, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        let own = query.text("client_reference", limit: 100)
        let (pageSize, cursor) = try query.finishPage()
        let name = "filed|\(filer.filer)|\(campaign.code)"
        let below = try cursor.map { try service.cursor.position($0, of: name) }
        let found = try await service.databases.parties.transaction(.readOnly, as: filer.standing) { db in
            try db.complaints(
                filedBy: filer.filer, campaign: id, prefix: campaign.prefix, own: own, below: below,
                limit: pageSize + 1)
        }
        return try .json(
            Page(found, size: pageSize, FiledLineBody.init) { last in
                service.cursor.text(after: last.reference.number, of: name)
            })
    }
}

extension FiledLineBody {
    fileprivate init(_ filed: FiledComplaint) {
        self.init(
            reference: filed.reference.description, clientReference: filed.clientReference, status: filed.status,
            outcome: filed.outcome, informationGap: filed.informationGap, receivedOn: filed.receivedOn,
            changedAt: filed.changedAt)
    }
}
