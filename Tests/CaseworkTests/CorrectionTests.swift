import Casework
import Foundation
import TestSupport
import Testing

/// Late paper: what happened earlier than what is known already.
struct CorrectionTests {
    private static let accept = Complaint.Action.accept(category: nil, scenario: nil)

    private func steps(_ actions: [(String, Complaint.Action)]) -> [Step<Complaint.Action>] {
        actions.enumerated().map { index, pair in
            Step(sequence: index + 2, action: pair.1, actor: .supervisor, on: .on(pair.0))
        }
    }

    @Test func `a step put into the past moves the deadlines that follow from it`() throws {
        let filed = try Complaint.sample(on: .on("2021-09-08"))
        let known = steps([("2021-09-10", Self.accept), ("2021-09-17", .forward)])
        let late = Step(
            sequence: 4, action: Complaint.Action.setPriority(.high), actor: Actor.officer, on: Day.on("2021-09-13"))
        let told = try Complaint.correct(with: late, among: known, from: filed, under: .shipped)
        #expect(told.before.map(\.step.sequence) == [2, 3])
        #expect(told.after.map(\.step.sequence) == [2, 4, 3])
        #expect(told.after.map(\.state.priority) == [.normal, .high, .high])
        #expect(told.after.last?.state.status == .forwarded)
    }

    @Test func `the one that loses its ground is named`() throws {
        let filed = try Complaint.sample(on: .on("2021-09-08"))
        let known = steps([("2021-09-10", Self.accept), ("2021-09-17", .forward)])
        let late = Step(sequence: 4, action: Complaint.Action.withdraw, actor: Actor.officer, on: Day.on("2021-09-13"))
        do {
            _ = try Complaint.correct(with: late, among: known, from: filed, under: .shipped)
            Issue.record("a withdrawn complaint was forwarded")
        } catch {
            guard case .wouldBecomeIllegal("forward", .on("2021-09-17"), 3, .outOfOrder) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `a step that cannot happen then is refused for its own reason`() throws {
        let filed = try Complaint.sample(on: .on("2021-09-08"))
        let known = steps([("2021-09-10", Self.accept)])
        #expect(throws: Refusal.beforeBeginning(on: .on("2021-09-01"), began: .on("2021-09-08"))) {
            let late = Step(sequence: 3, action: Complaint.Action.withdraw, actor: .officer, on: Day.on("2021-09-01"))
            _ = try Complaint.correct(with: late, among: known, from: filed, under: .shipped)
        }
        let forward = Step(
            sequence: 3, action: Complaint.Action.forward, actor: Actor.officer, on: Day.on("2021-09-09"))
        do {
            _ = try Complaint.correct(with: forward, among: known, from: filed, under: .shipped)
            Issue.record("forwarded before it was accepted")
        } catch {
            guard case .outOfOrder("forward", "received", _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `a test entered later does not undo a decision made before it was known`() throws {
        func seen(_ day: String, _ result: Observation.Result, _ sequence: Int) -> Observation {
            Observation(on: .on(day), method: .probe, result: result, sequence: sequence)
        }
        let observations = [
            seen("2021-09-18", .open, 4), seen("2021-09-18", .open, 5), seen("2021-09-18", .blocked, 7),
        ]
        let initial = Barrier.sample(on: .on("2021-09-08"))
        let actions: [(String, Int, Barrier.Action)] = [
            ("2021-09-09", 2, .confirm(basis: nil, scenario: nil)), ("2021-09-17", 3, .claim(coverage: nil)),
            ("2021-09-18", 4, .observe(observations[0])), ("2021-09-18", 5, .observe(observations[1])),
            ("2021-09-20", 6, .verify),
        ]
        let known = actions.map { Step(sequence: $0.1, action: $0.2, actor: Actor.officer, on: Day.on($0.0)) }
        let late = Step(
            sequence: 7, action: Barrier.Action.observe(observations[2]), actor: Actor.officer, on: Day.on("2021-09-18")
        )
        let told = try Barrier.correct(with: late, among: known, from: initial, under: .shipped(observations))
        #expect(told.after.last?.state.remediation == .verified)
        // Whoever verifies now, knowing it, cannot.
        var claimed = Barrier.sample(.claimed)
        claimed.claim = Barrier.Mark(on: .on("2021-09-17"), sequence: 3)
        #expect(throws: Refusal.self) {
            try claimed.act(.verify, by: .officer, on: .on("2021-09-20"), at: 8, seeing: observations)
        }
    }

    /// Whatever is written into history is read back as it was.
    @Test func `every action survives history`() throws {
        for (_, action) in Complaint.sampleActions {
            #expect(Complaint.Action(name: action.name.rawValue, details: action.details) == action)
        }
        let observation = Observation(
            on: .on("2021-09-08"), method: .probe, result: .partlyOpen, coverage: 85,
            control: .init(target: .platform("qq"), result: .open), tests: ["opens_in_app": .fail], sequence: 9)
        for action in Barrier.sampleActions + [.observe(observation)] {
            let day = Day.on("2021-09-08")
            let sequence = action == .observe(observation) ? 9 : 0
            let read = Barrier.Action(
                name: action.name.rawValue, details: action.details, on: day, sequence: sequence)
            #expect(read == action)
        }
        for action in Order.sampleActions {
            #expect(Order.Action(name: action.name.rawValue, details: action.details) == action)
        }
        for status in [Complaint.Status.forwarded, .needsInformation] {
            let runs = try Complaint.sample(status: status).deadlines
            for action: Complaint.Action in [
                .absorb(UUID(), barriers: [3, 5], runs: runs), .renewAbsorbed(UUID(), runs: runs),
                .markDuplicate(of: UUID(), company: "tencent"),
                .requestInformation(gap: "facts_unclear", isBackEntered: true),
                .extendDeadline(.answer, by: 5, isBackEntered: true),
            ] {
                #expect(Complaint.Action(name: action.name.rawValue, details: action.details) == action)
            }
        }
    }

    @Test func `a case closed as remediated takes in none that attests more`() throws {
        var closed = try Complaint.sample(status: .closed)
        closed.outcome = .remediated
        let day = closed.changedOn
        #expect(throws: Refusal.self) {
            try closed.apply(.absorb(UUID(), barriers: [1, 2], runs: []), by: .officer, on: day, under: .shipped)
        }
        _ = try closed.apply(.absorb(UUID(), barriers: [1], runs: []), by: .officer, on: day, under: .shipped)
        #expect(closed.absorbed.count == 1 && closed.barriers == [1])
    }

    @Test func `two complaints become one case, and two again as they were`() throws {
        var survivor = try Complaint.sample(status: .accepted, on: .on("2021-09-13"))
        var other = try Complaint.sample(status: .accepted, on: .on("2021-09-08"))
        other.barriers = [1, 7]
        let (before, otherBefore) = (survivor, other)
        let day = Day.on("2021-09-13")
        let runs = other.runsCarried(into: "tencent")
        _ = try other.apply(
            .markDuplicate(of: survivor.id, company: "tencent"), by: .officer, on: day, under: .shipped)
        _ = try survivor.apply(
            .absorb(other.id, barriers: other.barriers.sorted(), runs: runs), by: .officer, on: day, under: .shipped)
        // The earlier date is owed, and the barriers come along.
        #expect(survivor.deadline(.answer)?.dueOn == otherBefore.deadline(.answer)?.dueOn)
        #expect(survivor.barriers == [1, 7])
        #expect(throws: Refusal.hasDuplicates) {
            var gone = survivor
            _ = try gone.apply(.withdraw, by: Actor(.complainant), on: day, under: .shipped)
        }
        _ = try other.apply(.undoDuplicate, by: .officer, on: day, under: .shipped)
        _ = try survivor.apply(.release(other.id), by: .officer, on: day, under: .shipped)
        survivor.deadlines.removeAll { $0.origin != nil }
        #expect(survivor == before)
        var expected = otherBefore
        expected.changedOn = day
        #expect(other == expected)
    }
}
