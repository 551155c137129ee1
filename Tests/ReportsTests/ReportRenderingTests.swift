import Casework
import Foundation
import TestSupport
import Testing

@testable import Reports

struct SharesTests {
    @Test func `shares add to a hundred`() {
        for counts in [
            [1, 1, 1], [26_338, 31_906], [0, 0, 7], [2, 3, 5, 7, 11, 13], [1], Array(repeating: 1, count: 17),
        ] {
            #expect(shares(of: counts).reduce(0, +) == 1000)
        }
        #expect(shares(of: [0, 0]) == [0, 0])
        #expect(shares(of: []) == [])
    }

    private struct Golden: Decodable {
        struct Part: Decodable {
            var count: Int
            var printedShare: Double
        }
        var parts: [Part]
    }

    @Test func `the ministry's own notices come out as they were printed`() throws {
        let file = repository.appending(path: "Tests/Fixtures/report-goldens.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let goldens = try decoder.decode([Golden].self, from: Data(contentsOf: file)).filter { !$0.parts.isEmpty }
        #expect(goldens.count >= 2)
        for golden in goldens {
            let printed = golden.parts.map { Int(($0.printedShare * 10).rounded()) }
            #expect(shares(of: golden.parts.map(\.count)) == printed)
        }
    }

    @Test func `changes are rounded half away from zero, and there is none from nothing`() {
        for (from, to, tenths) in [(100, 152, 520), (3, 2, -333), (2000, 2001, 1), (2000, 1999, -1), (7, 7, 0)] {
            #expect(Cell.changeTenths(from: from, to: to) == tenths, "\(from) → \(to)")
        }
        #expect(Cell.changeTenths(from: 0, to: 5) == nil)
        #expect(Cell.share(1, of: 3) == .share(part: 1, whole: 3, tenths: 333))
        #expect(Cell.share(0, of: 0) == .share(part: 0, whole: 0, tenths: nil))
    }
}

struct CaseFactsTests {
    private let calendar = WorkingCalendar(region: "CN")
    private let reply = Deadline.Identity(purpose: .companyReply, origin: nil, run: 1)

    /// Received on Monday, accepted on Thursday, forwarded to one company, found to be another's, answered late.
    private var facts: CaseFacts {
        var facts = CaseFacts(
            number: 7, kind: .blockedLink, channel: .public, region: "CN-GD", receivedOn: .on("2021-09-06"))
        func state(_ day: String, _ status: Complaint.Status, company: String = "tencent") {
            facts.states.append(
                .init(
                    on: .on(day), status: status, category: "market_order", scenario: nil, company: company,
                    outcome: nil, ground: nil))
        }
        state("2021-09-06", .received)
        state("2021-09-09", .accepted)
        state("2021-09-09", .forwarded)
        state("2021-09-15", .forwarded, company: "alibaba")
        state("2021-09-20", .responded, company: "alibaba")
        func term(_ day: String, _ state: Deadline.State, missedFrom: String? = nil) {
            facts.terms.append(
                .init(
                    run: reply, on: .on(day), dueOn: .on("2021-09-16"), state: state,
                    missedFrom: missedFrom.map(Day.on), company: "tencent", isBackEntered: false))
        }
        term("2021-09-09", .running)
        term("2021-09-20", .met, missedFrom: "2021-09-17")
        facts.ties = [.init(barrier: 3, on: .on("2021-09-06"), isLinked: true)]
        return facts
    }

    private func values(_ day: String, _ measure: Measure) -> [String] {
        facts.slots(asOf: .on(day), workingDays: calendar.workingDays).filter { $0.measure == measure }
            .map { "\($0.company)\($0.company.isEmpty ? "" : " ")\($0.value)" }
    }

    @Test func `a complaint counts for what held at the end of the day`() {
        #expect(facts.slots(asOf: .on("2021-09-05"), workingDays: calendar.workingDays).isEmpty)
        #expect(values("2021-09-08", .status) == ["received"] && values("2021-09-08", .attests) == [])
        #expect(values("2021-09-09", .reached) == ["accepted", "forwarded"], "both on one day")
        #expect(values("2021-09-14", .companyStatus) == ["tencent forwarded"])
        #expect(values("2021-09-15", .companyStatus) == ["alibaba forwarded"])
        #expect(values("2021-09-16", .deadline) == ["tencent company_reply/running"], "it was forwarded to Tencent")
        #expect(values("2021-09-20", .deadline) == ["tencent company_reply/late"])
        #expect(values("2021-09-20", .attests) == ["3"])
        #expect(values("2021-09-20", .step) == ["acceptance/3", "forwarding/0", "reply/7"], "working days")
    }

    @Test func `the changes up to a day add to what held at its end`() {
        let changes = facts.changes(workingDays: calendar.workingDays)
        for offset in 0...20 {
            let day = Day.on("2021-09-04") + offset
            var sums: [Slot: Int] = [:]
            for (change, count) in changes where change.on <= day { sums[change.slot, default: 0] += count }
            let held = facts.slots(asOf: day, workingDays: calendar.workingDays)
            #expect(sums.filter { $0.value != 0 } == Dictionary(held.map { ($0, 1) }, uniquingKeysWith: +), "\(day)")
        }
    }

    @Test func `late is from the day after the due day to the day it was done`() {
        #expect(
            facts.lateSpells == [
                LateSpell(
                    run: reply, company: "tencent", dueOn: .on("2021-09-16"), from: .on("2021-09-17"),
                    until: .on("2021-09-20"))
            ])
    }

    @Test func `working days are the same counted one by one`() {
        let calendar = WorkingCalendar(
            region: "CN", years: [2021], holidays: Set((1...7).map { Day.on("2021-09-30") + $0 }),
            workdays: [.on("2021-09-26"), .on("2021-10-09")])
        for (from, to) in [(0, 30), (3, 3), (5, 4), (1, 9), (2, 60)] {
            let (start, end) = (Day.on("2021-09-10") + from, Day.on("2021-09-10") + to)
            var count = 0
            var day = start
            while day < end {
                day = day + 1
                if calendar.isWorking(day) { count += 1 }
            }
            #expect(calendar.workingDays(after: start, through: end) == count)
        }
    }

    @Test func `the median is a number of days that occurred`() {
        #expect(Histogram([1, 2, 3, 10]).percentile(50) == 2 && Histogram([1, 2, 3, 10]).percentile(90) == 10)
        #expect(Histogram([5]).percentile(90) == 5 && Histogram([]).percentile(50) == nil)
    }
}

struct RenderingTests {
    /// What an attacker would choose to be called.
    static let hostile = "x\"\u{301} onmouseover=alert(1)</svg><script>`|`"
    static let formulas = ["=HYPERLINK(\"http://evil\")", "＝1+1", "\"=\u{301}cmd", "@x", "-2+3"]

    /// A report whose every name is hostile.
    static func report() -> ProgressReport {
        let names = (["a"] + (1...formulas.count).map { "f\($0)" }).map { "company:\($0)" }
        let rows = names.enumerated().map { index, name -> [Cell] in
            [.code(name), .count(index + 1), .share(index + 1, of: 21)]
        }
        var words = Dictionary(uniqueKeysWithValues: zip(names, ([hostile] + formulas).map { Words(en: $0, zh: $0) }))
        words["status:received"] = Words(en: "Received", zh: "已收到", vi: "Đã nhận")
        words["remediation:claimed"] = Words(en: hostile, zh: hostile)
        let total = ReportTable(
            "intake.total",
            [.init("what", .code), .init("period", .count), .init("previous", .count), .init("cumulative", .count)],
            [[.code("status:received"), .count(2), .count(0), .count(21)]])
        let list = ReportTable(
            "handling.status", [.init("what", .code), .init("count", .count), .init("share", .share)], rows)
        let ledger = ReportTable(
            "barriers.links",
            [
                .init("number", .number), .init("respondent", .code), .init("target", .code), .init("scene", .code),
                .init("remediation", .code), .init("version", .text),
            ],
            [
                [
                    .number(7), .code("company:a"), .code("company:f1"), .code("company:f2"),
                    .code("remediation:claimed"), .text(formulas[0]),
                ]
            ])
        return ProgressReport(
            figuresVersion: ProgressReport.currentFigures, campaign: "c", campaignName: Words(en: hostile, zh: "行动"),
            asOf: .on("2021-09-30"),
            knownAt: "2021-10-01T00:00:00.000000Z", isIncomplete: false,
            period: ReportPeriod(from: nil, to: .on("2021-09-30")), edition: .internal,
            issue: .init(year: 2021, ofYear: 2, ofAll: 7), tables: [total, list, ledger],
            titles: ["handling.status": Words(en: hostile, zh: hostile)], figures: [], names: words)
    }

    @Test func `JSON reads back, and equal reports are equal bytes`() throws {
        let report = Self.report()
        let bytes = report.json()
        #expect(try ProgressReport(json: bytes) == report)
        #expect(try ProgressReport(json: bytes).json() == bytes)
        for broken in ["{}", "[]", "{\"figures_version\":\(ProgressReport.currentFigures + 1)}"] {
            #expect(throws: NoReport.self) { try ProgressReport(json: broken.utf8) }
        }
    }

    @Test(arguments: Language.allCases)
    func `HTML is inert and loads nothing (G105)`(language: Language) {
        let html = Self.report().html(language)
        #expect(!html.contains("<script") && !html.contains("onmouseover=alert(1)<") && !html.contains("src="))
        #expect(html.contains("&lt;/svg&gt;&lt;script&gt;") && html.contains("default-src 'none'"))
        #expect(html.contains("<html lang=\"\(language.rawValue)\">"))
        #expect(html.components(separatedBy: "<svg").count == html.components(separatedBy: "</svg>").count)
    }

    @Test func `Markdown keeps its tables, whatever the names are (G105)`() {
        for line in Self.report().markdown().split(separator: "\n") where line.hasPrefix("| x") {
            let bars = line.replacing("\\|", with: "").filter { $0 == "|" }.count
            #expect(bars == 4, "\(line)")
            #expect(!line.replacing("\\<", with: "").contains("<") && !line.replacing("\\`", with: "").contains("`"))
        }
    }

    @Test(arguments: [
        "=1+1", "+1+1", "-1+1", "@x", "＝1+1", "＠x", "\tx", "\n=1+1", "\r\n@x", " =1+1", "\u{3000}+x", "\u{200B}=1+1",
        "\u{FEFF}-x", "\u{A0}\u{2060}@x",
    ])
    func `a cell that begins like a formula is text, whatever stands before it`(cell: String) {
        let written = csvLine([cell]).unicodeScalars.filter { $0 != "\"" }
        #expect(written.first == "'")
    }

    @Test(arguments: ["-3", "+0.5", "微信 = WeChat", "a@b.cn", "1-2", "", " "])
    func `a cell that is none stays as it is`(cell: String) {
        #expect(csvLine([cell]) == cell + "\r\n")
    }

    @Test func `CSV keeps formulas from being run, and numbers as they are (G105, G106)`() throws {
        let report = Self.report()
        let table = try #require(report.table("barriers.links"))
        let csv = report.csv(table)
        #expect(csv.contains("\"'=HYPERLINK(\"\"http://evil\"\")\"") && csv.hasSuffix("\r\n"))
        #expect(!csv.hasPrefix("\u{FEFF}") && report.csv(table, isForExcel: true).unicodeScalars.first == "\u{FEFF}")
        let files = Dictionary(uniqueKeysWithValues: report.csvFiles().map { ($0.name, $0.content) })
        let names = try #require(files["names.csv"])
        for formula in Self.formulas.dropLast() {
            let written = names.split(separator: "\r\n").first { $0.contains(formula.replacing("\"", with: "\"\"")) }
            #expect(
                written?.contains("'" + formula.prefix(1).replacing("\"", with: "\"\"")) == true
                    || formula.hasPrefix("\""), "\(formula)")
        }
        #expect(files["metadata.json"]?.contains("\"file\":\"handling.status.csv\"") == true)
        #expect(files["metadata.json"]?.contains("\"unit\":\"tenths of a percent\"") == true)
        #expect(files["handling.status.csv"]?.split(separator: "\r\n").count == 7)
    }

    @Test func `a terminal is sent nothing that steers it, and ASCII where only that will do`() {
        let text = Self.report().terminal(.zh, width: 60, isPlain: true)
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 })
        #expect(!text.contains("█") && !text.contains("–") && !text.contains("−"))
    }

    @Test(arguments: [40, 60, 80, 132])
    func `nothing of a report is wider than the terminal`(width: Int) {
        let lines = Self.report().terminal(.zh, width: width).split(separator: "\n")
        #expect(lines.allSatisfy { displayWidth(String($0)) <= width }, "\(lines.max { $0.count < $1.count } ?? "")")
    }

    @Test func `a table that is too wide goes on below, under its first column again`() {
        let table = TextTable(
            [.init("Who"), .init("January", .right), .init("February", .right)],
            [["wechat", "1", "20"], ["微博", "3", "4"]])
        #expect(
            table.lines(width: 19) == [
                "WHO     JANUARY", "wechat        1", "微博          3", "WHO     FEBRUARY", "wechat        20",
                "微博           4",
            ])
        #expect(table.lines(width: 25).count == 3)
        #expect(wrapped("one two 三四五六 seven", width: 8) == ["one two", "三四五六", "seven"])
    }

    @Test(arguments: [
        // One alone is what is left of the sum; two ones are known from a sum of two; a five from a sum of six.
        ([3, 9, 20, 0], [0, 1]), ([1, 1, 11, 30], [0, 1, 2]), ([1, 5, 7, 40], [0, 1, 2, 3]),
        ([2, 2, 3, 50], [0, 1, 2]),
        ([4, 4, 50, 60], [0, 1, 2]), ([50, 60], []), ([0, 0, 5], []), ([2], [0]), ([1, 1], [0, 1]),
    ])
    func `what a sum would tell is hidden with the small numbers (G108)`(counts: [Int], hidden: [Int]) {
        #expect(Suppression.hidden(among: counts) == Set(hidden), "\(counts)")
    }

    @Test func `the public edition hides shares with counts, and tables that split up a hidden number (G108)`() throws {
        func table(_ code: String, _ rows: [(String, Int)]) -> ReportTable {
            let whole = rows.reduce(0) { $0 + $1.1 }
            return ReportTable(
                code, [.init("what", .code), .init("count", .count), .init("share", .share)],
                rows.map { [.code($0.0), .count($0.1), .share($0.1, of: whole)] })
        }
        let shown = Suppression.applied(to: [
            table(
                "handling.status",
                [("status:refused", 3), ("status:received", 9), ("status:closed", 20), ("status:accepted", 60)]),
            table("handling.refusal", [("ground:a", 3)]), table("handling.outcome", [("outcome:explained", 20)]),
        ])
        #expect(shown.map(\.code) == ["handling.status", "handling.outcome"])
        #expect(shown[0].rows.map { $0[1] } == [.hidden, .hidden, .count(20), .count(60)])
        #expect(shown[0].rows.map { $0[2] == .hidden } == [true, true, false, false])
        #expect(shown[1].rows == [[.code("outcome:explained"), .count(20), .share(20, of: 20)]])
    }
}
