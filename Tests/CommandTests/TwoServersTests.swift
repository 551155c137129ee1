import Casework
import Client
import Contract
import Foundation
import TestSupport
import Testing

/// What an operator changes while two servers work on one database.
@Suite(.serialized) struct TwoServersTests {
    private func line(_ region: String) -> String {
        #"{"campaign":"internet-2021","kind":"other","category":"user_rights","respondent":{"platform":"wechat"},"#
            + #""narrative":"不能注销","environment":{"region":"\#(region)"}}"#
    }

    /// Files at one of the servers, and gives what became of it.
    private func file(_ region: String, at address: String, _ token: String) async throws -> ComplaintBody {
        let client = Client(server: address, token: token)
        let filed = try await client.file(Data(line(region).utf8))
        let body: ComplaintBody = try await client.get("/v1/complaints/\(filed.reference)")
        try await client.close()
        return body
    }

    @Test func `a new office has the complaints of its region from then on, at every server`() async throws {
        try await withProgram { program in
            let first = try await ServerProcess(program)
            let second = try await ServerProcess(beside: program)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let token = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
            func set(_ office: String, _ region: String) async throws -> Program.Outcome {
                try await program.run(
                    "office", "set", office, "--name-zh", office, "--name-en", office, "--region", region, "--data",
                    program.data)
            }
            for server in [first, second] {
                #expect(try await file("CN-GD", at: server.address, token).office == "centre")
            }
            let told = try await set("gd", "CN-GD")
            #expect(told.code == 0 && told.error.contains("within 1 second"), "\(told.error)")
            for server in [second, first] {
                #expect(try await file("CN-GD", at: server.address, token).office == "gd")
            }
            // And while filings come in: each has the office that was right when it was recorded.
            let storm = Task {
                try await withThrowingTaskGroup(of: [ComplaintBody].self) { group in
                    for server in [first, second, first, second] {
                        group.addTask {
                            var filed: [ComplaintBody] = []
                            // Ends some filings after the office was set up.
                            while filed.suffix(3).map(\.office) != ["zj", "zj", "zj"], filed.count < 2000 {
                                filed.append(try await file("CN-ZJ", at: server.address, token))
                            }
                            return filed
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
            }
            _ = try await file("CN-ZJ", at: second.address, token)
            #expect(try await set("zj", "CN-ZJ").code == 0)
            let filed = try await storm.value.sorted { $0.recordedAt < $1.recordedAt }
            let offices = filed.map(\.office)
            #expect(offices == offices.filter { $0 == "centre" } + offices.filter { $0 == "zj" }, "\(offices)")
            #expect(await second.stop() == 0)
            #expect(await first.stop() == 0)
        }
    }

    @Test func `what is loaded reaches every server, and the command says how soon`() async throws {
        try await withProgram { program in
            let first = try await ServerProcess(program)
            let second = try await ServerProcess(beside: program)
            let registry = repository.appending(path: "Config/registry.json")
            let text = try String(contentsOf: registry, encoding: .utf8)
            let file = program.folder.appending(path: "registry.json")
            try Data(text.replacing("\"companies\": [", with: Self.company, maxReplacements: 1).utf8).write(to: file)
            func know(_ server: ServerProcess) async throws -> Bool {
                let client = Client(server: server.address, token: nil)
                let found: CompanyBody? = try? await client.get("/v1/companies/new_one")
                try await client.close()
                return found != nil
            }
            for server in [first, second] { #expect(try await know(server) == false) }
            let loaded = try await program.run(
                "load", file.path(percentEncoded: false), "--data", program.data)
            #expect(loaded.code == 0 && loaded.output.contains("added company new_one"), "\(loaded.error)")
            #expect(loaded.error.contains("within 1 second"))
            for server in [first, second] {
                try await until("the server knows it") { try await know(server) }
            }
            let again = try await program.run("load", file.path(percentEncoded: false), "--data", program.data)
            #expect(again.output == "nothing changed\n" && again.error.isEmpty, "\(again.error)")
            #expect(await second.stop() == 0)
            #expect(await first.stop() == 0)
        }
    }

    private static let company = """
        "companies": [
        {"code": "new_one", "name": {"zh": "新公司", "en": "New One"}, "aliases": []},
        """
}
