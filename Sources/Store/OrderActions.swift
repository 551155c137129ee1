public import Casework
public import Foundation
public import Postgres

/// When an order wants a barrier gone.
public enum OrderLimit: Sendable, Equatable {
    case days(Int, DeadlineRule.Unit)
    case date(Day)

    /// Reads `5wd` (working days), `10d` (calendar days) or a date from 2000-01-01 to 2099-12-31.
    public init?(_ text: String) {
        if let day = Day(text), Day.accepted.contains(day) {
            self = .date(day)
        } else if text.hasSuffix("wd"), let days = Int(text.dropLast(2)), (1...365).contains(days) {
            self = .days(days, .workingDays)
        } else if text.hasSuffix("d"), let days = Int(text.dropLast()), (1...365).contains(days) {
            self = .days(days, .calendarDays)
        } else {
            return nil
        }
    }

    fileprivate func deadline(from day: Day, calendar: WorkingCalendar) throws(Refusal) -> Deadline {
        var rule = DeadlineRule(code: "order", limit: 0, unit: .calendarDays, rollsIfNonworking: false)
        switch self {
        case .days(let limit, let unit):
            (rule.limit, rule.unit, rule.rollsIfNonworking) = (limit, unit, unit == .calendarDays)
        case .date(let due):
            guard due > day, due - day <= 3650 else {
                throw .invalid(field: "due", reason: "has to be after \(day), and within ten years")
            }
            rule.limit = due - day
        }
        return Deadline(.order, rule: rule, from: day, calendar: calendar)
    }
}

/// An order that is to be issued.
public struct NewOrder: Sendable {
    public var company: String
    /// A rung of the campaign's ladder.
    public var rung: String
    public var basis: String?
    /// The barriers by number, each with its limit.
    public var limits: [Int: OrderLimit]

    public init(company: String, rung: String, basis: String?, limits: [Int: OrderLimit]) {
        self.company = company
        self.rung = rung
        self.basis = basis
        self.limits = limits
    }
}

extension Connection {
    /// Issues an order: the order, and the action `order` on each of its barriers, or nothing.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func issue(
        _ new: NewOrder, of code: String, by actor: Actor, _ terms: ActionTerms, book: ReferenceBook, at now: Date
    ) throws -> OrderRecord {
        guard let (campaignID, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        guard Order.may(actor.role, .issue) else {
            throw Refusal.forbidden(action: Order.ActionName.issue.rawValue, role: actor.role)
        }
        try book.requireCompany(new.company)
        try campaign.require(new.rung, in: campaign.ladder, field: "rung")
        let day = try terms.day(today: Day(now, in: campaign.zone()))
        let calendar = book.data.rules(for: campaign).calendar
        var (items, ids): ([Order.Item], [Int: UUID]) = ([], [:])
        // In order of their numbers, so that two orders about the same barriers wait for each other.
        for (number, limit) in new.limits.sorted(by: { $0.key < $1.key }) {
            let deadline = try limit.deadline(from: day, calendar: calendar)
            var barrierTerms = terms
            (barrierTerms.versions, barrierTerms.evidence) = (nil, [])
            let record = try perform(
                .order(due: deadline.dueOn), onBarrier: number, of: code, by: actor, barrierTerms, book: book, at: now)
            try check(record, isOf: new.company, on: day, book)
            items.append(Order.Item(barrier: number, deadline: deadline))
            ids[number] = record.id
        }
        let number = try first(
            """
            UPDATE campaign_counter SET next_order = next_order + 1
            WHERE campaign_id = \(campaignID) RETURNING next_order - 1
            """
        ) { row in try row.read(Int.self) }
        let rung = Order.Rung(code: new.rung, on: day, basis: new.basis)
        let order = Order(
            number: number ?? 0, company: new.company, rung: rung, items: items, issuedOn: day, issuedBy: actor.id)
        return try insert(order, barriers: ids, campaign: campaignID, by: actor, terms)
    }

    /// An order about a barrier goes to the company whose platform it is, or to the one that is waited for.
    private func check(_ record: BarrierRecord, isOf company: String, on day: Day, _ book: ReferenceBook) throws {
        let platform = record.barrier.respondentPlatform
        let owner = book.directory.platform(platform)?.company(on: day)
        guard company == owner || company == record.barrier.awaitedCompany else {
            let whose = owner.map { "it is of \($0)" } ?? "whose \(platform) is, is not known on \(day)"
            throw Refusal.invalid(
                field: "barriers",
                reason: "names barrier \(record.barrier.number), which is not of \(company): \(whose)")
        }
    }

    private func insert(
        _ order: Order, barriers: [Int: UUID], campaign: Int, by actor: Actor, _ terms: ActionTerms
    ) throws -> OrderRecord {
        let moment = try recordingMoment()
        let id = UUID.v7(at: moment)
        try run(
            """
            INSERT INTO rectification_order (campaign_id, id, number, version, company, status, rung, rungs, issued_on,
                                             issued_by, changed_on, recorded_at, changed_at)
            VALUES (\(campaign), \(id), \(order.number), 1, \(order.company), \(order.status), \(order.rung),
                    \(try JSONText(encoding: order.rungs)), \(order.issuedOn), \(order.issuedBy),
                    \(order.changedOn), \(moment), \(moment))
            """)
        for item in order.items {
            try run(
                """
                INSERT INTO order_barrier (campaign_id, order_id, barrier_id, due_on, deadline, state)
                VALUES (\(campaign), \(id), \(barriers[item.barrier]), \(item.deadline.dueOn),
                        \(try JSONText(encoding: item.deadline)), \(item.deadline.state))
                """)
        }
        let details = [
            "company": order.company, "rung": order.rung,
            "barriers": order.items.map { "\($0.barrier)" }.joined(separator: " "),
        ]
        let event = Event(
            actor: actor, action: Order.ActionName.issue.rawValue, details: details, effectiveOn: order.issuedOn)
        try record(
            event, on: id, .order, campaign: campaign, sequence: 1, at: moment,
            note: terms.reason.map { Note(text: $0) })
        let place = StepPlace(
            campaign: campaign, case: id, sequence: 1, writtenBy: 1, on: order.issuedOn, moment: moment)
        try saveInterval(of: order, place)
        guard let saved = try self.order(order.number, campaign: campaign) else {
            throw CaseError.notFound("order \(order.number)")
        }
        return saved
    }

    /// The one way an order changes; see the same function for complaints.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func perform(
        _ action: Order.Action, onOrder number: Int, of code: String, by actor: Actor, _ terms: ActionTerms,
        book: ReferenceBook, at now: Date
    ) throws -> OrderRecord {
        guard let (campaignID, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        guard let record = try lockedOrder(number, campaign: campaignID) else {
            throw CaseError.notFound("order \(number)")
        }
        try record.order.authorize(action, by: actor)
        guard terms.versions?.contains(record.version) ?? true else {
            throw CaseError.stale(current: record.version, by: try lastActor(on: record.id, campaign: campaignID))
        }
        let day = try terms.day(today: Day(now, in: campaign.zone()))
        let moment = try recordingMoment(after: record.changedAt)
        let rules = Order.Rules(
            campaign: campaign, calendar: book.data.rules(for: campaign).calendar,
            ledger: try ledger(
                ofBarriers: record.order.items.map(\.barrier), campaign: campaignID, willChange: action.ends))
        let step = Step(sequence: record.sequence + 1, action: action, actor: actor, on: day)
        var order = record.order
        var event: Event
        if day < order.changedOn && !action.name.isRemark {
            event = try correct(&order, with: step, record, under: rules, at: moment)
        } else {
            event = try order.apply(step, under: rules)
            if !action.name.isRemark {
                let place = StepPlace(
                    campaign: campaignID, case: record.id, sequence: step.sequence, writtenBy: step.sequence,
                    on: day, moment: moment)
                try saveInterval(of: order, place)
            }
        }
        event.onBehalfOf = terms.onBehalfOf
        try self.record(
            event, on: record.id, .order, campaign: campaignID, sequence: step.sequence, at: moment,
            note: terms.reason.map { Note(text: $0) })
        try save(order, record, isRemark: action.name.isRemark, at: moment)
        if action.ends {
            try liftOrder(record, of: code, by: actor, terms, book: book, at: now)
        }
        guard let saved = try self.order(number, campaign: campaignID) else {
            throw CaseError.notFound("order \(number)")
        }
        return saved
    }

    /// An order that was complied with or rescinded no longer stands on its barriers, unless another does.
    private func liftOrder(
        _ record: OrderRecord, of code: String, by actor: Actor, _ terms: ActionTerms, book: ReferenceBook,
        at now: Date
    ) throws {
        let free = try all(
            """
            SELECT b.number FROM order_barrier i
            JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
            WHERE i.campaign_id = \(record.campaignID) AND i.order_id = \(record.id) AND NOT EXISTS (
                SELECT FROM order_barrier x
                JOIN rectification_order r ON r.campaign_id = x.campaign_id AND r.id = x.order_id
                WHERE x.campaign_id = i.campaign_id AND x.barrier_id = i.barrier_id AND x.order_id <> i.order_id
                  AND r.status = ANY(\(Order.Status.standing)))
            ORDER BY b.number
            """
        ) { row in try row.read(Int.self) }
        var terms = terms
        (terms.versions, terms.evidence) = (nil, [])
        for number in free {
            _ = try perform(.liftOrder, onBarrier: number, of: code, by: actor, terms, book: book, at: now)
        }
    }

    private func correct(
        _ order: inout Order, with step: Step<Order.Action>, _ record: OrderRecord, under rules: Order.Rules,
        at moment: Date
    ) throws -> Event {
        try order.authorize(step.action, by: step.actor)
        let steps = try steps(of: record.id, campaign: record.campaignID) { name, details, _, _ in
            Order.Action(name: name, details: details)
        }.filter { $0.action != .issue }
        let initial = record.order.asIssued(calendar: rules.calendar)
        let told = try Order.correct(with: step, among: steps, from: initial, under: rules)
        guard let index = told.after.firstIndex(where: { $0.step.sequence == step.sequence }),
            let last = told.after.last?.state
        else { throw PostgresError.unexpectedRow("a correction without its own step") }
        for revision in told.after where !revision.step.action.name.isRemark {
            try run(
                """
                UPDATE order_interval SET retracted_at = \(moment)
                WHERE campaign_id = \(record.campaignID) AND order_id = \(record.id)
                  AND sequence = \(revision.step.sequence) AND retracted_at IS NULL
                """)
            let place = StepPlace(
                campaign: record.campaignID, case: record.id, sequence: revision.step.sequence,
                writtenBy: step.sequence, on: revision.step.on, moment: moment)
            try saveInterval(of: revision.state, place)
        }
        order = last
        return told.after[index].state.event(step, from: index > 0 ? told.after[index - 1].state : initial)
    }

    private func save(_ order: Order, _ record: OrderRecord, isRemark: Bool, at moment: Date) throws {
        try run(
            """
            UPDATE rectification_order
            SET version = \(record.sequence + 1), remarks = \(record.remarks + (isRemark ? 1 : 0)),
                status = \(order.status), rung = \(order.rung), rungs = \(try JSONText(encoding: order.rungs)),
                served_on = \(order.servedOn), acknowledged_on = \(order.acknowledgedOn), ended_on = \(order.endedOn),
                changed_on = \(order.changedOn), changed_at = \(moment)
            WHERE campaign_id = \(record.campaignID) AND id = \(record.id)
            """)
        for item in order.items where !record.order.items.contains(item) {
            try run(
                """
                UPDATE order_barrier i
                SET due_on = \(item.deadline.dueOn), deadline = \(try JSONText(encoding: item.deadline)),
                    state = \(item.deadline.state)
                FROM barrier b
                WHERE i.campaign_id = \(record.campaignID) AND i.order_id = \(record.id)
                  AND b.campaign_id = i.campaign_id AND b.id = i.barrier_id AND b.number = \(item.barrier)
                """)
        }
    }

    private func saveInterval(of order: Order, _ place: StepPlace) throws {
        try run(
            """
            INSERT INTO order_interval (campaign_id, order_id, sequence, written_by, effective_from, recorded_at,
                                        status, rung, due_on)
            VALUES (\(place.campaign), \(place.case), \(place.sequence), \(place.writtenBy), \(place.on),
                    \(place.moment), \(order.status), \(order.rung), \(order.dueOn))
            """)
    }
}

extension Order.Action {
    /// Whether the order stands no longer after it.
    fileprivate var ends: Bool { self == .comply || self == .rescind }
}

extension Order {
    /// The order before anything was done about it.
    fileprivate func asIssued(calendar: WorkingCalendar) -> Order {
        let items = items.map { item in
            Item(
                barrier: item.barrier,
                deadline: Deadline(.order, rule: item.deadline.rule, from: issuedOn, calendar: calendar))
        }
        let first = rungs.first ?? Rung(code: rung, on: issuedOn, basis: nil)
        return Order(
            number: number, company: company, rung: first, items: items, issuedOn: issuedOn, issuedBy: issuedBy)
    }
}
