import Casework
import Foundation
import Postgres

/// One row of the tables that reports read, as far as it has to follow from the events of its complaint.
struct HistoryRow: Hashable {
    let table: String
    /// The step whose outcome it tells, and the later step that wrote it so.
    let sequence: Int
    let writtenBy: Int
    let on: Day
    let recordedAt: Date
    var retractedAt: Date?
    let values: [String?]
}

/// What the events of one complaint make of it: the case as it is, and every row that its steps wrote.
///
/// It goes through the events in the order of recording, as the program did when each was recorded: what took effect
/// before the latest change is put into its place, and the later steps are replayed.
struct ReplayedComplaint {
    /// An event as it is read for a replay.
    struct Recorded {
        let step: Step<Complaint.Action>
        let at: Date
    }

    private typealias Outcome = (on: Day, before: Complaint?, after: Complaint)

    private(set) var state: Complaint
    private var steps: [Recorded] = []
    private var outcomes: [Int: Outcome] = [:]
    private var standing: [Int: [HistoryRow]] = [:]
    private var retracted: Set<HistoryRow> = []

    /// Those that stand and those that were retracted.
    var rows: Set<HistoryRow> { retracted.union(standing.values.joined()) }

    /// - Parameters:
    ///   - filed: What was filed, before any limit runs.
    ///   - moment: When it was recorded.
    ///   - rules: Those that held then.
    init(_ filed: Complaint, at moment: Date, under rules: Complaint.Rules) {
        state = Self.begun(filed, under: rules)
        enter(1, (state.receivedOn, nil, state), writtenBy: 1, at: moment)
    }

    private static func begun(_ filed: Complaint, under rules: Complaint.Rules) -> Complaint {
        var complaint = Complaint.received(
            id: filed.id, kind: filed.kind, category: filed.category, scenario: filed.scenario,
            respondent: filed.respondent, target: filed.target, office: filed.office, on: filed.receivedOn, under: rules
        )
        complaint.barriers = filed.barriers
        return complaint
    }

    /// Lets the next event happen.
    ///
    /// - Parameters:
    ///   - event: What happened, with the place after all that happened so far.
    ///   - filed: As in the initializer.
    ///   - rules: Those that held when it was recorded, with the earlier calendars.
    /// - Throws: `Refusal` where it cannot have happened.
    mutating func take(_ event: Recorded, filed: Complaint, under rules: Complaint.Rules) throws(Refusal) {
        guard !event.step.action.isRemark else { return }
        defer { steps.append(event) }
        if event.step.on >= state.changedOn {
            let before = state
            var latest = rules
            latest.earlierCalendars = []
            try state.carryOut(event.step, under: latest)
            return enter(
                event.step.sequence, (event.step.on, before, state), writtenBy: event.step.sequence, at: event.at)
        }
        // What is corrected is compared with a replay without the correction, by the same rules.
        let initial = Self.begun(filed, under: rules.asOf(sequence: 1))
        let known = steps.map(\.step)
        for (sequence, outcome) in Self.outcomes(
            try Complaint.replay(known, from: initial, under: rules), from: initial)
        {
            outcomes[sequence] = outcome
        }
        let told = try Complaint.replay(known + [event.step], from: initial, under: rules)
        for (sequence, outcome) in Self.outcomes(told, from: initial) {
            enter(sequence, outcome, writtenBy: event.step.sequence, at: event.at)
        }
        state = told.last?.state ?? state
    }

    private static func outcomes(_ told: Complaint.Revisions, from initial: Complaint) -> [(Int, Outcome)] {
        var before = initial
        return told.map { revision in
            defer { before = revision.state }
            return (revision.step.sequence, (revision.step.on, before, revision.state))
        }
    }

    /// Notes what a step made of the case, and takes back what it was said to have made before where that is otherwise.
    private mutating func enter(_ sequence: Int, _ new: Outcome, writtenBy: Int, at moment: Date) {
        let old = outcomes.updateValue(new, forKey: sequence)
        func row(_ table: String, _ values: [String?]) -> HistoryRow {
            HistoryRow(
                table: table, sequence: sequence, writtenBy: writtenBy, on: new.on, recordedAt: moment, values: values)
        }
        if old.map({ !$0.after.looksLike(new.after) }) ?? true {
            replace("complaint_interval", sequence, with: [row("complaint_interval", new.after.reported)], at: moment)
        }
        let deadlines = new.after.changedDeadlines(since: new.before)
        if (old.map { $0.after.changedDeadlines(since: $0.before) } ?? []) != deadlines {
            replace(
                "deadline_interval", sequence,
                with: deadlines.map { row("deadline_interval", $0.reported(of: state.id)) }, at: moment)
        }
        let ties = new.after.changedBarriers(since: new.before)
        if (old.map { $0.after.changedBarriers(since: $0.before) } ?? [:]) != ties {
            replace(
                "complaint_barrier_interval", sequence,
                with: ties.map { row("complaint_barrier_interval", ["\($0.key)", "\($0.value)"]) }, at: moment)
        }
    }

    private mutating func replace(
        _ table: String, _ sequence: Int, with rows: [HistoryRow], at moment: Date
    ) {
        for var row in standing[sequence, default: []] where row.table == table {
            row.retractedAt = moment
            retracted.insert(row)
        }
        standing[sequence, default: []].removeAll { $0.table == table }
        standing[sequence, default: []] += rows
    }
}

extension Complaint {
    /// What a row of `complaint_interval` says of it.
    fileprivate var reported: [String?] {
        [
            status.rawValue, category, scenario, respondent.platform, respondent.company, target.platform,
            target.company, target.paymentMethod, office, officer?.text, outcome?.rawValue, refusalGround,
        ]
    }
}

extension Deadline {
    /// What a row of `deadline_interval` says of it.
    fileprivate func reported(of complaint: UUID) -> [String?] {
        [
            purpose.rawValue, (origin ?? complaint).text, "\(run)", company, startedOn.description, dueOn.description,
            state.rawValue, endedOn?.description, missedFrom?.description, "\(backEntered)",
        ]
    }
}
