import Casework
import Foundation
import TestSupport
import Testing

extension Barrier {
    /// One step, on the day of the latest change unless another is said.
    @discardableResult
    mutating func act(
        _ action: Action, by actor: Actor, on day: Day? = nil, at sequence: Int = 100,
        seeing observations: [Observation] = []
    ) throws(Refusal) -> Event {
        try apply(
            Step(sequence: sequence, action: action, actor: actor, on: day ?? changedOn), under: .shipped(observations))
    }
}

struct BarrierTests {
    private static let proof = [
        Observation(on: .on("2021-09-08"), method: .probe, result: .open, sequence: 2),
        Observation(on: .on("2021-09-08"), method: .press, result: .open, sequence: 3),
    ]
    private static let refutation = [Observation(on: .on("2021-09-08"), method: .press, result: .blocked, sequence: 2)]

    @Test func `transitions are exactly these`() throws {
        #expect(Barrier.sampleActions.map(\.name) == Barrier.ActionName.allCases)
        let rows = Barrier.Remediation.allCases.map { state in
            let cells = Barrier.sampleActions.map { action in
                var barrier = Barrier.sample(state)
                let role: Role = Barrier.may(.supervisor, action.name) ? .supervisor : .system
                let seen = action == .refute ? Self.refutation : Self.proof
                do {
                    _ = try barrier.act(action, by: Actor(role), seeing: seen)
                    return barrier.remediation.rawValue
                } catch Refusal.nothingToChange {
                    return "nothing"
                } catch {
                    return "-"
                }
            }
            return (state.rawValue, cells)
        }
        try expect(matrix(Barrier.sampleActions.map(\.name.rawValue), rows), matches: "barrier-transitions")
    }

    @Test func `roles may do exactly this`() throws {
        let rows = Barrier.ActionName.allCases.map { action in
            (action.rawValue, Role.allCases.map { Barrier.may($0, action) ? "yes" : "-" })
        }
        try expect(matrix(Role.allCases.map(\.rawValue), rows), matches: "barrier-roles")
    }

    @Test func `what comes back is under the order that still stands`() throws {
        for (isOrdered, state) in [(true, Barrier.Remediation.ordered), (false, .confirmed)] {
            var barrier = Barrier.sample(.verified)
            barrier.hasStandingOrder = isOrdered
            _ = try barrier.act(.regress, by: .officer)
            #expect(barrier.remediation == state && barrier.episode == 2 && barrier.hasStandingOrder == isOrdered)
        }
    }

    @Test func `an order leaves a later state where it is, and a refuted claim goes back to it`() throws {
        var barrier = Barrier.sample(.committed)
        _ = try barrier.act(.order(due: nil), by: .officer, at: 2)
        #expect(barrier.remediation == .committed && barrier.hasStandingOrder)
        _ = try barrier.act(.claim(coverage: nil), by: .officer, at: 3)
        let seen = Observation(on: barrier.changedOn, method: .press, result: .blocked, sequence: 4)
        _ = try barrier.act(.refute, by: .officer, at: 5, seeing: [seen])
        #expect(barrier.remediation == .ordered && barrier.falseClaims == 1)
    }

    @Test func `a company cannot put a new claim over a test that speaks against the old`() throws {
        var barrier = Barrier.sample(.claimed)
        let seen = Observation(on: barrier.changedOn, method: .onSite, result: .blocked, sequence: 4)
        let company = Actor(.company)
        for action: Barrier.Action in [.claim(coverage: nil), .undertake(by: nil)] {
            #expect(throws: Refusal.claimIsRefuted(on: barrier.changedOn)) {
                try barrier.act(action, by: company, at: 5, seeing: [seen])
            }
            #expect(barrier.remediation == .claimed)
        }
        _ = try barrier.act(.refute, by: .officer, at: 5, seeing: [seen])
        _ = try barrier.act(.claim(coverage: nil), by: company, at: 6, seeing: [seen])
        #expect(barrier.remediation == .claimed && barrier.falseClaims == 1)
    }

    @Test func `a claim is proved by two fresh observations since it, one of them a probe or on site`() throws {
        func verify(_ observations: [Observation], on day: String = "2021-09-20") throws {
            var barrier = Barrier.sample(.claimed)
            barrier.claim = Barrier.Mark(on: .on("2021-09-17"), sequence: 2)
            _ = try barrier.act(.verify, by: .officer, on: .on(day), seeing: observations)
        }
        func seen(
            _ day: String, _ method: Observation.Method, _ result: Observation.Result, _ sequence: Int
        )
            -> Observation
        {
            Observation(on: .on(day), method: method, result: result, sequence: sequence)
        }
        let probe = seen("2021-09-18", .probe, .open, 3)
        let press = seen("2021-09-19", .press, .open, 4)
        try verify([probe, press])
        #expect(throws: Refusal.self, "one is not enough") { try verify([probe]) }
        #expect(throws: Refusal.self, "the press alone is not enough") {
            try verify([press, seen("2021-09-18", .press, .open, 5)])
        }
        #expect(throws: Refusal.self, "made before the claim") {
            try verify([seen("2021-09-17", .probe, .open, 1), press])
        }
        #expect(throws: Refusal.self, "stale") { try verify([probe, press], on: "2021-10-20") }
        #expect(throws: Refusal.self, "one says blocked") {
            try verify([probe, press, seen("2021-09-19", .complaint, .blocked, 5)])
        }
        #expect(throws: Refusal.self, "an extra step is not open") {
            try verify([probe, seen("2021-09-19", .onSite, .extraStep, 4)])
        }
    }

    @Test func `what one officer enters twice on a day by one method is one observation`() throws {
        let (li, sun) = (UUID(), UUID())
        func seen(_ observer: UUID?, _ day: String, _ method: Observation.Method, _ sequence: Int) -> Observation {
            Observation(
                on: .on(day), method: method, result: .open, observer: observer, sequence: sequence)
        }
        func verify(_ observations: [Observation], by differences: [Campaign.Quorum.Difference]) throws {
            var barrier = Barrier.sample(.claimed)
            barrier.claim = Barrier.Mark(on: .on("2021-09-17"), sequence: 2)
            var rules = Barrier.Rules.shipped(observations)
            rules.campaign.quorum.independentBy = differences
            let step = Step(sequence: 9, action: Barrier.Action.verify, actor: .officer, on: Day.on("2021-09-20"))
            _ = try barrier.apply(step, under: rules)
        }
        let all = Campaign.Quorum.Difference.allCases
        let first = seen(li, "2021-09-18", .onSite, 3)
        let again = seen(li, "2021-09-18", .onSite, 4)
        do {
            try verify([first, again], by: all)
            Issue.record("one officer made a quorum alone")
        } catch Refusal.quorumNotMet(let why) {
            #expect(why.contains("there are 1; 2 were entered"))
            #expect(why.hasSuffix("those of the same observer and day and method count as one"))
        }
        let others = [
            seen(sun, "2021-09-18", .onSite, 5), seen(li, "2021-09-19", .onSite, 5), seen(li, "2021-09-18", .probe, 5),
        ]
        for other in others { try verify([first, again, other], by: all) }
        // A campaign may want different officers, or different days.
        try verify([first, others[0]], by: [.observer])
        for other in others.dropFirst() {
            #expect(throws: Refusal.self) { try verify([first, other], by: [.observer]) }
        }
        try verify([first, others[1]], by: [.day])
        #expect(throws: Refusal.self) { try verify([first, others[0], others[2]], by: [.day]) }
        try verify([seen(nil, "2021-09-18", .probe, 3), seen(nil, "2021-09-18", .probe, 4)], by: all)
    }

    @Test func `a barrier is back where a test since it was verified says blocked`() throws {
        var barrier = Barrier.sample(.verified, on: .on("2021-09-20"))
        barrier.claim = Barrier.Mark(on: .on("2021-09-17"), sequence: 3)
        let today = Day.on("2021-09-25")
        func seen(
            _ day: String, _ result: Observation.Result, _ sequence: Int, retractedBy: Int? = nil
        ) -> Observation {
            Observation(
                on: .on(day), method: .press, result: result, sequence: sequence, retractedBy: retractedBy)
        }
        try barrier.requireSignOfReturn([seen("2021-09-21", .blocked, 8)], on: today)
        try barrier.requireSignOfReturn([seen("2021-09-20", .blocked, 8)], on: today)
        let none: [Observation] = [
            seen("2021-09-21", .open, 8), seen("2021-09-21", .extraStep, 8), seen("2021-09-19", .blocked, 8),
            seen("2021-09-17", .blocked, 2), seen("2021-09-26", .blocked, 8),
            seen("2021-09-21", .blocked, 8, retractedBy: 9),
        ]
        for one in none {
            #expect(throws: Refusal.noSignOfReturn(verifiedOn: .on("2021-09-20"))) {
                try barrier.requireSignOfReturn([one], on: today)
            }
        }
        // Verified on the day it had been seen blocked, claimed and seen open: the old test says nothing about after.
        barrier.claim = Barrier.Mark(on: .on("2021-09-20"), sequence: 5)
        #expect(throws: Refusal.self) {
            try barrier.requireSignOfReturn([seen("2021-09-20", .blocked, 4)], on: today)
        }
    }

    @Test func `seen again after it was verified, it starts its next episode`() throws {
        var barrier = Barrier.sample(.verified)
        _ = try barrier.act(.regress, by: .system)
        #expect(barrier.remediation == .confirmed && barrier.episode == 2 && !barrier.hasStandingOrder)
    }

    @Test func `the end of a wait goes back to before it`() throws {
        var barrier = Barrier.sample(.committed)
        _ = try barrier.act(.await(company: "tencent"), by: .officer)
        _ = try barrier.act(.await(company: "unionpay"), by: .officer)
        #expect(barrier.awaitedCompany == "unionpay" && barrier.wait?.dueOn == .on("2021-09-23"))
        _ = try barrier.act(.endAwait, by: .officer)
        #expect(barrier.remediation == .committed && barrier.awaitedCompany == nil)
    }

    @Test func `what is observed is the latest test, stale after the campaign's limit`() {
        let observations = [
            Observation(on: .on("2021-09-01"), method: .probe, result: .blocked, sequence: 1),
            Observation(on: .on("2021-09-17"), method: .press, result: .open, sequence: 2),
            Observation(on: .on("2021-09-17"), method: .probe, result: .extraStep, sequence: 3),
        ]
        func observed(_ day: String) -> Observed { Observed(observations, at: .on(day), staleAfterDays: 14) }
        #expect(observed("2021-08-31") == .nothing)
        #expect(observed("2021-09-15").state == .blocked && !observed("2021-09-15").isStale)
        #expect(observed("2021-09-16").isStale)
        #expect(observed("2021-09-17").state == .extraStep)
    }
}

/// What companies said and did in 2021, against the states that follow from it.
struct TimelineTests {
    private struct Ledger {
        var barriers: [String: Barrier] = [:]
        var observations: [String: [Observation]] = [:]
        private var sequence = 1

        mutating func take(_ part: TimelineEntry.Part, on day: Day) throws {
            let key = "\(part.kind) \(part.respondentPlatform) \(part.target) \(part.scene)"
            for step in part.actions {
                if step.action == "record" {
                    if barriers[key] == nil { barriers[key] = .sample(on: day) }
                    continue
                }
                guard var barrier = barriers[key] else { throw Refusal.noBarrier }
                sequence += 1
                if step.action == "observe", let method = step.method, let result = step.result {
                    let seen = Observation(on: day, method: method, result: result, sequence: sequence)
                    _ = try barrier.act(.observe(seen), by: .officer, on: day, at: sequence)
                    observations[key, default: []].append(seen)
                } else {
                    _ = try barrier.act(
                        step.casework, by: .officer, on: day, at: sequence, seeing: observations[key] ?? [])
                }
                barriers[key] = barrier
            }
        }
    }

    @Test func `the timeline leads to the states a clerk worked out`() throws {
        let entries = try TimelineEntry.all()
        let goldens = try TimelineState.all()
        #expect(goldens.count == 12)
        for (date, states) in goldens {
            var ledger = Ledger()
            for entry in entries where entry.on <= .on(date) {
                for part in entry.barriers { try ledger.take(part, on: entry.on) }
            }
            #expect(ledger.barriers.count == states.count, "\(date)")
            for state in states {
                let key = "\(state.kind) \(state.respondentPlatform) \(state.target) \(state.scene)"
                let barrier = try #require(ledger.barriers[key])
                let observed = Observed(ledger.observations[key] ?? [], at: .on(date), staleAfterDays: 14)
                #expect(barrier.remediation == state.remediation, "\(date) \(key)")
                #expect(observed.state == state.observed, "\(date) \(key)")
                #expect(barrier.awaitedCompany == state.waitingFor, "\(date) \(key)")
                #expect(barrier.coverage == state.claimedCoveragePercent, "\(date) \(key)")
            }
        }
    }
}

extension TimelineEntry.Deed {
    fileprivate var casework: Barrier.Action {
        switch action {
        case "confirm": .confirm(basis: nil, scenario: nil)
        case "order": .order(due: nil)
        case "undertake": .undertake(by: nil)
        case "start": .start
        case "await": .await(company: company ?? "")
        case "claim": .claim(coverage: coveragePercent)
        case "verify_partly": .verifyPartly(coverage: nil)
        case "refute": .refute
        default: preconditionFailure("the timeline has no such action: \(action)")
        }
    }
}
