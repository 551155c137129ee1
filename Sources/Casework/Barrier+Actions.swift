extension Barrier {
    /// What can be done to a barrier, by name.
    ///
    /// The raw values are the names in history.
    public enum ActionName: String, Sendable, CaseIterable, Codable {
        case record
        case observe
        case retract = "retract_observation"
        case confirm
        case order
        case liftOrder = "lift_order"
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
        case openReview = "open_review"
        case closeReview = "close_review"
        case regress
        case recalculate
        case note
        case missDeadline = "miss_deadline"

        /// What is only remarked changes nothing of the case, and stands outside the order of its days.
        public var isRemark: Bool { self == .note || self == .missDeadline }
    }

    public enum Action: Sendable, Equatable {
        /// Enters it in the ledger, or lets it stand there from an earlier day on.
        case record
        case observe(Observation)
        /// Takes back an observation that was entered by mistake, by its place in history.
        case retract(Int)
        /// On a legal basis, under a scenario of the campaign.
        case confirm(basis: String?, scenario: String?)
        case order(due: Day?)
        case liftOrder
        case undertake(by: Day?)
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
        /// So many complaints of distinct complainants came after it was verified.
        case openReview(complaints: Int)
        case closeReview
        case regress
        case recalculate
        case note
        case missDeadline(dueOn: Day)

        public var name: ActionName {
            switch self {
            case .record: .record
            case .observe: .observe
            case .retract: .retract
            case .confirm: .confirm
            case .order: .order
            case .liftOrder: .liftOrder
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
            case .openReview: .openReview
            case .closeReview: .closeReview
            case .regress: .regress
            case .recalculate: .recalculate
            case .note: .note
            case .missDeadline: .missDeadline
            }
        }
    }

    /// Whether the role may do this at all, in whatever state the barrier is.
    public static func may(_ role: Role, _ action: ActionName) -> Bool {
        switch action {
        case .record: [.officer, .supervisor, .complainant, .filer].contains(role)
        case .observe: [.officer, .supervisor, .system].contains(role)
        case .undertake, .claim: [.officer, .supervisor, .company].contains(role)
        case .confirm, .order, .liftOrder, .start, .await, .endAwait, .verifyPartly, .verify, .refute, .justify,
            .dismiss, .closeReview, .retract, .note:
            role == .officer || role == .supervisor
        case .regress, .openReview: [.officer, .supervisor, .system].contains(role)
        case .expire, .recalculate, .missDeadline: role == .system
        case .revive: role == .supervisor
        }
    }

    /// The states an action starts from.
    public static func states(for action: ActionName) -> [Remediation] {
        switch action {
        case .record, .observe, .retract, .liftOrder, .recalculate, .note, .missDeadline: Remediation.allCases
        case .confirm: [.alleged]
        case .order, .undertake, .start, .await, .claim, .justify: Remediation.open
        case .endAwait: [.pendingCounterparty]
        case .verifyPartly, .verify, .refute: [.claimed, .partiallyVerified]
        case .expire: [.justified]
        case .dismiss: [.alleged, .confirmed]
        case .revive: [.dismissed]
        case .openReview, .closeReview, .regress: [.verified]
        }
    }

    /// The actions that are possible now for someone with this role, and of those only what a person asks for.
    public func actions(for role: Role) -> [ActionName] {
        let consequences: [ActionName] = [.record, .order, .liftOrder, .expire, .recalculate, .missDeadline]
        return ActionName.allCases.filter { name in
            Self.may(role, name) && Self.states(for: name).contains(remediation) && !consequences.contains(name)
                && (name != .closeReview || reviewOpenedOn != nil)
        }
    }
}
