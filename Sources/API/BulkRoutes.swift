import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// One action on many complaints: each in a transaction of its own, whole or not at all, with a result of its own.
struct BulkRoutes {
    let service: Service
    /// Complaints one request changes, at the most.
    static let limit = 100

    var routes: [Route] {
        [Route(.post, "/v1/bulk-actions", perform)]
    }

    @Sendable func perform(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .act)
        let body = try await Body(request)
        let reader = body.reader
        let book = try await service.references.book()
        let resource = reader.requiredCode("action", as: ComplaintActionReader.Resource.self)
        let parameters =
            reader.object("parameters")
            ?? ObjectReader(.object([:]), at: reader.place("parameters"), faults: reader.faults)
        let wanted = resource.map { ComplaintActionReader(body: parameters, book: book, officer: officer).action($0) }
        let terms = ActionTerms(reading: reader, versions: nil, needsReason: resource?.needsReason ?? false)
        if terms.message != nil { reader.fault("message", "not_allowed", "cannot be sent to many at once") }
        let isDryRun = reader.bool("dry_run") ?? false
        let references = try await references(reader, officer, book)
        parameters.finish()
        try body.finish()
        guard let wanted else { throw Problem.notFound("action") }
        var results: [BulkResultBody] = []
        for reference in references {
            results.append(await result(of: wanted, on: reference, officer, terms, book, isDryRun, context))
        }
        return try .json(BulkBody(items: results))
    }

    /// The complaints that are named, or those that a filter lets through.
    private func references(
        _ reader: ObjectReader, _ officer: Officer, _ book: ReferenceBook
    ) async throws -> [Reference] {
        if reader.has("references") == reader.has("filter") {
            reader.fault("references", "ambiguous", "exactly one of references and filter is needed")
        }
        let named = reader.texts("references", limit: Self.limit, length: 40).compactMap { text -> Reference? in
            if let reference = Reference(text) { return reference }
            reader.fault("references", "bad_reference", "“\(text)” is no reference such as IR21-0000123-4")
            return nil
        }
        guard let query = reader.object("filter") else { return named }
        let officers = try await service.databases.work.transaction(.readOnly) { db in try db.officers() }
        let list = ComplaintListReader(query: query, officer: officer, book: book, now: service.now())
        let campaign = list.campaign()
        let filter = list.filter(campaign?.campaign, officers: officers)
        query.finish()
        guard let (id, found) = campaign, reader.faults.isEmpty else { return [] }
        let page = try await service.databases.work.transaction(.readOnly) { db in
            try db.complaints(filter, campaign: id, prefix: found.prefix, limit: Self.limit)
        }
        return page.lines.map(\.reference)
    }

    /// What a dry run found out, thrown so that its transaction is rolled back.
    private struct DryRun: Error {
        let body: BulkResultBody
    }

    private func result(
        of wanted: @escaping ComplaintActionReader.Wanted, on reference: Reference, _ officer: Officer,
        _ terms: ActionTerms, _ book: ReferenceBook, _ isDryRun: Bool, _ context: Context
    ) async -> BulkResultBody {
        let now = service.now()
        do {
            return try await terms.judged {
                try await service.databases.work.transaction(as: officer.actor.standing) { db in
                    let before = try db.found(reference)
                    let record = try db.perform(
                        try wanted(db), on: reference, by: officer.actor, terms, book: book, at: now)
                    let changes = try db.changes(since: before, of: record)
                    let body = BulkResultBody(
                        reference: reference.description, outcome: isDryRun ? "would_change" : "done",
                        status: record.complaint.status, changes: changes.mapValues(ChangeBody.init))
                    if isDryRun { throw DryRun(body: body) }
                    return body
                }
            }
        } catch let run as DryRun {
            return run.body
        } catch {
            let problem = context.problem(error, of: reference.description)
            return BulkResultBody(
                reference: reference.description, outcome: problem.status.code == 503 ? "not_reached" : "refused",
                status: nil, changes: [:], problem: problem.body(requestID: context.requestID))
        }
    }
}
