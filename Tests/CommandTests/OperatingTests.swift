import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import TestSupport
import Testing

/// What those who run a server rely on.
@Suite(.serialized) struct OperatingTests {
    @Test func `a database that hangs makes the server not ready, and nothing else (G42)`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            #expect(await status(server.address + "/readyz") == 200)
            let processes = try postgres(of: program)
            #expect(processes.count > 3)
            for process in processes { kill(process, SIGSTOP) }
            for _ in 1...3 {
                let begun = ContinuousClock.now
                #expect(await status(server.address + "/readyz") == 503)
                #expect(begun.duration(to: .now) < .seconds(2))
                #expect(await status(server.address + "/livez") == 200)
            }
            for process in processes { kill(process, SIGCONT) }
            let begun = ContinuousClock.now
            while await status(server.address + "/readyz") != 200, begun.duration(to: .now) < .seconds(10) {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(begun.duration(to: .now) < .seconds(2))
            #expect(await server.stop() == 0)
        }
    }

    @Test func `told to stop it says so first, and told twice it does not wait (G41)`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program, settings: ["RECTIFY_SERVER_LEAVING_SECONDS": "30"])
            #expect(await status(server.address + "/readyz") == 200)
            await server.signal(SIGTERM)
            let begun = ContinuousClock.now
            while await status(server.address + "/readyz") == 200, begun.duration(to: .now) < .seconds(5) {}
            #expect(await status(server.address + "/readyz") == 503)
            #expect(await status(server.address + "/v1/campaigns") == 200, "everything else goes on")
            await server.signal(SIGTERM)
            #expect(await server.ended() == 2)
            #expect(begun.duration(to: .now) < .seconds(10))
            #expect(try postgres(of: program).isEmpty, "its database has stopped with it")
        }
    }

    @Test func `the figures have a listener of their own`() async throws {
        try await withProgram { program in
            let port = Int.random(in: 20_000..<30_000)
            let server = try await ServerProcess(program, settings: ["RECTIFY_METRICS_PORT": "\(port)"])
            #expect(await status("http://127.0.0.1:\(port)/metrics") == 200)
            #expect(await status("http://127.0.0.1:\(port)/v1/campaigns") == 404)
            #expect(await status(server.address + "/metrics") == 404)
            #expect(await server.stop() == 0)
        }
    }

    private func status(_ url: String) async -> Int? {
        let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
        return answer.map { Int($0.status.code) }
    }

    /// The processes of a program's own PostgreSQL that run.
    private func postgres(of program: Program) throws -> [pid_t] {
        let file = program.folder.appending(path: "data/postgres/postmaster.pid")
        guard let line = try? String(contentsOf: file, encoding: .utf8).split(separator: "\n").first,
            let main = pid_t(line)
        else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
            guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                let parent = text.split(separator: ")").last?.split(separator: " ").dropFirst().first
            else { return false }
            return process == main || pid_t(parent) == main
        }
    }
}
