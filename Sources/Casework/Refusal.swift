/// Why a rule does not let something happen.
///
/// Nothing has changed when one is thrown.
public indirect enum Refusal: Error, Equatable, Sendable {
    /// The role may never do this.
    case forbidden(action: String, role: Role)
    /// The case belongs to another office than the officer's.
    case wrongOffice(String)
    /// Another officer has the case; that officer or a supervisor can give it away.
    case heldByAnother
    /// A pause or more time that is entered after the fact takes a supervisor.
    case backEntry(action: String, on: Day)
    /// The limit ran out before the day; more time cannot be given after that.
    case limitMissed(owedBy: Day, on: Day)
    /// Whoever asks for it, or whose case it is, cannot approve it.
    case selfApproval(String)
    /// Not from this state. `allowed` says what is possible instead.
    case outOfOrder(action: String, state: String, allowed: [String])
    /// The effective date lies before the case began.
    case beforeBeginning(on: Day, began: Day)
    /// The effective date lies before the latest change of the case, and only a correction may go there.
    case backdated(on: Day, latest: Day)
    /// A correction would leave a later action without its ground.
    case wouldBecomeIllegal(action: String, on: Day, sequence: Int, because: Refusal)
    /// A correction here would take the ground from an action on another case.
    case wouldUndermine(caseName: String, action: String, on: Day)
    /// The case's past cannot be told again, so nothing can be put into it.
    case notReplayable(because: Refusal)
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
    /// `remediated` and `complied` need every barrier verified; these are not.
    case barriersNotVerified([Int])
    /// `remediated` needs at least one barrier.
    case noBarrier
    /// A barrier is verified by a quorum of fresh observations.
    case quorumNotMet(String)
    /// A claim is refuted by an observation made after it.
    case noRefutingObservation
    /// A verified barrier is back where a test since then says blocked, or where a reason is given.
    case noSignOfReturn(verifiedOn: Day)
    /// A test since the company's claim says blocked; the authority decides on it before the company says more.
    case claimIsRefuted(on: Day)
    /// A complaint cannot duplicate itself or another duplicate.
    case notADuplicate(String)
    /// Other complaints were merged into it and would be left alone.
    case hasDuplicates
    /// A barrier is tied to a complaint once, and untied only where it was tied.
    case linkUnchanged(barrier: Int, isLinked: Bool)
    /// Someone else asked to see it, and only that one may.
    case othersRequest
    /// The complainant has not agreed to be named.
    case notConsented(String)
    /// What is known about the complainant may not be used any more, or is gone.
    case dataNotUsable(DataState)
    /// The case that it was merged into is open, and rests on it.
    case hasOpenOriginal
    /// A legal hold keeps the data.
    case onHold
    /// What was asked for is so already.
    case nothingToChange(String)
    /// It may be reopened for a time only.
    case windowClosed(endedOn: Day, days: Int)
    /// An order is breached once something it asks for is late.
    case notOverdue(dueOn: Day)
    /// A rung is climbed upwards only.
    case notHigher(rung: String, current: String)
    /// A percentage outside 0 to 100, a date before another, and the like.
    case invalid(field: String, reason: String)
}
