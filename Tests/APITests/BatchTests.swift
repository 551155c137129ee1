import Casework
import Foundation
import Postgres
import TestSupport
import Testing

/// Many filings in one request.
struct BatchTests {
    private static let path = "/v1/complaint-batches"

    private func batch(_ items: [String], _ more: String = "") -> String {
        #"{"items":[\#(items.joined(separator: ","))]\#(more)}"#
    }

    private func key(_ name: String) -> [String: String] { ["Idempotency-Key": "\"\(name)-of-this-test\""] }

    @Test func `all of a batch are filed or none, and a mistake names its place (G18)`() async throws {
        try await withServer { server in
            let good = filing()
            let bad = filing(["kind": .string("sideways")])
            let refused = try await server.send("POST", Self.path, batch([good, good, bad]), headers: key("one"))
            #expect(refused.status == 422 && refused.faults.contains("#/items/2/kind unknown_code"))
            #expect(try await server.store.count("complaint") == 0)
            let filed = try await server.send("POST", Self.path, batch([good, good]), headers: key("two"))
            #expect(filed.status == 201 && filed.json["items"]?.array.count == 2)
            #expect(filed.json["items"]?[1]?["tracking_code"]?.string != nil)
            let again = try await server.send("POST", Self.path, batch([good, good]), headers: key("two"))
            #expect(again.bytes == filed.bytes && again.headers["idempotent-replayed"] == "true")
            #expect(try await server.store.count("complaint") == 2)
            try await server.store.checkHistory()
        }
    }

    @Test func `one that was filed before keeps the others of an atomic batch out`() async throws {
        try await withServer { server in
            let own = filing(["client_reference": .string("mine")])
            _ = try await server.send("POST", Self.path, batch([own]), headers: key("one"))
            let second = try await server.send("POST", Self.path, batch([filing(), own]), headers: key("two"))
            #expect(second.status == 409 && second.code == "already-filed")
            #expect(try await server.store.count("complaint") == 1)
        }
    }

    @Test func `each by itself, good ones are there and bad ones say why (G18)`() async throws {
        try await withServer { server in
            let items = [filing(), filing(["narrative": .int(5)]), filing()]
            let body = batch(items, #","atomic":false"#)
            let answer = try await server.send("POST", Self.path, body, headers: key("one"))
            #expect(answer.status == 207)
            #expect(answer.json["items"]?.array.compactMap { $0["status"]?.int } == [201, 422, 201])
            #expect(answer.json["items"]?[1]?["problem"]?["errors"]?[0]?["pointer"]?.string == "#/items/1/narrative")
            let again = try await server.send("POST", Self.path, body, headers: key("one"))
            let first = answer.json["items"]?[0]?["complaint"]
            #expect(again.json["items"]?[0]?["complaint"] == first)
            #expect(try await server.store.count("complaint") == 2)
        }
    }

    @Test func `a hundred and one are too many, and one reference twice is a mistake (G19)`() async throws {
        try await withServer { server in
            let many = batch(Array(repeating: filing(), count: 101))
            let refused = try await server.send("POST", Self.path, many, headers: key("one"))
            #expect(refused.status == 422 && refused.faults == ["#/items too_many"])
            let own = filing(["client_reference": .string("mine")])
            let twice = try await server.send("POST", Self.path, batch([own, own]), headers: key("two"))
            #expect(twice.faults == ["#/items/1/client_reference duplicate"])
            #expect(try await server.store.count("complaint") == 0)
        }
    }

    @Test func `looking first tells the same and writes nothing (G21)`() async throws {
        try await withServer { server in
            let bad = filing(["kind": .string("sideways")])
            let trial = try await server.send("POST", "/v1/complaints?validate_only=true", bad)
            let real = try await server.send("POST", "/v1/complaints", bad, headers: key("one"))
            #expect(trial.status == 422 && trial.faults == real.faults)
            let good = try await server.send("POST", "/v1/complaints?validate_only=true", filing())
            #expect(good.status == 200 && good.json["target"]?["platform"]?.string == "taobao")
            let many = try await server.send("POST", Self.path, batch([filing()], #","validate_only":true"#))
            #expect(many.status == 200 && many.json["items"]?[0]?["category"]?.string == "market_order")
            #expect(try await server.store.count("complaint") == 0)
            #expect(try await server.store.count("event") == 0)
        }
    }
}
