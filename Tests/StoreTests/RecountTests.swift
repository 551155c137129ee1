import Casework
import Foundation
import Postgres
import Reports
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Every figure of a report, held against a count of another hand: `Tests/Recount/recount.py`, which reads plain CSV exports.
struct RecountTests {
    @Test(arguments: 1...3) func `figures agree with a count in another language`(seed: Int) async throws {
        try await recount(seed: seed, complaints: 80, days: 6)
    }
}

/// The same for fifty campaigns and twenty days each; run by `make test-long`.
@Suite(.serialized) struct RecountLongTests {
    @Test(arguments: 4...53) func `figures agree with a count in another language`(seed: Int) async throws {
        try await recount(seed: seed, complaints: 120, days: 20)
    }
}

/// Invents a campaign, lets its cases go on at random, and counts.
private func recount(seed: Int, complaints: Int, days: Int) async throws {
    try await withStore { store in
        let book = try await store.book()
        let campaign = try #require(book.campaign("internet-2021")?.campaign)
        try await Generator(store.owner, book: book, seed: UInt64(seed)).fill(
            complaints, of: "internet-2021", officers: []
        ) { _ in }
        var dice = Dice(seed: seed)
        // As known before the cases went on, while they did, and after; of the last some are made of sums, some anew.
        let before = try await now(store)
        try await walk(store, book, steps: 150, &dice)
        let meanwhile = try await now(store)
        try await walk(store, book, steps: 100, &dice)
        if seed.isMultiple(of: 2) { try await ReportSums(store.databases, references: store.references).bringUp() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-recount-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await export(store, campaign, to: folder)
        for known in [before, meanwhile, try await now(store)] {
            var asked: [(text: String, day: Day, from: Day?)] = []
            asked.append(("2021-09-30", .on("2021-09-30"), nil))
            // A quarter and two months with a February, which are compared by months.
            for (from, day) in [("2021-10-01", "2021-12-31"), ("2022-01-01", "2022-02-28")] {
                asked.append(("\(day)/\(from)", .on(day), .on(from)))
            }
            for _ in 0..<(days + 2) / 3 {
                let day = campaign.launchedOn + Int.random(in: 0...200, using: &dice)
                let from = Bool.random(using: &dice) ? day + -Int.random(in: 0...60, using: &dice) : nil
                asked.append((day.description + (from.map { "/\($0)" } ?? ""), day, from))
            }
            let text = known.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
            let counted = try await counted(folder, at: try await precise(known, store), asked.map(\.text))
            for (name, day, from) in asked where day <= Day(known, in: campaign.zone()) {
                let report = try #require(
                    try await store.databases.progress(of: "internet-2021", asOf: day, knownAt: known, from: from))
                compare(report, try #require(counted[name]), "seed \(seed), \(name) as known at \(text)")
            }
        }
    }
}

private func compare(_ report: ProgressReport, _ counted: [String: JSON], _ name: String) {
    #expect(Set(report.tables.map(\.code)) == Set(counted.keys), "\(name)")
    for table in report.tables {
        guard case .array(let rows)? = counted[table.code] else { continue }
        #expect(table.rows.map { JSON.array($0.map(\.plain)) } == rows, "\(name): \(table.code)")
    }
}

private func counted(_ folder: URL, at moment: String, _ days: [String]) async throws -> [String: [String: JSON]] {
    let script = repository.appending(path: "Tests/Recount/recount.py").path(percentEncoded: false)
    let arguments = [script, folder.path(percentEncoded: false), moment] + days
    let result = try await Subprocess.run(
        .name("python3"), arguments: Arguments(arguments),
        environment: .inherit.updating(["PYTHONDONTWRITEBYTECODE": "1"]),
        output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
    try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    guard case .object(let found) = try JSON(parsing: result.standardOutput.utf8) else { return [:] }
    return found.mapValues { tables in if case .object(let tables) = tables { tables } else { [:] } }
}

private func now(_ store: TestStore) async throws -> Date {
    try #require(
        try await store.databases.work.transaction(.readOnly) { db in
            try db.first("SELECT clock_timestamp()") { row in try row.read(Date.self) }
        })
}

private func precise(_ moment: Date, _ store: TestStore) async throws -> String {
    try #require(
        try await store.databases.work.transaction(.readOnly) { db in
            try db.first(
                "SELECT to_char(\(moment)::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')"
            ) {
                row in
                try row.read(String.self)
            }
        })
}

/// Lets complaints, barriers and orders go on at random, also into their past; what the rules refuse is left.
func walk(_ store: TestStore, _ book: ReferenceBook, steps: Int, _ dice: inout Dice) async throws {
    let now = Date(timeIntervalSince1970: 1_641_000_000)  // 2022-01-01
    let supervisor = Actor(.supervisor)
    for _ in 0..<steps {
        let seed = Int.random(in: 0...Int.max / 2, using: &dice)
        do {
            try await store.databases.work.transaction(as: .system) { db in
                var dice = Dice(seed: seed)
                let day = Day.on("2021-08-01") + Int.random(in: 0...150, using: &dice)
                let terms = ActionTerms(effectiveOn: day, reason: "walked")
                let count = try db.first("SELECT count(*) FROM barrier") { row in try row.read(Int.self) } ?? 1
                // A few barriers see much.
                let barrier = Int.random(in: 1...max(1, min(count, 12)), using: &dice)
                switch Int.random(in: 0..<6, using: &dice) {
                case 0, 4, 5:
                    let reference = Reference(prefix: "IR21", number: Int.random(in: 1...60, using: &dice))
                    let merged = Reference(prefix: "IR21", number: Int.random(in: 1...60, using: &dice))
                    let other = merged == reference ? nil : try db.complaint(merged)?.complaint.id
                    let action = WalkTests.action(&dice, other: other ?? UUID())
                    let role: Role = Complaint.may(.supervisor, action.name) ? .supervisor : .system
                    _ = try db.perform(action, on: reference, by: Actor(role), terms, book: book, at: now)
                case 1, 2:
                    let sequence = try db.first(
                        "SELECT coalesce(max(sequence), 0) + 1 FROM event WHERE case_id = (SELECT id FROM barrier WHERE number = \(barrier))"
                    ) { row in try row.read(Int.self) }
                    let action = WalkTests.BarrierWalk.action(&dice, [], on: day, sequence: sequence ?? 1)
                    let role: Role = Barrier.may(.supervisor, action.name) ? .supervisor : .system
                    _ = try db.perform(
                        action, onBarrier: barrier, of: "internet-2021", by: Actor(role), terms,
                        .observation(ObservationSetting()), book: book, at: now)
                default:
                    let orders =
                        try db.first("SELECT count(*) FROM rectification_order") { row in try row.read(Int.self) } ?? 0
                    guard orders > 3 else {
                        let order = NewOrder(
                            company: "tencent", rung: "guidance_meeting", basis: nil,
                            limits: [barrier: .days(3, .workingDays)])
                        _ = try db.issue(order, of: "internet-2021", by: supervisor, terms, book: book, at: now)
                        return
                    }
                    _ = try db.perform(
                        WalkTests.OrderWalk.action(&dice), onOrder: Int.random(in: 1...orders, using: &dice),
                        of: "internet-2021", by: supervisor, terms, book: book, at: now)
                }
            }
        } catch is Refusal {
            continue
        } catch is CaseError {
            continue
        }
    }
}

/// The tables a report is made of, as plain CSV, and the lists of the campaign.
private func export(_ store: TestStore, _ campaign: Campaign, to folder: URL) async throws {
    try await store.databases.work.withConnection { db in
        let tables: [(String, StaticString)] = [
            (
                "complaint",
                "COPY (SELECT id, number, kind, channel, region, received_on FROM complaint) TO STDOUT (FORMAT csv, HEADER)"
            ),
            ("complaint_interval", "COPY complaint_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("deadline_interval", "COPY deadline_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("verdict_interval", "COPY verdict_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("complaint_barrier_interval", "COPY complaint_barrier_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("barrier", "COPY barrier TO STDOUT (FORMAT csv, HEADER)"),
            ("barrier_interval", "COPY barrier_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("observation", "COPY observation TO STDOUT (FORMAT csv, HEADER)"),
            ("rectification_order", "COPY rectification_order TO STDOUT (FORMAT csv, HEADER)"),
            ("order_interval", "COPY order_interval TO STDOUT (FORMAT csv, HEADER)"),
            ("event", "COPY (SELECT * FROM event WHERE action = 'justify') TO STDOUT (FORMAT csv, HEADER)"),
            ("platform_ownership", "COPY platform_ownership TO STDOUT (FORMAT csv, HEADER)"),
            ("payment_method", "COPY payment_method TO STDOUT (FORMAT csv, HEADER)"),
            ("calendar_day", "COPY calendar_day TO STDOUT (FORMAT csv, HEADER)"),
        ]
        for (name, statement) in tables {
            var bytes = Data()
            try db.copy(out: statement) { bytes.append(contentsOf: $0) }
            try bytes.write(to: folder.appending(path: "\(name).csv"))
        }
    }
    func list(_ codes: [String]) -> JSON { .array(codes.map { .string($0) }) }
    let lists = JSON.object([
        "prefix": .string(campaign.prefix), "calendar_region": .string(campaign.calendarRegion),
        "categories": list(campaign.categories.map(\.code)), "scenarios": list(campaign.scenarios.map(\.label.code)),
        "refusal_grounds": list(campaign.refusalGrounds.map(\.code)), "ladder": list(campaign.ladder.map(\.code)),
        "stale_after_days": .int(campaign.quorum.staleAfterDays),
    ])
    try Data(lists.canonicalText.utf8).write(to: folder.appending(path: "campaign.json"))
}

extension Cell {
    /// As the count writes it.
    fileprivate var plain: JSON {
        switch self {
        case .code(let text), .text(let text): .string(text)
        case .number(let number), .count(let number), .days(let number), .percent(let number): .int(number)
        case .day(let day): .string(day.description)
        case .share(let part, let whole, let tenths):
            .array([.int(part), .int(whole), tenths.map { .int($0) } ?? .null])
        case .change(let from, let to):
            .array([.int(from), .int(to), Self.tenths(from: from, to: to).map { .int($0) } ?? .null])
        case .none: .null
        case .hidden: .string("c")
        }
    }

    /// Written anew here: what the product rounds is what is tested.
    private static func tenths(from: Int, to: Int) -> Int? {
        from == 0 ? nil : Int((Double(to - from) * 1000 / Double(from)).rounded(.toNearestOrAwayFromZero))
    }
}
