public import Foundation

/// What one complainant filed, as far as rules look at it.
///
/// Words (narrative, pasted text) and identity are not here: no rule needs them.
public struct Complaint: Sendable, Equatable {
    /// How far the case is.
    ///
    ///     received ─accept→ accepted ─forward→ forwarded ─respond→ responded ─close→ closed
    ///        └─refuse→ refused
    ///     any open ─request information→ needs_information ─provide→ back where it was
    ///     any open ─withdraw→ withdrawn      any open ─refer→ referred
    ///     any open ─duplicate→ duplicate ─undo→ back where it was
    ///     closed, refused, withdrawn ─reopen→ accepted
    public enum Status: String, Sendable, CaseIterable, Codable {
        case received
        case needsInformation = "needs_information"
        case accepted
        case forwarded
        case responded
        case closed
        case refused
        case withdrawn
        case referred
        case duplicate

        public static let open: [Status] = [.received, .needsInformation, .accepted, .forwarded, .responded]
        public var isOpen: Bool { Self.open.contains(self) }
    }

    public enum Outcome: String, Sendable, CaseIterable, Codable {
        case remediated
        case explained
        case justifiedRestriction = "justified_restriction"
        case unsubstantiated
        case enforced
    }

    public var id: UUID
    public var kind: Campaign.Kind
    public var status: Status
    /// Where it goes back to when the information comes.
    public var statusBeforeGap: Status?
    /// Where it goes back to when the duplicate is undone.
    public var statusBeforeDuplicate: Status?
    public var category: String?
    public var scenario: String?
    public var respondent: Party
    public var target: Target
    public var officer: UUID?
    public var outcome: Outcome?
    public var refusalGround: String?
    public var informationGap: String?
    public var agency: String?
    public var duplicateOf: UUID?
    public var receivedOn: Day
    /// The day on which all materials were there.
    public var materialsOn: Day
    /// The effective day of the latest change.
    public var changedOn: Day
    public var deadlines: [Deadline]

    /// Who is complained of.
    ///
    /// Both are `nil` until someone is sure.
    public struct Party: Sendable, Hashable {
        public var platform: String?
        public var company: String?

        public init(platform: String? = nil, company: String? = nil) {
            self.platform = platform
            self.company = company
        }
    }

    /// What is blocked or refused.
    public struct Target: Sendable, Hashable {
        public var platform: String?
        public var company: String?
        /// The registry host that matches, else the registrable domain or address.
        public var host: String?
        public var paymentMethod: String?

        public init(
            platform: String? = nil, company: String? = nil, host: String? = nil, paymentMethod: String? = nil
        ) {
            self.platform = platform
            self.company = company
            self.host = host
            self.paymentMethod = paymentMethod
        }
    }

    public init(
        id: UUID, kind: Campaign.Kind, status: Status = .received, category: String? = nil, scenario: String? = nil,
        respondent: Party = Party(), target: Target = Target(), receivedOn: Day, deadlines: [Deadline] = []
    ) {
        self.id = id
        self.kind = kind
        self.status = status
        self.category = category
        self.scenario = scenario
        self.respondent = respondent
        self.target = target
        self.receivedOn = receivedOn
        self.materialsOn = receivedOn
        self.changedOn = receivedOn
        self.deadlines = deadlines
    }

    /// The rules that decide on one complaint at one time.
    public struct Rules: Sendable {
        public var campaign: Campaign
        public var calendar: WorkingCalendar

        public init(campaign: Campaign, calendar: WorkingCalendar) {
            self.campaign = campaign
            self.calendar = calendar
        }
    }

    /// A complaint as it comes in, with the first deadline running.
    public static func received(
        id: UUID, kind: Campaign.Kind, category: String?, scenario: String?, respondent: Party, target: Target,
        on day: Day, under rules: Rules
    ) -> Complaint {
        var complaint = Complaint(
            id: id, kind: kind, category: category, scenario: scenario, respondent: respondent, target: target,
            receivedOn: day)
        complaint.start(.acceptance, on: day, under: rules)
        return complaint
    }

    /// What the barrier it attests is keyed by; `nil` while it has no platform or nothing to be barred from.
    public var barrierTarget: Barrier.Target? {
        guard respondent.platform != nil else { return nil }
        switch kind {
        case .blockedLink:
            if let platform = target.platform { return .platform(platform) }
            if let company = target.company { return .company(company) }
            return target.host.map { .host($0) }
        case .refusedPayment: return target.paymentMethod.map { .method($0) }
        case .other:
            guard category != "market_order" else { return nil }
            return scenario.map { .scenario($0) }
        }
    }
}
