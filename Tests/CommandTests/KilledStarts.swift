import Foundation
import TestSupport
import Testing

/// Kills first starts at points of their course, and starts again.
struct KilledStarts {
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
