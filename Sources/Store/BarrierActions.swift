public import Casework
public import Foundation
public import Postgres

/// What goes with an action on a barrier, beside its terms.
public enum BarrierContext: Sendable {
    case nothing
    case observation(ObservationSetting)
    case undertaking(Undertaking)
}

/// What a company says it will do about a barrier.
public struct Undertaking: Sendable, Equatable {
    /// The same for all stages of one undertaking.
    public var id: UUID
    public var scope: String?
    /// The company whose part comes first.
    public var waitsFor: String?

    public init(id: UUID, scope: String?, waitsFor: String?) {
        self.id = id
        self.scope = scope
        self.waitsFor = waitsFor
    }
}

extension Connection {
    /// The one way a barrier changes: lock it, ask the rules, save it, and record what happened.
    ///
    /// An action dated before the latest change is a correction: the barrier is told anew with it in its place.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func perform(
        _ action: Barrier.Action, onBarrier number: Int, of code: String, by actor: Actor, _ terms: ActionTerms,
        _ context: BarrierContext = .nothing, book: ReferenceBook, at now: Date
    ) throws -> BarrierRecord {
        guard let (campaignID, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        guard let record = try lockedBarrier(number, campaign: campaignID) else {
            throw CaseError.notFound("barrier \(number)")
        }
        try record.barrier.authorize(action, by: actor)
        guard terms.versions?.contains(record.version) ?? true else {
            throw CaseError.stale(current: record.version, by: try lastActor(on: record.id, campaign: campaignID))
        }
        let day = try terms.day(today: Day(now, in: campaign.zone()))
        if case .await(let company) = action { try book.requireCounterparty(company, of: record.barrier, on: day) }
        if case .undertaking(let undertaking) = context, let company = undertaking.waitsFor {
            try book.requireCounterparty(company, of: record.barrier, on: day, field: "waits_for")
        }
        if action == .regress, terms.reason == nil, record.barrier.remediation == .verified {
            try record.barrier.requireSignOfReturn(
                try knownObservations(of: record.id, campaign: campaignID), on: day)
        }
        let rules = book.data.rules(for: campaign)
        var change = BarrierChange(
            record: record, actor: actor, day: day,
            rules: Barrier.Rules(campaign: campaign, calendar: rules.calendar),
            moment: try recordingMoment(after: record.changedAt))
        change.onBehalfOf = terms.onBehalfOf
        try advance(&change, action, note: terms.reason.map { Note(text: $0, audience: terms.audience) })
        try keep(context, action, change)
        try insert(terms.evidence, of: record.id, campaign: campaignID, sequence: change.sequence)
        try follow(action, &change)
        try save(change)
        guard let saved = try self.barrier(number, campaign: campaignID) else {
            throw CaseError.notFound("barrier \(number)")
        }
        return saved
    }

    /// Lets a barrier stand in the ledger from an earlier day on, where what attests it is older than its first entry.
    func extend(_ barrier: BarrierSummary, backTo day: Day, campaign: Int, by actor: Actor, reason: String?) throws {
        guard let record = try lockedBarrier(barrier.number, campaign: campaign), day < record.barrier.recordedOn
        else { return }
        let book = try referenceBook()
        guard let found = book.campaign(record.campaign)?.campaign else { return }
        var change = BarrierChange(
            record: record, actor: actor, day: day,
            rules: Barrier.Rules(campaign: found, calendar: book.data.rules(for: found).calendar),
            moment: try recordingMoment(after: record.changedAt))
        try advance(&change, .record, note: reason.map { Note(text: $0) })
        try save(change)
    }

    /// Stores what the event only points at.
    private func keep(_ context: BarrierContext, _ action: Barrier.Action, _ change: BarrierChange) throws {
        let (id, campaign) = (change.record.id, change.record.campaignID)
        switch (action, context) {
        case (.observe(var observation), .observation(let setting)):
            (observation.on, observation.sequence) = (change.day, change.sequence)
            try insert(observation, setting, of: change.record, by: change.actor.id, at: change.moment)
        case (.retract(let sequence), _):
            try run(
                """
                UPDATE observation SET retracted_at = \(change.moment), retracted_by = \(change.sequence)
                WHERE campaign_id = \(campaign) AND barrier_id = \(id) AND sequence = \(sequence)
                """)
        case (.undertake(let by), .undertaking(let undertaking)):
            try run(
                """
                INSERT INTO undertaking (campaign_id, barrier_id, sequence, scope, due_on, undertaking_id, waits_for)
                VALUES (\(campaign), \(id), \(change.sequence), \(undertaking.scope), \(by), \(undertaking.id),
                        \(undertaking.waitsFor))
                """)
        default: break
        }
    }

    /// A probe that sees a verified barrier blocked opens its next episode by itself, and the officers hear of it.
    private func follow(_ action: Barrier.Action, _ change: inout BarrierChange) throws {
        guard case .observe(let seen) = action, seen.method == .probe, seen.result == .blocked,
            change.barrier.remediation == .verified, let verifiedOn = change.barrier.verifiedOn,
            change.day >= verifiedOn
        else { return }
        (change.actor, change.onBehalfOf) = (.system, nil)
        let before = change
        guard change.day >= change.barrier.changedOn else {
            return try review(&change, seenOn: before.day, "a probe saw it blocked on \(before.day)")
        }
        do {
            try advance(&change, .regress, note: Note(text: "a probe saw it blocked"))
        } catch Refusal.wouldUndermine(let name, _, let on) {
            change = before
            return try review(
                &change, seenOn: before.day, "a probe saw it blocked before \(on), on which \(name) rests")
        }
        try remind(
            ofBarrier: change, topic: "barrier_regressed",
            details: ["episode": String(change.barrier.episode), "observed_on": change.day.description])
    }

    /// What was seen is kept; whether the barrier has come back, and what of it has to be undone, people decide.
    private func review(_ change: inout BarrierChange, seenOn day: Day, _ why: String) throws {
        if change.barrier.reviewOpenedOn == nil {
            change.day = max(day, change.barrier.changedOn)
            try advance(&change, .openReview(complaints: 0), note: Note(text: why))
        }
        try remind(ofBarrier: change, topic: "barrier_review", details: ["observed_on": "\(day)"])
    }

    private func insert(
        _ observation: Observation, _ setting: ObservationSetting, of record: BarrierRecord, by observer: UUID?,
        at moment: Date
    ) throws {
        try run(
            """
            INSERT INTO observation (campaign_id, barrier_id, sequence, observed_on, recorded_at, method, result,
                                     coverage, app_version, os, region, cohort, observer_id, control_target,
                                     control_result, tests)
            VALUES (\(record.campaignID), \(record.id), \(observation.sequence), \(observation.on), \(moment),
                    \(observation.method), \(observation.result), \(observation.coverage), \(setting.appVersion),
                    \(setting.os), \(setting.region), \(setting.cohort), \(observer),
                    \(observation.control?.target), \(observation.control?.result),
                    \(try JSONText(encoding: observation.tests.mapValues(\.rawValue))))
            """)
    }
}

extension ActionTerms {
    /// What a company says of its barrier it may read again.
    fileprivate var audience: Complaint.Audience { onBehalfOf == .company ? .company : .internal }
}

extension ReferenceBook {
    /// A barrier waits for another company, because the delay then counts as that company's.
    ///
    /// Only the company that runs the respondent platform on that day is refused. Its parent and its subsidiaries are
    /// companies of their own in the registry, with platforms and delays of their own.
    fileprivate func requireCounterparty(
        _ code: String, of barrier: Barrier, on day: Day, field: String = "company"
    ) throws(Refusal) {
        try requireCompany(code, field: field)
        guard directory.platform(barrier.respondentPlatform)?.company(on: day) != code else {
            throw .invalid(
                field: field,
                reason: "is the respondent's own company; a barrier waits for another company only")
        }
    }

    func requireCompany(_ code: String, field: String = "company") throws(Refusal) {
        guard directory.company(code) == nil else { return }
        throw .unknownCode(field: field, value: code, known: directory.registry.companies.map(\.code))
    }
}
