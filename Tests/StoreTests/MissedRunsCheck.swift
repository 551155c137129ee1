import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// A run of a limit on one complaint, from one day on.
private struct RunRow {
    let complaint: UUID
    let run: Deadline.Identity
    let on: Day
    let dueOn: Day
    let state: Deadline.State
    let missedFrom: Day?
    let recordedAt: Date
    let retractedAt: Date?

    init(row: inout Row) throws {
        complaint = try row.read()
        run = Deadline.Identity(purpose: try row.read(), origin: try row.read(UUID.self), run: try row.read())
        on = try row.read()
        dueOn = try row.read()
        state = try row.read()
        missedFrom = try row.read()
        recordedAt = try row.read()
        retractedAt = try row.read()
    }

    func isMissed(at day: Day) -> Bool {
        switch state {
        case .running: missedFrom != nil || day > dueOn
        case .met, .void, .paused: missedFrom != nil
        case .suspended: false
        }
    }

    func isKnown(at moment: Date) -> Bool { recordedAt <= moment && retractedAt.map { $0 > moment } ?? true }
}

/// One step of one complaint.
private struct RecordedStep {
    let complaint: UUID
    let action: String
    let on: Day
    let at: Date

    /// Whether it may tell that what was taken for missed was not: what was owed came or ended, or time was given, on a day
    /// before; or a merger was made or undone.
    static let puttingRight: Set<String> = [
        "accept", "refuse", "respond", "close", "close_unsubstantiated", "withdraw", "refer", "request_information",
        "extend_deadline", "duplicate", "absorb", "renew_absorbed", "undo_duplicate", "release",
    ]
}

/// Complaints that are, or were, merged with one another.
private struct Family {
    let rows: [RunRow]
    let steps: [RecordedStep]

    /// Days on which something may change: steps, and the days after due days.
    private var days: [Day] {
        Set(rows.flatMap { [$0.on, $0.dueOn + 1] }).union(steps.map(\.on)).sorted()
    }

    /// For each of the days the runs that were missed at its end, as known at a moment, whichever complaint carried them.
    private func missed(on days: [Day], knownAt moment: Date) -> [Set<Deadline.Identity>] {
        var coming = rows.filter { $0.isKnown(at: moment) }[...]
        var held: [RunRow] = []
        return days.map { day in
            while let next = coming.first, next.on <= day {
                held.removeAll { $0.complaint == next.complaint && $0.run == next.run }
                held.append(next)
                coming.removeFirst()
            }
            return Set(held.lazy.filter { $0.isMissed(at: day) }.map(\.run))
        }
    }

    /// The steps, and what the runs were after them, to find the reason of a fault.
    var story: String {
        let names = Dictionary(grouping: steps, by: \.complaint).keys.sorted { $0.uuidString < $1.uuidString }
        func name(_ id: UUID) -> String { names.firstIndex(of: id).map { ["A", "B"][$0 % 2] } ?? "?" }
        let said = steps.map { "\($0.at.timeIntervalSince1970) \(name($0.complaint)) \($0.action) on \($0.on)" }
        let held = rows.map { row in
            "\(name(row.complaint)) \(row.run.purpose) \(row.run.run) of \(row.run.origin.map(name) ?? "-") from \(row.on): "
                + "\(row.state), due \(row.dueOn), missed \(row.missedFrom.map(\.description) ?? "-"), recorded "
                + "\(row.recordedAt.timeIntervalSince1970), retracted \(row.retractedAt?.timeIntervalSince1970 ?? 0)"
        }
        return (said + held).joined(separator: "\n")
    }

    /// What breaks the rule that what was missed stays missed.
    var faults: [String] {
        let days = days
        var (faults, earlier) = ([String](), [Set<Deadline.Identity>]?.none)
        for moment in Set(steps.map(\.at)).sorted() {
            let now = missed(on: days, knownAt: moment)
            for index in days.indices.dropFirst() where !now[index - 1].isSubset(of: now[index]) {
                let isUndone = steps.contains { step in
                    step.at <= moment && step.on == days[index] && ["undo_duplicate", "release"].contains(step.action)
                }
                if !isUndone { faults.append("what was missed the day before \(days[index]) no longer was") }
            }
            let newest = steps.filter { $0.at == moment }
            if let earlier, !newest.contains(where: { RecordedStep.puttingRight.contains($0.action) }) {
                for (day, pair) in zip(days, zip(earlier, now)) where !pair.0.isSubset(of: pair.1) {
                    faults.append("\(newest.map(\.action)) took back a miss as of \(day)")
                }
            }
            earlier = now
        }
        return faults
    }
}

extension TestStore {
    /// For each moment as which a report may be known, a run that is missed as of one day is missed as of every later day,
    /// and what is recorded later takes a miss back only where it puts history right.
    ///
    /// - Parameter pairs: Complaints that walked together.
    /// - Throws: `PostgresError`.
    func checkMissedRuns(_ pairs: [[UUID]]) async throws {
        let (rows, steps) = try await databases.reports.transaction(.readOnly) { db in
            let rows = try db.all(
                """
                SELECT complaint_id, purpose, origin_id, run, effective_from, due_on, state, missed_from, recorded_at,
                       retracted_at
                FROM deadline_interval ORDER BY effective_from, sequence
                """, as: RunRow.init(row:))
            let steps = try db.all(
                "SELECT case_id, action, effective_on, recorded_at FROM event WHERE case_kind = 'complaint' ORDER BY recorded_at"
            ) { row in
                RecordedStep(
                    complaint: try row.read(), action: try row.read(), on: try row.read(), at: try row.read())
            }
            return (rows, steps)
        }
        let (rowsOf, stepsOf) = (
            Dictionary(grouping: rows, by: \.complaint), Dictionary(grouping: steps, by: \.complaint)
        )
        for (walk, pair) in pairs.enumerated() {
            let own = pair.flatMap { rowsOf[$0] ?? [] }
            let rows = own.enumerated().sorted { ($0.element.on, $0.offset) < ($1.element.on, $1.offset) }.map(
                \.element)
            let family = Family(rows: rows, steps: pair.flatMap { stepsOf[$0] ?? [] }.sorted { $0.at < $1.at })
            let faults = family.faults
            #expect(faults.isEmpty, "walk \(walk)\n\(family.story)")
        }
    }
}
