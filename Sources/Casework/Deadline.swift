/// A limit running on a complaint.
public struct Deadline: Sendable, Hashable {
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
    }

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

    public var purpose: Purpose
    public var rule: DeadlineRule
    public var startedOn: Day
    public var pauses: [Pause]
    public var dueOn: Day
    /// Whether the due date reaches past the loaded calendar.
    public var isProvisional: Bool
    public var state: State
    public var endedOn: Day?

    public init(
        purpose: Purpose, rule: DeadlineRule, startedOn: Day, pauses: [Pause] = [], dueOn: Day, isProvisional: Bool,
        state: State = .running, endedOn: Day? = nil
    ) {
        self.purpose = purpose
        self.rule = rule
        self.startedOn = startedOn
        self.pauses = pauses
        self.dueOn = dueOn
        self.isProvisional = isProvisional
        self.state = state
        self.endedOn = endedOn
    }

    init(_ purpose: Purpose, rule: DeadlineRule, from start: Day, calendar: WorkingCalendar) {
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
    var isPending: Bool { state == .running || state == .paused }

    mutating func meet(on day: Day) {
        guard isPending else { return }
        (state, endedOn) = (.met, day)
    }

    mutating func void(on day: Day) {
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
        let due = rule.due(from: startedOn, pauses: pauses, calendar: calendar)
        (state, dueOn, isProvisional) = (.running, due.on, due.isProvisional)
    }

    mutating func suspend() {
        if isPending { state = .suspended }
    }

    mutating func revive() {
        guard state == .suspended else { return }
        state = pauses.last.map { $0.to == nil } ?? false ? .paused : .running
    }
}
