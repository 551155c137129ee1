import Casework
import Foundation
import Store
import TestSupport

extension WalkTests {
    /// What may be said of an ending: by the one who filed the case, or by one whose complaint was merged into it.
    static func verdicts(_ other: UUID) -> [Complaint.Action] {
        [
            .confirmFixed(by: nil), .denyFixed(by: nil), .rate(3, by: nil), .rate(2, by: other), .denyFixed(by: other),
        ]
    }

    /// What is said of an ending about a complaint that was merged is said of the case that goes on.
    ///
    /// - Returns: Whether it was such a thing.
    static func takeVerdict(
        _ action: Complaint.Action, by actor: Actor, on day: Day, _ told: inout [Told<Complaint>], _ index: Int,
        _ rules: Complaint.Rules
    ) throws(Refusal) -> Bool {
        let (own, other) = (told[index].state, told[1 - index].state)
        guard own.status == .duplicate, let said = verdict(action, by: own.id) else { return false }
        try other.authorize(said, by: actor)
        try told[1 - index].take(said, by: actor, on: day, changedOn: other.changedOn, isRemark: false, under: rules)
        return true
    }

    private static func verdict(_ action: Complaint.Action, by other: UUID) -> Complaint.Action? {
        switch action {
        case .confirmFixed: .confirmFixed(by: other)
        case .denyFixed: .denyFixed(by: other)
        case .rate(let rating, _): .rate(rating, by: other)
        default: nil
        }
    }
}
