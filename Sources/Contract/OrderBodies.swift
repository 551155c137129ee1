public import Casework
public import Foundation

/// An order to a company.
public struct OrderBody: Codable, Sendable, Equatable {
    public struct Item: Codable, Sendable, Equatable {
        public var barrier: Int
        public var dueOn: Day
        public var state: Deadline.State
        /// Units of the limit that were added.
        public var extendedBy: Int
    }

    public struct Rung: Codable, Sendable, Equatable {
        public var code: String
        public var on: Day
        public var basis: String?
    }

    public var number: Int
    public var campaign: String
    public var version: Int
    public var company: String
    public var status: Order.Status
    /// The highest rung of the ladder.
    public var rung: String
    public var rungs: [Rung]
    public var items: [Item]
    public var issuedOn: Day
    public var servedOn: Day?
    public var acknowledgedOn: Day?
    public var endedOn: Day?
    public var changedOn: Day
    /// The latest day any barrier has.
    public var dueOn: Day
    public var recordedAt: Date
    public var actions: [String]

    public init(_ order: Order, campaign: String, version: Int, recordedAt: Date, actions: [String]) {
        number = order.number
        self.campaign = campaign
        self.version = version
        company = order.company
        status = order.status
        rung = order.rung
        rungs = order.rungs.map { Rung(code: $0.code, on: $0.on, basis: $0.basis) }
        items = order.items.map { item in
            Item(
                barrier: item.barrier, dueOn: item.deadline.dueOn, state: item.deadline.state,
                extendedBy: item.deadline.extensions.reduce(0) { $0 + $1.by })
        }
        issuedOn = order.issuedOn
        servedOn = order.servedOn
        acknowledgedOn = order.acknowledgedOn
        endedOn = order.endedOn
        changedOn = order.changedOn
        dueOn = order.dueOn
        self.recordedAt = recordedAt
        self.actions = actions
    }
}

/// A deadline, told day by day.
public struct ExplanationBody: Codable, Sendable, Equatable {
    public struct Line: Codable, Sendable, Equatable {
        public var day: Day
        public var reason: DeadlineExplanation.Reason
        /// How many days of the limit are used up at its end.
        public var count: Int
        /// Whether no notice on holidays is loaded for its year.
        public var isUncovered: Bool
    }

    public struct Rule: Codable, Sendable, Equatable {
        public var code: String
        public var limit: Int
        public var unit: DeadlineRule.Unit
        public var rollsIfNonworking: Bool
        public var basis: String
    }

    public struct Extension: Codable, Sendable, Equatable {
        public var by: Int
        public var on: Day
    }

    /// What it is about: a reference, `order 3`, `barrier 17`.
    public var subject: String
    public var purpose: Deadline.Purpose
    /// 1 for the first start of the limit, 2 for the first after a reopening, and so on.
    public var run: Int
    /// The reference of the complaint on which it started, where a merger brought it here.
    public var carriedFrom: String?
    /// The company that owes the reply.
    public var company: String?
    public var rule: Rule
    public var state: Deadline.State
    public var startedOn: Day
    public var dueOn: Day
    public var endedOn: Day?
    public var isProvisional: Bool
    /// Whether it ran out before it was met, or is running past its day.
    public var isMissed: Bool
    /// The first day on which it was missed.
    public var missedFrom: Day?
    public var extensions: [Extension]
    public var lines: [Line]

    public init(
        _ deadline: Deadline, subject: String, carriedFrom: String? = nil, calendar: WorkingCalendar, today: Day
    ) {
        self.subject = subject
        self.carriedFrom = carriedFrom
        purpose = deadline.purpose
        run = deadline.run
        company = deadline.company
        let rule = deadline.rule
        self.rule = Rule(
            code: rule.code, limit: rule.limit, unit: rule.unit, rollsIfNonworking: rule.rollsIfNonworking,
            basis: rule.basis)
        state = deadline.state
        startedOn = deadline.startedOn
        dueOn = deadline.dueOn
        endedOn = deadline.endedOn
        isProvisional = deadline.isProvisional
        missedFrom = deadline.state == .suspended ? nil : deadline.firstMissedDay(at: today)
        isMissed = missedFrom != nil
        extensions = deadline.extensions.map { Extension(by: $0.by, on: $0.on) }
        lines = DeadlineExplanation(deadline, calendar: calendar).lines.map { line in
            Line(day: line.day, reason: line.reason, count: line.count, isUncovered: line.isUncovered)
        }
    }
}
