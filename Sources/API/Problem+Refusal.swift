import Casework
import HTTPTypes
import Store

extension Problem {
    /// What a rule's refusal tells the client: what is wrong, and what would be right.
    init(_ refusal: Refusal) {
        self =
            switch refusal {
            case .forbidden(let action, let role):
                Problem(.forbidden, "forbidden", "Not allowed", "The role \(role.rawValue) may not do this: \(action).")
            case .wrongOffice(let office):
                Problem(
                    .forbidden, "wrong-office", "Another office's case",
                    "The case belongs to the office “\(office)”; its officers, or the central office's, may change it.")
            case .heldByAnother:
                Self.conflict(
                    "held-by-another", "Another officer has it",
                    "Only the officer who has the case, or a supervisor, can give it to someone else.")
            case .selfApproval(let why): Problem(.forbidden, "self-approval", "Not by oneself", "\(why.sentence)")
            case .othersRequest:
                Problem(.forbidden, "others-request", "Another's request", "Only who asked to see it may read it.")
            case .reasonMissing:
                Self.fault("reason", "missing", "is required for an action that takes effect on an earlier day")
            case .unknownCode(let field, let value, let known):
                Self.fault(
                    field, "unknown_code",
                    known.count <= 40
                        ? "“\(value)” is not known; known: \(known.joined(separator: ", "))" : "“\(value)” is not known"
                )
            case .categoryMismatch(let scenario, let category, let expected):
                Self.fault(
                    "scenario", "category_mismatch", "“\(scenario)” belongs to “\(expected)”, not to “\(category)”")
            case .categoryMissing:
                Self.fault("category", "missing", "is required: a complaint is accepted into a category")
            case .notADuplicate(let why): Self.fault("of", "not_a_duplicate", why)
            case .invalid(let field, let reason): Self.fault(field, "invalid", reason)
            case .noSignOfReturn(let day):
                Self.fault(
                    "reason", "missing",
                    "is required: no observation since \(day), the day it was verified gone, says blocked; "
                        + "record one, or say why it is back")
            case .inTheFuture(let day, let today):
                Self.fault("effective_on", "in_the_future", "\(day) has not come yet; today is \(today)")
            case .barriersNotVerified, .noBarrier, .quorumNotMet, .noRefutingObservation, .claimIsRefuted:
                Self.proof(refusal)
            case .backdated, .beforeBeginning, .wouldBecomeIllegal, .wouldUndermine, .notReplayable, .backEntry,
                .limitMissed:
                Self.order(refusal)
            default: Self.state(refusal)
            }
    }

    /// What is not proved yet.
    private static func proof(_ refusal: Refusal) -> Problem {
        switch refusal {
        case .barriersNotVerified(let numbers):
            conflict(
                "barriers-not-verified", "Not all barriers are gone",
                "Not verified on that day: \(numbers.map(String.init).joined(separator: ", ")).")
        case .noBarrier:
            conflict(
                "no-barrier", "No barrier",
                "“remediated” needs a verified barrier, and the complaint is tied to none. Link one first.")
        case .claimIsRefuted(let day):
            conflict(
                "claim-is-refuted", "A test says otherwise",
                "On \(day), after the claim, it was still blocked. The authority decides on that first.")
        case .quorumNotMet(let why): conflict("quorum-not-met", "Not proved yet", "\(why).")
        default:
            conflict(
                "nothing-refutes", "Nothing refutes the claim",
                "Record an observation with the result “blocked” made after the claim first.")
        }
    }

    /// What does not fit the order of the case's days.
    private static func order(_ refusal: Refusal) -> Problem {
        switch refusal {
        case .backdated(let day, let latest):
            conflict(
                "before-latest-change", "Before the latest change",
                "It cannot take effect on \(day): the case changed last on \(latest). Use that day or a later one.")
        case .beforeBeginning(let day, let began):
            conflict(
                "before-beginning", "Before the case began",
                "It cannot take effect on \(day): the case began on \(began).")
        case .wouldBecomeIllegal(let action, let day, let sequence, let reason):
            conflict(
                "would-become-illegal", "A later action would lose its ground",
                "With this in its place, “\(action)” of \(day) (number \(sequence) in the history) could not have "
                    + "happened: \(Problem(reason).detail)")
        case .backEntry(let action, let day):
            Problem(
                .forbidden, "back-entry", "A supervisor has to enter it",
                "“\(action)” of \(day) is entered after the fact and moves a limit that was judged otherwise until now. "
                    + "Ask a supervisor to enter it, or leave the day out.")
        case .limitMissed(let owedBy, let day):
            conflict(
                "limit-missed", "The limit was missed",
                "It ran out on \(owedBy), so on \(day) no more time can be given: it stays missed. Do what is owed; it "
                    + "counts as late. Time that was granted by \(owedBy) can be entered with the day on which it was.")
        case .wouldUndermine(let name, let action, let day):
            conflict(
                "would-undermine", "Another case rests on it",
                "With this in its place, the barrier would not have been verified on \(day), and \(name) "
                    + "(“\(action)”) rests on that. Undo that first.")
        case .notReplayable(let reason):
            conflict(
                "not-replayable", "The past cannot be told again",
                "Nothing can be put before the latest change of this case: \(Problem(reason).detail)")
        default: internalError
        }
    }

    /// What does not go from where the case is.
    private static func state(_ refusal: Refusal) -> Problem {
        switch refusal {
        case .outOfOrder(let action, let state, let allowed):
            conflict(
                "out-of-order", "Not in this state",
                "“\(action)” cannot be done while it is “\(state)”.\(allowed.isEmpty ? "" : " ")"
                    + (allowed.isEmpty ? "" : "Possible now: \(allowed.joined(separator: ", ")).")
            )
        case .hasDuplicates:
            conflict(
                "has-duplicates", "Others were merged into it",
                "Other complaints were merged into this one and would be left alone; undo that first.")
        case .linkUnchanged(let barrier, let isLinked):
            conflict(
                "link-unchanged", "Nothing to change",
                "Barrier \(barrier) is \(isLinked ? "tied to the complaint already" : "not tied to the complaint").")
        case .dataNotUsable(let state):
            conflict(
                "data-not-usable", "Not to be used",
                state.isGone
                    ? "What was known about the complainant was erased."
                    : "What is known about the complainant is \(state.rawValue): it is kept, and not used.")
        case .hasOpenOriginal:
            conflict(
                "original-open", "Needed by another case",
                "The case that it was merged into is open, and rests on what it says.")
        case .onHold:
            conflict("on-hold", "Held", "A legal hold keeps the data of this complaint; lift it first.")
        case .notConsented(let why): conflict("not-consented", "Not to be disclosed", why.sentence)
        case .nothingToChange(let why): conflict("nothing-to-change", "Nothing to change", why.sentence)
        case .windowClosed(let day, let days):
            conflict(
                "window-closed", "Too late to reopen",
                "It ended on \(day) and could be reopened for \(days) days. File a new complaint instead.")
        case .notOverdue(let due):
            conflict(
                "not-overdue", "Nothing is late",
                "An order is breached once a barrier is still there after its day; the last is \(due).")
        case .notHigher(let rung, let current):
            conflict("not-higher", "Not higher", "“\(rung)” is not above “\(current)” on the campaign's ladder.")
        default: internalError
        }
    }

    private static func conflict(_ code: String, _ title: String, _ detail: String) -> Problem {
        Problem(.conflict, code, title, detail)
    }

    private static func fault(_ field: String, _ code: String, _ detail: String) -> Problem {
        .invalid([Fault(pointer: "#/\(field)", code: code, detail: detail)])
    }
}

extension Problem {
    /// The problem of a refusal that was judged as of an earlier day, which it names: today the case may look different.
    ///
    /// Who may act is judged as of now, and some refusals are about the day itself; neither is changed.
    init(_ refusal: Refusal, asOf day: Day) {
        self.init(refusal)
        switch refusal {
        case .forbidden, .wrongOffice, .heldByAnother, .selfApproval, .othersRequest, .reasonMissing, .inTheFuture,
            .backdated, .beforeBeginning:
            break
        default: detail = "As of \(day): \(detail)"
        }
    }
}

extension ActionTerms {
    /// Acts by these terms; what is refused for an earlier day says so.
    func judged<Value: Sendable>(_ act: () async throws -> Value) async throws -> Value {
        do {
            return try await act()
        } catch let refusal as Refusal {
            guard let effectiveOn else { throw refusal }
            throw Problem(refusal, asOf: effectiveOn)
        }
    }
}

extension String {
    /// With a capital at the beginning and a full stop at the end.
    fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() + "." }
}
