import Casework
import Foundation
import Store
import TestSupport
import Testing

@testable import API

/// Document and readers name the same members, with the same types, limits and codes.
///
/// The readers are asked over HTTP: they name every fault of a body or a query. So a member, limit or code that changes
/// on one side alone fails here, and so does a new route whose body is not described.
@Suite(.serialized) struct ContractReaderTests {
    /// A server with a case, and everyone who may send something.
    struct Scene {
        let server: TestServing
        let cast: Cast
        let document: ContractDocument
        let reference: String
        let code: String
        let importID: String

        /// The address of an operation, with things that are there.
        func address(_ operation: ContractDocument.Operation) -> String {
            let values = [
                "campaign": "internet-2021", "reference": reference, "other": reference, "number": "1", "request": "1",
                "sequence": "1", "name": "late", "id": importID, "company": "tencent",
                "sha256": String(repeating: "0", count: 64),
            ]
            return values.reduce(operation.path) { $0.replacing("{\($1.key)}", with: $1.value) }
        }

        /// Who may call it: one after the other, until it is not forbidden.
        func callers(_ operation: ContractDocument.Operation) -> [[String: String]] {
            let callers = operation.callers.filter { $0 == "officer" } + operation.callers.filter { $0 != "officer" }
            return callers.sorted { !$0.isEmpty && $1.isEmpty }.flatMap { caller -> [[String: String]] in
                switch caller {
                case "officer":
                    [Role.supervisor, .officer, .admin, .auditor].map { role in
                        ["Authorization": "Bearer \(server.tokens[role] ?? "")"]
                    }
                case "company": [cast["company"]]
                case "filer": [cast.filer]
                case "tracking": [["Tracking-Code": code]]
                default: [[:]]
                }
            }
        }
    }

    func withScene(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        let directory = try PeopleDirectory(.init(issuer: "http://127.0.0.1:1", clientID: "x", nameClaim: "name"))
        try await withServer(directory: directory) { server in
            let cast = try await Cast(on: server)
            let filed = try await cast.filed()
            let begun = try await cast.send(
                "POST", "/v1/imports", #"{"campaign":"internet-2021"}"#, as: cast.filer)
            let campaign = "/v1/campaigns/internet-2021"
            let confirmed = try await server.send(
                "POST", "\(campaign)/barriers/1/confirmation", #"{"basis":"x"}"#, as: .supervisor,
                headers: ["If-Match": "*"])
            let ordered = try await server.send(
                "POST", "\(campaign)/orders", #"{"company":"tencent","due":"5wd","barriers":[{"number":1}]}"#,
                as: .supervisor)
            #expect(confirmed.status == 200 && ordered.status == 201)
            try await body(
                Scene(
                    server: server, cast: cast, document: try ContractDocument(), reference: filed.reference,
                    code: filed.code, importID: begun.json["id"]?.string ?? ""))
        }
    }

    /// Whom a request is sent as: the first of its callers that is let in, and whose the thing is.
    func admitted(_ operation: ContractDocument.Operation, in scene: Scene) async throws -> [String: String] {
        let callers = scene.callers(operation)
        var second: [String: String]?
        for headers in callers where callers.count > 1 {
            let body = operation.method == "GET" ? nil : #"{"zz-unknown":true}"#
            let answer = try await send(operation, body, as: headers, in: scene)
            guard answer.status != 401, answer.status != 403 else { continue }
            if answer.status != 404 { return headers }
            second = second ?? headers
        }
        return second ?? callers.last ?? [:]
    }

    func send(
        _ operation: ContractDocument.Operation, _ body: String?, as headers: [String: String], in scene: Scene,
        type: String = "application/json", query: String = "", leavingOut: String = "",
        more: [String: String] = [:]
    ) async throws -> TestServing.Answer {
        var headers = headers
        headers["If-Match"] = "*"
        headers["Idempotency-Key"] = UUID().uuidString
        headers["Content-Type"] = body == nil ? nil : type
        headers[leavingOut] = nil
        headers.merge(more) { $1 }
        return try await scene.server.send(
            operation.method, scene.address(operation) + query, body, as: nil, headers: headers)
    }

    static func faults(_ json: JSON?) -> [Fault] {
        (json?["errors"]?.array ?? []).map { fault in
            Fault(
                pointer: fault["pointer"]?.string ?? "", code: fault["code"]?.string ?? "",
                detail: fault["detail"]?.string ?? "")
        }
    }

    // MARK: Bodies

    @Test func `every body has the members, limits and codes of its reader`() async throws {
        try await withScene { scene in
            let operations = scene.document.operations.filter { $0.body("application/json") != nil }
            #expect(operations.count > 80)
            for operation in operations {
                let schema = operation.body("application/json")?["schema"] ?? .null
                let caller = try await admitted(operation, in: scene)
                try await compare(schema, operation.name, in: scene.document) { body in
                    let answer = try await send(operation, body.canonicalText, as: caller, in: scene)
                    return Self.faults(answer.json)
                }
            }
        }
    }

    @Test func `every line of test results has the members of its reader`() async throws {
        try await withScene { scene in
            for operation in scene.document.operations where operation.path.hasSuffix("/probe-results") {
                let schema = operation.body("application/x-ndjson")?["x-itemSchema"] ?? .null
                let caller = try await admitted(operation, in: scene)
                try await compare(schema, operation.name, in: scene.document) { line in
                    let answer = try await send(
                        operation, line.canonicalText + "\n", as: caller, in: scene, type: "application/x-ndjson")
                    return Self.faults(answer.json["items"]?[0]?["problem"])
                }
            }
        }
    }

    /// Compares what a document says of a body with what its reader says, in every case that the document tells apart.
    private func compare(
        _ schema: JSON, _ name: String, in document: ContractDocument, _ send: @escaping (JSON) async throws -> [Fault]
    ) async throws {
        var settled: BodyFacts = [:]
        for given in document.cases(of: schema) {
            var values = given.mapValues { JSON.string($0) }
            let members = document.resolved(schema)["properties"]?.members ?? [:]
            if members["campaign"] != nil { values["campaign"] = .string("internet-2021") }
            let all = document.facts(of: schema, in: given)
            // Filings of a batch are read as single filings are; the rest is the same in every case.
            let same = Set(all.keys.filter { settled[$0] != nil && !$0.hasPrefix("parameters") && given != [:] })
            let passedOver = same.union(name.hasSuffix("complaint-batches") ? ["items"] : [])
            let expected = all.filter { path, _ in !passedOver.contains { path.hasPrefix($0 + "/") } }
            let found = try await ReaderProbe(given: values, passedOver: passedOver, send: send).found()
            for path in Set(expected.keys).union(found.facts.keys).sorted() {
                check(path, expected[path], found, schema, "\(name) \(given)", document)
            }
            settled.merge(all) { first, _ in first }
        }
    }

    private func check(
        _ path: String, _ expected: MemberFacts?, _ found: ReaderProbe.Found, _ schema: JSON, _ name: String,
        _ document: ContractDocument
    ) {
        var actual = found.facts[path]
        if let listed = found.listed[path], !listed.isEmpty {
            if expected?.codes != nil {
                actual?.codes = listed
                actual?.maxLength = nil
                actual?.refusesBlank = false
            } else {
                // Codes that a campaign may change are not listed: the description says where they are.
                let description = document.description(of: path, in: schema)
                let isNamed = listed.isSubset(of: Set(codes(in: description)))
                #expect(isNamed || description.contains("GET /v1/"), "\(name): \(path) does not name its codes")
            }
        }
        #expect(expected == actual, "\(name): \(path): document and reader")
    }

    /// The codes that a description ends with, as in “Codes: a, b”, and a full stop.
    private func codes(in description: String) -> [String] {
        ReaderProbe.list(after: "Codes: ", in: String(description.dropLast()))
    }

    @Test func `a filing of a batch and a line of an import are read as a filing is`() async throws {
        try await withScene { scene in
            let filing = JSON.object(["campaign": .string("internet-2021"), "zz-unknown": .bool(true)])
            let wanted = ["#/kind", "#/narrative", "#/respondent", "#/zz-unknown"]
            func faults(_ answer: TestServing.Answer) -> [Fault] { Self.faults(answer.json) }
            func headers() -> [String: String] { ["Idempotency-Key": UUID().uuidString] }
            let single = try await scene.cast.send(
                "POST", "/v1/complaints", filing.canonicalText, as: scene.cast.filer, headers())
            #expect(faults(single).map(\.pointer).sorted() == wanted)
            let batch = try await scene.cast.send(
                "POST", "/v1/complaint-batches", JSON.object(["items": .array([filing])]).canonicalText,
                as: scene.cast.filer, headers())
            #expect(
                faults(batch).map { "\($0.pointer.replacing("/items/0", with: "")) \($0.detail)" }
                    == faults(single).map { "\($0.pointer) \($0.detail)" })
            let path = "/v1/imports/\(scene.importID)"
            _ = try await scene.cast.send(
                "POST", "\(path)/lines", filing.canonicalText + "\n", as: scene.cast.filer,
                ["Content-Type": "application/x-ndjson"])
            let line = Self.faults(try await scene.cast.send("GET", "\(path)/results", as: scene.cast.filer).json)
            #expect(line.map(\.pointer).sorted() == (wanted + ["#/client_reference"]).sorted())
            #expect(line.last?.detail == faults(single).last?.detail)
            for operation in scene.document.operations where operation.path == "/v1/imports/{id}/lines" {
                let schema = operation.body("application/x-ndjson")?["x-itemSchema"]
                #expect(schema?["$ref"]?.string == "#/components/schemas/Filing")
                #expect(schema?["required"]?.array == [.string("client_reference")])
            }
        }
    }

    @Test func `bodies are read where the document has one, and versions asked for`() async throws {
        try await withScene { scene in
            for operation in scene.document.operations where operation.method != "GET" {
                // Signing out ends the session that asks; nobody else uses this one.
                let isSignOut = operation.name == "DELETE /v1/session"
                let caller = isSignOut ? [:] : try await admitted(operation, in: scene)
                let body = #"{"zz-unknown":true}"#
                let bare = try await send(operation, body, as: caller, in: scene, leavingOut: "If-Match")
                let needsVersion = operation.parameters(in: "header").contains {
                    $0["name"]?.string == "If-Match" && $0["required"] == .bool(true)
                }
                #expect((bare.status == 428) == needsVersion, "\(operation.name) If-Match")
                let schema = operation.body("application/json")?["schema"]
                let isRequired = operation.json["requestBody"]?["required"] == .bool(true)
                if let schema {
                    let facts = scene.document.facts(of: schema)
                    #expect(
                        isRequired || !facts.contains { $0.value.isRequired && !$0.key.contains("/") },
                        "\(operation.name)")
                } else if operation.json["requestBody"] == nil, !isSignOut {
                    let answer = try await send(operation, body, as: caller, in: scene)
                    #expect(!answer.faults.contains("#/zz-unknown unknown_member"), "\(operation.name)")
                }
            }
        }
    }

    @Test func `a request is carried out once by its key where the document says so`() async throws {
        try await withScene { scene in
            for operation in scene.document.operations {
                guard let schema = operation.body("application/json")?["schema"] else { continue }
                // An order needs a limit for each barrier, which stands in one of two places.
                guard !operation.path.hasSuffix("/orders") else { continue }
                let caller = try await admitted(operation, in: scene)
                let body = scene.document.smallest(schema).canonicalText
                let answer = try await send(
                    operation, body, as: caller, in: scene, more: ["Idempotency-Key": "x"])
                let hasKey = operation.parameters(in: "header").contains { $0["name"]?.string == "Idempotency-Key" }
                #expect((answer.code == "idempotency-key-bad") == hasKey, "\(operation.name) \(body) \(answer.json)")
            }
        }
    }

    // MARK: Parameters

    @Test func `every query has the parameters, limits and codes of its reader`() async throws {
        try await withScene { scene in
            for operation in scene.document.operations where operation.name != "DELETE /v1/session" {
                let caller = try await admitted(operation, in: scene)
                let isFile = operation.body("application/octet-stream") != nil
                let body = operation.method == "GET" ? nil : #"{"zz-unknown":true}"#
                let type = isFile ? "text/plain" : "application/json"
                func faults(_ query: String) async throws -> [Fault] {
                    let answer = try await send(operation, body, as: caller, in: scene, type: type, query: query)
                    return Self.faults(answer.json)
                }
                let unknown = try await faults("?zz-unknown=1").first { $0.pointer == "?/zz-unknown" }
                let known = ReaderProbe.list(after: "known: ", in: unknown?.detail ?? "")
                let parameters = operation.parameters(in: "query")
                #expect(Set(known) == Set(parameters.compactMap { $0["name"]?.string }), "\(operation.name)")
                for parameter in parameters {
                    try await compare(parameter, of: operation, faults)
                }
            }
        }
    }

    private func compare(
        _ parameter: JSON, of operation: ContractDocument.Operation,
        _ faults: (String) async throws -> [Fault]
    ) async throws {
        let name = parameter["name"]?.string ?? ""
        let schema = parameter["schema"] ?? .null
        func own(_ value: String) async throws -> [Fault] {
            try await faults("?\(name)=\(value)").filter { $0.pointer == "?/\(name)" }
        }
        let about = "\(operation.name) \(name)"
        let wrong = try await own("zz")
        let codes = wrong.first { $0.code == "unknown_code" }.map { fault in
            ["one of: ", "known: "].flatMap { ReaderProbe.list(after: $0, in: fault.detail) }
        }
        switch schema["type"]?.string {
        case "integer":
            let limits = "\(schema["minimum"]?.int ?? 0) and \(schema["maximum"]?.int ?? 0)"
            #expect(wrong.contains { $0.detail == "has to be a number between \(limits)" }, "\(about) \(wrong)")
        case "string" where schema["format"]?.string == "date":
            #expect(wrong.contains { $0.code == "no_date" }, "\(about)")
        case "string" where schema["enum"] != nil:
            let isFlag = wrong.contains { $0.detail == "has to be true or false" }
            let taken = isFlag ? ["true", "false"] : codes ?? []
            #expect(Set(taken) == Set((schema["enum"]?.array ?? []).compactMap(\.string)), "\(about)")
        default:
            if let codes, !codes.isEmpty {
                #expect(Set(codes) == Set(self.codes(in: parameter["description"]?.string ?? "")), "\(about)")
            }
            let count = (schema["maxLength"]?.int ?? 699) + 1
            let long = try await own(String(repeating: "x", count: count)).first { $0.code == "too_long" }
            let limit = long.flatMap { $0.detail.split(separator: " ").lazy.compactMap { Int($0) }.first }
            #expect(limit == schema["maxLength"]?.int, "\(about)")
            #expect(try await own("").contains { $0.code == "blank" } == (schema["minLength"]?.int == 1), "\(about)")
        }
        let isMissing = try await faults("?zz-unknown=1").contains { $0.pointer == "?/\(name)" && $0.code == "missing" }
        #expect(isMissing == (parameter["required"] == .bool(true)), "\(about)")
    }

    @Test func `the form of a file has the parts that its reader takes`() async throws {
        try await withScene { scene in
            for operation in scene.document.operations where operation.body("multipart/form-data") != nil {
                let schema = operation.body("multipart/form-data")?["schema"] ?? .null
                let form =
                    ["file\"; filename=\"a.txt", "zz-unknown"].map { part in
                        "--x\r\nContent-Disposition: form-data; name=\"\(part)\"\r\n\r\nzz\r\n"
                    }.joined() + "--x--\r\n"
                let caller = scene.callers(operation)[0]
                let answer = try await send(
                    operation, form, as: caller, in: scene, type: "multipart/form-data; boundary=x")
                let unknown = Self.faults(answer.json).first { $0.code == "unknown_member" }
                let known = ReaderProbe.list(after: "known: ", in: unknown?.detail ?? "") + ["file"]
                #expect(Set(known) == Set(scene.document.facts(of: schema).keys))
            }
        }
    }
}
