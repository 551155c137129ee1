import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Whole files of filings.
struct ImportTests {
    /// Lines, each with a reference of its own.
    private func lines(_ numbers: some Sequence<Int>) -> String {
        numbers.map { filing(["client_reference": .string("line-\($0)")]) + "\n" }.joined()
    }

    private func begin(
        _ server: TestServing, _ body: String = #"{"campaign":"internet-2021"}"#, as role: Role? = .officer,
        _ headers: [String: String] = [:]
    ) async throws -> String {
        let begun = try await server.send("POST", "/v1/imports", body, as: role, headers: headers)
        #expect(begun.status == 201, "\(String(decoding: begun.bytes, as: UTF8.self))")
        return begun.json["self"]?.string ?? ""
    }

    private func send(
        _ server: TestServing, _ path: String, _ body: String, after: Int = 0, type: String = "application/x-ndjson",
        as role: Role? = .officer, headers: [String: String] = [:]
    ) async throws -> TestServing.Answer {
        try await server.send(
            "POST", "\(path)/lines?after=\(after)", body, as: role,
            headers: ["Content-Type": type].merging(headers) { $1 })
    }

    private func results(_ server: TestServing, _ path: String) async throws -> [JSON] {
        let answer = try await server.send("GET", "\(path)/results")
        return try answer.bytes.split(separator: 0x0A).map { try JSON(parsing: $0) }
    }

    @Test func `good lines are filed, wrong ones are told, and none holds up another`() async throws {
        try await withServer { server in
            let path = try await begin(server)
            let body =
                lines([1]) + "{\"campaign\": }\n" + "\n"
                + filing(["client_reference": .string("x"), "kind": .string("y")])
                + "\n" + filing() + "\n" + lines([1]) + String(repeating: "x", count: 300_000) + "\n"
                + filing(["client_reference": .string("u"), "narrative": .string("a\u{0}b")]) + "\n" + lines([2])
            let taken = try await send(server, path, body)
            #expect(taken.status == 200, "\(String(decoding: taken.bytes, as: UTF8.self))")
            #expect(taken.json["lines"]?.int == 8 && taken.json["filed"]?.int == 2 && taken.json["refused"]?.int == 5)
            let told = try await results(server, path)
            try #require(told.map { $0["line"]?.int } == Array(1...8))
            let codes = told.map { $0["errors"]?[0]?["code"]?.string ?? $0["outcome"]?.string ?? "" }
            #expect(
                codes == [
                    "filed", "malformed-json", "unknown_code", "missing", "known", "too_long", "control_character",
                    "filed",
                ])
            let reference = told[0]["reference"]?.string ?? ""
            let filed = try await server.send("GET", "/v1/complaints/\(reference)").json
            #expect(filed["client_reference"]?.string == "line-1" && filed["status"]?.string == "received")
            #expect(filed["barriers"]?[0]?["number"]?.int == 1 && filed["link_text"]?.string != nil)
            let history = try await server.send("GET", "/v1/complaints/\(reference)/events").json
            #expect(history["items"]?[0]?["action"]?.string == "file")
        }
    }

    @Test func `a file sent again files nothing twice, and one that broke off goes on where it stands (G20)`()
        async throws
    {
        try await withServer { server in
            let path = try await begin(server)
            _ = try await send(server, path, lines(1...700))
            // The rest follows; what does not follow is refused and says where it stands.
            let wrong = try await send(server, path, lines(701...710), after: 650)
            #expect(wrong.status == 409 && wrong.code == "import-elsewhere")
            #expect(wrong.json["detail"]?.string?.contains("700 lines are in") == true)
            let rest = try await send(server, path, lines(701...1203), after: 700)
            #expect(rest.json["lines"]?.int == 1203 && rest.json["filed"]?.int == 1203)
            let again = try await send(server, try await begin(server), lines(1...1203))
            #expect(again.json["known"]?.int == 1203 && again.json["filed"]?.int == 0)
            #expect(try await server.store.count("complaint") == 1203)
            let first = try await results(server, path)
            #expect(first.count == 1203 && Set(first.compactMap { $0["reference"]?.string }).count == 1203)
        }
    }

    @Test func `two senders of one import do not file a line twice`() async throws {
        try await withServer { server in
            let path = try await begin(server)
            let body = lines(1...1500)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await send(server, path, body).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } <= 1 && Set(statuses).isSubset(of: [200, 409]))
            let standing = try await server.send("GET", path).json["lines"]?.int ?? 0
            let rest = try await send(server, path, lines((standing + 1)...1501), after: standing)
            #expect(rest.json["filed"]?.int == 1501)
            #expect(try await server.store.count("complaint") == 1501)
        }
    }

    @Test func `a CSV is filed by its mapping`() async throws {
        try await withServer { server in
            let mapping = #"""
                {"campaign":"internet-2021","format":"csv","mapping":{
                  "columns":{"编号":"client_reference","平台":"respondent.name","链接":"blocked_link.text","描述":"narrative",
                             "公开":"consent.publish_narrative"},
                  "constants":{"campaign":"internet-2021","kind":"blocked_link","blocked_link.scene":"group",
                               "blocked_link.block":"interstitial_hard"}}}
                """#
            let path = try await begin(server, mapping)
            let csv =
                "\u{FEFF}编号,平台,链接,描述,公开,多余\r\n"
                + "a-1,微信,https://item.taobao.com/item.htm?id=1,\"第一行\r\n第二行，含\"\"引号\"\"\",true,x\r\n"
                + "a-2,微信,https://item.taobao.com/item.htm?id=2\r\n" + "a-3,微信,,没有链接,,\r\n"
            let taken = try await send(server, path, csv, type: "text/csv")
            #expect(taken.json["filed"]?.int == 1 && taken.json["refused"]?.int == 2)
            let told = try await results(server, path)
            try #require(told.count == 3)
            #expect(told[1]["errors"]?[0]?["code"]?.string == "bad_record")
            #expect(told[2]["errors"]?[0]?["pointer"]?.string == "#/blocked_link/text")
            let filed = try await server.send("GET", "/v1/complaints/\(told[0]["reference"]?.string ?? "")").json
            #expect(filed["narrative"]?.string == "第一行\r\n第二行，含\"引号\"")
            #expect(filed["respondent"]?["platform"]?.string == "wechat")
            let other = try await send(server, try await begin(server, mapping), "编号,平台\r\n", type: "text/csv")
            #expect(other.status == 422 && other.faults == ["#/header bad_header"])
            let none = try await server.send("POST", "/v1/imports", #"{"campaign":"internet-2021","format":"csv"}"#)
            #expect(none.faults == ["#/mapping missing"])
            #expect(try await send(server, path, csv, after: 3).status == 415)
        }
    }

    @Test func `a filer files with its own key, sees its own, and nothing of others`() async throws {
        try await withServer { server in
            let keys = try await server.store.databases.work.transaction { db in
                [
                    try db.issueKey(toFiler: "council", scopes: [.file, .import, .history], lasting: 1, at: Date())
                        .secret,
                    try db.issueKey(toFiler: "other", scopes: [.file], lasting: 1, at: Date()).secret,
                ]
            }
            let council = ["Authorization": "Bearer \(keys[0])"]
            let other = ["Authorization": "Bearer \(keys[1])"]
            let path = try await begin(server, as: nil, council)
            let late = filing(["client_reference": .string("c-1"), "received_on": .string("2021-09-18")]) + "\n"
            let taken = try await send(server, path, late + lines(2...3), as: nil, headers: council)
            #expect(taken.json["filed"]?.int == 3)
            // The same reference of another filer is another's.
            let key = ["Idempotency-Key": UUID().uuidString]
            let single = try await server.send(
                "POST", "/v1/complaints", filing(["client_reference": .string("c-1")]), as: nil,
                headers: other.merging(key) { $1 })
            #expect(single.status == 201)
            let back = try await server.send(
                "POST", "/v1/complaints", filing(["received_on": .string("2021-09-18")]), as: nil,
                headers: other.merging(["Idempotency-Key": UUID().uuidString]) { $1 })
            #expect(back.faults == ["#/received_on not_allowed"])
            let list = "/v1/filer/campaigns/internet-2021/complaints"
            let own = try await server.send("GET", "\(list)?page_size=2", as: nil, headers: council).json
            #expect(own["items"]?.array.map { $0["client_reference"]?.string } == ["line-3", "line-2"])
            let next = try await server.send(
                "GET", "\(list)?cursor=\(own["next"]?.string ?? "")", as: nil, headers: council
            ).json
            #expect(next["items"]?.array.map { $0["client_reference"]?.string } == ["c-1"])
            #expect(try await server.send("GET", list, as: nil, headers: other).json["items"]?.array.count == 1)
            #expect(try await server.send("GET", path, as: nil, headers: other).status == 403, "no scope “import”")
            #expect(try await server.send("GET", path).status == 404, "an officer does not see a filer's import")
            #expect(try await server.send("GET", list).code == "other-key")
            #expect(
                try await server.send("GET", "/v1/complaints?campaign=internet-2021", as: nil, headers: council).code
                    == "other-key")
            try await server.store.databases.work.transaction { db in
                let key = try #require(try db.filerKeys().first { $0.holder == "council" })
                try db.revokeFilerKey(key.id, at: Date())
            }
            #expect(
                try await server.send("GET", list, as: nil, headers: council).status == 401, "revoked at once (G70)")
        }
    }
}
