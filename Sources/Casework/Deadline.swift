public import Foundation

/// One run of a limit: one start of one purpose on one case.
///
/// What happened to a run is never undone by what happens to the case later: one whose due day passed unmet is missed
/// from the next day on, for good. Everything is judged by effective days, and the due day itself still counts.
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

    /// How far it is; ``Deadline/isMissed(at:)`` tells whether it was missed.
    public enum State: String, Sendable, CaseIterable, Codable {
        case running
        /// The complaint waits for information; the days are not counted.
        case paused
        /// Done, on `endedOn`, in time or late.
        case met
        /// Nothing is owed any more.
        case void
        /// Another complaint carries the run while the two are merged, or gave it back when the merger was undone.
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

    /// Which run it is, among all runs that a complaint has or carries.
    public struct Identity: Sendable, Hashable {
        public var purpose: Purpose
        public var origin: UUID?
        public var run: Int

        public init(purpose: Purpose, origin: UUID?, run: Int) {
            self.purpose = purpose
            self.origin = origin
            self.run = run
        }
    }

    public var purpose: Purpose
    /// The complaint on which it started, where a merger brought it here; `nil` for the case's own.
    public var origin: UUID?
    /// 1 for the first start of the purpose, 2 for the first after a reopening, and so on.
    public var run: Int
    /// The company that owes the reply, whatever is found out about the respondent later.
    public var company: String?
    public var rule: DeadlineRule
    /// Day zero of the count.
    public var startedOn: Day
    /// The day of the step that started it; later than `startedOn` where an answer is counted from the day on which all
    /// materials were there.
    public var beganOn: Day
    public var pauses: [Pause]
    public var extensions: [Extension]
    /// How many of its pauses and extensions were entered after the fact.
    public var backEntered: Int
    /// The last day on which it is in time.
    public var dueOn: Day
    /// Whether the due date reaches past the loaded calendar.
    public var isProvisional: Bool
    public var state: State
    public var endedOn: Day?
    /// The first day on which it was missed.
    ///
    /// Set by the first step after the due day that touches the run; until then the due day tells.
    public var missedFrom: Day?

    /// A run as it begins.
    ///
    /// - Parameters:
    ///   - purpose: What has to be done in time.
    ///   - rule: How long it may take.
    ///   - start: Day zero of the count.
    ///   - day: The day of the step that starts it; left out, day zero.
    ///   - run: Which start of the purpose on the case it is.
    ///   - company: The company that owes the reply.
    ///   - calendar: Which days are worked.
    public init(
        _ purpose: Purpose, rule: DeadlineRule, from start: Day, on day: Day? = nil, run: Int = 1,
        company: String? = nil, calendar: WorkingCalendar
    ) {
        self.purpose = purpose
        self.run = run
        self.company = company
        self.rule = rule
        startedOn = start
        beganOn = day ?? start
        pauses = []
        extensions = []
        backEntered = 0
        (dueOn, isProvisional) = rule.due(from: start, calendar: calendar)
        state = .running
    }

    public var identity: Identity { Identity(purpose: purpose, origin: origin, run: run) }

    /// Whether the due day has passed at the end of `day`, and what was owed did not come by then.
    public func isMissed(at day: Day) -> Bool {
        if let missedFrom { return missedFrom <= day }
        return isCounting && day > dueOn
    }

    /// Whether it was missed at the end of `day` and is still owed.
    public func isOverdue(at day: Day) -> Bool { state == .running && isMissed(at: day) }

    /// The first day on which it is missed, as far as that is known at the end of `day`.
    public func firstMissedDay(at day: Day) -> Day? {
        isMissed(at: day) ? missedFrom ?? max(dueOn + 1, beganOn) : nil
    }

    public var wasMetLate: Bool { state == .met && missedFrom != nil }

    /// The last day on which it was, or is, in time: a due day that a later calendar moves does not take back a miss.
    public var owedBy: Day { Self.owedBy(dueOn, missedFrom: missedFrom) }

    /// The same of a due day, and of the first day on which it was missed.
    public static func owedBy(_ dueOn: Day, missedFrom: Day?) -> Day { missedFrom.map { min(dueOn, $0 + -1) } ?? dueOn }

    public var isPending: Bool { state == .running || state == .paused }

    /// Whether its days count, also while another complaint carries it.
    private var isCounting: Bool { state == .running || state == .suspended && !isWaiting }

    /// Whether its last pause has not ended.
    private var isWaiting: Bool { pauses.last.map { $0.to == nil } ?? false }
}

// MARK: Steps

extension Deadline {
    /// Keeps for good that the due day passed, before a step of `day` changes the run.
    private mutating func settle(_ day: Day) {
        guard missedFrom == nil else { return }
        missedFrom = firstMissedDay(at: day)
    }

    public mutating func meet(on day: Day) {
        guard isPending else { return }
        settle(day)
        (state, endedOn) = (.met, day)
    }

    /// Nothing is owed any more; a run that was missed ends as missed.
    public mutating func void(on day: Day) {
        guard isPending else { return }
        settle(day)
        (state, endedOn) = (.void, day)
    }

    /// Stops counting, unless the run was missed before: a pause cannot begin after the end.
    mutating func pause(from day: Day, isBackEntered: Bool = false) {
        guard state == .running else { return }
        settle(day)
        guard missedFrom == nil else { return }
        state = .paused
        pauses.append(Pause(from: day))
        if isBackEntered { backEntered += 1 }
    }

    mutating func resume(on day: Day, calendar: WorkingCalendar) {
        guard state == .paused, let last = pauses.indices.last else { return }
        pauses[last].to = day
        state = .running
        recalculate(calendar)
    }

    /// Counts again from `day`, in the same run: a decision on incomplete papers was not owed.
    mutating func restart(on day: Day, rule: DeadlineRule?, calendar: WorkingCalendar) {
        guard state == .paused else { return }
        if let rule { self.rule = rule }
        (startedOn, pauses, state) = (day, [], .running)
        recalculate(calendar)
    }

    /// Gives more time, counted like the rule's own.
    ///
    /// - Throws: `Refusal` `.limitMissed` where the due day has passed.
    public mutating func extend(
        by units: Int, on day: Day, approver: UUID?, isBackEntered: Bool = false, calendar: WorkingCalendar
    ) throws(Refusal) {
        guard !isMissed(at: day) else { throw .limitMissed(owedBy: owedBy, on: day) }
        extensions.append(Extension(by: units, on: day, approver: approver))
        if isBackEntered { backEntered += 1 }
        recalculate(calendar)
    }

    /// Counts again with another calendar; a run that was missed before `day` stays missed.
    public mutating func recalculate(_ calendar: WorkingCalendar, on day: Day) {
        // What was given back to another complaint goes on there.
        guard isPending || state == .suspended && origin == nil else { return }
        settle(day)
        recalculate(calendar)
    }

    private mutating func recalculate(_ calendar: WorkingCalendar) {
        let due = extendedRule.due(from: startedOn, pauses: pauses, calendar: calendar)
        (dueOn, isProvisional) = (due.on, due.isProvisional)
    }

    /// The rule with the limit that holds after all extensions.
    var extendedRule: DeadlineRule {
        var rule = rule
        rule.limit += extensions.reduce(0) { $0 + $1.by }
        return rule
    }

    /// Rests, while another complaint carries it.
    mutating func suspend() {
        guard isPending else { return }
        (state, endedOn) = (.suspended, nil)
    }

    /// Goes on from `day` as if it had never been carried.
    mutating func revive(on day: Day) {
        guard state == .suspended else { return }
        settle(day)
        state = isWaiting ? .paused : .running
    }

    /// Goes back to the complaint that it came from, whatever became of it meanwhile.
    mutating func giveBack() { (state, endedOn) = (.suspended, nil) }
}
