import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// The issue ledger.
///
/// The public sees barriers from `confirmed` up; officers see all, record, observe and act.
struct BarrierRoutes {
    let service: Service
    private static let root = "/v1/campaigns/:campaign/barriers"

    var routes: [Route] {
        [
            Route(.get, Self.root, list),
            Route(.post, Self.root, record),
            Route(.get, Self.root + "/:number", show),
            Route(.get, Self.root + "/:number/events", events),
            Route(.get, Self.root + "/:number/observations", observations),
            Route(.post, Self.root + "/:number/observations", observe),
            action(.post, "confirmation") { .confirm(basis: $0.text("basis", limit: 60)) },
            action(.post, "order") { .order(due: $0.day("due_on")) },
            action(.post, "undertaking") {
                .undertake(scope: $0.text("scope", limit: 2000, isProse: true), by: $0.day("due_on"))
            },
            action(.post, "start") { _ in .start },
            action(.post, "wait") { .await(company: $0.requiredText("company", limit: 60)) },
            action(.delete, "wait") { _ in .endAwait },
            action(.post, "claim") { .claim(coverage: $0.int("coverage", in: 0...100)) },
            action(.post, "partial-verification") { .verifyPartly(coverage: $0.int("coverage", in: 0...100)) },
            action(.post, "verification") { _ in .verify },
            action(.post, "refutation") { _ in .refute },
            action(.post, "justification") {
                .justify(ground: $0.requiredText("ground", limit: 60), until: $0.requiredDay("until"))
            },
            action(.post, "dismissal", needsReason: true) { _ in .dismiss },
            action(.post, "revival", needsReason: true) { _ in .revive },
            action(.post, "regression") { _ in .regress },
        ]
    }

    // MARK: Reading

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let isPublic = (try? context.reader()) == nil
        let query = try ObjectReader(query: request)
        var filter = BarrierFilter()
        filter.isPublic = isPublic
        filter.kind = query.code("kind")
        filter.remediations = query.codes("remediation")
        filter.platform = query.text("platform", limit: 60)
        filter.scene = query.text("scene", limit: 60)
        if let key = query.text("target", limit: 300) {
            filter.target = Barrier.Target(key)
            if filter.target == nil { query.fault("target", "invalid", "has to look like platform:taobao") }
        }
        let pageSize = query.pageSize()
        let cursor = query.text("cursor", limit: 100)
        query.finish()
        try query.faults.finish()
        let (campaignID, campaign) = try await campaign(context)
        let name = "barriers|\(campaign.code)|\(filter)"
        filter.above = try cursor.map { try service.cursor.position($0, of: name) }
        let today = Day(service.now(), in: campaign.zone())
        let (records, observed) = try await service.databases.work.transaction(.readOnly) { [filter] db in
            let records = try db.barriers(filter, campaign: campaignID, limit: pageSize + 1)
            let observed = try db.observed(
                records.map(\.id), campaign: campaignID, at: today, staleAfterDays: campaign.quorum.staleAfterDays)
            return (records, observed)
        }
        let items = records.prefix(pageSize).map { BarrierBody($0, observed[$0.id] ?? .nothing, isPublic: isPublic) }
        let last = records.count > pageSize ? records[pageSize - 1].barrier.number : nil
        return try .json(Page(items: items, next: last.map { service.cursor.text(after: $0, of: name) }))
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let isPublic = (try? context.reader()) == nil
        let (_, campaign) = try await campaign(context)
        let record = try await found(context, isPublic: isPublic)
        let now = service.now()
        let seen = try await service.databases.work.transaction(.readOnly) { db in
            try db.seen(record, campaign, at: now)
        }
        return try seen.answer(isPublic: isPublic)
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.reader()
        let record = try await found(context, isPublic: false)
        let events = try await service.databases.work.transaction(.readOnly) { db in
            try db.events(of: record.id, campaign: record.campaignID, limit: 1000)
        }
        return try .json(Page(items: events.map(EventBody.init)))
    }

    @Sendable func observations(_ request: Request, context: Context) async throws -> Response {
        let record = try await found(context, isPublic: (try? context.reader()) == nil)
        let observations = try await service.databases.work.transaction(.readOnly) { db in
            try db.observations(of: record.id, campaign: record.campaignID, limit: 1000)
        }
        return try .json(Page(items: observations.map(ObservationBody.init)))
    }

    private func campaign(_ context: Context) async throws -> (id: Int, campaign: Campaign) {
        let code = context.campaign()
        guard let found = try await service.references.book().campaign(code) else {
            throw Problem.notFound("campaign \(code)")
        }
        return found
    }

    private func found(_ context: Context, isPublic: Bool) async throws -> BarrierRecord {
        let number = try context.barrierNumber()
        let (campaignID, _) = try await campaign(context)
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
        let officer = try context.reader()
        let (campaignID, campaign) = try await campaign(context)
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
        if day < .earliest { throw Refusal.invalid(field: "effective_on", reason: "lies before \(Day.earliest)") }
        let now = service.now()
        let (seen, isNew) = try await service.databases.work.transaction { db in
            let before = try db.barriers(BarrierFilter(key), campaign: campaignID, limit: 1)
            let summary = try db.findOrRecordBarrier(
                key, campaign: campaignID, by: officer.actor, on: day, reason: terms.reason)
            guard let record = try db.barrier(summary.number, campaign: campaignID) else {
                throw CaseError.notFound("barrier \(summary.number)")
            }
            return (try db.seen(record, campaign, at: now), before.isEmpty)
        }
        return try seen.answer(status: isNew ? .created : .ok)
    }

    private func barrierKey(_ body: ObjectReader, _ campaign: Campaign, _ directory: Directory) -> BarrierKey? {
        let kind = body.requiredCode("kind", as: Barrier.Kind.self)
        let platform = body.requiredText("respondent_platform", limit: 60)
        let text = body.requiredText("target", limit: 300)
        let scene = body.text("scene", limit: 60) ?? "other"
        if !platform.isEmpty, directory.platform(platform) == nil {
            body.fault("respondent_platform", "unknown_code", "“\(platform)” is no platform; see /v1/platforms")
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

    @Sendable func observe(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.reader()
        let number = try context.barrierNumber()
        let (_, campaign) = try await campaign(context)
        let body = try await Body(request)
        let reader = body.reader
        let observation = Observation(
            on: reader.day("observed_on") ?? Day(number: 0),
            method: reader.requiredCode("method", as: Observation.Method.self) ?? .press,
            result: reader.requiredCode("result", as: Observation.Result.self) ?? .blocked,
            coverage: reader.int("coverage", in: 0...100))
        let setting = ObservationSetting(
            appVersion: reader.text("app_version", limit: 60), os: reader.text("os", limit: 60),
            region: reader.text("region", limit: 10), cohort: reader.text("cohort", limit: 60))
        var terms = ActionTerms(reason: reader.text("reason", limit: 4000, isProse: true))
        terms.effectiveOn = reader.day("observed_on")
        // A test is often entered later than it was made; its own date is reason enough.
        if terms.reason == nil, terms.effectiveOn != nil { terms.reason = "observed on \(observation.on)" }
        try body.finish()
        let book = try await service.references.book()
        let now = service.now()
        let seen = try await service.databases.work.transaction { [terms] db in
            let record = try db.observe(
                barrier: number, of: campaign.code, observation, in: setting, by: officer.actor, terms, book: book,
                at: now)
            return try db.seen(record, campaign, at: now)
        }
        return try seen.answer(status: .created)
    }

    private func action(
        _ method: HTTPRequest.Method, _ name: String, needsReason: Bool = false,
        _ read: @escaping @Sendable (ObjectReader) -> Barrier.Action
    ) -> Route {
        Route(method, "\(Self.root)/:number/\(name)") { request, context in
            let officer = try context.reader()
            let number = try context.barrierNumber()
            let (_, campaign) = try await campaign(context)
            let versions = try request.expectedVersions()
            let body = try await Body(request)
            let action = read(body.reader)
            let terms = ActionTerms(reading: body.reader, versions: versions, needsReason: needsReason)
            try body.finish()
            let book = try await service.references.book()
            let now = service.now()
            let seen = try await service.databases.work.transaction { db in
                let record = try db.perform(
                    action, onBarrier: number, of: campaign.code, by: officer.actor, terms, book: book, at: now)
                return try db.seen(record, campaign, at: now)
            }
            return try seen.answer()
        }
    }
}

/// A barrier with what is observed of it today, read in one transaction.
private struct SeenBarrier: Sendable {
    let record: BarrierRecord
    let observed: Observed

    func answer(isPublic: Bool = false, status: HTTPResponse.Status = .ok) throws -> Response {
        try .json(BarrierBody(record, observed, isPublic: isPublic), status: status, version: record.version)
    }
}

extension Connection {
    fileprivate func seen(_ record: BarrierRecord, _ campaign: Campaign, at now: Date) throws -> SeenBarrier {
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

extension BarrierBody {
    /// The public is not told what may be done next.
    fileprivate init(_ record: BarrierRecord, _ observed: Observed, isPublic: Bool) {
        let actions = Barrier.ActionName.allCases.filter {
            Barrier.states(for: $0).contains(record.barrier.remediation)
        }
        self.init(
            record.barrier, campaign: record.campaign, observed: ObservedBody(observed),
            complaints: record.complaints, actions: isPublic ? [] : actions.map(\.rawValue))
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
