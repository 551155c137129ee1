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
    ///     closed, refused, withdrawn ─reopen→ accepted      closed ─deny fixed→ accepted
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
        /// Accepted and later: what counts for a barrier.
        public static let counted: [Status] = [.accepted, .forwarded, .responded, .closed]
        public var isOpen: Bool { Self.open.contains(self) }
    }

    public enum Outcome: String, Sendable, CaseIterable, Codable {
        case remediated
        case explained
        case justifiedRestriction = "justified_restriction"
        case unsubstantiated
        case enforced
    }

    /// How soon it should be worked.
    public enum Priority: String, Sendable, CaseIterable, Codable {
        case low
        case normal
        case high
        case urgent
    }

    /// What a company says to what was forwarded to it.
    public enum Answer: String, Sendable, CaseIterable, Codable {
        case accepted
        /// On a legal ground.
        case rejected
        case partial
        /// The company asks back; its clock goes on, since only the authority stops clocks.
        case needsInformation = "needs_information"
    }

    /// How one complaint stands to another.
    public enum Relation: String, Sendable, CaseIterable, Codable {
        case related
        case sameIncident = "same_incident"
        case followsUp = "follows_up"
        case contradicts
    }

    /// A tie to another complaint.
    public struct RelatedComplaint: Sendable, Hashable, Codable {
        public var complaint: UUID
        public var relation: Relation

        public init(_ complaint: UUID, _ relation: Relation) {
            self.complaint = complaint
            self.relation = relation
        }
    }

    /// A complaint that was merged into this one.
    public struct Absorbed: Sendable, Hashable, Codable {
        public var complaint: UUID
        /// The barriers it attests.
        public var barriers: [Int]
        /// Those of them that this complaint did not attest before.
        public var added: [Int]

        init(_ complaint: UUID, barriers: [Int], added: [Int]) {
            self.complaint = complaint
            self.barriers = barriers
            self.added = added
        }
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
    /// The code of the office it belongs to.
    public var office: String
    public var officer: UUID?
    public var priority: Priority
    public var outcome: Outcome?
    public var refusalGround: String?
    public var informationGap: String?
    public var agency: String?
    public var duplicateOf: UUID?
    /// What the company said last, with its legal ground where it refuses.
    public var answer: Answer?
    public var answerGround: String?
    /// The company it was forwarded to last, and when.
    public var forwardedTo: String?
    public var forwardedOn: Day?
    public var receivedOn: Day
    /// The day on which all materials were there.
    public var materialsOn: Day
    /// The effective day of the latest change.
    public var changedOn: Day
    /// The day on which it stopped being open.
    public var endedOn: Day?
    /// The step that closed it, by its place in history; `nil` while it is not closed.
    public var ending: Int?
    /// What complainants said of its endings, of earlier ones too.
    public var verdicts: Set<Verdict>
    /// Every run of every limit: its own, and those of complaints that were merged into it.
    public var deadlines: [Deadline]
    /// The numbers of the barriers it attests.
    public var barriers: Set<Int>
    public var absorbed: [Absorbed]
    public var relations: Set<RelatedComplaint>

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
        respondent: Party = Party(), target: Target = Target(), office: String = Office.central, receivedOn: Day,
        deadlines: [Deadline] = [], barriers: Set<Int> = []
    ) {
        self.id = id
        self.kind = kind
        self.status = status
        self.category = category
        self.scenario = scenario
        self.respondent = respondent
        self.target = target
        self.office = office
        self.priority = .normal
        self.receivedOn = receivedOn
        self.materialsOn = receivedOn
        self.changedOn = receivedOn
        self.deadlines = deadlines
        self.barriers = barriers
        self.verdicts = []
        self.absorbed = []
        self.relations = []
    }

    /// The rules that decide on one complaint at one time.
    public struct Rules: Sendable {
        public var campaign: Campaign
        public var calendar: WorkingCalendar
        /// What the complaint's barriers were, and are.
        public var ledger: Ledger
        /// Calendars that held before `calendar`, each with the place of the last event that was recorded under it, in
        /// order: what was missed by an older calendar stays missed when the case is replayed.
        public var earlierCalendars: [(through: Int, calendar: WorkingCalendar)] = []

        public init(campaign: Campaign, calendar: WorkingCalendar, ledger: Ledger = Ledger()) {
            self.campaign = campaign
            self.calendar = calendar
            self.ledger = ledger
        }

        /// The rules with the calendar that was known when an event was recorded.
        public func asOf(sequence: Int) -> Rules {
            guard let earlier = earlierCalendars.first(where: { sequence <= $0.through }) else { return self }
            var rules = self
            rules.calendar = earlier.calendar
            return rules
        }
    }

    /// What barriers were from which day on, as far as closing a complaint asks.
    public struct Ledger: Sendable, Equatable {
        private var entries: [Int: [(from: Day, remediation: Barrier.Remediation)]] = [:]

        public init() {}

        /// Adds what a barrier became; the entries of one barrier in order of their days.
        public mutating func add(_ number: Int, from day: Day, _ remediation: Barrier.Remediation) {
            entries[number, default: []].append((day, remediation))
        }

        /// What the barrier was at the end of the day.
        public func remediation(of number: Int, on day: Day) -> Barrier.Remediation? {
            entries[number]?.last { $0.from <= day }?.remediation
        }

        public static func == (left: Ledger, right: Ledger) -> Bool {
            left.entries.mapValues { $0.map { "\($0.from) \($0.remediation)" } }
                == right.entries.mapValues { $0.map { "\($0.from) \($0.remediation)" } }
        }
    }

    /// A complaint as it comes in, with the first deadline running.
    public static func received(
        id: UUID, kind: Campaign.Kind, category: String?, scenario: String?, respondent: Party, target: Target,
        office: String = Office.central, on day: Day, under rules: Rules
    ) -> Complaint {
        var complaint = Complaint(
            id: id, kind: kind, category: category, scenario: scenario, respondent: respondent, target: target,
            office: office, receivedOn: day)
        complaint.start(.acceptance, from: day, on: day, under: rules)
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

    /// What history compares to say what changed.
    public var facts: Facts {
        var facts: [String: String?] = [
            "status": status.rawValue, "category": category, "scenario": scenario,
            "respondent_platform": respondent.platform, "respondent_company": respondent.company,
            "target_platform": target.platform, "target_company": target.company,
            "payment_method": target.paymentMethod, "office": office, "officer": officer?.text,
            "priority": priority.rawValue, "outcome": outcome?.rawValue, "refusal_ground": refusalGround,
            "information_gap": informationGap, "agency": agency, "duplicate_of": duplicateOf?.text,
            "answer": answer?.rawValue, "answer_ground": answerGround,
            "forwarded_to": forwardedTo, "confirmed_fixed": isConfirmedFixed.map { "\($0)" },
            "rating": rating.map { "\($0)" },
        ]
        for deadline in deadlines {
            facts[deadline.factName] = "\(deadline.dueOn) \(deadline.state.rawValue)"
        }
        return facts.compactMapValues(\.self)
    }
}

/// A unit of the authority, with the regions whose complaints come to it.
public struct Office: Sendable, Hashable {
    /// The office every deployment has; it takes what no other does, and its officers may change every case.
    public static let central = "centre"

    public var code: String
    public var nameZh: String
    public var nameEn: String
    /// Codes such as `CN-GD`.
    public var regions: [String]

    public init(code: String, nameZh: String, nameEn: String, regions: [String]) {
        self.code = code
        self.nameZh = nameZh
        self.nameEn = nameEn
        self.regions = regions
    }

    /// The office for a complaint from a region: the first that names it, or a part it lies in, else the central one.
    public static func having(region: String?, among offices: [Office]) -> String {
        guard let region else { return central }
        let found = offices.first { office in
            office.regions.contains { region == $0 || region.hasPrefix($0 + "-") }
        }
        return found?.code ?? central
    }
}

extension UUID {
    /// As history and addresses write it: in small letters.
    public var text: String { uuidString.lowercased() }
}

/// How a complaint came in.
public enum Channel: String, Sendable, CaseIterable {
    case `public`
    case officer
    /// An organisation with a key.
    case filer
}
