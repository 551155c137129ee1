import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

private let any = ["If-Match": "*"]

/// The filer of a merged complaint learns what becomes of the case that goes on, and nothing of who filed that one.
struct MergerTests {
    /// A complaint with its code.
    private struct Filed {
        let reference: String
        let path: String
        let code: [String: String]

        init(_ answer: TestServing.Answer) {
            reference = answer.json["reference"]?.string ?? ""
            path = "/v1/complaints/\(reference)"
            code = ["Tracking-Code": answer.json["tracking_code"]?.string ?? ""]
        }
    }

    private func person(_ name: String, _ phone: String) -> [String: JSON] {
        [
            "complainant": .object([
                "kind": .string("individual"), "name": .string(name), "phone": .string(phone),
                "email": .string("\(phone)@example.cn"),
            ]),
            "narrative": .string("\(name)说群里的淘宝链接打不开。"),
            "environment": .object(["region": .string("CN-ZJ")]),
        ]
    }

    /// A case, and two that were merged into it.
    private func merged(_ server: TestServing) async throws -> (original: Filed, first: Filed, second: Filed) {
        let original = Filed(
            try await server.file(person("张小禾", "13800000001").merging(["received_on": .string("2021-09-08")]) { $1 }))
        let first = Filed(try await server.file(person("李四", "13900000002"), as: nil))
        let second = Filed(try await server.file(person("王五", "13700000003"), as: nil))
        try await act(server, original, "acceptance")
        for duplicate in [first, second] {
            try await act(server, duplicate, "duplicate", #"{"of":"\#(original.reference)"}"#)
        }
        return (original, first, second)
    }

    @discardableResult
    private func act(
        _ server: TestServing, _ filed: Filed, _ resource: String, _ body: String = "{}", method: String = "POST"
    ) async throws -> JSON {
        let answer = try await server.send(method, "\(filed.path)/\(resource)", body, headers: any)
        #expect(answer.status == 200, "\(resource): \(answer.words)")
        return answer.json
    }

    private func say(
        _ server: TestServing, _ filed: Filed, _ what: String, _ body: String
    ) async throws -> TestServing.Answer {
        try await server.send("POST", "/v1/tracking/\(what)", body, as: nil, headers: filed.code)
    }

    private func tracked(_ server: TestServing, _ filed: Filed) async throws -> JSON {
        try await server.send("GET", "/v1/tracking", as: nil, headers: filed.code).json
    }

    private func status(_ server: TestServing, _ filed: Filed) async throws -> String? {
        try await server.send("GET", filed.path).json["status"]?.string
    }

    @Test func `each learns by the own code what is asked and how it ends, in words without anyone's name`()
        async throws
    {
        try await withServer { server in
            let (original, first, second) = try await merged(server)
            let question = #"{"gap":"target_missing","message":"请问张小禾、李四，是哪个店铺？"}"#
            try await act(server, original, "information-requests", question)
            let asked = try await tracked(server, first)
            #expect(
                asked["status"]?.string == "duplicate" && asked["handled_with_status"]?.string == "needs_information")
            #expect(asked["information_gap"]?.string == "target_missing")
            #expect(asked["notes"]?.array.map { $0["text"]?.string } == ["请问…、…，是哪个店铺？"])
            #expect(asked["actions"]?.array.contains(.string("provide_information")) == true)
            try await act(server, original, "information")
            let note = #"{"reason":"王五和张小禾(13800000001, 138 0000 0001)：已通知企业。","audience":"complainant"}"#
            try await act(server, original, "notes", note)
            try await act(server, original, "closure", #"{"outcome":"enforced","message":"李四，处理完毕。"}"#)
            for filed in [first, second] {
                let told = try await tracked(server, filed)
                #expect(told["outcome"]?.string == "enforced" && told["handled_with_status"]?.string == "closed")
                #expect(
                    Set(told["notes"]?.array.map { $0["text"]?.string } ?? [])
                        == ["…和…(…, …)：已通知企业。", "…，处理完毕。"])
                let text = told.canonicalText
                for secret in ["张小禾", "13800000001", original.reference, "2021-09-08", "CN-ZJ", "淘宝"] {
                    #expect(!text.contains(secret), "\(secret)")
                }
            }
            // The filer of the case that goes on does not read of the others either.
            let own = try await tracked(server, original)
            #expect(own["notes"]?.array.map { $0["text"]?.string } == ["…和张小禾(13800000001, 138 0000 0001)：已通知企业。"])
            let code = try await server.send("GET", "/v1/tracking/export", as: nil, headers: first.code).json
            #expect(!code.canonicalText.contains("张小禾") && !code.canonicalText.contains(original.reference))
        }
    }

    @Test func `each rates for itself, and one denial opens the case that goes on`() async throws {
        try await withServer { server in
            let (original, first, second) = try await merged(server)
            #expect(try await say(server, first, "rating", #"{"rating":2}"#).code == "out-of-order")
            try await act(server, original, "closure", #"{"outcome":"explained"}"#)
            #expect(try await tracked(server, first)["actions"]?.array.contains(.string("rate")) == true)
            #expect(try await say(server, first, "rating", #"{"rating":2}"#).json["rating"]?.int == 2)
            #expect(
                try await say(server, second, "confirmation", #"{"fixed":true}"#).json["confirmed_fixed"] == .bool(true)
            )
            #expect(try await tracked(server, original)["rating"] == nil, "nobody rates for another")
            // An officer enters what somebody says on the telephone.
            try await act(server, original, "rating", #"{"rating":5}"#)
            try await act(server, second, "rating", #"{"rating":1}"#)
            let body = try await server.send("GET", original.path).json
            #expect(body["rating"]?.int == 5)
            #expect(
                body["verdicts"]?.array.map { $0["reference"]?.string }
                    == [original.reference, first.reference, second.reference])
            #expect(body["verdicts"]?.array.map { $0["rating"]?.int } == [5, 2, 1])
            let denied = try await say(server, first, "confirmation", #"{"fixed":false,"message":"还是打不开"}"#)
            #expect(denied.json["status"]?.string == "duplicate")
            #expect(denied.json["handled_with_status"]?.string == "accepted")
            #expect(denied.json["rating"] == nil && denied.json["confirmed_fixed"] == nil)
            #expect(try await status(server, original) == "accepted")
            let thread = try await server.send("GET", original.path).json["messages"]?.array ?? []
            #expect(thread.map { $0["text"]?.string } == ["还是打不开"])
            #expect(thread.first?["reference"]?.string == first.reference)
            try await act(server, original, "closure", #"{"outcome":"enforced"}"#)
            for filed in [original, first, second] {
                let told = try await tracked(server, filed)
                #expect(
                    told["rating"] == nil && told["confirmed_fixed"] == nil && told["outcome"]?.string == "enforced")
            }
            #expect(try await say(server, first, "withdrawal", "{}").code == "ask-the-authority")
            try await server.store.checkHistory()
        }
    }

    @Test func `each can answer what is asked, by a message or a file`() async throws {
        try await withServer { server in
            let (original, first, second) = try await merged(server)
            try await act(server, original, "information-requests", #"{"gap":"target_missing"}"#)
            let answered = try await say(server, first, "messages", #"{"message":"是这家店"}"#)
            #expect(answered.json["handled_with_status"]?.string == "accepted")
            #expect(answered.json["messages"]?.array.map { $0["text"]?.string } == ["是这家店"])
            #expect(try await tracked(server, second)["messages"]?.array.isEmpty == true)
            try await act(server, original, "information-requests", #"{"gap":"facts_unclear"}"#)
            let file = try await server.send(
                "POST", "\(second.path)/evidence", bytes: SampleFile.jpeg(), as: nil,
                headers: second.code.merging([
                    "Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=\"a.jpg\"",
                ]) { $1 })
            #expect(file.status == 201)
            #expect(try await status(server, original) == "accepted")
            // The officer of the case sees the file with it.
            let files = try await server.send("GET", "\(original.path)/evidence").json["items"]?.array ?? []
            #expect(files.map { $0["self"] } == [file.json["self"]])
            #expect(try await server.send("GET", file.json["self"]?.string ?? "").status == 200)
            #expect(
                try await server.send("GET", "\(original.path)/evidence", as: nil, headers: original.code)
                    .json["items"]?.array.isEmpty == true)
            try await server.store.checkHistory()
        }
    }

    @Test func `what is shown is right again once the merger is undone`() async throws {
        try await withServer { server in
            let (original, first, second) = try await merged(server)
            try await act(server, original, "closure", #"{"outcome":"explained","message":"已处理"}"#)
            _ = try await say(server, first, "rating", #"{"rating":2}"#)
            _ = try await act(server, first, "duplicate", method: "DELETE")
            let alone = try await tracked(server, first)
            #expect(alone["status"]?.string == "received" && alone["handled_with_status"] == nil)
            #expect(alone["outcome"] == nil && alone["rating"] == nil && alone["notes"]?.array.isEmpty == true)
            #expect(try await say(server, first, "rating", #"{"rating":3}"#).code == "out-of-order")
            #expect(try await tracked(server, second)["outcome"]?.string == "explained")
            // What was said of the ending stays with it.
            let said = try await server.send("GET", original.path).json["verdicts"]?.array ?? []
            #expect(said.map { $0["reference"]?.string } == [first.reference])
            try await server.store.checkHistory()
        }
    }

    @Test func `an organisation learns it from its list and by message`() async throws {
        try await withServer { server in
            let key = try await server.store.databases.work.transaction { db in
                try db.issueKey(toFiler: "council", scopes: [.file, .webhook], lasting: 1, at: Date()).secret
            }
            let own = ["Authorization": "Bearer \(key)"]
            _ = try await server.send(
                "PUT", "/v1/filer/webhook", #"{"url":"http://127.0.0.1/told"}"#, as: nil, headers: own)
            let original = Filed(try await server.file(person("张小禾", "13800000001")))
            let merged = Filed(
                try await server.send(
                    "POST", "/v1/complaints", filing(person("李四", "13900000002")), as: nil,
                    headers: own.merging(["Idempotency-Key": UUID().uuidString]) { $1 }))
            try await act(server, original, "acceptance")
            try await act(server, merged, "duplicate", #"{"of":"\#(original.reference)"}"#)
            try await act(server, original, "information-requests", #"{"gap":"target_missing"}"#)
            try await act(server, original, "information")
            try await act(server, original, "forwarding")
            try await act(server, original, "response", #"{"answer":"partial"}"#)
            try await act(server, original, "closure", #"{"outcome":"explained"}"#)
            let list = try await server.send(
                "GET", "/v1/filer/campaigns/internet-2021/complaints", as: nil, headers: own)
            let line = list.json["items"]?[0]
            #expect(line?["status"]?.string == "duplicate" && line?["handled_with_status"]?.string == "closed")
            #expect(line?["outcome"]?.string == "explained" && line?["answer"]?.string == "partial")
            let worker = Worker(server.store.databases, references: server.store.references)
            #expect(try await worker.round(at: Date())?.told == 6)
            _ = try await act(server, merged, "duplicate", method: "DELETE")
            let reopened = try await server.send(
                "POST", "\(original.path)/reopening", #"{"reason":"more is known"}"#, as: .supervisor, headers: any)
            #expect(reopened.status == 200, "\(reopened.words)")
            #expect(
                try await worker.round(at: Date())?.told == 1, "the case that goes on is the filer's business no more")
            let changes = try await messages(server).map { $0["data"]?["changes"] }
            try #require(
                changes.map { $0?["handled_with_status"]?["new"]?.string } == [
                    "accepted", "needs_information", "accepted", "forwarded", "responded", "closed", nil,
                ])
            #expect(changes[0]?["outcome"] == nil, "as it was at the merger, though it is told later")
            #expect(changes[1]?["information_gap"]?["new"]?.string == "target_missing")
            #expect(changes[5]?["outcome"]?["new"]?.string == "explained")
            #expect(changes[6]?["outcome"] == .object(["old": .string("explained"), "new": .null]))
            let places = try await messages(server).map { message in
                [message["data"]?["sequence"]?.int ?? 0, message["data"]?["handled_sequence"]?.int ?? 0]
            }
            #expect(places == places.sorted { $0.lexicographicallyPrecedes($1) })
            let text = try await messages(server).map(\.canonicalText).joined() + list.json.canonicalText
            #expect(!text.contains(original.reference) && !text.contains("张小禾"))
        }
    }

    /// What an organisation was told, in the order in which it happened.
    private func messages(_ server: TestServing) async throws -> [JSON] {
        try await server.store.databases.work.transaction(.readOnly) { db in
            try db.all("SELECT body FROM webhook_delivery ORDER BY recorded_at, sequence, handled_sequence") { row in
                try JSON(parsing: try row.read(String.self).utf8)
            }
        }
    }
}
