import Foundation
import Testing

@testable import Postgres

/// What is known of a server by its file.
struct PostmasterFileTests {
    private func life(_ prepare: (URL) throws -> Void) throws -> PostmasterFile.Life {
        let data = FileManager.default.temporaryDirectory.appending(path: "postmaster-\(UUID())")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: data) }
        try prepare(data.appending(path: "postmaster.pid"))
        return PostmasterFile.life(in: data)
    }

    @Test func `a server whose file cannot be read is not taken for dead`() throws {
        #expect(try life { _ in } == .died)
        // A folder in the file's place cannot be read, by root neither, as no file can be with no descriptor left.
        let unknown = try life { try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: true) }
        guard case .unknown = unknown else {
            Issue.record("\(unknown)")
            return
        }
        guard case .unknown = try life({ try Data().write(to: $0) }) else {
            Issue.record("an empty file says nothing")
            return
        }
    }

    @Test(arguments: [
        ("", PostmasterFile.Status.starting), ("\n5432\n/socket\n\n123\nstarting\n", .starting),
        ("\n5432\n/socket\n\n123\nready   \n", .ready), ("\n5432\n/socket\n\n123\nstopping\n", .stopping),
    ])
    func `one that lives says how far it is`(rest: String, status: PostmasterFile.Status) throws {
        let own = "\(getpid())\n/data\n1700000000"
        #expect(try life { try Data((own + rest).utf8).write(to: $0) } == .runs(status))
        // No process has so high a number.
        #expect(try life { try Data(("4194304\n/data\n1" + rest).utf8).write(to: $0) } == .died)
    }
}
