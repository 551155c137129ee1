import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What an officer's day is made of: queues, workload, reminders, own filters, and companies that do not answer.
struct WorkRoutes {
    let service: Service
    /// Queues are counted no further.
    private static let countLimit = 1000

    var routes: [Route] {
        [
            Route(.get, "/v1/campaigns/:campaign/queues", queues),
            Route(.get, "/v1/campaigns/:campaign/workload", workload),
            Route(.get, "/v1/campaigns/:campaign/silent-companies", silent),
            Route(.get, "/v1/campaigns/:campaign/reminders", reminders),
            Route(.post, "/v1/campaigns/:campaign/reminders/seen", markSeen),
            Route(.get, "/v1/filters", filters),
            Route(.put, "/v1/filters/:name", saveFilter),
            Route(.delete, "/v1/filters/:name", removeFilter),
        ]
    }

    @Sendable func queues(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (id, campaign) = try await service.campaign(context)
        let today = Day(service.now(), in: campaign.zone())
        let bodies = try await service.databases.work.transaction(.readOnly) { db in
            try Queue.allCases.map { queue in
                let count: Int
                if let filter = queue.filter(officer: officer.id, today: today) {
                    count = try db.count(filter, campaign: id, limit: Self.countLimit + 1)
                } else if let filter = queue.barrierFilter(today: today, quorum: campaign.quorum) {
                    count = try db.count(filter, campaign: id, limit: Self.countLimit + 1)
                } else {
                    count = 0
                }
                let isOfComplaints = queue.filter(officer: officer.id, today: today) != nil
                return QueueBody(
                    name: queue.rawValue, title: queue.title, kind: isOfComplaints ? "complaint" : "barrier",
                    count: min(count, Self.countLimit), isMore: count > Self.countLimit)
            }
        }
        return try .json(Page(items: bodies))
    }

    @Sendable func workload(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let (id, campaign) = try await service.campaign(context)
        let today = Day(service.now(), in: campaign.zone())
        let lines = try await service.databases.reports.transaction(.readOnly) { db in
            try db.workload(campaign: id, on: today)
        }
        let items = lines.map { line in
            WorkloadBody(
                officer: line.officerName, offices: line.offices, open: line.open, overdue: line.overdue,
                urgent: line.urgent, nextDueOn: line.nextDueOn)
        }
        return try .json(Page(items: items))
    }

    @Sendable func silent(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let (id, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        let days = query.number("days", in: 1...365) ?? campaign.silentAfterDays
        query.finish()
        try query.faults.finish()
        let today = Day(service.now(), in: campaign.zone())
        let found = try await service.databases.reports.transaction(.readOnly) { db in
            try db.silentCompanies(on: today, campaign: id, afterDays: days)
        }
        let items = found.map { one in
            SilentCompanyBody(
                company: one.company, unanswered: one.unanswered, oldestForwardedOn: one.oldestForwardedOn,
                lastAnsweredOn: one.lastAnsweredOn)
        }
        return try .json(Page(items: items))
    }

    // MARK: Reminders

    @Sendable func reminders(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (id, campaign) = try await service.campaign(context)
        enum Whose: String, CaseIterable {
            case mine
            case all
        }
        let query = try ObjectReader(query: request)
        let whose = query.code("whose", as: Whose.self) ?? .mine
        let (pageSize, cursor) = try query.finishPage()
        let name = "reminders|\(officer.id)|\(campaign.code)|\(whose)"
        let position = try service.cursor.place(cursor, of: name).map { ($0.recordedAt, $0.caseID) }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.reminders(
                for: whose == .mine ? officer.id : nil, campaign: id, offices: officer.scope, after: position,
                limit: pageSize + 1)
        }
        let items = found.prefix(pageSize).map { one in
            ReminderBody(
                id: one.id, topic: one.topic, caseKind: one.caseKind.rawValue, subject: one.subject,
                details: one.details, officer: one.officerName, recordedAt: one.recordedAt)
        }
        let last = found.count > pageSize ? items.last : nil
        let next = last.map { one in
            let place = FeedPosition(recordedAt: one.recordedAt, caseID: one.id, sequence: 0)
            return service.cursor.text(after: place.numbers, of: name)
        }
        return try .json(Page(items: Array(items), next: next))
    }

    @Sendable func markSeen(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .markSeen)
        let (id, _) = try await service.campaign(context)
        let body = try await Body(request)
        if !body.reader.has("ids") { body.reader.fault("ids", "missing", "is required: ids of reminders") }
        let ids = body.reader.texts("ids", limit: 200, length: 36).compactMap { text -> UUID? in
            if let id = UUID(uuidString: text) { return id }
            body.reader.fault("ids", "invalid", "“\(text)” is no id of a reminder")
            return nil
        }
        try body.finish()
        let now = service.now()
        let count = try await service.databases.work.transaction { db in
            try db.markSeen(ids, by: officer.id, offices: officer.scope, campaign: id, at: now)
        }
        return try .json(CountBody(count: count))
    }

    // MARK: Own filters

    @Sendable func filters(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.savedFilters(of: officer.id)
        }
        return try .json(Page(items: found.map { SavedFilterBody(name: $0.name, query: $0.query) }))
    }

    /// Keeps a filter, once it is known to be one.
    @Sendable func saveFilter(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let name = context.segment("name") ?? ""
        let body = try await Body(request)
        guard let query = body.reader.object("query") else {
            body.reader.fault("query", "missing", "is required: the parameters of the list")
            try body.finish()
            throw Problem.internalError
        }
        let book = try await service.references.book()
        let officers = try await service.databases.work.transaction(.readOnly) { db in try db.officers() }
        let reader = ComplaintListReader(query: query, officer: officer, book: book, now: service.now())
        _ = reader.filter(reader.campaign()?.campaign, officers: officers)
        query.finish()
        // What is wrong already is not said twice.
        let names = query.faults.isEmpty ? query.names : []
        let parameters = names.reduce(into: [String: String]()) { $0[$1] = query.text($1, limit: 500) }
        try body.finish()
        let filter = SavedFilter(name: name, query: parameters)
        try await service.databases.work.transaction { db in try db.save(filter, of: officer.id) }
        return try .json(SavedFilterBody(name: name, query: parameters))
    }

    @Sendable func removeFilter(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let name = context.segment("name") ?? ""
        try await service.databases.work.transaction { db in try db.removeFilter(name, of: officer.id) }
        return Response(status: .noContent)
    }
}
