public import Foundation

/// A code with the words people see for it, in the three languages of the product.
public struct Label: Sendable, Hashable, Codable {
    public var code: String
    public var zh: String
    public var en: String
    public var vi: String
    /// Whether the regulator printed it; the rest is ours.
    public var official: Bool

    public init(code: String, zh: String, en: String, vi: String, official: Bool = false) {
        self.code = code
        self.zh = zh
        self.en = en
        self.vi = vi
        self.official = official
    }
}

/// A time-boxed programme of rectification, with the words and rules of its own.
public struct Campaign: Sendable, Hashable, Codable {
    public struct Scenario: Sendable, Hashable, Codable {
        public var label: Label
        public var category: String

        public init(label: Label, category: String) {
            self.label = label
            self.category = category
        }
    }

    /// When a company's claim counts as proved.
    ///
    /// What an officer enters twice on one day is one observation, as long as the campaign does not say otherwise.
    public struct Quorum: Sendable, Hashable, Codable {
        /// What tells one observation from another.
        public enum Difference: String, Sendable, CaseIterable, Codable {
            case observer
            case day
            case method
        }

        /// Fresh observations needed since the claim.
        public var observations: Int
        /// How many of them have to be a probe or on site.
        public var proofs: Int
        /// Two observations count as two where they differ in at least one of these.
        public var independentBy: [Difference]
        /// An observation older than this many days is stale.
        public var staleAfterDays: Int
        /// This many complaints of distinct complainants on a verified barrier open a review.
        public var reviewAfterComplaints: Int

        public init(
            observations: Int = 2, proofs: Int = 1, independentBy: [Difference] = Difference.allCases,
            staleAfterDays: Int = 14, reviewAfterComplaints: Int = 3
        ) {
            self.observations = observations
            self.proofs = proofs
            self.independentBy = independentBy
            self.staleAfterDays = staleAfterDays
            self.reviewAfterComplaints = reviewAfterComplaints
        }
    }

    public var code: String
    /// Unique among campaigns; references begin with it.
    public var prefix: String
    public var name: Label
    public var authority: String
    /// An IANA name.
    ///
    /// Days are days there.
    public var timeZone: String
    public var calendarRegion: String
    public var launchedOn: Day
    /// Information only; an officer closes a campaign.
    public var plannedEndOn: Day?
    public var categories: [Label]
    public var scenarios: [Scenario]
    public var linkScenes: [Label]
    public var paymentScenes: [Label]
    public var blockKinds: [Label]
    public var refusalKinds: [Label]
    public var refusalGrounds: [Label]
    public var informationGaps: [Label]
    public var justificationGrounds: [Label]
    public var referralAgencies: [Label]
    public var ladder: [Label]
    public var rules: [DeadlineRule]
    /// Which rule runs for which purpose.
    public var deadlines: [String: String]
    public var quorum: Quorum
    /// How many days after its end a complaint may be reopened.
    public var reopenDays: Int
    /// A company that has forwarded complaints and answers none of them for this many days is silent.
    public var silentAfterDays: Int
    /// Whether an officer alone may see who complained; left out, it takes two, and of minors always.
    public var onePersonUnseals: Bool?
    /// How long what is known about complainants is kept; left out, the product's own rules hold.
    public var retention: [RetentionRule]?
    /// The tests of the standard that observations answer one by one.
    public var standardTests: [Label]
    /// The category of a kind where neither the complainant nor a scenario says one.
    public var categoryOfKind: [String: String]

    /// Whether a second person decides before an officer sees who complained.
    public var needsTwoToUnseal: Bool { onePersonUnseals != true }

    public func zone() -> TimeZone { TimeZone(identifier: timeZone) ?? .gmt }

    /// The rule for `purpose` in force on `day`.
    ///
    /// `load` refuses a campaign that lacks one on its launch day.
    public func rule(for purpose: Deadline.Purpose, on day: Day) -> DeadlineRule? {
        let code = deadlines[purpose.rawValue]
        return rules.first { rule in
            rule.code == code && rule.effectiveFrom <= day && rule.effectiveTo.map { day < $0 } ?? true
        }
    }

    public func scenes(of kind: Kind) -> [Label] {
        switch kind {
        case .blockedLink: linkScenes
        case .refusedPayment: paymentScenes
        case .other: []
        }
    }

    /// What a complaint is about.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case blockedLink = "blocked_link"
        case refusedPayment = "refused_payment"
        case other
    }

    /// The category a complaint starts with: the complainant's own, else the scenario's, else that of the kind.
    public func category(given: String?, scenario: String?, kind: Kind) -> String? {
        given ?? scenarios.first { $0.label.code == scenario }?.category ?? categoryOfKind[kind.rawValue]
    }

    /// - Throws: `Refusal.unknownCode` where the list lacks `code`.
    public func require(_ code: String, in labels: [Label], field: String) throws(Refusal) {
        guard !labels.contains(where: { $0.code == code }) else { return }
        throw .unknownCode(field: field, value: code, known: labels.map(\.code))
    }

    /// - Throws: `Refusal.unknownCode` or `.categoryMismatch`.
    public func check(category: String?, scenario: String?) throws(Refusal) {
        if let category { try require(category, in: categories, field: "category") }
        guard let scenario else { return }
        try require(scenario, in: scenarios.map(\.label), field: "scenario")
        let expected = scenarios.first { $0.label.code == scenario }?.category
        if let category, let expected, category != expected {
            throw .categoryMismatch(scenario: scenario, category: category, expected: expected)
        }
    }
}
