import Foundation
import Postgres
import TestSupport
import Testing

struct PoolTests {
    @Test func `who waits too long is refused by an error of its own`() async throws {
        try await withDatabase(connections: 1, wait: .milliseconds(100)) { database in
            let gate = try await Gate(of: database)
            async let slow: Void = database.withConnection { db in _ = try db.run(Gate.pass) }
            try await gate.untilReached()
            await #expect {
                try await database.withConnection { db in _ = try db.run("SELECT 1") }
            } throws: { error in
                if case PostgresError.poolExhausted = error { true } else { false }
            }
            await gate.open()
            try await slow
        }
    }

    @Test func `the queue is bounded, and who waits in it is served in order`() async throws {
        try await withDatabase(connections: 1, waiting: 2) { database in
            let gate = try await Gate(of: database)
            async let slow: Void = database.withConnection { db in _ = try db.run(Gate.pass) }
            try await gate.untilReached()
            async let first: Int = database.one()
            async let second: Int = database.one()
            try await until("two wait") { database.poolState.waiting == 2 }
            await #expect {
                _ = try await database.one()
            } throws: { error in
                if case PostgresError.poolExhausted = error { true } else { false }
            }
            await gate.open()
            let served = try await first + second
            #expect(served == 2)
            try await slow
        }
    }

    @Test func `a waiter that is cancelled leaves the queue at once`() async throws {
        try await withDatabase(connections: 1, waiting: 1) { database in
            let gate = try await Gate(of: database)
            async let slow: Void = database.withConnection { db in _ = try db.run(Gate.pass) }
            try await gate.untilReached()
            let waiter = Task { try await database.one() }
            try await until("it waits") { database.poolState.waiting == 1 }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiter.value }
            // Its place is free again.
            async let next = database.one()
            try await until("another waits") { database.poolState.waiting == 1 }
            await gate.open()
            #expect(try await next == 1)
            try await slow
        }
    }

    @Test func `a connection that comes back inside a transaction is destroyed`() async throws {
        try await withDatabase(connections: 1) { database in
            let before = try await database.backend()
            try await database.withConnection { db in
                try db.run(script: "BEGIN; CREATE TEMP TABLE left_behind (n int)")
            }
            #expect(try await database.backend() != before)
            let leftovers = try await database.withConnection { db in
                try db.first("SELECT to_regclass('left_behind') IS NULL") { row in try row.read(Bool.self) }
            }
            #expect(leftovers == true)
        }
    }

    @Test func `after the server ends a session the next borrower gets a fresh one`() async throws {
        try await withDatabase(connections: 1) { database in
            await #expect(throws: PostgresError.self) {
                try await database.withConnection { db in
                    _ = try db.run("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            let answer = try await database.one()
            #expect(answer == 1)
        }
    }

    @Test func `a session that died while it rested is noticed before it is lent`() async throws {
        try await withDatabase(connections: 1, idleBeforeCheck: .zero) { database in
            let before = try await database.backend()
            try await withDatabase { other in
                _ = try await other.withConnection { db in try db.run("SELECT pg_terminate_backend(\(before)::int)") }
                try await until("the session has ended") {
                    try await other.withConnection { db in
                        try db.first("SELECT count(*) FROM pg_stat_activity WHERE pid = \(before)") { row in
                            try row.read(Int.self)
                        }
                    } == 0
                }
            }
            #expect(try await database.backend() != before)
        }
    }

    @Test func `an old connection is replaced`() async throws {
        try await withDatabase(connections: 1, maximumAge: .milliseconds(1)) { database in
            let before = try await database.backend()
            try await Task.sleep(for: .milliseconds(20))
            #expect(try await database.backend() != before)
        }
    }

    @Test func `a commit whose link is cut has an unknown outcome`() async throws {
        try await withDatabase(connections: 1) { database in
            try await database.withConnection { db in
                try db.run(
                    script: """
                        CREATE TABLE t (n int);
                        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
                        CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                            FOR EACH ROW EXECUTE FUNCTION cut();
                        """)
            }
            await #expect {
                try await database.transaction { db in _ = try db.run("INSERT INTO t VALUES (1)") }
            } throws: { error in
                if case PostgresError.commitOutcomeUnknown = error { true } else { false }
            }
        }
    }

    @Test func `a warning of class 01000 at COMMIT is an unknown outcome too`() async throws {
        try await withDatabase(connections: 1) { database in
            try await database.withConnection { db in
                try db.run(
                    script: """
                        CREATE TABLE t (n int);
                        CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN RAISE WARNING 'might not have been replicated'; RETURN NULL; END $$;
                        CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                            FOR EACH ROW EXECUTE FUNCTION warn();
                        """)
            }
            await #expect {
                try await database.transaction { db in _ = try db.run("INSERT INTO t VALUES (1)") }
            } throws: { error in
                if case PostgresError.commitOutcomeUnknown = error { true } else { false }
            }
        }
    }

    @Test func `many borrowers share few connections, and none is lost`() async throws {
        try await withDatabase(connections: 3, waiting: 500) { database in
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<300 {
                    group.addTask {
                        if index.isMultiple(of: 7) {
                            _ = try? await database.withConnection { db in try db.run("SELECT 1 / \(0)") }
                        }
                        return try await database.one()
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 300)
        }
    }

    @Test func `blocked connections do not hold up the rest of the program`() async throws {
        try await withDatabase(connections: 8) { database in
            let gate = try await Gate(of: database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await database.withConnection { db in _ = try db.run(Gate.pass) } }
                }
                try await gate.untilReached(by: 8)
                let counted = Task { (1...1000).reduce(0, +) }
                #expect(await counted.value == 500_500)
                await gate.open()
                try await group.waitForAll()
            }
        }
    }
}

extension Database {
    fileprivate func one() async throws -> Int {
        try await withConnection { db in try db.first("SELECT 1") { row in try row.read(Int.self) } } ?? 0
    }

    fileprivate func backend() async throws -> Int {
        try await withConnection { db in try db.first("SELECT pg_backend_pid()") { row in try row.read(Int.self) } }
            ?? 0
    }
}
