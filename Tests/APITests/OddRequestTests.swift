import Casework
import Foundation
import TestSupport
import Testing

@testable import API

/// Requests that `make test-long` makes up (`.make/fuzz`) and that were not answered well once.
struct OddRequestTests {
    @Test func `an address with a control character leads nowhere, whichever part of it holds one`() async throws {
        let document = try ContractDocument()
        try await withServer { server in
            let reference = try await server.filed()
            let digest = String(repeating: "0", count: 64)
            for operation in document.operations where operation.path.contains("{") {
                for sign in ["%00", "%0A", "%7f"] {
                    let path = operation.path.replacing("{reference}", with: sign + reference)
                        .replacing("{campaign}", with: "internet-2021\(sign)").replacing(
                            "{sha256}", with: sign + digest
                        )
                        .replacing(/\{\w+\}/, with: sign + "1")
                    let answer = try await server.send(
                        operation.method, path, operation.method == "GET" ? nil : "{}", as: .supervisor,
                        headers: ["If-Match": "*", "Idempotency-Key": UUID().uuidString])
                    #expect(answer.status == 404 && answer.code == "not-found", "\(operation.method) \(path)")
                }
            }
        }
    }

    @Test func `a line of an import with U+0000 in a name is refused for that, and its fault can be read`() async throws
    {
        try await withServer { server in
            let begun = try await server.send("POST", "/v1/imports", #"{"campaign":"internet-2021"}"#)
            let path = begun.json["self"]?.string ?? ""
            let lines =
                filing(["client_reference": .string("a"), "nul\u{0}": .int(1)]) + "\n"
                + #"{"nul\u0000":1,"nul\u0000":2}"#
            let taken = try await server.send(
                "POST", "\(path)/lines?after=0", lines, headers: ["Content-Type": "application/x-ndjson"])
            #expect(taken.status == 200 && taken.json["refused"]?.int == 2)
            let told = try await server.send("GET", "\(path)/results").bytes.split(separator: 0x0A)
                .map { try JSON(parsing: $0) }
            try #require(told.count == 2)
            let faults = told.flatMap { $0["errors"]?.array ?? [] }
            #expect(faults.contains { $0["pointer"]?.string == "#/nul%00" && $0["code"]?.string == "unknown_member" })
            #expect(told[1]["errors"]?[0]?["code"]?.string == "malformed-json")
            #expect(told[1]["errors"]?[0]?["detail"]?.string?.contains(#"“nul\u0000” stands twice"#) == true)
            #expect(!faults.contains { $0["code"]?.string == "not_storable" })
        }
    }

    @Test func `a mapping names columns that a file can have, and no more than two hundred`() async throws {
        try await withServer { server in
            func faults(_ columns: [String: String], _ constants: [String: String] = [:]) async throws -> [String] {
                let mapping = ["columns": columns, "constants": constants].mapValues {
                    JSON.object($0.mapValues { .string($0) })
                }
                let body = JSON.object([
                    "campaign": .string("internet-2021"), "format": .string("csv"), "mapping": .object(mapping),
                ])
                let answer = try await server.send("POST", "/v1/imports", body.canonicalText)
                #expect([201, 422].contains(answer.status), "\(answer.status)")
                return answer.faults
            }
            let many = Dictionary(uniqueKeysWithValues: (1...201).map { ("c\($0)", "narrative") })
            let answers = [
                try await faults(many), try await faults(["c": "narrative"], many),
                try await faults(["a\u{0}": "narrative"]),
                try await faults(["c": "narrative"], ["kind\u{0}": "other"]), try await faults(["a\nb": "narrative"]),
            ]
            #expect(
                answers == [
                    ["#/mapping/columns too_many"], ["#/mapping/constants too_many"],
                    ["#/mapping/columns/a%00 control_character"], ["#/mapping/constants/kind%00 control_character"], [],
                ])
        }
    }

    @Test func `headers of a file have the length that the contract gives them`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())/evidence"
            for name in ["Content-Disposition", "Content-Digest"] {
                var headers = ["Content-Type": "text/plain", "Content-Disposition": "attachment; filename=\"a.txt\""]
                headers[name] = String(repeating: "x", count: 1001)
                let answer = try await server.send(
                    "POST", path, bytes: Array("a\n".utf8), as: .officer, headers: headers)
                #expect(answer.status == 400 && answer.code == "header-too-long", "\(name)")
                #expect(answer.json["detail"]?.string?.hasPrefix("\(name) may have 1000") == true)
            }
        }
    }
}
