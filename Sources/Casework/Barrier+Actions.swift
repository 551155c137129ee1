extension Barrier {
    /// What can be done to a barrier, by name.
    ///
    /// The raw values are the names in history.
    public enum ActionName: String, Sendable, CaseIterable, Codable {
        case record
        case observe
        case confirm
        case order
        case undertake
        case start
        case await
        case endAwait = "end_await"
        case claim
        case verifyPartly = "verify_partly"
        case verify
        case refute
        case justify
        case expire
        case dismiss
        case revive
        case regress
    }

    public enum Action: Sendable, Equatable {
        case confirm(basis: String?)
        case order(due: Day?)
        case undertake(scope: String?, by: Day?)
        case start
        case await(company: String)
        case endAwait
        case claim(coverage: Int?)
        case verifyPartly(coverage: Int?)
        case verify
        case refute
        case justify(ground: String, until: Day)
        case expire
        case dismiss
        case revive
        case regress

        public var name: ActionName {
            switch self {
            case .confirm: .confirm
            case .order: .order
            case .undertake: .undertake
            case .start: .start
            case .await: .await
            case .endAwait: .endAwait
            case .claim: .claim
            case .verifyPartly: .verifyPartly
            case .verify: .verify
            case .refute: .refute
            case .justify: .justify
            case .expire: .expire
            case .dismiss: .dismiss
            case .revive: .revive
            case .regress: .regress
            }
        }
    }

    /// Whether the role may do this at all, in whatever state the barrier is.
    public static func may(_ role: Role, _ action: ActionName) -> Bool {
        switch action {
        case .record: [.officer, .supervisor, .complainant, .filer].contains(role)
        case .observe: [.officer, .supervisor, .system].contains(role)
        case .undertake, .claim: [.officer, .supervisor, .company].contains(role)
        case .confirm, .order, .start, .await, .endAwait, .verifyPartly, .verify, .refute, .justify, .dismiss:
            role == .officer || role == .supervisor
        case .regress: [.officer, .supervisor, .system].contains(role)
        case .expire: role == .system
        case .revive: role == .supervisor
        }
    }

    /// The states an action starts from.
    ///
    /// `record` starts from none: it enters the barrier in the ledger.
    public static func states(for action: ActionName) -> [Remediation] {
        switch action {
        case .record: []
        case .observe: Remediation.allCases
        case .confirm: [.alleged]
        case .order, .undertake, .start, .await, .claim, .justify: Remediation.open
        case .endAwait: [.pendingCounterparty]
        case .verifyPartly, .verify, .refute: [.claimed, .partiallyVerified]
        case .expire: [.justified]
        case .dismiss: [.alleged, .confirmed]
        case .revive: [.dismissed]
        case .regress: [.verified]
        }
    }

    /// Applies one action, or says why not.
    ///
    /// - Parameters:
    ///   - action: What is to be done.
    ///   - actor: Who does it.
    ///   - day: The day it takes effect; never before the latest change.
    ///   - campaign: Whose quorum and grounds hold.
    ///   - observations: All observations of the barrier.
    /// - Returns: What goes into history.
    /// - Throws: `Refusal`, and changes nothing then.
    public mutating func apply(
        _ action: Action, by actor: Actor, on day: Day, under campaign: Campaign, observations: [Observation] = []
    ) throws(Refusal) -> Event {
        try check(action.name, by: actor, on: day)
        var next = self
        var details = try next.change(by: action, on: day, under: campaign, observations)
        if next.remediation != .pendingCounterparty { (next.stateBeforeAwait, next.awaitedCompany) = (nil, nil) }
        next.sequence += 1
        next.changedOn = day
        if next.remediation != remediation { details["remediation"] = next.remediation.rawValue }
        self = next
        return Event(actor: actor, action: action.name.rawValue, details: details, effectiveOn: day)
    }

    /// Takes note of an observation, which changes no state by itself.
    ///
    /// - Returns: What goes into history, and the observation with its place in it.
    /// - Throws: `Refusal`, and changes nothing then.
    public mutating func observe(
        _ observation: Observation, by actor: Actor
    ) throws(Refusal) -> (event: Event, observation: Observation) {
        try check(.observe, by: actor, on: observation.on)
        if let coverage = observation.coverage { try requirePercentage(coverage) }
        sequence += 1
        changedOn = observation.on
        var placed = observation
        placed.sequence = sequence
        var details = ["result": observation.result.rawValue, "method": observation.method.rawValue]
        if let coverage = observation.coverage { details["coverage"] = String(coverage) }
        let event = Event(
            actor: actor, action: ActionName.observe.rawValue, details: details, effectiveOn: observation.on)
        return (event, placed)
    }

    private func check(_ name: ActionName, by actor: Actor, on day: Day) throws(Refusal) {
        guard Self.may(actor.role, name) else { throw .forbidden(action: name.rawValue, role: actor.role) }
        guard Self.states(for: name).contains(remediation) else {
            let allowed = ActionName.allCases.filter { Self.states(for: $0).contains(remediation) }
            throw .outOfOrder(action: name.rawValue, state: remediation.rawValue, allowed: allowed.map(\.rawValue))
        }
        guard day >= changedOn else { throw .backdated(on: day, latest: changedOn) }
    }

    private mutating func change(
        by action: Action, on day: Day, under campaign: Campaign, _ observations: [Observation]
    ) throws(Refusal) -> [String: String] {
        switch action {
        case .confirm(let basis):
            remediation = .confirmed
            return basis.map { ["basis": $0] } ?? [:]
        case .order(let due):
            hasStandingOrder = true
            if remediation == .alleged || remediation == .confirmed { remediation = .ordered }
            return due.map { ["due_on": $0.description] } ?? [:]
        case .undertake(_, let day):
            remediation = .committed
            return day.map { ["by": $0.description] } ?? [:]
        case .start: remediation = .inProgress
        case .await(let company):
            if remediation != .pendingCounterparty { stateBeforeAwait = remediation }
            (remediation, awaitedCompany) = (.pendingCounterparty, company)
            return ["company": company]
        case .endAwait: remediation = stateBeforeAwait ?? .alleged
        case .claim(let coverage):
            if let coverage { try requirePercentage(coverage) }
            (remediation, self.coverage, claimedAt) = (.claimed, coverage ?? self.coverage, sequence + 1)
            return coverage.map { ["coverage": String($0)] } ?? [:]
        case .verifyPartly(let coverage):
            if let coverage { try requirePercentage(coverage) }
            (remediation, self.coverage) = (.partiallyVerified, coverage ?? self.coverage)
            return coverage.map { ["coverage": String($0)] } ?? [:]
        case .verify:
            try requireQuorum(campaign.quorum, of: observations, on: day)
            (remediation, coverage) = (.verified, nil)
        case .refute:
            guard sinceClaim(observations).contains(where: { $0.result == .blocked }) else {
                throw .noRefutingObservation
            }
            remediation = hasStandingOrder ? .ordered : .confirmed
            falseClaims += 1
        case .justify(let ground, let until):
            try campaign.require(ground, in: campaign.justificationGrounds, field: "ground")
            guard until > day else { throw .invalid(field: "until", reason: "has to be after \(day)") }
            (remediation, justifiedUntil) = (.justified, until)
            return ["ground": ground, "until": until.description]
        case .expire: (remediation, justifiedUntil) = (.confirmed, nil)
        case .dismiss: remediation = .dismissed
        case .revive: remediation = .alleged
        case .regress:
            (remediation, hasStandingOrder, coverage, claimedAt) = (.confirmed, false, nil, nil)
            episode += 1
            return ["episode": String(episode)]
        }
        return [:]
    }

    private func requirePercentage(_ coverage: Int) throws(Refusal) {
        guard (0...100).contains(coverage) else {
            throw .invalid(field: "coverage", reason: "is a percentage from 0 to 100")
        }
    }

    private func sinceClaim(_ observations: [Observation]) -> [Observation] {
        observations.filter { $0.sequence > claimedAt ?? 0 }
    }

    /// Enough fresh observations say open, one of them made by a probe or on site, and none since the claim says no.
    private func requireQuorum(
        _ quorum: Campaign.Quorum, of observations: [Observation], on day: Day
    ) throws(Refusal) {
        let since = sinceClaim(observations)
        if let blocked = since.first(where: { $0.result == .blocked }) {
            throw .quorumNotMet("an observation of \(blocked.on), since the claim, says blocked")
        }
        let fresh = since.filter { $0.result == .open && day - $0.on <= quorum.staleAfterDays }
        guard fresh.count >= quorum.observations else {
            throw .quorumNotMet(
                "\(quorum.observations) observations since the claim, not older than \(quorum.staleAfterDays) days, "
                    + "have to say open; there are \(fresh.count)")
        }
        guard fresh.contains(where: { $0.method == .probe || $0.method == .onSite }) else {
            throw .quorumNotMet("one of the observations has to be a probe or on site")
        }
    }
}
