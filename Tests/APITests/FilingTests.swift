import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Store
import TestSupport
import Testing

struct FilingTests {
    @Test func `anyone can file, and gets a reference, a code and a first deadline`() async throws {
        try await withServer { server in
            let answer = try await server.file(as: nil)
            #expect(answer.status == 201)
            #expect(answer.headers["location"] == "/v1/complaints/\(answer.json["reference"]?.string ?? "")")
            #expect(answer.headers["etag"] == "\"1\"" && answer.headers["cache-control"] == "no-store")
            #expect(answer.json["status"]?.string == "received")
            #expect(answer.json["category"]?.string == "market_order")
            #expect(answer.json["target"]?["platform"]?.string == "taobao")
            #expect(answer.json["barriers"]?[0]?["remediation"]?.string == "alleged")
            #expect(answer.json["deadlines"]?[0]?["rule"]?.string == "acceptance_decision")
            #expect(answer.json["tracking_code"]?.string?.count == 31)
        }
    }

    @Test func `the same filing with one key, fifty times at once, is stored once (G1, G3)`() async throws {
        try await withServer { server in
            let key = UUID().uuidString
            let answers = try await withThrowingTaskGroup(of: TestServing.Answer.self) { group in
                for _ in 0..<50 { group.addTask { try await server.file(key: key) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let created = answers.filter { $0.status == 201 }
            let first = try #require(created.first)
            #expect(answers.allSatisfy { $0.status == 201 || $0.status == 409 })
            #expect(Set(created.map(\.bytes)).count == 1, "every answer is the same, byte for byte")
            #expect(try await server.store.count("complaint") == 1)
            #expect(try await server.store.count("event WHERE action = 'file'") == 1)
            let again = try await server.file(key: key)
            #expect(again.status == 201 && again.bytes == first.bytes)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(again.headers["location"] == first.headers["location"])
        }
    }

    @Test func `a key belongs to one filing and one filer (G2, G4, G5)`() async throws {
        try await withServer { server in
            let key = UUID().uuidString
            #expect(try await server.file(key: key).status == 201)
            let other = try await server.file(["narrative": .string("etwas anderes")], key: key)
            #expect(other.status == 422 && other.code == "idempotency-key-reused")
            #expect(try await server.file(key: key, as: .supervisor).status == 201)
            #expect(try await server.store.count("complaint") == 2)
            let missing = try await server.send("POST", "/v1/complaints", filing())
            #expect(missing.status == 400 && missing.code == "idempotency-key-missing")
            #expect(try await server.file(key: "short", as: nil).code == "idempotency-key-bad")
        }
    }

    @Test func `the stored answer opens with the key alone`() async throws {
        try await withServer { server in
            let answer = try await server.file()
            let code = try #require(answer.json["tracking_code"]?.string)
            let dump = try await server.store.databases.work.transaction(.readOnly) { db in
                try db.all("SELECT encode(sealed_response, 'escape') FROM idempotency_key") { row in
                    try row.read(String.self)
                }
            }
            #expect(dump.count == 1 && !dump[0].contains(code))
        }
    }

    @Test func `a filer's own reference is used once (G7)`() async throws {
        try await withServer { server in
            let changes: [String: JSON] = ["client_reference": .string("a-1")]
            let first = try await server.file(changes)
            let second = try await server.file(changes)
            #expect(second.status == 409 && second.code == "already-filed")
            #expect(second.json["existing"]?.string == first.headers["location"])
            #expect(try await server.file(changes, as: .supervisor).status == 201, "another filer's is another")
            #expect(try await server.file(changes, as: nil).status == 201)
            #expect(try await server.file(changes, as: nil).status == 201, "the public's are not held against anyone")
        }
    }

    @Test func `after a failure in the middle nothing is left, and the same key succeeds (G6)`() async throws {
        try await withServer { server in
            let work = server.store.owner
            try await work.withConnection { db in
                try db.run(
                    script: """
                        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN RAISE EXCEPTION 'on purpose'; END $$;
                        CREATE TRIGGER fail BEFORE INSERT ON contact_digest FOR EACH ROW EXECUTE FUNCTION fail();
                        """)
            }
            let key = UUID().uuidString
            let failed = try await server.file(key: key)
            #expect(failed.status == 500 && failed.code == "internal")
            #expect(!String(decoding: failed.bytes, as: UTF8.self).contains("on purpose"))
            for table: SQL in ["complaint", "idempotency_key", "complaint_sealed", "event WHERE action = 'file'"] {
                #expect(try await server.store.count(table) == 0)
            }
            try await work.withConnection { db in try db.run(script: "DROP TRIGGER fail ON contact_digest") }
            #expect(try await server.file(key: key).status == 201)
            #expect(try await server.store.count("complaint") == 1)
        }
    }

    @Test func `two complaints on one barrier share it`() async throws {
        try await withServer { server in
            let first = try await server.file()
            let second = try await server.file(["narrative": .string("我也一样。")])
            #expect(first.json["barriers"]?[0]?["number"] == second.json["barriers"]?[0]?["number"])
            #expect(try await server.store.count("barrier") == 1)
        }
    }

    @Test func `officers enter what was received earlier, and nobody else does`() async throws {
        try await withServer { server in
            let changes: [String: JSON] = ["received_on": .string("2021-09-20")]
            let answer = try await server.file(changes)
            #expect(answer.json["received_on"]?.string == "2021-09-20")
            #expect(answer.json["deadlines"]?[0]?["due_on"]?.string == "2021-09-27")
            #expect(try await server.file(changes, as: nil).faults == ["#/received_on not_allowed"])
            #expect(try await server.file(changes, as: .auditor).status == 403)
        }
    }
}

struct BadFilingTests {
    /// What is wrong, and what is said about it.
    static let cases: [(String, String, Int, String)] = [
        ("no JSON", "{", 400, "malformed-json"),
        ("a trailing comma", #"{"campaign":"internet-2021",}"#, 400, "malformed-json"),
        ("a member twice", #"{"kind":"other","kind":"other"}"#, 400, "malformed-json"),
        ("an array", "[]", 422, "#/campaign missing"),
        ("no campaign", filing(["campaign": .null]), 422, "#/campaign missing"),
        ("an unknown campaign", filing(["campaign": .string("internet-1999")]), 422, "#/campaign unknown_code"),
        ("an unknown member", filing(["surprise": .int(1)]), 422, "#/surprise unknown_member"),
        ("a wrong type", filing(["narrative": .int(5)]), 422, "#/narrative wrong_type"),
        ("no kind", filing(["kind": .null]), 422, "#/kind missing"),
        ("an unknown kind", filing(["kind": .string("theft")]), 422, "#/kind unknown_code"),
        ("no member for the kind", filing(["blocked_link": .null]), 422, "#/blocked_link missing"),
        (
            "a member of another kind", filing(["refused_payment": .object([:])]), 422,
            "#/refused_payment not_allowed"
        ),
        ("no narrative", filing(["narrative": .null]), 422, "#/narrative missing"),
        ("a blank narrative", filing(["narrative": .string(" \n")]), 422, "#/narrative blank"),
        (
            "an overlong narrative", filing(["narrative": .string(String(repeating: "长", count: 20_001))]), 422,
            "#/narrative too_long"
        ),
        ("U+0000", filing().replacing("群里", with: "群\\u0000里"), 422, "#/narrative control_character"),
        ("an impossible date", filing(["occurred_on": .string("2021-02-30")]), 422, "#/occurred_on no_date"),
        ("a day to come", filing(["received_on": .string("2098-01-01")]), 422, "#/received_on in_the_future"),
        ("an unknown scenario", filing(["scenario": .string("x")]), 422, "#/scenario unknown_code"),
        (
            "a scenario of another category",
            filing(["scenario": .string("fake_close_button"), "category": .string("market_order")]), 422,
            "#/scenario category_mismatch"
        ),
        (
            "an unknown platform", filing(["respondent": .object(["platform": .string("friendster")])]), 422,
            "#/respondent/platform unknown_code"
        ),
        (
            "two respondents",
            filing(["respondent": .object(["platform": .string("qq"), "name": .string("QQ")])]), 422,
            "#/respondent ambiguous"
        ),
        (
            "an unknown scene",
            filing([
                "blocked_link": .object([
                    "text": .string("x"), "scene": .string("dream"), "block": .string("blank_page"),
                ])
            ]), 422, "#/blocked_link/scene unknown_code"
        ),
        (
            "a mail address that is none",
            filing(["complainant": .object(["kind": .string("individual"), "email": .string("nobody")])]), 422,
            "#/complainant/email bad_email"
        ),
    ]

    @Test func `each mistake is named with its place, and nothing is stored (G24, G25)`() async throws {
        try await withServer { server in
            for (what, body, status, fault) in Self.cases {
                let answer = try await server.send(
                    "POST", "/v1/complaints", body, headers: ["Idempotency-Key": UUID().uuidString])
                #expect(answer.status == status, "\(what)")
                #expect(answer.code == fault || answer.faults.contains(fault), "\(what): \(answer.faults)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(what)")
            }
            for table: SQL in ["complaint", "barrier", "event", "idempotency_key"] {
                #expect(try await server.store.count(table) == 0)
            }
        }
    }

    @Test func `all mistakes of a body are told at once`() async throws {
        try await withServer { server in
            let answer = try await server.file([
                "kind": .string("x"), "occurred_on": .string("gestern"), "narrative": .int(1), "a": .int(1),
            ])
            #expect(
                Set(answer.faults).isSuperset(of: [
                    "#/kind unknown_code", "#/occurred_on no_date", "#/narrative wrong_type", "#/a unknown_member",
                ]))
        }
    }

    @Test func `a closed campaign takes nothing received after its last day`() async throws {
        try await withServer { server in
            let path = "/v1/campaigns/internet-2021/closure"
            let body = #"{"closed_on":"2022-01-22"}"#
            #expect(try await server.send("POST", path, body).status == 403)
            #expect(try await server.send("POST", path, #"{"closed_on":"2020-01-22"}"#, as: .supervisor).status == 422)
            #expect(try await server.send("POST", path, body, as: .supervisor).status == 200)
            let twice = try await server.send("POST", path, #"{"closed_on":"2022-02-22"}"#, as: .supervisor)
            #expect(twice.status == 409)
            #expect(try await server.store.count("event WHERE action = 'close_campaign'") == 1)
            let late = try await server.file()
            #expect(late.status == 409 && late.code == "campaign-closed")
            #expect(try await server.file(["received_on": .string("2022-01-22")]).status == 201)
        }
    }

    @Test func `bodies have a size and a type (G12, G38)`() async throws {
        try await withServer { server in
            let headers = ["Idempotency-Key": UUID().uuidString]
            let large = try await server.send(
                "POST", "/v1/complaints", String(repeating: " ", count: 300_000), headers: headers)
            #expect(large.status == 413 && large.code == "too-large")
            let plain = try await server.send(
                "POST", "/v1/complaints", filing(),
                headers: headers.merging(["Content-Type": "text/plain"]) { first, _ in first })
            #expect(plain.status == 415)
            let packed = try await server.send(
                "POST", "/v1/complaints", filing(), headers: headers.merging(["Content-Encoding": "gzip"]) { $1 })
            #expect(packed.status == 415, "what is packed is not unpacked")
        }
    }

    @Test func `a body that is too large is told the limit of its own address, with a length or without`() async throws
    {
        let limit = 256 * 1024
        try await withServer { server in
            for path in ["/v1/complaints", "/v1/bulk-actions"] {
                for hasLength in [true, false] {
                    // The server closes with its answer, which may be before the client has sent all: then it asks again.
                    var answer: TestServing.Answer?
                    for _ in 0..<20 where answer == nil {
                        answer = try? await send(limit + 1000, to: path, hasLength: hasLength, server)
                    }
                    let taken = try #require(answer, "\(path)")
                    #expect(taken.status == 413, "\(path)")
                    #expect(taken.json["detail"]?.string == "It may have \(limit) bytes at the most.", "\(path)")
                }
            }
        }
    }

    private func send(
        _ count: Int, to path: String, hasLength: Bool, _ server: TestServing
    ) async throws -> TestServing.Answer {
        var request = HTTPClientRequest(url: server.address + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: UUID().uuidString)
        request.headers.add(name: "Authorization", value: "Bearer \(server.tokens[.officer] ?? "")")
        let bytes = ByteBuffer(repeating: UInt8(ascii: " "), count: count)
        let stream = AsyncStream { pieces in
            pieces.yield(bytes)
            pieces.finish()
        }
        request.body = hasLength ? .bytes(bytes) : .stream(stream, length: .unknown)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let body = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
        return TestServing.Answer(status: Int(response.status.code), headers: [:], bytes: body)
    }
}
