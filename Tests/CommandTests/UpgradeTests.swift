import Foundation
import Subprocess
import TestSupport
import Testing

/// An embedded database goes to a newer PostgreSQL, and nothing is lost on the way.
struct UpgradeTests {
    /// What `.make/checkers` fetches: for one kind of processor only.
    private static let newer = repository.appending(path: ".build/checkers/postgresql/17")
    private static let isThere = FileManager.default.isExecutableFile(
        atPath: newer.appending(path: "bin/postgres").path(percentEncoded: false))

    /// A folder with Debian's version and the newer one, where every user can read them.
    private func installations(_ program: Program) throws -> URL {
        let files = FileManager.default
        let folder = program.folder.appending(path: "versions")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        let debian = URL(filePath: "/usr/lib/postgresql")
        for version in try files.contentsOfDirectory(atPath: debian.path(percentEncoded: false))
        where (Int(version) ?? 17) < 17 {
            try files.createSymbolicLink(
                at: folder.appending(path: version), withDestinationURL: debian.appending(path: version))
        }
        return folder
    }

    private func addNewer(to folder: URL) throws {
        try FileManager.default.copyItem(at: Self.newer, to: folder.appending(path: "17"))
    }

    @Test(.enabled(if: isThere, "PostgreSQL 17 is not there for this machine"))
    func `an embedded database goes to a newer PostgreSQL, and the old one stays`() async throws {
        try await withProgram { program in
            let versions = try installations(program)
            let settings = ["RECTIFY_EMBEDDED_POSTGRES_FOLDER": versions.path(percentEncoded: false)]
            func run(_ arguments: String...) async throws -> Program.Outcome {
                try await program.run(
                    arguments + ["--data", program.data],
                    environment: ["RECTIFY_EMBEDDED_POSTGRES_FOLDER": versions.path(percentEncoded: false)])
            }
            let server = try await ServerProcess(program, settings: settings)
            let token = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: token.output)
            let sample = program.folder.appending(path: "sample.ndjson").path(percentEncoded: false)
            try Data(((0..<10).map { try sampleLine($0) }.joined(separator: "\n") + "\n").utf8).write(
                to: URL(filePath: sample))
            _ = try await program.run("complaint", "import", sample, "--server", server.address)
            let before = try await program.run("complaint", "list", "--output", "name", "--server", server.address)
            #expect(before.output.split(separator: "\n").count == 10)
            #expect(try await run("upgrade").output.contains("nothing to do"), "there is no newer one")
            try addNewer(to: versions)
            let busy = try await run("upgrade")
            #expect(busy.code == 1 && busy.error.contains("stop it first"), "\(busy)")
            #expect(await server.stop() == 0)
            #expect(try await run("upgrade", "--to", "14").code == 1, "there is no way back")
            let upgraded = try await run("upgrade")
            #expect(upgraded.code == 0 && upgraded.output.contains("to 17"), "\(upgraded)")
            #expect(upgraded.output.contains("10 complaints"), "\(upgraded)")
            for old in ["postgres.", "keys/postgres."] {
                let folder = (program.data + "/" + old).split(separator: "/").dropLast().joined(separator: "/")
                let found = try FileManager.default.contentsOfDirectory(atPath: "/" + folder)
                #expect(found.contains { $0.hasPrefix("postgres.1") }, "\(found)")
            }
            let again = try await ServerProcess(program, settings: settings)
            _ = try await program.run("login", "--server", again.address, input: token.output)
            let after = try await program.run("complaint", "list", "--output", "name", "--server", again.address)
            #expect(after.output == before.output)
            try Data((try sampleLine(11) + "\n").utf8).write(to: URL(filePath: sample))
            let more = try await program.run("complaint", "import", sample, "--server", again.address)
            #expect(more.code == 0, "\(more)")
            #expect(try await run("audit", "verify").code == 0)
            #expect(await again.stop() == 0)
        }
    }
}
