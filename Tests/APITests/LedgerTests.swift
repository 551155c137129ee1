import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

private let any = ["If-Match": "*"]
private let root = "/v1/campaigns/internet-2021"

extension TestServing {
    /// A confirmed barrier of WeChat's against Taobao, found on 8 September 2021.
    fileprivate func barrier(_ scene: String = "group") async throws -> String {
        let clue = """
            {"kind":"blocked_link","respondent_platform":"wechat","target":"platform:taobao","scene":"\(scene)",
             "effective_on":"2021-09-08","reason":"paper"}
            """
        let number = try await send("POST", "\(root)/barriers", clue).json["number"]?.int ?? 0
        try await act("\(root)/barriers/\(number)/confirmation", "2021-09-09")
        return "\(root)/barriers/\(number)"
    }

    /// One action with a day.
    @discardableResult
    fileprivate func act(
        _ path: String, _ day: String, _ more: String = "", as role: Role = .officer
    ) async throws -> Answer {
        let body = #"{"effective_on":"\#(day)","reason":"paper"\#(more.isEmpty ? "" : ",\(more)")}"#
        let answer = try await send("POST", path, body, as: role, headers: any)
        #expect((200..<300).contains(answer.status), "\(path) \(String(decoding: answer.bytes, as: UTF8.self))")
        return answer
    }

    /// Claims, tests twice, and verifies.
    fileprivate func verify(_ path: String, on day: String) async throws {
        try await act("\(path)/claim", day)
        for method in ["probe", "on_site"] {
            let seen = #"{"result":"open","method":"\#(method)","observed_on":"\#(day)"}"#
            #expect(try await send("POST", "\(path)/observations", seen).status == 201)
        }
        try await act("\(path)/verification", day)
    }
}

struct LedgerTests {
    @Test func `an order is served, extended, breached, climbs the ladder, and is complied with at last`() async throws
    {
        try await withServer { server in
            let (one, two) = (try await server.barrier("one_to_one"), try await server.barrier("group"))
            let issue = """
                {"company":"tencent","rung":"guidance_meeting","basis":"meeting of 9 September","due":"5wd",
                 "barriers":[{"number":1},{"number":2,"due":"2021-11-29"}],"effective_on":"2021-09-09","reason":"paper"}
                """
            let order = try await server.send("POST", "\(root)/orders", issue)
            #expect(order.status == 201 && order.json["due_on"]?.string == "2021-11-29")
            #expect(order.json["items"]?[0]?["due_on"]?.string == "2021-09-16")
            #expect(try await server.send("GET", one).json["remediation"]?.string == "ordered")
            let path = "\(root)/orders/1"
            try await server.act("\(path)/service", "2021-09-10")
            try await server.act("\(path)/acknowledgement", "2021-09-13", #""on_behalf_of":"company""#)
            let early = try await server.send("POST", "\(path)/compliance", "{}", headers: any)
            #expect(early.code == "barriers-not-verified")
            let own = try await server.send(
                "POST", "\(path)/extension", #"{"by":2,"barrier":1,"reason":"asked"}"#, headers: any)
            #expect(own.status == 403)
            let more = try await server.act("\(path)/extension", "2021-09-14", #""by":2,"barrier":1"#, as: .supervisor)
            #expect(more.json["items"]?[0]?["due_on"]?.string == "2021-09-18")
            try await server.act("\(path)/breach", "2021-09-23")
            try await server.act("\(path)/escalation", "2021-09-28", #""rung":"public_notice","basis":"Order 20""#)
            try await server.verify(one, on: "2021-11-29")
            try await server.verify(two, on: "2021-11-29")
            let done = try await server.act("\(path)/compliance", "2021-11-30")
            #expect(done.json["status"]?.string == "complied")
            // The barrier cannot be said not to have been verified any more: the order rests on it.
            let late = try await server.send(
                "POST", "\(one)/regression", #"{"effective_on":"2021-11-29","reason":"paper"}"#, headers: any)
            #expect(late.status == 409 && late.code == "would-undermine")
            // What comes back now is no longer under an order.
            let back = try await server.act("\(two)/regression", "2021-12-01")
            #expect(back.json["remediation"]?.string == "confirmed" && back.json["episode"]?.int == 2)
            let told = try await server.send("GET", "\(path)/deadlines").json["items"]?.array ?? []
            #expect(told.count == 2 && told[0]["is_missed"] != nil)
            try await server.store.checkHistory()
        }
    }

    @Test func `an observation sent twice with one key is one observation`() async throws {
        try await withServer { server in
            let barrier = try await server.barrier()
            let seen = #"{"observed_on":"2021-09-10","result":"open","method":"probe"}"#
            let key = ["Idempotency-Key": "\"b5b5-the-same-observation\""]
            let first = try await server.send("POST", "\(barrier)/observations", seen, headers: key)
            let again = try await server.send("POST", "\(barrier)/observations", seen, headers: key)
            #expect(first.status == 201 && first.bytes == again.bytes && first.headers["etag"] == again.headers["etag"])
            #expect(try await server.store.count("observation") == 1)
            let open = try await server.send("GET", "\(barrier)/observations", as: nil)
            #expect(open.status == 401, "what is tested with which devices is not for those who are tested")
        }
    }

    @Test func `the letter of a rescinded order says so`() async throws {
        try await withServer { server in
            _ = try await server.barrier()
            let issue = #"{"company":"tencent","due":"5wd","barriers":[{"number":1}]}"#
            #expect(try await server.send("POST", "\(root)/orders", issue).status == 201)
            let rescind = #"{"reason":"issued by mistake"}"#
            let rescinded = try await server.send(
                "POST", "\(root)/orders/1/rescission", rescind, as: .supervisor, headers: any)
            #expect(rescinded.status == 200)
            let letter = try await server.send("GET", "\(root)/orders/1/letter?language=en")
            #expect(String(decoding: letter.bytes, as: UTF8.self).hasPrefix("**Rescinded on "))
        }
    }

    @Test func `an order about another's barrier, or none, is refused whole`() async throws {
        try await withServer { server in
            _ = try await server.barrier()
            let foreign = #"{"company":"alibaba","due":"5wd","barriers":[{"number":1}]}"#
            #expect(try await server.send("POST", "\(root)/orders", foreign).faults == ["#/barriers invalid"])
            let wrong = #"{"company":"tencent","due":"soon","rung":"prison","barriers":[{"number":1}]}"#
            #expect(
                try await server.send("POST", "\(root)/orders", wrong).faults
                    == ["#/due invalid", "#/barriers/0/due missing"])
            #expect(try await server.store.count("rectification_order") == 0)
            #expect(try await server.send("GET", "\(root)/barriers/1").json["remediation"]?.string == "confirmed")
        }
    }

    @Test func `the letter is written in both languages`() async throws {
        try await withServer { server in
            _ = try await server.barrier()
            let issue = #"{"company":"tencent","due":"2099-12-31","barriers":[{"number":1}]}"#
            let order = try await server.send("POST", "\(root)/orders", issue)
            #expect(order.status == 422, "more than ten years ahead")
            let near = #"{"company":"tencent","due":"5wd","basis":"第二十号令","barriers":[{"number":1}]}"#
            let key = ["Idempotency-Key": "\"7f1c0d5e-the-same-order\""]
            let first = try await server.send("POST", "\(root)/orders", near, headers: key)
            let again = try await server.send("POST", "\(root)/orders", near, headers: key)
            #expect(first.status == 201 && again.status == 201 && first.bytes == again.bytes)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(try await server.store.count("rectification_order") == 1)
            let zh = try await server.send("GET", "\(root)/orders/1/letter?language=zh")
            let en = try await server.send("GET", "\(root)/orders/1/letter?language=en")
            let (chinese, english) = (
                String(decoding: zh.bytes, as: UTF8.self), String(decoding: en.bytes, as: UTF8.self)
            )
            #expect(chinese.contains("腾讯") && chinese.contains("微信 → 淘宝（群聊）") && chinese.contains("第二十号令"))
            #expect(english.contains("To ") && english.contains("WeChat → Taobao (Group chat)"))
            #expect(!chinese.contains("{{") && !english.contains("{{"))
        }
    }

    @Test func `an undertaking in stages is taken whole or not at all`() async throws {
        try await withServer { server in
            _ = try await server.barrier("one_to_one")
            _ = try await server.barrier("group")
            func undertake(_ stages: String) async throws -> TestServing.Answer {
                let body = """
                    {"respondent_platform":"wechat","target":"platform:taobao","scope":"in stages","stages":[\(stages)]}
                    """
                return try await server.send("POST", "\(root)/undertakings", body)
            }
            let first = #"{"scene":"one_to_one","due_on":"2021-09-17"}"#
            let missing = try await undertake(first + #",{"scene":"moments","due_on":"2021-11-29"}"#)
            #expect(missing.faults == ["#/stages invalid"])
            #expect(try await server.store.count("undertaking") == 0)
            let both = try await undertake(first + #",{"scene":"group","due_on":"2021-11-29"}"#)
            #expect(both.json["items"]?.array.map { $0["undertaken_by"]?.string } == ["2021-09-17", "2021-11-29"])
            let given = try await server.send("GET", "\(root)/barriers/2/undertakings").json["items"]?[0]
            #expect(given?["scope"]?.string == "in stages")
        }
    }

    @Test func `a control beside the test shows discrimination, and the tests of the standard are kept`() async throws {
        try await withServer { server in
            let path = try await server.barrier()
            let seen = """
                {"result":"extra_step","method":"on_site","control":{"target":"platform:tencent_video","result":"open"},
                 "tests":{"opens_in_app":"fail","no_extra_steps":"fail","same_display":"pass"}}
                """
            let body = try await server.send("POST", "\(path)/observations", seen)
            #expect(body.json["observed"]?["state"]?.string == "extra_step")
            let kept = try await server.send("GET", "\(path)/observations").json["items"]?[0]
            #expect(kept?["tests"]?["opens_in_app"]?.string == "fail")
            #expect(kept?["control"]?["target"]?.string == "platform:tencent_video")
            let unknown = #"{"result":"open","method":"press","tests":{"feels_good":"pass"}}"#
            #expect(try await server.send("POST", "\(path)/observations", unknown).faults == ["#/tests unknown_code"])
        }
    }

    @Test func `an observation entered by mistake is taken back, and counts no more`() async throws {
        try await withServer { server in
            let path = try await server.barrier()
            try await server.act("\(path)/claim", "2021-09-17")
            let wrong = #"{"result":"blocked","method":"probe","observed_on":"2021-09-18"}"#
            _ = try await server.send("POST", "\(path)/observations", wrong)
            let sequence = try await server.send("GET", "\(path)/observations").json["items"]?[0]?["sequence"]?.int ?? 0
            for method in ["probe", "press"] {
                let seen = #"{"result":"open","method":"\#(method)","observed_on":"2021-09-18"}"#
                _ = try await server.send("POST", "\(path)/observations", seen)
            }
            let verification = #"{"effective_on":"2021-09-20","reason":"paper"}"#
            let refused = try await server.send("POST", "\(path)/verification", verification, headers: any)
            #expect(refused.code == "quorum-not-met")
            let gone = try await server.send(
                "DELETE", "\(path)/observations/\(sequence)", #"{"reason":"another phone"}"#, headers: any)
            #expect(gone.json["observed"]?["state"]?.string == "open")
            let verified = try await server.send("POST", "\(path)/verification", #"{"reason":"x"}"#, headers: any)
            #expect(verified.code == "quorum-not-met", "stale by today")
        }
    }
}

struct WaitTests {
    @Test func `a barrier waits for another company, never for its respondent's own`() async throws {
        try await withServer { server in
            let path = try await server.barrier()
            func wait(_ company: String, _ day: String? = nil) async throws -> TestServing.Answer {
                let on = day.map { #","effective_on":"\#($0)","reason":"paper""# } ?? ""
                return try await server.send("POST", "\(path)/wait", "{\"company\":\"\(company)\"\(on)}", headers: any)
            }
            let own = try await wait("tencent")
            #expect(own.status == 422 && own.faults == ["#/company invalid"])
            #expect(own.json["detail"]?.string?.contains("respondent's own company") == true)
            let earlier = try await wait("tencent", "2021-09-10")
            #expect(earlier.json["detail"]?.string?.hasPrefix("As of 2021-09-10: #/company") == true)
            let promise = try await server.send(
                "POST", "\(path)/undertaking", #"{"scope":"all","waits_for":"tencent"}"#, headers: any)
            #expect(promise.faults == ["#/waits_for invalid"])
            let stages = """
                {"respondent_platform":"wechat","target":"platform:taobao","waits_for":"tencent",
                 "stages":[{"scene":"group","due_on":"2098-12-31"}]}
                """
            #expect(try await server.send("POST", "\(root)/undertakings", stages).faults == ["#/waits_for invalid"])
            #expect(try await server.send("GET", path).json["remediation"]?.string == "confirmed", "nothing changed")
            #expect(try await wait("alibaba").json["awaited_company"]?.string == "alibaba")
        }
    }
}

struct RegressionTests {
    @Test func `a verified barrier comes back by a test that says blocked, or for a reason`() async throws {
        try await withServer { server in
            let path = try await server.barrier()
            #expect(
                try await server.send("POST", "\(path)/regression", "{}", headers: any).code == "out-of-order",
                "it has to have been verified first")
            try await server.verify(path, on: "2021-09-20")
            func regress(_ body: String = "{}") async throws -> TestServing.Answer {
                try await server.send("POST", "\(path)/regression", body, headers: any)
            }
            let bare = try await regress()
            #expect(bare.status == 422 && bare.faults == ["#/reason missing"])
            #expect(bare.json["detail"]?.string?.contains("2021-09-20") == true)
            let open = #"{"result":"extra_step","method":"press","observed_on":"2021-09-27"}"#
            _ = try await server.send("POST", "\(path)/observations", open)
            #expect(try await regress().faults == ["#/reason missing"])
            let blocked = #"{"result":"blocked","method":"press","observed_on":"2021-09-28"}"#
            let seen = try await server.send("POST", "\(path)/observations", blocked)
            #expect(seen.json["remediation"]?.string == "verified", "the press alone opens no episode")
            #expect(try await regress().json["episode"]?.int == 2)
            _ = try await server.send("POST", "\(path)/claim", "{}", headers: any)
            for method in ["probe", "on_site"] {
                let seen = #"{"result":"open","method":"\#(method)"}"#
                _ = try await server.send("POST", "\(path)/observations", seen)
            }
            let again = try await server.send("POST", "\(path)/verification", "{}", headers: any)
            #expect(again.json["remediation"]?.string == "verified")
            #expect(try await regress().faults == ["#/reason missing"], "the test before it was verified again")
            #expect(try await regress(#"{"reason":"users sent recordings"}"#).json["episode"]?.int == 3)
            try await server.store.checkHistory()
        }
    }

    @Test func `one officer who enters a test twice makes no quorum`() async throws {
        try await withServer { server in
            let path = try await server.barrier()
            try await server.act("\(path)/claim", "2021-09-17")
            func see(_ day: String, as role: Role = .officer) async throws {
                let seen = #"{"result":"open","method":"on_site","observed_on":"\#(day)"}"#
                #expect(try await server.send("POST", "\(path)/observations", seen, as: role).status == 201)
            }
            for _ in 0..<2 { try await see("2021-09-18") }
            let body = #"{"effective_on":"2021-09-20","reason":"paper"}"#
            let refused = try await server.send("POST", "\(path)/verification", body, headers: any)
            #expect(refused.code == "quorum-not-met")
            #expect(refused.json["detail"]?.string?.hasPrefix("As of 2021-09-20: 2 observations") == true)
            try await see("2021-09-18", as: .supervisor)
            let verified = try await server.send("POST", "\(path)/verification", body, headers: any)
            #expect(verified.json["remediation"]?.string == "verified")
        }
    }

    @Test func `probes come in bulk, each once, and one that sees a verified barrier blocked opens its next episode`()
        async throws
    {
        try await withServer { server in
            let path = try await server.barrier()
            try await server.verify(path, on: "2021-09-20")
            let lines = [
                #"{"probe_id":"p1","barrier":"wechat/platform:taobao/group","result":"open","method":"probe","at":"2021-09-21"}"#,
                #"{"probe_id":"p2","barrier":"1","result":"blocked","method":"probe","at":"2021-09-28T09:00:00+08:00","os":"iOS 15"}"#,
                #"{"probe_id":"p3","barrier":"99","result":"open","method":"probe","at":"2021-09-28"}"#,
                #"{"probe_id":"p4","barrier":"1","result":"ajar","method":"probe","at":"yesterday"}"#,
                "not json",
            ].joined(separator: "\n")
            let header = ["Content-Type": "application/x-ndjson"]
            func send(_ text: String) async throws -> [String?] {
                let answer = try await server.send("POST", "\(root)/probe-results", text, headers: header)
                return answer.json["items"]?.array.map { $0["outcome"]?.string } ?? []
            }
            #expect(try await send(lines) == ["entered", "regressed", "refused", "refused", "refused"])
            #expect(try await send(lines) == ["known", "known", "refused", "refused", "refused"])
            let other = try await send(lines.replacing("\"blocked\"", with: "\"open\""))
            #expect(other == ["known", "refused", "refused", "refused", "refused"], "another result")
            let barrier = try await server.send("GET", path).json
            #expect(barrier["episode"]?.int == 2 && barrier["remediation"]?.string == "confirmed")
            let told = try await server.send("GET", "\(root)/reminders").json["items"]?.array ?? []
            #expect(told.map { $0["topic"]?.string } == ["barrier_regressed"])
            let json = try await server.send("POST", "\(root)/probe-results", "{}")
            #expect(json.status == 415)
            try await server.store.checkHistory()
        }
    }

    @Test func `enough people complaining of a verified barrier open a review, once, and again after it was closed`()
        async throws
    {
        try await withServer { server in
            let path = try await server.barrier()
            try await server.verify(path, on: "2021-09-20")
            func complain(_ phone: String, _ day: String) async throws {
                let who: JSON = .object(["kind": .string("individual"), "phone": .string(phone)])
                _ = try await server.filed(["complainant": who, "received_on": .string(day)])
            }
            let worker = Worker(server.store.databases, references: server.store.references)
            func round() async throws -> Int? { try await worker.round(at: Date())?.reviews }
            for _ in 0..<5 { try await complain("13800000001", "2021-09-28") }
            try await complain("13800000002", "2021-09-28")
            #expect(try await round() == 0, "two people, however often")
            try await complain("13800000003", "2021-09-29")
            #expect(try await round() == 1)
            #expect(try await round() == 0)
            #expect(try await server.send("GET", path).json["review_opened_on"]?.string != nil)
            let queue = try await server.send("GET", "\(root)/barriers?queue=under-review").json["items"]?.array
            #expect(queue?.count == 1)
            let closed = try await server.send("DELETE", "\(path)/review", #"{"reason":"old phones"}"#, headers: any)
            #expect(closed.status == 200)
            #expect(try await round() == 0, "the same complaints open no second review")
        }
    }
}

struct FeedTests {
    @Test func `the feed tells everything once, in order, and goes on where a reader stopped`() async throws {
        try await withServer { server in
            for _ in 0..<5 { _ = try await server.filed() }
            var seen: [String] = []
            var cursor: String?
            for _ in 0..<20 {
                let path = "/v1/events?campaign=internet-2021&page_size=3" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await server.send("GET", path).json
                let items = page["items"]?.array ?? []
                seen += items.map { "\($0["subject"]?.string ?? "") \($0["event"]?["sequence"]?.int ?? 0)" }
                cursor = page["next"]?.string
                if items.isEmpty { break }
            }
            #expect(try await server.store.count("event") == seen.count && Set(seen).count == seen.count)
            // Held until something happens.
            let held = Task { [cursor] in
                try await server.send("GET", "/v1/events?campaign=internet-2021&wait=20&cursor=\(cursor ?? "")")
            }
            try await until("it is held") {
                try await server.metrics().contains("\nrectify_requests_under_way 1\n")
            }
            let reference = try await server.filed()
            let news = try await held.value.json["items"]?.array ?? []
            #expect(news.map { $0["subject"]?.string } == [reference])
            let foreign = try await server.send("GET", "/v1/complaints?campaign=internet-2021&cursor=\(cursor ?? "")")
            #expect(foreign.code == "bad-cursor")
        }
    }
}
