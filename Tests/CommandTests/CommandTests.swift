import Casework
import Client
import Contract
import Foundation
import Subprocess
import Synchronization
import TestSupport
import Testing

@testable import rectify

@Suite(.serialized) struct CommandTests {
    @Test func `an officer's morning, from the first start to the report`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let address = server.address
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            #expect(added.code == 0 && added.output.hasPrefix("rct_"))
            let login = try await program.run("login", "--server", address, input: added.output)
            #expect(login.code == 0, "\(login.error)")
            let token = program.folder.appending(path: "state/rectify/token").path(percentEncoded: false)
            let mode = try FileManager.default.attributesOfItem(atPath: token)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)

            let looked = try await program.run(
                "complaint", "file", "-", "--dry-run", input: try sampleLine(0) + "\n{\"kind\":5}\n")
            #expect(looked.code == 7 && looked.output.contains("https://m.tb.cn/h.4Qx7aBc"), "\(looked.error)")
            #expect(looked.error.contains("line 2: ") && looked.error.contains("1 are good, 1 are not"))
            let nothing = try await program.run("complaint", "list", "--campaign", "internet-2021", "-o", "name")
            #expect(nothing.code == 0 && nothing.output.isEmpty, "a look writes nothing")

            let filed = try await program.run("complaint", "file", "-", "-o", "name", input: try sampleLine(0))
            let reference = filed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(Reference(reference) != nil, "\(filed.error)")
            let accepted = try await program.run(
                "complaint", "accept", reference, "--on", "2021-08-04", "--reason", "paper", "-o", "json")
            #expect(accepted.code == 0, "\(accepted.error)")
            #expect(try Coding.decoder.decode(ComplaintBody.self, from: Data(accepted.output.utf8)).status == .accepted)
            #expect(try await program.run("complaint", "accept", reference).code == 6)
            #expect(try await program.run("complaint", "show", "IR21-9999999-7").code == 5)
            #expect(try await program.run("complaint", "show", "IR21-9999999-1").code == 64)
            #expect(try await program.run("complaint", "refuse", reference).code == 64)
            #expect(try await program.run("complaint", "file", "-", input: "{}").code == 7)
            let table = try await program.run("complaint", "list", "--status", "accepted")
            #expect(table.output.hasPrefix("REFERENCE") && table.output.contains(reference))
            let empty = try await program.run("complaint", "list", "--status", "closed", "-o", "json")
            #expect(empty.code == 0 && empty.output == "[]\n")
            let report = try await program.run("report", "internet-2021", "--as-of", "2021-08-31")
            #expect(report.output.contains("Ever accepted") && report.code == 0)
            #expect(try await program.run("logout").code == 0)
            #expect(try await program.run("whoami").code == 4)

            let second = try await program.run("up", "--data", program.data, "--port", "0")
            #expect(second.code == 1 && second.error.contains("uses"), "\(second.error)")
            #expect(await server.stop() == 0)
            let gone = try await program.run("campaign", "list", "--server", address)
            #expect(gone.code == 69 && gone.error.contains("rectify up"))
        }
    }

    @Test func `killed while a file comes in, it has the whole file or nothing of it (G81)`() async throws {
        try await withProgram { program in
            let bytes = Data(repeating: UInt8(ascii: "x"), count: 12 << 20)
            var document = try JSON(parsing: try sampleLine(1).utf8)
            document.remove("received_on")
            document.remove("client_reference")
            for wait in [20, 80, 160, 320] {
                var server = try await ServerProcess(program)
                let client = Client(server: server.address, token: nil)
                let filed = try await client.file(Data(document.canonicalText.utf8))
                var call = Client.Call("POST", "/v1/complaints/\(filed.reference)/evidence")
                (call.contentType, call.body) = ("text/plain", bytes)
                call.headers = [
                    ("Tracking-Code", filed.trackingCode), ("Content-Disposition", "attachment; filename=\"a.txt\""),
                ]
                let sending = Task { [call] in try await client.send(call) }
                try await Task.sleep(for: .milliseconds(wait))
                await server.kill()
                let wasTaken = (try? await sending.value) != nil
                try await client.close()

                server = try await ServerProcess(program)
                let after = Client(server: server.address, token: nil)
                var list = Client.Call("GET", call.path)
                list.headers = [("Tracking-Code", filed.trackingCode)]
                let files = try Coding.decoder.decode(Page<EvidenceBody>.self, from: try await after.send(list).bytes)
                #expect(files.items.count == 1 || files.items.isEmpty && !wasTaken)
                if let file = files.items.first {
                    list.path = file.`self`
                    #expect(try await after.send(list).bytes == bytes)
                }
                try await after.close()
                #expect(await server.stop() == 0)
            }
        }
    }

    @Test func `killed in a storm of filings, it loses nothing it acknowledged, and starts again`() async throws {
        try await withProgram { program in
            let acknowledged = Acknowledged()
            for round in 1...2 {
                let server = try await ServerProcess(program)
                let address = server.address
                let storm = Task {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                let client = Client(server: address, token: nil)
                                while !Task.isCancelled {
                                    var document = try JSON(parsing: try sampleLine(1).utf8)
                                    document.remove("received_on")
                                    document.remove("client_reference")
                                    guard let filed = try? await client.file(Data(document.canonicalText.utf8)) else {
                                        break
                                    }
                                    acknowledged.add(filed)
                                }
                                try await client.close()
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                while acknowledged.codes.count < 60 * round { try await Task.sleep(for: .milliseconds(20)) }
                await server.kill()
                storm.cancel()
                _ = try? await storm.value
            }
            let server = try await ServerProcess(program)
            let client = Client(server: server.address, token: nil)
            let codes = acknowledged.codes
            #expect(codes.count >= 120)
            for (reference, code) in codes {
                var call = Client.Call("GET", "/v1/tracking")
                call.headers = [("Tracking-Code", code)]
                let bytes = try await client.send(call).bytes
                #expect(try Coding.decoder.decode(TrackingBody.self, from: bytes).reference == reference)
            }
            try await client.close()
            #expect(await server.stop() == 0)
        }
    }

    @Test func `settings come from file and environment, and a slip in either is named`() async throws {
        try await withProgram { program in
            let file = program.folder.appending(path: "s.yaml")
            try Data("server:\n  port: 9000\n".utf8).write(to: file)
            let path = file.path(percentEncoded: false)
            let shown = try await program.run(
                "config", "--config", path, environment: ["RECTIFY_DATABASE_URL": "host=db password=hush"])
            #expect(shown.output.contains("s.yaml") && shown.output.contains("RECTIFY_DATABASE_URL"))
            #expect(shown.output.contains("(secret)") && !shown.output.contains("hush"))
            try Data("server:\n  prot: 9000\n".utf8).write(to: file)
            let slip = try await program.run("config", "--config", path)
            #expect(slip.code == 7 && slip.error.contains("server.prot"))
            let variable = try await program.run("config", environment: ["RECTIFY_SERVER_PROT": "1"])
            #expect(variable.code == 7 && variable.error.contains("RECTIFY_SERVER_PROT"))
            let bad = try await program.run("config", environment: ["RECTIFY_SERVER_PORT": "many"])
            #expect(bad.code == 7 && bad.error.contains("server.port"))
        }
    }

    @Test func `a database that cannot be used says why`() async throws {
        try await withProgram { program in
            let missing = try await program.run("migrate", "--status", "--data", program.data)
            #expect(missing.code == 5 && missing.error.contains("rectify up"))
            let serve = try await program.run("serve")
            #expect(serve.code == 7 && serve.error.contains("database.url"))
            let cluster = program.folder.appending(path: "data/postgres")
            try FileManager.default.createDirectory(at: cluster, withIntermediateDirectories: true)
            try Data("99\n".utf8).write(to: cluster.appending(path: "PG_VERSION"))
            let lost = try await program.run("up", "--data", program.data, "--port", "0")
            #expect(lost.code == 1 && lost.error.contains("key-encryption-key is missing"))
            try Data("key".utf8).write(to: program.folder.appending(path: "data/key-encryption-key"))
            let newer = try await program.run("up", "--data", program.data, "--port", "0")
            #expect(newer.code == 1 && newer.error.contains("PostgreSQL 99"), "\(newer.error)")
        }
    }
}

/// What the server said it had stored.
private final class Acknowledged: Sendable {
    private let kept = Mutex<[String: String]>([:])
    /// Tracking codes by reference.
    var codes: [String: String] { kept.withLock { $0 } }

    func add(_ filed: FiledBody) { kept.withLock { $0[filed.reference] = filed.trackingCode } }
}

struct SettingTests {
    @Test func `every setting is documented, and the shipped file has its defaults`() throws {
        let config = repository.appending(path: "Config")
        let guide = try String(contentsOf: config.appending(path: "README.md"), encoding: .utf8)
        let lines = try String(contentsOf: config.appending(path: "rectify.yaml"), encoding: .utf8)
            .split(separator: "\n").map { $0.replacing("\"", with: "").trimmingCharacters(in: .whitespaces) }
        for setting in Setting.all {
            #expect(guide.contains("| `\(setting.key)` | `\(setting.variable)` |"), "\(setting.key)")
            let name = setting.key.split(separator: ".").last ?? ""
            #expect(
                lines.contains("\(name): \(setting.standard)".trimmingCharacters(in: .whitespaces)), "\(setting.key)")
        }
    }
}

struct HelpTests {
    @Test func `every command says what it does`() async throws {
        try await withProgram { program in
            var paths: [[String]] = [[]]
            var seen = 0
            while let path = paths.popLast() {
                let help = try await program.help(path)
                #expect(help.contains("OVERVIEW: "), "\(path) has no abstract")
                seen += 1
                for name in help.subcommands where name != "help" { paths.append(path + [name]) }
            }
            #expect(seen > 50)
        }
    }
}

extension Program {
    fileprivate func help(_ path: [String]) async throws -> String {
        switch path.count {
        case 0: try await run("--help").output
        case 1: try await run(path[0], "--help").output
        default: try await run(path[0], path[1], "--help").output
        }
    }
}

extension String {
    /// The names under the headings of subcommands in a help screen.
    fileprivate var subcommands: [String] {
        var names: [String] = []
        var isInside = false
        for line in split(separator: "\n", omittingEmptySubsequences: false) {
            if line.contains("SUBCOMMANDS:") {
                isInside = true
            } else if isInside, line.hasPrefix("  "), !line.hasPrefix("   "),
                let name = line.split(separator: " ").first
            {
                names.append(String(name))
            } else if !line.hasPrefix(" ") {
                isInside = false
            }
        }
        return names
    }
}

extension JSON {
    mutating func remove(_ name: String) {
        guard case .object(var members) = self else { return }
        members[name] = nil
        self = .object(members)
    }
}
