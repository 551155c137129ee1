public import Foundation

extension Complaint {
    /// What can be done to a complaint, by name.
    ///
    /// The raw values are the names in history.
    public enum ActionName: String, Sendable, CaseIterable, Codable {
        case accept
        case refuse
        case requestInformation = "request_information"
        case provideInformation = "provide_information"
        case forward
        case respond
        case close
        case closeUnsubstantiated = "close_unsubstantiated"
        case withdraw
        case refer
        case markDuplicate = "duplicate"
        case undoDuplicate = "undo_duplicate"
        case reopen
        case resolve
        case link
        case unlink
        case assign
        case note
    }

    public enum Action: Sendable, Equatable {
        case accept(category: String?, scenario: String?)
        case refuse(ground: String)
        case requestInformation(gap: String)
        case provideInformation
        case forward
        case respond
        case close(Outcome)
        case withdraw
        case refer(agency: String)
        case markDuplicate(of: UUID)
        case undoDuplicate
        case reopen
        case resolve(Resolution)
        case link(barrier: Int)
        case unlink(barrier: Int)
        case assign(to: UUID?)
        case note

        public var name: ActionName {
            switch self {
            case .accept: .accept
            case .refuse: .refuse
            case .requestInformation: .requestInformation
            case .provideInformation: .provideInformation
            case .forward: .forward
            case .respond: .respond
            case .close(.unsubstantiated): .closeUnsubstantiated
            case .close: .close
            case .withdraw: .withdraw
            case .refer: .refer
            case .markDuplicate: .markDuplicate
            case .undoDuplicate: .undoDuplicate
            case .reopen: .reopen
            case .resolve: .resolve
            case .link: .link
            case .unlink: .unlink
            case .assign: .assign
            case .note: .note
            }
        }
    }

    /// What intake left open and an officer settles; what is `nil` stays as it is.
    public struct Resolution: Sendable, Equatable {
        public var respondent: Party?
        public var target: Target?
        public var category: String?
        public var scenario: String?

        public init(
            respondent: Party? = nil, target: Target? = nil, category: String? = nil, scenario: String? = nil
        ) {
            self.respondent = respondent
            self.target = target
            self.category = category
            self.scenario = scenario
        }
    }

    /// A barrier tied to the complaint, as far as closing it asks.
    public struct LinkedBarrier: Sendable, Equatable {
        public var number: Int
        public var remediation: Barrier.Remediation

        public init(number: Int, remediation: Barrier.Remediation) {
            self.number = number
            self.remediation = remediation
        }
    }

    /// Whether the role may do this at all, in whatever state the complaint is.
    public static func may(_ role: Role, _ action: ActionName) -> Bool {
        switch action {
        case .accept, .refuse, .requestInformation, .forward, .close, .refer, .markDuplicate, .undoDuplicate, .resolve,
            .link, .unlink, .assign, .note:
            role == .officer || role == .supervisor
        case .closeUnsubstantiated, .reopen:
            role == .supervisor
        case .provideInformation, .withdraw:
            [.officer, .supervisor, .complainant, .filer].contains(role)
        case .respond:
            [.officer, .supervisor, .company].contains(role)
        }
    }

    /// The states an action starts from.
    public static func states(for action: ActionName) -> [Status] {
        switch action {
        case .accept, .refuse: [.received]
        case .requestInformation: [.received, .accepted, .forwarded, .responded]
        case .provideInformation: [.needsInformation]
        case .forward: [.accepted]
        case .respond: [.forwarded]
        case .close, .closeUnsubstantiated: [.accepted, .responded]
        case .withdraw, .refer, .markDuplicate, .resolve, .link, .unlink, .assign: Status.open
        case .undoDuplicate: [.duplicate]
        case .reopen: [.closed, .refused, .withdrawn]
        case .note: Status.allCases
        }
    }

    /// Applies one action, or says why not.
    ///
    /// - Parameters:
    ///   - action: What is to be done.
    ///   - actor: Who does it.
    ///   - day: The day it takes effect; never before the latest change.
    ///   - rules: The campaign and its calendar.
    ///   - barriers: The barriers tied to the complaint at this time.
    /// - Returns: What goes into history.
    /// - Throws: `Refusal`, and changes nothing then.
    public mutating func apply(
        _ action: Action, by actor: Actor, on day: Day, under rules: Rules, barriers: [LinkedBarrier] = []
    ) throws(Refusal) -> Event {
        let name = action.name
        guard Self.may(actor.role, name) else { throw .forbidden(action: name.rawValue, role: actor.role) }
        guard Self.states(for: name).contains(status) else {
            let allowed = ActionName.allCases.filter { Self.states(for: $0).contains(status) }
            throw .outOfOrder(action: name.rawValue, state: status.rawValue, allowed: allowed.map(\.rawValue))
        }
        guard day >= changedOn else { throw .backdated(on: day, latest: changedOn) }

        var next = self
        var details = try next.change(by: action, on: day, under: rules, barriers: barriers)
        if next.status != .needsInformation && next.status != .duplicate {
            (next.statusBeforeGap, next.informationGap) = (nil, nil)
        }
        next.runDeadlines(after: action, on: day, under: rules)
        next.changedOn = day
        if next.status != status { details["status"] = next.status.rawValue }
        self = next
        return Event(actor: actor, action: name.rawValue, details: details, effectiveOn: day)
    }

    /// Carries the action out on everything but the deadlines.
    private mutating func change(
        by action: Action, on day: Day, under rules: Rules, barriers: [LinkedBarrier]
    ) throws(Refusal) -> [String: String] {
        let campaign = rules.campaign
        switch action {
        case .accept(let category, let scenario):
            return try accept(category: category, scenario: scenario, campaign)
        case .refuse(let ground):
            try campaign.require(ground, in: campaign.refusalGrounds, field: "ground")
            (status, refusalGround) = (.refused, ground)
            return ["ground": ground]
        case .requestInformation(let gap):
            try campaign.require(gap, in: campaign.informationGaps, field: "gap")
            (statusBeforeGap, status, informationGap) = (status, .needsInformation, gap)
            return ["gap": gap]
        case .provideInformation:
            if statusBeforeGap == .received { materialsOn = day }
            status = statusBeforeGap ?? .received
        case .forward: status = .forwarded
        case .respond: status = .responded
        case .close(let outcome):
            try checkClosing(as: outcome, barriers)
            (status, self.outcome) = (.closed, outcome)
            return ["outcome": outcome.rawValue]
        case .withdraw: status = .withdrawn
        case .refer(let agency):
            try campaign.require(agency, in: campaign.referralAgencies, field: "agency")
            (status, self.agency) = (.referred, agency)
            return ["agency": agency]
        case .markDuplicate(let original):
            guard original != id else { throw .notADuplicate("a complaint is no duplicate of itself") }
            (statusBeforeDuplicate, status, duplicateOf) = (status, .duplicate, original)
            return ["of": original.uuidString.lowercased()]
        case .undoDuplicate:
            (status, statusBeforeDuplicate, duplicateOf) = (statusBeforeDuplicate ?? .received, nil, nil)
        case .reopen:
            guard category != nil else { throw .categoryMissing }
            (status, outcome, refusalGround) = (.accepted, nil, nil)
        case .resolve(let resolution):
            return try resolve(resolution, campaign)
        case .link(let barrier), .unlink(let barrier):
            return try checkLink(barrier, isNew: action.name == .link, barriers)
        case .assign(let officer):
            self.officer = officer
            return ["officer": officer?.uuidString.lowercased() ?? ""]
        case .note: break
        }
        return [:]
    }

    private mutating func accept(
        category: String?, scenario: String?, _ campaign: Campaign
    ) throws(Refusal) -> [String: String] {
        let scenario = scenario ?? self.scenario
        let category = category ?? self.category ?? campaign.category(given: nil, scenario: scenario, kind: kind)
        guard let category else { throw .categoryMissing }
        try campaign.check(category: category, scenario: scenario)
        (status, self.category, self.scenario) = (.accepted, category, scenario)
        return ["category": category].merging(scenario.map { ["scenario": $0] } ?? [:]) { first, _ in first }
    }

    private func checkClosing(as outcome: Outcome, _ barriers: [LinkedBarrier]) throws(Refusal) {
        guard outcome == .remediated else { return }
        guard !barriers.isEmpty else { throw .noBarrier }
        let missing = barriers.filter { $0.remediation != .verified }.map(\.number)
        guard missing.isEmpty else { throw .barriersNotVerified(missing.sorted()) }
    }

    private func checkLink(
        _ barrier: Int, isNew: Bool, _ barriers: [LinkedBarrier]
    ) throws(Refusal) -> [String: String] {
        guard barriers.contains(where: { $0.number == barrier }) != isNew else {
            throw .linkUnchanged(barrier: barrier, isLinked: isNew)
        }
        return ["barrier": String(barrier)]
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

    private mutating func resolve(
        _ resolution: Resolution, _ campaign: Campaign
    ) throws(Refusal) -> [String: String] {
        try campaign.check(category: resolution.category, scenario: resolution.scenario)
        var details: [String: String] = [:]
        func note(_ name: String, _ old: String?, _ new: String?) {
            if old != new { details[name] = "\(old ?? "-") → \(new ?? "-")" }
        }
        if let party = resolution.respondent {
            note("respondent_platform", respondent.platform, party.platform)
            note("respondent_company", respondent.company, party.company)
            respondent = party
        }
        if let target = resolution.target {
            try checkFit(target)
            note("target_platform", self.target.platform, target.platform)
            note("target_company", self.target.company, target.company)
            note("target_host", self.target.host, target.host)
            note("payment_method", self.target.paymentMethod, target.paymentMethod)
            self.target = target
        }
        if let category = resolution.category {
            note("category", self.category, category)
            self.category = category
        }
        if let scenario = resolution.scenario {
            note("scenario", self.scenario, scenario)
            self.scenario = scenario
            if resolution.category == nil, category == nil {
                category = campaign.category(given: nil, scenario: scenario, kind: kind)
            }
        }
        try campaign.check(category: category, scenario: self.scenario)
        return details
    }
}
