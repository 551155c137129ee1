import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Reports
import Store

/// Orders to companies about barriers.
struct OrderRoutes {
    let service: Service
    private static let root = "/v1/campaigns/:campaign/orders"

    var routes: [Route] {
        [
            Route(.get, Self.root, list),
            Route(.post, Self.root, issue),
            Route(.get, Self.root + "/:number", show),
            Route(.get, Self.root + "/:number/events", events),
            Route(.get, Self.root + "/:number/deadlines", explain),
            Route(.get, Self.root + "/:number/letter", offers: [.markdown], letter),
            action("service") { _ in .serve },
            action("acknowledgement") { _ in .acknowledge },
            action("extension", needsReason: true) { body in
                .extend(barrier: body.int("barrier", in: 1...Int(Int32.max)), by: body.requiredInt("by", in: 1...365))
            },
            action("compliance") { _ in .comply },
            action("breach") { _ in .breach },
            action("escalation") { body in
                .escalate(
                    rung: body.requiredText("rung", limit: 60), basis: body.requiredText("basis", limit: 200))
            },
            action("rescission", needsReason: true) { _ in .rescind },
            action("notes", needsReason: true, needsVersion: false) { _ in .note },
        ]
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (campaignID, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        var filter = OrderFilter()
        filter.company = query.text("company", limit: 60)
        filter.statuses = query.codes("status")
        filter.barrier = query.number("barrier", in: 1...Int(Int32.max))
        return try await service.page(of: filter, query, campaignID, campaign, for: officer.role)
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let record = try await found(context)
        return try .json(OrderBody(record, for: officer.role), version: record.version)
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let record = try await found(context)
        return try await service.history(request, "order|\(record.id)") { _ in (record.id, record.campaignID) }
    }

    @Sendable func explain(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let record = try await found(context)
        let (_, campaign) = try await service.campaign(context)
        let calendar = try await service.references.book().data.rules(for: campaign).calendar
        let today = Day(service.now(), in: campaign.zone())
        let items = record.order.items.map { item in
            ExplanationBody(
                item.deadline, subject: "order \(record.order.number), barrier \(item.barrier)", calendar: calendar,
                today: today)
        }
        return try .json(Page(items: items))
    }

    /// The order as a letter to the company, in Chinese or English.
    @Sendable func letter(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        enum Language: String, CaseIterable {
            case zh
            case en
        }
        let query = try ObjectReader(query: request)
        let language = query.code("language", as: Language.self) ?? .zh
        query.finish()
        try query.faults.finish()
        let record = try await found(context)
        let (_, campaign) = try await service.campaign(context)
        let book = try await service.references.book()
        let barriers = try await service.databases.work.transaction(.readOnly) { db in
            try record.order.items.compactMap { try db.barrier($0.barrier, campaign: record.campaignID)?.barrier }
        }
        let letter = OrderLetter(
            record.order, barriers: barriers, campaign: campaign, directory: book.directory,
            isChinese: language == .zh)
        return .text(try letter.text(template: service.letters[language.rawValue] ?? ""), as: .markdown)
    }

    private func found(_ context: Context) async throws -> OrderRecord {
        let number = try context.number(of: "order")
        let (campaignID, _) = try await service.campaign(context)
        let record = try await service.databases.work.transaction(.readOnly) { db in
            try db.order(number, campaign: campaignID)
        }
        guard let record else { throw Problem.notFound("order \(number)") }
        return record
    }

    // MARK: Changing

    @Sendable func issue(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (_, campaign) = try await service.campaign(context)
        let body = try await Body(request)
        let reader = body.reader
        let common = limit(reader, "due")
        var order = NewOrder(
            company: reader.requiredText("company", limit: 60),
            rung: reader.text("rung", limit: 60) ?? campaign.ladder.first?.code ?? "",
            basis: reader.text("basis", limit: 200), limits: [:])
        for item in reader.objects("barriers", limit: 200) {
            let number = item.requiredInt("number", in: 1...Int(Int32.max))
            let own = limit(item, "due")
            if order.limits[number] != nil { item.fault("number", "duplicate", "stands twice") }
            if own == nil, common == nil, !item.has("due") {
                item.fault("due", "missing", "is required where the order has no common one, such as 5wd")
            }
            order.limits[number] = own ?? common ?? .days(1, .workingDays)
            item.finish()
        }
        if order.limits.isEmpty { reader.fault("barriers", "missing", "is required: at least one barrier") }
        let terms = ActionTerms(reading: reader, versions: nil)
        try body.finish()
        let once = try request.idempotent(for: "officer:\(officer.id.uuidString)", body.bytes)
        let (book, now) = (try await service.references.book(), service.now())
        let (answer, isReplay) = try await terms.judged {
            try await service.databases.once(once, at: now) { [order] db in
                let record = try db.issue(order, of: campaign.code, by: officer.actor, terms, book: book, at: now)
                return StoredAnswer(
                    status: 201, location: "\(once.path)/\(record.order.number)", version: record.version,
                    body: Data(try Coding.bytes(of: OrderBody(record, for: officer.role))))
            }
        }
        return Response(answer, isReplay: isReplay)
    }

    private func limit(_ reader: ObjectReader, _ name: String) -> OrderLimit? {
        guard let text = reader.text(name, limit: 20) else { return nil }
        let limit = OrderLimit(text)
        if limit == nil {
            reader.fault(
                name, "invalid",
                "has to be working days as 5wd, calendar days as 10d, or a date from 2000-01-01 to 2099-12-31")
        }
        return limit
    }

    private func action(
        _ name: String, needsReason: Bool = false, needsVersion: Bool = true,
        _ read: @escaping @Sendable (ObjectReader) -> Order.Action
    ) -> Route {
        Route(.post, "\(Self.root)/:number/\(name)") { request, context in
            let officer = try context.officer(for: .read)
            let number = try context.number(of: "order")
            let (_, campaign) = try await service.campaign(context)
            let versions = needsVersion ? try request.expectedVersions() : nil
            let body = try await Body(request)
            let action = read(body.reader)
            let terms = ActionTerms(reading: body.reader, versions: versions, needsReason: needsReason)
            try body.finish()
            let (book, now) = (try await service.references.book(), service.now())
            let record = try await terms.judged {
                try await service.databases.work.transaction { db in
                    try db.perform(
                        action, onOrder: number, of: campaign.code, by: officer.actor, terms, book: book, at: now)
                }
            }
            return try .json(OrderBody(record, for: officer.role), version: record.version)
        }
    }
}

extension Service {
    /// A page of orders; reads what is left of the query.
    func page(
        of filter: OrderFilter, _ query: ObjectReader, _ id: Int, _ campaign: Campaign, for role: Role,
        as party: Standing? = nil
    ) async throws -> Response {
        var filter = filter
        let (pageSize, cursor) = try query.finishPage()
        let name = "orders|\(campaign.code)|\(filter)"
        filter.below = try cursor.map { try self.cursor.position($0, of: name) }
        let records = try await databases.lookUp(as: party) { [filter] db in
            try db.orders(filter, campaign: id, limit: pageSize + 1)
        }
        let page = Page(
            records, size: pageSize, { OrderBody($0, for: role) },
            next: { last in
                self.cursor.text(after: last.order.number, of: name)
            })
        return try .json(page)
    }
}

extension OrderBody {
    init(_ record: OrderRecord, for role: Role) {
        self.init(
            record.order, campaign: record.campaign, version: record.version, recordedAt: record.recordedAt,
            actions: record.order.actions(for: role).map(\.rawValue))
    }
}
