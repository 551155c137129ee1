import Casework
import Foundation
import Postgres
import Subprocess
import TestSupport
import Testing

/// Backups are only as good as what was restored from them.
@Suite(.serialized) struct BackupTests {
    private let home: FileManager = .default

    /// The wrapped key of the first complaint, as it lies in the database of the keys.
    private func wrappedKey(_ program: Program) async throws -> Data {
        func lookUp<Value: Sendable>(
            _ name: String, _ body: @escaping @Sendable (isolated Connection) throws -> Value?
        ) async throws -> Value {
            let database = Database(
                ConnectionSettings(conninfo: program.conninfo(name, "rectify")), limits: PoolLimits(connections: 1),
                logger: quiet)
            let found = try await database.withConnection(body)
            await database.close()
            return try #require(found)
        }
        let id = try await lookUp("rectify") { db in
            try db.first("SELECT key_id FROM complaint ORDER BY number LIMIT 1") { row in try row.read(UUID.self) }
        }
        return try await lookUp("rectify_keys") { db in
            try db.first("SELECT wrapped FROM case_key WHERE id = \(id)") { row in try row.read(Data.self) }
        }
    }

    /// How many files below a folder hold some bytes.
    private func files(with bytes: Data, in folder: String) throws -> Int {
        let found = try #require(home.enumerator(atPath: folder))
        return try found.compactMap { $0 as? String }.filter { name in
            var isFolder: ObjCBool = false
            let file = "\(folder)/\(name)"
            guard home.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue else { return false }
            return try Data(contentsOf: URL(filePath: file), options: .alwaysMapped).range(of: bytes) != nil
        }.count
    }

    private func signIn(_ name: String, _ role: String, _ program: Program, _ address: String) async throws {
        let token = try await program.run("officer", "add", name, "--role", role, "--data", program.data)
        let login = try await program.run("login", "--server", address, input: token.output)
        #expect(login.code == 0, "\(login)")
    }

    private func grantErasure(
        of reference: String, _ program: Program, _ address: String
    ) async throws -> Program.Outcome {
        let asked = try await program.run("privacy", "requests", reference, "--output", "json", "--server", address)
        let number = try JSON(parsing: Data(asked.output.utf8))[0]?["request"]?.int ?? 0
        return try await program.run(
            "privacy", "grant", reference, "\(number)", "--reason", "as asked", "--yes", "--server", address)
    }

    /// One moment between two filings, such as operators name it.
    private func moment() async throws -> String {
        try await Task.sleep(for: .milliseconds(1100))
        let text = Date().ISO8601Format()
        try await Task.sleep(for: .milliseconds(1100))
        return text
    }

    @Test func `a database is brought back to a moment, history and all, and not unnoticed (G54, G55)`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            var server = try await places.server()
            let first = try await program.file("第一件", 1, server.address)
            try await places.waitForCheckpoint(after: 0)
            let taken = try await places.run("backup")
            #expect(taken.code == 0 && taken.output.contains("cases: ") && taken.output.contains("keys: "), "\(taken)")
            let second = try await program.file("第二件", 2, server.address)
            try await places.waitForCheckpoint(after: 1)
            let kept = try places.checkpoints()
            let then = try await moment()
            let third = try await program.file("第三件", 3, server.address)
            #expect(Set([first, second, third]).count == 3)
            #expect(await server.stop() == 0)
            let verified = try await places.run("verify-backup")
            #expect(verified.code == 0 && verified.output.split(separator: "\n").count == 2, "\(verified)")

            let occupied = try await places.run("restore", "--at", then)
            #expect(occupied.code == 6 && occupied.error.contains("move away"), "\(occupied)")
            try program.move("data/postgres", "data/postgres.lost")
            let lost = try await places.run("up", "--host", "192.0.2.1", "--port", "1")
            #expect(lost.code == 6 && lost.error.contains("rectify restore"), "no empty database in its place: \(lost)")
            let restored = try await places.run("restore", "--at", then)
            #expect(restored.code == 0 && restored.output.contains("cases: 2 complaints"), "\(restored)")
            #expect(restored.output.contains("as it was signed when the backup was taken"))
            #expect(restored.output.contains("keys: those in"))

            let refused = try await places.run("up", "--host", "192.0.2.1", "--port", "1")
            #expect(refused.code == 6 && refused.error.contains("knows less of history"), "\(refused)")
            for name in try places.checkpoints() where !kept.contains(name) {
                try program.move("kept/\(name)", "later/\(name)")
            }
            server = try await places.server()
            #expect(try await program.file("第一件", 1, server.address) == first, "known from before")
            #expect(try await program.file("第二件", 2, server.address) == second)
            let again = try await program.file("第三件", 3, server.address)
            #expect(
                again.hasPrefix("IR21-") && again != first && again != second, "what was lost is filed anew: \(again)")
            try await places.waitForCheckpoint(after: kept.count)
            let sound = try await places.run("audit", "verify", "--saved", program.path("kept"))
            #expect(sound.code == 0, "the root is that of the checkpoints kept at the moment: \(sound)")
            let rolledBack = try await places.run("audit", "verify", "--saved", program.path("later"))
            #expect(rolledBack.code == 1, "\(rolledBack)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a machine that is gone is built anew from both folders, and a drill says so before`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            let server = try await places.server()
            let reference = try await program.file("一件", 1, server.address)
            let token = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            try await places.waitForCheckpoint(after: 0)
            #expect(try await places.run("backup").code == 0)
            #expect(await server.stop() == 0)
            let drill = try await places.run("verify-backup", "--drill", program.path("drill"))
            #expect(drill.code == 0 && drill.output.contains("cases: 1 complaint,"), "\(drill)")
            #expect(drill.output.contains(" in the log as ") && drill.output.contains("none damaged"), "\(drill)")
            #expect(!home.fileExists(atPath: program.path("drill")))
            try program.move("data/keys", "keys.lost")
            let keyless = try await places.run("up", "--host", "192.0.2.1", "--port", "1")
            #expect(keyless.code == 6 && keyless.error.contains("the keys are gone"), "\(keyless)")
            #expect(!home.fileExists(atPath: program.path("data/keys/postgres")), "no new ones in their place")
            try program.move("data", "gone")
            let half = try await program.run(
                ["restore", "--data", program.data, "--from", program.path("cases")])
            #expect(half.code == 64 && half.error.contains("--keys-from"), "\(half)")
            let restored = try await places.run("restore")
            #expect(restored.code == 0 && restored.error.contains("put your copy of key-encryption-key"), "\(restored)")
            for name in ["key-encryption-key", "log-signing-key"] { try program.move("gone/\(name)", "data/\(name)") }
            let back = try await places.server()
            _ = try await program.run("login", "--server", back.address, input: token.output)
            let shown = try await program.run("complaint", "show", reference, "--server", back.address)
            #expect(shown.output.contains("139****"), "identities open with the keys of the backup: \(shown)")
            #expect(await back.stop() == 0)
        }
    }

    /// A check that was asked for and could not be made is a failure.
    @Test func `a restore does not pass over the signature where the log's key cannot be used`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            let server = try await places.server()
            _ = try await program.file("一件", 1, server.address)
            try await places.waitForCheckpoint(after: 0)
            #expect(try await places.run("backup").code == 0)
            #expect(await server.stop() == 0)
            try program.move("data/postgres", "postgres.lost")
            try program.move("data/log-signing-key", "good")
            let good = try String(contentsOfFile: program.path("good"), encoding: .utf8)
            let other = Data((0..<32).map { UInt8($0 * 7) }).base64EncodedString()
            let keys: [(content: String, mode: Int, reason: String)] = [
                ("garbage", 0o600, "32 bytes in base64"), ("", 0o600, "32 bytes in base64"),
                (good, 0o644, "readable by others"), (other, 0o600, "not signed by this log's key"),
            ]
            let place = program.path("data/log-signing-key")
            for key in keys {
                let isMade = home.createFile(
                    atPath: place, contents: Data(key.content.utf8), attributes: [.posixPermissions: key.mode])
                #expect(isMade)
                let refused = try await places.run("restore")
                #expect(refused.code == 1 && refused.error.contains(key.reason), "\(key.reason): \(refused)")
                #expect(!home.fileExists(atPath: program.path("data/postgres")), "nothing is there under its name")
                try home.removeItem(atPath: place)
            }
            try home.createDirectory(atPath: place, withIntermediateDirectories: false)
            let folder = try await places.run("restore")
            #expect(folder.code == 1 && folder.error.contains("cannot be read"), "\(folder)")
            try home.removeItem(atPath: place)
            let keyless = try await places.run("restore")
            #expect(keyless.code == 0 && keyless.output.contains("the backup says it was"), "\(keyless)")
            #expect(keyless.error.contains("put your copy of log-signing-key"), "\(keyless)")
        }
    }

    @Test func `what was erased opens from no backup of the cases, and a restore names it`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            let server = try await places.server()
            let (erased, other) = (
                try await program.file("要删除", 1, server.address),
                try await program.file("不删除", 2, server.address)
            )
            let wrapped = try await wrappedKey(program)
            try await signIn("zhang", "officer", program, server.address)
            for step in [
                ["complaint", "refuse", erased, "--ground", "other_forum"],
                ["privacy", "enter", erased, "--kind", "erasure", "--reason", "called"],
            ] {
                let done = try await program.run(step + ["--server", server.address])
                #expect(done.code == 0, "\(done)")
            }
            try await places.waitForCheckpoint(after: 0)
            #expect(try await places.run("backup").code == 0)
            try await signIn("boss", "supervisor", program, server.address)
            let granted = try await grantErasure(of: erased, program, server.address)
            #expect(granted.code == 0, "\(granted)")
            #expect(await server.stop() == 0)
            #expect(
                try files(with: wrapped, in: program.path("cases")) == 0, "no key is in the backup, nor in its log")
            #expect(try files(with: wrapped, in: program.path("keys")) > 0, "and they would be found")
            #expect(try await places.run("backup").code == 0)
            let newest = try #require(try home.contentsOfDirectory(atPath: program.path("keys/base")).sorted().last)
            #expect(
                try files(with: wrapped, in: program.path("keys/base/\(newest)")) == 0,
                "nor in a later backup of the keys, where the row's old bytes might lie on")
            try program.move("data/postgres", "data/postgres.lost")
            try program.move("kept", "kept.before")
            try FileManager.default.createDirectory(
                at: program.folder.appending(path: "kept"), withIntermediateDirectories: true)
            // To the first backup alone, without its log.
            let later = try #require(try home.contentsOfDirectory(atPath: program.path("cases/base")).sorted().last)
            try home.removeItem(atPath: program.path("cases/base/\(later)"))
            try program.move("cases/log", "cases/log.away")
            let restored = try await places.run("restore")
            #expect(restored.code == 0, "\(restored)")
            #expect(
                restored.error.contains("1 complaint has no key") && restored.error.contains(erased), "\(restored)")
            let back = try await places.server()
            try await signIn("li", "officer", program, back.address)
            let gone = try await program.run("complaint", "show", erased, "--server", back.address)
            #expect(gone.code == 0 && !gone.output.contains("139****"), "\(gone)")
            let there = try await program.run("complaint", "show", other, "--server", back.address)
            #expect(there.output.contains("139****"), "\(there)")
            let sound = try await places.run("audit", "verify")
            #expect(sound.code == 0, "\(sound)")
            #expect(await back.stop() == 0)
        }
    }

    @Test func `a backup that was touched, or whose log has a gap, is named`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            let server = try await places.server()
            for number in 1...3 {
                _ = try await program.file("件", number, server.address)
                #expect(try await places.run("backup").code == 0)
            }
            #expect(await server.stop() == 0)
            let log = program.folder.appending(path: "cases/log")
            let segments = try home.contentsOfDirectory(atPath: log.path(percentEncoded: false)).filter {
                $0.count == 24
            }
            .sorted()
            let middle = segments[segments.count / 2]
            try home.moveItem(at: log.appending(path: middle), to: program.folder.appending(path: middle))
            let gap = try await places.run("verify-backup", "--all")
            #expect(gap.code == 1 && gap.output.contains("\(middle) is missing"), "\(gap)")
            try home.moveItem(at: program.folder.appending(path: middle), to: log.appending(path: middle))
            #expect(try await places.run("verify-backup", "--all").code == 0)
            let bases = program.folder.appending(path: "cases/base")
            let newest = try #require(
                try home.contentsOfDirectory(atPath: bases.path(percentEncoded: false)).sorted().last)
            let file = bases.appending(path: "\(newest)/data/global/pg_control")
            var content = try Data(contentsOf: file)
            content[200] ^= 1
            try content.write(to: file)
            let flipped = try await places.run("verify-backup")
            #expect(flipped.code == 1 && flipped.output.contains("pg_control"), "\(flipped)")
        }
    }

    @Test func `databases of one's own are backed up by their connection strings, and keys not beside cases`()
        async throws
    {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            _ = try await program.file("一件", 1, server.address)
            let own: [String: String] = [
                "RECTIFY_DATABASE_URL": program.conninfo("rectify"),
                "RECTIFY_DATABASE_KEYS_URL": program.conninfo("rectify_keys"),
                "RECTIFY_KEYS_FILE": program.data + "/key-encryption-key",
                "RECTIFY_BACKUP_FOLDER": program.path("cases"), "RECTIFY_BACKUP_KEYS_FOLDER": program.path("keys"),
            ]
            func run(_ command: [String], _ cases: String, _ keys: String) async throws -> Program.Outcome {
                let urls = ["RECTIFY_BACKUP_URL": cases, "RECTIFY_BACKUP_KEYS_URL": keys]
                let settings = own.merging(urls) { $1 }.map { (Environment.Key(stringLiteral: $0), String?.some($1)) }
                return try await program.run(command, environment: Dictionary(uniqueKeysWithValues: settings))
            }
            let (cases, keys) = (program.conninfo("rectify", "rectify"), program.conninfo("rectify_keys", "rectify"))
            let missing = try await run(["backup"], cases, keys)
            #expect(missing.code == 1 && missing.error.contains("is not there; mount it"), "\(missing)")
            for name in ["cases", "keys"] {
                try home.createDirectory(atPath: program.path(name), withIntermediateDirectories: true)
            }
            let rightless = try await run(["backup"], program.conninfo("rectify"), keys)
            #expect(rightless.code == 1 && rightless.error.contains("replication"), "\(rightless)")
            let shared = try await run(["backup"], cases, cases)
            #expect(shared.code == 6 && shared.error.contains("a server of its own"), "\(shared)")
            let taken = try await run(["backup"], cases, keys)
            #expect(taken.code == 0 && taken.error.contains("the log is not archived"), "\(taken)")
            #expect(try await run(["verify-backup"], cases, keys).code == 0)
            #expect(await server.stop() == 0)
            let target = program.path("restored")
            let restored = try await program.run("restore", "--from", program.path("cases"), "--into", target)
            #expect(restored.code == 0 && restored.output.contains("give \(target) to PostgreSQL"), "\(restored)")
            let early = try await program.run(
                "restore", "--from", program.path("cases"), "--into", target + "2", "--at", "2021-01-01T00:00:00Z")
            #expect(early.code == 1 && early.error.contains("no earlier moment"), "\(early)")
            let slip = try await program.run(
                "restore", "--from", program.path("cases"), "--into", target + "2", "--at", "yesterday")
            #expect(slip.code == 64 && slip.error.contains("2021-10-08T09:30:00Z"), "\(slip)")
            // Taken over by a server of its own.
            try home.createDirectory(atPath: program.path("own"), withIntermediateDirectories: true)
            try program.move("restored", "own/postgres")
            let taker = try await EmbeddedServer.start(in: URL(filePath: program.path("own")))
            let database = Database(
                ConnectionSettings(conninfo: taker.conninfo(database: "rectify")),
                limits: PoolLimits(connections: 1), logger: quiet)
            let count = try await database.withConnection { db in
                try db.first("SELECT count(*) FROM complaint") { row in try row.read(Int.self) }
            }
            #expect(count == 1)
            await database.close()
            try await taker.stop()
        }
    }

    /// As it was before: both databases in the first cluster.
    private func putKeysBesideCases(_ program: Program) async throws {
        let (data, keys) = (URL(filePath: program.data), URL(filePath: program.data + "/keys"))
        let (cases, apart) = (try await EmbeddedServer.start(in: data), try await EmbeddedServer.start(in: keys))
        let admin = Database(
            ConnectionSettings(conninfo: cases.conninfo(database: "postgres")), limits: PoolLimits(connections: 1),
            logger: quiet)
        try await admin.createDatabaseIfMissing("rectify_keys")
        try await apart.copyDatabase("rectify_keys", to: "rectify_keys", of: cases)
        await admin.close()
        try await cases.stop()
        try await apart.stop()
        try home.removeItem(at: keys)
    }

    @Test func `keys that were beside the cases are moved into a cluster of their own`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let reference = try await program.file("一件", 1, server.address)
            let token = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            #expect(await server.stop() == 0)
            try await putKeysBesideCases(program)
            // From the first start on with an archived log, which must not have the keys that are moved.
            let places = try Places(program)
            let moved = try await places.server()
            let wrapped = try await wrappedKey(program)
            _ = try await program.run("login", "--server", moved.address, input: token.output)
            let shown = try await program.run("complaint", "show", reference, "--server", moved.address)
            #expect(shown.output.contains("139****"), "\(shown)")
            let there = Database(
                ConnectionSettings(conninfo: program.conninfo("postgres", "rectify")),
                limits: PoolLimits(connections: 1), logger: quiet)
            #expect(try await !there.hasDatabase("rectify_keys"))
            await there.close()
            #expect(await moved.stop() == 0)
            #expect(try files(with: wrapped, in: program.path("cases")) == 0)
            let log = try home.contentsOfDirectory(atPath: program.path("cases/log"))
            #expect(log.contains { $0.count == 24 }, "it was archived all the same")
        }
    }
}
