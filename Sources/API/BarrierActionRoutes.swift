import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Every change of a barrier is a resource beneath it.
struct BarrierActionRoutes {
    let service: Service

    var routes: [Route] {
        [
            action(.post, "observations", status: .created) { body, _ in
                .init(.observe(body.observation()), .observation(body.setting()))
            },
            Route(.delete, Self.path("observations/:sequence")) { request, context in
                let text = context.segment("sequence") ?? ""
                guard let sequence = Int(text) else { throw Problem.notFound("observation \(text)") }
                return try await perform(request, context, needsReason: true) { _, _ in .init(.retract(sequence)) }
            },
            action(.post, "confirmation") { body, _ in
                .init(.confirm(basis: body.text("basis", limit: 60), scenario: body.text("scenario", limit: 60)))
            },
            action(.post, "undertaking") { body, _ in body.undertaking() },
            action(.post, "start") { _, _ in .init(.start) },
            action(.post, "wait") { body, _ in .init(.await(company: body.requiredText("company", limit: 60))) },
            action(.delete, "wait") { _, _ in .init(.endAwait) },
            action(.post, "claim") { body, _ in .init(.claim(coverage: body.int("coverage", in: 0...100))) },
            action(.post, "partial-verification") { body, _ in
                .init(.verifyPartly(coverage: body.int("coverage", in: 0...100)))
            },
            action(.post, "verification") { _, _ in .init(.verify) },
            action(.post, "refutation") { _, _ in .init(.refute) },
            action(.post, "justification") { body, _ in
                let ground = body.requiredText("ground", limit: 60)
                return .init(.justify(ground: ground, until: body.requiredDay("until")))
            },
            action(.post, "dismissal", needsReason: true) { _, _ in .init(.dismiss) },
            action(.post, "revival", needsReason: true) { _, _ in .init(.revive) },
            action(.post, "review", needsReason: true) { body, _ in
                .init(.openReview(complaints: body.int("complaints", in: 0...1_000_000) ?? 0))
            },
            action(.delete, "review", needsReason: true) { _, _ in .init(.closeReview) },
            action(.post, "regression") { _, _ in .init(.regress) },
            action(.post, "notes", needsReason: true, needsVersion: false) { _, _ in .init(.note) },
            Route(.post, "/v1/campaigns/:campaign/undertakings", undertakeInStages),
        ]
    }

    private static func path(_ name: String) -> String { "\(BarrierRoutes.root)/:number/\(name)" }

    /// What is wanted of a barrier.
    struct Wanted: Sendable {
        let action: Barrier.Action
        let context: BarrierContext

        init(_ action: Barrier.Action, _ context: BarrierContext = .nothing) {
            self.action = action
            self.context = context
        }
    }

    private func action(
        _ method: HTTPRequest.Method, _ name: String, status: HTTPResponse.Status = .ok, needsReason: Bool = false,
        needsVersion: Bool = true, _ read: @escaping @Sendable (ObjectReader, Campaign) -> Wanted
    ) -> Route {
        Route(method, Self.path(name)) { request, context in
            let isObservation = name == "observations"
            return try await perform(
                request, context, status: status, needsReason: needsReason,
                needsVersion: needsVersion && !isObservation, read)
        }
    }

    private func perform(
        _ request: Request, _ context: Context, status: HTTPResponse.Status = .ok, needsReason: Bool = false,
        needsVersion: Bool = true, _ read: @Sendable (ObjectReader, Campaign) -> Wanted
    ) async throws -> Response {
        let officer = try context.officer(for: .read)
        let number = try context.barrierNumber()
        let (_, campaign) = try await service.campaign(context)
        let versions = needsVersion ? try request.expectedVersions() : nil
        let body = try await Body(request)
        let wanted = read(body.reader, campaign)
        var terms = ActionTerms(reading: body.reader, versions: versions, needsReason: needsReason)
        if case .observe = wanted.action, let day = body.reader.day("observed_on") {
            // A test is often entered later than it was made; its own date is reason enough.
            terms.effectiveOn = day
            terms.reason = terms.reason ?? "observed on \(day)"
        }
        try body.finish()
        let book = try await service.references.book()
        let now = service.now()
        return try await terms.judged {
            try await service.change(request, by: officer, body.bytes, status: status) { [terms] db in
                let record = try db.perform(
                    wanted.action, onBarrier: number, of: campaign.code, by: officer.actor, terms, wanted.context,
                    book: book, at: now)
                return (try db.seen(record, campaign, at: now).body(for: officer.role), record.version)
            }
        }
    }

    /// One undertaking about several scenes of a pair, each with its day: all of them or none.
    @Sendable func undertakeInStages(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (campaignID, campaign) = try await service.campaign(context)
        let body = try await Body(request)
        let reader = body.reader
        let platform = reader.requiredText("respondent_platform", limit: 60)
        let target = Barrier.Target(reader.requiredText("target", limit: 300))
        if target == nil { reader.fault("target", "invalid", "has to look like platform:taobao or method:wechat_pay") }
        let undertaking = Undertaking(
            id: .v7(at: service.now()), scope: reader.text("scope", limit: 2000, isProse: true),
            waitsFor: reader.text("waits_for", limit: 60))
        let stages = reader.objects("stages", limit: 50).map { stage in
            defer { stage.finish() }
            return (scene: stage.requiredText("scene", limit: 60), by: stage.requiredDay("due_on"))
        }
        if stages.isEmpty { reader.fault("stages", "missing", "is required: at least one scene with its day") }
        let terms = ActionTerms(reading: reader, versions: nil)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        return try await terms.judged {
            try await service.change(request, by: officer, body.bytes, status: .created) { db in
                var filter = BarrierFilter()
                (filter.platform, filter.target) = (platform, target)
                let ledger = try db.barriers(filter, campaign: campaignID, limit: 200)
                let seen = try stages.map { stage in
                    guard let barrier = ledger.first(where: { $0.barrier.scene == stage.scene })?.barrier else {
                        throw Refusal.invalid(
                            field: "stages",
                            reason: "names “\(stage.scene)”, for which there is no barrier in the ledger")
                    }
                    var record = try db.perform(
                        .undertake(by: stage.by), onBarrier: barrier.number, of: campaign.code, by: officer.actor,
                        terms, .undertaking(undertaking), book: book, at: now)
                    if let company = undertaking.waitsFor {
                        record = try db.perform(
                            .await(company: company), onBarrier: barrier.number, of: campaign.code, by: officer.actor,
                            terms, book: book, at: now)
                    }
                    return try db.seen(record, campaign, at: now)
                }
                return (Page(items: seen.map { $0.body(for: officer.role) }), nil)
            }
        }
    }
}

extension Service {
    /// The campaign in the address.
    ///
    /// - Throws: ``Problem`` where there is none.
    func campaign(_ context: Context) async throws -> (id: Int, campaign: Campaign) {
        let code = context.campaign()
        guard let found = try await references.book().campaign(code) else {
            throw Problem.notFound("campaign \(code)")
        }
        return found
    }
}

extension ObjectReader {
    /// A test of a barrier, with its control and the tests of the standard.
    func observation() -> Observation {
        var observation = Observation(
            on: Day(number: 0), method: requiredCode("method", as: Observation.Method.self) ?? .press,
            result: requiredCode("result", as: Observation.Result.self) ?? .blocked,
            coverage: int("coverage", in: 0...100))
        if let control = object("control") {
            let key = control.requiredText("target", limit: 300)
            let result = control.requiredCode("result", as: Observation.Result.self)
            control.finish()
            if let target = Barrier.Target(key), let result {
                observation.control = Observation.Control(target: target, result: result)
            } else if !key.isEmpty {
                control.fault("target", "invalid", "has to look like platform:qq or method:alipay")
            }
        }
        if let tests = object("tests") {
            for name in tests.names {
                observation.tests[name] = tests.requiredCode(name, as: Observation.Verdict.self)
            }
        }
        return observation
    }

    /// Where and with what it was made.
    func setting() -> ObservationSetting {
        ObservationSetting(
            appVersion: text("app_version", limit: 60), os: text("os", limit: 60), region: region(),
            cohort: text("cohort", limit: 60))
    }

    /// What a company says it will do about one barrier.
    func undertaking() -> BarrierActionRoutes.Wanted {
        let undertaking = Undertaking(
            id: .v7(at: Date()), scope: text("scope", limit: 2000, isProse: true),
            waitsFor: text("waits_for", limit: 60))
        return .init(.undertake(by: day("due_on")), .undertaking(undertaking))
    }
}
