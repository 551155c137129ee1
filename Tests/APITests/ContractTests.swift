import Casework
import Foundation
import TestSupport
import Testing

@testable import API

/// The OpenAPI document says what the server does, no more and no less.
struct ContractTests {
    private func document() throws -> JSON {
        try JSON(parsing: Data(contentsOf: repository.appending(path: "Config/openapi.json")))
    }

    private func members(_ json: JSON?) -> [String: JSON] {
        if case .object(let members)? = json { members } else { [:] }
    }

    @Test func `router and document have the same routes, in both directions (G29)`() async throws {
        let paths = members(try document()["paths"])
        let documented = Set(paths.flatMap { path, item in members(item).keys.map { "\($0.uppercased()) \(path)" } })
        try await withServer { server in
            let service = Service(
                databases: server.store.databases, references: server.store.references, keys: server.store.keys)
            let served = Set(
                routes(service).map { route in
                    "\(route.method) \(route.path.replacing(/:(\w+)/) { "{\($0.output.1)}" })"
                })
            #expect(documented.subtracting(served).isEmpty, "documented, not served")
            #expect(served.subtracting(documented).isEmpty, "served, not documented")
        }
    }

    @Test func `every name that is pointed at is there, and every operation has one of its own`() throws {
        let document = try document()
        let schemas = members(document["components"]?["schemas"])
        var ids: [String] = []
        func walk(_ json: JSON) {
            switch json {
            case .object(let members):
                if let reference = members["$ref"]?.string, reference.hasPrefix("#/components/schemas/") {
                    #expect(schemas[String(reference.dropFirst(21))] != nil, "\(reference)")
                }
                if let id = members["operationId"]?.string { ids.append(id) }
                members.values.forEach(walk)
            case .array(let elements): elements.forEach(walk)
            default: break
            }
        }
        walk(document)
        #expect(ids.count > 100 && Set(ids).count == ids.count)
    }

    @Test func `answers have the members that the document tells`() async throws {
        let schemas = members(try document()["components"]?["schemas"])
        try await withServer { server in
            let reference = try await server.filed()
            let answers: [(String, String)] = [
                ("Complaint", "/v1/complaints/\(reference)"), ("Barrier", "/v1/campaigns/internet-2021/barriers/1"),
                ("Campaign", "/v1/campaigns/internet-2021"), ("Session", "/v1/session"),
            ]
            for (schema, path) in answers {
                let answer = members(try await server.send("GET", path).json)
                let known = members(schemas[schema]?["properties"])
                #expect(Set(answer.keys).subtracting(known.keys).isEmpty, "\(schema)")
                let required = schemas[schema]?["required"]?.array.compactMap(\.string) ?? []
                #expect(Set(required).subtracting(answer.keys).isEmpty, "\(schema)")
            }
        }
    }

    @Test func `the page needs nothing from elsewhere, and names every route`() async throws {
        let paths = members(try document()["paths"])
        try await withServer { server in
            let page = try await server.send("GET", "/docs", as: nil)
            let html = String(decoding: page.bytes, as: UTF8.self)
            #expect(page.status == 200 && page.headers["content-type"]?.hasPrefix("text/html") == true)
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            for path in paths.keys { #expect(html.contains(path), "\(path)") }
            #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://cdn"))
            let raw = try await server.send("GET", "/openapi.json", as: nil)
            #expect(raw.bytes == (try Data(contentsOf: repository.appending(path: "Config/openapi.json"))))
        }
    }
}
