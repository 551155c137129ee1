import Casework
import Foundation
import Reports
import TestSupport
import Testing

/// What complainants say is counted for each ending and each complainant.
struct VerdictFiguresTests {
    private let first = Day.on("2021-09-08")

    private func slots(_ said: [(Int, Complaint.Verdict)], asOf day: Day) -> [Slot: Int] {
        var facts = CaseFacts(number: 1, kind: .blockedLink, channel: .public, region: nil, receivedOn: first)
        facts.states = [
            CaseFacts.State(
                on: first, status: .accepted, category: nil, scenario: nil, company: nil, outcome: nil, ground: nil)
        ]
        facts.said = said.map { CaseFacts.Said(on: first + $0.0, verdict: $0.1) }
        return facts.slots(asOf: day) { $1 - $0 }.filter { $0.measure == .rating || $0.measure == .confirmation }
            .reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    @Test func `two endings and two complainants are four, and the last word counts`() {
        let (one, two) = (UUID(), UUID())
        let said: [(Int, Complaint.Verdict)] = [
            (1, .init(ending: 3, complaint: one, rating: 4)),
            (2, .init(ending: 3, complaint: two, rating: 1)),
            (3, .init(ending: 3, complaint: two, isConfirmedFixed: false, rating: 4)),
            (8, .init(ending: 9, complaint: one, rating: 4)),
            (9, .init(ending: 9, complaint: two, isConfirmedFixed: true, rating: 5)),
        ]
        #expect(slots(said, asOf: first) == [:])
        #expect(slots(said, asOf: first + 2) == [Slot(.rating, "4"): 1, Slot(.rating, "1"): 1])
        #expect(slots(said, asOf: first + 3) == [Slot(.rating, "4"): 2, Slot(.confirmation, "not_fixed"): 1])
        #expect(
            slots(said, asOf: first + 30) == [
                Slot(.rating, "4"): 3, Slot(.rating, "5"): 1, Slot(.confirmation, "not_fixed"): 1,
                Slot(.confirmation, "fixed"): 1,
            ])
    }

    @Test func `a figure leads to the complaints behind it`() throws {
        let filter = try #require(SlotFilter(behind: "handling.rating.count", row: "rating:4"))
        let period = ReportPeriod(from: nil, to: first)
        #expect(filter.matches(Slot(.rating, "4"), in: period) && !filter.matches(Slot(.rating, "5"), in: period))
    }
}
