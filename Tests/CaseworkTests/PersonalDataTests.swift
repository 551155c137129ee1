import Casework
import TestSupport
import Testing

struct PersonalDataTests {
    /// The product's own rules, after so many days: what is done about data that are still active, or restricted.
    @Test func `data are restricted and erased exactly so`() throws {
        let ends: [(Complaint.Status, Complaint.Outcome?)] =
            [
                (.refused, nil), (.duplicate, nil), (.withdrawn, nil), (.referred, nil),
            ] + Complaint.Outcome.allCases.map { (.closed, $0) } + [(.accepted, nil), (.received, nil)]
        let ages = [0, 179, 180, 729, 730, 1094, 1095, 5000]
        let rows = ends.map { status, outcome in
            let cells = ages.map { age in
                [DataState.active, .restricted].map { state in
                    RetentionRule.step(
                        for: status, outcome, endedOn: .on("2022-01-01"), state: state, isHeld: false,
                        on: .on("2022-01-01") + age, by: Campaign.standardRetention)?.rawValue ?? "-"
                }.joined(separator: "/")
            }
            return (outcome.map { "\(status.rawValue) \($0.rawValue)" } ?? status.rawValue, cells)
        }
        try expect(matrix(ages.map(String.init), rows), matches: "retention")
    }

    @Test(arguments: DataState.allCases)
    func `a hold keeps everything, and what is erased is not erased again`(state: DataState) {
        let rules = [RetentionRule(statuses: [.closed], outcomes: [.enforced], restrictAfterDays: 1, eraseAfterDays: 2)]
        func step(_ outcome: Complaint.Outcome, _ isHeld: Bool) -> DataState? {
            RetentionRule.step(
                for: .closed, outcome, endedOn: .on("2022-01-01"), state: state, isHeld: isHeld, on: .on("2030-01-01"),
                by: rules)
        }
        #expect(step(.enforced, true) == nil)
        #expect(step(.explained, false) == nil, "the rule is for another outcome")
        #expect(step(.enforced, false) == (state.isGone ? nil : .erased))
    }
}
