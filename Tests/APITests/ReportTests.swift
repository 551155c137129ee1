import Casework
import Foundation
import Postgres
import Reports
import Store
import TestSupport
import Testing

struct ReportTests {
    private static let path = "/v1/campaigns/internet-2021/progress"

    @Test func `a report known at a moment is the same bytes for ever, with writers at work`() async throws {
        try await withServer { server in
            for day in ["2021-09-08", "2021-09-20"] { _ = try await server.filed(["received_on": .string(day)]) }
            let writers = Task {
                while !Task.isCancelled {
                    _ = try await server.file(["received_on": .string("2021-09-25")])
                    let reference = try await server.filed(["received_on": .string("2021-09-10")])
                    _ = try await server.send(
                        "POST", "/v1/complaints/\(reference)/acceptance",
                        #"{"effective_on":"2021-09-12","reason":"paper"}"#, headers: ["If-Match": "*"])
                }
            }
            try await until("writers are at work") { try await server.store.count("complaint") > 6 }
            var kept: [(moment: String, bytes: Data, filed: Int)] = []
            for _ in 0..<5 {
                let report = try await server.send("GET", Self.path + "?as_of=2021-09-30")
                #expect(report.status == 200)
                let moment = try #require(report.json["known_at"]?.string)
                kept.append((moment, report.bytes, try ProgressReport(json: report.bytes).filed))
            }
            for (moment, bytes, _) in kept {
                #expect(try await server.send("GET", Self.path + "?as_of=2021-09-30&known_at=\(moment)").bytes == bytes)
            }
            writers.cancel()
            _ = try? await writers.value
            _ = try await server.filed(["received_on": .string("2021-09-29")])
            for (moment, bytes, _) in kept {
                #expect(try await server.send("GET", Self.path + "?as_of=2021-09-30&known_at=\(moment)").bytes == bytes)
            }
            let later = try ProgressReport(json: try await server.send("GET", Self.path + "?as_of=2021-09-30").bytes)
            #expect(later.filed > (kept.last?.filed ?? 0), "the later one shows them")
        }
    }

    @Test func `a day shows what held at its end, not what came after`() async throws {
        try await withServer { server in
            let reference = try await server.filed(["received_on": .string("2021-09-08")])
            let path = "/v1/complaints/\(reference)"
            func act(_ resource: String, _ day: String, _ more: String = "") async throws {
                let body = #"{"effective_on":"\#(day)","reason":"paper"\#(more)}"#
                let answer = try await server.send("POST", "\(path)/\(resource)", body, headers: ["If-Match": "*"])
                #expect(answer.status == 200, "\(String(decoding: answer.bytes, as: UTF8.self))")
            }
            try await act("acceptance", "2021-09-10")
            try await act("forwarding", "2021-09-13")
            try await act("response", "2021-10-08", #","answer":"partial""#)
            func report(_ day: String) async throws -> ProgressReport {
                try ProgressReport(json: try await server.send("GET", Self.path + "?as_of=\(day)").bytes)
            }
            #expect(try await report("2021-09-07").filed == 0)
            let received = try await report("2021-09-09")
            #expect(received.codes("handling.status") == ["status:received"])
            #expect(received.bins("acceptance") == [0, 0, 1, 0])
            let forwarded = try await report("2021-09-28")
            #expect(forwarded.codes("handling.status") == ["status:forwarded"])
            #expect(forwarded.bins("acceptance") == [1, 0, 0, 0] && forwarded.bins("company_reply") == [0, 0, 0, 1])
            let late = try #require(forwarded.table("overdue"))
            #expect(late.rows.map { [$0[0], $0[4]] } == [[.text(reference), .days(1)]])
            let answered = try await report("2021-10-08")
            #expect(answered.bins("company_reply") == [0, 1, 0, 0])
            #expect(answered.table("companies")?["company:tencent", "timely"] == .share(part: 0, whole: 1, tenths: 0))
            let ledger = try #require(answered.table("barriers.links"))
            #expect(ledger.rows.first?.last == .count(1))
        }
    }

    @Test func `a report comes in the form that is asked for`() async throws {
        try await withServer { server in
            _ = try await server.filed(["narrative": .string("x\"\u{301} onmouseover=alert(1) </svg><script>")])
            for (accept, type) in [
                ("text/html", "text/html; charset=utf-8"), ("text/csv", "text/csv; charset=utf-8"),
                ("text/markdown;q=0.9, text/html;q=0.1", "text/markdown; charset=utf-8"), ("*/*", "application/json"),
            ] {
                let answer = try await server.send("GET", Self.path, headers: ["Accept": accept])
                #expect(answer.status == 200 && answer.headers["content-type"] == type)
                #expect(answer.headers["vary"] == "Accept")
            }
            #expect(try await server.send("GET", Self.path, headers: ["Accept": "image/png"]).status == 406)
            #expect(try await server.send("GET", Self.path, as: nil).status == 503, "while the sums are not there")
            try await ReportSums(server.store.databases, references: server.store.references).bringUp()
            let open = try await server.send("GET", Self.path, as: nil)
            #expect(open.status == 200 && open.json["edition"]?.string == "public")
            #expect(try await server.send("GET", Self.path + "?edition=internal", as: nil).status == 401)
            let chosen = try await server.send("GET", Self.path + "?as_of=2021-09-30", as: nil)
            #expect(chosen.status == 401, "differences of days would show single complaints")
            #expect(try await server.send("GET", Self.path + "?known_at=2026-01-01T00:00:00Z", as: nil).status == 401)
            #expect(try await server.send("GET", Self.path + "?as_of=soon").faults == ["?/as_of no_date"])
            let early = try await server.send("GET", Self.path + "?as_of=2021-07-22")
            #expect(early.faults == ["?/as_of out_of_range"], "zeros would look like figures")
            let unknown = try await server.send("GET", Self.path + "?known_at=2020-01-01T00:00:00Z")
            #expect(unknown.status == 404 && unknown.json["detail"]?.string?.contains("2020-01-01") == true)
            #expect(try await server.send("GET", Self.path + "?known_at=2999-01-01T00:00:00Z").status == 422)
            #expect(try await server.send("GET", "/v1/campaigns/none/progress").status == 404)
        }
    }

    @Test func `names are those of the moment the report is known at`() async throws {
        try await withServer { server in
            _ = try await server.filed(["received_on": .string("2021-09-08")])
            let before = try await server.send("GET", Self.path + "?as_of=2021-09-30")
            let moment = try #require(before.json["known_at"]?.string)
            let renamed = #"{"companies":[{"code":"tencent","name":{"zh":"新名","en":"New Name"},"aliases":[]}]}"#
            _ = try await server.store.databases.work.transaction { db in
                let known = try db.referenceBook().data
                return try db.load(ReferenceFile.items(in: JSON(parsing: renamed.utf8), knowing: known))
            }
            let now = try await server.send("GET", Self.path + "?as_of=2021-09-30").json
            #expect(now["names"]?["company:tencent"]?["en"]?.string == "New Name")
            let then = try await server.send("GET", Self.path + "?as_of=2021-09-30&known_at=\(moment)")
            #expect(then.bytes == before.bytes)
        }
    }
}

extension ProgressReport {
    fileprivate var filed: Int { table("handling.funnel")?.count("reached:received") ?? 0 }

    fileprivate func codes(_ table: String) -> [String] {
        (self.table(table)?.rows ?? []).compactMap { row in if case .code(let code)? = row.first { code } else { nil } }
    }

    /// In time, late, open in time, open and late.
    fileprivate func bins(_ purpose: String) -> [Int] {
        ["in_time", "late", "open", "overdue"].map { table("timeliness")?.count("deadline:\(purpose)", $0) ?? -1 }
    }
}
