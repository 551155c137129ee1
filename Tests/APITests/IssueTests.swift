import Casework
import Foundation
import Postgres
import Reports
import Store
import TestSupport
import Testing
import Transparency

/// Reports that are published.
struct IssueTests {
    private static let path = "/v1/campaigns/internet-2021/issues"

    @Test func `an issue is frozen, numbered, and put right only by another`() async throws {
        try await withServer { server in
            _ = try await server.filed(["received_on": .string("2021-09-08")])
            func publish(_ body: String, as role: Role = .supervisor) async throws -> TestServing.Answer {
                try await server.send("POST", Self.path, body, as: role)
            }
            #expect(try await publish(#"{"as_of":"2021-09-30"}"#, as: .officer).status == 403)
            let first = try await publish(#"{"as_of":"2021-09-30"}"#)
            #expect(first.status == 201 && first.json["number"]?.int == 1 && first.json["of_year"]?.int == 1)
            #expect(try await publish(#"{"as_of":"2021-09-30"}"#).code == "issue-is-there")
            #expect(try await publish(#"{"as_of":"2021-09-30","corrects":9}"#).faults == ["#/corrects unknown"])
            let today = Day(Date(), in: try #require(TimeZone(identifier: "Asia/Shanghai")))
            #expect(try await publish(#"{"as_of":"\#(today)"}"#).status == 422, "not over yet")
            #expect(try await publish(#"{"as_of":"2098-01-01"}"#).status == 422)
            let frozen = try await server.send("GET", Self.path + "/1")
            #expect(hexadecimal(sha256: frozen.bytes) == first.json["sha256"]?.string)

            _ = try await server.filed(["received_on": .string("2021-09-20")])
            let second = try await publish(#"{"as_of":"2021-09-30","corrects":1}"#)
            #expect(second.status == 201 && second.json["number"]?.int == 2 && second.json["corrects"]?.int == 1)
            #expect(try await server.send("GET", Self.path + "/1").bytes == frozen.bytes, "for ever")
            #expect(try await publish(#"{"as_of":"2021-09-30","corrects":1}"#).code == "issue-is-corrected")
            #expect(try await publish(#"{"as_of":"2021-09-30","corrects":2}"#).code == "nothing-to-correct")
            #expect(try await publish(#"{"as_of":"2021-09-15"}"#).code == "issue-is-there", "one after another")
            #expect(try await publish(#"{"as_of":"2021-10-31","corrects":1}"#).faults == ["#/corrects unknown"])
            #expect(try await publish(#"{"as_of":"2000-01-01"}"#).faults == ["#/as_of out_of_range"])
            let next = try await publish(#"{"as_of":"2022-01-31"}"#)
            #expect(next.json["period_from"]?.string == "2021-10-01" && next.json["of_year"]?.int == 1)

            let corrected = try ProgressReport(json: try await server.send("GET", Self.path + "/2").bytes)
            let differences = try ProgressReport(json: frozen.bytes).differences(to: corrected)
            let total = differences.first { $0.figure == "intake.total.cumulative" }
            #expect(total?.before == "1" && total?.after == "2")
            let list = try await server.send("GET", Self.path, as: nil).json["items"]?.array.compactMap {
                $0["number"]?.int
            }
            #expect(list == [3, 2, 1])
            let told = try await server.send("GET", Self.path).json["items"]?.array.map { $0["corrected_by"]?.int }
            #expect(told == [nil, nil, 2])
            let page = try await server.send("GET", Self.path + "/1", headers: ["Accept": "text/html"])
            #expect(String(decoding: page.bytes, as: UTF8.self).contains("Corrected by issue 2"))
        }
    }

    @Test func `everyone sees an issue in its public edition, and nobody can change one`() async throws {
        try await withServer { server in
            let reference = try await server.filed(["received_on": .string("2021-08-20")])
            _ = try await server.send("POST", Self.path, #"{"as_of":"2021-09-30"}"#, as: .supervisor)
            let open = try await server.send("GET", Self.path + "/1", as: nil)
            #expect(open.status == 200 && open.json["edition"]?.string == "public")
            let text = String(decoding: open.bytes, as: UTF8.self)
            #expect(!text.contains(reference) && text.contains("\"c\""), "a single complaint is hidden")
            #expect(!text.contains("remediation:alleged"), "nobody is accused")
            let listed = try await server.send("GET", Self.path, as: nil).json["items"]?[0]
            #expect(hexadecimal(sha256: open.bytes) == listed?["public_sha256"]?.string)
            #expect(listed?["sha256"]?.string == nil && listed?["published_by"]?.string == nil)
            #expect(try await server.send("GET", Self.path + "/1?edition=internal", as: nil).status == 401)
            #expect(try await server.send("GET", Self.path + "/2", as: nil).status == 404)
            let page = try await server.send(
                "GET", Self.path + "/1?language=zh-CN", as: nil, headers: ["Accept": "text/html"])
            #expect(String(decoding: page.bytes, as: UTF8.self).contains("2021年第1期，总第1期"))
            for statement in ["UPDATE report_issue SET year = 1", "DELETE FROM report_issue", "TRUNCATE report_issue"] {
                await #expect(throws: (any Error).self) {
                    try await server.store.owner.transaction { db in try db.run(script: statement) }
                }
            }
        }
    }

    @Test func `an issue and a report say up to where history was signed`() async throws {
        try await withServer { server in
            _ = try await server.filed(["received_on": .string("2021-08-20")])
            let progress = "/v1/campaigns/internet-2021/progress"
            let early = try await server.send("GET", progress)
            #expect(early.status == 200 && early.headers["log-checkpoint"] == nil, "nothing is signed")
            let signer = try logSigner()
            let log = EventLog(server.store.databases, signer: signer)
            try await log.bringUp()
            let note = try #require(try await log.sign())
            let issue = try await server.send("POST", Self.path, #"{"as_of":"2021-09-30"}"#, as: .supervisor)
            #expect(issue.json["checkpoint"]?.string == note)
            let later = try await server.send("GET", progress)
            let lines = note.split(separator: "\n").prefix(3).joined(separator: " ")
            #expect(later.headers["log-checkpoint"] == lines && lines.hasPrefix("test/log "))
            try await log.bringUp()
            #expect(try await server.store.databases.auditLog(signer.verifier).findings == [])
            // One who tells another checkpoint than was signed is found.
            try await server.store.owner.transaction { db in
                try db.run(script: "ALTER TABLE report_issue DISABLE TRIGGER USER")
                try db.run("UPDATE report_issue SET checkpoint = replace(checkpoint, 'test/log', 'other/log')")
            }
            #expect(try await server.store.databases.auditLog(signer.verifier).findings.count == 1)
        }
    }

    @Test func `behind a number stand the complaints that make it`() async throws {
        try await withServer { server in
            let references = [
                try await server.filed(["received_on": .string("2021-09-08")]),
                try await server.filed(["received_on": .string("2021-09-09")]),
            ]
            _ = try await server.send(
                "POST", "/v1/complaints/\(references[1])/acceptance",
                #"{"effective_on":"2021-09-10","reason":"paper"}"#,
                headers: ["If-Match": "*"])
            func behind(_ query: String) async throws -> [String] {
                let path = "/v1/campaigns/internet-2021/progress/cases?as_of=2021-09-30&\(query)"
                return try await server.send("GET", path).json["items"]?.array.compactMap { $0["reference"]?.string }
                    ?? []
            }
            #expect(try await behind("figure=handling.status.count&row=status:received") == [references[0]])
            #expect(try await behind("figure=handling.funnel.count&row=reached:accepted") == [references[1]])
            #expect(try await behind("figure=companies.cumulative&row=company:tencent") == references)
            #expect(try await behind("figure=barriers.links.complaints&row=1") == [references[1]])
            #expect(try await behind("figure=steps.count&row=step:acceptance") == [references[1]])
            #expect(try await behind("figure=companies.accepted&row=company:tencent") == [references[1]])
            #expect(try await behind("figure=timeliness.overdue&row=deadline:acceptance") == [references[0]])
            #expect(try await behind("figure=timeliness.in_time&row=deadline:acceptance") == [references[1]])
            #expect(try await behind("figure=intake.total.previous&row=status:received") == [])
            for figure in ["orders.count", "companies.barriers", "companies.timely", "none"] {
                let path = "/v1/campaigns/internet-2021/progress/cases?row=company:tencent&figure="
                let refused = try await server.send("GET", path + figure)
                #expect(refused.faults == ["?/figure unknown"], "\(figure)")
            }
        }
    }
}
