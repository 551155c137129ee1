import Casework
import Client
import Contract
import Foundation
import Synchronization
import TestSupport
import Testing

/// What takes minutes: run by `make test-long`.
@Suite(.serialized) struct LongTests {
    /// Filings that were acknowledged: reference and tracking code.
    private final class Ledger: Sendable {
        private let entries = Mutex<[String: String]>([:])
        func add(_ filed: FiledBody) { entries.withLock { $0[filed.reference] = filed.trackingCode } }
        var codes: [String: String] { entries.withLock { $0 } }
    }

    /// Files from eight sides until the task is cancelled; what fails is tried again with the same key.
    private func storm(_ address: @escaping @Sendable () -> String, _ ledger: Ledger) -> Task<Void, any Error> {
        Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var document = try JSON(parsing: try sampleLine(1).utf8)
                        document.remove("received_on")
                        document.remove("client_reference")
                        let body = Data(document.canonicalText.utf8)
                        while !Task.isCancelled {
                            let key = UUID().uuidString
                            while !Task.isCancelled {
                                let client = Client(server: address(), token: nil)
                                let filed = try? await client.file(body, key: key)
                                try? await client.close()
                                if let filed {
                                    ledger.add(filed)
                                    break
                                }
                                try? await Task.sleep(for: .milliseconds(100))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Everything acknowledged is there once, and what is there has numbers of its own.
    private func check(_ ledger: Ledger, at address: String, atLeast count: Int) async throws {
        let client = Client(server: address, token: nil)
        let codes = ledger.codes
        #expect(codes.count >= count && Set(codes.values).count == codes.count)
        for (reference, code) in codes {
            var call = Client.Call("GET", "/v1/tracking")
            call.headers = [("Tracking-Code", code)]
            let bytes = try await client.send(call).bytes
            #expect(try Coding.decoder.decode(TrackingBody.self, from: bytes).reference == reference)
        }
        try await client.close()
    }

    private func wait(for ledger: Ledger, past count: Int) async throws {
        for _ in 0..<3000 {
            if ledger.codes.count > count { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("no filing was acknowledged for a minute")
    }

    @Test func `the server is killed twenty times, and nothing acknowledged is lost (G44)`() async throws {
        try await withProgram { program in
            let ledger = Ledger()
            let address = Mutex("")
            var server = try await ServerProcess(program)
            address.withLock { $0 = server.address }
            let filing = storm({ address.withLock { $0 } }, ledger)
            for _ in 1...20 {
                try await wait(for: ledger, past: ledger.codes.count + 20)
                await server.kill()
                server = try await ServerProcess(program)
                address.withLock { $0 = server.address }
            }
            try await wait(for: ledger, past: ledger.codes.count + 20)
            filing.cancel()
            _ = try? await filing.value
            try await check(ledger, at: server.address, atLeast: 400)
            #expect(await server.stop() == 0)
        }
    }

    @Test func `the database is killed twenty times under a server that goes on (G45)`() async throws {
        try await withProgram { program in
            let ledger = Ledger()
            let server = try await ServerProcess(program)
            let filing = storm({ server.address }, ledger)
            let pidFile = program.folder.appending(path: "data/postgres/postmaster.pid")
            for _ in 1...20 {
                try await wait(for: ledger, past: ledger.codes.count + 20)
                let first = try String(contentsOf: pidFile, encoding: .utf8).split(separator: "\n").first
                kill(try #require(first.flatMap { pid_t($0) }), SIGKILL)
                try await Task.sleep(for: .milliseconds(200))
            }
            try await wait(for: ledger, past: ledger.codes.count + 20)
            filing.cancel()
            _ = try? await filing.value
            try await check(ledger, at: server.address, atLeast: 400)
            #expect(await server.stop() == 0)
        }
    }

    @Test func `an import whose server is killed goes on where it stood, and files each line once (G20)`() async throws
    {
        try await withProgram { program in
            var server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            var document = try JSON(parsing: try sampleLine(1).utf8)
            let file = program.folder.appending(path: "big.ndjson")
            let lines = (1...20_000).map { number in
                document.remove("client_reference")
                document.set("client_reference", .string("big-\(number)"))
                return document.canonicalText + "\n"
            }
            try Data(lines.joined().utf8).write(to: file)
            let path = file.path(percentEncoded: false)
            var id: String?
            for _ in 1...3 {
                let arguments = ["complaint", "import", path] + (id.map { ["--resume", $0] } ?? [])
                async let broken = program.run(arguments)
                try await Task.sleep(for: .seconds(4))
                await server.kill()
                let outcome = try await broken
                #expect(outcome.code != 0)
                id = id ?? outcome.error.firstMatch(of: /import ([0-9a-f-]{36})/).map { String($0.output.1) }
                server = try await ServerProcess(program)
                _ = try await program.run("login", "--server", server.address, input: added.output)
            }
            let done = try await program.run(["complaint", "import", path, "--resume", try #require(id)])
            #expect(done.code == 0 && done.output.contains("20000"), "\(done.error)")
            let again = try await program.run(["complaint", "import", path, "-o", "json"])
            let counts = try JSON(parsing: again.output.utf8)
            guard case .object(let members) = counts else { return #expect(Bool(false), "no object") }
            #expect(members["known"] == .int(20_000) && members["filed"] == .int(0))
            #expect(await server.stop() == 0)
        }
    }
}

extension JSON {
    fileprivate mutating func set(_ name: String, _ value: JSON) {
        guard case .object(var members) = self else { return }
        members[name] = value
        self = .object(members)
    }
}
