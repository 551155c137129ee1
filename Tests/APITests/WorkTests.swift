import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

private let any = ["If-Match": "*"]

/// What officers do all day beside deciding.
struct ComplaintWorkTests {
    @Test func `work is taken, handed over, and given by a supervisor only`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())/assignment"
            let taken = try await server.send("POST", path, #"{"officer":"me"}"#, headers: any)
            #expect(taken.json["officer"]?.string == "test-officer")
            let over = try await server.send("POST", path, #"{"officer":"test-supervisor"}"#, headers: any)
            #expect(over.json["officer"]?.string == "test-supervisor")
            let back = try await server.send("POST", path, #"{"officer":"me"}"#, headers: any)
            #expect(back.status == 409 && back.code == "held-by-another")
            let given = try await server.send(
                "POST", path, #"{"officer":"test-officer"}"#, as: .supervisor, headers: any)
            #expect(given.json["officer"]?.string == "test-officer")
            let load = try await server.send("GET", "/v1/campaigns/internet-2021/workload").json["items"]?.array ?? []
            let own = load.first { $0["officer"]?.string == "test-officer" }
            #expect(own?["open"]?.int == 1)
        }
    }

    @Test func `a complaint comes to the office of its region, whose officers alone may change it`() async throws {
        try await withServer { server in
            let token = try await server.store.databases.work.transaction { db in
                try db.save(Office(code: "gd", nameZh: "广东", nameEn: "Guangdong", regions: ["CN-GD"]))
                try db.save(Office(code: "zj", nameZh: "浙江", nameEn: "Zhejiang", regions: ["CN-ZJ"]))
                _ = try db.addOfficer(named: "chen", role: .officer, office: "zj", at: Date())
                return try db.issueToken(toOfficerNamed: "chen", lasting: 1, at: Date()).secret
            }
            let environment: JSON = .object(["region": .string("CN-GD")])
            let path = "/v1/complaints/\(try await server.filed(["environment": environment]))"
            #expect(try await server.send("GET", path).json["office"]?.string == "gd")
            let chen = any.merging(["Authorization": "Bearer \(token)"]) { $1 }
            let refused = try await server.send("POST", "\(path)/acceptance", "{}", as: nil, headers: chen)
            #expect(refused.status == 403 && refused.code == "wrong-office")
            let moved = try await server.send("POST", "\(path)/office", #"{"office":"zj"}"#, headers: any)
            #expect(moved.json["office"]?.string == "zj")
            #expect(try await server.send("POST", "\(path)/acceptance", "{}", as: nil, headers: chen).status == 200)
            let unknown = try await server.send("POST", "\(path)/office", #"{"office":"xx"}"#, headers: any)
            #expect(unknown.faults == ["#/office unknown_code"])
        }
    }

    @Test func `two complaints become one case with one conversation, and two again as they were`() async throws {
        try await withServer { server in
            let first = try await server.filed()
            let filed = try await server.file().json
            let (second, code) = (filed["reference"]?.string ?? "", filed["tracking_code"]?.string ?? "")
            let (one, two) = ("/v1/complaints/\(first)", "/v1/complaints/\(second)")
            let before = try await server.send("GET", two).json
            let merged = try await server.send("POST", "\(two)/duplicate", #"{"of":"\#(first)"}"#, headers: any)
            #expect(merged.json["status"]?.string == "duplicate")
            #expect(try await server.send("GET", one).json["absorbed"]?.array.map(\.string) == [second])
            let header = ["Tracking-Code": code]
            _ = try await server.send(
                "POST", "/v1/tracking/messages", #"{"message":"还是打不开"}"#, as: nil, headers: header)
            let thread = try await server.send("GET", one).json["messages"]?.array ?? []
            #expect(thread.map { $0["text"]?.string } == ["还是打不开"] && thread[0]["reference"]?.string == second)
            let tracked = try await server.send("GET", "/v1/tracking", as: nil, headers: header).json
            #expect(tracked["handled_with_status"]?.string == "received")
            let undone = try await server.send("DELETE", "\(two)/duplicate", headers: any).json
            for member in ["status", "deadlines", "barriers", "officer", "category"] {
                #expect(undone[member] == before[member], "\(member)")
            }
            #expect(try await server.send("GET", one).json["absorbed"]?.array.isEmpty == true)
            try await server.store.checkHistory()
        }
    }

    @Test func `a late reply that stays with a merged complaint is in the queue and the workload`() async throws {
        try await withServer { server in
            let received: JSON = .string("2021-09-08")
            let first = try await server.filed(["received_on": received])
            let other = try await server.filed([
                "received_on": received, "respondent": .object(["platform": .string("douyin")]),
            ])
            func act(_ resource: String, _ on: String, _ reference: String, _ more: String = "") async throws {
                let body = #"{"effective_on":"\#(on)","reason":"paper file"\#(more)}"#
                let answer = try await server.send(
                    "POST", "/v1/complaints/\(reference)/\(resource)", body, headers: any)
                #expect(answer.status == 200, "\(resource): \(String(decoding: answer.bytes, as: UTF8.self))")
            }
            try await act("acceptance", "2021-09-08", other)
            try await act("acceptance", "2021-09-08", first)
            try await act("forwarding", "2021-09-10", first)
            try await act("duplicate", "2021-09-14", first, #","of":"\#(other)""#)
            let late = try await server.send("GET", "/v1/complaints?campaign=internet-2021&queue=overdue").json
            #expect(late["items"]?.array.compactMap { $0["reference"]?.string }.contains(first) == true)
            let lines = try await server.send("GET", "/v1/campaigns/internet-2021/workload").json["items"]?.array ?? []
            let nobodys = try #require(lines.first { $0["officer"]?.string == "" })
            #expect(nobodys["open"]?.int == 1, "the one that goes on")
            #expect(nobodys["overdue"]?.int == 2, "its answer, and the reply that stayed with the other")
            try await act("response", "2021-09-28", first, #","answer":"accepted""#)
            let after = try await server.send("GET", "/v1/complaints?campaign=internet-2021&queue=overdue").json
            #expect(after["items"]?.array.compactMap { $0["reference"]?.string } == [other])
        }
    }

    @Test func `suspected duplicates say why, and are left alone once an officer says they are two`() async throws {
        try await withServer { server in
            let first = try await server.filed()
            let other: JSON = .object(["kind": .string("individual"), "phone": .string("13900000009")])
            _ = try await server.filed([
                "complainant": other, "narrative": .string("完全不同的另一件事，付款时没有这个选项。"),
                "blocked_link": .object([
                    "text": .string("https://v.douyin.com/x1/"), "scene": .string("group"),
                    "block": .string("blank_page"),
                ]),
            ])
            let third = try await server.filed()
            let worker = Worker(server.store.databases, references: server.store.references)
            #expect(try await worker.round(at: Date())?.suspected == 1)
            let found = try await server.send("GET", "/v1/complaints/\(third)/duplicates").json["items"]?.array ?? []
            try #require(found.map { $0["reference"]?.string } == [first])
            #expect(
                found[0]["reasons"]?.array.map(\.string) == ["same_barrier", "same_filer", "same_link", "similar_text"])
            let queue = "/v1/complaints?campaign=internet-2021&queue=suspected-duplicates"
            #expect(try await server.send("GET", queue).json["items"]?.array.count == 1)
            _ = try await server.send("DELETE", "/v1/complaints/\(third)/duplicates/\(first)", headers: any)
            #expect(try await server.send("GET", queue).json["items"]?.array.isEmpty == true)
            #expect(try await worker.round(at: Date())?.suspected == 0)
        }
    }

    @Test func `after closing, the complainant says whether it is fixed, within the window`() async throws {
        try await withServer { server in
            let filed = try await server.file().json
            let header = ["Tracking-Code": filed["tracking_code"]?.string ?? ""]
            let path = "/v1/complaints/\(filed["reference"]?.string ?? "")"
            func say(_ what: String, _ body: String) async throws -> TestServing.Answer {
                try await server.send("POST", "/v1/tracking/\(what)", body, as: nil, headers: header)
            }
            #expect(try await say("confirmation", #"{"fixed":true}"#).status == 409)
            _ = try await server.send("POST", "\(path)/acceptance", "{}", headers: any)
            _ = try await server.send("POST", "\(path)/closure", #"{"outcome":"explained"}"#, headers: any)
            #expect(try await say("rating", #"{"rating":6}"#).faults == ["#/rating out_of_range"])
            #expect(try await say("rating", #"{"rating":2}"#).json["rating"]?.int == 2)
            let denied = try await say("confirmation", #"{"fixed":false,"message":"群里仍然打不开"}"#)
            #expect(denied.json["status"]?.string == "accepted")
            #expect(denied.json["confirmed_fixed"] == nil && denied.json["rating"] == nil, "it is asked again")
            #expect(denied.json["messages"]?.array.map { $0["text"]?.string } == ["群里仍然打不开"])
        }
    }

    @Test func `a note goes to whom it is meant for`() async throws {
        try await withServer { server in
            let filed = try await server.file().json
            let path = "/v1/complaints/\(filed["reference"]?.string ?? "")"
            let header = ["Tracking-Code": filed["tracking_code"]?.string ?? ""]
            _ = try await server.send("POST", "\(path)/notes", #"{"reason":"ring the company"}"#)
            let outward = #"{"reason":"we are on it","audience":"complainant"}"#
            #expect(try await server.send("POST", "\(path)/notes", outward).json["version"]?.int == 1)
            let tracked = try await server.send("GET", "/v1/tracking", as: nil, headers: header).json
            #expect(tracked["notes"]?.array.map { $0["text"]?.string } == ["we are on it"])
            // A note makes nobody's action stale.
            let accepted = try await server.send("POST", "\(path)/acceptance", "{}", headers: ["If-Match": "\"1\""])
            #expect(accepted.status == 200 && accepted.json["version"]?.int == 2)
        }
    }

    @Test func `late paper goes where it belongs, and what was known before stays`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed(["received_on": .string("2021-09-08")]))"
            func act(_ resource: String, _ day: String, _ more: String = "") async throws -> TestServing.Answer {
                let body = #"{"effective_on":"\#(day)","reason":"paper"\#(more)}"#
                return try await server.send("POST", "\(path)/\(resource)", body, headers: any)
            }
            _ = try await act("acceptance", "2021-09-10")
            _ = try await act("forwarding", "2021-09-17")
            let report = "/v1/campaigns/internet-2021/progress?as_of=2021-09-30"
            let known = try await server.send("GET", report)
            let moment = try #require(known.json["known_at"]?.string)
            // The company had answered before we learnt of it; and it had been asked for papers before that.
            #expect(try await act("response", "2021-09-28", #","answer":"partial""#).status == 200)
            #expect(try await act("priority", "2021-09-09", #","priority":"high""#).status == 200)
            let illegal = try await act("withdrawal", "2021-09-11")
            #expect(illegal.status == 409 && illegal.code == "would-become-illegal")
            #expect(illegal.json["detail"]?.string?.contains("“forward” of 2021-09-17") == true)
            let events = try await server.send("GET", "\(path)/events").json["items"]?.array ?? []
            #expect(events.last?["changes"]?["priority"]?["new"]?.string == "high")
            let again = try await server.send("GET", report + "&known_at=\(moment)")
            #expect(again.bytes == known.bytes)
            try await server.store.checkHistory()
        }
    }

    @Test func `more time is given by a supervisor who has not the case`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed(["received_on": .string("2021-09-08")]))"
            let more = #"{"purpose":"acceptance","by":2,"effective_on":"2021-09-10","reason":"many papers"}"#
            #expect(try await server.send("POST", "\(path)/deadline-extensions", more, headers: any).status == 403)
            _ = try await server.send(
                "POST", "\(path)/assignment", #"{"officer":"test-supervisor"}"#, as: .supervisor, headers: any)
            let own = try await server.send(
                "POST", "\(path)/deadline-extensions", more, as: .supervisor, headers: any)
            #expect(own.code == "self-approval")
            _ = try await server.send(
                "POST", "\(path)/assignment", #"{"officer":"none"}"#, as: .supervisor, headers: any)
            _ = try await server.send("POST", "\(path)/deadline-extensions", more, as: .supervisor, headers: any)
            let told = try await server.send("GET", "\(path)/deadlines").json["items"]?[0]
            // Seven working days after 8 September 2021, as the vectors have it.
            #expect(told?["due_on"]?.string == "2021-09-17" && told?["is_missed"] != nil)
            let reasons = told?["lines"]?.array.map { $0["reason"]?.string ?? "" } ?? []
            #expect(
                reasons == ["day_zero", "counted", "counted", "weekend", "weekend"]
                    + Array(repeating: "counted", count: 5))
        }
    }
}

struct BulkTests {
    @Test func `many are changed at once, each by itself, and a dry run changes nothing`() async throws {
        try await withServer { server in
            let references = [try await server.filed(), try await server.filed(), try await server.filed()]
            _ = try await server.send("POST", "/v1/complaints/\(references[1])/withdrawal", "{}", headers: any)
            let names = references.map { "\"\($0)\"" }.joined(separator: ",")
            func bulk(_ more: String) async throws -> JSON {
                let body = #"{"action":"acceptance","references":[\#(names)]\#(more)}"#
                return try await server.send("POST", "/v1/bulk-actions", body).json
            }
            let events = try await server.store.count("event")
            let dry = try await bulk(#","dry_run":true"#)
            #expect(dry["items"]?.array.map { $0["outcome"]?.string } == ["would_change", "refused", "would_change"])
            #expect(dry["items"]?[0]?["changes"]?["status"]?["new"]?.string == "accepted")
            #expect(try await server.store.count("event") == events)
            let done = try await bulk("")
            #expect(done["done"]?.int == 2 && done["refused"]?.int == 1)
            #expect(done["items"]?[1]?["problem"]?["code"]?.string == "out-of-order")
            let again = try await bulk("")
            #expect(again["done"]?.int == 0, "what is done is not done twice")
            try await server.store.checkHistory()
        }
    }

    @Test func `an officer keeps filters under names, and others do not see them`() async throws {
        try await withServer { server in
            let late = #"{"query":{"campaign":"internet-2021","platform":"wechat","overdue":"true"}}"#
            let kept = try await server.send("PUT", "/v1/filters/wechat-late", late)
            #expect(kept.status == 200, "\(String(decoding: kept.bytes, as: UTF8.self))")
            _ = try await server.send("PUT", "/v1/filters/wechat-late", late)
            let own = try await server.send("GET", "/v1/filters").json["items"]
            #expect(own?.array.count == 1 && own?[0]?["query"]?["platform"]?.string == "wechat")
            #expect(try await server.send("GET", "/v1/filters", as: .supervisor).json["items"]?.array.isEmpty == true)
            #expect(try await server.send("PUT", "/v1/filters/9Late", late).faults == ["#/name invalid"])
            let wrong = #"{"query":{"campaign":"internet-2021","platfrom":"wechat"}}"#
            #expect(try await server.send("PUT", "/v1/filters/x", wrong).status == 422)
            #expect(try await server.send("DELETE", "/v1/filters/wechat-late").status == 204)
            #expect(try await server.send("DELETE", "/v1/filters/wechat-late").status == 404)
        }
    }

    @Test func `a filter chooses, and mistakes are named`() async throws {
        try await withServer { server in
            for _ in 0..<3 { _ = try await server.filed() }
            let filter = #"{"campaign":"internet-2021","status":"received","platform":"!taobao"}"#
            let body = #"{"action":"priority","parameters":{"priority":"high"},"filter":\#(filter)}"#
            #expect(try await server.send("POST", "/v1/bulk-actions", body).json["done"]?.int == 3)
            let wrong = #"{"action":"explode","parameters":{"x":1},"references":["IR21-1"],"filter":{}}"#
            let faults = try await server.send("POST", "/v1/bulk-actions", wrong).faults
            #expect(
                faults == [
                    "#/action unknown_code", "#/references ambiguous", "#/references bad_reference",
                    "#/filter/campaign missing", "#/parameters/x unknown_member",
                ])
        }
    }
}
