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

    @Test func `names of operations are plain: a verb and what is done with it`() throws {
        let verbs: Set = [
            "Accept", "Acknowledge", "Answer", "Approve", "Ask", "Assign", "Begin", "Change", "Check", "Close",
            "Confirm",
            "Correct", "Create", "Decide", "Delete", "Deny", "Disclose", "Dismiss", "Download", "End", "Escalate",
            "Explain", "Export", "Extend", "File", "Follow", "Forward", "Issue", "Lift", "Link", "List", "Make", "Mark",
            "Open", "Propose", "Prove", "Publish", "Put", "Rate", "Read", "Record", "Refer", "Refute", "Refuse",
            "Relate",
            "Remove", "Reopen", "Report", "Rescind", "Retract", "Revive", "Save", "Say", "Search", "Send", "Set",
            "Show",
            "Sign", "Transfer", "Turn", "Undertake", "Undo", "Unlink", "Upload", "Verify", "Withdraw", "Write",
        ]
        for operation in try ContractDocument().operations {
            let words = (operation.json["summary"]?.string ?? "").split(separator: " ")
            #expect(words.count > 1 && verbs.contains(String(words.first ?? "")), "\(operation.name): \(words)")
            #expect(!words.contains { $0.hasSuffix(":") || $0.hasSuffix(".") }, "\(operation.name)")
        }
    }

    @Test func `codes of the campaign are those of its file`() throws {
        let file = repository.appending(path: "Config/campaigns/internet-2021.json")
        let campaign = try JSON(parsing: Data(contentsOf: file))
        var named: Set<String> = []
        func walk(_ json: JSON) {
            if let text = json["description"]?.string, let list = text.firstMatch(of: /one of `(\w+)` of the campaign/)
            {
                let said = text.split(separator: "Codes of internet-2021: ").last?.dropLast() ?? ""
                let codes = (campaign[String(list.output.1)]?.array ?? []).compactMap { $0["code"]?.string }
                #expect(said.split(separator: ", ").map(String.init) == codes, "\(text)")
                named.insert(String(list.output.1))
            }
            members(json).values.forEach(walk)
            json.array.forEach(walk)
        }
        walk(try document())
        #expect(named.isSuperset(of: ["link_scenes", "payment_scenes", "block_kinds", "refusal_kinds", "categories"]))
    }

    @Test func `the page shows the members of members, with limits and codes`() async throws {
        try await withServer { server in
            let page = String(decoding: try await server.send("GET", "/docs", as: nil).bytes, as: UTF8.self)
            let members = [
                "blocked_link.text", "blocked_link.scene", "blocked_link.block", "refused_payment.method",
                "refused_payment.refusal", "respondent.platform", "complainant.kind", "environment.region",
                "evidence[].sha256", "items[].blocked_link.text", "stages[].due_on", "mapping.columns.*",
            ]
            for member in members { #expect(page.contains("<code>\(member)</code>"), "\(member)") }
            #expect(page.contains("text, 1 to 4000 characters") && page.contains("whole number, 1 to 365"))
            #expect(
                page.contains(
                    "If <code>kind</code> is <code>blocked_link</code>: <code>blocked_link</code> is required"))
            for name in ["Delete the webhook", "Send a message", "Sign out"] { #expect(page.contains(name)) }
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
