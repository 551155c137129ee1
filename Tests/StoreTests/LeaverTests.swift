import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What officers held who have left is nobody's, at once; history says so soon after.
struct LeaverTests {
    private static let now = Date(timeIntervalSince1970: 1_631_836_800)  // 2021-09-17

    /// An officer who holds these complaints.
    private func holder(
        _ name: String, _ references: some Sequence<Reference> & Sendable, office: String = Office.central,
        _ store: TestStore
    ) async throws -> Officer {
        let book = try await store.book()
        return try await store.databases.work.transaction(as: .system) { db in
            let officer = try db.addOfficer(named: name, role: .officer, office: office, at: Date())
            for reference in references {
                _ = try db.perform(
                    .assign(to: officer.id), on: reference, by: Actor(.supervisor), ActionTerms(), book: book,
                    at: Self.now)
            }
            return officer
        }
    }

    private func queue(_ queue: Queue, of officer: UUID, _ store: TestStore) async throws -> (lines: Int, count: Int) {
        try await store.databases.work.transaction(.readOnly) { db in
            let filter = try #require(queue.filter(officer: officer, today: .on("2021-09-17")))
            let page = try db.complaints(filter, campaign: 1, prefix: "IR21", limit: 200)
            return (page.lines.count, try db.count(filter, campaign: 1, limit: 1000))
        }
    }

    private func unassignments(_ store: TestStore) async throws -> Int {
        try await store.databases.work.transaction(.readOnly) { db in
            try db.first(
                "SELECT count(*) FROM event WHERE action = 'assign' AND actor_kind = 'system' AND details = '{}'"
            ) { row in try row.read(Int.self) } ?? 0
        }
    }

    @Test func `what a disabled officer held is nobody's before anything says so`() async throws {
        try await withStore { store in
            let references = try await store.complaints(5, by: Actor(.supervisor))
            let gao = try await holder("gao", references.prefix(3), store)
            #expect(try await queue(.unassigned, of: gao.id, store) == (3, 3))
            #expect(try await queue(.mine, of: gao.id, store) == (3, 3))
            try await store.databases.work.transaction { db in try db.disableOfficer(named: "gao", at: Date()) }
            #expect(try await queue(.unassigned, of: gao.id, store) == (6, 6))
            #expect(try await queue(.mine, of: gao.id, store) == (0, 0))
            try await store.databases.reports.transaction(.readOnly) { db in
                let lines = try db.workload(campaign: 1, on: .on("2021-09-17"))
                #expect(lines.map(\.officerName) == [""] && lines.map(\.open) == [6])
            }
            try await store.databases.work.transaction(.readOnly) { db in
                let record = try #require(try db.complaint(references[0]))
                #expect(record.officerName == nil && record.holder == nil)
                var filter = ComplaintFilter()
                filter.officers = Choice([gao.id], isNegated: true)
                #expect(try db.complaints(filter, campaign: 1, prefix: "IR21", limit: 200).lines.count == 6)
                filter.officers = Choice([gao.id])
                #expect(try db.complaints(filter, campaign: 1, prefix: "IR21", limit: 200).lines.isEmpty)
            }
            #expect(try await unassignments(store) == 0)
        }
    }

    @Test func `who loses the role in an office loses its cases, and keeps those of others`() async throws {
        try await withStore { store in
            let references = try await store.complaints(3, by: Actor(.supervisor))
            try await store.databases.work.transaction { db in
                try db.save(Office(code: "gd", nameZh: "广东", nameEn: "Guangdong", regions: ["CN-GD"]))
                try db.save(Office(code: "zj", nameZh: "浙江", nameEn: "Zhejiang", regions: ["CN-ZJ"]))
            }
            let officer = try await holder("chen", [], office: "gd", store)
            let book = try await store.databases.work.transaction(.readOnly) { db in try db.referenceBook() }
            try await store.databases.work.transaction(as: .system) { db in
                try db.grant(.officer, in: "zj", toOfficerNamed: "chen")
                for (reference, office) in zip(references, ["gd", "gd", "zj"]) {
                    for action in [Complaint.Action.transfer(office: office), .assign(to: officer.id)] {
                        _ = try db.perform(
                            action, on: reference, by: Actor(.supervisor), ActionTerms(), book: book, at: Self.now)
                    }
                }
            }
            #expect(try await queue(.mine, of: officer.id, store) == (3, 3))
            try await store.databases.work.transaction { db in try db.revoke(office: "gd", fromOfficerNamed: "chen") }
            #expect(try await queue(.mine, of: officer.id, store) == (1, 1))
            // A role that ends on a day ends by the day, though nobody does anything.
            _ = try await store.owner.transaction { db in
                try db.run("UPDATE officer_role SET valid_to = current_date WHERE office = 'zj'")
            }
            #expect(try await queue(.mine, of: officer.id, store) == (0, 0))
            #expect(try await queue(.unassigned, of: officer.id, store) == (4, 4))
            let worker = Worker(store.databases, references: store.references)
            #expect(try await worker.unassignLeavers(at: Self.now) == 3)
            try await store.checkHistory()
        }
    }

    @Test func `history says so in batches, once, also where a worker was stopped half way`() async throws {
        try await withStore { store in
            let references = try await store.complaints(130, by: Actor(.supervisor))
            _ = try await holder("gao", references, store)
            try await store.databases.work.transaction { db in
                for name in ["boss", "chief"] { _ = try db.addOfficer(named: name, role: .supervisor, at: Date()) }
                try db.disableOfficer(named: "gao", at: Date())
            }
            let stopped = Worker(store.databases, references: store.references)
            let task = Task { try await stopped.unassignLeavers(at: Self.now) }
            while try await unassignments(store) == 0 { await Task.yield() }
            task.cancel()
            _ = try? await task.value
            let other = Worker(store.databases, references: store.references)
            #expect(try await other.unassignLeavers(at: Self.now) == nil, "the lease is the other's")
            try await stopped.release()
            #expect(try await other.unassignLeavers(at: Self.now) != nil)
            #expect(try await unassignments(store) == references.count)
            #expect(try await other.unassignLeavers(at: Self.now) == 0, "nothing is done twice")
            try await store.databases.work.transaction(.readOnly) { db in
                let reminders = try db.reminders(for: nil, campaign: 1, offices: nil, limit: 200)
                    .filter { $0.topic == "officer_left" }
                #expect(reminders.compactMap(\.officerName).sorted() == ["boss", "chief"])
                #expect(reminders.allSatisfy { $0.subject == "gao" && $0.details["cases"] == "\(references.count)" })
            }
            try await store.checkHistory()
        }
    }

    @Test func `who acts on such a case first has history say that it was nobody's`() async throws {
        try await withStore { store in
            let references = try await store.complaints(1, by: Actor(.supervisor))
            let gao = try await holder("gao", references, store)
            let book = try await store.book()
            try await store.databases.work.transaction { db in try db.disableOfficer(named: "gao", at: Date()) }
            let li = Actor(.officer, id: try await holder("li", [], store).id)
            let events = try await store.databases.work.transaction(as: .system) { db in
                // The version that was seen before it was said is good.
                let seen = try #require(try db.complaint(references[0]))
                let taken = try db.perform(
                    .assign(to: li.id), on: references[0], by: li, ActionTerms(versions: [seen.version]), book: book,
                    at: Self.now)
                #expect(taken.officerName == "li")
                // Also where the action belongs before it: late paper.
                let terms = ActionTerms(effectiveOn: .on("2021-09-10"), reason: "paper")
                _ = try db.perform(
                    .accept(category: nil, scenario: nil), on: references[1], by: li, terms, book: book, at: Self.now)
                return try references.map { reference in
                    let record = try #require(try db.complaint(reference))
                    return try db.events(of: record.complaint.id, campaign: 1, limit: 100).map(\.action)
                }
            }
            #expect(events == [["file", "assign", "assign", "assign"], ["file", "assign", "assign", "accept"]])
            #expect(try await queue(.mine, of: gao.id, store) == (0, 0))
            try await store.checkHistory()
        }
    }

    @Test func `reminders of who has left come to all`() async throws {
        try await withStore { store in
            let references = try await store.complaints(1, by: Actor(.supervisor))
            let gao = try await holder("gao", references.prefix(1), store)
            let other = try await holder("li", [], store)
            let worker = Worker(store.databases, references: store.references)
            #expect(try await worker.round(at: Self.now)?.failures == [])
            func due(_ officer: UUID) async throws -> Int {
                try await store.databases.work.transaction(.readOnly) { db in
                    try db.reminders(for: officer, campaign: 1, offices: nil, limit: 200)
                        .count { $0.topic.hasPrefix("deadline") && $0.subject == references[0].description }
                }
            }
            let own = try await due(gao.id)
            #expect(own > 0)
            #expect(try await due(other.id) == 0)
            try await store.databases.work.transaction { db in try db.disableOfficer(named: "gao", at: Date()) }
            try await worker.unassignLeavers(at: Self.now)
            #expect(try await due(other.id) == own)
        }
    }
}

/// What came from outside and was not looked at.
struct NewsOfBarrierTests {
    private static let now = Date(timeIntervalSince1970: 1_640_000_000)  // 2021-12-20

    @Test func `a new complaint on a verified barrier is news for the open cases that attest it`() async throws {
        try await withStore { store in
            let references = try await store.complaints(3, by: Actor(.supervisor))
            let book = try await store.book()
            let worker = Worker(store.databases, references: store.references)
            #expect(try await worker.round(at: Self.now)?.news == 0)
            let seen = Observation(on: .on("2021-12-01"), method: .onSite, result: .open)
            try await store.databases.work.transaction(as: .system) { db in
                _ = try db.perform(
                    .withdraw, on: references[1], by: Actor(.supervisor), ActionTerms(), book: book, at: Self.now)
                for action in [Barrier.Action.claim(coverage: nil), .observe(seen), .observe(seen), .verify] {
                    _ = try db.perform(
                        action, onBarrier: 1, of: "internet-2021", by: Actor(.supervisor),
                        ActionTerms(effectiveOn: .on("2021-12-01"), reason: "tested"),
                        .observation(ObservationSetting()), book: book, at: Self.now)
                }
            }
            #expect(try await worker.round(at: Self.now)?.news == 0)
            _ = try await store.file(on: .on("2021-12-02"))
            #expect(try await worker.round(at: Self.now)?.news == references.count - 1)
            #expect(try await worker.round(at: Self.now)?.news == 0, "once")
            try await store.databases.work.transaction(.readOnly) { db in
                var filter = ComplaintFilter()
                filter.isNews = true
                filter.order = .oldest
                let page = try db.complaints(filter, campaign: 1, prefix: "IR21", limit: 200)
                #expect(page.lines.map(\.reference) == [references[0]] + references.dropFirst(2))
                #expect(page.lines.map(\.isNews) == page.lines.map { _ in true })
                let reminders = try db.reminders(for: nil, campaign: 1, offices: nil, limit: 200)
                #expect(reminders.count { $0.topic == "news" && $0.caseKind == .barrier && $0.subject == "1" } == 1)
            }
            try await store.checkHistory()
        }
    }
}
