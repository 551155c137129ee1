import Foundation

extension Complaint {
    /// The run that people are shown for a purpose: of those that are owed, carried ones too, the one that is due first;
    /// else the last of the complaint's own.
    public func deadline(_ purpose: Deadline.Purpose) -> Deadline? {
        let runs = deadlines.filter { $0.purpose == purpose }
        let owed = runs.filter(\.isPending)
        return owed.min { $0.owedBy < $1.owedBy } ?? runs.last { $0.origin == nil }
            ?? runs.last { $0.state != .suspended }
    }

    /// One run for each purpose that was ever started, as ``deadline(_:)`` chooses it.
    public var shownDeadlines: [Deadline] { Deadline.Purpose.ofComplaints.compactMap(deadline) }

    /// The same without what other complaints brought along, which is nothing to the complainant.
    public var ownDeadlines: [Deadline] {
        var own = self
        own.deadlines.removeAll { $0.origin != nil }
        return own.shownDeadlines
    }

    /// Every run, of each purpose the one that is shown first; what was given back to another complaint is left out.
    public var explainedDeadlines: [Deadline] {
        Deadline.Purpose.ofComplaints.flatMap { purpose -> [Deadline] in
            let shown = deadline(purpose)
            let others = deadlines.filter { run in
                run.purpose == purpose && run.identity != shown?.identity
                    && (run.origin == nil || run.state != .suspended)
            }
            return (shown.map { [$0] } ?? []) + others
        }
    }

    /// The runs that another complaint carries on when this one is merged into it.
    ///
    /// - Parameter company: The company that the other complaint is about; a reply that another company owes stays here.
    /// - Returns: The runs as they are here.
    public func runsCarried(into company: String?) -> [Deadline] {
        deadlines.filter { $0.isPending && ($0.purpose != .companyReply || $0.company == company) }
    }

    /// What another complaint took over at the latest merger, as the history of this one tells it.
    ///
    /// - Parameters:
    ///   - revisions: What this complaint was after each of its steps.
    ///   - initial: What it was before the first.
    /// - Returns: The day of the merger and the runs; `nil` where there was none.
    public static func runsCarried(
        in revisions: Revisions, from initial: Complaint
    ) -> (on: Day, runs: [Deadline])? {
        guard let index = revisions.lastIndex(where: { $0.step.action.name == .markDuplicate }),
            case .markDuplicate(_, let company) = revisions[index].step.action
        else { return nil }
        let before = index > 0 ? revisions[index - 1].state : initial
        return (revisions[index].step.on, before.runsCarried(into: company))
    }

    /// Starts what an action starts, ends what it ends, and pauses the rest while information is missing.
    mutating func runDeadlines(after step: Step<Action>, under rules: Rules) throws(Refusal) {
        let day = step.on
        switch step.action {
        case .accept:
            update(.acceptance) { $0.meet(on: day) }
            start(.answer, from: materialsOn, on: day, under: rules)
        case .refuse:
            update(.acceptance) { $0.meet(on: day) }
        case .requestInformation(_, let isBackEntered):
            updateAll { $0.pause(from: day, isBackEntered: isBackEntered) }
        case .provideInformation:
            updateAll { run in
                if run.purpose == .acceptance {
                    let rule = rules.campaign.rule(for: .acceptance, on: day)
                    run.restart(on: day, rule: rule, calendar: rules.calendar)
                } else {
                    run.resume(on: day, calendar: rules.calendar)
                }
            }
        case .forward:
            start(.companyReply, from: day, on: day, company: forwardedTo, under: rules)
        case .respond(let answer, _) where answer != .needsInformation:
            let company = forwardedTo
            update(.companyReply) { if $0.company == company { $0.meet(on: day) } }
        case .close:
            update(.answer) { $0.meet(on: day) }
            updateAll { $0.void(on: day) }
        case .withdraw, .refer:
            updateAll { $0.void(on: day) }
        case .markDuplicate(_, let company):
            let carried = Set(runsCarried(into: company).map(\.identity))
            updateAll { if carried.contains($0.identity) { $0.suspend() } }
        case .undoDuplicate:
            updateAll { if $0.origin == nil { $0.revive(on: day) } }
        case .absorb(let other, _, let runs), .renewAbsorbed(let other, let runs):
            carry(runs, of: other, on: day, rules.calendar)
        case .release(let other):
            updateAll { if $0.origin == other { $0.giveBack() } }
        case .reopen, .denyFixed:
            start(.answer, from: day, on: day, under: rules)
        case .extendDeadline(let purpose, let units, let isBackEntered):
            try extend(purpose, by: units, isBackEntered, step: step, rules)
        case .recalculate:
            updateAll { $0.recalculate(rules.calendar, on: day) }
        default: break
        }
    }

    /// Every run of the purpose that was not missed gets the time; where all were missed, none can.
    private mutating func extend(
        _ purpose: Deadline.Purpose, by units: Int, _ isBackEntered: Bool, step: Step<Action>, _ rules: Rules
    ) throws(Refusal) {
        guard (1...365).contains(units) else { throw .invalid(field: "by", reason: "lies between 1 and 365") }
        let owed = deadlines.indices.filter { deadlines[$0].purpose == purpose && deadlines[$0].isPending }
        guard !owed.isEmpty else {
            throw .invalid(field: "purpose", reason: "is “\(purpose.rawValue)”, and no such deadline is running")
        }
        let inTime = owed.filter { !deadlines[$0].isMissed(at: step.on) }
        for index in inTime.isEmpty ? owed : inTime {
            try deadlines[index].extend(
                by: units, on: step.on, approver: step.actor.id, isBackEntered: isBackEntered,
                calendar: rules.calendar)
        }
    }

    /// Starts the next run of a purpose; runs of before stay.
    mutating func start(
        _ purpose: Deadline.Purpose, from start: Day, on day: Day, company: String? = nil, under rules: Rules
    ) {
        guard let rule = rules.campaign.rule(for: purpose, on: start) else { return }
        let before = deadlines.filter { $0.purpose == purpose && $0.origin == nil }
        deadlines.append(
            Deadline(
                purpose, rule: rule, from: start, on: day, run: before.count + 1, company: company,
                calendar: rules.calendar))
        sortDeadlines()
    }

    /// Takes over what a merged complaint is owed; what this one has done already is done for both.
    private mutating func carry(_ runs: [Deadline], of other: UUID, on day: Day, _ calendar: WorkingCalendar) {
        // What it does not owe after all, or owed before an earlier merger was undone, rests.
        updateAll { if $0.origin == other { $0.giveBack() } }
        let standing = status == .needsInformation ? statusBeforeGap ?? .received : status
        let hasReplied = standing == .responded || standing == .closed && answer != nil && answer != .needsInformation
        for run in runs {
            var run = run
            run.origin = other
            // Information is missing, or not, of the complaint that goes on.
            if status == .needsInformation { run.pause(from: day) } else { run.resume(on: day, calendar: calendar) }
            switch run.purpose {
            case .acceptance where standing != .received: run.meet(on: day)
            case .companyReply where hasReplied && forwardedTo == run.company: run.meet(on: day)
            case .answer where standing == .closed: run.meet(on: day)
            case .companyReply where standing == .closed: run.void(on: day)
            default: break
            }
            deadlines.removeAll { $0.identity == run.identity }
            deadlines.append(run)
        }
        sortDeadlines()
    }

    private mutating func sortDeadlines() {
        deadlines.sort { left, right in
            (left.purpose.rawValue, left.origin?.text ?? "", left.run)
                < (right.purpose.rawValue, right.origin?.text ?? "", right.run)
        }
    }

    private mutating func update(_ purpose: Deadline.Purpose, _ change: (inout Deadline) -> Void) {
        for index in deadlines.indices where deadlines[index].purpose == purpose { change(&deadlines[index]) }
    }

    private mutating func updateAll(_ change: (inout Deadline) -> Void) {
        for index in deadlines.indices { change(&deadlines[index]) }
    }
}
