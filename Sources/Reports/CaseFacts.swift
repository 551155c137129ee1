public import Casework
public import Foundation

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

    /// A run of a limit from one day on.
    public struct Term: Sendable {
        public var run: Deadline.Identity
        public var on: Day
        public var dueOn: Day
        public var state: Deadline.State
        /// The first day on which it was missed, where a step kept it.
        public var missedFrom: Day?
        /// The company that owes the reply.
        public var company: String?
        /// Whether a pause or an extension of it was entered after the fact.
        public var isBackEntered: Bool

        public init(
            run: Deadline.Identity, on: Day, dueOn: Day, state: Deadline.State, missedFrom: Day?, company: String?,
            isBackEntered: Bool
        ) {
            self.run = run
            self.on = on
            self.dueOn = dueOn
            self.state = state
            self.missedFrom = missedFrom
            self.company = company
            self.isBackEntered = isBackEntered
        }

        public init(_ deadline: Deadline, of complaint: UUID, on day: Day) {
            let run = Deadline.Identity(
                purpose: deadline.purpose, origin: deadline.origin ?? complaint, run: deadline.run)
            self.init(
                run: run, on: day, dueOn: deadline.dueOn, state: deadline.state,
                missedFrom: deadline.missedFrom, company: deadline.company, isBackEntered: deadline.backEntered > 0)
        }

        /// The due day that was missed; a calendar loaded after that moves `dueOn` and takes nothing back.
        var owedBy: Day { Deadline.owedBy(dueOn, missedFrom: missedFrom) }
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

    /// What a complainant said of an ending, from one day on.
    public struct Said: Sendable {
        public var on: Day
        public var verdict: Complaint.Verdict

        public init(on: Day, verdict: Complaint.Verdict) {
            self.on = on
            self.verdict = verdict
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
    public var said: [Said] = []

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
    /// Runs of limits: `purpose/met`, `purpose/late`, `purpose/back_entered` and, with the due day, `purpose/running`.
    case deadline
    /// `step/working days`.
    case step
    /// Accepted complaints of one barrier, by its number.
    case attests
    /// What each complainant said of each ending: `fixed` or `not_fixed`, and 1 to 5.
    case confirmation, rating
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
    /// - Returns: One for each time it counts.
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
        addDeadlines(day, to: &slots)
        addSteps(firsts, workingDays, to: &slots)
        if Complaint.Status.counted.contains(held.status) {
            for (barrier, isLinked) in tiesHeld(day) where isLinked { slots.append(Slot(.attests, String(barrier))) }
        }
        return slots + verdictsHeld(day)
    }

    /// Each complainant counts once for each ending, with what was said last.
    private func verdictsHeld(_ day: Day) -> [Slot] {
        var held: [[String]: Complaint.Verdict] = [:]
        for one in said where one.on <= day {
            held[[String(one.verdict.ending), one.verdict.complaint.text]] = one.verdict
        }
        return held.values.flatMap { verdict in
            [
                verdict.isConfirmedFixed.map { Slot(.confirmation, $0 ? "fixed" : "not_fixed") },
                verdict.rating.map { Slot(.rating, String($0)) },
            ].compactMap(\.self)
        }
    }

    static let reachedStatuses: [Complaint.Status] = [.accepted, .forwarded, .responded, .closed]

    private func firstDays(_ seen: ArraySlice<State>) -> [Complaint.Status: Day] {
        var firsts: [Complaint.Status: Day] = [:]
        for state in seen where firsts[state.status] == nil { firsts[state.status] = state.on }
        return firsts
    }

    /// Every run counts once; what was missed is late once it has ended, whatever ended it.
    private func addDeadlines(_ day: Day, to slots: inout [Slot]) {
        for (run, term) in runsHeld(day) {
            let (purpose, company) = (run.purpose.rawValue, term.company ?? "")
            switch term.state {
            case .met, .void:
                if term.missedFrom != nil {
                    slots.append(Slot(.deadline, "\(purpose)/late", company: company))
                } else if term.state == .met {
                    slots.append(Slot(.deadline, "\(purpose)/met", company: company))
                }
            case .running: slots.append(Slot(.deadline, "\(purpose)/running", company: company, day: term.owedBy))
            case .paused, .suspended: break
            }
            if term.isBackEntered, term.state != .suspended {
                slots.append(Slot(.deadline, "\(purpose)/back_entered", company: company))
            }
        }
    }

    private func runsHeld(_ day: Day) -> [Deadline.Identity: Term] {
        var held: [Deadline.Identity: Term] = [:]
        for term in terms where term.on <= day { held[term.run] = term }
        return held
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
        let days = Set(states.map(\.on) + terms.map(\.on) + ties.map(\.on) + said.map(\.on)).sorted()
        var (held, changes): ([Slot: Int], [(SlotChange, Int)]) = ([:], [])
        for day in days {
            let now = slots(asOf: day, workingDays: workingDays).reduce(into: [Slot: Int]()) { $0[$1, default: 0] += 1 }
            guard now != held else { continue }
            for (slot, count) in held where now[slot] == nil {
                changes.append((SlotChange(slot: slot, on: day), -count))
            }
            for (slot, count) in now where held[slot] != count {
                changes.append((SlotChange(slot: slot, on: day), count - (held[slot] ?? 0)))
            }
            held = now
        }
        return changes
    }

    /// The times during which a run was past its due day and still owed; the last may not have ended.
    public var lateSpells: [LateSpell] {
        Dictionary(grouping: terms, by: \.run).flatMap { run, own -> [LateSpell] in
            own.enumerated().compactMap { index, term in
                guard term.state == .running else { return nil }
                let until = index + 1 < own.count ? own[index + 1].on : nil
                let from = max(term.on, term.owedBy + 1)
                // Of several on one day only the last holds at its end.
                if let until, until <= from { return nil }
                return LateSpell(run: run, company: term.company, dueOn: term.owedBy, from: from, until: until)
            }
        }
    }

    /// The company it was about at the end of a day.
    public func company(asOf day: Day) -> String? { states.last { $0.on <= day }?.company }
}

/// Days on which something owed was late.
public struct LateSpell: Sendable, Hashable {
    public var run: Deadline.Identity
    /// The company that owes the reply; `nil` where the authority owes it.
    public var company: String?
    public var dueOn: Day
    /// The first of them.
    public var from: Day
    /// The day on which it ended; `nil` where it has not.
    public var until: Day?
}
