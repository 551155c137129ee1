import Client
import Foundation
import TestSupport
import Testing

/// Kills first starts at points of their course, and starts again.
private struct KilledStarts {
    /// How long a first start takes here, until the server is ready.
    let length: Duration

    init() async throws {
        let begun = ContinuousClock.now
        try await withProgram { program in
            let server = try await ServerProcess(program)
            #expect(await server.stop() == 0)
        }
        length = begun.duration(to: .now)
    }

    /// Kills a first start after a part of its length, and expects the next one to succeed, and to keep what is filed.
    func kill(after part: Double) async throws {
        try await withProgram { program in
            let process = Process()
            process.executableURL = URL(filePath: Program.path)
            process.arguments = ["up", "--data", program.data, "--port", "0"]
            process.environment = ProcessInfo.processInfo.environment.merging([
                "RECTIFY_HOME": repository.path(percentEncoded: false)
            ]) { $1 }
            (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try process.run()
            // The moment is the test's own choice; nothing is waited for.
            try await Task.sleep(for: length * part)
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let log = program.folder.appending(path: "next.log")
            do {
                let server = try await ServerProcess(program, log: log)
                let storm = FilingStorm(at: server.address)
                storm.begin(clients: 1)
                try await storm.untilMore(1)
                await storm.end()
                #expect(await server.stop() == 0)
            } catch {
                let said = try String(contentsOf: log, encoding: .utf8)
                Issue.record("killed after \(length * part) of \(length), the next start failed: \(error) \(said)")
            }
        }
    }
}

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
            for name in ["socket", "postgres.new-killed", "keys/socket"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
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

/// The same at many points.
@Suite(.serialized) struct StartLongTests {
    @Test func `a first start is killed at forty points, and the next one always succeeds`() async throws {
        let starts = try await KilledStarts()
        for step in 1...40 { try await starts.kill(after: Double(step) / 41) }
    }
}
