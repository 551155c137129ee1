/// One entry of the campaign's issue ledger: a respondent bars a target in one scene.
///
/// Many complaints attest one barrier. How far its removal has come is a matter of its own, apart from how far any
/// complaint is and from what testers see.
public struct Barrier: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case blockedLink = "blocked_link"
        case refusedPayment = "refused_payment"
        /// What a complaint on user rights, data security or illegal connections is about.
        case practice
    }

    /// What the respondent bars, as part of the barrier's key.
    public enum Target: Sendable, Hashable, CustomStringConvertible, Codable {
        case platform(String)
        case company(String)
        case host(String)
        case method(String)
        case scenario(String)

        public init?(_ key: String) {
            let parts = key.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "platform": self = .platform(parts[1])
            case "company": self = .company(parts[1])
            case "host": self = .host(parts[1])
            case "method": self = .method(parts[1])
            case "scenario": self = .scenario(parts[1])
            default: return nil
            }
        }

        public var description: String {
            switch self {
            case .platform(let code): "platform:\(code)"
            case .company(let code): "company:\(code)"
            case .host(let host): "host:\(host)"
            case .method(let code): "method:\(code)"
            case .scenario(let code): "scenario:\(code)"
            }
        }
    }

    /// How far the removal of the barrier has come, by what the company said and the authority proved.
    public enum Remediation: String, Sendable, CaseIterable, Codable {
        case alleged
        case confirmed
        case ordered
        case committed
        case inProgress = "in_progress"
        case pendingCounterparty = "pending_counterparty"
        case claimed
        case partiallyVerified = "partially_verified"
        case verified
        case dismissed
        case justified

        public static let resting: [Remediation] = [.verified, .dismissed, .justified]
        public static let open = allCases.filter { !resting.contains($0) }
        public var isOpen: Bool { !Self.resting.contains(self) }
        /// Whether the public may see it: not while it is only alleged, nor once dismissed.
        public var isPublic: Bool { self != .alleged && self != .dismissed }
    }

    /// A place in a barrier's history, in the order in which things took effect.
    public struct Mark: Sendable, Hashable, Comparable {
        public var on: Day
        public var sequence: Int

        public init(on: Day, sequence: Int) {
            self.on = on
            self.sequence = sequence
        }

        public static func < (left: Mark, right: Mark) -> Bool {
            (left.on, left.sequence) < (right.on, right.sequence)
        }
    }

    /// Counted per campaign.
    public var number: Int
    public var kind: Kind
    public var respondentPlatform: String
    public var target: Target
    public var scene: String
    public var remediation: Remediation
    /// 1, and one more each time it is seen again after it was verified gone.
    public var episode: Int
    public var stateBeforeAwait: Remediation?
    /// The company waited for, whose delay it then is.
    public var awaitedCompany: String?
    /// Its clock, while it is waited for.
    public var wait: Deadline?
    /// Percent, as claimed or verified last.
    public var coverage: Int?
    public var hasStandingOrder: Bool
    /// The last claim; observations after it count for or against it.
    public var claim: Mark?
    /// The day it was verified last.
    public var verifiedOn: Day?
    public var justifiedUntil: Day?
    /// The day by which the company undertook to remove it.
    public var undertakenBy: Day?
    /// Since when it is asked whether the barrier has come back.
    public var reviewOpenedOn: Day?
    /// When it was last found that it has not.
    public var reviewedOn: Day?
    public var falseClaims: Int
    /// The day it stands in the ledger from.
    public var recordedOn: Day
    public var changedOn: Day

    public init(number: Int, kind: Kind, respondentPlatform: String, target: Target, scene: String, recordedOn: Day) {
        self.number = number
        self.kind = kind
        self.respondentPlatform = respondentPlatform
        self.target = target
        self.scene = scene
        self.remediation = .alleged
        self.episode = 1
        self.hasStandingOrder = false
        self.falseClaims = 0
        self.recordedOn = recordedOn
        self.changedOn = recordedOn
    }

    /// What decides on one barrier at one time.
    public struct Rules: Sendable {
        public var campaign: Campaign
        public var calendar: WorkingCalendar
        /// All observations of the barrier, as far as they are not older than its last claim.
        public var observations: [Observation]

        public init(campaign: Campaign, calendar: WorkingCalendar, observations: [Observation] = []) {
            self.campaign = campaign
            self.calendar = calendar
            self.observations = observations
        }
    }

    /// What history compares to say what changed.
    public var facts: Facts {
        let facts: [String: String?] = [
            "remediation": remediation.rawValue, "episode": String(episode), "awaited_company": awaitedCompany,
            "wait_due_on": wait?.dueOn.description, "coverage": coverage.map { String($0) },
            "standing_order": hasStandingOrder ? "true" : nil, "justified_until": justifiedUntil?.description,
            "undertaken_by": undertakenBy?.description, "review_opened_on": reviewOpenedOn?.description,
            "false_claims": String(falseClaims), "recorded_on": recordedOn.description,
        ]
        return facts.compactMapValues(\.self)
    }
}

extension Barrier.Target {
    public init(from decoder: any Decoder) throws {
        let key = try decoder.singleValueContainer().decode(String.self)
        guard let target = Self(key) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no target"))
        }
        self = target
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
