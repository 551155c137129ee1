import Casework
import Client
import Contract
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// What takes minutes: run by `make test-long`.
@Suite(.serialized) struct LongTests {
    /// What clients were answered.
    private final class Seen: Sendable {
        let answers = Mutex(0)
        let failures = Mutex<[String]>([])

        /// Eight clients that read and file until the task is cancelled.
        func keepAsking(_ address: String) async {
            await withTaskGroup { group in
                for number in 0..<8 { group.addTask { await self.ask(address, isFiling: number >= 4) } }
            }
        }

        private func ask(_ address: String, isFiling: Bool) async {
            let client = Client(server: address, token: nil)
            while !Task.isCancelled {
                do {
                    if isFiling {
                        _ = try await client.file(Data(try anonymousFiling().utf8), key: UUID().uuidString)
                    } else {
                        _ = try await client.send(Client.Call("GET", "/v1/campaigns"))
                    }
                    answers.withLock { $0 += 1 }
                } catch {
                    if !Task.isCancelled { failures.withLock { $0.append("\(error)") } }
                }
            }
            try? await client.close()
        }
    }

    /// HAProxy in front of one server, with a file of settings in the test's folder.
    private func proxy(_ program: Program, port: Int, to addresses: [String]) throws -> Process {
        let servers = addresses.enumerated().map { index, address in
            "    server s\(index) \(address.replacing("http://", with: "")) check inter 200ms fall 1 rise 1"
        }
        let settings = """
            global
                maxconn 1000
            defaults
                mode http
                timeout connect 2s
                timeout client 30s
                timeout server 30s
                option redispatch
                retries 3
            frontend public
                bind 127.0.0.1:\(port)
                default_backend rectify
            backend rectify
                option httpchk GET /readyz
            \(servers.joined(separator: "\n"))

            """
        let file = program.folder.appending(path: "haproxy.cfg")
        try Data(settings.utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/haproxy")
        process.arguments = ["-db", "-f", file.path(percentEncoded: false)]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test func `behind a proxy no request is lost while servers are replaced one after the other (G41)`() async throws {
        try await withProgram { program in
            let main = try await ServerProcess(program)
            let settings = [
                "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
                "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
                "RECTIFY_DATABASE_OWNER_URL": program.conninfo("rectify", "rectify"),
                "RECTIFY_DATABASE_OWNER_KEYS_URL": program.conninfo("rectify_keys", "rectify"),
                "RECTIFY_KEYS_FILE": program.data + "/key-encryption-key", "RECTIFY_SERVER_LEAVING_SECONDS": "1",
            ]
            let ports = [try freePort(), try freePort()]
            var servers: [ServerProcess] = []
            for port in ports {
                servers.append(try await ServerProcess(program, ["--port", "\(port)"], settings: settings))
            }
            let front = try freePort()
            let proxy = try proxy(program, port: front, to: servers.map(\.address))
            defer { proxy.terminate() }
            let seen = Seen()
            func untilAnswered(_ more: Int) async throws {
                let before = seen.answers.withLock { $0 }
                try await until("\(more) more are answered") { seen.answers.withLock { $0 } >= before + more }
            }
            try await until("the proxy knows both servers") {
                let client = Client(server: "http://127.0.0.1:\(front)", token: nil)
                var isServed = true
                for _ in 0..<4 where isServed {
                    isServed = (try? await client.send(Client.Call("GET", "/v1/campaigns"))) != nil
                }
                try await client.close()
                return isServed
            }
            let load = Task { await seen.keepAsking("http://127.0.0.1:\(front)") }
            for _ in 1...3 {
                for (index, port) in ports.enumerated() {
                    // Long enough for the proxy to see that the other one is there.
                    try await untilAnswered(100)
                    try await Task.sleep(for: .seconds(2))
                    #expect(await servers[index].stop() == 0)
                    servers[index] = try await ServerProcess(program, ["--port", "\(port)"], settings: settings)
                }
            }
            load.cancel()
            await load.value
            let (answers, failures) = (seen.answers.withLock { $0 }, seen.failures.withLock { $0 })
            #expect(failures == [])
            #expect(answers > 500)
            for server in servers { #expect(await server.stop() == 0) }
            #expect(await main.stop() == 0)
        }
    }

    @Test func `ten thousand connections of one address keep no other out (G39)`() async throws {
        var most = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &most)
        let needed: rlim_t = 12_000
        most.rlim_max = max(most.rlim_max, needed)
        most.rlim_cur = needed
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &most) == 0, "so many files cannot be open")
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let port = try #require(UInt16(server.address.split(separator: ":").last ?? ""))
            var sockets: [Int32] = []
            defer { for socket in sockets { close(socket) } }
            for _ in 0..<10_000 {
                let descriptor = connection(from: "127.0.7.7", to: port)
                if descriptor >= 0 { sockets.append(descriptor) }
            }
            #expect(sockets.count > 9_900)
            let client = Client(server: server.address, token: nil)
            for _ in 0..<100 { _ = try await client.send(Client.Call("GET", "/v1/campaigns")) }
            #expect(await server.memory() < 150 << 20, "bytes in use")
            try await client.close()
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
                let before = try await linesIn(program)
                try await until("the import goes on") { try await linesIn(program) > before + 1000 }
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

/// Lines of imports that are in.
private func linesIn(_ program: Program) async throws -> Int {
    let database = Database(
        ConnectionSettings(conninfo: program.conninfo("rectify", "rectify")), limits: PoolLimits(connections: 1),
        logger: quiet)
    defer { Task { await database.close() } }
    return try await database.withConnection { db in
        try db.first("SELECT coalesce(sum(lines), 0)::bigint FROM filing_import") { row in try row.read(Int.self) }
    } ?? 0
}
