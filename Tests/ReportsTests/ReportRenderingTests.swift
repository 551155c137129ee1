import Casework
import Foundation
import Reports
import TestSupport
import Testing

struct SharesTests {
    private struct Golden: Decodable {
        struct Part: Decodable {
            var count: Int?
            var share: Double?
        }
        var parts: [Part]?
    }

    @Test func `shares add to a hundred`() {
        for counts in [
            [1, 1, 1], [26_338, 31_906], [0, 0, 7], [2, 3, 5, 7, 11, 13], [1], Array(repeating: 1, count: 17),
        ] {
            #expect(shares(of: counts).reduce(0, +) == 1000)
        }
        #expect(shares(of: [0, 0]) == [0, 0])
        #expect(shares(of: []) == [])
    }

    @Test func `each share is within a tenth of the true one, and the largest remainder is served first`() {
        // The figures of the ministry's notice for the second quarter of 2021.
        #expect(shares(of: [5818, 13_083, 7087, 5918]) == [182, 410, 222, 186])
        #expect(shares(of: [1, 1, 1]) == [334, 333, 333])
    }
}

struct TimelinessTests {
    @Test func `what is open and late counts against the company, what is open in time does not count`() {
        let bins = ProgressReport.Bins(metInTime: 18, metLate: 1, openInTime: 5, openLate: 1)
        #expect(bins.timelyTenths == 900)
        #expect(ProgressReport.Bins(openInTime: 3).timelyTenths == nil)
    }
}

struct RenderingTests {
    /// A report whose every name is what an attacker would choose.
    static let hostile = "x\"\u{301} onmouseover=alert(1)</svg><script>`|`"
    static let formula = "=HYPERLINK(\"http://evil\")"

    static func report() -> ProgressReport {
        let name = Named(code: "a", zh: "甲", en: hostile)
        let other = Named(code: "b", zh: "乙", en: formula)
        return ProgressReport(
            campaign: Named(code: "c", zh: "行动", en: "Campaign"), asOf: .on("2021-09-30"),
            knownAt: "2021-10-01T00:00:00.000000Z", isIncomplete: false,
            intake: .init(
                filed: 3, byCategory: ProgressReport.counts([(name, 1), (other, 2)]), byKind: [], byChannel: [],
                byWeek: [.init(weekOf: .on("2021-09-20"), count: 1), .init(weekOf: .on("2021-09-27"), count: 2)]),
            handling: .init(
                everAccepted: 2, everForwarded: 1, everResponded: 0,
                byStatus: ProgressReport.counts([(Named(code: "received", zh: "", en: "Received"), 3)]),
                byRefusalGround: [], byOutcome: []),
            timeliness: [.init(purpose: .acceptance, bins: .init(metInTime: 1))], companies: [],
            barriers: .init(
                byRemediation: [],
                lines: [
                    .init(
                        number: 7, kind: .blockedLink, respondent: name, target: other, scene: other,
                        remediation: .claimed, episode: 2, coverage: 85, awaitedCompany: nil,
                        observed: .nothing, complaints: 4)
                ]),
            overdue: .init(total: 0, lines: []))
    }

    @Test func `JSON reads back, and equal reports are equal bytes`() throws {
        let report = Self.report()
        let bytes = try report.json()
        #expect(try ProgressReport(json: bytes) == report)
        #expect(try ProgressReport(json: bytes).json() == bytes)
    }

    @Test func `HTML is inert and loads nothing`() {
        let html = Self.report().html()
        #expect(!html.contains("<script"))
        #expect(!html.utf8.elementsEqual([]) && !html.contains("</svg><s"))
        // A quotation mark with an accent is one character in Swift; no byte of it may get out unescaped.
        let raw = Array("x\"\u{301}".utf8)
        #expect(!contains(Array(html.utf8), raw))
        #expect(!html.contains("http://") && !html.contains("https://") || html.contains("http://evil"))
        #expect(html.contains("default-src 'none'"))
        #expect(html.contains("<svg role=\"img\"") && html.contains("<caption>"))
    }

    @Test func `CSV survives quotes, and a formula is no formula`() {
        let csv = Self.report().csv()
        #expect(csv.contains("\"'=HYPERLINK(\"\"http://evil\"\")\""))
        #expect(csv.utf8.count { $0 == 0x0A } == csv.utf8.count { $0 == 0x0D })
        #expect(csvLine(["a\r\nb", "c,d", "-5", "＝1+1"]) == "\"a\r\nb\",\"c,d\",-5,'＝1+1\r\n")
    }

    @Test func `Markdown tables keep their shape`() {
        let lines = Self.report().markdown().split(separator: "\n").filter { $0.hasPrefix("| ") }
        #expect(lines.contains { $0.contains("\\<script\\>\\`\\|\\`") })
    }

    @Test func `every rendering shows the same numbers`() throws {
        let report = Self.report()
        for text in [report.terminal(), report.markdown(), report.html(), report.csv()] {
            #expect(text.contains("85 % covered"))
            #expect(text.contains("66.7 %") && text.contains("33.3 %"))
        }
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }
}

struct TextTableTests {
    @Test func `columns line up where Chinese stands beside Latin`() {
        let table = TextTable(
            [.init("Name"), .init("N", .right)], [["微信", "1"], ["WeChat", "20"], ["é👨‍👩‍👧‍👦", "3"], ["Việt", "4"]])
        let widths = Set(table.lines().map(displayWidth))
        #expect(widths == [10])
    }

    @Test func `the last column is cut to the terminal, and never in the middle of a character`() {
        let table = TextTable([.init("A"), .init("B")], [["x", "微信里的链接打不开"]])
        let lines = table.lines(width: 14)
        #expect(lines.allSatisfy { displayWidth($0) <= 14 })
        #expect(lines[1].hasSuffix("…"))
    }

    @Test func `what a complainant pasted cannot command the terminal`() {
        #expect(printable("\u{1B}[31m红\u{202E}a\nb") == "\\u{1b}[31m红\\u{202e}a b")
    }
}
