import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Finding and reading complaints.
struct ComplaintRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/complaints", list),
            Route(.get, "/v1/complaints/:reference", isBrief: true, show),
            Route(.get, "/v1/complaints/:reference/events", events),
            Route(.get, "/v1/complaints/:reference/duplicates", duplicates),
            Route(.delete, "/v1/complaints/:reference/duplicates/:other", dismiss),
            Route(.get, "/v1/complaints/:reference/deadlines", explain),
        ]
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let query = try ObjectReader(query: request)
        let book = try await service.references.book()
        // Only a filter by name asks who there is.
        let named = query.names.contains("officer") || query.names.contains("filter")
        let officers = named ? try await service.databases.reads.withConnection { db in try db.officers() } : []
        let reader = ComplaintListReader(query: query, officer: officer, book: book, now: service.now())
        let found = reader.campaign()
        let filter = reader.filter(found?.campaign, officers: officers)
        let (pageSize, cursor) = try query.finishPage()
        guard let (campaignID, campaign) = found else { throw Problem.notFound("campaign") }
        // A cursor belongs to who asked and to what was asked.
        let asked = request.uri.queryParameters.map { "\($0.key)=\($0.value)" }
            .filter { !$0.hasPrefix("cursor=") && !$0.hasPrefix("page_size=") }
        let name = "complaints|\(officer.id)|\(asked.sorted().joined(separator: "&"))"
        let position = try cursor.map { try service.cursor.position(after: $0, of: name) }
        let page = try await service.databases.reads.withConnection { db in
            try db.complaints(filter, campaign: campaignID, prefix: campaign.prefix, after: position, limit: pageSize)
        }
        let today = Day(service.now(), in: campaign.zone())
        let items = page.lines.map { line in ComplaintLineBody(line, today: today) }
        let advice =
            page.asksToNarrow
            ? "\(Connection.textLimit) complaints were looked at and more may hold these words; "
                + "narrow the list, by company, day or status, or go on with the next page" : nil
        let next = page.next.map { service.cursor.text(after: [$0.day.number, $0.number], of: name) }
        return try .json(Page(items: items, next: next, advice: advice))
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        guard let parts = try await service.complaints.answer(to: reference) else {
            throw CaseError.notFound("complaint \(reference)")
        }
        let response = try await service.answer(parts, to: officer.role)
        await noteLook(request, at: parts.record, by: officer)
        return response
    }

    /// Notes that the officer of a case has looked at it, so that what had come is no news any more.
    ///
    /// It is the reader's own mark: the answer, the history and the version are the same as without it. Nobody else's
    /// request sets it, nor a prefetch, nor one that may be answered with 304 and shows nothing.
    private func noteLook(_ request: Request, at record: ComplaintRecord, by officer: Officer) async {
        guard record.newsAt != nil, record.holder == officer.id, request.method == .get,
            request.headers[.ifNoneMatch] == nil,
            request.headers[.secPurpose]?.lowercased().contains("prefetch") != true
        else { return }
        // Where it cannot be noted just now, the news stay until the next look.
        _ = try? await service.databases.work.transaction(as: officer.actor.standing) { [now = service.now()] db in
            try db.noteLook(at: record, by: officer.id, at: now)
        }
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        return try await service.history(request, "complaint|\(reference)") { db in
            let record = try db.found(reference)
            return (record.complaint.id, record.campaignID)
        }
    }

    /// Complaints that may be one with this, looked for now.
    @Sendable func duplicates(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.suspectedDuplicates(of: try db.found(reference))
        }
        return try .json(Page(items: found.map(SuspectedDuplicateBody.init)))
    }

    /// An officer says that two complaints are two.
    @Sendable func dismiss(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let text = context.segment("other") ?? ""
        guard let other = Reference(text) else { throw Problem.badReference(text) }
        let body = try await Body(request)
        let reason = body.reader.text("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let parts = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            let record = try db.dismissDuplicate(
                other, of: reference, by: officer.actor, reason: reason, book: book, at: now)
            return try db.parts(of: record)
        }
        return try await service.answer(parts, to: officer.role)
    }

    /// Every run of every limit of a complaint, day by day; of each limit the one that is shown elsewhere comes first.
    @Sendable func explain(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        let book = try await service.references.book()
        let (record, merged) = try await service.databases.work.transaction(.readOnly) { db in
            let record = try db.found(reference)
            return (record, try db.references(of: record.complaint.absorbed.map(\.complaint), in: record))
        }
        guard let (_, campaign) = book.campaign(record.campaign) else { throw Problem.notFound("campaign") }
        let calendar = book.data.rules(for: campaign).calendar
        let today = Day(service.now(), in: campaign.zone())
        return try .json(
            Page(
                items: record.complaint.explainedDeadlines.map { run in
                    ExplanationBody(
                        run, subject: reference.description,
                        carriedFrom: run.origin.flatMap { merged[$0]?.description }, calendar: calendar, today: today)
                }))
    }
}

extension Connection {
    /// - Throws: ``CaseError/notFound(_:)``, or `PostgresError`.
    func found(_ reference: Reference) throws -> ComplaintRecord {
        guard let record = try complaint(reference) else { throw CaseError.notFound("complaint \(reference)") }
        return record
    }
}

extension Service {
    /// A page of the history of one case.
    func history(
        _ request: Request, _ name: String,
        _ find: @escaping @Sendable (isolated Connection) throws -> (id: UUID, campaign: Int)
    ) async throws -> Response {
        let query = try ObjectReader(query: request)
        let pageSize = query.pageSize(default: 100)
        let text = query.text("cursor", limit: 200)
        query.finish()
        try query.faults.finish()
        let position = try text.map { try cursor.position($0, of: name) } ?? 0
        let events = try await databases.work.transaction(.readOnly) { db in
            let (id, campaign) = try find(db)
            return try db.events(of: id, campaign: campaign, after: position, limit: pageSize + 1)
        }
        let next = events.count > pageSize ? cursor.text(after: events[pageSize - 1].sequence, of: name) : nil
        return try .json(Page(items: events.prefix(pageSize).map(EventBody.init), next: next))
    }
}

extension Cursor {
    fileprivate func position(after text: String, of name: String) throws -> ComplaintFilter.Position {
        let numbers = try positions(text, of: name, count: 2)
        return ComplaintFilter.Position(day: Day(number: numbers[0]), number: numbers[1])
    }
}

extension ComplaintLineBody {
    fileprivate init(_ line: ComplaintLine, today: Day) {
        self.init(
            reference: line.reference.description, version: line.version, kind: line.kind, status: line.status,
            category: line.category,
            respondent: PartyBody(platform: line.respondent.platform, company: line.respondent.company),
            target: TargetBody(line.target), officer: line.officerName, office: line.office, priority: line.priority,
            receivedOn: line.receivedOn, dueOn: line.dueOn, isOverdue: line.dueOn.map { $0 < today } ?? false,
            isSuspected: line.isSuspected, isNews: line.isNews, excerpt: line.excerpt,
            barriers: line.barriers)
    }
}

extension HTTPField.Name {
    fileprivate static let secPurpose = Self("Sec-Purpose").unsafelyUnwrapped
}

extension SuspectedDuplicateBody {
    fileprivate init(_ other: SuspectedDuplicate) {
        self.init(
            reference: other.reference.description, status: other.status, receivedOn: other.receivedOn,
            reasons: other.hint.reasons.map(\.rawValue).sorted(),
            similarityPercent: Int((other.hint.similarity * 100).rounded()), excerpt: other.excerpt)
    }
}

extension EventBody {
    init(_ event: RecordedEvent) {
        self.init(
            sequence: event.sequence, actorKind: event.actorKind, actor: event.actorName,
            onBehalfOf: event.onBehalfOf, action: event.action, details: event.details,
            changes: event.changes.mapValues(ChangeBody.init), effectiveOn: event.effectiveOn,
            recordedAt: event.recordedAt, note: event.note, audience: event.audience)
    }
}
