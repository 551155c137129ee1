import Casework
import Foundation
import Reports
import Store
import TestSupport
import Testing

/// What the server shows in a browser: real Chromium with axe, and the Nu validator.
@Suite(.serialized) struct PageTests {
    @Test func `the page of the API opens without a network and shuts nobody out (G30)`() async throws {
        try await withServer { server in
            let page = try await server.send("GET", "/docs", as: nil)
            let html = String(decoding: page.bytes, as: UTF8.self)
            #expect(!html.contains("src="), "nothing is loaded from anywhere")
            let violations = try await Browser.violations(of: html)
            #expect(violations == [])
            let errors = try await Browser.errors(in: html)
            #expect(errors == [])
        }
    }

    /// Some complaints and barriers, with hostile words where people write them.
    private static func fill(_ server: TestServing) async throws {
        let hostile = "x\"\u{301} onmouseover=alert(1) </svg><script>alert(2)</script> `|` =HYPERLINK(\"http://evil\")"
        for (index, day) in ["2021-09-08", "2021-09-15", "2021-09-16", "2021-09-29"].enumerated() {
            let filed = try await server.filed([
                "received_on": .string(day), "narrative": .string(hostile),
                "respondent": .object(["platform": .string(index == 3 ? "douyin" : "wechat")]),
                "blocked_link": .object([
                    "text": .string(
                        index == 2 ? "https://x.example/\(hostile)" : "https://item.taobao.com/item.htm?id=\(index)"),
                    "scene": .string("group"), "block": .string("interstitial_hard"),
                ]),
            ])
            for (resource, day) in [("acceptance", 1), ("forwarding", 2)].prefix(index) {
                let on = (Day("2021-09-29") ?? .earliest) + day
                _ = try await server.send(
                    "POST", "/v1/complaints/\(filed)/\(resource)", #"{"effective_on":"\#(on)","reason":"paper"}"#,
                    headers: ["If-Match": "*"])
            }
        }
        for action in ["confirmation", "claim"] {
            _ = try await server.send(
                "POST", "/v1/campaigns/internet-2021/barriers/1/\(action)",
                #"{"effective_on":"2021-09-20","reason":"paper","basis":"x"}"#, headers: ["If-Match": "*"])
        }
    }

    @Test func `reports are sound pages in three languages, whatever is written in them (G104, G105)`() async throws {
        try await withServer { server in
            try await Self.fill(server)
            for language in Language.allCases {
                let path = "/v1/campaigns/internet-2021/progress?as_of=2021-10-20&language=\(language.rawValue)"
                let page = try await server.send("GET", path, headers: ["Accept": "text/html"])
                let html = String(decoding: page.bytes, as: UTF8.self)
                #expect(!html.contains("<script") && !html.contains("src=") && html.contains("<svg"))
                let violations = try await Browser.violations(of: html)
                #expect(violations == [], "\(language)")
                let narrow = try await Browser.violations(of: html, width: 390)
                #expect(narrow == [], "\(language), narrow")
                let errors = try await Browser.errors(in: html)
                #expect(errors == [], "\(language)")
            }
        }
    }

    @Test func `everyone sees a page of the campaign, in the own language, made once a minute`() async throws {
        try await withServer { server in
            try await Self.fill(server)
            try await ReportSums(server.store.databases, references: server.store.references).bringUp()
            let page = try await server.send(
                "GET", "/campaigns/internet-2021", as: nil, headers: ["Accept-Language": "fr, zh-TW;q=0.8, en;q=0.5"])
            let html = String(decoding: page.bytes, as: UTF8.self)
            #expect(page.status == 200 && html.contains("<html lang=\"zh-CN\">") && html.contains("公开版"))
            #expect(
                page.headers["content-language"] == "zh-CN" && page.headers["cache-control"] == "public, max-age=60")
            #expect(!html.contains("IR21-"), "no single complaint")
            let tag = try #require(page.headers["etag"])
            let again = try await server.send(
                "GET", "/campaigns/internet-2021?language=zh-CN", as: nil, headers: ["If-None-Match": tag])
            #expect(again.status == 304 && again.headers["cache-control"] == "public, max-age=60")
            #expect(again.headers["vary"] == "Accept-Language")
            #expect(try await server.send("GET", "/campaigns/none", as: nil).status == 404)
            #expect(try await server.send("GET", "/campaigns/internet-2021?language=fr", as: nil).status == 422)
            let violations = try await Browser.violations(of: html)
            #expect(violations == [])
        }
    }

    /// What Chromium and Firefox ask with, whatever a link leads to.
    private static let browsers = [
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ]

    @Test func `the links of the public page open JSON and CSV in a browser`() async throws {
        try await withServer { server in
            let empty = try await Self.dataLinks(server)
            #expect(empty.map(\.status) == [200, 200], "before anything was filed, too")
            try await Self.fill(server)
            let links = try await Self.dataLinks(server)
            #expect(links.map { $0.headers["content-type"] } == ["application/json", "text/csv; charset=utf-8"])
            let names = links.map { $0.headers["content-disposition"] ?? "" }
            #expect(names[0].hasPrefix("inline; filename=\"internet-2021-") && names[0].hasSuffix(".json\""))
            #expect(names[1] == "attachment; filename=\"intake.week.csv\"" || names[1].hasSuffix("total.csv\""))
            #expect(try ProgressReport(json: links[0].bytes).edition == .public)
            #expect(String(decoding: links[1].bytes, as: UTF8.self).contains("\r\n"))
            for (format, type) in [("json", "application/json"), ("html", "text/html"), ("markdown", "text/markdown")] {
                let path = "/v1/campaigns/internet-2021/progress?format=\(format)"
                let answer = try await server.send("GET", path, as: nil, headers: ["Accept": "image/png"])
                #expect(answer.headers["content-type"]?.hasPrefix(type) == true, "\(format)")
            }
            let unknown = try await server.send("GET", "/v1/campaigns/internet-2021/progress?format=pdf", as: nil)
            #expect(unknown.faults == ["?/format unknown_code"])
        }
    }

    /// What the links named JSON and CSV answer to each browser.
    private static func dataLinks(_ server: TestServing) async throws -> [TestServing.Answer] {
        try await ReportSums(server.store.databases, references: server.store.references).bringUp()
        let page = try await server.send("GET", "/campaigns/internet-2021?language=vi", as: nil)
        let html = String(decoding: page.bytes, as: UTF8.self)
        let links = html.matches(of: /<a href="([^"]+)">(JSON|CSV)<\/a>/)
        #expect(links.map { String($0.output.2) } == ["JSON", "CSV"])
        var answers: [TestServing.Answer] = []
        for link in links {
            let path = String(link.output.1).replacing("&amp;", with: "&")
            for browser in browsers {
                let answer = try await server.send("GET", path, as: nil, headers: ["Accept": browser])
                if browser == browsers.last { answers.append(answer) }
                #expect(answer.status == 200, "\(path)")
            }
        }
        return answers
    }

    /// The cells of every table of a page, row by row.
    private static func tables(in html: String) -> [[[String]]] {
        html.matches(of: /<tbody>(.*?)<\/tbody>/.dotMatchesNewlines()).map { body in
            body.output.1.matches(of: /<tr>(.*?)<\/tr>/.dotMatchesNewlines()).map { row in
                row.output.1.matches(of: /<t[hd][^>]*>(.*?)<\/t[hd]>/.dotMatchesNewlines()).map { cell in
                    String(cell.output.1).replacing("&quot;", with: "\"").replacing("&#39;", with: "'")
                        .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
                }
            }
        }
    }

    @Test func `every form tells the same numbers (G103)`() async throws {
        try await withServer { server in
            try await Self.fill(server)
            let known = try ProgressReport(
                json: try await server.send("GET", "/v1/campaigns/internet-2021/progress?as_of=2021-10-20").bytes)
            let path = "/v1/campaigns/internet-2021/progress?as_of=2021-10-20&known_at=\(known.knownAt)"
            func text(_ kind: String, _ more: String = "") async throws -> String {
                let answer = try await server.send("GET", path + more, headers: ["Accept": kind])
                return String(decoding: answer.bytes, as: UTF8.self)
            }
            let html = Self.tables(in: try await text("text/html"))
            let markdown = try await text("text/markdown").components(separatedBy: "\n## ").dropFirst(2)
            let terminal = known.terminal()
            #expect(html.count == known.tables.count + 1, "the figures are explained besides")
            for (index, table) in known.tables.enumerated() {
                let rows = html[index]
                #expect(rows.count == table.rows.count, "\(table.code)")
                let lines = markdown[markdown.startIndex + index].split(separator: "\n").filter { $0.hasPrefix("| ") }
                    .dropFirst(2)
                for (row, line) in zip(rows, lines) {
                    let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ").map {
                        $0.replacing("\\", with: "")
                    }
                    #expect(cells == row.map { $0.replacing("\\", with: "") }, "\(table.code)")
                    for cell in row where Int(cell) != nil { #expect(terminal.contains(cell), "\(table.code)") }
                }
                // Codes and bare numbers in CSV and JSON, words in the others.
                let csv = try await text("text/csv", "&table=\(table.code)")
                #expect(csv == known.csv(table) && csv.components(separatedBy: "\r\n").count == table.rows.count + 2)
                for (row, values) in zip(rows, csv.components(separatedBy: "\r\n").dropFirst())
                where !values.contains("\"") {
                    let fields = values.components(separatedBy: ",")
                    for (column, cell) in zip(table.columns, row) where column.kind == .count {
                        #expect(fields.contains(cell), "\(table.code).\(column.code)")
                    }
                }
            }
        }
    }
}
