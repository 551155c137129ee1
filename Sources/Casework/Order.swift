public import Foundation

/// What the authority tells a company to do about which barriers by when.
///
/// Where the company does not, the order climbs the campaign's ladder rung by rung.
public struct Order: Sendable, Equatable {
    /// How far it is.
    ///
    ///     issued ─serve→ served ─acknowledge→ acknowledged
    ///     served, acknowledged ─breach→ breached ─escalate→ breached, one rung higher
    ///     any standing ─comply→ complied      any standing ─rescind→ rescinded
    public enum Status: String, Sendable, CaseIterable, Codable {
        case issued
        case served
        case acknowledged
        case breached
        case complied
        case rescinded

        public static let standing: [Status] = [.issued, .served, .acknowledged, .breached]
        public var isStanding: Bool { Self.standing.contains(self) }
    }

    /// A rung of the ladder that was climbed.
    public struct Rung: Sendable, Hashable, Codable {
        /// One of the campaign's.
        public var code: String
        public var on: Day
        /// The legal basis.
        public var basis: String?

        public init(code: String, on: Day, basis: String?) {
            self.code = code
            self.on = on
            self.basis = basis
        }
    }

    /// One barrier the order is about, with the limit for its removal.
    public struct Item: Sendable, Hashable {
        public var barrier: Int
        public var deadline: Deadline

        public init(barrier: Int, deadline: Deadline) {
            self.barrier = barrier
            self.deadline = deadline
        }
    }

    /// Counted per campaign.
    public var number: Int
    public var company: String
    public var status: Status
    /// From the first to the highest.
    public var rungs: [Rung]
    /// By the number of the barrier.
    public var items: [Item]
    public var issuedOn: Day
    public var issuedBy: UUID?
    public var servedOn: Day?
    public var acknowledgedOn: Day?
    public var endedOn: Day?
    public var changedOn: Day

    public init(
        number: Int, company: String, rung: Rung, items: [Item], issuedOn: Day, issuedBy: UUID?
    ) {
        self.number = number
        self.company = company
        self.status = .issued
        self.rungs = [rung]
        self.items = items.sorted { $0.barrier < $1.barrier }
        self.issuedOn = issuedOn
        self.issuedBy = issuedBy
        self.changedOn = issuedOn
    }

    /// What decides on one order at one time.
    public struct Rules: Sendable {
        public var campaign: Campaign
        public var calendar: WorkingCalendar
        public var ledger: Complaint.Ledger

        public init(campaign: Campaign, calendar: WorkingCalendar, ledger: Complaint.Ledger = .init()) {
            self.campaign = campaign
            self.calendar = calendar
            self.ledger = ledger
        }
    }

    public var rung: String { rungs.last?.code ?? "" }
    /// The latest day any barrier has.
    public var dueOn: Day { items.map(\.deadline.dueOn).max() ?? issuedOn }

    public var facts: Facts {
        var facts = ["status": status.rawValue, "rung": rung]
        for item in items {
            let deadline = item.deadline
            facts["due_barrier_\(item.barrier)"] = "\(deadline.dueOn) \(deadline.state.rawValue)"
        }
        return facts
    }
}

extension Order {
    /// What can be done to an order, by name; the raw values are the names in history.
    public enum ActionName: String, Sendable, CaseIterable, Codable {
        case issue
        case serve
        case acknowledge
        case extend
        case comply
        case breach
        case escalate
        case rescind
        case recalculate
        case missDeadline = "miss_deadline"
        case note

        public var isRemark: Bool { self == .missDeadline || self == .note }
    }

    public enum Action: Sendable, Equatable {
        case issue
        case serve
        case acknowledge
        /// More time for all barriers, or for one, in units of the limit.
        case extend(barrier: Int?, by: Int)
        case comply
        case breach
        case escalate(rung: String, basis: String)
        case rescind
        case recalculate
        case missDeadline(barrier: Int, dueOn: Day)
        case note

        public var name: ActionName {
            switch self {
            case .issue: .issue
            case .serve: .serve
            case .acknowledge: .acknowledge
            case .extend: .extend
            case .comply: .comply
            case .breach: .breach
            case .escalate: .escalate
            case .rescind: .rescind
            case .recalculate: .recalculate
            case .missDeadline: .missDeadline
            case .note: .note
            }
        }
    }

    public static func may(_ role: Role, _ action: ActionName) -> Bool {
        switch action {
        case .issue, .serve, .comply, .breach, .escalate, .note: role == .officer || role == .supervisor
        case .acknowledge: [.officer, .supervisor, .company].contains(role)
        case .extend, .rescind: role == .supervisor
        case .recalculate, .missDeadline: role == .system
        }
    }

    /// The states an action starts from; `issue` makes the order, so it starts from none.
    public static func states(for action: ActionName) -> [Status] {
        switch action {
        case .issue: []
        case .serve: [.issued]
        case .acknowledge: [.served]
        case .extend: [.issued, .served, .acknowledged]
        case .comply, .rescind: Status.standing
        case .breach: [.served, .acknowledged]
        case .escalate: [.breached]
        case .recalculate, .missDeadline, .note: Status.allCases
        }
    }

    /// The actions that are possible now for someone with this role, and of those only what a person asks for.
    public func actions(for role: Role) -> [ActionName] {
        ActionName.allCases.filter { name in
            Self.may(role, name) && Self.states(for: name).contains(status)
        }
    }
}
