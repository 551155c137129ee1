import Client
import Foundation
import TestSupport
import Testing

/// How a server starts, and how it stops.
@Suite(.serialized) struct StartTests {
    @Test func `a first start that is killed is taken up by the next one`() async throws {
        let starts = try await KilledStarts()
        for part in [0.1, 0.3, 0.5] { try await starts.kill(after: part) }
    }

    @Test func `what a killed start had only begun is finished by the next one`() async throws {
        try await withProgram { program in
            // A folder that was made and not yet given to the server's user, a half-made cluster, and half a secret.
            let folder = URL(filePath: program.data)
            try FileManager.default.createDirectory(
                at: folder.appending(path: "keys"), withIntermediateDirectories: true)
            for name in ["socket", "postgres.new-killed", "keys/socket"] {
                #expect(mkdir(folder.appending(path: name).path(percentEncoded: false), 0o700) == 0)
            }
            try Data("x".utf8).write(to: folder.appending(path: "postgres.new-killed/PG_VERSION"))
            try Data("half".utf8).write(to: folder.appending(path: "key-encryption-key.new-4194304"))
            let server = try await ServerProcess(program)
            let names = try FileManager.default.contentsOfDirectory(atPath: program.data)
            #expect(names.filter { $0.contains(".new") }.isEmpty, "\(names)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `told to stop while its database is frozen, a server ends in time, and the next one goes on`()
        async throws
    {
        try await withProgram { program in
            let seconds = 2
            let server = try await ServerProcess(program, settings: ["RECTIFY_SERVER_SHUTDOWN_SECONDS": "\(seconds)"])
            let storm = FilingStorm(at: server.address)
            storm.begin(clients: 2)
            try await storm.untilMore(2)
            let processes = try postgres(of: program)
            #expect(processes.count > 6)
            for process in processes { kill(process, SIGSTOP) }
            let begun = ContinuousClock.now
            await server.signal(SIGTERM)
            let code = await server.ended()
            // This bound is what operators are promised, so the clock is looked at.
            #expect(begun.duration(to: .now) < .seconds(seconds + 5))
            #expect(code == 1, "it could not see its database stop")
            for process in processes { kill(process, SIGCONT) }
            try await until("PostgreSQL stops by itself") { try postgres(of: program).isEmpty }
            let next = try await ServerProcess(program)
            storm.move(to: next.address)
            try await storm.untilMore(2)
            await storm.end()
            #expect(try await storm.audit(program, at: next.address).hasSuffix("sound\n"))
            #expect(await next.stop() == 0)
        }
    }

    @Test func `a start that fails names the log to read`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            #expect(await server.stop() == 0)
            let settings = program.folder.appending(path: "data/postgres/postgresql.conf")
            let text = try String(contentsOf: settings, encoding: .utf8)
            try Data((text + "\nshared_buffers = nonsense\n").utf8).write(to: settings)
            let failed = try await program.run("up", "--data", program.data, "--port", "0")
            #expect(failed.code != 0 && failed.error.contains("\(program.data)/postgres/server.log"), "\(failed.error)")
            #expect(failed.error.contains("shared_buffers"), "and what it says: \(failed.error)")
        }
    }

    @Test func `a key behind a symbolic link is judged by what the link leads to`() async throws {
        try await withProgram { program in
            var server = try await ServerProcess(program)
            #expect(await server.stop() == 0)
            let (link, target) = (program.data + "/key-encryption-key", program.data + "/secret")
            try FileManager.default.moveItem(atPath: link, toPath: target)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            server = try await ServerProcess(program)
            #expect(await server.stop() == 0)
            #expect(chmod(target, 0o644) == 0)
            let refused = try await program.run("up", "--data", program.data, "--port", "0")
            #expect(refused.code != 0 && refused.error.contains("readable by others"), "\(refused.error)")
        }
    }
}
