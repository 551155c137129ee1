import Foundation
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

struct DatabaseTests {
    @Test func `what throws is rolled back, what returns is committed`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in try db.run(script: "CREATE TABLE t (n int)") }
            struct Enough: Error {}
            await #expect(throws: Enough.self) {
                try await database.transaction { db in
                    try db.run("INSERT INTO t VALUES (1)")
                    throw Enough()
                }
            }
            try await database.transaction { db in _ = try db.run("INSERT INTO t VALUES (2)") }
            #expect(try await database.numbers() == [2])
        }
    }

    @Test func `a COMMIT answered with ROLLBACK is no success`() async throws {
        try await withDatabase { database in
            await #expect {
                try await database.transaction { db in _ = try? db.run("SELECT 1 / \(0)") }
            } throws: { error in
                if case PostgresError.rolledBack = error { true } else { false }
            }
        }
    }

    @Test func `the constraint that refused is named`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in
                try db.run(script: "CREATE TABLE t (n int CONSTRAINT n_is_small CHECK (n < 10))")
                do {
                    try db.run("INSERT INTO t VALUES (\(11))")
                    Issue.record("it should be refused")
                } catch let error as PostgresError {
                    #expect(error.constraint == "n_is_small" && error.state == "23514")
                }
            }
        }
    }

    @Test func `read-only is the server's word`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in try db.run(script: "CREATE TABLE t (n int)") }
            await #expect(throws: PostgresError.self) {
                try await database.transaction(.readOnly) { db in _ = try db.run("INSERT INTO t VALUES (1)") }
            }
        }
    }

    @Test func `a deadlock is run again, and both transactions succeed`() async throws {
        try await withDatabase(connections: 4) { database in
            try await database.withConnection { db in
                try db.run(script: "CREATE TABLE t (n int PRIMARY KEY, m int); INSERT INTO t VALUES (1, 0), (2, 0)")
            }
            // At their first try both take one row, and then want the other's.
            let (begun, tries) = (Counter(), Counter())
            @Sendable func raise(_ first: Int, _ second: Int) async throws {
                try await database.transaction { db in
                    let number = tries.add()
                    try db.run("UPDATE t SET m = m + 1 WHERE n = \(first)")
                    begun.add()
                    while number <= 2, begun.value < 2 { usleep(1000) }
                    try db.run("UPDATE t SET m = m + 1 WHERE n = \(second)")
                }
            }
            async let one: Void = raise(1, 2)
            async let other: Void = raise(2, 1)
            _ = try await (one, other)
            #expect(tries.value == 3, "one of them was run again")
            let sums = try await database.withConnection { db in
                try db.all("SELECT m FROM t ORDER BY n") { row in try row.read(Int.self) }
            }
            #expect(sums == [2, 2])
        }
    }

    @Test func `a statement ends at its timeout`() async throws {
        try await withDatabase(statementTimeout: .milliseconds(200)) { database in
            await #expect {
                try await database.withConnection { db in _ = try db.run("SELECT pg_sleep(3600)") }
            } throws: { error in
                (error as? PostgresError)?.state == "57014"
            }
        }
    }

    @Test func `statements are prepared once, and more of them than are kept still work`() async throws {
        try await withDatabase(connections: 1) { database in
            try await database.withConnection { db in
                for _ in 1...3 { _ = try db.first("SELECT \(1) + 1") { row in try row.read(Int.self) } }
                let prepared = try db.first(
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 1'"
                ) { row in try row.read(Int.self) }
                #expect(prepared == 1)
                for length in 1...300 {
                    let ones = SQL.joined((1...length).map { _ in "1" as SQL }, separator: " + ")
                    let sum = try db.first("SELECT \(ones)") { row in try row.read(Int.self) }
                    #expect(sum == length)
                }
            }
        }
    }

    @Test func `rows go in and out by COPY`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in
                try db.run(script: "CREATE TABLE t (n int, s text)")
                let rows = (1...5000).map { Array("\($0)\tzeile \($0)\n".utf8) }
                #expect(try db.copy(in: "COPY t FROM STDIN", rows) == 5000)
                var lines: [String] = []
                try db.copy(out: "COPY (SELECT * FROM t ORDER BY n) TO STDOUT") { bytes in
                    lines.append(String(decoding: bytes, as: UTF8.self))
                }
                #expect(lines.count == 5000 && lines.last == "5000\tzeile 5000\n")
                #expect(throws: PostgresError.self) { try db.copy(in: "COPY t FROM STDIN", [Array("x\ty\n".utf8)]) }
                #expect(throws: PostgresError.self) { try db.copy(in: "COPY nowhere FROM STDIN", [[UInt8]]()) }
                #expect(throws: PostgresError.self) { try db.copy(out: "COPY nowhere TO STDOUT") { _ in } }
                #expect(try db.first("SELECT count(*) FROM t") { row in try row.read(Int.self) } == 5000)
            }
        }
    }

    @Test func `what the server remarks goes to the log`() async throws {
        let log = LogBook()
        let server = try await TestServer.running()
        let database = Database(
            ConnectionSettings(conninfo: server.conninfo(database: "postgres")), limits: PoolLimits(connections: 1),
            logger: Logger(label: "test") { _ in log })
        try await database.withConnection { db in
            try db.run(script: "DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$")
        }
        await database.close()
        #expect(log.lines.contains { $0.contains("mind the gap") })
    }

    @Test func `the first host of several that takes writes is used`() async throws {
        let server = try await TestServer.running()
        let conninfo = server.conninfo(database: "postgres")
        let socket = try #require(conninfo.split(separator: " ").first { $0.hasPrefix("host=") }).dropFirst(5)
            .replacing("'", with: "")
        let several = conninfo.replacing("host='\(socket)'", with: "host=/nowhere,\(socket)")
        let database = Database(
            ConnectionSettings(conninfo: several + " target_session_attrs=read-write"),
            limits: PoolLimits(connections: 1), logger: quiet)
        let answer = try await database.withConnection { db in
            try db.first("SELECT 1") { row in try row.read(Int.self) }
        }
        await database.close()
        #expect(answer == 1)
    }

    @Test func `a server that is not there is an error of its own`() async throws {
        let database = Database(
            ConnectionSettings(conninfo: "host=/nowhere"), limits: PoolLimits(connections: 1), logger: quiet)
        await #expect {
            try await database.withConnection { db in _ = try db.run("SELECT 1") }
        } throws: { error in
            if case PostgresError.connectionLost = error { true } else { false }
        }
    }
}

extension Database {
    fileprivate func numbers() async throws -> [Int] {
        try await withConnection { db in try db.all("SELECT n FROM t ORDER BY n") { row in try row.read(Int.self) } }
    }
}

/// A log that keeps its lines.
final class LogBook: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
