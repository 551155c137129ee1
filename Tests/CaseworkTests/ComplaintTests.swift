import Casework
import Foundation
import TestSupport
import Testing

struct ComplaintTests {
    /// Every state against every action, taken by someone who may.
    @Test func `transitions are exactly these`() throws {
        let rows = try Complaint.Status.allCases.map { status in
            let cells = try Complaint.sampleActions.map { _, action in
                var complaint = try Complaint.sample(status: status)
                let role = [Role.supervisor, .system, .complainant].first { Complaint.may($0, action.name) } ?? .system
                do {
                    _ = try complaint.apply(action, by: Actor(role), on: complaint.changedOn, under: .shipped)
                    return complaint.status.rawValue
                } catch Refusal.outOfOrder {
                    return "-"
                } catch Refusal.nothingToChange {
                    return "nothing"
                } catch Refusal.invalid {
                    // No such deadline is running.
                    return "invalid"
                }
            }
            return (status.rawValue, cells)
        }
        try expect(matrix(Complaint.sampleActions.map(\.name.rawValue), rows), matches: "complaint-transitions")
    }

    @Test func `roles may do exactly this`() throws {
        let rows = Complaint.ActionName.allCases.map { action in
            (action.rawValue, Role.allCases.map { Complaint.may($0, action) ? "yes" : "-" })
        }
        try expect(matrix(Role.allCases.map(\.rawValue), rows), matches: "complaint-roles")
    }

    @Test(arguments: Complaint.Status.allCases)
    func `a refused action changes nothing`(status: Complaint.Status) throws {
        for (_, action) in Complaint.sampleActions {
            for role in Role.allCases {
                let before = try Complaint.sample(status: status)
                var after = before
                do {
                    _ = try after.apply(action, by: Actor(role), on: before.changedOn, under: .shipped)
                } catch {
                    #expect(after == before)
                }
            }
        }
    }

    @Test func `nothing takes effect before the latest change`() throws {
        var complaint = try Complaint.sample(status: .accepted, on: .on("2021-09-10"))
        #expect(throws: Refusal.backdated(on: .on("2021-09-09"), latest: .on("2021-09-10"))) {
            try complaint.apply(.forward, by: .officer, on: .on("2021-09-09"), under: .shipped)
        }
    }

    @Test func `remediated needs every barrier verified, and says which are not`() throws {
        var complaint = try Complaint.sample(status: .accepted)
        complaint.barriers = []
        let day = complaint.changedOn
        #expect(throws: Refusal.noBarrier) {
            try complaint.apply(.close(.remediated), by: .officer, on: day, under: .shipped)
        }
        var rules = Complaint.Rules.shipped
        rules.ledger.add(4, from: day, .verified)
        rules.ledger.add(9, from: day, .claimed)
        rules.ledger.add(9, from: day + 3, .verified)
        complaint.barriers = [4, 9]
        #expect(throws: Refusal.barriersNotVerified([9])) {
            try complaint.apply(.close(.remediated), by: .officer, on: day, under: rules)
        }
        _ = try complaint.apply(.close(.remediated), by: .officer, on: day + 3, under: rules)
        #expect(complaint.status == .closed)
    }

    @Test func `undoing a duplicate restores what was, also when information was missing`() throws {
        let before = try Complaint.sample(status: .needsInformation)
        var complaint = before
        for action: Complaint.Action in [.markDuplicate(of: UUID()), .undoDuplicate] {
            _ = try complaint.apply(action, by: .officer, on: before.changedOn, under: .shipped)
        }
        #expect(complaint == before)
    }

    @Test func `information brings it back to where it was`() throws {
        for status in [Complaint.Status.received, .accepted, .forwarded, .responded] {
            var complaint = try Complaint.sample(status: status)
            for action: Complaint.Action in [.requestInformation(gap: "facts_unclear"), .provideInformation] {
                _ = try complaint.apply(action, by: .officer, on: complaint.changedOn, under: .shipped)
            }
            #expect(complaint.status == status)
        }
    }

    @Test func `codes have to be the campaign's`() throws {
        var complaint = try Complaint.sample()
        let day = complaint.changedOn
        #expect(throws: Refusal.self) {
            try complaint.apply(.refuse(ground: "bad_mood"), by: .officer, on: day, under: .shipped)
        }
        #expect(
            throws: Refusal.categoryMismatch(
                scenario: "fake_close_button", category: "market_order", expected: "user_rights")
        ) {
            try complaint.apply(
                .accept(category: nil, scenario: "fake_close_button"), by: .officer, on: day, under: .shipped)
        }
    }

    @Test func `what is about nothing the campaign names is accepted into a category or not at all`() throws {
        var complaint = Complaint.received(
            id: UUID(), kind: .other, category: nil, scenario: nil, respondent: .init(), target: .init(),
            on: .on("2021-09-08"), under: .shipped)
        #expect(throws: Refusal.categoryMissing) {
            try complaint.apply(
                .accept(category: nil, scenario: nil), by: .officer, on: .on("2021-09-08"), under: .shipped)
        }
    }
}

struct ComplaintDeadlineTests {
    private func due(_ purpose: Deadline.Purpose, _ complaint: Complaint) -> String? {
        complaint.deadline(purpose).map { "\($0.dueOn) \($0.state.rawValue)" }
    }

    @Test func `each step starts its limit and ends the one before`() throws {
        var complaint = try Complaint.sample(on: .on("2021-09-08"))
        #expect(due(.acceptance, complaint) == "2021-09-15 running")
        _ = try complaint.apply(
            .accept(category: nil, scenario: nil), by: .officer, on: .on("2021-09-10"), under: .shipped)
        #expect(due(.acceptance, complaint) == "2021-09-15 met")
        // Thirty calendar days from the day all materials were there, moved past the holiday.
        #expect(due(.answer, complaint) == "2021-10-08 running")
        _ = try complaint.apply(.forward, by: .officer, on: .on("2021-09-10"), under: .shipped)
        #expect(due(.companyReply, complaint) == "2021-09-26 running")
        _ = try complaint.apply(.respond(.accepted, ground: nil), by: .officer, on: .on("2021-09-28"), under: .shipped)
        #expect(complaint.deadline(.companyReply)?.wasMetLate == true)
        _ = try complaint.apply(.close(.explained), by: .officer, on: .on("2021-10-08"), under: .shipped)
        #expect(due(.answer, complaint) == "2021-10-08 met")
        #expect(complaint.deadline(.answer)?.wasMetLate == false)
    }

    @Test func `waiting for information restarts the decision and pauses the rest`() throws {
        var complaint = try Complaint.sample(on: .on("2021-09-08"))
        _ = try complaint.apply(
            .requestInformation(gap: "facts_unclear"), by: .officer, on: .on("2021-09-09"), under: .shipped)
        #expect(due(.acceptance, complaint) == "2021-09-15 paused")
        _ = try complaint.apply(.provideInformation, by: .officer, on: .on("2021-09-17"), under: .shipped)
        #expect(due(.acceptance, complaint) == "2021-09-26 running")
        _ = try complaint.apply(
            .accept(category: nil, scenario: nil), by: .officer, on: .on("2021-09-17"), under: .shipped)
        #expect(due(.answer, complaint) == "2021-10-18 running")
        _ = try complaint.apply(
            .requestInformation(gap: "facts_unclear"), by: .officer, on: .on("2021-09-20"), under: .shipped)
        _ = try complaint.apply(.provideInformation, by: .officer, on: .on("2021-09-22"), under: .shipped)
        // Two days ended while it waited: the 20th and the 21st.
        #expect(due(.answer, complaint) == "2021-10-19 running")
    }

    @Test func `a duplicate owes nothing until it is undone`() throws {
        var complaint = try Complaint.sample(on: .on("2021-09-08"))
        _ = try complaint.apply(.markDuplicate(of: UUID()), by: .officer, on: .on("2021-09-09"), under: .shipped)
        #expect(!complaint.deadlines.contains { $0.isOverdue(at: .on("2021-10-09")) })
        _ = try complaint.apply(.undoDuplicate, by: .officer, on: .on("2021-10-08"), under: .shipped)
        #expect(complaint.deadlines.contains { $0.isOverdue(at: .on("2021-10-09")) })
    }
}
