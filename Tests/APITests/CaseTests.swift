import Casework
import Contract
import Foundation
import Postgres
import Store
import TestSupport
import Testing

struct ComplaintCaseTests {
    @Test func `twenty officers accept one complaint at once: one does, nineteen are told (G9)`() async throws {
        try await withServer { server in
            let reference = try await server.filed()
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await server.send(
                            "POST", "/v1/complaints/\(reference)/acceptance", "{}", headers: ["If-Match": "\"1\""]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == 200 } == 1)
            #expect(answers.count { $0 == 409 || $0 == 412 } == 19, "\(answers)")
            #expect(try await server.store.count("event WHERE action = 'accept'") == 1)
        }
    }

    @Test func `a change needs the version that was seen (G8)`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())/acceptance"
            #expect(try await server.send("POST", path, "{}").status == 428)
            let stale = try await server.send("POST", path, "{}", headers: ["If-Match": "\"7\""])
            #expect(stale.status == 412 && stale.code == "stale" && stale.headers["etag"] == "\"1\"")
            #expect(try await server.send("POST", path, "{}", headers: ["If-Match": "seven"]).status == 400)
            let done = try await server.send("POST", path, "{}", headers: ["If-Match": "\"1\""])
            #expect(done.status == 200 && done.headers["etag"] == "\"2\"")
        }
    }

    @Test func `what is out of order says what is possible, and changes nothing`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())"
            let answer = try await server.send(
                "POST", "\(path)/response", #"{"answer":"partial"}"#, headers: ["If-Match": "*"])
            #expect(answer.status == 409 && answer.code == "out-of-order")
            #expect(answer.json["detail"]?.string?.contains("accept, refuse, request_information") == true)
            #expect(try await server.send("GET", path).json["version"]?.int == 1)
        }
    }

    @Test func `roles are kept apart`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())"
            #expect(try await server.send("GET", path, as: nil).status == 401)
            #expect(try await server.send("GET", path, as: .admin).status == 403)
            #expect(try await server.send("GET", path, as: .auditor).status == 200)
            let tag = ["If-Match": "*"]
            #expect(try await server.send("POST", "\(path)/acceptance", "{}", as: .auditor, headers: tag).status == 403)
            #expect(try await server.send("POST", "\(path)/acceptance", "{}", headers: tag).status == 200)
            let closure = #"{"outcome":"unsubstantiated"}"#
            #expect(try await server.send("POST", "\(path)/closure", closure, headers: tag).status == 403)
            #expect(
                try await server.send("POST", "\(path)/closure", closure, as: .supervisor, headers: tag).status == 200)
        }
    }

    @Test func `an earlier day needs a reason and may not pass the latest change`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed(["received_on": .string("2021-09-20")]))"
            func accept(_ body: String) async throws -> TestServing.Answer {
                try await server.send("POST", "\(path)/acceptance", body, headers: ["If-Match": "*"])
            }
            #expect(try await accept(#"{"effective_on":"2021-09-21"}"#).faults == ["#/reason missing"])
            let before = try await accept(#"{"effective_on":"2021-09-19","reason":"paper"}"#)
            #expect(before.status == 409 && before.code == "before-beginning")
            #expect(try await accept(#"{"effective_on":"2098-01-01","reason":"x"}"#).status == 422)
            #expect(try await accept(#"{"effective_on":"2021-09-21","reason":"paper"}"#).status == 200)
            let events = try await server.send("GET", "\(path)/events").json["items"]?.array ?? []
            try #require(events.count == 2)
            #expect(events[1]["effective_on"]?.string == "2021-09-21" && events[1]["note"]?.string == "paper")
        }
    }

    @Test func `a target that does not fit the kind is refused`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())/resolution"
            let answer = try await server.send(
                "POST", path, #"{"payment_method":"wechat_pay"}"#, headers: ["If-Match": "*"])
            #expect(answer.status == 422 && answer.faults == ["#/payment_method invalid"])
        }
    }

    @Test func `resolving ties the right barrier and unties the wrong one`() async throws {
        try await withServer { server in
            let link: JSON = .object([
                "text": .string("https://m.tb.cn/h.1"), "scene": .string("group"), "block": .string("blank_page"),
            ])
            let reference = try await server.filed(["blocked_link": link])
            let path = "/v1/complaints/\(reference)"
            let before = try await server.send("GET", path).json
            #expect(before["target"]?["company"]?.string == "alibaba" && before["target"]?["platform"] == nil)
            let body = #"{"target_platform":"taobao"}"#
            let after = try await server.send("POST", "\(path)/resolution", body, headers: ["If-Match": "*"]).json
            #expect(after["target"]?["platform"]?.string == "taobao" && after["target"]?["host"]?.string == "m.tb.cn")
            #expect(after["barriers"]?.array.count == 1)
            #expect(after["barriers"]?[0]?["number"] != before["barriers"]?[0]?["number"])
            let actions = try await server.send("GET", "\(path)/events").json["items"]?.array.map {
                $0["action"]?.string
            }
            #expect(actions == ["file", "resolve", "unlink", "link"])
        }
    }

    @Test func `identity is masked, sealed at rest, and found again by its digest (G74, G76)`() async throws {
        try await withServer { server in
            let link: JSON = .object([
                "text": .string("爱人的卫衣￥k3ZpXa81QmT￥https://item.taobao.com/item.htm?id=1&suid=0A1B2C3D"),
                "scene": .string("group"), "block": .string("interstitial_hard"),
            ])
            let filed = try await server.file(["blocked_link": link]).json
            let first = filed["reference"]?.string ?? ""
            let code = filed["tracking_code"]?.string ?? "none"
            let other: JSON = .object(["kind": .string("individual"), "phone": .string("+86 138-0000-0001")])
            let second = try await server.filed(["complainant": other])
            let body = try await server.send("GET", "/v1/complaints/\(second)")
            #expect(body.json["same_contact"]?.array.first?.string == first)
            #expect(body.json["complainant"]?["phone"]?.string == "+86****01")
            #expect(!String(decoding: body.bytes, as: UTF8.self).contains("0000-0001"))
            let dump = try await server.store.databases.work.transaction(.readOnly) { db in
                try db.all(
                    """
                    SELECT encode(sealed, 'escape') FROM complaint_sealed
                    UNION ALL SELECT c::text FROM complaint c UNION ALL SELECT e::text FROM event e
                    """
                ) { row in try row.read(String.self) }.joined()
            }
            let secrets = ["13800000001", "张小禾", "xiaohe", "爱人的卫衣", "k3ZpXa81QmT", "0A1B2C3D"]
            for secret in secrets + [code, code.replacing("-", with: "")] { #expect(!dump.contains(secret)) }
            let shown = try await server.send("GET", "/v1/complaints/\(first)").json
            #expect(shown["link_url"]?.string == "https://item.taobao.com/item.htm?id=1")
            #expect(shown["passphrase"]?.string == "k3ZpXa81QmT" && shown["link_site"]?.string == "taobao.com")
        }
    }

    @Test func `cases that belong together read the same together as alone`() async throws {
        try await withServer { server in
            let paths = [try await server.filed(), try await server.filed()].map { "/v1/complaints/\($0)" }
            let message = try await server.send("POST", "\(paths[1])/messages", #"{"message":"请再发一张截图。"}"#)
            #expect(message.status == 200)
            let of = #"{"of":"\#(paths[0].suffix(14))"}"#
            let merged = try await server.send("POST", "\(paths[1])/duplicate", of, headers: ["If-Match": "*"])
            #expect(merged.status == 200)
            var alone: [String: Data] = [:]
            for path in paths { alone[path] = try await server.send("GET", path).bytes }
            try await withThrowingTaskGroup(of: (String, Data).self) { group in
                for index in 0..<64 {
                    group.addTask { (paths[index % 2], try await server.send("GET", paths[index % 2]).bytes) }
                }
                for try await (path, bytes) in group { #expect(bytes == alone[path]) }
            }
        }
    }

    @Test func `a duplicate can be undone, and another duplicate cannot be its original`() async throws {
        try await withServer { server in
            let (first, second, third) = (try await server.filed(), try await server.filed(), try await server.filed())
            func mark(_ reference: String, of original: String) async throws -> TestServing.Answer {
                try await server.send(
                    "POST", "/v1/complaints/\(reference)/duplicate", #"{"of":"\#(original)"}"#,
                    headers: ["If-Match": "*"])
            }
            #expect(try await mark(second, of: first).json["duplicate_of"]?.string == first)
            #expect(try await mark(third, of: second).faults == ["#/of not_a_duplicate"])
            #expect(try await mark(third, of: third).faults == ["#/of not_a_duplicate"])
            #expect(try await mark(third, of: "IR21-0000001-1").faults == ["#/of bad_reference"])
            #expect(try await mark(first, of: third).code == "has-duplicates", "others were merged into it")
            let undone = try await server.send(
                "DELETE", "/v1/complaints/\(second)/duplicate", headers: ["If-Match": "*"])
            #expect(undone.json["status"]?.string == "received")
        }
    }

    @Test func `lists are filtered and walked without gaps while others file (G15, G16)`() async throws {
        try await withServer { server in
            for _ in 0..<7 { _ = try await server.filed() }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let path = "/v1/complaints?campaign=internet-2021&page_size=3&status=received,accepted"
                let page = try await server.send("GET", path + (cursor.map { "&cursor=\($0)" } ?? "")).json
                seen += page["items"]?.array.compactMap { $0["reference"]?.string } ?? []
                cursor = page["next"]?.string
                _ = try await server.filed()
            } while cursor != nil
            #expect(seen.count == 7 && Set(seen).count == 7)
            let foreign = try await server.send("GET", "/v1/complaints?campaign=internet-2021&page_size=2")
            let next = try #require(foreign.json["next"]?.string)
            let reused = "/v1/complaints?campaign=internet-2021&status=closed&cursor=\(next)"
            #expect(try await server.send("GET", reused).code == "bad-cursor")
            let unknown = try await server.send("GET", "/v1/complaints?campaign=internet-2021&colour=red&status=x")
            #expect(unknown.faults == ["?/status unknown_code", "?/colour unknown_member"])
        }
    }

    @Test func `overdue is what a day has passed for`() async throws {
        try await withServer { server in
            let late = try await server.filed(["received_on": .string("2021-09-20")])
            _ = try await server.filed()
            let page = try await server.send("GET", "/v1/complaints?campaign=internet-2021&overdue=true").json
            #expect(page["items"]?.array.map { $0["reference"]?.string } == [late])
        }
    }
}

struct TrackingTests {
    @Test func `the code shows the status, takes what was missing, and withdraws`() async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil).json
            let (reference, code) = (filed["reference"]?.string ?? "", filed["tracking_code"]?.string ?? "")
            let header = ["Tracking-Code": code.lowercased().replacing("-", with: " ")]
            #expect(
                try await server.send("GET", "/v1/tracking", as: nil, headers: header).json["status"]?.string
                    == "received")
            let early = try await server.send(
                "POST", "/v1/tracking/messages", #"{"message":"hello"}"#, as: nil, headers: header)
            #expect(early.json["status"]?.string == "received", "what nobody asked for is only said")
            _ = try await server.send(
                "POST", "/v1/complaints/\(reference)/information-requests",
                #"{"gap":"facts_unclear","message":"哪一天？"}"#, headers: ["If-Match": "*"])
            let sent = try await server.send(
                "POST", "/v1/tracking/messages", #"{"message":"九月十八日"}"#, as: nil, headers: header)
            #expect(sent.json["status"]?.string == "received")
            let messages = try await server.send("GET", "/v1/complaints/\(reference)").json["messages"]?.array
            #expect(messages?.map { $0["text"]?.string } == ["hello", "哪一天？", "九月十八日"])
            #expect(messages?.map { $0["from"]?.string } == ["complainant", "officer", "complainant"])
            let gone = try await server.send("POST", "/v1/tracking/withdrawal", "{}", as: nil, headers: header)
            #expect(gone.json["status"]?.string == "withdrawn")
        }
    }

    @Test func `a wrong code and a malformed one are told alike (G75)`() async throws {
        try await withServer { server in
            _ = try await server.filed()
            let wrong = try await server.send(
                "GET", "/v1/tracking", as: nil, headers: ["Tracking-Code": "00000-00000-00000-00000-00000-0"])
            let malformed = try await server.send("GET", "/v1/tracking", as: nil, headers: ["Tracking-Code": "?"])
            #expect(wrong.status == 404 && malformed.status == 404 && wrong.code == malformed.code)
            #expect(try await server.send("GET", "/v1/tracking", as: nil).status == 400)
        }
    }
}

struct BarrierCaseTests {
    private static let root = "/v1/campaigns/internet-2021/barriers"
    private static let clue = """
        {"kind":"refused_payment","respondent_platform":"taobao","target":"method:wechat_pay","scene":"checkout"}
        """

    @Test func `a barrier is recorded once, observed, claimed, and verified by a quorum only`() async throws {
        try await withServer { server in
            let tag = ["If-Match": "*"]
            #expect(try await server.send("POST", Self.root, Self.clue).status == 201)
            #expect(try await server.send("POST", Self.root, Self.clue).status == 200)
            let path = "\(Self.root)/1"
            #expect(try await server.send("POST", "\(path)/verification", "{}", headers: tag).code == "out-of-order")
            #expect(try await server.send("POST", "\(path)/claim", #"{"coverage":85}"#, headers: tag).status == 200)
            #expect(try await server.send("POST", "\(path)/verification", "{}", headers: tag).code == "quorum-not-met")
            for method in ["probe", "press"] {
                let seen = #"{"result":"open","method":"\#(method)","app_version":"10.1"}"#
                #expect(try await server.send("POST", "\(path)/observations", seen).status == 201)
            }
            let verified = try await server.send("POST", "\(path)/verification", "{}", headers: tag)
            #expect(verified.json["remediation"]?.string == "verified")
            #expect(verified.json["observed"]?["state"]?.string == "open")
            #expect(try await server.send("GET", "\(path)/observations").json["items"]?.array.count == 2)
        }
    }

    @Test func `the public sees barriers from confirmed up`() async throws {
        try await withServer { server in
            _ = try await server.send("POST", Self.root, Self.clue)
            #expect(try await server.send("GET", Self.root, as: nil).json["items"]?.array.isEmpty == true)
            #expect(try await server.send("GET", "\(Self.root)/1", as: nil).status == 404)
            _ = try await server.send("POST", "\(Self.root)/1/confirmation", "{}", headers: ["If-Match": "*"])
            #expect(try await server.send("GET", Self.root, as: nil).json["items"]?.array.count == 1)
            #expect(try await server.send("GET", "\(Self.root)/1", as: nil).status == 200)
        }
    }

    @Test func `what is unknown is named`() async throws {
        try await withServer { server in
            let bad =
                #"{"kind":"blocked_link","respondent_platform":"x","target":"method:wechat_pay","scene":"checkout"}"#
            let answer = try await server.send("POST", Self.root, bad)
            #expect(answer.faults == ["#/respondent_platform unknown_code", "#/target invalid"])
            #expect(try await server.send("GET", "\(Self.root)/999").status == 404)
            #expect(try await server.send("GET", "\(Self.root)/abc").status == 404)
            _ = try await server.send("POST", Self.root, Self.clue)
            let wait = try await server.send(
                "POST", "\(Self.root)/1/wait", #"{"company":"acme"}"#, headers: ["If-Match": "*"])
            #expect(wait.faults == ["#/company unknown_code"])
        }
    }

    @Test func `a justification that has run out is confirmed again, once`() async throws {
        try await withServer { server in
            let tag = ["If-Match": "*"]
            let early = #"{"effective_on":"2021-09-01","reason":"paper","#
            let clue = Self.clue.replacing("{\"kind\"", with: early + "\"kind\"")
            #expect(try await server.send("POST", Self.root, clue).status == 201)
            let justify = early + #""ground":"fraud","until":"2021-09-30"}"#
            let justified = try await server.send("POST", "\(Self.root)/1/justification", justify, headers: tag)
            #expect(justified.json["remediation"]?.string == "justified")
            let worker = Worker(server.store.databases, references: server.store.references)
            let first = try await worker.round(at: Date())
            let again = try await worker.round(at: Date())
            #expect(first?.expired == 1 && again?.isEmpty == true)
            let barrier = try await server.send("GET", "\(Self.root)/1").json
            #expect(barrier["remediation"]?.string == "confirmed" && barrier["changed_on"]?.string == "2021-10-01")
        }
    }

    @Test func `closing as remediated waits for the barrier`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())"
            let tag = ["If-Match": "*"]
            _ = try await server.send("POST", "\(path)/acceptance", "{}", headers: tag)
            let early = try await server.send("POST", "\(path)/closure", #"{"outcome":"remediated"}"#, headers: tag)
            #expect(early.status == 409 && early.code == "barriers-not-verified")
            #expect(early.json["detail"]?.string?.contains("1") == true)
        }
    }
}

struct EdgeTests {
    @Test func `the edge speaks in problems (G11, G12, G13)`() async throws {
        try await withServer { server in
            let unknown = try await server.send("GET", "/v1/nothing")
            #expect(unknown.status == 404 && unknown.code == "not-found")
            let method = try await server.send("DELETE", "/v1/complaints")
            #expect(method.status == 405 && method.headers["allow"] == "GET, HEAD, POST")
            let form = try await server.send("GET", "/v1/companies", headers: ["Accept": "image/png"])
            #expect(form.status == 406)
            #expect(
                try await server.send("GET", "/v1/session", headers: ["Authorization": "Bearer nonsense"]).status == 401
            )
            #expect(try await server.send("GET", "/v1/complaints/IR21-0000001-1").status == 404)
            for answer in [unknown, method, form] {
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.json["request_id"]?.string == answer.headers["x-request-id"])
                #expect(answer.json["status"]?.int == answer.status)
            }
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
            #expect(try await server.send("GET", "/readyz", as: nil).status == 200)
        }
    }

    @Test func `a token ends with its session, and with its officer`() async throws {
        try await withServer { server in
            #expect(try await server.send("DELETE", "/v1/session").status == 204)
            #expect(try await server.send("GET", "/v1/session").code == "bad-token")
            #expect(try await server.send("GET", "/v1/session", as: .supervisor).status == 200)
            try await server.store.databases.work.transaction { db in
                try db.disableOfficer(named: "test-supervisor", at: Date())
            }
            #expect(try await server.send("GET", "/v1/session", as: .supervisor).status == 401)
        }
    }

    @Test func `reference data are there for everyone`() async throws {
        try await withServer { server in
            for path in [
                "campaigns", "companies", "platforms", "payment-methods", "campaigns/internet-2021/categories",
            ] {
                let answer = try await server.send("GET", "/v1/\(path)", as: nil)
                #expect(answer.status == 200 && answer.json["items"]?.array.isEmpty == false, "\(path)")
            }
            #expect(
                try await server.send("GET", "/v1/companies/tencent", as: nil).json["uscc"]?.string
                    == "91440300708461136T")
        }
    }
}
