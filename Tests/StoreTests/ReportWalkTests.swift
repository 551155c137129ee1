import Casework
import Foundation
import Postgres
import Reports
import Store
import TestSupport
import Testing

/// Reports while cases walk at random, also into their past.
struct ReportWalkTests {
    private static let now = Date(timeIntervalSince1970: 1_640_000_000)  // 2021-12-20
    private static let first = Day.on("2021-09-08")

    private struct Kept {
        let day: Day
        let moment: Date
        let bytes: Data
        /// The figures alone: every report has its own moment.
        let tables: String
    }

    @Test func `made of sums or of all complaints anew, a report is the same bytes (G109)`() async throws {
        try await withStore { store in
            let references = Array(try await store.complaints(300, by: Actor(.supervisor)))
            let sums = ReportSums(store.databases, references: store.references)
            let steps = Counter()
            let walking = Task { try await Self.walk(references, store) { steps.add() } }
            let other = ReportSums(store.databases, references: store.references)
            var dice = Dice(seed: 5)
            var kept: [Kept] = []
            var fromSums = 0
            while kept.count < 24 {
                // Two servers may be at it at once.
                if Bool.random(using: &dice) {
                    async let second = other.bringUp()
                    try await sums.bringUp()
                    _ = try await second
                }
                let day = Self.first + Int.random(in: 0...40, using: &dice)
                let (report, moment) = try await Self.report(store, day)
                kept.append(Kept(day: day, moment: moment, bytes: report.json(), tables: "\(report.tables)"))
                if try await Self.isSummed(store, through: moment) { fromSums += 1 }
                // Something happens between two reports, however slow the machine is.
                let before = steps.value
                try await until("more is done") { steps.value >= before + 8 }
            }
            walking.cancel()
            try await walking.value
            try await sums.bringUp()
            #expect(fromSums > 5, "some were made of sums")
            #expect(Set(kept.map(\.tables)).count > 12, "something happened meanwhile")
            for one in kept {
                let again = try await store.databases.progress(of: "internet-2021", asOf: one.day, knownAt: one.moment)
                #expect(again?.json() == one.bytes, "\(one.day)")
            }
            // And now: the sums, against everything told anew.
            let days = stride(from: 0, through: 40, by: 5).map { Self.first + $0 }
            var summed: [Kept] = []
            for day in days {
                let (report, moment) = try await Self.report(store, day)
                summed.append(Kept(day: day, moment: moment, bytes: report.json(), tables: "\(report.tables)"))
            }
            for one in summed {
                let anew = try await store.databases.progress(
                    of: "internet-2021", asOf: one.day, knownAt: one.moment, source: .allComplaints)
                #expect(anew?.json() == one.bytes, "\(one.day)")
            }
        }
    }

    @Test func `sums without complaints are those that the complaints would make`() async throws {
        var reports: [ProgressReport] = []
        for hasComplaints in [true, false] {
            try await withStore { store in
                let book = try await store.book()
                let generator = Generator(store.owner, book: book, seed: 3)
                if hasComplaints {
                    try await generator.fill(400, of: "internet-2021", officers: []) { _ in }
                    try await ReportSums(store.databases, references: store.references).bringUp()
                } else {
                    try await generator.fillSums(400, of: "internet-2021") { _ in }
                }
                let isSummed = try await Self.isSummed(store, through: Date())
                #expect(isSummed)
                let report = try await store.databases.progress(of: "internet-2021", asOf: .on("2021-12-01"))
                reports.append(try #require(report))
            }
        }
        let ofComplaints = reports[0].tables.filter { table in
            ["intake.", "handling.", "timeliness", "steps"].contains { table.code.hasPrefix($0) }
        }
        #expect(ofComplaints.count == 13, "\(ofComplaints.map(\.code))")
        for table in ofComplaints { #expect(reports[1].table(table.code) == table, "\(table.code)") }
    }

    private static func report(_ store: TestStore, _ day: Day) async throws -> (ProgressReport, Date) {
        let report = try #require(try await store.databases.progress(of: "internet-2021", asOf: day))
        let text = report.knownAt
        let moment = try await store.databases.work.transaction(.readOnly) { db in
            try db.first("SELECT \(text)::timestamptz") { row in try row.read(Date.self) }
        }
        return (report, try #require(moment))
    }

    /// Whether the sums were of use for what was known at a moment.
    private static func isSummed(_ store: TestStore, through moment: Date) async throws -> Bool {
        try await store.databases.work.transaction(.readOnly) { db in
            try db.first("SELECT bool_or(built_through IS NULL AND known_at <= \(moment)) FROM report_cut") { row in
                try row.read(Bool?.self)
            }
        } == true
    }

    /// Does what the rules allow until it is cancelled.
    private static func walk(
        _ references: [Reference], _ store: TestStore, onStep: @Sendable () -> Void
    ) async throws {
        let book = try await store.book()
        var dice = Dice(seed: 11)
        while !Task.isCancelled {
            let (reference, other) = (dice.pick(references), dice.pick(references))
            let day = first + Int.random(in: 0...40, using: &dice)
            let seed = Int.random(in: 0...Int.max / 2, using: &dice)
            do {
                try await store.databases.work.transaction(as: .system) { db in
                    var dice = Dice(seed: seed)
                    guard reference != other, let other = try db.complaint(other) else { return }
                    let action = WalkTests.action(&dice, other: other.complaint.id)
                    let role: Role = Complaint.may(.supervisor, action.name) ? .supervisor : .system
                    _ = try db.perform(
                        action, on: reference, by: Actor(role), ActionTerms(effectiveOn: day, reason: "walked"),
                        book: book, at: now)
                }
                onStep()
            } catch is Refusal {
                continue
            } catch is CaseError {
                continue
            } catch is CancellationError {
                break
            }
        }
    }
}
