extension Order.Action: CaseAction {
    public var isRemark: Bool { name.isRemark }
}

extension Order: Replayable {
    /// - Throws: `Refusal` where the actor may not do this, or would approve what is the actor's own.
    public func authorize(_ action: Action, by actor: Actor) throws(Refusal) {
        guard Self.may(actor.role, action.name) else {
            throw .forbidden(action: action.name.rawValue, role: actor.role)
        }
        if case .extend = action, let issuedBy, issuedBy == actor.id {
            throw .selfApproval("whoever issued the order cannot approve more time for it")
        }
    }

    public mutating func carryOut(_ step: Step<Action>, under rules: Rules) throws(Refusal) {
        let (name, day) = (step.action.name, step.on)
        guard Self.states(for: name).contains(status) else {
            let allowed = actions(for: step.actor.role)
            throw .outOfOrder(action: name.rawValue, state: status.rawValue, allowed: allowed.map(\.rawValue))
        }
        guard day >= issuedOn else { throw .beforeBeginning(on: day, began: issuedOn) }
        guard !name.isRemark else { return }
        var next = self
        try next.change(by: step, under: rules)
        if !next.status.isStanding, status.isStanding { next.endedOn = day }
        next.changedOn = max(day, changedOn)
        self = next
    }

    private mutating func change(by step: Step<Action>, under rules: Rules) throws(Refusal) {
        let day = step.on
        switch step.action {
        case .serve: (status, servedOn) = (.served, day)
        case .acknowledge: (status, acknowledgedOn) = (.acknowledged, day)
        case .extend(let barrier, let units): try extend(barrier, by: units, step, rules.calendar)
        case .comply:
            let missing = items.map(\.barrier).filter { rules.ledger.remediation(of: $0, on: day) != .verified }
            guard missing.isEmpty else { throw .barriersNotVerified(missing) }
            status = .complied
            for index in items.indices { items[index].deadline.meet(on: day) }
        case .breach:
            let late = items.contains { item in
                item.deadline.isOverdue(at: day) && rules.ledger.remediation(of: item.barrier, on: day) != .verified
            }
            guard late else { throw .notOverdue(dueOn: dueOn) }
            status = .breached
        case .escalate(let rung, let basis): try climb(to: rung, basis: basis, on: day, rules.campaign)
        case .rescind:
            status = .rescinded
            for index in items.indices { items[index].deadline.void(on: day) }
        case .recalculate:
            for index in items.indices { items[index].deadline.recalculate(rules.calendar, on: day) }
        case .issue, .missDeadline, .note: break
        }
    }

    private mutating func extend(
        _ barrier: Int?, by units: Int, _ step: Step<Action>, _ calendar: WorkingCalendar
    ) throws(Refusal) {
        guard (1...365).contains(units) else { throw .invalid(field: "by", reason: "lies between 1 and 365") }
        let chosen = items.indices.filter { barrier == nil || items[$0].barrier == barrier }
        guard !chosen.isEmpty else { throw .invalid(field: "barrier", reason: "is no barrier of this order") }
        for index in chosen {
            try items[index].deadline.extend(by: units, on: step.on, approver: step.actor.id, calendar: calendar)
        }
    }

    private mutating func climb(to code: String, basis: String, on day: Day, _ campaign: Campaign) throws(Refusal) {
        try campaign.require(code, in: campaign.ladder, field: "rung")
        func height(_ code: String) -> Int { campaign.ladder.firstIndex { $0.code == code } ?? -1 }
        guard height(code) > height(rung) else { throw .notHigher(rung: code, current: rung) }
        rungs.append(Rung(code: code, on: day, basis: basis))
    }
}

extension Order.Action {
    /// What the action was told, as history keeps it; ``init(name:details:)`` reads it back.
    public var details: [String: String] {
        switch self {
        case .extend(let barrier, let units):
            ["by": String(units)].merging(barrier.map { ["barrier": String($0)] } ?? [:]) { first, _ in first }
        case .escalate(let rung, let basis): ["rung": rung, "basis": basis]
        case .missDeadline(let barrier, let due): ["barrier": String(barrier), "due_on": due.description]
        case .issue, .serve, .acknowledge, .comply, .breach, .rescind, .recalculate, .note: [:]
        }
    }

    /// Reads an action back from history; `nil` where history does not tell enough.
    public init?(name: String, details: [String: String]) {
        guard let name = Order.ActionName(rawValue: name) else { return nil }
        func number(_ name: String) -> Int? { details[name].flatMap(Int.init) }
        let read: Order.Action? =
            switch name {
            case .issue: .issue
            case .serve: .serve
            case .acknowledge: .acknowledge
            case .extend: number("by").map { .extend(barrier: number("barrier"), by: $0) }
            case .comply: .comply
            case .breach: .breach
            case .escalate:
                details["rung"].flatMap { rung in details["basis"].map { .escalate(rung: rung, basis: $0) } }
            case .rescind: .rescind
            case .recalculate: .recalculate
            case .missDeadline:
                number("barrier").flatMap { barrier in
                    details["due_on"].flatMap(Day.init).map { .missDeadline(barrier: barrier, dueOn: $0) }
                }
            case .note: .note
            }
        guard let read else { return nil }
        self = read
    }
}
