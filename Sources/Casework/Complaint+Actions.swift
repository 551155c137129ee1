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
        /// Takes in a complaint that was marked as a duplicate of this one.
        case absorb
        /// Takes note that the past of a complaint that it took in was corrected.
        case renewAbsorbed = "renew_absorbed"
        /// Lets it go again.
        case release
        case reopen
        case confirmFixed = "confirm_fixed"
        case denyFixed = "deny_fixed"
        case rate
        case resolve
        case link
        case unlink
        case assign
        case transfer
        case setPriority = "set_priority"
        case relate
        case unrelate
        case extendDeadline = "extend_deadline"
        case recalculate
        case note
        case message
        /// Adds a file that shows something.
        case attach
        case missDeadline = "miss_deadline"
        /// Asks to see who complained.
        case requestUnsealing = "request_unsealing"
        case approveUnsealing = "approve_unsealing"
        case denyUnsealing = "deny_unsealing"
        /// Reads who complained.
        case unseal
        /// Lets the company know who complained.
        case disclose
        /// Asks for something about the own data.
        case requestRight = "request_right"
        case decideRight = "decide_right"
        case correctIdentity = "correct_identity"
        case setConsent = "set_consent"
        /// Keeps the data whatever the rules of retention say.
        case placeHold = "place_hold"
        case liftHold = "lift_hold"
        case restrictData = "restrict_data"
        case eraseData = "erase_data"

        /// What is only remarked changes nothing of the case, and stands outside the order of its days.
        public var isRemark: Bool { Self.remarks.contains(self) }

        /// What is done about who complained, for which someone has to answer.
        public static let accountable: Set<Self> = [
            .requestUnsealing, .approveUnsealing, .denyUnsealing, .unseal, .disclose, .decideRight, .placeHold,
            .liftHold, .restrictData, .eraseData,
        ]

        public static let remarks: Set<Self> = accountable.union([
            .note, .message, .attach, .missDeadline, .requestRight, .correctIdentity, .setConsent,
        ])
    }

    public enum Action: Sendable, Equatable {
        case accept(category: String?, scenario: String?)
        case refuse(ground: String)
        /// Whether it was entered after the fact, and moves a limit that was judged otherwise before.
        case requestInformation(gap: String, isBackEntered: Bool = false)
        case provideInformation
        case forward
        case respond(Answer, ground: String?)
        case close(Outcome)
        case withdraw
        case refer(agency: String)
        /// With the company that the other complaint is about: a reply that another company owes stays here.
        case markDuplicate(of: UUID, company: String? = nil)
        case undoDuplicate
        /// With the runs that this complaint carries on from then on.
        case absorb(UUID, barriers: [Int], runs: [Deadline])
        case renewAbsorbed(UUID, runs: [Deadline])
        case release(UUID)
        case reopen
        /// `by` is the complaint of who says it, where that was merged into this one; so in the two that follow.
        case confirmFixed(by: UUID?)
        case denyFixed(by: UUID?)
        case rate(Int, by: UUID?)
        case resolve(Resolution)
        case link(barrier: Int)
        case unlink(barrier: Int)
        case assign(to: UUID?)
        case transfer(office: String)
        case setPriority(Priority)
        case relate(UUID, Relation)
        case unrelate(UUID, Relation)
        case extendDeadline(Deadline.Purpose, by: Int, isBackEntered: Bool = false)
        case recalculate
        case note(Audience)
        case message
        /// The digest of the file in hexadecimal digits, SHA-256.
        case attach(EvidenceFile.Kind, sha256: String, bytes: Int)
        case missDeadline(Deadline.Purpose, dueOn: Day)
        case requestUnsealing(Set<Identity.Field>)
        /// The number of the request in the history.
        case approveUnsealing(Int)
        case denyUnsealing(Int)
        case unseal(Int, Set<Identity.Field>)
        case disclose(Set<Identity.Field>, to: String)
        case requestRight(RightsRequest.Kind)
        case decideRight(Int, isGranted: Bool)
        case correctIdentity(Set<Identity.Field>)
        case setConsent(disclosesIdentity: Bool)
        case placeHold
        case liftHold
        /// With the number of the run that did it, where one did.
        case restrictData(run: Int?)
        case eraseData(run: Int?)
    }

    /// Who may read a note.
    public enum Audience: String, Sendable, CaseIterable, Codable {
        /// The authority's own people.
        case `internal`
        /// The complainant too, by tracking code.
        case complainant
        /// The company too, once the complaint was forwarded to it.
        case company
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

    /// Whether the role may do this at all, in whatever state the complaint is.
    public static func may(_ role: Role, _ action: ActionName) -> Bool {
        switch action {
        case .accept, .refuse, .requestInformation, .forward, .close, .refer, .markDuplicate, .undoDuplicate, .absorb,
            .release, .resolve, .link, .unlink, .transfer, .setPriority, .relate, .unrelate:
            role == .officer || role == .supervisor
        // The system takes cases from officers who have left.
        case .assign: [.officer, .supervisor, .system].contains(role)
        // It follows a correction of the merged complaint, and anyone who may make that one causes it.
        case .renewAbsorbed: true
        case .closeUnsubstantiated, .reopen, .extendDeadline, .approveUnsealing, .denyUnsealing:
            role == .supervisor
        case .requestUnsealing, .unseal, .disclose: role == .officer || role == .supervisor
        case .requestRight: [.officer, .supervisor, .complainant].contains(role)
        case .correctIdentity: [.officer, .supervisor, .complainant].contains(role)
        case .setConsent: role == .complainant
        case .decideRight, .placeHold, .liftHold: role == .supervisor
        case .restrictData, .eraseData: role == .supervisor || role == .system
        case .provideInformation, .withdraw:
            [.officer, .supervisor, .complainant, .filer].contains(role)
        case .confirmFixed, .denyFixed, .rate:
            [.officer, .supervisor, .complainant].contains(role)
        case .respond:
            [.officer, .supervisor, .company].contains(role)
        case .note: role == .officer || role == .supervisor
        case .message, .attach:
            [.officer, .supervisor, .complainant, .filer].contains(role)
        case .recalculate, .missDeadline:
            role == .system
        }
    }

    /// The states an action starts from.
    public static func states(for action: ActionName) -> [Status] {
        switch action {
        case .accept, .refuse: [.received]
        case .requestInformation: [.received, .accepted, .forwarded, .responded]
        case .provideInformation: [.needsInformation]
        case .forward: [.accepted]
        case .respond: [.forwarded, .duplicate]
        case .close, .closeUnsubstantiated: [.accepted, .responded]
        case .withdraw, .refer, .markDuplicate, .resolve, .link, .unlink, .assign, .extendDeadline: Status.open
        case .undoDuplicate: [.duplicate]
        case .absorb: Status.open + [.closed]
        case .release, .renewAbsorbed, .recalculate, .note, .message, .attach, .missDeadline, .setPriority, .relate,
            .unrelate, .transfer, .requestUnsealing, .approveUnsealing, .denyUnsealing, .unseal, .requestRight,
            .decideRight, .correctIdentity, .setConsent, .placeHold, .liftHold:
            Status.allCases
        case .disclose: [.forwarded, .responded, .closed]
        // What is still worked on is still needed.
        case .restrictData, .eraseData: Status.allCases.filter { !$0.isOpen }
        case .reopen: [.closed, .refused, .withdrawn]
        case .confirmFixed, .denyFixed, .rate: [.closed]
        }
    }

    /// The actions that are possible now for someone with this role, and of those only what a person asks for.
    public func actions(for role: Role) -> [ActionName] {
        // What only follows from something else, and what is asked about the person, which depends on more than the status.
        let apart = ActionName.accountable.union([
            .absorb, .renewAbsorbed, .release, .recalculate, .missDeadline, .requestRight, .correctIdentity,
            .setConsent,
        ])
        return ActionName.allCases.filter { name in
            Self.may(role, name) && allows(name) && !apart.contains(name)
        }
    }

    /// Whether the state it is in lets the action start.
    func allows(_ name: ActionName) -> Bool {
        guard Self.states(for: name).contains(status) else { return false }
        // A company still owes a merged complaint its reply where the case that goes on is about another company.
        guard name == .respond, status == .duplicate else { return true }
        return deadlines.contains { $0.purpose == .companyReply && $0.isPending }
    }
}

extension Complaint.Action {
    public var name: Complaint.ActionName {
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
        case .absorb: .absorb
        case .renewAbsorbed: .renewAbsorbed
        case .release: .release
        case .reopen: .reopen
        case .confirmFixed: .confirmFixed
        case .denyFixed: .denyFixed
        case .rate: .rate
        case .resolve: .resolve
        case .link: .link
        case .unlink: .unlink
        case .assign: .assign
        case .transfer: .transfer
        case .setPriority: .setPriority
        case .relate: .relate
        case .unrelate: .unrelate
        case .extendDeadline: .extendDeadline
        case .recalculate: .recalculate
        case .note: .note
        case .message: .message
        case .attach: .attach
        case .missDeadline: .missDeadline
        case .requestUnsealing: .requestUnsealing
        case .approveUnsealing: .approveUnsealing
        case .denyUnsealing: .denyUnsealing
        case .unseal: .unseal
        case .disclose: .disclose
        case .requestRight: .requestRight
        case .decideRight: .decideRight
        case .correctIdentity: .correctIdentity
        case .setConsent: .setConsent
        case .placeHold: .placeHold
        case .liftHold: .liftHold
        case .restrictData: .restrictData
        case .eraseData: .eraseData
        }
    }
}
