import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing
import Transparency

/// Who complained is sealed: seeing it takes a reason, a second person, and leaves a trace.
struct IdentityTests {
    private static let ask = #"{"fields":["phone","name"],"reason":"the link has to be seen again"}"#

    private func post(
        _ cast: Cast, _ path: String, _ body: String = "{}", as name: String
    ) async throws -> TestServing.Answer {
        try await cast.send("POST", path, body, as: cast[name])
    }

    @Test func `an identity is seen by who asked, after another said yes, and each step is a leaf (G72)`() async throws
    {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await cast.filed()
            let root = "/v1/complaints/\(reference)/unsealings"
            let asked = try await post(cast, root, Self.ask, as: "officer-gd")
            #expect(asked.status == 201 && asked.json["state"]?.string == "requested")
            let path = "\(root)/\(asked.json["request"]?.int ?? 0)"
            #expect(try await post(cast, "\(path)/reading", as: "officer-gd").code == "out-of-order", "nobody said yes")
            // Nobody decides about an own wish; nobody of another office, nor without the role.
            let own = try await post(cast, root, Self.ask, as: "supervisor-gd")
            let ownPath = "\(root)/\(own.json["request"]?.int ?? 0)"
            #expect(try await post(cast, "\(ownPath)/approval", as: "supervisor-gd").code == "self-approval")
            #expect(try await post(cast, "\(path)/approval", as: "supervisor-zj").code == "wrong-office")
            #expect(try await post(cast, "\(path)/approval", as: "officer-centre").code == "forbidden")
            #expect(try await post(cast, "\(path)/denial", as: "supervisor-gd").faults == ["#/reason missing"])
            let approved = try await post(cast, "\(path)/approval", as: "supervisor-gd")
            #expect(
                approved.json["state"]?.string == "approved" && approved.json["decided_by"]?.string == "supervisor-gd")
            #expect(
                try await post(cast, "\(path)/denial", #"{"reason":"no"}"#, as: "supervisor-gd").code == "out-of-order")
            #expect(try await post(cast, "\(path)/reading", as: "supervisor-gd").code == "others-request")
            let read = try await post(cast, "\(path)/reading", as: "officer-gd")
            #expect(
                read.json == .object(["name": .string("张小禾"), "phone": .string("13800000001")]),
                "only what was asked for")
            let history = try await cast.send("GET", "/v1/complaints/\(reference)/events", as: cast["auditor-gd"])
            let steps = history.json["items"]?.array.filter { $0["action"]?.string?.contains("seal") == true } ?? []
            #expect(
                steps.map { "\($0["actor"]?.string ?? "") \($0["action"]?.string ?? "")" } == [
                    "officer-gd request_unsealing", "supervisor-gd request_unsealing",
                    "supervisor-gd approve_unsealing", "officer-gd unseal",
                ])
            #expect(steps.last?["details"]?["fields"]?.string == "name phone")
            #expect(!String(decoding: history.bytes, as: UTF8.self).contains("13800000001"))
            let signer = try logSigner()
            let log = EventLog(server.store.databases, signer: signer)
            try await log.bringUp()
            try await log.sign()
            let audit = try await server.store.databases.auditLog(signer.verifier)
            #expect(audit.findings == [] && audit.size >= steps.count)
            // Supervisors and auditors see who asked; and one who waits is among their reminders.
            let seen = try await cast.send("GET", "\(Cast.campaign)/unsealings?state=requested", as: cast["auditor-gd"])
            #expect(seen.json["items"]?.array.map { $0["requested_by"]?.string } == ["supervisor-gd"])
            let reminders = try await cast.send(
                "GET", "\(Cast.campaign)/reminders?whose=all", as: cast["supervisor-gd"])
            #expect(reminders.json["items"]?.array.contains { $0["topic"]?.string == "unsealing_requested" } == true)
        }
    }

    @Test func `a row without its events opens nothing, and an audit finds it`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await cast.filed()
            _ = try await server.store.owner.transaction { db in
                try db.run(
                    """
                    INSERT INTO unsealing (campaign_id, complaint_id, sequence, fields, requested_by, requested_at,
                                           is_approved, decided_at)
                    SELECT c.campaign_id, c.id, 1, '{name}', o.id, now(), true, now()
                    FROM complaint c, officer o WHERE o.name = 'officer-gd'
                    """)
            }
            let path = "/v1/complaints/\(reference)/unsealings/1/reading"
            #expect(try await post(cast, path, as: "officer-gd").status == 404)
            let audit = try await server.store.databases.auditLog(try logSigner().verifier)
            #expect(audit.findings.contains { $0.kind == .caseDiffers && $0.description.contains("in no event") })
        }
    }

    @Test func `what was approved is read within a day, and what nobody decided on ends in a week`() async throws {
        let clock = SetClock()
        let now: @Sendable () -> Date = { clock.now }
        try await withServer(now: now) { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await cast.filed()
            let root = "/v1/complaints/\(reference)/unsealings"
            let paths = try await [1, 2].asyncMap { _ in
                "\(root)/\(try await post(cast, root, Self.ask, as: "officer-gd").json["request"]?.int ?? 0)"
            }
            #expect(try await post(cast, "\(paths[0])/approval", as: "supervisor-gd").status == 200)
            clock.pass(hours: 23)
            #expect(try await post(cast, "\(paths[0])/reading", as: "officer-gd").status == 200)
            clock.pass(hours: 1)
            #expect(try await post(cast, "\(paths[0])/reading", as: "officer-gd").code == "out-of-order")
            clock.pass(hours: 6 * 24)
            #expect(try await post(cast, "\(paths[1])/approval", as: "supervisor-gd").code == "out-of-order")
            let list = try await cast.send("GET", root, as: cast["officer-gd"])
            #expect(list.json["items"]?.array.map { $0["state"]?.string } == ["expired", "expired"])
        }
    }

    @Test func `where a campaign lets one person see, a minor still takes two`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            _ = try await server.store.databases.work.transaction { db in
                let file = repository.appending(path: "Config/campaigns/internet-2021.json")
                guard case .object(var campaign) = try JSON(parsing: Data(contentsOf: file)) else { return }
                campaign["one_person_unseals"] = .bool(true)
                let known = try db.referenceBook().data
                _ = try db.load(ReferenceFile.items(in: .object(campaign), knowing: known))
            }
            let minor = JSON.object([
                "kind": .string("individual"), "name": .string("小明"), "phone": .string("13800000009"),
                "age_band": .string("14_17"), "disclose_identity": .bool(true),
            ])
            for (changes, state) in [([:], "approved"), (["complainant": minor], "requested")] {
                let reference = try await server.filed(changes)
                let asked = try await post(
                    cast, "/v1/complaints/\(reference)/unsealings", Self.ask, as: "officer-centre")
                #expect(asked.json["state"]?.string == state)
                let shown = try await cast.send("GET", "/v1/complaints/\(reference)", as: cast["officer-centre"])
                let name = shown.json["complainant"]?["name"]?.string
                #expect(name == (state == "approved" ? "张**" : "***"), "minors are masked whole")
            }
        }
    }

    @Test func `a company is told field by field, where the complainant agreed, and each time is recorded`()
        async throws
    {
        try await withServer { server in
            let cast = try await Cast(on: server)
            func agreeing(_ agrees: Bool, _ age: String = "adult") async throws -> String {
                let who = JSON.object([
                    "kind": .string("individual"), "name": .string("李四"), "phone": .string("13800000002"),
                    "age_band": .string(age), "disclose_identity": .bool(agrees),
                ])
                let reference = try await server.filed([
                    "complainant": who, "narrative": .string("我是李四，链接打不开。"),
                    "environment": .object(["region": .string("CN-GD")]),
                ])
                try await cast.bring(reference, through: [("acceptance", "{}"), ("forwarding", "{}")])
                return reference
            }
            func told(_ reference: String, _ name: String = "company") async throws -> JSON {
                try await cast.send("GET", "/v1/company/complaints/\(reference)", as: cast[name]).json
            }
            func disclose(_ reference: String, _ fields: String) async throws -> TestServing.Answer {
                try await post(
                    cast, "/v1/complaints/\(reference)/disclosure", #"{"fields":[\#(fields)],"reason":"they ask"}"#,
                    as: "officer-gd")
            }
            let reference = try await agreeing(true)
            #expect(try await told(reference)["complainant"] == nil)
            #expect(try await told(reference)["narrative"]?.string == "我是…，链接打不开。")
            #expect(try await disclose(reference, #""name""#).status == 200)
            #expect(try await told(reference)["complainant"]?["name"]?.string == "李四")
            #expect(try await told(reference)["complainant"]?["phone"] == nil)
            #expect(try await told(reference)["narrative"]?.string == "我是李四，链接打不开。")
            #expect(try await disclose(reference, #""phone""#).status == 200)
            #expect(try await told(reference)["complainant"]?["phone"]?.string == "13800000002")
            #expect(try await told(reference, "other company")["reference"] == nil)
            let events = try await cast.send("GET", "/v1/complaints/\(reference)/events", as: cast["auditor-gd"])
            let disclosed = events.json["items"]?.array.filter { $0["action"]?.string == "disclose" } ?? []
            #expect(disclosed.map { $0["details"]?["fields"]?.string } == ["name", "phone"])
            #expect(disclosed.allSatisfy { $0["details"]?["company"]?.string == "tencent" })
            #expect(try await disclose(reference, #""shoe_size""#).faults == ["#/fields unknown_code"])
            #expect(try await disclose(try await agreeing(false), #""name""#).code == "not-consented")
            #expect(try await disclose(try await agreeing(true, "lt14"), #""name""#).code == "not-consented")
            let withdrawn = try await agreeing(true)
            #expect(try await disclose(withdrawn, #""name""#).status == 200)
            try await cast.bring(withdrawn, through: [("withdrawal", "{}")])
            #expect(try await told(withdrawn)["complainant"] == nil, "the consent went with the complaint")
        }
    }

    @Test func `what someone filed is found by number or address, once it was opened to see (G86)`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await cast.filed()
            let other = try await server.filed([
                "complainant": .object(["kind": .string("individual"), "phone": .string("13900000003")])
            ])
            func find(_ members: String) async throws -> TestServing.Answer {
                try await post(
                    cast, "\(Cast.campaign)/contact-searches", #"{\#(members),"reason":"a call"}"#, as: "officer-gd")
            }
            func references(_ answer: TestServing.Answer) -> [String?] {
                answer.json["items"]?.array.map { $0["reference"]?.string } ?? []
            }
            #expect(references(try await find(#""phone":"+86 138-0000-0001""#)) == [reference])
            #expect(references(try await find(#""email":"XIAOHE@example.cn""#)) == [reference])
            #expect(references(try await find(#""phone":"13700000000""#)).isEmpty)
            #expect(try await find(#""phone":"13800000001","email":"a@b.cn""#).faults == ["#/phone ambiguous"])
            // Where a digest fits and the sealed number does not, nothing is found.
            _ = try await server.store.owner.transaction { db in
                try db.run(
                    """
                    UPDATE contact_digest d SET digest = o.digest FROM contact_digest o JOIN complaint c ON c.id = o.complaint_id
                    WHERE o.kind = 'phone' AND d.kind = 'phone' AND c.number = 1 AND d.complaint_id <> o.complaint_id
                    """)
            }
            let found = references(try await find(#""phone":"13800000001""#))
            #expect(found == [reference] && !found.contains(other))
            // What the index is made with opens nothing, and what opens finds nothing.
            let events = try await server.store.owner.withConnection { db in
                try db.all(
                    "SELECT details || jsonb_build_object('note', n.text) FROM event e JOIN note n USING (campaign_id, case_id, sequence) WHERE action = 'search_contact'"
                ) { row in try row.read(JSONText.self).text }
            }
            #expect(events.count == 4 && events.allSatisfy { !$0.contains("138") && !$0.contains("@") })
            #expect(events.first?.contains(reference) == true, "what was opened can be answered for")
            let searches = "\(Cast.campaign)/contact-searches"
            #expect(try await cast.send("GET", searches, as: cast["officer-gd"]).status == 403)
            let page = try await cast.send("GET", "\(searches)?page_size=3", as: cast["auditor-gd"]).json
            #expect(page["items"]?.array.map { $0["reason"]?.string } == ["a call", "a call", "a call"])
            #expect(page["items"]?[0]?["by"]?.string == "officer-gd")
            let next = page["next"]?.string ?? ""
            let rest = try await cast.send("GET", "\(searches)?page_size=3&cursor=\(next)", as: cast["auditor-gd"]).json
            #expect(rest["items"]?.array.count == 1 && rest["items"]?[0]?["opened"]?[0]?.string == reference)
            for _ in 5...30 { #expect(try await find(#""phone":"13700000000""#).status == 200) }
            #expect(try await find(#""phone":"13700000000""#).code == "quota-exceeded", "nobody tries whole lists")
        }
    }
}
