import Casework
import TestSupport
import Testing

@testable import Reports

/// What the tables of the ledger count, and what they say they count.
struct LedgerTests {
    /// A barrier of WeChat's that went through these states, one a day from 1 September 2021 on.
    private func barrier(_ number: Int, _ states: [Barrier.Remediation]) -> BarrierFacts {
        var facts = BarrierFacts(
            number: number, kind: .blockedLink, platform: "wechat", target: .platform("taobao"), scene: "group")
        for (index, state) in states.enumerated() {
            facts.states.append(
                .init(
                    on: .on("2021-09-01") + index, remediation: state, episode: 1, coverage: nil, awaitedCompany: nil,
                    hasStandingOrder: false, falseClaims: 0))
        }
        return facts
    }

    private func report(
        _ barriers: [BarrierFacts], orders: [OrderFacts] = [], _ edition: ProgressReport.Edition = .internal
    ) -> ProgressReport {
        ProgressReport(
            ReportFacts(
                campaign: .shipped, directory: shippedData.directory, calendar: Complaint.Rules.shipped.calendar,
                knownAt: "2021-10-01T00:00:00.000000Z", isIncomplete: false,
                period: ReportPeriod(from: nil, to: .on("2021-09-30")), tally: Tally(), barriers: barriers,
                orders: orders, late: []), edition)
    }

    @Test(arguments: ProgressReport.Edition.allCases)
    func `claimed is what stands claimed, and partly verified is not`(edition: ProgressReport.Edition) throws {
        let report = report(
            [
                barrier(1, [.confirmed, .claimed]), barrier(2, [.confirmed, .claimed, .partiallyVerified]),
                barrier(3, [.confirmed, .claimed, .partiallyVerified, .claimed]),
                barrier(4, [.confirmed, .claimed, .verified]), barrier(5, [.confirmed]),
            ], edition)
        let scene = try #require(report.table("remediation.scene"))
        #expect(scene.count("kind:blocked_link", "claimed") == 2)
        #expect(scene.count("kind:blocked_link", "open") == 4 && scene.count("kind:blocked_link", "verified") == 1)
        #expect(report.table("remediation.funnel")?.count("funnel:claimed") == 4, "ever, before it was partly verified")
        let claims = try #require(report.table("claims"))
        let row = "company:tencent"
        #expect(claims.count(row, "claims") == 5, "the third barrier came to stand claimed twice")
        #expect(claims.count(row, "proved") == 1 && claims.count(row, "unproved") == 4)
        let states = report.table("barriers.links")?.rows.compactMap { $0[4] }
        #expect(states?.contains(.code("remediation:partially_verified")) == true)
    }

    @Test func `a claim that was partly verified is proved once the barrier is verified`() throws {
        let report = report([barrier(1, [.confirmed, .claimed, .partiallyVerified, .verified, .verified, .confirmed])])
        let claims = try #require(report.table("claims"))
        #expect(claims.count("company:tencent", "claims") == 1 && claims.count("company:tencent", "proved") == 1)
    }

    @Test func `committed is what the company undertook, not what was begun or waits`() {
        let report = report([
            barrier(1, [.confirmed, .inProgress]), barrier(2, [.confirmed, .pendingCounterparty]),
            barrier(3, [.confirmed, .committed]), barrier(4, [.confirmed, .committed, .claimed]),
        ])
        #expect(report.table("remediation.funnel")?.count("funnel:committed") == 2)
    }

    @Test func `partly verified has a colour of its own in the matrix`() {
        func classes(_ state: Barrier.Remediation) -> Set<String> {
            let html = report([barrier(1, [.confirmed, .claimed, state])]).html()
            let map = html.matches(of: /<g><title>.*?<rect class="(f\d)"/.dotMatchesNewlines())
            return Set(map.map { String($0.output.1) })
        }
        let states: [Barrier.Remediation] = [.claimed, .partiallyVerified, .verified]
        let found = states.map(classes)
        #expect(found.allSatisfy { $0.count == 1 } && Set(found).count == 3)
    }

    @Test func `every figure says what it counts, in three languages, and no two the same without reason`() throws {
        var order = OrderFacts(number: 1, company: "tencent")
        order.states = [
            .init(on: .on("2021-09-08"), status: .issued, rung: "guidance_meeting", dueOn: .on("2021-09-20"))
        ]
        let report = report([barrier(1, [.confirmed])], orders: [order])
        for figure in report.figures where [.count, .share, .change, .days].contains(figure.kind) {
            #expect(figure.formula != nil, "\(figure.code)")
        }
        let named = try ["observations.count", "orders.count", "enforcement.count"].map { code in
            try #require(report.figure(code)?.formula)
        }
        for language in Language.allCases {
            #expect(Set(named.map { $0[language] }).count == 3 && !named.contains { $0[language].isEmpty })
            #expect(language == .en || named.allSatisfy { $0[language] != $0[.en] })
        }
    }

    @Test func `every CSV for Excel begins with one byte-order mark, and none of the plain ones does`() {
        let report = report([barrier(1, [.confirmed])])
        for isForExcel in [true, false] {
            let files = report.csvFiles(isForExcel: isForExcel)
            #expect(files.contains { $0.name == "names.csv" } && files.count > 3)
            for file in files {
                let marks = file.content.unicodeScalars.count { $0 == "\u{FEFF}" }
                let isFirst = file.content.unicodeScalars.first == "\u{FEFF}"
                let isMarked = isForExcel && file.name.hasSuffix(".csv")
                #expect(marks == (isMarked ? 1 : 0) && isFirst == isMarked, "\(file.name)")
            }
        }
    }
}
