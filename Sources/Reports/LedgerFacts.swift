public import Casework

/// What a report needs to know of one barrier, as it was known at one moment.
public struct BarrierFacts: Sendable {
    /// The barrier from one day on.
    ///
    /// Of several on one day the last holds at its end.
    public struct State: Sendable {
        public var on: Day
        public var remediation: Barrier.Remediation
        public var episode: Int
        public var coverage: Int?
        public var awaitedCompany: String?
        public var hasStandingOrder: Bool
        public var falseClaims: Int

        public init(
            on: Day, remediation: Barrier.Remediation, episode: Int, coverage: Int?, awaitedCompany: String?,
            hasStandingOrder: Bool, falseClaims: Int
        ) {
            self.on = on
            self.remediation = remediation
            self.episode = episode
            self.coverage = coverage
            self.awaitedCompany = awaitedCompany
            self.hasStandingOrder = hasStandingOrder
            self.falseClaims = falseClaims
        }
    }

    /// Why a restriction stands, and how long.
    public struct Justification: Sendable, Equatable {
        public var on: Day
        public var ground: String
        public var until: Day?

        public init(on: Day, ground: String, until: Day?) {
            self.on = on
            self.ground = ground
            self.until = until
        }
    }

    public var number: Int
    public var kind: Barrier.Kind
    public var platform: String
    public var target: Barrier.Target
    public var scene: String
    /// In the order in which they took effect; so are the others.
    public var states: [State] = []
    public var observations: [Observation] = []
    /// The version of the app that was looked at last.
    public var version: String?
    public var justifications: [Justification] = []

    public init(number: Int, kind: Barrier.Kind, platform: String, target: Barrier.Target, scene: String) {
        self.number = number
        self.kind = kind
        self.platform = platform
        self.target = target
        self.scene = scene
    }

    /// What held at the end of a day; `nil` where it did not stand in the ledger yet.
    public func state(asOf day: Day) -> State? { states.last { $0.on <= day } }
}

/// What a report needs to know of one order.
public struct OrderFacts: Sendable {
    public struct State: Sendable {
        public var on: Day
        public var status: Order.Status
        public var rung: String
        public var dueOn: Day

        public init(on: Day, status: Order.Status, rung: String, dueOn: Day) {
            self.on = on
            self.status = status
            self.rung = rung
            self.dueOn = dueOn
        }
    }

    public var number: Int
    public var company: String
    public var states: [State] = []

    public init(number: Int, company: String) {
        self.number = number
        self.company = company
    }
}

/// A deadline that was late at the end of the report's day.
public struct LateLine: Sendable, Hashable {
    public var number: Int
    public var purpose: Deadline.Purpose
    public var company: String?
    public var dueOn: Day

    public init(number: Int, purpose: Deadline.Purpose, company: String?, dueOn: Day) {
        self.number = number
        self.purpose = purpose
        self.company = company
        self.dueOn = dueOn
    }

    /// The longest late first.
    public static func precedes(_ left: LateLine, _ right: LateLine) -> Bool {
        (left.dueOn, left.number, left.purpose.rawValue, left.company ?? "")
            < (right.dueOn, right.number, right.purpose.rawValue, right.company ?? "")
    }
}

/// Everything that a report is made of, as it was known at one moment.
public struct ReportFacts: Sendable {
    public var campaign: Campaign
    public var directory: Directory
    public var calendar: WorkingCalendar
    /// RFC 3339 in UTC, to the microsecond.
    public var knownAt: String
    /// Whether the day was not over yet when this was known.
    public var isIncomplete: Bool
    public var period: ReportPeriod
    public var tally: Tally
    public var barriers: [BarrierFacts]
    public var orders: [OrderFacts]
    /// At most ``ProgressReport/lateLimit``, the longest late first.
    public var late: [LateLine]

    public init(
        campaign: Campaign, directory: Directory, calendar: WorkingCalendar, knownAt: String, isIncomplete: Bool,
        period: ReportPeriod, tally: Tally, barriers: [BarrierFacts], orders: [OrderFacts], late: [LateLine]
    ) {
        self.campaign = campaign
        self.directory = directory
        self.calendar = calendar
        self.knownAt = knownAt
        self.isIncomplete = isIncomplete
        self.period = period
        self.tally = tally
        self.barriers = barriers
        self.orders = orders
        self.late = late
    }
}
