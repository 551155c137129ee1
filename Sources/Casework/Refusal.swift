/// Why a rule does not let something happen.
///
/// Nothing has changed when one is thrown.
public enum Refusal: Error, Equatable, Sendable {
    /// The role may never do this.
    case forbidden(action: String, role: Role)
    /// Not from this state. `allowed` says what is possible instead.
    case outOfOrder(action: String, state: String, allowed: [String])
    /// The effective date lies before the latest change of the case.
    case backdated(on: Day, latest: Day)
    /// The effective date lies in the future.
    case inTheFuture(on: Day, today: Day)
    /// An earlier effective date than today needs a reason.
    case reasonMissing
    /// A code that the campaign or the registry does not have.
    case unknownCode(field: String, value: String, known: [String])
    /// The scenario belongs to another category.
    case categoryMismatch(scenario: String, category: String, expected: String)
    /// A complaint is accepted into a category.
    case categoryMissing
    /// `remediated` needs every barrier verified; these are not.
    case barriersNotVerified([Int])
    /// `remediated` needs at least one barrier.
    case noBarrier
    /// A barrier is verified by a quorum of fresh observations.
    case quorumNotMet(String)
    /// A claim is refuted by an observation made after it.
    case noRefutingObservation
    /// A complaint cannot duplicate itself or another duplicate.
    case notADuplicate(String)
    /// A barrier is tied to a complaint once, and untied only where it was tied.
    case linkUnchanged(barrier: Int, isLinked: Bool)
    /// A percentage outside 0 to 100, a date before another, and the like.
    case invalid(field: String, reason: String)
}
