import AsyncHTTPClient
import Casework
import Contract
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What must never be found again in clear, looked for wherever something is written.
struct CanaryTests {
    /// What the sample's complainants gave: names, contacts, secret words, and what stands around and behind links.
    private func sampleCanaries() throws -> Set<String> {
        let complaints = try String(
            contentsOf: repository.appending(path: "Config/demo/complaints.ndjson"), encoding: .utf8)
        let expected = try String(decoding: fixture("complaints-sample-expected.ndjson"), as: UTF8.self)
        var canaries: Set<String> = []
        var narratives = ""
        for (line, outcome) in zip(complaints.split(separator: "\n"), expected.split(separator: "\n")) {
            let (filing, known) = (try JSON(parsing: Data(line.utf8)), try JSON(parsing: Data(outcome.utf8)))
            narratives += (filing["narrative"]?.string ?? "") + (filing["remedy_sought"]?.string ?? "")
            let who = filing["complainant"]
            let identity = Identity(
                name: who?["name"]?.string, phone: who?["phone"]?.string, email: who?["email"]?.string)
            canaries.formUnion(
                [identity.name, identity.phone, identity.phoneKey, identity.email].compactMap(\.self))
            if let word = known["passphrase"]?.string { canaries.insert(word) }
            let kept = known["normalized_url"]?.string ?? ""
            for member in ["text", "control_text"] {
                guard let text = filing["blocked_link"]?[member]?.string else { continue }
                let links = text.matches(of: /https?:\/\/[\x21-\x7E]+/).map { String($0.output) }
                for link in links {
                    let values = link.split(separator: "?").dropFirst().joined().split(separator: "&")
                        .compactMap { $0.split(separator: "=").last.map(String.init) }
                    canaries.formUnion(values.filter { $0.count >= 6 && !kept.contains($0) })
                }
                let around = links.reduce(text) { $0.replacing($1, with: "\n") }.split(separator: "\n")
                canaries.formUnion(around.map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.count >= 8 })
            }
        }
        // What stands in a narrative, which is kept as it was written, cannot be told from there; nor can a short run of
        // digits such as 10000000, which a figure like 0.010000000000000002 has too.
        return canaries.filter {
            $0.utf8.count >= ($0.contains(/^\d+$/) ? 10 : 5) && !narratives.contains($0)
        }
    }

    private func send(
        _ method: HTTPMethod, _ url: String, _ body: String? = nil, _ headers: [(String, String)] = []
    ) async throws -> String {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers = HTTPHeaders(headers + (body == nil ? [] : [("Content-Type", "application/json")]))
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        return String(buffer: try await answer.body.collect(upTo: 4 << 20))
    }

    /// Which of the canaries are found in files, as they are, in hexadecimal digits or in base64.
    private func found(_ canaries: Set<String>, in places: [String], _ program: Program) async throws -> [String] {
        let forms = canaries.flatMap { canary in
            let bytes = Data(canary.utf8)
            return [canary, bytes.map { String(format: "%02x", $0) }.joined(), bytes.base64EncodedString()]
        }
        let list = program.folder.appending(path: "canaries")
        try Data(forms.joined(separator: "\n").utf8).write(to: list)
        let result = try await Subprocess.run(
            .name("grep"),
            arguments: Arguments(["-rahoFf", list.path(percentEncoded: false)] + places),
            output: .string(limit: 1 << 20),
            error: .discarded)
        try FileManager.default.removeItem(at: list)
        return Array(Set(result.standardOutput.split(separator: "\n").map(String.init))).sorted()
    }

    @Test
    func `what people gave is nowhere to be found, in the database, its files, logs or figures (G74, G76, G87, G88)`()
        async throws
    {
        try await withProgram { program in
            let (log, port) = (program.folder.appending(path: "server.log"), try freePort())
            let server = try await ServerProcess(
                program, settings: ["RECTIFY_METRICS_PORT": "\(port)", "RECTIFY_LOG_LEVEL": "trace"], log: log)
            var secrets: Set<String> = []
            for (name, role) in [("zhang", "officer"), ("boss", "supervisor")] {
                let added = try await program.run("officer", "add", name, "--role", role, "--data", program.data)
                secrets.insert(added.output.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            let tokens = secrets.sorted()
            _ = try await program.run(
                "officer", "password", "zhang", "--data", program.data, input: "canary password one\n")
            secrets.insert("canary password one")
            let login = ["login", "--name", "zhang", "--server", server.address]
            _ = try await program.run(login, input: "canary password one\n")
            _ = try await program.run("password", input: "canary password one\ncanary password two\n")
            secrets.insert("canary password two")
            let factor = try await program.run("second-factor", input: "canary password two\n000000\n")
            secrets.formUnion((factor.output + factor.error).matches(of: /\b[A-Z2-7]{32}\b/).map { String($0.output) })
            let imported = try await program.run(
                "complaint", "import",
                repository.appending(path: "Config/demo/complaints.ndjson").path(percentEncoded: false))
            #expect(imported.code == 0, "\(imported.error)")
            let (reference, code) = try await fileCanaries(server.address)
            try await workOn(reference, tokens, server.address, program)
            try await attack(server.address)
            secrets.formUnion([
                code, code.replacing("-", with: ""), "金丝雀甲", "13912345678", "canary-a@example.cn", "金丝雀乙的话在这里",
                "CanaryAgent", "203.0.113.77",
            ])
            let figures = program.folder.appending(path: "metrics.txt")
            try await Data(send(.GET, "http://127.0.0.1:\(port)/metrics").utf8).write(to: figures)
            let dump = program.folder.appending(path: "dump.sql")
            try await dumpDatabase(program, to: dump)
            let pid = try String(contentsOfFile: program.data + "/postgres/postmaster.pid", encoding: .utf8)
            let limits = try String(contentsOfFile: "/proc/\(pid.prefix { $0.isNumber })/limits", encoding: .utf8)
            #expect(limits.contains(/Max core file size +0 +0/), "what crashes writes no memory down")
            #expect(await server.stop() == 0)
            let canaries = try secrets.union(sampleCanaries())
            #expect(canaries.count > 150)
            let places =
                [log, figures, dump].map { $0.path(percentEncoded: false) }
                + ["postgres", "keys/postgres"].map { "\(program.data)/\($0)" }
            #expect(try await found(["internet-2021"], in: places, program) == ["internet-2021"], "it looks there")
            let leaked = try await found(canaries, in: places, program)
            #expect(leaked == [])
            try checkLines(of: log)
        }
    }

    /// One of the public, with a client that tells much about itself, and mistakes beside canaries.
    private func fileCanaries(_ address: String) async throws -> (reference: String, code: String) {
        let canary = #"{"kind":"individual","name":"金丝雀甲","phone":"13912345678","email":"canary-a@example.cn"}"#
        let filing =
            #"{"campaign":"internet-2021","kind":"other","category":"user_rights","narrative":"x","respondent":{"platform":"wechat"},"complainant":\#(canary)"#
        let agent = [
            ("User-Agent", "CanaryAgent/7"), ("Idempotency-Key", "\"\(UUID())\""),
            ("X-Forwarded-For", "203.0.113.77"),
        ]
        let filed = try await send(.POST, address + "/v1/complaints", filing + "}", agent)
        let code = try JSON(parsing: Data(filed.utf8))["tracking_code"]?.string ?? ""
        let reference = try JSON(parsing: Data(filed.utf8))["reference"]?.string ?? ""
        #expect(!code.isEmpty, "\(filed)")
        for wrong in [#","kind":5}"#, #","shoe":1}"#, #","complainant":{"name":["金丝雀甲"]}}"#] {
            let answer = try await send(.POST, address + "/v1/complaints", filing + wrong, agent)
            #expect(!answer.contains("金丝雀") && !answer.contains("13912345678"), "\(answer)")
        }
        let tracking = [("Tracking-Code", code)]
        _ = try await send(.POST, address + "/v1/tracking/messages", #"{"message":"金丝雀乙的话在这里"}"#, tracking)
        _ = try await send(
            .POST, address + "/v1/complaints/\(reference)/evidence", nil,
            tracking + [
                ("Content-Type", "text/plain"), ("Content-Disposition", "attachment; filename=\"canary-file.txt\""),
            ])
        return (reference, code)
    }

    /// What officers do with an identity.
    private func workOn(_ reference: String, _ tokens: [String], _ address: String, _ program: Program) async throws {
        func call(_ token: String, _ path: String, _ body: String) async throws -> JSON {
            let headers = [("Authorization", "Bearer \(token)"), ("If-Match", "*")]
            return try JSON(parsing: Data(try await send(.POST, address + path, body, headers).utf8))
        }
        // Sorted, the supervisor's may be either: who may not decide is refused, and the other tries.
        let boss = try await program.run("officer", "add", "chief", "--role", "supervisor", "--data", program.data)
        let token = boss.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let root = "/v1/complaints/\(reference)/unsealings"
        let asked = try await call(token, root, #"{"fields":["name","phone","email"],"reason":"to call back"}"#)
        let path = "\(root)/\(asked["request"]?.int ?? 0)"
        for other in tokens { _ = try await call(other, "\(path)/approval", "{}") }
        let read = try await call(token, "\(path)/reading", "{}")
        #expect(read["name"]?.string == "金丝雀甲")
        let found = try await call(
            token, "/v1/campaigns/internet-2021/contact-searches", #"{"phone":"13912345678","reason":"a call"}"#)
        #expect(found["items"]?[0]?["reference"]?.string == reference)
    }

    /// What would begin a line of its own, or paint a terminal, in a log that lets it.
    private func attack(_ address: String) async throws {
        let nasty = "%0A2026-01-01T00:00:00+0000%20error%20forged%1B%5B31m"
        _ = try? await send(.GET, address + "/v1/complaints/\(nasty)")
        _ = try? await send(.GET, address + "/v1/campaigns/\(nasty)/barriers?status=\(nasty)")
        _ = try? await send(
            .GET, address + "/v1/tracking", nil, [("Tracking-Code", "\u{1B}[31mred"), ("traceparent", "00-\u{1B}[31m")])
        _ = try? await send(
            .POST, address + "/v1/complaints", "{\"campaign\":\"\\n\\u001b[31m\"}",
            [("Idempotency-Key", "\"k\u{1B}[0m\"")])
        _ = try? await send(.POST, address + "/v1/session", "{\"name\":\"a\\r\\nforged\",\"password\":\"x\\u001b[2J\"}")
    }

    private func checkLines(of log: URL) throws {
        let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 50)
        let begin = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 (trace|debug|info|notice|warning|error|critical) \S/
        for line in lines {
            #expect(line.contains(begin), "\(line)")
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" }, "\(line)")
        }
        let forged = /^\S+ error forged/
        #expect(!lines.contains { $0.contains(forged) })
    }

    private func dumpDatabase(_ program: Program, to file: URL) async throws {
        let programs = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql").sorted()
        let tool = "/usr/lib/postgresql/\(try #require(programs.last))/bin/pg_dump"
        let result = try await Subprocess.run(
            .path(FilePath(tool)),
            arguments: [
                "--host", "\(program.data)/socket", "--username", "rectify", "--file", file.path(percentEncoded: false),
                "rectify",
            ], output: .discarded, error: .string(limit: 65_536))
        #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
    }
}
