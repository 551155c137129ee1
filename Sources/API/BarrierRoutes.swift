import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Reports
import Store

/// The issue ledger.
///
/// The public sees barriers from `confirmed` up; officers see all, record, observe and act.
struct BarrierRoutes {
    let service: Service
    static let root = "/v1/campaigns/:campaign/barriers"

    var routes: [Route] {
        [
            Route(.get, Self.root, list),
            Route(.post, Self.root, record),
            Route(.get, Self.root + "/:number", show),
            Route(.get, Self.root + "/:number/events", events),
            Route(.get, Self.root + "/:number/observations", observations),
            Route(.get, Self.root + "/:number/undertakings", undertakings),
            Route(.get, Self.root + "/:number/deadlines", explain),
        ]
    }

    // MARK: Reading

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        // Someone who is no officer sees what is public.
        let role = try? context.officer(for: .read).role
        let query = try ObjectReader(query: request)
        var filter = BarrierFilter()
        filter.isPublic = role == nil
        filter.kind = query.code("kind")
        filter.remediations = query.codes("remediation")
        filter.platform = query.text("platform", limit: 60)
        if let platform = filter.platform { try await refuse(unknown: platform, in: query) }
        filter.scene = query.text("scene", limit: 60)
        let queue = query.text("queue", limit: 40)
        if let key = query.text("target", limit: 300) {
            filter.target = Barrier.Target(key)
            if filter.target == nil { query.fault("target", "invalid", "has to look like platform:taobao") }
        }
        let (id, campaign) = try await service.campaign(context)
        if let queue { filter = try filter.narrowed(to: queue, role == nil, campaign, at: service.now()) }
        return try await service.page(of: filter, query, id, campaign, for: role)
    }

    /// A slip would find nothing and look like an empty list.
    private func refuse(unknown platform: String, in query: ObjectReader) async throws {
        guard try await service.references.book().directory.platform(platform) == nil else { return }
        query.fault(
            "platform", "unknown_code", "“\(platform)” is no platform; give a code such as wechat (/v1/platforms)")
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        // Someone who is no officer sees what is public.
        let role = try? context.officer(for: .read).role
        let (_, campaign) = try await service.campaign(context)
        let record = try await found(context, isPublic: role == nil)
        let now = service.now()
        let seen = try await service.databases.work.transaction(.readOnly) { db in
            try db.seen(record, campaign, at: now)
        }
        return try seen.answer(for: role)
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let record = try await found(context, isPublic: false)
        return try await service.history(request, "barrier|\(record.id)") { _ in (record.id, record.campaignID) }
    }

    @Sendable func observations(_ request: Request, context: Context) async throws -> Response {
        // Which devices and accounts tests are made with is not for those who are tested.
        _ = try context.officer(for: .read)
        let record = try await found(context, isPublic: false)
        let query = try ObjectReader(query: request)
        let pageSize = query.pageSize(default: 100)
        let text = query.text("cursor", limit: 200)
        query.finish()
        try query.faults.finish()
        let name = "observations|\(record.id)"
        let mark = try text.map { text in
            let numbers = try service.cursor.positions(text, of: name, count: 2)
            return Barrier.Mark(on: Day(number: numbers[0]), sequence: numbers[1])
        }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.observations(of: record.id, campaign: record.campaignID, below: mark, limit: pageSize + 1)
        }
        let page = Page(
            found, size: pageSize, ObservationBody.init,
            next: { last in
                service.cursor.text(after: last.observation.on.number, last.observation.sequence, of: name)
            })
        return try .json(page)
    }

    @Sendable func undertakings(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let record = try await found(context, isPublic: false)
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.undertakings(of: record.id, campaign: record.campaignID)
        }
        let items = found.map { one in
            UndertakingBody(
                id: one.id, scope: one.scope, dueOn: one.dueOn, waitsFor: one.waitsFor, givenOn: one.givenOn)
        }
        return try .json(Page(items: items))
    }

    /// The clock of the company that is waited for, and what orders want by when, told day by day.
    @Sendable func explain(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let record = try await found(context, isPublic: false)
        let (_, campaign) = try await service.campaign(context)
        let calendar = try await service.references.book().data.rules(for: campaign).calendar
        let today = Day(service.now(), in: campaign.zone())
        var filter = OrderFilter()
        (filter.barrier, filter.statuses) = (record.barrier.number, Order.Status.standing)
        let orders = try await service.databases.work.transaction(.readOnly) { [filter] db in
            try db.orders(filter, campaign: record.campaignID, limit: 100)
        }
        var items = record.barrier.wait.map { wait in
            [ExplanationBody(wait, subject: "barrier \(record.barrier.number)", calendar: calendar, today: today)]
        }
        for order in orders.map(\.order) {
            let own = order.items.filter { $0.barrier == record.barrier.number }
            items =
                (items ?? [])
                + own.map { item in
                    ExplanationBody(
                        item.deadline, subject: "order \(order.number), barrier \(item.barrier)", calendar: calendar,
                        today: today)
                }
        }
        return try .json(Page(items: items ?? []))
    }

    private func found(_ context: Context, isPublic: Bool) async throws -> BarrierRecord {
        let number = try context.barrierNumber()
        let (campaignID, _) = try await service.campaign(context)
        let record = try await service.databases.work.transaction(.readOnly) { db in
            try db.barrier(number, campaign: campaignID)
        }
        // To the public, what is only alleged does not exist.
        guard let record, !isPublic || record.barrier.remediation.isPublic else {
            throw Problem.notFound("barrier \(number)")
        }
        return record
    }

    // MARK: Changing

    /// Enters a barrier in the ledger from a clue or an inspection; one that is there already is given back.
    @Sendable func record(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (campaignID, campaign) = try await service.campaign(context)
        let body = try await Body(request)
        let book = try await service.references.book()
        let key = barrierKey(body.reader, campaign, book.directory)
        let terms = ActionTerms(reading: body.reader, versions: nil)
        try body.finish()
        guard let key else { throw Problem.invalid(body.reader.faults.faults) }
        let today = Day(service.now(), in: campaign.zone())
        let day = terms.effectiveOn ?? today
        if day > today { throw Refusal.inTheFuture(on: day, today: today) }
        if day < today, terms.reason == nil { throw Refusal.reasonMissing }
        let now = service.now()
        let (seen, isNew) = try await terms.judged {
            try await service.databases.work.transaction { db in
                let before = try db.barriers(BarrierFilter(key), campaign: campaignID, limit: 1)
                let summary = try db.findOrRecordBarrier(
                    key, campaign: campaignID, by: officer.actor, on: day, reason: terms.reason)
                guard let record = try db.barrier(summary.number, campaign: campaignID) else {
                    throw CaseError.notFound("barrier \(summary.number)")
                }
                return (try db.seen(record, campaign, at: now), before.isEmpty)
            }
        }
        return try seen.answer(for: officer.role, status: isNew ? .created : .ok)
    }

    private func barrierKey(_ body: ObjectReader, _ campaign: Campaign, _ directory: Directory) -> BarrierKey? {
        let kind = body.requiredCode("kind", as: Barrier.Kind.self)
        let platform = body.requiredText("respondent_platform", limit: 60)
        let text = body.requiredText("target", limit: 300)
        let scene = body.text("scene", limit: 60) ?? "other"
        if !platform.isEmpty, directory.platform(platform) == nil {
            body.fault(
                "respondent_platform", "unknown_code",
                "“\(platform)” is no platform; give a code such as wechat (/v1/platforms)")
        }
        guard let kind, let target = Barrier.Target(text), target.fits(kind) else {
            let examples = "platform:taobao, company:alibaba, host:example.cn, method:wechat_pay, scenario:…"
            body.fault("target", "invalid", "has to name what fits the kind, such as \(examples)")
            return nil
        }
        if !target.isKnown(to: directory, campaign) {
            body.fault("target", "unknown_code", "“\(text)” is not in the registry or the campaign")
        }
        let scenes = kind == .refusedPayment ? campaign.paymentScenes : campaign.linkScenes
        if !scenes.contains(where: { $0.code == scene }) {
            body.fault("scene", "unknown_code", "known: \(scenes.map(\.code).joined(separator: ", "))")
        }
        return BarrierKey(kind: kind, respondentPlatform: platform, target: target, scene: scene)
    }
}

/// A barrier with what is observed of it today, read in one transaction.
struct SeenBarrier: Sendable {
    let record: BarrierRecord
    let observed: Observed

    func body(for role: Role?) -> BarrierBody { BarrierBody(record, observed, for: role) }

    func answer(for role: Role?, status: HTTPResponse.Status = .ok) throws -> Response {
        try .json(body(for: role), status: status, version: record.version)
    }
}

extension Service {
    /// A page of the ledger; reads what is left of the query.
    func page(
        of filter: BarrierFilter, _ query: ObjectReader, _ id: Int, _ campaign: Campaign, for role: Role?,
        as party: Standing? = nil
    ) async throws -> Response {
        var filter = filter
        let (pageSize, cursor) = try query.finishPage()
        let name = "barriers|\(campaign.code)|\(filter)"
        filter.above = try cursor.map { try self.cursor.position($0, of: name) }
        let today = Day(now(), in: campaign.zone())
        let (records, observed) = try await databases.lookUp(as: party) { [filter] db in
            let records = try db.barriers(filter, campaign: id, limit: pageSize + 1)
            let observed = try db.observed(
                records.map(\.id), campaign: id, at: today, staleAfterDays: campaign.quorum.staleAfterDays)
            return (records, observed)
        }
        let page = Page(
            records, size: pageSize, { BarrierBody($0, observed[$0.id] ?? .nothing, for: role) },
            next: { last in self.cursor.text(after: last.barrier.number, of: name) })
        return try .json(page)
    }
}

extension Connection {
    func seen(_ record: BarrierRecord, _ campaign: Campaign, at now: Date) throws -> SeenBarrier {
        let observed = try observed(
            [record.id], campaign: record.campaignID, at: Day(now, in: campaign.zone()),
            staleAfterDays: campaign.quorum.staleAfterDays)
        return SeenBarrier(record: record, observed: observed[record.id] ?? .nothing)
    }
}

extension BarrierFilter {
    fileprivate init(_ key: BarrierKey) {
        self.init()
        (kind, platform, target, scene) = (key.kind, key.respondentPlatform, key.target, key.scene)
    }
}

extension Barrier.Target {
    fileprivate func fits(_ kind: Barrier.Kind) -> Bool {
        switch self {
        case .platform, .company, .host: kind == .blockedLink
        case .method: kind == .refusedPayment
        case .scenario: kind == .practice
        }
    }

    fileprivate func isKnown(to directory: Directory, _ campaign: Campaign) -> Bool {
        switch self {
        case .platform(let code): directory.platform(code) != nil
        case .company(let code): directory.company(code) != nil
        case .host: true
        case .method(let code): directory.method(code) != nil
        case .scenario(let code): campaign.scenarios.contains { $0.label.code == code }
        }
    }
}

extension BarrierFilter {
    /// - Throws: ``Problem`` where there is no such queue of barriers.
    fileprivate func narrowed(
        to name: String, _ isPublic: Bool, _ campaign: Campaign, at now: Date
    ) throws -> BarrierFilter {
        let today = Day(now, in: campaign.zone())
        guard !isPublic, let queue = Queue(rawValue: name),
            var filter = queue.barrierFilter(today: today, quorum: campaign.quorum)
        else {
            let known = Queue.allCases.filter { $0.barrierFilter(today: today, quorum: campaign.quorum) != nil }
            let detail = "“\(name)” is no queue of barriers; known: \(known.map(\.rawValue).joined(separator: ", "))"
            throw Problem.invalid([Fault(pointer: "?/queue", code: "unknown_code", detail: detail)])
        }
        (filter.kind, filter.platform, filter.target, filter.scene) = (kind, platform, target, scene)
        if filter.remediations.isEmpty {
            filter.remediations = remediations
        } else if !remediations.isEmpty {
            filter.remediations.removeAll { !remediations.contains($0) }
            guard !filter.remediations.isEmpty else {
                let detail = "holds no barrier in such a state; leave remediation out"
                throw Problem.invalid([Fault(pointer: "?/queue", code: "contradiction", detail: detail)])
            }
        }
        return filter
    }
}

extension BarrierBody {
    /// The public sees neither what can be done next nor small numbers of complaints.
    fileprivate init(_ record: BarrierRecord, _ observed: Observed, for role: Role?) {
        self.init(
            record.barrier, campaign: record.campaign, version: record.version, observed: ObservedBody(observed),
            complaints: record.complaints,
            actions: role.map { record.barrier.actions(for: $0).map(\.rawValue) } ?? [])
        guard role == nil else { return }
        // A small number could tell who complained, and an open review tells that a few people complained again.
        if (1..<ProgressReport.leastShown).contains(record.complaints) { complaints = nil }
        reviewOpenedOn = nil
    }
}

extension ObservationBody {
    fileprivate init(_ recorded: RecordedObservation) {
        let setting = recorded.setting
        self.init(
            recorded.observation, appVersion: setting.appVersion, os: setting.os, region: setting.region,
            cohort: setting.cohort, recordedAt: recorded.recordedAt)
    }
}
