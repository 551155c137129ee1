import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

struct ComplaintRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/complaints", list),
            Route(.get, "/v1/complaints/:reference", show),
            Route(.get, "/v1/complaints/:reference/events", events),
        ]
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.reader()
        let query = try ObjectReader(query: request)
        let book = try await service.references.book()
        let code = query.requiredText("campaign", limit: 60)
        let found = book.campaign(code)
        if found == nil, !code.isEmpty { query.fault("campaign", "unknown_code", "“\(code)” is no campaign") }
        let today = Day(service.now(), in: found?.campaign.zone() ?? .gmt)
        var filter = filter(query, officer: officer, today: today)
        check(filter, query, found?.campaign, book.directory)
        let pageSize = query.pageSize()
        let cursor = query.text("cursor", limit: 100)
        query.finish()
        try query.faults.finish()
        guard let (campaignID, campaign) = found else { throw Problem.notFound("campaign \(code)") }
        let name = "complaints|\(officer.id)|\(code)|\(filter)"
        filter.below = try cursor.map { try service.cursor.position($0, of: name) }
        let page = try await service.databases.work.transaction(.readOnly) { [filter] db in
            let lines = try db.complaints(filter, campaign: campaignID, prefix: campaign.prefix, limit: pageSize + 1)
            let barriers = try db.barriers(ofComplaints: lines.prefix(pageSize).map(\.id), campaign: campaignID)
            return (lines, barriers)
        }
        let (lines, barriers) = page
        let items = lines.prefix(pageSize).map { line in
            ComplaintLineBody(line, barriers: (barriers[line.id] ?? []).map(\.number), today: today)
        }
        let next = lines.count > pageSize ? lines[pageSize - 1].reference.number : nil
        return try .json(Page(items: items, next: next.map { service.cursor.text(after: $0, of: name) }))
    }

    /// A slip in a code is told; it would find nothing and look like an empty list.
    private func check(_ filter: ComplaintFilter, _ query: ObjectReader, _ campaign: Campaign?, _ directory: Directory)
    {
        if let code = filter.category, campaign?.categories.contains(where: { $0.code == code }) == false {
            query.fault("category", "unknown_code", "“\(code)” is no category of the campaign")
        }
        if let code = filter.company, directory.company(code) == nil {
            query.fault("company", "unknown_code", "“\(code)” is no company; see /v1/companies")
        }
        if let code = filter.platform, directory.platform(code) == nil {
            query.fault("platform", "unknown_code", "“\(code)” is no platform; see /v1/platforms")
        }
    }

    private func filter(_ query: ObjectReader, officer: Officer, today: Day) -> ComplaintFilter {
        var filter = ComplaintFilter()
        filter.statuses = query.codes("status")
        filter.category = query.text("category", limit: 60)
        filter.kind = query.code("kind")
        filter.company = query.text("company", limit: 60)
        filter.platform = query.text("platform", limit: 60)
        filter.text = query.text("text", limit: 200)
        switch query.text("officer", limit: 40) {
        case "none": filter.isUnassigned = true
        case "me": filter.officer = officer.name
        case let name: filter.officer = name
        }
        enum Flag: String, CaseIterable {
            case yes = "true"
            case no = "false"
        }
        if query.code("overdue", as: Flag.self) == .yes { filter.overdueAt = today }
        return filter
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.reader()
        let reference = try context.reference()
        let parts = try await service.databases.work.transaction(.readOnly) { db in
            guard let record = try db.complaint(reference) else { throw CaseError.notFound("complaint \(reference)") }
            return try db.parts(of: record)
        }
        return try await service.answer(parts, to: officer.role)
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.reader()
        let reference = try context.reference()
        let query = try ObjectReader(query: request)
        let pageSize = query.pageSize(default: 100)
        let cursor = query.text("cursor", limit: 100)
        query.finish()
        try query.faults.finish()
        let name = "events|\(reference)"
        let position = try cursor.map { try service.cursor.position($0, of: name) } ?? 0
        let events = try await service.databases.work.transaction(.readOnly) { db in
            guard let record = try db.complaint(reference) else { throw CaseError.notFound("complaint \(reference)") }
            return try db.events(
                of: record.complaint.id, campaign: record.campaignID, after: position, limit: pageSize + 1)
        }
        let next = events.count > pageSize ? service.cursor.text(after: events[pageSize - 1].sequence, of: name) : nil
        return try .json(Page(items: events.prefix(pageSize).map(EventBody.init), next: next))
    }
}

/// A complaint with what is shown beside it, read in one transaction.
struct ComplaintParts: Sendable {
    let record: ComplaintRecord
    let barriers: [BarrierSummary]
    let sameContact: [Reference]
    let sealed: [SealedField: Data]
}

extension Connection {
    func parts(of record: ComplaintRecord) throws -> ComplaintParts {
        let id = record.complaint.id
        return ComplaintParts(
            record: record, barriers: try barriers(ofComplaints: [id], campaign: record.campaignID)[id] ?? [],
            sameContact: try complaintsOfSameContact(as: record), sealed: try sealedFields(of: record))
    }
}

extension Service {
    /// A complaint as an officer sees it, with identity masked.
    ///
    /// What was done is done: where the keys cannot be reached, the sealed parts are left out rather than the answer.
    func answer(_ parts: ComplaintParts, to role: Role) async throws -> Response {
        var opened = OpenedParts()
        do {
            opened = try await keys.open(parts.sealed, of: parts.record)
        } catch is PostgresError {
            opened.isUnavailable = true
        }
        let body = ComplaintBody(
            parts.record, opened, barriers: parts.barriers, sameContact: parts.sameContact, for: role)
        return try .json(body, version: parts.record.version)
    }
}

extension ComplaintBody {
    init(
        _ record: ComplaintRecord, _ opened: OpenedParts, barriers: [BarrierSummary], sameContact: [Reference],
        for role: Role
    ) {
        let filing = record.filing
        let isMinor = filing.ageBand != nil && filing.ageBand != "adult"
        let actions = Complaint.ActionName.allCases.filter {
            Complaint.may(role, $0) && Complaint.states(for: $0).contains(record.complaint.status)
        }
        self.init(
            id: record.complaint.id, reference: record.reference.description, version: record.version,
            campaign: record.campaign, complaint: record.complaint, office: record.office,
            officer: record.officerName, duplicateOf: record.duplicateOf?.description, recordedAt: record.recordedAt,
            changedAt: record.changedAt, barriers: barriers.map(BarrierMention.init), narrative: filing.narrative,
            environment: EnvironmentBody(
                appVersion: filing.appVersion, os: filing.os, region: filing.region, accountType: filing.accountType),
            channel: record.channel.rawValue, sameContact: sameContact.map(\.description),
            messages: opened.messages.sorted { $0.key < $1.key }.map { MessageBody(event: $0.key, text: $0.value) },
            isErased: opened.isErased, isSealedUnavailable: opened.isUnavailable, actions: actions.map(\.rawValue))
        respondent.name = filing.respondentName
        methodName = filing.methodName
        scene = filing.scene
        manner = filing.manner
        wrappedBy = filing.wrappedBy
        merchant = filing.merchant
        linkText = opened.linkText
        controlText = opened.controlText
        remedySought = filing.remedySought
        language = filing.language
        occurredOn = filing.occurredOn
        clientReference = filing.clientReference
        if filing.complainantKind != nil {
            complainant = ComplainantBody(
                kind: filing.complainantKind, identity: opened.identity?.masked(isMinor: isMinor),
                ageBand: filing.ageBand, disclosesIdentity: filing.disclosesIdentity)
        }
    }
}

extension ComplaintLineBody {
    fileprivate init(_ line: ComplaintLine, barriers: [Int], today: Day) {
        self.init(
            reference: line.reference.description, version: line.version, kind: line.kind, status: line.status,
            category: line.category,
            respondent: PartyBody(platform: line.respondent.platform, company: line.respondent.company),
            target: TargetBody(line.target), officer: line.officerName, receivedOn: line.receivedOn,
            dueOn: line.dueOn, isOverdue: line.dueOn.map { $0 < today } ?? false, excerpt: line.excerpt,
            barriers: barriers)
    }
}

extension EventBody {
    init(_ event: RecordedEvent) {
        self.init(
            sequence: event.sequence, actorKind: event.actorKind, actor: event.actorName,
            onBehalfOf: event.onBehalfOf, action: event.action, details: event.details,
            effectiveOn: event.effectiveOn, recordedAt: event.recordedAt, note: event.note)
    }
}
