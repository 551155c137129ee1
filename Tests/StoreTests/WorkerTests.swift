import Casework
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Store

struct WaitingTests {
    /// What waits for a lock sees what was done to deadlines meanwhile, not what they were when it began to wait.
    @Test func `a withdrawal that waited for an acceptance ends the deadline that it started`() async throws {
        try await withStore { store in
            let (book, work) = (try await store.book(), store.databases.work)
            let reference = try await store.complaints(2, by: Actor(.supervisor))[0]
            let gate = try await Gate(of: store.owner)
            async let acceptance: Void = work.transaction(as: .system) { db in
                _ = try db.perform(
                    .accept(category: nil, scenario: nil), on: reference, by: Actor(.supervisor), ActionTerms(),
                    book: book, at: Date())
                _ = try db.run(Gate.pass)
            }
            try await gate.untilReached()
            async let withdrawal = work.transaction(as: .system) { db in
                try db.perform(
                    .withdraw, on: reference, by: Actor(.complainant), ActionTerms(), book: book, at: Date())
            }
            try await gate.untilOthersWait()
            await gate.open()
            try await acceptance
            let withdrawn = try await withdrawal
            #expect(withdrawn.complaint.deadline(.acceptance)?.state == .met)
            #expect(withdrawn.complaint.deadline(.answer)?.state == .void)
            try await store.checkHistory()
        }
    }
}

struct WorkerTests {
    private static let now = Date(timeIntervalSince1970: 1_631_836_800)  // 2021-09-17

    @Test func `of two workers one works, and the other takes over when the first is gone`() async throws {
        try await withStore { store in
            _ = try await store.complaints(3, by: Actor(.supervisor))
            let (one, two) = (
                Worker(store.databases, references: store.references),
                Worker(store.databases, references: store.references)
            )
            #expect(try await one.round(at: Self.now)?.missed == 4)
            #expect(try await two.round(at: Self.now) == nil, "the lease is the other's")
            try await one.release()
            #expect(try await two.round(at: Self.now)?.isEmpty == true, "nothing is done twice")
            #expect(try await one.round(at: Self.now) == nil)
        }
    }

    @Test func `a worker that slept past its lease changes nothing any more`() async throws {
        try await withStore { store in
            let sleeper = Worker(store.databases, references: store.references)
            _ = try await sleeper.round(at: Self.now)
            let fence = try await store.databases.work.transaction(.readOnly) { db in
                try db.first("SELECT fence FROM worker_lease") { row in try row.read(Int.self) }
            }
            try await sleeper.release()
            _ = try await Worker(store.databases, references: store.references).round(at: Self.now)
            let held = try #require(fence)
            await #expect(throws: Worker.LeaseLost.self) {
                try await sleeper.work(held) { db in try db.run("UPDATE worker_mark SET moment = now()") }
            }
        }
    }

    @Test func `a changed calendar moves what is owed, once, and says so in the history`() async throws {
        try await withStore { store in
            let reference = try await store.complaints(1, by: Actor(.supervisor))[0]
            let worker = Worker(store.databases, references: store.references)
            let before = Date(timeIntervalSince1970: 1_631_200_000)  // 2021-09-09
            #expect(try await worker.round(at: before)?.recalculated == 0)
            // The Friday is declared a holiday: five working days end one day later.
            let file = repository.appending(path: "Config/calendars/CN-2021.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing("\"2021-09-19\"", with: "\"2021-09-10\", \"2021-09-19\"")
            try await store.databases.work.transaction(as: .system) { db in
                let known = try db.referenceBook().data
                _ = try db.load(ReferenceFile.items(in: JSON(parsing: changed.utf8), knowing: known))
            }
            #expect(try await worker.round(at: before)?.recalculated == 2)
            #expect(try await worker.round(at: before)?.recalculated == 0)
            let record = try #require(
                try await store.databases.work.transaction(.readOnly) { db in try db.complaint(reference) })
            #expect(record.complaint.deadline(.acceptance)?.dueOn == .on("2021-09-16"))
            let event = try await store.databases.work.transaction(.readOnly) { db in
                try db.events(of: record.complaint.id, campaign: record.campaignID, limit: 10).last
            }
            #expect(event?.action == "recalculate")
            #expect(event?.changes["due_acceptance"] == .init(old: "2021-09-15 running", new: "2021-09-16 running"))
            try await store.checkHistory()
        }
    }

    @Test func `it warns three days ahead, and anew where the day has moved`() async throws {
        try await withStore { store in
            let reference = try await store.complaints(1, by: Actor(.supervisor))[0]
            let worker = Worker(store.databases, references: store.references)
            let ahead = Date(timeIntervalSince1970: 1_631_500_000)  // 2021-09-13
            #expect(try await worker.round(at: ahead)?.warned == 2)
            #expect(try await worker.round(at: ahead)?.warned == 0)
            let book = try await store.book()
            _ = try await store.databases.work.transaction(as: .system) { db in
                try db.perform(
                    .extendDeadline(.acceptance, by: 1), on: reference, by: Actor(.supervisor),
                    ActionTerms(reason: "x"), book: book, at: ahead)
            }
            #expect(try await worker.round(at: ahead)?.warned == 1)
        }
    }
}
