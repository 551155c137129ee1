extension Complaint {
    /// The deadline with this purpose that is owed, or was last.
    public func deadline(_ purpose: Deadline.Purpose) -> Deadline? {
        deadlines.first { $0.purpose == purpose }
    }

    public func isOverdue(at day: Day) -> Bool {
        deadlines.contains { $0.isOverdue(at: day) }
    }

    /// Starts what an action starts, ends what it ends, and pauses the rest while information is missing.
    mutating func runDeadlines(after action: Action, on day: Day, under rules: Rules) {
        switch action {
        case .accept:
            update(.acceptance) { $0.meet(on: day) }
            start(.answer, on: materialsOn, under: rules)
        case .refuse:
            update(.acceptance) { $0.meet(on: day) }
        case .requestInformation:
            updateAll { $0.pause(from: day) }
        case .provideInformation:
            // A decision on incomplete papers was not owed: the limit for it starts anew.
            if deadline(.acceptance)?.isPending == true { start(.acceptance, on: day, under: rules) }
            updateAll { $0.resume(on: day, calendar: rules.calendar) }
        case .forward:
            start(.companyReply, on: day, under: rules)
        case .respond:
            update(.companyReply) { $0.meet(on: day) }
        case .close:
            update(.answer) { $0.meet(on: day) }
            updateAll { $0.void(on: day) }
        case .withdraw, .refer:
            updateAll { $0.void(on: day) }
        case .markDuplicate:
            updateAll { $0.suspend() }
        case .undoDuplicate:
            updateAll { $0.revive() }
        case .reopen:
            start(.answer, on: day, under: rules)
        case .resolve, .link, .unlink, .assign, .note:
            break
        }
    }

    mutating func start(_ purpose: Deadline.Purpose, on day: Day, under rules: Rules) {
        deadlines.removeAll { $0.purpose == purpose }
        guard let rule = rules.campaign.rule(for: purpose, on: day) else { return }
        deadlines.append(Deadline(purpose, rule: rule, from: day, calendar: rules.calendar))
    }

    private mutating func update(_ purpose: Deadline.Purpose, _ change: (inout Deadline) -> Void) {
        for index in deadlines.indices where deadlines[index].purpose == purpose { change(&deadlines[index]) }
    }

    private mutating func updateAll(_ change: (inout Deadline) -> Void) {
        for index in deadlines.indices { change(&deadlines[index]) }
    }
}
