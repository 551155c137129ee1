public import Foundation

/// A limit running on a case.
public struct Deadline: Sendable, Hashable, Codable {
    /// What has to be done in time.
    ///
    /// Which rule applies to it, the campaign says.
    public enum Purpose: String, Sendable, CaseIterable, Codable {
        /// The authority decides whether it takes the complaint.
        case acceptance
        /// The company answers what was forwarded to it; the basis of the 95 % line.
        case companyReply = "company_reply"
        /// The authority answers the complainant on the outcome.
        case answer
        /// The company does what an order says of one barrier.
        case order
        /// The company that is waited for does its part.
        case counterparty

        /// Those that run on complaints.
        public static let ofComplaints: [Purpose] = [.acceptance, .companyReply, .answer]
    }

    /// How far it is; whether it was missed follows from the due date.
    public enum State: String, Sendable, CaseIterable, Codable {
        case running
        /// The complaint waits for information; the days are not counted.
        case paused
        /// Done, on `endedOn`, in time or late.
        case met
        /// Nothing is owed any more.
        case void
        /// The complaint rests as a duplicate; the deadline comes back if that is undone.
        case suspended
    }

    /// Days that do not count: those that end while the complaint waits for information.
    public struct Pause: Sendable, Hashable, Codable {
        public var from: Day
        /// The first day that counts again; `nil` while the pause lasts.
        public var to: Day?

        public init(from: Day, to: Day? = nil) {
            self.from = from
            self.to = to
        }

        func contains(_ day: Day) -> Bool {
            day >= from && to.map { day < $0 } ?? false
        }
    }

    /// More time, given by someone who may.
    public struct Extension: Sendable, Hashable, Codable {
        /// In units of the rule.
        public var by: Int
        public var on: Day
        public var approver: UUID?

        public init(by: Int, on: Day, approver: UUID?) {
            self.by = by
            self.on = on
            self.approver = approver
        }
    }

    /// An earlier date, owed to a complaint that was merged into this one.
    public struct Adoption: Sendable, Hashable, Codable {
        public var complaint: UUID
        public var dueOn: Day

        public init(complaint: UUID, dueOn: Day) {
            self.complaint = complaint
            self.dueOn = dueOn
        }
    }

    public var purpose: Purpose
    public var rule: DeadlineRule
    public var startedOn: Day
    public var pauses: [Pause]
    public var extensions: [Extension]
    public var adoptions: [Adoption]
    /// The last day on which it is in time.
    public var dueOn: Day
    /// Whether the due date reaches past the loaded calendar.
    public var isProvisional: Bool
    public var state: State
    public var endedOn: Day?

    public init(
        purpose: Purpose, rule: DeadlineRule, startedOn: Day, pauses: [Pause] = [], extensions: [Extension] = [],
        adoptions: [Adoption] = [], dueOn: Day, isProvisional: Bool, state: State = .running, endedOn: Day? = nil
    ) {
        self.purpose = purpose
        self.rule = rule
        self.startedOn = startedOn
        self.pauses = pauses
        self.extensions = extensions
        self.adoptions = adoptions
        self.dueOn = dueOn
        self.isProvisional = isProvisional
        self.state = state
        self.endedOn = endedOn
    }

    public init(_ purpose: Purpose, rule: DeadlineRule, from start: Day, calendar: WorkingCalendar) {
        let due = rule.due(from: start, calendar: calendar)
        self.init(purpose: purpose, rule: rule, startedOn: start, dueOn: due.on, isProvisional: due.isProvisional)
    }

    /// Whether the limit has passed at the end of `day` and what was owed has not come.
    public func isOverdue(at day: Day) -> Bool {
        state == .running && day > dueOn
    }

    public var wasMetLate: Bool { state == .met && endedOn.map { $0 > dueOn } ?? false }
}

// MARK: Steps

extension Deadline {
    public var isPending: Bool { state == .running || state == .paused }

    public mutating func meet(on day: Day) {
        guard isPending else { return }
        (state, endedOn) = (.met, day)
    }

    public mutating func void(on day: Day) {
        guard isPending else { return }
        (state, endedOn) = (.void, day)
    }

    mutating func pause(from day: Day) {
        guard state == .running else { return }
        state = .paused
        pauses.append(Pause(from: day))
    }

    mutating func resume(on day: Day, calendar: WorkingCalendar) {
        guard state == .paused, let last = pauses.indices.last else { return }
        pauses[last].to = day
        state = .running
        recalculate(calendar)
    }

    /// Gives more time, counted like the rule's own.
    public mutating func extend(by units: Int, on day: Day, approver: UUID?, calendar: WorkingCalendar) {
        extensions.append(Extension(by: units, on: day, approver: approver))
        recalculate(calendar)
    }

    mutating func adopt(_ dueOn: Day, of complaint: UUID, calendar: WorkingCalendar) {
        adoptions.append(Adoption(complaint: complaint, dueOn: dueOn))
        recalculate(calendar)
    }

    mutating func release(_ complaint: UUID, calendar: WorkingCalendar) {
        guard adoptions.contains(where: { $0.complaint == complaint }) else { return }
        adoptions.removeAll { $0.complaint == complaint }
        recalculate(calendar)
    }

    /// Works the due date out anew: from the rule with its extensions, or earlier where another complaint is owed that.
    public mutating func recalculate(_ calendar: WorkingCalendar) {
        let due = extendedRule.due(from: startedOn, pauses: pauses, calendar: calendar)
        (dueOn, isProvisional) = (due.on, due.isProvisional)
        if let earlier = adoptions.map(\.dueOn).min(), earlier < dueOn { dueOn = earlier }
    }

    /// The rule with the limit that holds after all extensions.
    var extendedRule: DeadlineRule {
        var rule = rule
        rule.limit += extensions.reduce(0) { $0 + $1.by }
        return rule
    }

    mutating func suspend() {
        if isPending { state = .suspended }
    }

    mutating func revive(_ calendar: WorkingCalendar) {
        guard state == .suspended else { return }
        state = pauses.last.map { $0.to == nil } ?? false ? .paused : .running
        // The calendar may have changed meanwhile.
        recalculate(calendar)
    }
}
