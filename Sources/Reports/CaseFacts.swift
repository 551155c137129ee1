public import Casework

/// What a report needs to know of one complaint, as it was known at one moment.
public struct CaseFacts: Sendable {
    /// The complaint from one day on.
    ///
    /// Of several on one day the last holds at its end.
    public struct State: Sendable {
        public var on: Day
        public var status: Complaint.Status
        public var category: String?
        public var scenario: String?
        public var company: String?
        public var outcome: Complaint.Outcome?
        public var ground: String?

        public init(
            on: Day, status: Complaint.Status, category: String?, scenario: String?, company: String?,
            outcome: Complaint.Outcome?, ground: String?
        ) {
            self.on = on
            self.status = status
            self.category = category
            self.scenario = scenario
            self.company = company
            self.outcome = outcome
            self.ground = ground
        }
    }

    /// A deadline from one day on.
    public struct Term: Sendable {
        public var purpose: Deadline.Purpose
        public var on: Day
        public var dueOn: Day
        public var state: Deadline.State
        public var endedOn: Day?

        public init(purpose: Deadline.Purpose, on: Day, dueOn: Day, state: Deadline.State, endedOn: Day?) {
            self.purpose = purpose
            self.on = on
            self.dueOn = dueOn
            self.state = state
            self.endedOn = endedOn
        }
    }

    /// Whether it attests a barrier, from one day on.
    public struct Tie: Sendable {
        public var barrier: Int
        public var on: Day
        public var isLinked: Bool

        public init(barrier: Int, on: Day, isLinked: Bool) {
            self.barrier = barrier
            self.on = on
            self.isLinked = isLinked
        }
    }

    public var number: Int
    public var kind: Campaign.Kind
    public var channel: Channel
    public var region: String?
    public var receivedOn: Day
    /// In the order in which they took effect; so are the others.
    public var states: [State] = []
    public var terms: [Term] = []
    public var ties: [Tie] = []

    public init(number: Int, kind: Campaign.Kind, channel: Channel, region: String?, receivedOn: Day) {
        self.number = number
        self.kind = kind
        self.channel = channel
        self.region = region
        self.receivedOn = receivedOn
    }
}

/// What complaints are counted by.
public enum Measure: String, Sendable, CaseIterable {
    /// Received on a day, by kind, channel, region, category and scenario.
    case kind, channel, region, category, scenario
    case status, ground, outcome
    /// Ever accepted, forwarded, answered by the company, closed.
    case reached
    /// Of one company: received on a day, ever reached, status and outcome.
    case companyReceived = "company_received"
    case companyReached = "company_reached"
    case companyStatus = "company_status"
    case companyOutcome = "company_outcome"
    /// `purpose/met`, `purpose/late` and, with the due day, `purpose/running`.
    case deadline
    /// `step/working days`.
    case step
    /// Accepted complaints of one barrier, by its number.
    case attests
}

/// One thing that a complaint counts for.
public struct Slot: Sendable, Hashable {
    public var measure: Measure
    /// Empty where companies do not matter.
    public var company: String
    public var value: String
    /// The day of receipt, or on which something is due; ``Slot/anyDay`` where none matters.
    public var day: Day

    public static let anyDay = Day(number: 0)

    public init(_ measure: Measure, _ value: String, company: String = "", day: Day = Slot.anyDay) {
        self.measure = measure
        self.company = company
        self.value = value
        self.day = day
    }
}

/// A count that begins or ends on a day.
public struct SlotChange: Sendable, Hashable {
    public var slot: Slot
    public var on: Day

    public init(slot: Slot, on: Day) {
        self.slot = slot
        self.on = on
    }
}

extension CaseFacts {
    /// The handling steps whose length is told: from which status to which.
    public enum Step: String, Sendable, CaseIterable {
        case acceptance
        case forwarding
        case reply
        case closing
    }

    /// Everything it counts for at the end of a day.
    ///
    /// - Parameters:
    ///   - day: The day.
    ///   - workingDays: From one day to another, the first not counted.
    /// - Returns: One of each.
    public func slots(asOf day: Day, workingDays: (Day, Day) -> Int) -> [Slot] {
        let seen = states.prefix { $0.on <= day }
        guard let held = seen.last else { return [] }
        var slots = [
            Slot(.kind, kind.rawValue, day: receivedOn), Slot(.channel, channel.rawValue, day: receivedOn),
            Slot(.region, region ?? "none", day: receivedOn),
            Slot(.category, held.category ?? "none", day: receivedOn),
            Slot(.scenario, held.scenario ?? "none", day: receivedOn), Slot(.status, held.status.rawValue),
        ]
        if held.status == .refused, let ground = held.ground { slots.append(Slot(.ground, ground)) }
        if let outcome = held.outcome { slots.append(Slot(.outcome, outcome.rawValue)) }
        let firsts = firstDays(seen)
        for status in Self.reachedStatuses where firsts[status] != nil { slots.append(Slot(.reached, status.rawValue)) }
        if let company = held.company {
            slots.append(Slot(.companyReceived, "", company: company, day: receivedOn))
            slots.append(Slot(.companyStatus, held.status.rawValue, company: company))
            if firsts[.accepted] != nil { slots.append(Slot(.companyReached, "accepted", company: company)) }
            if let outcome = held.outcome { slots.append(Slot(.companyOutcome, outcome.rawValue, company: company)) }
        }
        addDeadlines(day, company: held.company, to: &slots)
        addSteps(firsts, workingDays, to: &slots)
        if Complaint.Status.counted.contains(held.status) {
            for (barrier, isLinked) in tiesHeld(day) where isLinked { slots.append(Slot(.attests, String(barrier))) }
        }
        return slots
    }

    static let reachedStatuses: [Complaint.Status] = [.accepted, .forwarded, .responded, .closed]

    private func firstDays(_ seen: ArraySlice<State>) -> [Complaint.Status: Day] {
        var firsts: [Complaint.Status: Day] = [:]
        for state in seen where firsts[state.status] == nil { firsts[state.status] = state.on }
        return firsts
    }

    private func addDeadlines(_ day: Day, company: String?, to slots: inout [Slot]) {
        for purpose in Deadline.Purpose.ofComplaints {
            guard let term = terms.last(where: { $0.purpose == purpose && $0.on <= day }) else { continue }
            switch (term.state, term.endedOn) {
            case (.met, let ended?):
                let bin = ended <= term.dueOn ? "met" : "late"
                slots.append(Slot(.deadline, "\(purpose.rawValue)/\(bin)", company: company ?? ""))
            case (.running, _):
                slots.append(Slot(.deadline, "\(purpose.rawValue)/running", company: company ?? "", day: term.dueOn))
            default: break
            }
        }
    }

    private func addSteps(
        _ firsts: [Complaint.Status: Day], _ workingDays: (Day, Day) -> Int, to slots: inout [Slot]
    ) {
        let ends: [(Step, Day?, Day?)] = [
            (.acceptance, receivedOn, firsts[.accepted]), (.forwarding, firsts[.accepted], firsts[.forwarded]),
            (.reply, firsts[.forwarded], firsts[.responded]), (.closing, receivedOn, firsts[.closed]),
        ]
        for (step, begin, end) in ends {
            guard let begin, let end, begin <= end else { continue }
            slots.append(Slot(.step, "\(step.rawValue)/\(workingDays(begin, end))"))
        }
    }

    private func tiesHeld(_ day: Day) -> [Int: Bool] {
        var held: [Int: Bool] = [:]
        for tie in ties where tie.on <= day { held[tie.barrier] = tie.isLinked }
        return held
    }

    /// What it counts for begins and ends on days: the sum of all changes up to a day is what holds at its end.
    ///
    /// - Parameter workingDays: From one day to another, the first not counted.
    /// - Returns: What begins (1) and ends (-1), by day.
    public func changes(workingDays: (Day, Day) -> Int) -> [(change: SlotChange, count: Int)] {
        let days = Set(states.map(\.on) + terms.map(\.on) + ties.map(\.on)).sorted()
        var (held, changes): (Set<Slot>, [(SlotChange, Int)]) = ([], [])
        for day in days {
            let now = Set(slots(asOf: day, workingDays: workingDays))
            guard now != held else { continue }
            for slot in held.subtracting(now) { changes.append((SlotChange(slot: slot, on: day), -1)) }
            for slot in now.subtracting(held) { changes.append((SlotChange(slot: slot, on: day), 1)) }
            held = now
        }
        return changes
    }

    /// The times during which a deadline was past its due day and still running; the last may not have ended.
    public var lateSpells: [LateSpell] {
        Deadline.Purpose.ofComplaints.flatMap { purpose -> [LateSpell] in
            var spells: [LateSpell] = []
            let own = terms.filter { $0.purpose == purpose }
            for (index, term) in own.enumerated() where term.state == .running {
                // Of several on one day only the last holds at its end.
                if index + 1 < own.count, own[index + 1].on == term.on { continue }
                let until = index + 1 < own.count ? own[index + 1].on : nil
                if let until, until <= term.dueOn + 1 { continue }
                spells.append(
                    LateSpell(purpose: purpose, dueOn: term.dueOn, from: max(term.on, term.dueOn + 1), until: until))
            }
            return spells
        }
    }

    /// The company it was about at the end of a day.
    public func company(asOf day: Day) -> String? { states.last { $0.on <= day }?.company }
}

/// Days on which something owed was late.
public struct LateSpell: Sendable, Hashable {
    public var purpose: Deadline.Purpose
    public var dueOn: Day
    /// The first of them.
    public var from: Day
    /// The day on which it ended; `nil` where it has not.
    public var until: Day?
}
