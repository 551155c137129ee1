import Foundation
import TestSupport
import Testing

/// A clock that only PostgreSQL's processes see: Debian's package libfaketime, loaded by a `pg_ctl` of the test's own.
struct DatabaseClock: Sendable {
    private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    /// The folder for `embedded.postgres_folder`.
    let installations: String
    private let offset: String

    init(of program: Program) throws {
        let files = FileManager.default
        try #require(
            files.fileExists(atPath: Self.library), "Debian's package libfaketime is missing; .make/setup libfaketime")
        installations = program.path("faked")
        offset = program.path("clock")
        let versions = try files.contentsOfDirectory(atPath: "/usr/lib/postgresql").compactMap { Int($0) }
        let version = try #require(versions.max(), "PostgreSQL is not installed as Debian does it")
        let (own, real) = (installations + "/\(version)/bin", "/usr/lib/postgresql/\(version)/bin")
        try files.createDirectory(atPath: own, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: real) where name != "pg_ctl" {
            try files.createSymbolicLink(atPath: "\(own)/\(name)", withDestinationPath: "\(real)/\(name)")
        }
        // Waiting is by the monotonic clock, which no one sets; the times of files stay what they are.
        let script = """
            #!/bin/sh
            export LD_PRELOAD='\(Self.library)' FAKETIME_TIMESTAMP_FILE='\(offset)' FAKETIME_NO_CACHE=1
            export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1 NO_FAKE_STAT=1
            exec \(real)/pg_ctl "$@"

            """
        try Data(script.utf8).write(to: URL(filePath: own + "/pg_ctl"))
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: own + "/pg_ctl")
        try set(to: 0)
    }

    /// Sets it, for everything that runs.
    ///
    /// - Parameter seconds: Ahead of the machine's clock; behind it where negative.
    /// - Throws: Where the file that it is read from cannot be written.
    func set(to seconds: Int) throws {
        let (text, draft) = (seconds < 0 ? "\(seconds)" : "+\(seconds)", offset + ".new")
        try Data(text.utf8).write(to: URL(filePath: draft))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: draft)
        // At once: half a file, or one that PostgreSQL's user cannot read, would be another time.
        try #require(rename(draft, offset) == 0)
    }
}
