import Foundation
import Postgres
import TestSupport
import Testing

struct ValueTests {
    private enum Colour: String, PostgresValue {
        case red
        case darkBlue = "dark_blue"
    }

    /// What `value` reads back as, through a typed parameter and a result.
    private func roundTrip<Value: PostgresValue & Sendable>(_ value: Value, as type: SQL) async throws -> Value? {
        try await withDatabase { database in
            try await database.withConnection { db in
                try db.first("SELECT \(value)::\(type)") { row in try row.read(Value.self) }
            }
        }
    }

    @Test(arguments: ["", "plain", "it's", "中文 👨‍👩‍👧‍👦", "a\\b\"c", "$1; DROP TABLE x", "e\u{301}", "\r\n\t\u{1B}[31m"])
    func `text comes back byte for byte`(text: String) async throws {
        let back = try await roundTrip(text, as: "text")
        #expect(back.map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test(arguments: [0, 1, -1, Int.max, Int.min])
    func `whole numbers come back`(number: Int) async throws {
        #expect(try await roundTrip(number, as: "bigint") == number)
    }

    @Test func `other values come back`() async throws {
        #expect(try await roundTrip(true, as: "boolean") == true)
        let id = UUID()
        #expect(try await roundTrip(id, as: "uuid") == id)
        let amount = try #require(Decimal(string: "12345678901234567890.123456789"))
        #expect(try await roundTrip(amount, as: "numeric") == amount)
        #expect(try await roundTrip(JSONText(#"{"a": 1}"#), as: "jsonb") == JSONText(#"{"a": 1}"#))
        #expect(try await roundTrip(Data([0, 1, 127, 128, 255]), as: "bytea") == Data([0, 1, 127, 128, 255]))
        #expect(try await roundTrip(Data(), as: "bytea") == Data())
        #expect(try await roundTrip(Colour.darkBlue, as: "text") == .darkBlue)
        #expect(try await roundTrip(["a", "", "b,c", "d\"e\\f", "NULL", "{}"], as: "text[]")?.count == 6)
        #expect(try await roundTrip(["b,c", "d\"e\\f", "NULL"], as: "text[]") == ["b,c", "d\"e\\f", "NULL"])
        #expect(try await roundTrip([Int](), as: "bigint[]") == [])
        #expect(try await roundTrip([id], as: "uuid[]") == [id])
    }

    @Test(arguments: [
        "2021-09-17T08:30:00.123456Z", "1969-12-31T23:59:59.999999Z", "2000-02-29T00:00:00.000001Z",
        "2026-11-23T01:50:22.839951Z",
    ])
    func `a moment keeps its microseconds`(text: String) async throws {
        try await withDatabase { database in
            let (date, shown) = try await database.withConnection { db in
                let date = try db.first("SELECT \(text)::timestamptz") { row in try row.read(Date.self) }
                let shown = try db.first(
                    "SELECT to_char(\(date) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                ) { row in try row.read(String.self) }
                return (date, shown)
            }
            #expect(date != nil)
            #expect(shown == text)
        }
    }

    @Test func `NULL is nil, where nil is expected`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in
                let missing = try db.first("SELECT \(nil as Int?)") { row in try row.read(Int?.self) }
                #expect(missing == .some(nil))
                #expect(throws: PostgresError.self) {
                    try db.first("SELECT \(nil as Int?)") { row in try row.read(Int.self) }
                }
            }
        }
    }

    @Test func `U+0000 in a parameter is refused before it cuts the text short`() async throws {
        try await withDatabase { database in
            await #expect {
                try await database.withConnection { db in
                    try db.first("SELECT \("abc\0def")::text") { row in try row.read(String.self) }
                }
            } throws: { error in
                if case PostgresError.nulCharacter = error { true } else { false }
            }
        }
    }

    @Test func `a column left unread, or one too many, is noticed`() async throws {
        try await withDatabase { database in
            try await database.withConnection { db in
                #expect(throws: PostgresError.self) { try db.first("SELECT 1, 2") { row in try row.read(Int.self) } }
                #expect(throws: PostgresError.self) {
                    try db.first("SELECT 1") { row in (try row.read(Int.self), try row.read(Int.self)) }
                }
                #expect(throws: PostgresError.self) { try db.first("SELECT 'x'") { row in try row.read(Int.self) } }
            }
        }
    }
}

struct SQLTests {
    @Test func `fragments nest and parameters are numbered at the end`() async throws {
        try await withDatabase { database in
            let names: SQL = .joined(["\("a")", "\("b")", "\("c")"], separator: ", ")
            let found = try await database.withConnection { db in
                try db.first("SELECT ARRAY[\(names)]::text[], \(7)") { row in
                    (try row.read([String].self), try row.read(Int.self))
                }
            }
            #expect(found?.0 == ["a", "b", "c"])
            #expect(found?.1 == 7)
        }
    }
}
