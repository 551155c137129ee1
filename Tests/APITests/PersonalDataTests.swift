import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing
import Transparency

/// What people may ask about their data, and what becomes of data that nobody needs any more.
struct PersonalDataTests {
    private func post(
        _ cast: Cast, _ path: String, _ body: String = "{}", as name: String
    ) async throws -> TestServing.Answer {
        try await cast.send("POST", path, body, as: cast[name])
    }

    /// A complaint with everything that tells of a person, and the code to follow it.
    private func filed(_ cast: Cast) async throws -> (reference: String, code: [String: String]) {
        let (reference, code) = try await cast.filed()
        let headers = ["Tracking-Code": code]
        let said = try await cast.send("POST", "/v1/tracking/messages", #"{"message":"张小禾在等"}"#, as: headers)
        #expect(said.status == 200)
        try await cast.bring(reference, through: [("notes", #"{"reason":"called 张小禾"}"#)])
        return (reference, headers)
    }

    @Test func `a complainant sees everything, puts it right, and takes a consent back`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, code) = try await filed(cast)
            let whole = try await cast.send("GET", "/v1/tracking/export", as: code)
            #expect(whole.headers["referrer-policy"] == "no-referrer" && whole.headers["cache-control"] == "no-store")
            #expect(whole.json["identity"]?["phone"]?.string == "13800000001")
            #expect(whole.json["link_text"]?.string == "https://item.taobao.com/item.htm?id=1")
            #expect(whole.json["narrative"]?.string == "群里的淘宝链接打不开。")
            #expect(whole.json["tracking"]?["messages"]?[0]?["text"]?.string == "张小禾在等")
            let text = String(decoding: whole.bytes, as: UTF8.self)
            #expect(!text.contains("called"), "what officers note among themselves is not the complainant's")
            func change(_ path: String, _ body: String) async throws -> TestServing.Answer {
                try await cast.send("PUT", "/v1/tracking/\(path)", body, as: code)
            }
            let corrected = try await change("identity", #"{"phone":"13800000099","remove":["email"]}"#)
            #expect(corrected.json["identity"] == .object(["name": .string("张小禾"), "phone": .string("13800000099")]))
            #expect(try await change("identity", "{}").faults == ["#/phone missing"])
            #expect(try await change("identity", #"{"phone":"12"}"#).faults == ["#/phone bad_phone"])
            func found(_ phone: String) async throws -> Int? {
                try await post(
                    cast, "\(Cast.campaign)/contact-searches", #"{"phone":"\#(phone)","reason":"a call"}"#,
                    as: "officer-gd"
                ).json["items"]?.array.count
            }
            #expect(try await found("13800000099") == 1)
            #expect(try await found("13800000001") == 0)
            #expect(
                try await change("consent", #"{"disclose_identity":true}"#).json["discloses_identity"] == .bool(true))
            try await cast.bring(reference, through: [("acceptance", "{}"), ("forwarding", "{}")])
            let disclosure = "/v1/complaints/\(reference)/disclosure"
            #expect(
                try await post(cast, disclosure, #"{"fields":["name"],"reason":"asked"}"#, as: "officer-gd").status
                    == 200)
            let seen = "/v1/company/complaints/\(reference)"
            #expect(try await cast.send("GET", seen, as: cast["company"]).json["complainant"] != nil)
            let withdrawn = try await change("consent", #"{"disclose_identity":false}"#)
            #expect(withdrawn.json["disclosures"]?[0]?["company"]?.string == "tencent", "what was told stays told")
            #expect(try await cast.send("GET", seen, as: cast["company"]).json["complainant"] == nil)
        }
    }

    @Test func `a name that was put right is out of the story, and what was approved does not outlive a restriction`()
        async throws
    {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let reference = try await server.filed([
                "narrative": .string("我叫王小明，淘宝链接打不开。王大明可以作证。"),
                "environment": .object(["region": .string("CN-GD")]),
                "complainant": .object(["kind": .string("individual"), "name": .string("王小明")]),
            ])
            let path = "/v1/complaints/\(reference)"
            try await cast.bring(reference, through: [("acceptance", "{}"), ("forwarding", "{}")])
            let unseal = "\(path)/unsealings"
            let asked = try await post(cast, unseal, #"{"fields":["name"],"reason":"a call"}"#, as: "officer-gd").json
            let approved = "\(unseal)/\(asked["request"]?.int ?? 0)"
            #expect(try await post(cast, "\(approved)/approval", as: "supervisor-gd").status == 200)
            #expect(try await post(cast, "\(approved)/reading", as: "officer-gd").status == 200)
            func narrative() async throws -> String? {
                try await cast.send("GET", "/v1/company/complaints/\(reference)", as: cast["company"]).json[
                    "narrative"]?
                    .string
            }
            #expect(try await narrative() == "我叫…，淘宝链接打不开。王大明可以作证。")
            let corrected = try await cast.send(
                "PUT", "\(path)/identity", #"{"name":"王大明","reason":"a typing error"}"#, as: cast["officer-gd"])
            #expect(corrected.status == 200)
            #expect(try await narrative() == "我叫…，淘宝链接打不开。…可以作证。")
            let entered = try await post(
                cast, "\(path)/rights-requests", #"{"kind":"restriction","reason":"by telephone"}"#, as: "officer-gd")
            #expect(
                entered.json["said"]?.string == "by telephone" && entered.json["entered_by"]?.string == "officer-gd")
            let early = try await post(
                cast, "\(path)/rights-requests", #"{"kind":"erasure","received_on":"2020-01-01"}"#, as: "officer-gd")
            #expect(early.faults == ["#/received_on invalid"], "before the complaint came")
            let decision = "\(path)/rights-requests/\(entered.json["request"]?.int ?? 0)/decision"
            try await cast.bring(
                reference, through: [("response", #"{"answer":"accepted"}"#), ("closure", #"{"outcome":"explained"}"#)])
            let granted = try await post(cast, decision, #"{"granted":true,"reason":"so be it"}"#, as: "supervisor-gd")
            #expect(granted.status == 200)
            try await cast.bring(reference, through: [("reopening", #"{"reason":"more is known"}"#)])
            #expect(try await post(cast, "\(approved)/reading", as: "officer-gd").code == "out-of-order")
            let again = try await post(cast, unseal, #"{"fields":["name"],"reason":"a call"}"#, as: "officer-gd").json
            let fresh = "\(unseal)/\(again["request"]?.int ?? 0)"
            #expect(try await post(cast, "\(fresh)/approval", as: "supervisor-gd").status == 200)
            #expect(try await post(cast, "\(fresh)/reading", as: "officer-gd").json["name"]?.string == "王大明")
        }
    }

    @Test func `a complainant sees when officers read who it is, and not when they only may`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, code) = try await filed(cast)
            let unseal = "/v1/complaints/\(reference)/unsealings"
            let asked = try await post(cast, unseal, #"{"fields":["phone"],"reason":"a call"}"#, as: "officer-gd").json
            let path = "\(unseal)/\(asked["request"]?.int ?? 0)"
            func seen() async throws -> [String?]? {
                try await cast.send("GET", "/v1/tracking/export", as: code).json["seen"]?.array.map {
                    $0["fields"]?[0]?.string
                }
            }
            #expect(try await post(cast, "\(path)/approval", as: "supervisor-gd").status == 200)
            #expect(try await seen() == [])
            for _ in 1...2 { #expect(try await post(cast, "\(path)/reading", as: "officer-gd").status == 200) }
            #expect(try await seen() == ["phone", "phone"])
        }
    }

    @Test func `what is asked is answered with reasons, and an erasure leaves statistics and history`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, code) = try await filed(cast)
            let ask = "/v1/tracking/rights-requests"
            func request(_ kind: String) async throws -> TestServing.Answer {
                try await cast.send("POST", ask, #"{"kind":"\#(kind)","message":"please, 张小禾"}"#, as: code)
            }
            func decide(
                _ number: Int?, _ granted: Bool, as name: String = "supervisor-gd"
            ) async throws -> TestServing.Answer {
                try await post(
                    cast, "/v1/complaints/\(reference)/rights-requests/\(number ?? 0)/decision",
                    #"{"granted":\#(granted),"reason":"the case is open"}"#, as: name)
            }
            let first = try await request("erasure").json
            #expect(first["state"]?.string == "open" && first["due_on"] != nil)
            #expect(try await request("erasure").code == "nothing-to-change", "once is enough")
            let open = try await cast.send("GET", "\(Cast.campaign)/rights-requests", as: cast["officer-gd"])
            #expect(open.json["items"]?.array.count == 1)
            #expect(try await decide(first["request"]?.int, true).code == "out-of-order", "what is worked on is needed")
            #expect(try await decide(first["request"]?.int, false, as: "officer-gd").code == "forbidden")
            #expect(try await decide(first["request"]?.int, false).json["state"]?.string == "refused")
            let told = try await cast.send("GET", ask, as: code)
            #expect(told.json["items"]?[0]?["reasons"]?.string == "the case is open")
            try await cast.bring(reference, through: [("acceptance", "{}"), ("closure", #"{"outcome":"explained"}"#)])
            let now = try await cast.send("GET", "\(Cast.campaign)/progress", as: cast["auditor-gd"])
            let report = "\(Cast.campaign)/progress?known_at=\(now.json["known_at"]?.string ?? "")"
            let before = try await cast.send("GET", report, as: cast["auditor-gd"])
            let backup = try await sealed(server)
            let second = try await request("erasure").json
            #expect(try await decide(second["request"]?.int, true).json["state"]?.string == "granted")
            try await checkErased(reference, code, cast, backup)
            #expect(try await cast.send("GET", report, as: cast["auditor-gd"]).bytes == before.bytes)
            let log = EventLog(server.store.databases, signer: try logSigner())
            try await log.bringUp()
            try await log.sign()
            let audit = try await server.store.databases.auditLog(try logSigner().verifier)
            #expect(audit.findings == [], "\(audit.findings)")
            // Without an erasure in the history, words that are gone are found to be gone.
            let (other, _) = try await filed(cast)
            try await log.bringUp()
            _ = try await server.store.owner.transaction { db in
                let number = Reference(other)?.number
                return try db.run(
                    "DELETE FROM note n USING complaint c WHERE c.id = n.case_id AND c.number = \(number)")
            }
            let found = try await server.store.databases.auditLog(try logSigner().verifier)
            #expect(found.findings.map(\.kind).contains(.noteMissing))
        }
    }

    /// What a backup of the first database holds of people.
    private func sealed(_ server: TestServing) async throws -> [(ComplaintRecord, [SealedField: Data])] {
        try await server.store.databases.work.transaction(.readOnly) { db in
            let record = try #require(try db.complaint(Reference(prefix: "IR21", number: 1)))
            return [(record, try db.sealedFields(of: Cases([record]))[record.complaint.id] ?? [:])]
        }
    }

    private func checkErased(
        _ reference: String, _ code: [String: String], _ cast: Cast,
        _ backup: [(record: ComplaintRecord, fields: [SealedField: Data])]
    ) async throws {
        let store = cast.server.store
        let shown = try await cast.send("GET", "/v1/complaints/\(reference)", as: cast["officer-gd"]).json
        #expect(shown["data_state"]?.string == "erased" && shown["is_erased"] == .bool(true))
        #expect(shown["complainant"]?["name"] == nil && shown["narrative"]?.string == "—")
        #expect(
            shown["status"]?.string == "closed" && shown["category"]?.string == "market_order", "what is counted stays")
        let followed = try await cast.send("GET", "/v1/tracking/export", as: code).json
        #expect(followed["identity"] == .object([:]) && followed["tracking"]?["status"]?.string == "closed")
        #expect(
            try await store.count("contact_digest WHERE complaint_id IN (SELECT id FROM complaint WHERE number = 1)")
                == 0)
        let asked = try await post(
            cast, "/v1/complaints/\(reference)/unsealings", #"{"fields":["name"],"reason":"x"}"#, as: "officer-gd")
        #expect(asked.code == "data-not-usable")
        let files = try await cast.send("GET", "/v1/complaints/\(reference)/evidence", as: cast["officer-gd"])
        #expect(files.code == "data-not-usable")
        let words = try await store.owner.withConnection { db in
            try db.all(
                """
                SELECT row_to_json(c)::text FROM complaint c WHERE number = 1
                UNION ALL SELECT row_to_json(e)::text FROM event e JOIN complaint c ON c.id = e.case_id WHERE c.number = 1
                UNION ALL SELECT n.text FROM note n JOIN complaint c ON c.id = n.case_id WHERE c.number = 1
                UNION ALL SELECT row_to_json(t)::text FROM complaint_text t JOIN complaint c ON c.id = t.complaint_id WHERE c.number = 1
                UNION ALL SELECT row_to_json(o)::text FROM outbox o
                """
            ) { row in try row.read(String.self) }.joined()
        }
        for canary in ["张小禾", "13800000001", "item.taobao.com/item.htm", "群里的淘宝链接"] {
            #expect(!words.contains(canary), "\(canary)")
        }
        let history = try await cast.send("GET", "/v1/complaints/\(reference)/events", as: cast["auditor-gd"])
        #expect(!String(decoding: history.bytes, as: UTF8.self).contains("张小禾"))
        for (record, fields) in backup {
            #expect(fields.count == 2, "identity and link")
            let opened = try await store.keys.open(fields, of: record)
            #expect(opened.isErased && opened.identity == nil, "a backup of before does not open with the keys of now")
        }
    }

    @Test func `nobody erases alone, and an erasure that is only said is found`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await filed(cast)
            try await cast.bring(reference, through: [("refusal", #"{"ground":"out_of_scope"}"#)])
            let root = "/v1/complaints/\(reference)/rights-requests"
            let entered = try await post(cast, root, #"{"kind":"erasure","reason":"called"}"#, as: "supervisor-gd")
            let decision = "\(root)/\(entered.json["request"]?.int ?? 0)/decision"
            let granted = #"{"granted":true,"reason":"as asked"}"#
            #expect(try await post(cast, decision, granted, as: "supervisor-gd").code == "self-approval")
            let corrected = try await cast.send(
                "PUT", "/v1/complaints/\(reference)/identity", #"{"phone":"13800000077","reason":"a typing error"}"#,
                as: cast["officer-gd"])
            #expect(corrected.json["complainant"]?["phone"]?.string == "138****77")
            _ = try await server.store.owner.transaction { db in
                try db.run(
                    """
                    INSERT INTO event (campaign_id, case_id, sequence, case_kind, actor_kind, actor_role, action, details,
                                       changes, effective_on, recorded_at, salt, schema_version)
                    SELECT campaign_id, case_id, sequence + 1, case_kind, actor_kind, actor_role, 'erase_data', '{}', '{}',
                           effective_on, clock_timestamp(), salt, schema_version
                    FROM event WHERE case_kind = 'complaint' ORDER BY sequence DESC LIMIT 1
                    """)
            }
            let audit = try await server.store.databases.auditLog(try logSigner().verifier)
            #expect(audit.findings.contains { $0.description.contains("says that it was erased") }, "\(audit.findings)")
        }
    }

    @Test func `two people dispose of what the rules ask for, but for what is held`() async throws {
        let clock = SetClock()
        let now: @Sendable () -> Date = { clock.now }
        try await withServer(now: now) { server in
            let cast = try await Cast(on: server)
            let steps = [("acceptance", "{}"), ("closure", #"{"outcome":"explained"}"#)]
            var references: [String] = []
            for _ in 0..<4 { references.append(try await filed(cast).reference) }
            for reference in references.dropLast() { try await cast.bring(reference, through: steps) }
            let held = "/v1/complaints/\(references[0])/hold"
            #expect(
                try await post(cast, held, #"{"reason":"a court asks"}"#, as: "supervisor-gd").json["is_held"]
                    == .bool(true))
            #expect(try await post(cast, held, #"{"reason":"again"}"#, as: "supervisor-gd").code == "nothing-to-change")
            let runs = "\(Cast.campaign)/disposals"
            #expect(try await post(cast, runs, as: "supervisor-gd").code == "nothing-to-change", "nothing is old yet")
            func run(_ days: Double, _ reopening: String? = nil) async throws -> TestServing.Answer {
                clock.pass(days: days)
                let looked = try await post(cast, runs, #"{"dry_run":true}"#, as: "supervisor-gd")
                #expect(looked.status == 200 && looked.json["number"] == nil)
                let proposed = try await post(cast, runs, as: "supervisor-gd").json
                let path = "\(runs)/\(proposed["number"]?.int ?? 0)"
                #expect(try await post(cast, "\(path)/approval", as: "supervisor-gd").code == "self-approval")
                if let reopening {
                    try await cast.bring(reopening, through: [("reopening", #"{"reason":"more is known"}"#)])
                }
                #expect(try await post(cast, "\(path)/approval", as: "supervisor-zj").status == 200)
                let worker = Worker(server.store.databases, references: server.store.references)
                let done = try await worker.round(at: clock.now)
                #expect(done?.failures.isEmpty == true, "\(String(describing: done?.failures))")
                try await worker.release()
                let list = try await cast.send("GET", runs, as: cast["auditor-gd"])
                return list
            }
            func states() async throws -> [String?] {
                try await references.asyncMap {
                    try await cast.send("GET", "/v1/complaints/\($0)", as: cast["officer-gd"]).json["data_state"]?
                        .string
                }
            }
            let first = try await run(181)
            #expect(first.json["items"]?[0]?["restricted"]?.int == 2 && first.json["items"]?[0]?["done"]?.int == 2)
            #expect(try await states() == ["active", "restricted", "restricted", "active"])
            let shown = try await cast.send("GET", "/v1/complaints/\(references[1])", as: cast["officer-gd"]).json
            #expect(shown["complainant"]?["phone"] == nil && shown["link_text"] == nil, "kept, and not used")
            #expect(shown["narrative"]?.string == "群里的淘宝链接打不开。")
            let second = try await run(1000)
            #expect(second.json["items"]?[0]?["erased"]?.int == 2 && second.json["items"]?[0]?["finished_at"] != nil)
            #expect(try await states() == ["active", "erased", "erased", "active"])
            let items = try await cast.send("GET", "\(runs)/2", as: cast["auditor-gd"])
            #expect(items.json["items"]?.array.map { $0["outcome"]?.string } == ["done", "done"])
        }
    }

    @Test func `a run that was proposed by mistake, or approved, is taken back, and does no more`() async throws {
        let clock = SetClock()
        let now: @Sendable () -> Date = { clock.now }
        try await withServer(now: now) { server in
            let cast = try await Cast(on: server)
            let (reference, _) = try await filed(cast)
            try await cast.bring(reference, through: [("acceptance", "{}"), ("closure", #"{"outcome":"explained"}"#)])
            clock.pass(days: 181)
            let runs = "\(Cast.campaign)/disposals"
            let looked = try await post(cast, runs, #"{"dry_run":true}"#, as: "supervisor-gd").json
            #expect(
                looked["items"]?[0]?["reference"]?.string == reference, "what is due is named before it is proposed")
            #expect(looked["items"]?[0]?["step"]?.string == "restricted")
            #expect(try await post(cast, runs, as: "supervisor-gd").json["number"]?.int == 1)
            #expect(try await post(cast, "\(runs)/1/withdrawal", as: "officer-gd").status == 403)
            let withdrawn = try await post(cast, "\(runs)/1/withdrawal", as: "supervisor-gd")
            #expect(withdrawn.json["withdrawn_by"]?.string == "supervisor-gd")
            #expect(try await post(cast, "\(runs)/1/approval", as: "supervisor-zj").status == 409)
            #expect(try await post(cast, "\(runs)/1/withdrawal", as: "supervisor-zj").status == 409)
            #expect(try await post(cast, "\(runs)/9/withdrawal", as: "supervisor-zj").status == 404)
            #expect(try await post(cast, runs, as: "supervisor-gd").json["number"]?.int == 2)
            #expect(try await post(cast, "\(runs)/2/approval", as: "supervisor-zj").status == 200)
            #expect(try await post(cast, "\(runs)/2/withdrawal", as: "supervisor-gd").status == 200)
            let worker = Worker(server.store.databases, references: server.store.references)
            #expect(try await worker.round(at: clock.now)?.failures.isEmpty == true)
            try await worker.release()
            let state = try await cast.send("GET", "/v1/complaints/\(reference)", as: cast["officer-gd"]).json
            #expect(state["data_state"]?.string == "active")
            #expect(try await post(cast, runs, as: "supervisor-gd").json["restricted"]?.int == 1, "it is due still")
            let audit = try await server.store.databases.auditLog(try logSigner().verifier)
            #expect(
                audit.isSound || audit.findings.allSatisfy { $0.kind == .logBehind || $0.kind == .checkpointMissing })
        }
    }

    @Test func `what has to be answered is a list of pages, the oldest first`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            var references: [String] = []
            for _ in 0..<3 {
                let (reference, code) = try await filed(cast)
                references.append(reference)
                for kind in ["access", "restriction"] {
                    let asked = try await cast.send(
                        "POST", "/v1/tracking/rights-requests", #"{"kind":"\#(kind)"}"#, as: code)
                    #expect(asked.status == 201)
                }
            }
            var (cursor, seen) = ("", [String]())
            repeat {
                let page = try await cast.send(
                    "GET", "\(Cast.campaign)/rights-requests?page_size=4\(cursor)", as: cast["officer-gd"]
                ).json
                seen += page["items"]?.array.compactMap { $0["reference"]?.string } ?? []
                cursor = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(seen == references.flatMap { [$0, $0] })
            let strange = try await cast.send(
                "GET", "\(Cast.campaign)/rights-requests?cursor=abc", as: cast["officer-gd"])
            #expect(strange.code == "bad-cursor")
        }
    }
}
