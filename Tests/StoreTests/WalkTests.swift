import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing
import Transparency

extension Complaint.Action {
    /// The action as the database completes it before it asks the rules.
    func completed(isBackEntry: Bool, company: String?) -> Complaint.Action {
        switch self {
        case .markDuplicate(let other, _): .markDuplicate(of: other, company: company)
        case .requestInformation(let gap, _): .requestInformation(gap: gap, isBackEntered: isBackEntry)
        case .extendDeadline(let purpose, let units, _): .extendDeadline(purpose, by: units, isBackEntered: isBackEntry)
        default: self
        }
    }
}

extension Told<Complaint> {
    /// What another complaint took over at the latest merger, if there was one.
    func runsCarried(under rules: Complaint.Rules) throws(Refusal) -> (on: Day, runs: [Deadline])? {
        Complaint.runsCarried(in: try Complaint.replay(steps, from: initial, under: rules), from: initial)
    }
}

/// Ten thousand random walks through the life of cases: what the rules alone say, the database has.
struct WalkTests {
    private static let now = Date(timeIntervalSince1970: 1_640_000_000)  // 2021-12-20
    private static let supervisor = Actor(.supervisor)
    private static let first = Day.on("2021-09-08")
    private static let terms = "walked"

    @Test func `complaints`() async throws {
        try await withStore { store in
            let walks = 5000
            let references = try await store.complaints(walks * 2, by: Self.supervisor)
            let book = try await store.book()
            try await store.databases.work.transaction(as: .system) { db in
                for (remediation, number) in [("confirmation", 2), ("dismissal", 3)] {
                    _ = remediation
                    let key = BarrierKey(
                        kind: .blockedLink, respondentPlatform: "wechat", target: .host("b\(number).example"),
                        scene: "group")
                    _ = try db.findOrRecordBarrier(key, campaign: 1, by: Self.supervisor, on: Self.first)
                }
            }
            try await withThrowingTaskGroup { group in
                for lane in 0..<6 {
                    group.addTask {
                        for walk in stride(from: lane, to: walks, by: 6) {
                            let pair = (references[1 + 2 * walk], references[2 + 2 * walk])
                            try await store.databases.work.transaction(as: .system) { db in
                                try Self.walk(pair, seed: walk, book, db)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await store.checkHistory()
            let ids = try await store.databases.work.transaction(as: .system) { db in
                try db.all("SELECT id FROM complaint ORDER BY number") { row in try row.read(UUID.self) }
            }
            let pairs = (0..<walks).map { (walk: Int) -> [UUID] in [ids[1 + 2 * walk], ids[2 + 2 * walk]] }
            try await store.checkMissedRuns(pairs)
            // An audit replays each of them, and all that was ever said of it.
            let signer = try NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32))
            let log = EventLog(store.databases, signer: signer)
            try await log.bringUp()
            try await log.sign()
            let audit = try await store.databases.auditLog(signer.verifier)
            #expect(audit.findings == [])
        }
    }

    private static func walk(
        _ pair: (Reference, Reference), seed: Int, _ book: ReferenceBook, _ db: isolated Connection
    ) throws {
        var dice = Dice(seed: seed)
        var rules = Complaint.Rules.shipped
        for number in 1...3 { rules.ledger.add(number, from: first, .alleged) }
        var told: [Told<Complaint>] = []
        for reference in [pair.0, pair.1] {
            told.append(Told(try #require(try db.complaint(reference)).complaint))
        }
        for _ in 0..<Int.random(in: 2...8, using: &dice) {
            let index = Int.random(in: 0...1, using: &dice)
            let other = told[1 - index].state
            let action = action(&dice, other: other.id)
            // Around the due days of all limits: 15 September, about the 26th, 8 October.
            let day = first + Int.random(in: 0...40, using: &dice)
            let role: Role = Complaint.may(.supervisor, action.name) ? .supervisor : .system
            let reference = index == 0 ? pair.0 : pair.1
            let before = told
            var expected: Refusal?
            do {
                try take(action, by: Actor(role), on: day, &told, index, rules)
            } catch {
                (expected, told) = (error, before)
            }
            var found: Refusal?
            do {
                try db.run(script: "SAVEPOINT step")
                let terms = ActionTerms(effectiveOn: day, reason: terms)
                _ = try db.perform(action, on: reference, by: Actor(role), terms, book: book, at: now)
            } catch let refusal as Refusal {
                try db.run(script: "ROLLBACK TO step")
                found = refusal
            }
            #expect(found == expected, "walk \(seed): \(action) on \(day)")
        }
        for (place, reference) in [pair.0, pair.1].enumerated() {
            let stored = try #require(try db.complaint(reference)).complaint
            #expect(stored == told[place].state, "walk \(seed)")
        }
    }

    /// What the rules say of an action on one of two complaints, and of what follows for the other.
    private static func take(
        _ action: Complaint.Action, by actor: Actor, on day: Day, _ told: inout [Told<Complaint>], _ index: Int,
        _ rules: Complaint.Rules
    ) throws(Refusal) {
        let old = told[index].state
        let isBackEntry = try old.isBackEntry(action, by: actor, on: day, recordedOn: .last, today: .last)
        let action = action.completed(isBackEntry: isBackEntry, company: told[1 - index].state.respondent.company)
        try old.authorize(action, by: actor)
        func follow(_ action: Complaint.Action, on day: Day) throws(Refusal) {
            let state = told[1 - index].state
            do {
                try told[1 - index].take(
                    action, by: actor, on: max(day, state.receivedOn), changedOn: state.changedOn, isRemark: false,
                    under: rules)
            } catch .outOfOrder(_, let state, _) {
                throw .notADuplicate(
                    state == "duplicate"
                        ? "the other complaint is a duplicate itself; name the one it duplicates"
                        : "the other complaint is “\(state)” and takes no other in")
            }
        }
        if try takeVerdict(action, by: actor, on: day, &told, index, rules) { return }
        let carried = try told[index].runsCarried(under: rules)
        try told[index].take(
            action, by: actor, on: day, changedOn: old.changedOn, isRemark: action.name.isRemark, under: rules)
        switch action {
        case .markDuplicate(_, let company):
            let runs = old.runsCarried(into: company)
            try follow(.absorb(old.id, barriers: old.barriers.sorted(), runs: runs), on: day)
        case .undoDuplicate: try follow(.release(old.id), on: day)
        default:
            guard !action.name.isRemark, day < old.changedOn, told[index].state.status == .duplicate,
                let now = try told[index].runsCarried(under: rules), now.runs != carried?.runs
            else { return }
            try follow(.renewAbsorbed(old.id, runs: now.runs), on: now.on)
        }
    }

    static func action(_ dice: inout Dice, other: UUID) -> Complaint.Action {
        switch Int.random(in: 0..<24, using: &dice) {
        case 0, 1, 2: .accept(category: nil, scenario: nil)
        case 3: .refuse(ground: "out_of_scope")
        case 4: .requestInformation(gap: "facts_unclear")
        case 5: .provideInformation
        case 6, 7: .forward
        case 8: .respond(dice.pick(Complaint.Answer.allCases), ground: dice.pick([nil, "fraud", "law"]))
        case 9: .close(dice.pick(Complaint.Outcome.allCases))
        case 10: .withdraw
        case 11: .refer(agency: "samr")
        case 12, 13: .markDuplicate(of: other)
        case 14, 15: .undoDuplicate
        case 16: .reopen
        case 17: dice.pick(verdicts(other))
        case 18: .link(barrier: Int.random(in: 1...3, using: &dice))
        case 19: .unlink(barrier: Int.random(in: 1...3, using: &dice))
        case 20: .setPriority(dice.pick(Complaint.Priority.allCases))
        case 21: .relate(other, dice.pick(Complaint.Relation.allCases))
        case 22: .extendDeadline(dice.pick(Deadline.Purpose.ofComplaints), by: 3)
        default: dice.pick([.note(.internal), .assign(to: nil), .transfer(office: "centre")])
        }
    }

    @Test func `barriers and orders`() async throws {
        try await withStore { store in
            let book = try await store.book()
            try await withThrowingTaskGroup { group in
                for lane in 0..<6 {
                    group.addTask {
                        for walk in stride(from: lane, to: 5000, by: 6) {
                            // Numbers are taken in short transactions of their own, as in use.
                            let number = try await store.databases.work.transaction(as: .system) { db in
                                try db.barrier(of: walk)
                            }
                            if walk.isMultiple(of: 5) {
                                let walk = OrderWalk(seed: walk, book: book)
                                let order = try await store.databases.work.transaction(as: .system) { db in
                                    try walk.issue(about: number, db)
                                }
                                try await store.databases.work.transaction(as: .system) { db in
                                    try walk.walk(order, about: number, db)
                                }
                            } else {
                                try await store.databases.work.transaction(as: .system) { db in
                                    try BarrierWalk(seed: walk, book: book).walk(number, db)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await store.checkHistory()
        }
    }

    /// A barrier of its own, walked through its states, also backwards in time.
    struct BarrierWalk {
        let seed: Int
        let book: ReferenceBook

        func walk(_ number: Int, _ db: isolated Connection) throws {
            var dice = Dice(seed: seed)
            var observations: [Observation] = []
            var told = Told(try #require(try db.barrier(number, campaign: 1)).barrier)
            told.steps = [Step(sequence: 1, action: .record, actor: WalkTests.supervisor, on: WalkTests.first)]
            for _ in 0..<Int.random(in: 2...5, using: &dice) {
                let day = WalkTests.first + Int.random(in: 0...20, using: &dice)
                let action = Self.action(&dice, observations, on: day, sequence: told.sequence + 1)
                let role: Role = Barrier.may(.supervisor, action.name) ? .supervisor : .system
                let before = told
                var expected: Refusal?
                let rules = Barrier.Rules.shipped(observations)
                do {
                    try told.take(
                        action, by: Actor(role), on: day, changedOn: told.state.changedOn,
                        isRemark: action.name.isRemark, under: rules)
                } catch {
                    (expected, told) = (error, before)
                }
                var found: Refusal?
                do {
                    try db.run(script: "SAVEPOINT step")
                    let terms = ActionTerms(effectiveOn: day, reason: WalkTests.terms)
                    _ = try db.perform(
                        action, onBarrier: number, of: "internet-2021", by: Actor(role), terms,
                        .observation(ObservationSetting()), book: book, at: WalkTests.now)
                } catch let refusal as Refusal {
                    try db.run(script: "ROLLBACK TO step")
                    found = refusal
                }
                #expect(found == expected, "walk \(seed): \(action) on \(day)")
                if expected == nil { Self.note(action, &observations, sequence: told.sequence) }
            }
            let stored = try #require(try db.barrier(number, campaign: 1))
            #expect(stored.barrier == told.state, "walk \(seed)")
            let seen = try db.observed([stored.id], campaign: 1, at: WalkTests.first + 40, staleAfterDays: 14)
            let again = Observed(observations, at: WalkTests.first + 40, staleAfterDays: 14)
            #expect((seen[stored.id] ?? .nothing) == again, "walk \(seed)")
        }

        private static func note(_ action: Barrier.Action, _ observations: inout [Observation], sequence: Int) {
            if case .observe(let observation) = action { observations.append(observation) }
            if case .retract(let taken) = action, let index = observations.firstIndex(where: { $0.sequence == taken }) {
                observations[index].retractedBy = sequence
            }
        }

        static func action(
            _ dice: inout Dice, _ observations: [Observation], on day: Day, sequence: Int
        ) -> Barrier.Action {
            switch Int.random(in: 0..<22, using: &dice) {
            case 0: .record
            case 1, 2, 3, 4:
                .observe(
                    Observation(
                        on: day, method: dice.pick([.onSite, .press, .technicalTest]),
                        result: dice.pick([.open, .open, .open, .blocked, .partlyOpen]), sequence: sequence))
            case 5: .retract(observations.last?.sequence ?? 1)
            case 6: .confirm(basis: nil, scenario: nil)
            case 7: .order(due: nil)
            case 8: .undertake(by: day + 5)
            case 9: .start
            case 10: .await(company: dice.pick(["alibaba", "unionpay"]))
            case 11: .endAwait
            case 12, 13: .claim(coverage: dice.pick([nil, 85]))
            case 14: .verifyPartly(coverage: 50)
            case 15, 16: .verify
            case 17: .refute
            case 18: .justify(ground: "fraud", until: day + 30)
            case 19: dice.pick([.dismiss, .revive, .liftOrder])
            case 20: dice.pick([.regress, .openReview(complaints: 3), .closeReview])
            default: .note
            }
        }
    }

    /// An order about a barrier that comes and goes beneath it.
    struct OrderWalk {
        let seed: Int
        let book: ReferenceBook

        func issue(about number: Int, _ db: isolated Connection) throws -> OrderRecord {
            let limit = NewOrder(
                company: "tencent", rung: "guidance_meeting", basis: nil, limits: [number: .days(3, .workingDays)])
            let terms = ActionTerms(effectiveOn: WalkTests.first, reason: WalkTests.terms)
            return try db.issue(
                limit, of: "internet-2021", by: WalkTests.supervisor, terms, book: book, at: WalkTests.now)
        }

        func walk(_ order: OrderRecord, about number: Int, _ db: isolated Connection) throws {
            var dice = Dice(seed: seed)
            var told = Told(order.order)
            var day = WalkTests.first
            for _ in 0..<Int.random(in: 3...5, using: &dice) {
                day = day + Int.random(in: 0...3, using: &dice)
                if Bool.random(using: &dice) { try turnBarrier(number, on: day, &dice, db) }
                let on = Int.random(in: 0..<4, using: &dice) == 0 ? WalkTests.first + 1 : day
                let action = Self.action(&dice)
                let barrier = try #require(try db.barrier(number, campaign: 1))
                var rules = Order.Rules.shipped()
                rules.ledger = try ledger(barrier, db)
                let before = told
                var expected: Refusal?
                do {
                    try told.state.authorize(action, by: WalkTests.supervisor)
                    try told.take(
                        action, by: WalkTests.supervisor, on: on, changedOn: told.state.changedOn,
                        isRemark: action.name.isRemark, under: rules)
                } catch {
                    (expected, told) = (error, before)
                }
                var found: Refusal?
                do {
                    try db.run(script: "SAVEPOINT step")
                    let terms = ActionTerms(effectiveOn: on, reason: WalkTests.terms)
                    _ = try db.perform(
                        action, onOrder: order.order.number, of: "internet-2021", by: WalkTests.supervisor, terms,
                        book: book, at: WalkTests.now)
                } catch let refusal as Refusal {
                    try db.run(script: "ROLLBACK TO step")
                    found = refusal
                }
                #expect(found == expected, "walk \(seed): \(action) on \(on)")
            }
            let stored = try #require(try db.order(order.order.number, campaign: 1))
            #expect(stored.order == told.state, "walk \(seed)")
        }

        /// What the database says the barrier was, day by day.
        private func ledger(_ barrier: BarrierRecord, _ db: isolated Connection) throws -> Complaint.Ledger {
            var ledger = Complaint.Ledger()
            let rows = try db.all(
                """
                SELECT effective_from, remediation FROM barrier_interval
                WHERE barrier_id = \(barrier.id) AND retracted_at IS NULL ORDER BY effective_from, sequence
                """
            ) { row in (try row.read(Day.self), try row.read(Barrier.Remediation.self)) }
            for (day, remediation) in rows { ledger.add(barrier.barrier.number, from: day, remediation) }
            return ledger
        }

        /// Brings the barrier to verified, or back.
        private func turnBarrier(_ number: Int, on day: Day, _ dice: inout Dice, _ db: isolated Connection) throws {
            let seen = Observation(on: day, method: .onSite, result: .open)
            let actions: [Barrier.Action] = dice.pick([
                [.claim(coverage: nil), .observe(seen), .observe(seen), .verify], [.regress], [.claim(coverage: 10)],
            ])
            for action in actions {
                do {
                    try db.run(script: "SAVEPOINT turn")
                    _ = try db.perform(
                        action, onBarrier: number, of: "internet-2021", by: WalkTests.supervisor,
                        ActionTerms(effectiveOn: day, reason: WalkTests.terms), .observation(ObservationSetting()),
                        book: book, at: WalkTests.now)
                } catch is Refusal {
                    try db.run(script: "ROLLBACK TO turn")
                    return
                }
            }
        }

        static func action(_ dice: inout Dice) -> Order.Action {
            switch Int.random(in: 0..<11, using: &dice) {
            case 0, 1: .serve
            case 2: .acknowledge
            case 3: .extend(barrier: nil, by: 2)
            case 4, 5: .comply
            case 6, 7: .breach
            case 8: .escalate(rung: dice.pick(["public_notice", "app_takedown"]), basis: "Order 20")
            case 9: .rescind
            default: .note
            }
        }
    }
}
