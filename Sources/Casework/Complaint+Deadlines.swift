extension Complaint {
    /// The deadline with this purpose that is owed, or was last.
    public func deadline(_ purpose: Deadline.Purpose) -> Deadline? {
        deadlines.first { $0.purpose == purpose }
    }

    /// Starts what an action starts, ends what it ends, and pauses the rest while information is missing.
    mutating func runDeadlines(after step: Step<Action>, under rules: Rules) throws(Refusal) {
        let day = step.on
        switch step.action {
        case .accept:
            update(.acceptance) { $0.meet(on: day) }
            start(.answer, on: materialsOn, under: rules)
            adopt(.answer, rules.calendar)
        case .refuse:
            update(.acceptance) { $0.meet(on: day) }
        case .requestInformation:
            updateAll { $0.pause(from: day) }
        case .provideInformation:
            // A decision on incomplete papers was not owed: the limit for it starts anew.
            if deadline(.acceptance)?.isPending == true {
                start(.acceptance, on: day, under: rules)
                adopt(.acceptance, rules.calendar)
            }
            updateAll { $0.resume(on: day, calendar: rules.calendar) }
        case .forward:
            start(.companyReply, on: day, under: rules)
        case .respond where status == .responded:
            update(.companyReply) { $0.meet(on: day) }
        case .close:
            update(.answer) { $0.meet(on: day) }
            updateAll { $0.void(on: day) }
        case .withdraw, .refer:
            updateAll { $0.void(on: day) }
        case .markDuplicate:
            updateAll { $0.suspend() }
        case .undoDuplicate:
            updateAll { $0.revive(rules.calendar) }
        case .absorb(let other, _, let due):
            updateAll { deadline in
                guard deadline.isPending, let earlier = due[deadline.purpose] else { return }
                deadline.adopt(earlier, of: other, calendar: rules.calendar)
            }
        case .release(let other):
            updateAll { $0.release(other, calendar: rules.calendar) }
        case .reopen, .denyFixed:
            start(.answer, on: day, under: rules)
        case .extendDeadline(let purpose, let units):
            try extend(purpose, by: units, step: step, rules)
        case .recalculate:
            updateAll { if $0.isPending { $0.recalculate(rules.calendar) } }
        default: break
        }
    }

    private mutating func extend(
        _ purpose: Deadline.Purpose, by units: Int, step: Step<Action>, _ rules: Rules
    ) throws(Refusal) {
        guard (1...365).contains(units) else { throw .invalid(field: "by", reason: "lies between 1 and 365") }
        guard deadline(purpose)?.isPending == true else {
            throw .invalid(field: "purpose", reason: "is “\(purpose.rawValue)”, and no such deadline is running")
        }
        update(purpose) { $0.extend(by: units, on: step.on, approver: step.actor.id, calendar: rules.calendar) }
    }

    mutating func start(_ purpose: Deadline.Purpose, on day: Day, under rules: Rules) {
        deadlines.removeAll { $0.purpose == purpose }
        guard let rule = rules.campaign.rule(for: purpose, on: day) else { return }
        deadlines.append(Deadline(purpose, rule: rule, from: day, calendar: rules.calendar))
        deadlines.sort { $0.purpose.rawValue < $1.purpose.rawValue }
    }

    /// Complaints merged into this one may be owed the same by an earlier day.
    private mutating func adopt(_ purpose: Deadline.Purpose, _ calendar: WorkingCalendar) {
        for other in absorbed {
            guard let due = other.due?[purpose.rawValue] else { continue }
            update(purpose) { $0.adopt(due, of: other.complaint, calendar: calendar) }
        }
    }

    private mutating func update(_ purpose: Deadline.Purpose, _ change: (inout Deadline) -> Void) {
        for index in deadlines.indices where deadlines[index].purpose == purpose { change(&deadlines[index]) }
    }

    private mutating func updateAll(_ change: (inout Deadline) -> Void) {
        for index in deadlines.indices { change(&deadlines[index]) }
    }

    /// The due dates that a complaint takes along when it is merged into another.
    public var pendingDue: [Deadline.Purpose: Day] {
        Dictionary(uniqueKeysWithValues: deadlines.filter(\.isPending).map { ($0.purpose, $0.dueOn) })
    }
}
