import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

struct MigrationTests {
    /// A folder with these files, removed afterwards.
    private func withFolder(_ files: [String: String], _ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "migrations-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(files, to: folder)
        try await body(folder)
    }

    private func write(_ files: [String: String], to folder: URL) throws {
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    }

    private static let two = [
        "0001_create_a.sql": "CREATE TABLE a (n int);", "0002_create_b.sql": "CREATE TABLE b (n int);",
    ]

    @Test func `what is new is applied once, in order`() async throws {
        try await withFolder(Self.two) { folder in
            try await withDatabase { database in
                #expect(
                    try await Migrations(in: folder).apply(to: database) == ["0001_create_a.sql", "0002_create_b.sql"])
                let again = try await Migrations(in: folder).apply(to: database)
                #expect(again == [])
                try write(["0003_create_c.sql": "CREATE TABLE c (n int);"], to: folder)
                #expect(try await Migrations(in: folder).apply(to: database) == ["0003_create_c.sql"])
            }
        }
    }

    @Test func `a file that was changed after it was applied is refused by name`() async throws {
        try await withFolder(Self.two) { folder in
            try await withDatabase { database in
                _ = try await Migrations(in: folder).apply(to: database)
                try write(
                    ["0001_create_a.sql": "CREATE TABLE a (n bigint);", "0003_c.sql": "CREATE TABLE c (n int);"],
                    to: folder)
                await #expect(throws: Migrations.Failure.changed("0001_create_a.sql")) {
                    try await Migrations(in: folder).apply(to: database)
                }
                let isThere = try await database.exists("c")
                #expect(!isThere, "nothing runs")
            }
        }
    }

    @Test func `a file that was applied and is gone is refused by name`() async throws {
        try await withFolder(Self.two) { folder in
            try await withDatabase { database in
                _ = try await Migrations(in: folder).apply(to: database)
                try FileManager.default.removeItem(at: folder.appending(path: "0002_create_b.sql"))
                await #expect(throws: Migrations.Failure.missing("0002_create_b.sql")) {
                    try await Migrations(in: folder).apply(to: database)
                }
            }
        }
    }

    @Test func `numbers have no gaps`() async throws {
        try await withFolder(["0001_a.sql": "", "0003_b.sql": ""]) { folder in
            #expect(throws: Migrations.Failure.misnumbered("0003_b.sql")) { try Migrations(in: folder) }
        }
    }

    @Test func `a migration that fails leaves nothing of itself`() async throws {
        let files = ["0001_a.sql": "CREATE TABLE a (n int);", "0002_b.sql": "CREATE TABLE b (n int); SELECT 1/0;"]
        try await withFolder(files) { folder in
            try await withDatabase { database in
                await #expect(throws: PostgresError.self) { try await Migrations(in: folder).apply(to: database) }
                let (first, second) = (try await database.exists("a"), try await database.exists("b"))
                #expect(first && !second)
                #expect(try await Migrations(in: folder).pending(in: database).map(\.name) == ["0002_b.sql"])
            }
        }
    }

    @Test func `two runners at once apply each file once`() async throws {
        let files = [
            "0001_a.sql": "CREATE TABLE a (n int); SELECT pg_sleep(0.3);", "0002_b.sql": "CREATE TABLE b (n int);",
        ]
        try await withFolder(files) { folder in
            try await withDatabase(connections: 4) { database in
                let migrations = try Migrations(in: folder)
                async let one = migrations.apply(to: database)
                async let other = migrations.apply(to: database)
                let applied = try await one + other
                #expect(applied.sorted() == ["0001_a.sql", "0002_b.sql"])
            }
        }
    }
}

extension Database {
    fileprivate func exists(_ table: String) async throws -> Bool {
        try await withConnection { db in
            try db.first("SELECT to_regclass(\(table)) IS NOT NULL") { row in try row.read(Bool.self) }
        } ?? false
    }
}

struct SchemaTests {
    /// The rules live in Swift and the last line of defence in SQL; this keeps the two lists the same.
    @Test func `the database knows every state and no other`() async throws {
        let lists: [(constraint: String, cases: [String])] = [
            ("complaint_status_is_known", Complaint.Status.allCases.map(\.rawValue)),
            ("complaint_outcome_is_known", Complaint.Outcome.allCases.map(\.rawValue)),
            ("complaint_kind_is_known", Campaign.Kind.allCases.map(\.rawValue)),
            ("barrier_remediation_is_known", Barrier.Remediation.allCases.map(\.rawValue)),
            ("barrier_kind_is_known", Barrier.Kind.allCases.map(\.rawValue)),
            ("observation_method_is_known", Observation.Method.allCases.map(\.rawValue)),
            ("observation_result_is_known", Observation.Result.allCases.map(\.rawValue)),
            ("deadline_state_is_known", Deadline.State.allCases.map(\.rawValue)),
            ("deadline_purpose_is_known", Deadline.Purpose.ofComplaints.map(\.rawValue)),
            ("officer_role_is_known", Role.ofOfficers.map(\.rawValue)),
            ("event_actor_kind_is_known", Actor.Kind.allCases.map(\.rawValue)),
        ]
        try await withStore { store in
            for (constraint, cases) in lists {
                let text = try await store.databases.work.transaction(.readOnly) { db in
                    try db.first(
                        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = \(constraint)"
                    ) { row in try row.read(String.self) }
                }
                let words = Set((text ?? "").matches(of: /'([a-z_]+)'/).map { String($0.1) })
                #expect(words == Set(cases), "\(constraint)")
            }
        }
    }

    @Test(arguments: ["UPDATE event SET action = 'x'", "DELETE FROM event", "TRUNCATE event CASCADE"])
    func `history is only added to`(statement: String) async throws {
        try await withStore { store in
            await #expect(throws: PostgresError.self) {
                try await store.databases.work.withConnection { db in try db.run(script: statement) }
            }
        }
    }
}
