import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

private let any = ["If-Match": "*"]

/// What a company sees and does with a key of its own.
struct CompanyTests {
    private static let root = "/v1/company/campaigns/internet-2021"

    private func key(
        _ company: String, _ server: TestServing,
        _ scopes: Set<CompanyBearer.Scope> = Set(CompanyBearer.Scope.allCases)
    ) async throws -> [String: String] {
        let secret = try await server.store.databases.work.transaction { db in
            try db.issueKey(to: company, named: "desk", scopes: scopes, lasting: 1, at: Date()).secret
        }
        return any.merging(["Authorization": "Bearer \(secret)"]) { $1 }
    }

    /// Files a complaint about WeChat, accepts and forwards it.
    private func forwarded(_ changes: [String: JSON] = [:], _ server: TestServing) async throws -> String {
        let reference = try await server.filed(changes)
        for step in ["acceptance", "forwarding"] {
            _ = try await server.send("POST", "/v1/complaints/\(reference)/\(step)", "{}", headers: any)
        }
        return reference
    }

    @Test func `it sees what was forwarded to it, and nobody who did not agree to be named`() async throws {
        try await withServer { server in
            let tencent = try await key("tencent", server)
            let waiting = try await server.filed()
            let masked = try await forwarded([:], server)
            let open: JSON = .object([
                "kind": .string("individual"), "name": .string("李四"), "disclose_identity": .bool(true),
            ])
            let named = try await forwarded(["complainant": open], server)
            let list = try await server.send("GET", "\(Self.root)/complaints", as: nil, headers: tencent)
            #expect(list.json["items"]?.array.map { $0["reference"]?.string } == [named, masked])
            let text = String(decoding: list.bytes, as: UTF8.self)
            for secret in ["张小禾", "13800000001", "xiaohe", "item.htm"] { #expect(!text.contains(secret)) }
            func see(_ reference: String, _ headers: [String: String]) async throws -> TestServing.Answer {
                try await server.send("GET", "/v1/company/complaints/\(reference)", as: nil, headers: headers)
            }
            #expect(try await see(masked, tencent).json["complainant"] == nil)
            #expect(try await see(named, tencent).json["complainant"] == nil, "agreed, but not disclosed yet")
            #expect(try await see(waiting, tencent).status == 404, "not forwarded yet")
            let foreign = try await see(masked, try await key("alibaba", server))
            #expect(foreign.status == 404 && foreign.code == "not-found")
            #expect(
                try await server.send("GET", "/v1/complaints/\(masked)", as: nil, headers: tencent).code == "other-key")
        }
    }

    @Test func `it sees the link that it is said to block, in its one form, and nothing of what was pasted`()
        async throws
    {
        try await withServer { server in
            let tencent = try await key("tencent", server)
            let pasted = "9.9 【淘宝】快看 https://item.taobao.com/item.htm?id=652874312345&spm=a1.b2&un=xiaohe 点击打开"
            func link(_ text: String) -> JSON {
                .object([
                    "text": .string(text), "scene": .string("group"), "block": .string("interstitial_hard"),
                    "control_text": .string("https://v.qq.com/x/1.html"),
                ])
            }
            func see(_ text: String) async throws -> (json: JSON, text: String) {
                let reference = try await forwarded(["blocked_link": link(text)], server)
                let answer = try await server.send(
                    "GET", "/v1/company/complaints/\(reference)", as: nil, headers: tencent)
                #expect(
                    try await server.send("GET", "/v1/complaints/\(reference)").json["link_text"]?.string == text)
                return (answer.json, String(decoding: answer.bytes, as: UTF8.self))
            }
            let seen = try await see(pasted)
            #expect(seen.json["link_url"]?.string == "https://item.taobao.com/item.htm?id=652874312345")
            for secret in ["快看", "点击打开", "spm", "xiaohe", "v.qq.com"] {
                #expect(!seen.text.contains(secret), "\(secret)")
            }
            let list = try await server.send("GET", "\(Self.root)/complaints", as: nil, headers: tencent)
            #expect(!String(decoding: list.bytes, as: UTF8.self).contains("item.htm"), "only where one is opened")
            for name in ["13800000001", "%E5%BC%A0%E5%B0%8F%E7%A6%BE"] {
                let naming = "https://shop.example.com/u/\(name)"
                #expect(try await see(naming).json["link_url"]?.string == nil, "it names the complainant: \(naming)")
            }
        }
    }

    @Test func `it answers in one of four ways, and a question does not stop its clock`() async throws {
        try await withServer { server in
            let tencent = try await key("tencent", server)
            let reference = try await forwarded([:], server)
            func respond(_ body: String) async throws -> TestServing.Answer {
                try await server.send(
                    "POST", "/v1/company/complaints/\(reference)/response", body, as: nil, headers: tencent)
            }
            let asked = try await respond(#"{"answer":"needs_information","reason":"which phone?"}"#)
            #expect(asked.json["status"]?.string == "forwarded")
            #expect(try await respond(#"{"answer":"rejected"}"#).faults == ["#/ground invalid"])
            #expect(try await respond(#"{"answer":"partial","effective_on":"2021-09-01","reason":"x"}"#).status == 422)
            let evidence = #"[{"description":"recording","sha256":"\#(String(repeating: "ab", count: 32))"}]"#
            let answered = try await respond(
                #"{"answer":"rejected","ground":"fraud","reason":"the shop sells fakes","evidence":\#(evidence)}"#)
            #expect(answered.json["status"]?.string == "responded")
            #expect(answered.json["notes"]?.array.map(\.string) == ["which phone?", "the shop sells fakes"])
            #expect(try await server.store.count("company_evidence") == 1)
            let officer = try await server.send("GET", "/v1/complaints/\(reference)").json
            #expect(officer["answer"]?.string == "rejected" && officer["answer_ground"]?.string == "fraud")
            let events = try await server.send("GET", "/v1/complaints/\(reference)/events").json["items"]?.array
            #expect(
                events?.last?["actor_kind"]?.string == "company" && events?.last?["actor"]?.string == "tencent/desk")
        }
    }

    @Test func `it undertakes and claims for its own barriers, as far as its key goes`() async throws {
        try await withServer { server in
            _ = try await forwarded([:], server)
            let barriers = "/v1/campaigns/internet-2021/barriers"
            let (tencent, reader) = (try await key("tencent", server), try await key("tencent", server, [.read]))
            func claim(_ headers: [String: String]) async throws -> TestServing.Answer {
                try await server.send(
                    "POST", "\(Self.root)/barriers/1/claim", #"{"coverage":60}"#, as: nil, headers: headers)
            }
            #expect(try await claim(tencent).status == 404, "only alleged yet")
            _ = try await server.send("POST", "\(barriers)/1/confirmation", "{}", headers: any)
            #expect(try await claim(reader).code == "scope-missing")
            #expect(try await claim(try await key("alibaba", server)).status == 404)
            let undertaken = try await server.send(
                "POST", "\(Self.root)/barriers/1/undertaking", #"{"scope":"all groups","due_on":"2026-12-31"}"#,
                as: nil, headers: tencent)
            #expect(undertaken.json["remediation"]?.string == "committed")
            #expect(try await claim(tencent).json["remediation"]?.string == "claimed")
            let own = try await server.send("GET", "\(Self.root)/barriers", as: nil, headers: tencent).json
            #expect(own["items"]?.array.count == 1)
            #expect(
                try await server.send("POST", "\(barriers)/1/verification", "{}", as: nil, headers: tencent).code
                    == "other-key")
        }
    }

    @Test func `who answers nothing is told of`() async throws {
        try await withServer { server in
            let reference = try await server.filed(["received_on": .string("2021-09-08")])
            for (step, day) in [("acceptance", "2021-09-09"), ("forwarding", "2021-09-10")] {
                let body = #"{"effective_on":"\#(day)","reason":"paper"}"#
                _ = try await server.send("POST", "/v1/complaints/\(reference)/\(step)", body, headers: any)
            }
            let path = "/v1/campaigns/internet-2021/silent-companies"
            let silent = try await server.send("GET", path).json["items"]?[0]
            #expect(silent?["company"]?.string == "tencent" && silent?["oldest_forwarded_on"]?.string == "2021-09-10")
            let worker = Worker(server.store.databases, references: server.store.references)
            #expect(try await worker.round(at: Date())?.silent == 1)
            #expect(try await worker.round(at: Date())?.silent == 0)
            _ = try await server.send(
                "POST", "/v1/complaints/\(reference)/response", #"{"answer":"accepted"}"#, headers: any)
            #expect(try await server.send("GET", path).json["items"]?.array.isEmpty == true)
        }
    }

    @Test func `a revoked key ends at once`() async throws {
        try await withServer { server in
            let tencent = try await key("tencent", server)
            #expect(try await server.send("GET", "\(Self.root)/orders", as: nil, headers: tencent).status == 200)
            try await server.store.databases.work.transaction { db in
                for key in try db.companyKeys() { try db.revokeKey(key.id, at: Date()) }
            }
            let gone = try await server.send("GET", "\(Self.root)/orders", as: nil, headers: tencent)
            #expect(gone.status == 401 && gone.code == "bad-token")
        }
    }
}
