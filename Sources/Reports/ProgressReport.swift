public import Casework

/// The progress of a campaign at the end of one day, as it was known at one moment.
///
/// A value without a clock: the same day, moment and version of the figures give the same bytes for ever. Nothing in it
/// can be erased later, and no print time is inside.
public struct ProgressReport: Sendable, Equatable, Codable {
    /// Raised when a figure is worked out in another way.
    public static let currentFigures = 1

    public var figuresVersion: Int
    public var campaign: Named
    public var asOf: Day
    /// RFC 3339 in UTC, to the microsecond.
    public var knownAt: String
    /// Whether the day was not over yet when this was known.
    public var isIncomplete: Bool
    public var intake: Intake
    public var handling: Handling
    public var timeliness: [Timeliness]
    public var companies: [CompanyLine]
    public var barriers: Ledger
    public var overdue: Overdue

    public init(
        campaign: Named, asOf: Day, knownAt: String, isIncomplete: Bool, intake: Intake, handling: Handling,
        timeliness: [Timeliness], companies: [CompanyLine], barriers: Ledger, overdue: Overdue
    ) {
        self.figuresVersion = Self.currentFigures
        self.campaign = campaign
        self.asOf = asOf
        self.knownAt = knownAt
        self.isIncomplete = isIncomplete
        self.intake = intake
        self.handling = handling
        self.timeliness = timeliness
        self.companies = companies
        self.barriers = barriers
        self.overdue = overdue
    }
}

/// A code with what people call it.
public struct Named: Sendable, Hashable, Codable {
    public var code: String
    public var zh: String
    public var en: String

    public init(code: String, zh: String, en: String) {
        self.code = code
        self.zh = zh
        self.en = en
    }

    public init(_ label: Label) {
        self.init(code: label.code, zh: label.zh, en: label.en)
    }
}

extension ProgressReport {
    /// How many of a total fall under one code.
    public struct Count: Sendable, Hashable, Codable {
        public var of: Named
        public var count: Int
        /// Tenths of a percent of the total; all shares of one total add to 1000, or are 0 where it is 0.
        public var shareTenths: Int
    }

    public struct WeekCount: Sendable, Hashable, Codable {
        /// The Monday.
        public var weekOf: Day
        public var count: Int

        public init(weekOf: Day, count: Int) {
            self.weekOf = weekOf
            self.count = count
        }
    }

    /// What came in up to the day.
    public struct Intake: Sendable, Equatable, Codable {
        public var filed: Int
        public var byCategory: [Count]
        public var byKind: [Count]
        public var byChannel: [Count]
        /// Every week from the first with a filing to the last, also those without any.
        public var byWeek: [WeekCount]

        public init(filed: Int, byCategory: [Count], byKind: [Count], byChannel: [Count], byWeek: [WeekCount]) {
            self.filed = filed
            self.byCategory = byCategory
            self.byKind = byKind
            self.byChannel = byChannel
            self.byWeek = byWeek
        }
    }

    /// How far what was filed has come.
    public struct Handling: Sendable, Equatable, Codable {
        /// Complaints that ever were accepted, forwarded, answered by the company; each is part of the one before.
        public var everAccepted: Int
        public var everForwarded: Int
        public var everResponded: Int
        public var byStatus: [Count]
        public var byRefusalGround: [Count]
        public var byOutcome: [Count]

        public init(
            everAccepted: Int, everForwarded: Int, everResponded: Int, byStatus: [Count], byRefusalGround: [Count],
            byOutcome: [Count]
        ) {
            self.everAccepted = everAccepted
            self.everForwarded = everForwarded
            self.everResponded = everResponded
            self.byStatus = byStatus
            self.byRefusalGround = byRefusalGround
            self.byOutcome = byOutcome
        }
    }

    /// Where the deadlines of one purpose stand.
    ///
    /// What is paused or no longer owed is in none of the four.
    public struct Timeliness: Sendable, Equatable, Codable {
        public var purpose: Deadline.Purpose
        public var bins: Bins

        public init(purpose: Deadline.Purpose, bins: Bins) {
            self.purpose = purpose
            self.bins = bins
        }
    }

    public struct Bins: Sendable, Equatable, Codable {
        public var metInTime: Int
        public var metLate: Int
        public var openInTime: Int
        public var openLate: Int

        public init(metInTime: Int = 0, metLate: Int = 0, openInTime: Int = 0, openLate: Int = 0) {
            self.metInTime = metInTime
            self.metLate = metLate
            self.openInTime = openInTime
            self.openLate = openLate
        }

        /// Those of which it is known whether they were in time: all but what is open and not yet due.
        public var decided: Int { metInTime + metLate + openLate }

        /// Tenths of a percent in time; `nil` where nothing is decided.
        public var timelyTenths: Int? {
            decided == 0 ? nil : (metInTime * 2000 + decided) / (decided * 2)
        }

        public static func + (left: Bins, right: Bins) -> Bins {
            Bins(
                metInTime: left.metInTime + right.metInTime, metLate: left.metLate + right.metLate,
                openInTime: left.openInTime + right.openInTime, openLate: left.openLate + right.openLate)
        }
    }

    /// One company, as respondent.
    public struct CompanyLine: Sendable, Equatable, Codable {
        public var company: Named
        public var complaints: Int
        public var accepted: Int
        public var closed: Int
        /// How it answers what was forwarded to it.
        public var replies: Bins
        public var barriers: Int
        public var barriersOpen: Int
        public var falseClaims: Int

        public init(
            company: Named, complaints: Int, accepted: Int, closed: Int, replies: Bins, barriers: Int,
            barriersOpen: Int, falseClaims: Int
        ) {
            self.company = company
            self.complaints = complaints
            self.accepted = accepted
            self.closed = closed
            self.replies = replies
            self.barriers = barriers
            self.barriersOpen = barriersOpen
            self.falseClaims = falseClaims
        }
    }

    /// The barriers that were in the ledger.
    public struct Ledger: Sendable, Equatable, Codable {
        public var byRemediation: [Count]
        public var lines: [BarrierLine]

        public init(byRemediation: [Count], lines: [BarrierLine]) {
            self.byRemediation = byRemediation
            self.lines = lines
        }
    }

    public struct BarrierLine: Sendable, Equatable, Codable {
        public var number: Int
        public var kind: Barrier.Kind
        public var respondent: Named
        /// The code is the target's key, such as `platform:taobao`.
        public var target: Named
        public var scene: Named
        public var remediation: Barrier.Remediation
        public var episode: Int
        public var coverage: Int?
        public var awaitedCompany: Named?
        public var observed: Observed.State
        public var observedOn: Day?
        public var isStale: Bool
        /// Accepted complaints that attest it.
        public var complaints: Int

        public init(
            number: Int, kind: Barrier.Kind, respondent: Named, target: Named, scene: Named,
            remediation: Barrier.Remediation, episode: Int, coverage: Int?, awaitedCompany: Named?,
            observed: Observed, complaints: Int
        ) {
            self.number = number
            self.kind = kind
            self.respondent = respondent
            self.target = target
            self.scene = scene
            self.remediation = remediation
            self.episode = episode
            self.coverage = coverage
            self.awaitedCompany = awaitedCompany
            self.observed = observed.state
            self.observedOn = observed.on
            self.isStale = observed.isStale
            self.complaints = complaints
        }
    }

    /// What was owed and had not come.
    public struct Overdue: Sendable, Equatable, Codable {
        public var total: Int
        /// The longest overdue first; at most ``limit``.
        public var lines: [OverdueLine]
        public static let limit = 200

        public init(total: Int, lines: [OverdueLine]) {
            self.total = total
            self.lines = lines
        }
    }

    public struct OverdueLine: Sendable, Equatable, Codable {
        public var reference: String
        public var purpose: Deadline.Purpose
        public var company: Named?
        public var dueOn: Day
        public var daysLate: Int

        public init(reference: String, purpose: Deadline.Purpose, company: Named?, dueOn: Day, daysLate: Int) {
            self.reference = reference
            self.purpose = purpose
            self.company = company
            self.dueOn = dueOn
            self.daysLate = daysLate
        }
    }

    /// Counts with their shares, in the order given.
    public static func counts(_ counts: [(Named, Int)]) -> [Count] {
        zip(counts, shares(of: counts.map(\.1))).map { Count(of: $0.0, count: $0.1, shareTenths: $1) }
    }
}

/// Tenths of a percent that add to 1000: each is rounded down, and what is left goes to the largest remainders, the
/// earlier first among equals.
public func shares(of counts: [Int]) -> [Int] {
    let total = counts.reduce(0, +)
    guard total > 0 else { return counts.map { _ in 0 } }
    var shares = counts.map { $0 * 1000 / total }
    let remainders = counts.indices.sorted { left, right in
        let (first, second) = (counts[left] * 1000 % total, counts[right] * 1000 % total)
        return first == second ? left < right : first > second
    }
    for index in remainders.prefix(1000 - shares.reduce(0, +)) { shares[index] += 1 }
    return shares
}
