import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// What is kept of backups and of the log, and what is brought back, of a cluster that knows nothing of complaints.
@Suite(.serialized) struct BackupFolderTests {
    /// A cluster with an archived log and a table of numbers, and where its backups are.
    private struct Place {
        let root: URL
        var cluster: URL { root.appending(path: "cluster") }
        var backups: URL { root.appending(path: "backups") }
        var log: URL { backups.appending(path: "log") }
        var folder: BackupFolder { BackupFolder(backups) }

        /// Lends the running cluster, and lets go of it.
        func working(_ body: (EmbeddedServer) async throws -> Void) async throws {
            try EmbeddedServer.archiveLog(of: cluster, in: backups)
            let server = try await EmbeddedServer.start(in: cluster)
            try await body(server)
            try await server.stop()
        }

        /// Puts what was restored in the place of the cluster, and goes on there.
        func takeOver(
            _ name: String, andInsert number: Int, _ archive: (EmbeddedServer, Place) async throws -> Void
        ) async throws {
            let files = FileManager.default
            try files.removeItem(at: cluster.appending(path: "postgres"))
            try files.moveItem(
                at: root.appending(path: "\(name)/postgres"), to: cluster.appending(path: "postgres"))
            try await working { server in
                try await run(server, "INSERT INTO number VALUES (\(number))")
                try await archive(server, self)
            }
        }

        func run(_ server: EmbeddedServer, _ script: String) async throws {
            let database = Database(
                ConnectionSettings(conninfo: server.conninfo(database: "postgres")),
                limits: PoolLimits(connections: 1), logger: quiet)
            try await database.withConnection { db in try db.run(script: script) }
            await database.close()
        }

        func segments() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: log.path(percentEncoded: false))
                .filter { $0.count == 24 }.sorted()
        }

        /// Restores to a new place, and gives the numbers that are there.
        func restored(
            _ name: String, until moment: Date? = nil, despiteFaults: Bool = false
        ) async throws -> (numbers: [Int], outcome: Recovery.Outcome) {
            let recovery = try Recovery(from: folder, until: moment, to: root.appending(path: "\(name)/postgres"))
            let (outcome, numbers) = try await recovery.run(despiteFaults: despiteFaults) { copy in
                let database = Database(
                    ConnectionSettings(conninfo: copy.conninfo(database: "postgres")),
                    limits: PoolLimits(connections: 1), logger: quiet)
                let numbers = try await database.withConnection { db in
                    try db.all("SELECT n FROM number ORDER BY n") { row in try row.read(Int.self) }
                }
                await database.close()
                return numbers
            }
            return (numbers, outcome)
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        let place = Place(
            root: FileManager.default.temporaryDirectory.appending(path: "rectify-bk-\(UUID().uuidString.prefix(8))/"))
        try FileManager.default.createDirectory(at: place.backups, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place.root) }
        try await body(place)
    }

    /// Lets the server write its log away, and waits until it is there.
    private func archive(_ server: EmbeddedServer, _ place: Place) async throws {
        let before = try place.segments().count
        try await place.run(server, "CHECKPOINT; SELECT pg_switch_wal()")
        try await until("the log is written away") { try place.segments().count > before }
    }

    @Test func `a restore goes on from the one before, and not from what that one set aside`() async throws {
        try await withPlace { place in
            var moment = Date()
            try await place.working { server in
                try await place.run(server, "CREATE TABLE number AS SELECT 1 AS n")
                _ = try await place.folder.take(from: server.conninfo(database: "postgres"), facts: [:])
                try await place.run(server, "INSERT INTO number VALUES (2)")
                // A backup counts from the whole second after it.
                try await Task.sleep(for: .milliseconds(1100))
                moment = Date()
                try await Task.sleep(for: .milliseconds(20))
                try await place.run(server, "INSERT INTO number VALUES (3)")
                // Of what is to be set aside there is a backup too.
                _ = try await place.folder.take(from: server.conninfo(database: "postgres"), facts: [:])
            }
            #expect(try await place.restored("first", until: moment).numbers == [1, 2])
            try await place.takeOver("first", andInsert: 4, archive)
            let second = try await place.restored("second")
            #expect(second.numbers == [1, 2, 4], "the later of the two backups is of what was set aside")
            let backups = try place.folder.all()
            #expect(try await place.folder.faults(of: backups[0]) == [])
            #expect(try await place.folder.faults(of: backups[1]).contains { $0.contains("set aside") })
            #expect(try await place.folder.expire(.newest(1)) == 0, "what was set aside does not count")
            // Once more to the same moment, before the place where the log was left the first time.
            #expect(try await place.restored("third", until: moment).numbers == [1, 2])
            try await place.takeOver("third", andInsert: 5, archive)
            #expect(try await place.restored("fourth").numbers == [1, 2, 5])
        }
    }

    /// A log that cannot be looked at is not the same as none.
    @Test func `an archived log that is there and cannot be read is an error, and no empty one`() async throws {
        try await withPlace { place in
            try await place.working { server in
                try await place.run(server, "CREATE TABLE number AS SELECT 1 AS n")
                _ = try await place.folder.take(from: server.conninfo(database: "postgres"), facts: [:])
            }
            let files = FileManager.default
            #expect(try place.folder.archivedSegments() > 0)
            try files.moveItem(at: place.log, to: place.root.appending(path: "log.away"))
            #expect(try place.folder.archivedSegments() == 0, "where it is gone there is none")
            try Data("no folder".utf8).write(to: place.log)
            let backup = try #require(try place.folder.all().first)
            #expect(throws: UnreadableFile.self) { try place.folder.gaps() }
            #expect(throws: UnreadableFile.self) { try place.folder.archivedSegments() }
            await #expect(throws: UnreadableFile.self) { try await place.folder.faults(of: backup) }
            await #expect(throws: UnreadableFile.self) { try await place.restored("unread") }
            let note = place.cluster.appending(path: "log-archive")
            try files.removeItem(at: note)
            #expect(try EmbeddedServer.archive(of: place.cluster) == nil)
            try files.createDirectory(at: note, withIntermediateDirectories: false)
            #expect(throws: UnreadableFile.self) { try EmbeddedServer.archive(of: place.cluster) }
        }
    }

    @Test func `what is damaged is found before anything is restored, and nothing of it is called whole`() async throws
    {
        try await withPlace { place in
            var taken: BackupFolder.Backup?
            try await place.working { server in
                // A setting of the running server's.
                try await place.run(server, "ALTER SYSTEM SET archive_timeout = '7s'")
                try await place.run(server, "CREATE TABLE number AS SELECT 1 AS n")
                taken = try await place.folder.take(from: server.conninfo(database: "postgres"), facts: [:])
                for number in 2...4 {
                    try await place.run(server, "INSERT INTO number VALUES (\(number))")
                    try await archive(server, place)
                }
            }
            let backup = try #require(taken)
            let before = try FileManager.default.contentsOfDirectory(atPath: place.log.path(percentEncoded: false))
            #expect(try await place.restored("whole").numbers == [1, 2, 3, 4])
            let after = try FileManager.default.contentsOfDirectory(atPath: place.log.path(percentEncoded: false))
            #expect(Set(before) == Set(after), "a recovery writes nothing into the log that it reads")
            let settings = place.root.appending(path: "whole/postgres/postgresql.auto.conf")
            #expect(try String(contentsOf: settings, encoding: .utf8).contains("7s"), "settings come back too")

            let segments = try place.segments()
            let middle = place.log.appending(path: segments[segments.count - 2])
            var bytes = try Data(contentsOf: middle)
            for index in 60..<90 { bytes[index] ^= 0xFF }
            try bytes.write(to: middle)
            let faults = try await place.folder.faults(of: backup)
            #expect(!faults.isEmpty)
            await #expect(throws: Recovery.Faulty.self) { try await place.restored("faulty") }
            let partly = try await place.restored("partly", despiteFaults: true)
            #expect(partly.numbers.first == 1 && partly.numbers.count < 4 && !partly.outcome.faults.isEmpty)
            try FileManager.default.removeItem(at: middle)
            #expect(
                try await place.folder.faults(of: backup).contains {
                    $0.contains("\(segments[segments.count - 2]) is missing")
                })
            #expect(
                !FileManager.default.fileExists(
                    atPath: place.root.appending(path: "faulty").path + "/postgres.restoring"))
        }
    }

    @Test func `what is too old goes, with the log that only it needed, and in the end all of it`() async throws {
        try await withPlace { place in
            var backups: [BackupFolder.Backup] = []
            try await place.working { server in
                try await place.run(server, "CREATE TABLE number AS SELECT 1 AS n")
                for number in 2...4 {
                    backups.append(try await place.folder.take(from: server.conninfo(database: "postgres"), facts: [:]))
                    try await place.run(server, "INSERT INTO number VALUES (\(number))")
                    try await archive(server, place)
                }
            }
            let all = try place.segments()
            #expect(try await place.folder.expire(.newest(5)) == 0)
            #expect(try await place.folder.expire(.newest(2)) == 1)
            #expect(try place.folder.all().map(\.name) == backups.dropFirst().map(\.name))
            let oldest = try #require(try place.segments().first)
            #expect(oldest > all[0])
            #expect(try await place.restored("still").numbers == [1, 2, 3, 4])
            let week = Date() + 6 * 86_400
            #expect(try await place.folder.expire(.days(7), at: week) == 0)
            #expect(try await place.folder.expire(.days(7), at: week + 2 * 86_400) == 2, "the last one too")
            #expect(try place.segments().isEmpty, "and the log of then")
            // Without any backup the log goes as well, when its time has come.
            try Data(count: 3).write(to: place.log.appending(path: "000000010000000000000009"))
            _ = try await place.folder.expire(.days(7), at: Date() + 6 * 86_400)
            #expect(try place.segments().count == 1)
            _ = try await place.folder.expire(.days(7), at: Date() + 8 * 86_400)
            #expect(try place.segments().isEmpty)
            // What was deleted by half is no backup, and hinders none.
            let half = place.backups.appending(path: "base/half")
            try FileManager.default.createDirectory(at: half, withIntermediateDirectories: true)
            #expect(try place.folder.all().isEmpty)
            #expect(try place.folder.unusable() == ["half"])
        }
    }
}
