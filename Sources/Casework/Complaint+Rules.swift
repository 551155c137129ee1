extension Complaint.Action: CaseAction {
    public var isRemark: Bool { name.isRemark }
}

extension Complaint: Replayable {
    /// Applies one action, or says why not.
    ///
    /// - Parameters:
    ///   - action: What is to be done.
    ///   - actor: Who does it.
    ///   - day: The day it takes effect; never before the latest change.
    ///   - rules: The campaign, its calendar, and what the barriers are.
    /// - Returns: What goes into history.
    /// - Throws: `Refusal`, and changes nothing then.
    public mutating func apply(
        _ action: Action, by actor: Actor, on day: Day, under rules: Rules
    ) throws(Refusal) -> Event {
        try apply(Step(sequence: 0, action: action, actor: actor, on: day), under: rules)
    }

    /// Whether the actor may do this to this complaint, as it stands now.
    ///
    /// - Throws: `Refusal`.
    public func authorize(_ action: Action, by actor: Actor) throws(Refusal) {
        try admit(actor, to: action.name)
        switch action {
        case .assign, .transfer:
            let mayTakeAway = actor.role == .supervisor || actor.role == .system
            guard officer == nil || officer == actor.id || mayTakeAway else { throw .heldByAnother }
        case .extendDeadline where officer != nil && officer == actor.id:
            throw .selfApproval("the officer of the case cannot approve more time for it")
        default: break
        }
    }

    /// Whether the actor's role and office give the right at all, whatever the state.
    ///
    /// - Throws: `Refusal`.
    public func admit(_ actor: Actor, to name: ActionName) throws(Refusal) {
        guard Self.may(actor.role, name) else { throw .forbidden(action: name.rawValue, role: actor.role) }
        // What follows from work on another complaint is judged there.
        if ![.absorb, .renewAbsorbed, .release].contains(name) { try actor.check(office: office) }
    }

    /// Whether who may change the past of the case asks for it: a pause or more time that is entered after the fact moves
    /// a limit that people were already judged by, so a supervisor has to do it.
    ///
    /// - Parameters:
    ///   - action: What is to be entered.
    ///   - actor: Who enters it.
    ///   - day: The day on which it took effect.
    ///   - recordedOn: The day on which the complaint was recorded; what happened before, on paper, is entered in its order
    ///     by any officer.
    ///   - today: The day on which it is entered.
    /// - Returns: Whether it is entered after the fact; always `false` for what moves no limit.
    /// - Throws: `Refusal` `.backEntry`.
    public func isBackEntry(
        _ action: Action, by actor: Actor, on day: Day, recordedOn: Day, today: Day
    ) throws(Refusal) -> Bool {
        switch action {
        case .requestInformation, .extendDeadline: break
        default: return false
        }
        guard day < changedOn || day < today && day >= recordedOn else { return false }
        guard actor.role == .supervisor else { throw .backEntry(action: action.name.rawValue, on: day) }
        return true
    }

    public mutating func carryOut(_ step: Step<Action>, under rules: Rules) throws(Refusal) {
        let (name, day) = (step.action.name, step.on)
        guard allows(name) else {
            let allowed = actions(for: step.actor.role)
            throw .outOfOrder(action: name.rawValue, state: status.rawValue, allowed: allowed.map(\.rawValue))
        }
        guard day >= receivedOn else { throw .beforeBeginning(on: day, began: receivedOn) }
        guard !name.isRemark else { return }
        var next = self
        try next.change(by: step, under: rules)
        if next.status != .needsInformation && next.status != .duplicate {
            (next.statusBeforeGap, next.informationGap) = (nil, nil)
        }
        try next.runDeadlines(after: step, under: rules.asOf(sequence: step.sequence))
        if next.status.isOpen { next.endedOn = nil } else if status.isOpen { next.endedOn = day }
        if next.status != .closed { next.ending = nil } else if status != .closed { next.ending = step.sequence }
        next.changedOn = max(day, changedOn)
        self = next
    }

    /// Carries the action out on everything but the deadlines.
    private mutating func change(by step: Step<Action>, under rules: Rules) throws(Refusal) {
        let campaign = rules.campaign
        switch step.action {
        case .accept(let category, let scenario): try accept(category: category, scenario: scenario, campaign)
        case .refuse(let ground):
            guard absorbed.isEmpty else { throw .hasDuplicates }
            try campaign.require(ground, in: campaign.refusalGrounds, field: "ground")
            (status, refusalGround) = (.refused, ground)
        case .requestInformation(let gap, _):
            try campaign.require(gap, in: campaign.informationGaps, field: "gap")
            (statusBeforeGap, status, informationGap) = (status, .needsInformation, gap)
        case .provideInformation:
            if statusBeforeGap == .received { materialsOn = step.on }
            status = statusBeforeGap ?? .received
        case .forward:
            (status, forwardedTo, forwardedOn) = (.forwarded, respondent.company, step.on)
            // What another company answered is not for this one.
            (answer, answerGround) = (nil, nil)
        case .respond(let answer, let ground): try respond(answer, ground: ground, campaign)
        case .close(let outcome):
            try checkClosing(as: outcome, on: step.on, rules.ledger)
            (status, self.outcome) = (.closed, outcome)
        case .withdraw:
            guard absorbed.isEmpty else { throw .hasDuplicates }
            status = .withdrawn
        case .refer(let agency):
            guard absorbed.isEmpty else { throw .hasDuplicates }
            try campaign.require(agency, in: campaign.referralAgencies, field: "agency")
            (status, self.agency) = (.referred, agency)
        case .reopen:
            try checkWindow(on: step.on, campaign)
            guard category != nil else { throw .categoryMissing }
            reopen()
        case .confirmFixed(let other): try judge(by: other) { $0.isConfirmedFixed = true }
        case .denyFixed(let other):
            try checkWindow(on: step.on, campaign)
            try judge(by: other) { $0.isConfirmedFixed = false }
            reopen()
        case .rate(let rating, let other):
            guard (1...5).contains(rating) else { throw .invalid(field: "rating", reason: "is a number from 1 to 5") }
            try judge(by: other) { $0.rating = rating }
        case .markDuplicate, .undoDuplicate, .absorb, .renewAbsorbed, .release: try merge(step.action)
        default: try arrange(step.action, campaign)
        }
    }

    /// What orders the work without deciding anything.
    private mutating func arrange(_ action: Action, _ campaign: Campaign) throws(Refusal) {
        switch action {
        case .resolve(let resolution): try resolve(resolution, campaign)
        case .link(let barrier):
            if let index = absorbed.firstIndex(where: { $0.added.contains(barrier) }) {
                // It came with another complaint, and is this one's own from now on.
                absorbed[index].added.removeAll { $0 == barrier }
                return
            }
            guard barriers.insert(barrier).inserted else { throw .linkUnchanged(barrier: barrier, isLinked: true) }
        case .unlink(let barrier):
            guard barriers.remove(barrier) != nil else { throw .linkUnchanged(barrier: barrier, isLinked: false) }
        case .assign(let officer):
            guard officer != self.officer else { throw .nothingToChange("the complaint is with that officer already") }
            self.officer = officer
        case .transfer(let office):
            guard office != self.office else { throw .nothingToChange("the complaint is with that office already") }
            // Whoever had it there does not have it here.
            (self.office, officer) = (office, nil)
        case .setPriority(let priority):
            guard priority != self.priority else { throw .nothingToChange("it has that priority already") }
            self.priority = priority
        case .relate(let other, let relation):
            guard other != id else { throw .invalid(field: "to", reason: "is the complaint itself") }
            guard relations.insert(RelatedComplaint(other, relation)).inserted else {
                throw .nothingToChange("the two complaints are tied so already")
            }
        case .unrelate(let other, let relation):
            guard relations.remove(RelatedComplaint(other, relation)) != nil else {
                throw .nothingToChange("the two complaints are not tied so")
            }
        default: break
        }
    }

    private mutating func accept(category: String?, scenario: String?, _ campaign: Campaign) throws(Refusal) {
        let scenario = scenario ?? self.scenario
        let category = category ?? self.category ?? campaign.category(given: nil, scenario: scenario, kind: kind)
        guard let category else { throw .categoryMissing }
        try campaign.check(category: category, scenario: scenario)
        (status, self.category, self.scenario) = (.accepted, category, scenario)
    }

    private mutating func respond(_ answer: Answer, ground: String?, _ campaign: Campaign) throws(Refusal) {
        if answer == .rejected, ground == nil {
            throw .invalid(field: "ground", reason: "is required: a company rejects on a legal ground")
        }
        // History keeps it for ever: a code, and the words beside it as reason, which can be erased.
        if let ground { try campaign.require(ground, in: campaign.justificationGrounds, field: "ground") }
        (self.answer, answerGround) = (answer, ground)
        // A question is no answer: the clock goes on.
        guard answer != .needsInformation else { return }
        if status == .duplicate { statusBeforeDuplicate = .responded } else { status = .responded }
    }

    private mutating func reopen() {
        (status, outcome, refusalGround) = (.accepted, nil, nil)
    }

    private func checkWindow(on day: Day, _ campaign: Campaign) throws(Refusal) {
        let ended = endedOn ?? changedOn
        guard day - ended <= campaign.reopenDays else {
            throw .windowClosed(endedOn: ended, days: campaign.reopenDays)
        }
    }

    private func checkClosing(as outcome: Outcome, on day: Day, _ ledger: Ledger) throws(Refusal) {
        guard outcome == .remediated else { return }
        guard !barriers.isEmpty else { throw .noBarrier }
        let missing = barriers.filter { ledger.remediation(of: $0, on: day) != .verified }
        guard missing.isEmpty else { throw .barriersNotVerified(missing.sorted()) }
    }

    /// Two complaints become one case and, where that is undone, two again, each as it was.
    private mutating func merge(_ action: Action) throws(Refusal) {
        switch action {
        case .markDuplicate(let original, _):
            guard original != id else { throw .notADuplicate("a complaint is no duplicate of itself") }
            guard absorbed.isEmpty else { throw .hasDuplicates }
            (statusBeforeDuplicate, status, duplicateOf) = (status, .duplicate, original)
        case .undoDuplicate:
            (status, statusBeforeDuplicate, duplicateOf) = (statusBeforeDuplicate ?? .received, nil, nil)
        case .absorb(let other, let numbers, _):
            let added = numbers.filter { !barriers.contains($0) }
            guard outcome != .remediated || added.isEmpty else {
                throw .notADuplicate(
                    "the other complaint is closed as remediated, and this one attests more; reopen it")
            }
            absorbed.append(Absorbed(other, barriers: numbers.sorted(), added: added.sorted()))
            barriers.formUnion(numbers)
        case .renewAbsorbed(let other, _):
            guard absorbed.contains(where: { $0.complaint == other }) else {
                throw .nothingToChange("that complaint is not merged into this one on that day")
            }
        case .release(let other):
            guard let index = absorbed.firstIndex(where: { $0.complaint == other }) else {
                throw .nothingToChange("that complaint was not merged into this one")
            }
            for number in absorbed.remove(at: index).added {
                // A barrier that another merged complaint attests too stays, and came with that one from now on.
                if let other = absorbed.firstIndex(where: { $0.barriers.contains(number) }) {
                    absorbed[other].added.append(number)
                } else {
                    barriers.remove(number)
                }
            }
        default: break
        }
    }

    /// A refused payment has a method for its target, a blocked link has not, and anything else has no target.
    private func checkFit(_ target: Target) throws(Refusal) {
        let wanted: String? =
            switch kind {
            case .blockedLink: target.paymentMethod == nil ? nil : "payment_method"
            case .refusedPayment: target.paymentMethod == nil ? "target_platform" : nil
            case .other: target.paymentMethod == nil ? "target_platform" : "payment_method"
            }
        guard let wanted else { return }
        throw .invalid(field: wanted, reason: "does not go with a complaint of kind “\(kind.rawValue)”")
    }

    private mutating func resolve(_ resolution: Resolution, _ campaign: Campaign) throws(Refusal) {
        try campaign.check(category: resolution.category, scenario: resolution.scenario)
        if let party = resolution.respondent { respondent = party }
        if let target = resolution.target {
            try checkFit(target)
            self.target = target
        }
        if let category = resolution.category { self.category = category }
        if let scenario = resolution.scenario {
            self.scenario = scenario
            if resolution.category == nil, category == nil {
                category = campaign.category(given: nil, scenario: scenario, kind: kind)
            }
        }
        try campaign.check(category: category, scenario: self.scenario)
    }
}
