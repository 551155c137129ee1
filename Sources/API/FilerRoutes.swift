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
        // The database lets a filer see its own rows only; of the cases that go on nothing but this is read.
        let originals = found.compactMap(\.duplicateOf)
        let handling =
            originals.isEmpty
            ? [:]
            : try await service.databases.work.transaction(.readOnly) { db in
                try db.handling(of: originals, campaign: id)
            }
        return try .json(
            Page(found, size: pageSize) { filed in
                FiledLineBody(filed, handling: filed.duplicateOf.flatMap { handling[$0] })
            } next: { last in
                service.cursor.text(after: last.reference.number, of: name)
            })
    }
}

extension FiledLineBody {
    fileprivate init(_ filed: FiledComplaint, handling: HandlingLine?) {
        self.init(
            reference: filed.reference.description, clientReference: filed.clientReference, status: filed.status,
            handledWithStatus: handling?.status, outcome: handling.map(\.outcome) ?? filed.outcome,
            informationGap: handling.map(\.informationGap) ?? filed.informationGap,
            answer: handling.map(\.answer) ?? filed.answer, receivedOn: filed.receivedOn, changedAt: filed.changedAt)
    }
}
