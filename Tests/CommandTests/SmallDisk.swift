import Foundation
import Postgres
import Subprocess
import TestSupport
import Testing

/// A small file system of its own (tmpfs) in place of a folder, with what the folder held.
struct SmallDisk: Sendable {
    let folder: String
    private var filler: String { folder + "/filler" }

    /// Mounts it over a folder that nothing uses at the moment.
    ///
    /// - Parameters:
    ///   - folder: What it takes the place of.
    ///   - spare: Bytes beside those that the folder needs.
    /// - Throws: Where it cannot be mounted, and says what is missing.
    init(over folder: String, spare: Int) async throws {
        self.folder = folder
        let aside = folder + ".aside"
        let used = try await Self.run("du", "-sB1", folder).split(separator: "\t").first.flatMap { Int($0) } ?? 0
        try await Self.run("cp", "-a", folder, aside)
        do {
            try await Self.run("mount", "-t", "tmpfs", "-o", "size=\(used + spare)", "tmpfs", folder)
        } catch let failure as Failure {
            throw Failure(
                description: "a small disk cannot be mounted; run the tests as root with CAP_SYS_ADMIN: \(failure)")
        }
        try await Self.run("cp", "-a", aside + "/.", folder)
        try FileManager.default.removeItem(atPath: aside)
    }

    /// Fills it up to so many bytes.
    func fill(leaving bytes: Int = 0) throws {
        var status = statvfs()
        try #require(statvfs(folder, &status) == 0)
        let free = Int(status.f_bavail) * Int(status.f_bsize)
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        // Others may take some of it first.
        var length = off_t(max(0, free - bytes))
        while length > 0, posix_fallocate(descriptor, 0, length) != 0 { length -= 65_536 }
    }

    /// Makes room again.
    func empty() throws { try FileManager.default.removeItem(atPath: filler) }

    /// Takes the one over a folder away, whatever still uses it.
    static func unmount(_ folder: String) async { _ = try? await run("umount", "-l", folder) }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: String...) async throws -> String {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure(description: "\(program): \(result.standardError)")
        }
        return result.standardOutput
    }
}
