import Casework
import Foundation
import Postgres

/// A barrier on its way from one version to the next, within one transaction.
struct BarrierChange {
    let record: BarrierRecord
    var actor: Actor
    var onBehalfOf: Actor.Kind?
    var day: Day
    var rules: Barrier.Rules
    let moment: Date
    var barrier: Barrier
    /// The place of the latest event.
    var sequence: Int
    var remarks: Int

    init(record: BarrierRecord, actor: Actor, day: Day, rules: Barrier.Rules, moment: Date) {
        self.record = record
        self.actor = actor
        self.day = day
        self.rules = rules
        self.moment = moment
        barrier = record.barrier
        sequence = record.sequence
        remarks = record.remarks
    }
}

extension Connection {
    /// Lets one action happen: at the end of the barrier's history, or, where its day is earlier, in its place there.
    func advance(_ change: inout BarrierChange, _ action: Barrier.Action, note: Note?) throws {
        let action = action.placed(on: change.day, at: change.sequence + 1)
        let step = Step(sequence: change.sequence + 1, action: action, actor: change.actor, on: change.day)
        try change.barrier.authorize(action, by: change.actor)
        let isCorrection = change.day < change.barrier.changedOn && !action.name.isRemark
        if isCorrection || change.actor.kind == .company || [.verify, .refute, .retract].contains(action.name) {
            change.rules.observations = try knownObservations(of: change.record.id, campaign: change.record.campaignID)
        }
        var event: Event
        if isCorrection {
            event = try correct(&change, with: step)
        } else {
            let wasVerified = change.barrier.remediation == .verified
            event = try change.barrier.apply(step, under: change.rules)
            if wasVerified, change.barrier.remediation != .verified {
                try checkWhatRestsOn(change) { day in day <= step.on }
            }
        }
        event.onBehalfOf = change.onBehalfOf
        change.sequence += 1
        if action.name.isRemark { change.remarks += 1 }
        try record(
            event, on: change.record.id, .barrier, campaign: change.record.campaignID, sequence: change.sequence,
            at: change.moment, note: note)
        if !isCorrection && !action.name.isRemark {
            try saveInterval(of: change.barrier, change.place(of: step, writtenBy: step.sequence))
        }
    }

    /// Tells the barrier anew with the step in its place, and rewrites what it was from that day on.
    private func correct(_ change: inout BarrierChange, with step: Step<Barrier.Action>) throws -> Event {
        let id = change.record.id
        let steps = try steps(of: id, campaign: change.record.campaignID) { name, details, day, sequence in
            Barrier.Action(name: name, details: details, on: day, sequence: sequence)
        }
        let days = (steps + [step]).filter { $0.action == .record }.map(\.on)
        let now = change.barrier
        let initial = Barrier(
            number: now.number, kind: now.kind, respondentPlatform: now.respondentPlatform, target: now.target,
            scene: now.scene, recordedOn: days.min() ?? now.recordedOn)
        let told = try Barrier.correct(with: step, among: steps, from: initial, under: change.rules)
        guard let index = told.after.firstIndex(where: { $0.step.sequence == step.sequence }),
            let last = told.after.last?.state
        else { throw PostgresError.unexpectedRow("a correction without its own step") }
        try checkWhatRestsOn(change) { day in
            // Verified when the day began, or made so in its course; what came later that day is another matter.
            told.after.last { $0.step.on < day }?.state.remediation == .verified
                || told.after.contains { $0.step.on == day && $0.state.remediation == .verified }
        }
        let old = Dictionary(uniqueKeysWithValues: told.before.map { ($0.step.sequence, $0.state) })
        for revision in told.after where !revision.step.action.name.isRemark {
            let place = change.place(of: revision.step, writtenBy: step.sequence)
            guard let before = old[revision.step.sequence] else {
                try saveInterval(of: revision.state, place)
                continue
            }
            guard !before.looksLike(revision.state) else { continue }
            try run(
                """
                UPDATE barrier_interval SET retracted_at = \(change.moment)
                WHERE campaign_id = \(place.campaign) AND barrier_id = \(place.case)
                  AND sequence = \(place.sequence) AND retracted_at IS NULL
                """)
            try saveInterval(of: revision.state, place)
        }
        let event = told.after[index].state.event(step, from: index > 0 ? told.after[index - 1].state : initial)
        change.barrier = last
        return event
    }

    /// Complaints closed as remediated and orders complied with rest on this barrier having been verified that day.
    ///
    /// - Throws: `Refusal.wouldUndermine` where it no longer would have been.
    private func checkWhatRestsOn(_ change: BarrierChange, _ wasVerified: (Day) -> Bool) throws {
        let (id, campaign) = (change.record.id, change.record.campaignID)
        let closed = try all(
            """
            SELECT ca.prefix, c.number, c.ended_on
            FROM complaint_barrier l
            JOIN complaint c ON c.campaign_id = l.campaign_id AND c.id = l.complaint_id
            JOIN campaign ca ON ca.id = c.campaign_id
            WHERE l.campaign_id = \(campaign) AND l.barrier_id = \(id)
              AND c.status = 'closed' AND c.outcome = 'remediated' AND c.ended_on IS NOT NULL
            """
        ) { row in
            let reference = Reference(prefix: try row.read(), number: try row.read())
            return (reference.description, "close", try row.read(Day.self))
        }
        let complied = try all(
            """
            SELECT o.number, o.ended_on
            FROM order_barrier i
            JOIN rectification_order o ON o.campaign_id = i.campaign_id AND o.id = i.order_id
            WHERE i.campaign_id = \(campaign) AND i.barrier_id = \(id) AND o.status = 'complied'
            """
        ) { row in ("order \(try row.read(Int.self))", "comply", try row.read(Day.self)) }
        for (name, action, day) in closed + complied {
            guard wasVerified(day) else { throw Refusal.wouldUndermine(caseName: name, action: action, on: day) }
        }
    }

    func save(_ change: BarrierChange) throws {
        let barrier = change.barrier
        try run(
            """
            UPDATE barrier
            SET version = \(change.sequence), remarks = \(change.remarks), remediation = \(barrier.remediation),
                episode = \(barrier.episode), state_before_await = \(barrier.stateBeforeAwait),
                awaited_company = \(barrier.awaitedCompany), wait = \(try barrier.wait.map(JSONText.init(encoding:))),
                wait_due_on = \(barrier.wait?.dueOn), coverage = \(barrier.coverage),
                has_standing_order = \(barrier.hasStandingOrder), claimed_on = \(barrier.claim?.on),
                claimed_at = \(barrier.claim?.sequence), verified_on = \(barrier.verifiedOn),
                justified_until = \(barrier.justifiedUntil), undertaken_by = \(barrier.undertakenBy),
                review_opened_on = \(barrier.reviewOpenedOn), reviewed_on = \(barrier.reviewedOn), false_claims = \(barrier.falseClaims),
                recorded_on = \(barrier.recordedOn), changed_on = \(barrier.changedOn), changed_at = \(change.moment)
            WHERE campaign_id = \(change.record.campaignID) AND id = \(change.record.id)
            """)
    }

    /// What reports see of the barrier from a step on.
    func saveInterval(of barrier: Barrier, _ place: StepPlace) throws {
        try run(
            """
            INSERT INTO barrier_interval (campaign_id, barrier_id, sequence, written_by, effective_from, recorded_at,
                                          remediation, episode, coverage, awaited_company, has_standing_order,
                                          false_claims)
            VALUES (\(place.campaign), \(place.case), \(place.sequence), \(place.writtenBy), \(place.on),
                    \(place.moment), \(barrier.remediation), \(barrier.episode), \(barrier.coverage),
                    \(barrier.awaitedCompany), \(barrier.hasStandingOrder), \(barrier.falseClaims))
            """)
    }
}

extension BarrierChange {
    fileprivate func place(of step: Step<Barrier.Action>, writtenBy: Int) -> StepPlace {
        StepPlace(
            campaign: record.campaignID, case: record.id, sequence: step.sequence, writtenBy: writtenBy, on: step.on,
            moment: moment)
    }
}

extension Barrier {
    /// Whether reports could not tell the two apart.
    fileprivate func looksLike(_ other: Barrier) -> Bool {
        remediation == other.remediation && episode == other.episode && coverage == other.coverage
            && awaitedCompany == other.awaitedCompany && hasStandingOrder == other.hasStandingOrder
            && falseClaims == other.falseClaims
    }
}

extension Barrier.Action {
    /// An observation knows its day and place.
    fileprivate func placed(on day: Day, at sequence: Int) -> Barrier.Action {
        guard case .observe(var observation) = self else { return self }
        (observation.on, observation.sequence) = (day, sequence)
        return .observe(observation)
    }
}
