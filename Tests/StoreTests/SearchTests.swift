import Casework
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Store

/// Lists and searches over many invented complaints: each page is one walk along an index, in the order of the list.
struct SearchTests {
    /// Lends `body` a store with 20 000 complaints and three officers.
    private func withManyComplaints(
        _ body: @Sendable (TestStore, Int, [UUID]) async throws -> Void
    ) async throws {
        try await withStore { store in
            let officers = try await store.databases.work.transaction(as: .system) { db in
                try ["an", "bo", "cai"].map { try db.addOfficer(named: $0, role: .officer, at: Date()).id }
            }
            let book = try await store.book()
            let database = try await TestServer.running().database(store.name, connections: 1)
            let generator = Generator(database, book: book, seed: 7)
            try await generator.fill(20_000, of: "internet-2021", officers: officers) { _ in }
            await database.close()
            try await body(store, try #require(book.campaign("internet-2021")).id, officers)
        }
    }

    /// The nodes of the plan that a statement gets: the one that is made once, whatever its parameters will be.
    private func plan(_ filter: ComplaintFilter, _ campaign: Int, _ db: isolated Connection) throws -> String {
        let (text, parameters) = filter.pageQuery(campaign: campaign, limit: 50).bound
        try db.run(script: "PREPARE page AS \(text)")
        defer { try? db.run(script: "DEALLOCATE page") }
        let values = parameters.map { _ in "NULL" }.joined(separator: ", ")
        return try db.all(SQL(stringLiteral: "EXPLAIN EXECUTE page(\(values))")) { row in try row.read(String.self) }
            .joined(separator: "\n")
    }

    @Test func `queues and single filters are ordered index walks, and searches find what is there`() async throws {
        try await withManyComplaints { store, campaign, officers in
            let today = Day.on("2021-11-01")
            try await store.databases.reads.withConnection { db in
                for queue in Queue.allCases {
                    guard let filter = queue.filter(officer: officers[0], today: today) else { continue }
                    let plan = try self.plan(filter, campaign, db)
                    #expect(plan.isOrderedWalk, "\(queue): \(plan)")
                }
                for (name, filter) in Self.singleFilters(officers) {
                    let plan = try self.plan(filter, campaign, db)
                    #expect(plan.isOrderedWalk, "\(name): \(plan)")
                }
            }
            try await self.checkOrder(store, campaign)
            try await self.checkCombinations(store, campaign, officers)
            try await self.checkText(store, campaign)
            try await store.checkHistory()
        }
    }

    private static func singleFilters(_ officers: [UUID]) -> [(String, ComplaintFilter)] {
        func filter(_ change: (inout ComplaintFilter) -> Void) -> ComplaintFilter {
            var filter = ComplaintFilter()
            change(&filter)
            return filter
        }
        return [
            ("nothing", ComplaintFilter()), ("status", filter { $0.statuses = Choice([.accepted]) }),
            ("category", filter { $0.categories = Choice(["market_order"]) }),
            ("scenario", filter { $0.scenarios = Choice(["fake_close_button"]) }),
            ("kind", filter { $0.kinds = Choice([.refusedPayment]) }),
            ("company", filter { $0.companies = Choice(["bytedance"]) }),
            ("platform", filter { $0.platforms = Choice(["douyin"]) }),
            ("target", filter { $0.targets = Choice(["feishu"]) }),
            ("method", filter { $0.methods = Choice(["alipay"]) }),
            ("officer", filter { $0.officers = Choice([officers[2]]) }),
            ("office", filter { $0.offices = Choice(["centre"]) }),
            ("priority", filter { $0.priorities = Choice([.urgent]) }),
            ("outcome", filter { $0.outcomes = Choice([.enforced]) }),
            ("region", filter { $0.regions = Choice(["CN-SN"]) }),
            ("channel", filter { $0.channels = Choice([.officer]) }), ("barrier", filter { $0.barrier = 1 }),
            ("negated", filter { $0.statuses = Choice([.closed], isNegated: true) }),
        ]
    }

    /// Newest and oldest go by the day of receipt, and within a day by number, over all pages.
    private func checkOrder(_ store: TestStore, _ campaign: Int) async throws {
        for (order, barrier) in [(ComplaintFilter.Order.newest, nil), (.oldest, nil), (.newest, 1)] as [(_, Int?)] {
            var filter = ComplaintFilter()
            filter.receivedFrom = .on("2021-10-01")
            filter.receivedTo = .on("2021-10-04")
            (filter.order, filter.barrier) = (order, barrier)
            let direction: SQL = order == .newest ? "DESC" : "ASC"
            let tie: SQL =
                barrier.map { number in
                    """
                    AND EXISTS (SELECT FROM complaint_barrier l JOIN barrier b ON b.id = l.barrier_id
                                WHERE l.complaint_id = c.id AND b.number = \(number))
                    """
                } ?? ""
            let expected = try await store.databases.reports.transaction(.readOnly) { db in
                try db.all(
                    """
                    SELECT c.number FROM complaint c WHERE received_on BETWEEN '2021-10-01' AND '2021-10-04' \(tie)
                    ORDER BY received_on \(direction), number \(direction)
                    """
                ) { row in try row.read(Int.self) }
            }
            let found = try await all(filter, store, campaign).map(\.number)
            #expect(found == expected && !expected.isEmpty, "\(order), barrier \(barrier ?? 0)")
        }
    }

    /// Any two filters together: the pages, one after another, hold what a plain count holds.
    private func checkCombinations(_ store: TestStore, _ campaign: Int, _ officers: [UUID]) async throws {
        var rare = ComplaintFilter()
        rare.statuses = Choice([.needsInformation])
        rare.regions = Choice(["CN-SN"])
        rare.platforms = Choice(["wechat"], isNegated: true)
        var due = ComplaintFilter()
        due.officers = Choice([officers[1]])
        due.priorities = Choice([.high, .urgent])
        due.order = .due
        var oldest = ComplaintFilter()
        oldest.isOpen = true
        oldest.targets = Choice(["taobao"])
        oldest.receivedFrom = .on("2021-09-17")
        oldest.order = .oldest
        let counts: [(ComplaintFilter, SQL)] = [
            (rare, "status = 'needs_information' AND region = 'CN-SN' AND respondent_platform <> 'wechat'"),
            (due, "officer_id = \(officers[1]) AND priority IN ('high', 'urgent') AND due_on IS NOT NULL"),
            (
                oldest,
                """
                status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded')
                AND target_platform = 'taobao' AND received_on >= '2021-09-17'
                """
            ),
        ]
        for (filter, condition) in counts {
            let expected = try await store.databases.reports.transaction(.readOnly) { db in
                try db.first("SELECT count(*) FROM complaint WHERE \(condition)") { row in try row.read(Int.self) }
            }
            let found = try await self.all(filter, store, campaign)
            #expect(found.count == expected && Set(found).count == expected && expected ?? 0 > 0)
        }
    }

    private func all(_ filter: ComplaintFilter, _ store: TestStore, _ campaign: Int) async throws -> [Reference] {
        var found: [Reference] = []
        var position: ComplaintFilter.Position?
        repeat {
            let page = try await store.databases.work.transaction(.readOnly) { [position] db in
                try db.complaints(filter, campaign: campaign, prefix: "IR21", after: position, limit: 37)
            }
            found += page.lines.map(\.reference)
            position = page.next
        } while position != nil
        return found
    }

    /// Two-character words, common and rare, and words that only stand apart in a text.
    private func checkText(_ store: TestStore, _ campaign: Int) async throws {
        for words in ["微信", "淘宝", "校园社团", "公益 抖音", "订单号 微博", "ＱＱ"] {
            var filter = ComplaintFilter()
            filter.text = TextQuery(words)
            let conditions = words.folded.split(separator: " ").map { word in
                "strpos(lower(normalize(narrative, NFKC)), \(String(word))) > 0" as SQL
            }
            let expected = try await store.databases.reports.transaction(.readOnly) { db in
                try db.first(
                    "SELECT count(*) FROM complaint WHERE \(.joined(conditions, separator: " AND "))"
                ) { row in try row.read(Int.self) } ?? 0
            }
            let found = try await all(filter, store, campaign)
            #expect(expected > 0 && found.count == expected, "\(words): \(found.count) of \(expected)")
        }
        #expect(TextQuery("信") == nil && TextQuery("  ") == nil)
        let plan = try await store.databases.work.transaction(.readOnly) { db in
            try db.all(
                "EXPLAIN SELECT complaint_id FROM complaint_text WHERE pairs @> \(characterPairs(in: "公益募捐"))::integer[]"
            ) { row in try row.read(String.self) }.joined(separator: "\n")
        }
        #expect(plan.contains("complaint_text_by_pair"), "\(plan)")
    }
}

extension String {
    /// Whether a plan neither sorts nor reads a whole table.
    fileprivate var isOrderedWalk: Bool {
        contains("Index") && !contains("Sort") && !contains("Seq Scan on complaint ") && !contains("Bitmap")
    }
}
