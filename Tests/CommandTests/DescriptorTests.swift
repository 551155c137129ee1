import Foundation
import Subprocess
import TestSupport
import Testing

/// A server that runs out of files and connections that it may have open.
@Suite(.serialized) struct DescriptorTests {
    @Test func `a server that may open few files refuses connections, lives, and recovers at once`() async throws {
        try await withProgram { program in
            let log = program.folder.appending(path: "server.log")
            let server = try await ServerProcess(program, log: log, files: 64)
            let crowd = try Crowd(of: 200, at: server)
            try await until("those that are too many are refused") { crowd.open < 20 }
            #expect(await server.isRunning)
            #expect(try await server.openFiles() <= 64)
            crowd.leave()
            try await until("it answers") { await status(server.address + "/readyz") == 200 }
            let said = try String(contentsOf: log, encoding: .utf8)
            #expect(said.contains("connections are refused") && !said.contains("died"), "\(said)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `where no file can be opened at all, connections wait, and a healthy database is left alone`()
        async throws
    {
        try await withProgram { program in
            let log = program.folder.appending(path: "server.log")
            let server = try await ServerProcess(program, log: log)
            let database = try postgres(of: program).min()
            try await server.limit(files: try await server.openFiles())
            let crowd = try Crowd(of: 50, at: server)
            try await until("connections wait") {
                try String(contentsOf: log, encoding: .utf8).contains("connections wait: Too many open files")
            }
            // So long that it has looked at its database twice.
            try await Task.sleep(for: .milliseconds(2500))
            #expect(await server.isRunning)
            try await server.limit(files: 1024)
            crowd.leave()
            try await until("it answers") { await status(server.address + "/readyz") == 200 }
            #expect(try postgres(of: program).min() == database)
            #expect(try !String(contentsOf: log, encoding: .utf8).contains("died"))
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a limit that leaves no room for clients is refused with what is needed`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let settings: [Environment.Key: String?] = [
                "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
                "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
                "RECTIFY_KEYS_FILE": program.data + "/key-encryption-key",
                "RECTIFY_SERVER_CONNECTIONS_AT_ONCE": "90000",
            ]
            let many = try await program.run(["serve", "--port", "0"], environment: settings)
            #expect(many.code == 64 && many.error.contains("server.connections_at_once is 90000"), "\(many.error)")
            #expect(await server.stop() == 0)
        }
    }
}
