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

    // MARK: References

    @Test func `one reference is one filing, by every way in`() async throws {
        try await withServer { server in
            let first = filing(["client_reference": .string("one")])
            let other = filing(["client_reference": .string("one"), "narrative": .string("另一件事。")])
            // The same, in another order and with blanks of JSON and members that are null.
            let again = "{ \"remedy_sought\" : null, \"environment\": {}, \(first.dropFirst()) "
            func file(_ body: String, _ path: String = "/v1/complaints") async throws -> TestServing.Answer {
                try await server.send("POST", path, body, headers: ["Idempotency-Key": UUID().uuidString])
            }
            let filed = try await file(first)
            #expect(filed.status == 201)
            for body in [first, again] { #expect(try await file(body).code == "already-filed") }
            let refused = try await file(other)
            #expect(refused.status == 409 && refused.code == "reference-conflict")
            #expect(refused.json["existing"]?.string == filed.headers["location"])
            #expect(try await file(other, "/v1/complaints?validate_only=true").code == "reference-conflict")
            let batch = "/v1/complaint-batches"
            #expect(try await file("{\"items\":[\(other)]}", batch).code == "reference-conflict")
            let each = try await file("{\"items\":[\(other),\(first)],\"atomic\":false}", batch)
            #expect(each.json["items"]?[0]?["problem"]?["code"]?.string == "reference-conflict")

            let path = try await begin(server)
            let second = filing(["client_reference": .string("line-2"), "narrative": .string("另一件事。")])
            let body = "\n\(first)\n\(other)\n\(again)\n\n\(lines([2]))\(second)"
            let taken = try await send(server, path, body)
            #expect(taken.json["known"]?.int == 2 && taken.json["filed"]?.int == 1 && taken.json["refused"]?.int == 2)
            let told = try await results(server, path)
            #expect(told.map { $0["outcome"]?.string } == ["known", "refused", "known", "filed", "refused"])
            #expect(told.map { $0["file_line"]?.int } == [2, 3, 4, 6, 7])
            #expect(told[1]["errors"]?[0]?["code"]?.string == "reference_conflict")
            #expect(told[4]["errors"]?[0]?["detail"]?.string?.contains("line 6 of the file") == true)
            #expect(try await server.store.count("complaint") == 2)
        }
    }

    @Test func `what was filed under a reference cannot be guessed from the database`()
        async throws
    {
        try await withServer { server in
            let filed = try await server.filed(["client_reference": .string("one")])
            _ = try await server.filed()
            let digests = try await server.store.owner.withConnection { db in
                try db.all("SELECT filing_digest FROM complaint WHERE filing_digest IS NOT NULL") { row in
                    try row.read(Data.self)
                }
            }
            #expect(digests.count == 1, "only where a reference came with it")
            let content = filing(["client_reference": .string("one")])
            #expect(hexadecimal(digests[0]) != hexadecimal(sha256: Data(content.utf8)) && !filed.isEmpty)
        }
    }

    // MARK: Spreadsheets

    private static let columns = #"""
        {"campaign":"internet-2021","format":"csv","mapping":{
          "columns":{"编号":"client_reference","链接":"blocked_link.text","描述":"narrative","日期":"occurred_on",
                     "公开":"consent.publish_narrative","商户":"respondent.name"},
          "constants":{"campaign":"internet-2021","kind":"blocked_link","blocked_link.scene":"group",
                       "blocked_link.block":"interstitial_hard","complainant.disclose_identity":"否","complainant.kind":"individual"}}}
        """#
    private static let header = "编号,链接,描述,日期,公开,商户"
    private static let link = "https://item.taobao.com/item.htm?id="

    @Test func `cells are read as spreadsheets write them, or refused with the right form`() async throws {
        try await withServer { server in
            let path = try await begin(server, Self.columns)
            let csv = """
                \u{FEFF}
                \(Self.header)
                a-1,\(Self.link)1,打不开,2021/8/18,是,微信
                　,"",,,\u{A0},
                a-2,\(Self.link)2,"一
                二",2021年8月18日,ＦＡＬＳＥ,微信
                a-3,\(Self.link)3,打不开,8/9/2021,,微信
                a-4,\(Self.link)4,打不开,44426,,微信
                a-5,\(Self.link)5,打不开,,也许,微信
                a-6,\(Self.link)6,打不开,,,1.23457E+11
                a-7,\(Self.link)7,打不开, ,\u{3000},微信
                a-8,\(Self.link)8,打不开
                """
            let taken = try await send(server, path, csv, type: "text/csv")
            #expect(taken.json["filed"]?.int == 3 && taken.json["refused"]?.int == 5)
            let told = try await results(server, path)
            try #require(told.count == 8)
            #expect(told.map { $0["file_line"]?.int } == [3, 5, 7, 8, 9, 10, 11, 12])
            let faults = told.map { line in
                line["errors"]?.array.map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" } ?? []
            }
            #expect(
                faults == [
                    [], [], ["#/occurred_on no_date"], ["#/occurred_on no_date"],
                    ["#/consent/publish_narrative wrong_type"], ["#/respondent/name power_of_ten"], [],
                    ["#/line bad_record"],
                ])
            #expect(told[4]["errors"]?[0]?["detail"]?.string?.contains("是 or 否") == true)
            let filed = try await server.send("GET", "/v1/complaints/\(told[1]["reference"]?.string ?? "")").json
            #expect(filed["occurred_on"]?.string == "2021-08-18" && filed["narrative"]?.string == "一\n二")
            // Gone on with, lines of the file are counted on.
            let rest = Self.header + "\n\n" + "a-9,\(Self.link)9,打不开,2021.8.18,TRUE,微信\n"
            _ = try await send(server, path, rest, after: 8, type: "text/csv")
            #expect(try await results(server, path).last?["file_line"]?.int == 14)
        }
    }

    @Test func `GB18030 is read where the header proves it, and refused with the way out elsewhere`() async throws {
        try await withServer { server in
            func bytes(_ text: String) -> [UInt8] { encoded(text, "GB18030") }
            func send(_ path: String, _ bytes: [UInt8], _ type: String = "text/csv") async throws -> TestServing.Answer
            {
                try await server.send(
                    "POST", "\(path)/lines", bytes: bytes, as: .officer, headers: ["Content-Type": type])
            }
            let path = try await begin(server, Self.columns)
            let line = ",\(Self.link)1,打不开𠮷,2021/8/18,是,微信\n"
            let taken = try await send(
                path, bytes(Self.header + "\n　,　,,,,\ng-1" + line) + Array("g-2".utf8) + Array(line.utf8))
            #expect(taken.json["lines"]?.int == 2 && taken.json["filed"]?.int == 1)
            let told = try await results(server, path)
            let filed = try await server.send("GET", "/v1/complaints/\(told[0]["reference"]?.string ?? "")").json
            #expect(filed["narrative"]?.string == "打不开𠮷" && told[0]["file_line"]?.int == 3)
            #expect(told[1]["errors"]?[0]?["code"]?.string == "not_utf8", "a line in UTF-8 within GB18030 is neither")

            let plain = Self.columns.replacing("编号", with: "id").replacing("链接", with: "link")
                .replacing("描述", with: "text").replacing("日期", with: "day").replacing("公开", with: "public")
                .replacing("商户", with: "name")
            let ascii = try await begin(server, plain)
            let doubtful = try await send(ascii, Array("id,link,text,day,public,name\n".utf8) + bytes("g-3" + line))
            #expect(doubtful.json["refused"]?.int == 1)
            #expect(try await results(server, ascii)[0]["errors"]?[0]?["detail"]?.string?.contains("CSV UTF-8") == true)
            let wide = try await send(try await begin(server, Self.columns), encoded(Self.header + "\n", "UTF-16"))
            #expect(wide.faults == ["#/file not_utf8"])
            let lines = try await begin(server)
            let story = filing(["client_reference": .string("g-4")])
            #expect(try await send(lines, bytes(story) + [0x0A], "application/x-ndjson").json["refused"]?.int == 1)
            #expect(try await results(server, lines)[0]["errors"]?[0]?["code"]?.string == "not_utf8")
        }
    }

    @Test func `a dry run knows what is filed, and is refused like an import`() async throws {
        try await withServer { server in
            _ = try await send(server, try await begin(server), lines([1]))
            let other = filing(["client_reference": .string("line-1"), "narrative": .string("另一件事。")])
            func check(
                _ query: String, _ body: String, type: String = "application/x-ndjson", as role: Role? = .officer
            ) async throws -> TestServing.Answer {
                try await server.send(
                    "POST", "/v1/imports/dry-run?\(query)", body, as: role, headers: ["Content-Type": type])
            }
            let checked = try await check("campaign=internet-2021", lines([1, 2, 2]) + other)
            let items = checked.json["items"]?.array ?? []
            #expect(items.map { $0["outcome"]?.string } == ["known", "filed", "known", "refused"])
            #expect(items[0]["reference"]?.string != nil && items[1]["reference"]?.string == nil)
            #expect(try await server.store.count("complaint") == 1)
            #expect(try await check("campaign=x", "").faults == ["?/campaign unknown_code"])
            #expect(try await check("campaign=internet-2021&format=csv", "").faults == ["?/mapping missing"])
            #expect(
                try await check("campaign=internet-2021&format=csv&mapping=%7B", "").faults == ["?/mapping malformed"])
            #expect(try await check("campaign=internet-2021", "", type: "text/csv").status == 415)
            #expect(try await check("campaign=internet-2021", "", as: nil).status == 401)
        }
    }
}

/// A text in another encoding.
private func encoded(_ text: String, _ encoding: String) -> [UInt8] {
    let converter = iconv_open(encoding, "UTF-8")
    defer { iconv_close(converter) }
    var input = text.utf8.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: input.count * 4 + 4)
    let free = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            var (from, to) = (input.baseAddress, output.baseAddress)
            var (left, free) = (input.count, output.count)
            _ = iconv(converter, &from, &left, &to, &free)
            return free
        }
    }
    return output.dropLast(free).map { UInt8(bitPattern: $0) }
}
