import Foundation

extension Barrier.Action: CaseAction {
    public var isRemark: Bool { name.isRemark }
}

extension Barrier: Replayable {
    /// - Throws: `Refusal` where the actor may not do this.
    public func authorize(_ action: Action, by actor: Actor) throws(Refusal) {
        guard Self.may(actor.role, action.name) else {
            throw .forbidden(action: action.name.rawValue, role: actor.role)
        }
    }

    public mutating func carryOut(_ step: Step<Action>, under rules: Rules) throws(Refusal) {
        let name = step.action.name
        guard Self.states(for: name).contains(remediation) else {
            let allowed = actions(for: step.actor.role)
            throw .outOfOrder(action: name.rawValue, state: remediation.rawValue, allowed: allowed.map(\.rawValue))
        }
        if name == .record {
            recordedOn = min(recordedOn, step.on)
        } else if step.on < recordedOn {
            throw .beforeBeginning(on: step.on, began: recordedOn)
        }
        guard !name.isRemark else { return }
        if step.actor.kind == .company, let blocked = refuting(step, rules.observations) {
            throw .claimIsRefuted(on: blocked.on)
        }
        var next = self
        try next.change(by: step, under: rules)
        if next.remediation != .pendingCounterparty {
            (next.stateBeforeAwait, next.awaitedCompany, next.wait) = (nil, nil, nil)
        }
        if next.remediation != .verified { next.reviewOpenedOn = nil }
        next.changedOn = max(step.on, changedOn)
        self = next
    }

    private mutating func change(by step: Step<Action>, under rules: Rules) throws(Refusal) {
        let day = step.on
        switch step.action {
        case .confirm(_, let scenario):
            try rules.campaign.check(category: nil, scenario: scenario)
            remediation = .confirmed
        case .order:
            hasStandingOrder = true
            if remediation == .alleged || remediation == .confirmed { remediation = .ordered }
            if stateBeforeAwait == .alleged || stateBeforeAwait == .confirmed { stateBeforeAwait = .ordered }
        case .liftOrder:
            hasStandingOrder = false
            if remediation == .ordered { remediation = .confirmed }
            if stateBeforeAwait == .ordered { stateBeforeAwait = .confirmed }
        case .undertake(let by): (remediation, undertakenBy) = (.committed, by)
        case .start: remediation = .inProgress
        case .await(let company): startWait(for: company, on: day, rules)
        case .endAwait: remediation = stateBeforeAwait ?? .alleged
        case .claim(let coverage):
            try requirePercentage(coverage)
            (remediation, self.coverage) = (.claimed, coverage ?? self.coverage)
            claim = Mark(on: day, sequence: step.sequence)
        case .verifyPartly(let coverage):
            try requirePercentage(coverage)
            (remediation, self.coverage) = (.partiallyVerified, coverage ?? self.coverage)
        case .verify:
            try requireQuorum(rules.campaign.quorum, known(to: step, rules.observations), on: day)
            (remediation, coverage, verifiedOn) = (.verified, nil, day)
        case .refute:
            guard known(to: step, rules.observations).contains(where: { $0.result == .blocked }) else {
                throw .noRefutingObservation
            }
            remediation = hasStandingOrder ? .ordered : .confirmed
            falseClaims += 1
        case .justify(let ground, let until):
            try rules.campaign.require(ground, in: rules.campaign.justificationGrounds, field: "ground")
            guard until > day else { throw .invalid(field: "until", reason: "has to be after \(day)") }
            (remediation, justifiedUntil) = (.justified, until)
        case .expire: (remediation, justifiedUntil) = (.confirmed, nil)
        case .dismiss: remediation = .dismissed
        case .revive: remediation = .alleged
        case .openReview:
            guard reviewOpenedOn == nil else { throw .nothingToChange("a review is open already") }
            reviewOpenedOn = day
        case .closeReview:
            guard reviewOpenedOn != nil else { throw .nothingToChange("no review is open") }
            (reviewOpenedOn, reviewedOn) = (nil, day)
        case .regress:
            // An order about several barriers may stand still, though this one had been verified gone.
            (remediation, coverage, claim) = (hasStandingOrder ? .ordered : .confirmed, nil, nil)
            episode += 1
        case .recalculate: wait?.recalculate(rules.calendar, on: day)
        case .observe(let observation): try check(observation, rules.campaign)
        case .retract(let sequence):
            guard rules.observations.contains(where: { $0.sequence == sequence && !$0.isRetracted(before: step) })
            else { throw .invalid(field: "observation", reason: "is no observation of this barrier that stands") }
        case .record, .note, .missDeadline: break
        }
    }

    private mutating func startWait(for company: String, on day: Day, _ rules: Rules) {
        if remediation != .pendingCounterparty { stateBeforeAwait = remediation }
        (remediation, awaitedCompany) = (.pendingCounterparty, company)
        wait = rules.campaign.rule(for: .counterparty, on: day).map { rule in
            Deadline(.counterparty, rule: rule, from: day, calendar: rules.calendar)
        }
    }

    private func check(_ observation: Observation, _ campaign: Campaign) throws(Refusal) {
        try requirePercentage(observation.coverage)
        for code in observation.tests.keys.sorted() {
            try campaign.require(code, in: campaign.standardTests, field: "tests")
        }
    }

    private func requirePercentage(_ coverage: Int?) throws(Refusal) {
        guard coverage.map((0...100).contains) ?? true else {
            throw .invalid(field: "coverage", reason: "is a percentage from 0 to 100")
        }
    }

    /// What was observed since the claim, as far as it was known when the step was recorded.
    ///
    /// A decision stands on what was known then: a test entered later, for an earlier day, does not undo it.
    private func known(to step: Step<Action>, _ observations: [Observation]) -> [Observation] {
        observations.filter { observation in
            let place = Mark(on: observation.on, sequence: observation.sequence)
            return observation.sequence < step.sequence && observation.on <= step.on
                && !observation.isRetracted(before: step) && claim.map { place > $0 } ?? true
        }
    }

    /// What speaks against the claim that a company would put another in place of.
    private func refuting(_ step: Step<Action>, _ observations: [Observation]) -> Observation? {
        guard remediation == .claimed || remediation == .partiallyVerified else { return nil }
        return known(to: step, observations).first { $0.result == .blocked }
    }

    /// Enough fresh observations say open, enough of them made by a probe or on site, and none since the claim says no.
    private func requireQuorum(
        _ quorum: Campaign.Quorum, _ since: [Observation], on day: Day
    ) throws(Refusal) {
        if let blocked = since.first(where: { $0.result == .blocked }) {
            throw .quorumNotMet("an observation of \(blocked.on), since the claim, says blocked")
        }
        let fresh = since.filter { $0.result == .open && day - $0.on <= quorum.staleAfterDays }
        let count = quorum.independent(fresh)
        guard count >= quorum.observations else {
            let alike =
                count == fresh.count
                ? "" : "; \(fresh.count) were entered, and those of the same \(quorum.differences) count as one"
            throw .quorumNotMet(
                "\(quorum.observations) observations since the claim, not older than \(quorum.staleAfterDays) days, "
                    + "have to say open; there are \(count)\(alike)")
        }
        let proofs = quorum.independent(fresh.filter(\.method.isProof))
        guard proofs >= quorum.proofs else {
            throw .quorumNotMet(
                "\(quorum.proofs) of the observations that say open have to be probes or on site; there are \(proofs)")
        }
    }
}

extension Barrier {
    /// Whether this has been seen blocked since it was verified gone, as far as it is known on a day.
    ///
    /// - Throws: `Refusal.noSignOfReturn` where it has not; then only a reason can say why it counts as back.
    public func requireSignOfReturn(_ observations: [Observation], on day: Day) throws(Refusal) {
        let isSeen = observations.contains { seen in
            seen.result == .blocked && seen.retractedBy == nil && seen.on <= day
                && verifiedOn.map { $0 <= seen.on } ?? true
                && claim.map { $0 < Mark(on: seen.on, sequence: seen.sequence) } ?? true
        }
        guard isSeen else { throw .noSignOfReturn(verifiedOn: verifiedOn ?? changedOn) }
    }
}

extension Campaign.Quorum {
    /// How many of these there are when those that do not differ count as one; who is not known is somebody else.
    fileprivate func independent(_ observations: [Observation]) -> Int {
        let keys = observations.map { seen in
            independentBy.map { difference in
                switch difference {
                case .observer: seen.observer?.uuidString ?? "of \(seen.sequence)"
                case .day: seen.on.description
                case .method: seen.method.rawValue
                }
            }
        }
        return Set(keys).count
    }

    /// What tells observations apart, in words.
    fileprivate var differences: String { independentBy.map(\.rawValue).joined(separator: " and ") }
}

extension Observation {
    /// Whether it had been taken back when the step was recorded.
    fileprivate func isRetracted(before step: Step<Barrier.Action>) -> Bool {
        retractedBy.map { $0 < step.sequence } ?? false
    }
}
