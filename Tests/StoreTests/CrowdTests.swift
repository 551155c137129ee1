import Casework
import Foundation
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

/// Fifty officers and two workers on five hundred cases, until thousands of things were done.
struct CrowdTests {
    /// What one officer did.
    private struct Tally: Sendable {
        var done: [Reference: [Int]] = [:]
        var stale = 0
        var refused = 0
    }

    /// What is left to do, of the officers and of the workers.
    private final class Left: Sendable {
        private let counts = Mutex((actions: 4000, rounds: 20))

        var isWork: Bool { counts.withLock { $0.actions > 0 || $0.rounds > 0 } }

        func acted() { counts.withLock { $0.actions -= 1 } }
        func wentRound() { counts.withLock { $0.rounds -= 1 } }
    }

    @Test func `nobody's change is lost, and nothing is said twice`() async throws {
        try await withStore { store in
            let references = try await store.complaints(500, by: Actor(.supervisor))
            let book = try await store.book()
            let left = Left()
            let tallies = try await withThrowingTaskGroup(of: Tally?.self) { group in
                for officer in 0..<50 {
                    group.addTask { try await Self.work(officer, on: references, store, book, left) }
                }
                for _ in 0..<2 {
                    group.addTask {
                        // Each round is a day later than the one before: more and more falls due.
                        let worker = Worker(store.databases, references: store.references)
                        var now = Date(timeIntervalSince1970: 1_631_836_800)  // 2021-09-17
                        while left.isWork {
                            if try await worker.round(at: now) == nil { try await Task.sleep(for: .milliseconds(200)) }
                            left.wentRound()
                            now.addTimeInterval(86_400)
                            // Gives the other one a turn.
                            try await worker.release()
                        }
                        return nil
                    }
                }
                return try await group.reduce(into: [Tally]()) { all, tally in if let tally { all.append(tally) } }
            }
            try await Self.check(tallies, references, store)
        }
    }

    /// Reads a case, does something to it with the version that was read, and notes what came of it.
    private static func work(
        _ officer: Int, on references: [Reference], _ store: TestStore, _ book: ReferenceBook,
        _ left: Left
    ) async throws -> Tally {
        var dice = Dice(seed: officer)
        var tally = Tally()
        let actor = Actor(.supervisor)
        while left.isWork {
            let reference = dice.pick(references)
            let action = dice.pick(actions)
            let terms: ActionTerms?
            terms = try await store.databases.work.transaction(.readOnly) { db in
                try db.complaint(reference).map { ActionTerms(versions: [$0.version], reason: "crowd") }
            }
            guard let terms else { continue }
            do {
                let record = try await store.databases.work.transaction(as: .system) { db in
                    try db.perform(action, on: reference, by: actor, terms, book: book, at: Date())
                }
                tally.done[reference, default: []].append(record.version)
                left.acted()
            } catch is CaseError {
                tally.stale += 1
            } catch is Refusal {
                tally.refused += 1
            }
        }
        return tally
    }

    private static let actions: [Complaint.Action] = [
        .accept(category: nil, scenario: nil), .forward, .respond(.partial, ground: nil), .reopen,
        .requestInformation(gap: "facts_unclear"), .provideInformation, .close(.explained), .setPriority(.high),
        .setPriority(.low), .unlink(barrier: 1), .link(barrier: 1), .extendDeadline(.answer, by: 2),
    ]

    private static func check(_ tallies: [Tally], _ references: [Reference], _ store: TestStore) async throws {
        var versions: [Reference: [Int]] = [:]
        for tally in tallies { versions.merge(tally.done) { $0 + $1 } }
        for reference in references {
            let record = try await store.databases.work.transaction(.readOnly) { db in try db.complaint(reference) }
            // Each success made one version of its own, and all are there.
            let made = (versions[reference] ?? []).sorted()
            #expect(made == Array(2..<2 + made.count), "\(reference)")
            #expect(record?.version == 1 + made.count, "\(reference)")
        }
        #expect(versions.values.reduce(0) { $0 + $1.count } >= 4000, "the crowd got something done")
        #expect(tallies.reduce(0) { $0 + $1.refused } > 0)
        let (marked, said, twice) =
            try await store.databases.work.transaction(.readOnly) { db in
                try db.first(
                    """
                    SELECT (SELECT count(*) FROM event WHERE action = 'miss_deadline'),
                           (SELECT count(*) FROM outbox WHERE topic = 'deadline_missed'),
                           (SELECT count(*) FROM (
                               SELECT case_id, details FROM event WHERE action = 'miss_deadline'
                               GROUP BY case_id, details HAVING count(*) > 1) x)
                    """
                ) { row in (try row.read(Int.self), try row.read(Int.self), try row.read(Int.self)) }
            } ?? (0, 0, -1)
        #expect(marked == said && marked > 0 && twice == 0, "\(marked) marked, \(said) said, \(twice) twice")
        try await store.checkHistory()
    }
}
