import Casework
import Crypto
import Foundation
import Logging
import NIOCore
import NIOPosix
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Organisations that file are told what becomes of their filings.
struct WebhookTests {
    private static let loopback = "127.0.0.0/8"
    private let path = "/v1/filer/webhook"

    private func key(
        _ server: TestServing, _ name: String = "council", _ scopes: Set<FilerBearer.Scope> = [.file, .webhook]
    ) async throws -> [String: String] {
        let secret = try await server.store.databases.work.transaction { db in
            try db.issueKey(toFiler: name, scopes: scopes, lasting: 1, at: Date()).secret
        }
        return ["Authorization": "Bearer \(secret)"]
    }

    private func file(_ server: TestServing, _ key: [String: String], _ own: String) async throws -> String {
        let answer = try await server.send(
            "POST", "/v1/complaints", filing(["client_reference": .string(own)]), as: nil,
            headers: key.merging(["Idempotency-Key": UUID().uuidString]) { $1 })
        #expect(answer.status == 201)
        return answer.json["reference"]?.string ?? ""
    }

    private func accept(_ server: TestServing, _ reference: String) async throws {
        let body = #"{"category": "market_order"}"#
        let answer = try await server.send(
            "POST", "/v1/complaints/\(reference)/acceptance", body, headers: ["If-Match": "*"])
        #expect(answer.status == 200, "\(String(decoding: answer.bytes, as: UTF8.self))")
    }

    /// Sets a webhook and gives its secret.
    private func set(_ server: TestServing, _ url: String, _ key: [String: String]) async throws -> Data {
        let answer = try await server.send("PUT", path, #"{"url": "\#(url)"}"#, as: nil, headers: key)
        #expect(answer.status == 200, "\(String(decoding: answer.bytes, as: UTF8.self))")
        let text = try #require(answer.json["secret"]?.string)
        #expect(text.hasPrefix("whsec_"))
        return try #require(Data(base64Encoded: String(text.dropFirst(6))))
    }

    private func told(_ server: TestServing) async throws -> Int {
        let worker = Worker(server.store.databases, references: server.store.references)
        let told = try #require(try await worker.round(at: Date())?.told)
        try await worker.release()
        return told
    }

    /// Lets senders work, without waiting between attempts, until what is asked for has come about.
    private func sending(
        _ server: TestServing, senders: Int = 1, allowing networks: String = loopback,
        until isDone: @escaping @Sendable () async throws -> Bool
    ) async throws {
        let allowed = try NetworkList(networks)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<senders {
                group.addTask {
                    let sender = WebhookSender(
                        server.store.databases, keys: server.store.keys, allowing: allowed, millisecondsPerSecond: 0,
                        logger: quiet)
                    await sender.run(every: .milliseconds(20))
                }
            }
            try await until("messages are sent", isDone)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func deliveries(
        _ server: TestServing, _ key: [String: String], _ query: String = ""
    ) async throws -> [JSON] {
        try await server.send("GET", "\(path)/deliveries\(query)", as: nil, headers: key).json["items"]?.array ?? []
    }

    private func states(_ server: TestServing, _ key: [String: String]) async throws -> [String?] {
        try await deliveries(server, key).map { $0["state"]?.string }
    }

    @Test func `a change is told, signed, again until it arrives, and says nothing of the person`() async throws {
        try await withServer { server in
            let receiver = Receiver([500, 302, 204])
            try await receiver.listening { url in
                let key = try await key(server)
                let secret = try await set(server, url, key)
                let reference = try await file(server, key, "gd-1")
                #expect(try await told(server) == 0, "filing itself is no news to the filer")
                try await accept(server, reference)
                _ = try await server.file()
                #expect(try await told(server) == 1)
                #expect(try await told(server) == 0, "once")
                try await sending(server) { try await states(server, key) == ["delivered"] }
                let messages = receiver.messages
                #expect(messages.count == 3 && Set(messages.map(\.id)).count == 1)
                #expect(Set(messages.map(\.body)).count == 1, "the same bytes at every attempt")
                let message = try #require(messages.last)
                let signed = "\(message.id).\(message.headers["webhook-timestamp"] ?? "").\(message.body)"
                let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: secret))
                #expect(message.headers["webhook-signature"] == "v1," + Data(code).base64EncodedString())
                let body = try JSON(parsing: message.body.utf8)
                #expect(body["type"]?.string == "complaint.changed")
                #expect(body["data"]?["reference"]?.string == reference)
                #expect(body["data"]?["client_reference"]?.string == "gd-1")
                #expect(
                    body["data"]?["changes"]
                        == .object([
                            "status": .object(["old": .string("received"), "new": .string("accepted")])
                        ]))
                #expect(!message.body.contains("张小禾") && !message.body.contains("淘宝"))
                let delivery = try #require(try await deliveries(server, key).first)
                #expect(delivery["attempts"]?.int == 3 && delivery["last_status"]?.int == 204)
                #expect(delivery["id"]?.string == message.id)
            }
        }
    }

    @Test func `what never arrives is given up, seen as that, and sent anew on demand`() async throws {
        try await withServer { server in
            let receiver = Receiver([503])
            try await receiver.listening { url in
                let key = try await key(server)
                _ = try await set(server, url, key)
                for number in 1...3 { try await accept(server, try await file(server, key, "n-\(number)")) }
                #expect(try await told(server) == 3)
                try await sending(server) { try await states(server, key) == ["dead", "dead", "dead"] }
                #expect(receiver.messages.count == 3 * (DeliverySchedule.waits.count + 1))
                let dead = try await deliveries(server, key, "?state=dead&page_size=2")
                try #require(dead.count == 2)
                #expect(dead[0]["last_error"]?.string == "the answer was 503")
                #expect(try await server.send("GET", path, as: nil, headers: key).json["dead"]?.int == 3)
                receiver.answer(200)
                let one = #"{"deliveries": ["\#(dead[0]["id"]?.string ?? "")"]}"#
                let again = try await server.send("POST", "\(path)/replays", one, as: nil, headers: key)
                #expect(again.status == 202 && again.json["replayed"]?.int == 1)
                let rest = try await server.send("POST", "\(path)/replays", as: nil, headers: key)
                #expect(rest.json["replayed"]?.int == 2)
                try await sending(server) {
                    try await states(server, key) == ["delivered", "delivered", "delivered"]
                }
                receiver.answer(410)
                try await accept(server, try await file(server, key, "n-4"))
                #expect(try await told(server) == 1)
                try await sending(server) { try await states(server, key).first == "dead" }
                #expect(try await deliveries(server, key).first?["attempts"]?.int == 1, "410 is taken at its word")
            }
        }
    }

    @Test func `of several senders one sends each message, and a filer that is slow keeps nobody waiting`()
        async throws
    {
        try await withServer { server in
            let (receiver, slow) = (Receiver([200]), Receiver([Receiver.never]))
            try await receiver.listening { url in
                try await slow.listening { slowURL in
                    let (key, other) = (try await key(server), try await self.key(server, "other"))
                    _ = try await set(server, url, key)
                    _ = try await set(server, slowURL, other)
                    try await accept(server, try await file(server, other, "slow"))
                    for number in 1...30 { try await accept(server, try await file(server, key, "n-\(number)")) }
                    #expect(try await told(server) == 31)
                    try await sending(server, senders: 3) {
                        try await states(server, key).allSatisfy { $0 == "delivered" } && !slow.messages.isEmpty
                    }
                    #expect(receiver.messages.count == 30 && Set(receiver.messages.map(\.id)).count == 30)
                    #expect(slow.messages.count == 1)
                    #expect(try await states(server, other) == ["pending"])
                    #expect(try await deliveries(server, other).count == 1, "each sees its own")
                    slow.answer(200)
                }
            }
        }
    }

    @Test func `who has lost every key is told nothing any more`() async throws {
        try await withServer { server in
            let receiver = Receiver([200])
            try await receiver.listening { url in
                let key = try await key(server)
                _ = try await set(server, url, key)
                let (first, second) = (try await file(server, key, "n-1"), try await file(server, key, "n-2"))
                try await accept(server, first)
                #expect(try await told(server) == 1)
                try await server.store.databases.work.transaction { db in
                    for key in try db.filerKeys() { try db.revokeFilerKey(key.id, at: Date()) }
                }
                try await accept(server, second)
                #expect(try await told(server) == 0)
                // What comes later for somebody else arrives: the sender has been there, and left the first alone.
                let other = Receiver([200])
                try await other.listening { otherURL in
                    let otherKey = try await self.key(server, "other")
                    _ = try await set(server, otherURL, otherKey)
                    try await accept(server, try await file(server, otherKey, "o-1"))
                    #expect(try await told(server) == 1)
                    try await sending(server) { try await states(server, otherKey) == ["delivered"] }
                }
                #expect(receiver.messages.isEmpty && other.messages.count == 1)
            }
        }
    }

    @Test func `nothing is sent into networks that the operator has not named, whatever the name says`() async throws {
        try await withServer { server in
            let receiver = Receiver([200])
            try await receiver.listening { url in
                let key = try await key(server)
                _ = try await set(server, url, key)
                try await accept(server, try await file(server, key, "n-1"))
                #expect(try await told(server) == 1)
                // The operator has taken the network back since.
                try await sending(server, allowing: "") { try await states(server, key) == ["dead"] }
                #expect(receiver.messages.isEmpty)
                let target = WebhookTarget(url: "https://localhost/told", host: "localhost", allowed: NetworkList())
                await #expect(throws: WebhookTarget.Unreachable.self) { try await target.resolved(on: .singleton) }
            }
        }
    }

    @Test(arguments: [
        ("ftp://example.cn/", "not_a_url"), ("example.cn", "not_a_url"), ("", "blank"), ("https://", "not_a_url"),
        ("https://user:word@example.cn/", "not_a_url"), ("https://example.cn/#part", "not_a_url"),
        ("http://example.cn/", "not_encrypted"), ("http://192.0.9.9/", "not_encrypted"),
        ("https://10.0.0.1/", "not_public"), ("https://169.254.169.254/latest", "not_public"),
        ("https://localhost/told", "not_public"), ("https://printer/", "not_public"), ("https://127.1/", "not_public"),
        ("https://2130706433/", "not_public"), ("https://db.internal/", "not_public"),
        ("https://1.0x7f/", "not_public"),
        ("https://[::1]/", "not_public"), ("https://[fd00::1]/", "not_public"),
        ("https://[::ffff:10.0.0.1]/", "not_public"),
        ("https://[64:ff9b::a00:1]/", "not_public"),
    ])
    func `an address that cannot be one is refused at once`(url: String, code: String) async throws {
        try await withServer { server in
            let key = try await key(server)
            let answer = try await server.send("PUT", path, #"{"url": "\#(url)"}"#, as: nil, headers: key)
            #expect(answer.status == 422 && answer.faults == ["#/url \(code)"], "\(answer.faults)")
            #expect(try await server.send("GET", path, as: nil, headers: key).status == 404)
        }
    }

    @Test func `a key without the scope, and anyone else, has no webhook`() async throws {
        try await withServer { server in
            let key = try await key(server, "council", [.file])
            #expect(try await server.send("GET", path, as: nil, headers: key).code == "scope-missing")
            #expect(try await server.send("GET", path).code == "other-key")
            #expect(try await server.send("GET", path, as: nil).status == 401)
            let own = try await self.key(server)
            _ = try await set(server, "https://example.cn/told", own)
            let shown = try await server.send("GET", path, as: nil, headers: own).json
            #expect(shown["url"]?.string == "https://example.cn/told" && shown["secret"] == nil, "told once only")
            #expect(try await server.send("DELETE", path, as: nil, headers: own).status == 204)
            #expect(try await server.send("DELETE", path, as: nil, headers: own).status == 404)
        }
    }
}
