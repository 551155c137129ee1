import Casework
import Foundation
import TestSupport
import Testing

struct OrderTests {
    private static let dueDay = Day.on("2021-09-15")
    private static let late = Day.on("2021-09-20")

    private func act(
        _ order: inout Order, _ action: Order.Action, by actor: Actor = .supervisor, on day: Day = Self.late,
        _ remediation: Barrier.Remediation = .claimed
    ) throws(Refusal) {
        let step = Step(sequence: 2, action: action, actor: actor, on: day)
        _ = try order.apply(step, under: .shipped(remediation))
    }

    @Test func `transitions are exactly these`() throws {
        #expect(Order.sampleActions.map(\.name) == Order.ActionName.allCases)
        let rows = Order.Status.allCases.map { status in
            let cells = Order.sampleActions.map { action in
                var order = Order.sample(status)
                let role: Role = Order.may(.supervisor, action.name) ? .supervisor : .system
                do {
                    // More time is given by the due day, everything else happens after it.
                    let day = action.name == .extend ? Self.dueDay : Self.late
                    try act(&order, action, by: Actor(role), on: day, action == .comply ? .verified : .claimed)
                    return order.status.rawValue
                } catch {
                    return "-"
                }
            }
            return (status.rawValue, cells)
        }
        try expect(matrix(Order.sampleActions.map(\.name.rawValue), rows), matches: "order-transitions")
    }

    @Test func `roles may do exactly this`() throws {
        let rows = Order.ActionName.allCases.map { action in
            (action.rawValue, Role.allCases.map { Order.may($0, action) ? "yes" : "-" })
        }
        try expect(matrix(Role.allCases.map(\.rawValue), rows), matches: "order-roles")
    }

    @Test func `it is complied with only when every barrier is verified`() throws {
        var order = Order.sample(.served)
        #expect(throws: Refusal.barriersNotVerified([1])) { try act(&order, .comply) }
        try act(&order, .comply, .verified)
        #expect(order.status == .complied && order.endedOn == Self.late)
        #expect(order.items[0].deadline.wasMetLate)
    }

    @Test func `nothing is breached before its day, nor where the barrier is gone`() throws {
        var order = Order.sample(.served)
        #expect(throws: Refusal.notOverdue(dueOn: .on("2021-09-15"))) {
            try act(&order, .breach, on: .on("2021-09-15"))
        }
        #expect(throws: Refusal.notOverdue(dueOn: .on("2021-09-15"))) { try act(&order, .breach, .verified) }
        try act(&order, .breach)
        #expect(order.status == .breached)
    }

    @Test func `the ladder is climbed upwards, each rung with its day and basis`() throws {
        var order = Order.sample(.breached)
        #expect(throws: Refusal.notHigher(rung: "self_examination", current: "guidance_meeting")) {
            try act(&order, .escalate(rung: "self_examination", basis: "x"))
        }
        #expect(throws: Refusal.self) { try act(&order, .escalate(rung: "prison", basis: "x")) }
        try act(&order, .escalate(rung: "public_notice", basis: "Order 20"))
        try act(&order, .escalate(rung: "app_takedown", basis: "Order 20"))
        #expect(order.rungs.map(\.code) == ["guidance_meeting", "public_notice", "app_takedown"])
        #expect(order.rungs[1].on == Self.late && order.rungs[1].basis == "Order 20")
    }

    @Test func `more time is given by a supervisor, not by whoever issued it`() throws {
        let issuer = Actor(.supervisor, id: UUID())
        var order = Order.sample(.served)
        order.issuedBy = issuer.id
        #expect(throws: Refusal.forbidden(action: "extend", role: .officer)) {
            try act(&order, .extend(barrier: nil, by: 5), by: .officer, on: Self.dueDay)
        }
        #expect(throws: Refusal.selfApproval("whoever issued the order cannot approve more time for it")) {
            try act(&order, .extend(barrier: nil, by: 5), by: issuer, on: Self.dueDay)
        }
        #expect(throws: Refusal.limitMissed(owedBy: Self.dueDay, on: Self.late), "what was missed stays missed") {
            try act(&order, .extend(barrier: 1, by: 5))
        }
        try act(&order, .extend(barrier: 1, by: 5), on: Self.dueDay)
        // Ten working days after 8 September 2021: two make-up days, three days of Mid-Autumn off.
        #expect(order.dueOn == .on("2021-09-23"))
        #expect(throws: Refusal.self, "no such barrier") {
            try act(&order, .extend(barrier: 9, by: 5), on: Self.dueDay)
        }
    }
}
