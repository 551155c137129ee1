import Foundation
import Postgres
import TestSupport
import Testing

/// A disk fills up under load, and has room again later.
@Suite(.serialized) struct DiskFaultLongTests {
    /// Plays a scene whose folder lies on a small disk.
    private func play(
        _ folder: String, spare: Int, hasBackups: Bool = false,
        _ body: (FaultScene, SmallDisk) async throws -> Void
    ) async throws {
        try await withProgram { program in
            do {
                let settings = hasBackups ? try Places(program).settings : [:]
                try await FaultScene.play(program, settings: settings) { scene in
                    try await scene.stop()
                    let disk = try await SmallDisk(over: program.path(folder), spare: spare)
                    try await scene.start()
                    try await body(scene, disk)
                }
            } catch {
                try? await program.killEverything()
                await SmallDisk.unmount(program.path(folder))
                throw error
            }
            await SmallDisk.unmount(program.path(folder))
        }
    }

    /// Lets PostgreSQL begin another file of its write-ahead log.
    private func switchLog(_ program: Program) async throws {
        let database = Database(
            ConnectionSettings(conninfo: program.conninfo("rectify", "rectify")), limits: PoolLimits(connections: 1),
            logger: quiet)
        defer { Task { await database.close() } }
        try await database.withConnection { db in try db.run(script: "SELECT pg_switch_wal()") }
    }

    @Test func `filings are refused while the disk of the data is full`() async throws {
        try await play("data/postgres/base", spare: 32 << 20) { scene, disk in
            for run in 1...3 {
                try await scene.run("disk of the data full") {
                    try disk.fill(leaving: (run - 1) * 65_536)
                    try await scene.filers.untilRefused()
                    try await Task.sleep(for: .seconds(2))
                } mend: {
                    try disk.empty()
                }
            }
        }
    }

    @Test func `filings are refused while the disk of the write-ahead log is full`() async throws {
        try await play("data/postgres/pg_wal", spare: 96 << 20) { scene, disk in
            for run in 1...3 {
                try await scene.run("disk of the write-ahead log full") {
                    try disk.fill(leaving: (run - 1) << 20)
                    let before = scene.filers.tally.refused
                    try await until("a filing is refused") {
                        try? await switchLog(scene.program)
                        return scene.filers.tally.refused > before
                    }
                    try await Task.sleep(for: .seconds(2))
                } mend: {
                    try disk.empty()
                }
            }
        }
    }

    @Test func `filings go on while the archive's disk is full, and later nothing is missing in it`() async throws {
        try await play("cases/log", spare: 64 << 20, hasBackups: true) { scene, disk in
            for _ in 1...3 {
                try await scene.run("disk of the archive full") {
                    try disk.fill()
                    for _ in 1...3 {
                        try await scene.filers.untilAcknowledged(5)
                        try await switchLog(scene.program)
                    }
                    let waiting = scene.program.path("data/postgres/pg_wal/archive_status")
                    try await until("files of the log wait") {
                        try FileManager.default.contentsOfDirectory(atPath: waiting)
                            .filter { $0.hasSuffix(".ready") }.count > 1
                    }
                } mend: {
                    try disk.empty()
                }
                let backup = try await scene.run("backup")
                #expect(backup.code == 0, "\(backup)")
                let verified = try await scene.run("verify-backup")
                #expect(verified.code == 0, "\(verified)")
            }
        }
    }
}
