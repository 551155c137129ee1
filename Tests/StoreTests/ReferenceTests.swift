import Casework
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

struct ReferenceTests {
    private func load(_ text: String, into store: TestStore) async throws -> [String] {
        try await store.databases.work.transaction(as: .system) { db in
            let known = try db.referenceBook().data
            return try db.load(ReferenceFile.items(in: JSON(parsing: text.utf8), knowing: known)).map(\.description)
        }
    }

    @Test func `the shipped files are loaded and can be read back`() async throws {
        try await withStore { store in
            let book = try await store.book()
            #expect(book.directory.registry.platforms.count == 56)
            #expect(book.campaign("internet-2021")?.campaign == .shipped)
            #expect(book.data.calendars["CN"] == Complaint.Rules.shipped.calendar)
        }
    }

    @Test func `loading the same again changes nothing, and a change says what it is`() async throws {
        try await withStore { store in
            for file in try TestServer.referenceFiles() {
                let changes = try await load(String(contentsOf: file, encoding: .utf8), into: store)
                #expect(changes == [])
            }
            let company = #"{"companies":[{"code":"acme","name":{"zh":"甲","en":"Acme"},"aliases":[]}]}"#
            #expect(try await load(company, into: store) == ["added company acme"])
            #expect(
                try await load(company.replacing("Acme", with: "Acme Ltd"), into: store) == ["changed company acme"])
        }
    }

    @Test func `what was known earlier can still be asked for`() async throws {
        try await withStore { store in
            let before = try await store.databases.work.closeCut()
            let renamed = #"{"companies":[{"code":"tencent","name":{"zh":"新","en":"New"},"aliases":[]}]}"#
            _ = try await load(renamed, into: store)
            let (then, now) = try await store.databases.work.transaction(.readOnly) { db in
                (try db.referenceBook(knownAt: before), try db.referenceBook())
            }
            #expect(then.directory.company("tencent")?.nameEn == "Shenzhen Tencent Computer Systems Co., Ltd.")
            #expect(now.directory.company("tencent")?.nameEn == "New")
        }
    }
}

struct SealingTests {
    @Test func `what is sealed for one field of one complaint opens nowhere else`() async throws {
        try await withStore { store in
            let key = try await store.keys.take()
            let id = UUID()
            let sealed = try key.seal("张小禾", field: .identity, of: id)
            #expect(try key.open(sealed, field: .identity, of: id) == "张小禾")
            #expect(throws: (any Error).self) { try key.open(sealed, field: .linkText, of: id) }
            #expect(throws: (any Error).self) { try key.open(sealed, field: .identity, of: UUID()) }
            let other = try await store.keys.take()
            #expect(throws: (any Error).self) { try other.open(sealed, field: .identity, of: id) }
            for index in sealed.indices {
                var flipped = sealed
                flipped[index] ^= 1
                #expect(throws: (any Error).self) { try key.open(flipped, field: .identity, of: id) }
            }
        }
    }

    @Test func `a key is given out once, comes back from the database, and is gone when its row is`() async throws {
        try await withStore { store in
            let keys = try await withThrowingTaskGroup(of: CaseKey.self) { group in
                for _ in 0..<300 { group.addTask { try await store.keys.take() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(keys.map(\.id)).count == 300)
            let id = UUID()
            let sealed = try keys[0].seal("x", field: .identity, of: id)
            let again = try #require(try await store.keys.key(keys[0].id))
            #expect(try again.open(sealed, field: .identity, of: id) == "x")
            try await store.databases.keys.transaction { db in
                _ = try db.run("DELETE FROM case_key WHERE id = \(keys[0].id)")
            }
            #expect(try await store.keys.key(keys[0].id) == nil)
        }
    }

    @Test func `another key-encryption key opens nothing`() async throws {
        try await withStore { store in
            let foreign = KeyRing(KeyEncryptionKey(Data(repeating: 8, count: 32)))
            await #expect(throws: UnsuitableServer.self) { _ = try await CaseKeys(store.databases.keys, foreign) }
        }
    }

    @Test func `a key file that others can read is refused`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "kek-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        let path = file.path(percentEncoded: false)
        try Data(KeyFile.newSecret().utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: KeyFile.Failure.readableByOthers(path)) { try KeyEncryptionKey(file: file) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        _ = try KeyEncryptionKey(file: file)
        try Data("short".utf8).write(to: file)
        #expect(throws: KeyFile.Failure.notAKey(path)) { try KeyEncryptionKey(file: file) }
        try Data().write(to: file)
        #expect(throws: KeyFile.Failure.notAKey(path)) { try KeyEncryptionKey(file: file) }
    }

    @Test func `behind a symbolic link the file it leads to counts, and nothing but a file is a key`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kek-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (target, link) = (folder.appending(path: "target"), folder.appending(path: "link"))
        try Data(KeyFile.newSecret().utf8).write(to: target)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
        let (name, path) = (link.path(percentEncoded: false), target.path(percentEncoded: false))
        #expect(chmod(path, 0o600) == 0)
        _ = try KeyEncryptionKey(file: link)
        #expect(chmod(path, 0o640) == 0)
        #expect(throws: KeyFile.Failure.readableByOthers(name)) { try KeyEncryptionKey(file: link) }
        try FileManager.default.removeItem(at: target)
        #expect(throws: KeyFile.Failure.unreadable(name)) { try KeyEncryptionKey(file: link) }
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: KeyFile.Failure.unreadable(name)) { try KeyEncryptionKey(file: link) }
        #expect(throws: KeyFile.Failure.unreadable(folder.path(percentEncoded: false))) {
            try KeyEncryptionKey(file: folder)
        }
    }
}

struct ReferenceCacheTests {
    @Test func `a server works with what was loaded a second later at the most, and with one version at a time`()
        async throws
    {
        try await withStore { store in
            let clock = Mutex(ContinuousClock.now)
            let cache = ReferenceCache(
                store.databases.work, suffixes: shippedSuffixes, now: { clock.withLock { $0 } })
            let kept = try await cache.book()
            _ = try await store.databases.work.transaction { db in
                try db.load([.init(kind: .company, code: "new", document: company("new"))])
            }
            clock.withLock { $0 += .milliseconds(999) }
            #expect(try await cache.book().directory.company("new") == nil, "it need not be asked for before")
            clock.withLock { $0 += .milliseconds(1) }
            #expect(try await cache.book().directory.company("new") != nil)
            #expect(kept.directory.company("new") == nil, "who began with one version goes on with it")

            let office = Office(code: "gd", nameZh: "广东", nameEn: "Guangdong", regions: ["CN-GD"])
            try await store.databases.work.transaction { db in try db.save(office) }
            cache.forget()
            #expect(try await cache.book().offices.contains { $0.code == "gd" }, "who has changed it knows at once")
            clock.withLock { $0 += .seconds(5) }
            let books = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await cache.book().offices.count } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(books).count == 1)
        }
    }
}

struct TrackingCodeTests {
    @Test func `a code reads back as people type it`() throws {
        for _ in 0..<200 {
            let code = TrackingCode.generate()
            #expect(TrackingCode(code.text)?.hash == code.hash)
            let typed = code.text.lowercased().replacing("0", with: "o").replacing("1", with: "l").replacing(
                "-", with: "")
            #expect(TrackingCode(typed)?.hash == code.hash)
        }
        #expect(TrackingCode("") == nil && TrackingCode("UUUUU-UUUUU-UUUUU-UUUUU-UUUUU-U") == nil)
    }
}

struct MomentTests {
    /// Begins to write at once, and ends once the gate is open.
    private func write(_ code: String, in database: Database) async throws {
        try await database.transaction { db in
            _ = try db.load([.init(kind: .company, code: code, document: company(code))])
            _ = try db.run(Gate.pass)
        }
    }

    @Test func `a cut waits for writers begun before it, and shows what they wrote`() async throws {
        try await withStore { store in
            let (work, gate) = (store.databases.work, try await Gate(of: store.owner))
            async let writer: Void = write("slow", in: store.owner)
            try await gate.untilReached()
            async let closing = work.closeCut()
            try await until("the cut is made") {
                try await store.owner.withConnection { db in
                    try db.first("SELECT closed_through > '2000-01-01T00:00:00Z' FROM closed_cut") { row in
                        try row.read(Bool.self)
                    }
                } == true
            }
            await gate.open()
            let cut = try await closing
            let known = try await work.transaction(.readOnly) { db in try db.referenceBook(knownAt: cut) }
            #expect(known.directory.company("slow") != nil)
            try await writer
        }
    }

    @Test func `a cut that stays open is an error, not a wrong answer`() async throws {
        try await withStore { store in
            let gate = try await Gate(of: store.owner)
            async let writer: Void = write("slow", in: store.owner)
            try await gate.untilReached()
            let settings = ConnectionSettings(
                conninfo: store.url, statementTimeout: .seconds(600), lockTimeout: .milliseconds(50))
            let hasty = Database(settings, limits: PoolLimits(connections: 1), logger: quiet)
            await #expect(throws: MomentError.cutStillOpen) { try await hasty.closeCut() }
            await hasty.close()
            await gate.open()
            try await writer
        }
    }

    @Test func `nothing is recorded at or below a closed cut, whatever the clock says`() async throws {
        try await withStore { store in
            let work = store.databases.work
            try await work.withConnection { db in
                try db.run(script: "UPDATE closed_cut SET closed_through = clock_timestamp() + interval '1 hour'")
            }
            await #expect(throws: MomentError.clockBehindCut) {
                try await work.transaction { db in
                    _ = try db.load([.init(kind: .company, code: "x", document: company("x"))])
                }
            }
        }
    }
}

private func company(_ code: String) -> JSON {
    .object([
        "code": .string(code), "name": .object(["zh": .string(code), "en": .string(code)]), "aliases": .array([]),
    ])
}
