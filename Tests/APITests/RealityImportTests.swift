import Casework
import Foundation
import Postgres
import TestSupport
import Testing

@testable import API

/// Files as spreadsheets and editors write them, each imported once by an officer.
///
/// `Tests/Fixtures/reality/imports/expected.json` says what has to become of each.
struct RealityImportTests {
    @Test(arguments: ImportedFile.all)
    func `a file of the field is read, and nothing is lost without a word`(file: ImportedFile) async throws {
        try await withServer { server in
            let path = try await file.begin(on: server)
            let answer = try await server.send(
                "POST", "\(path)/lines", bytes: Array(try file.bytes()), as: .officer,
                headers: ["Content-Type": file.contentType])
            #expect(answer.status == 200, "\(String(decoding: answer.bytes, as: UTF8.self))")
            try await file.check(answer.json)
            let told = try await server.send("GET", "\(path)/results").bytes.split(separator: 0x0A)
                .map { try JSON(parsing: $0) }
            #expect(told.count == file.expected["lines"]?.int)
            file.check(results: told)
            #expect(try await server.store.count("complaint") == file.expected["filed"]?.int)
        }
    }

    @Test(arguments: ImportedFile.all)
    func `a dry run says what the import would do, and leaves nothing behind`(file: ImportedFile) async throws {
        try await withServer { server in
            let before = try await server.store.nextNumber()
            let answer = try await server.send(
                "POST", "/v1/imports/dry-run?\(try file.query())", bytes: Array(try file.bytes()), as: .officer,
                headers: ["Content-Type": file.contentType])
            #expect(answer.status == 200, "\(String(decoding: answer.bytes, as: UTF8.self))")
            #expect(answer.json["dry_run"] == .bool(true) && answer.json["left_off"]?.int == 0)
            try await file.check(answer.json)
            file.check(results: answer.json["items"]?.array ?? [])
            let tables: [SQL] = ["complaint", "filing_import", "filing_import_line", "barrier"]
            for table in tables {
                #expect(try await server.store.count(table) == 0)
            }
            #expect(try await server.store.nextNumber() == before)
        }
    }
}

/// A file with what has to become of it.
struct ImportedFile: Sendable, CustomTestStringConvertible {
    let expected: JSON

    private func text(_ name: String) -> String { expected[name]?.string ?? "" }

    var testDescription: String { "\(text("role")) \(text("id")): \(text("file"))" }

    static let all: [ImportedFile] = {
        do {
            return try JSON(parsing: fixture("reality/imports/expected.json")).array.map(ImportedFile.init)
        } catch {
            preconditionFailure("the list of files cannot be read: \(error)")
        }
    }()

    var contentType: String { expected["mapping"] == nil ? "application/x-ndjson" : "text/csv" }

    func bytes() throws -> Data { try fixture("reality/imports/\(text("file"))") }

    private func mapping() throws -> JSON? {
        try expected["mapping"]?.string.map { try JSON(parsing: fixture("reality/imports/\($0)")) }
    }

    func begin(on server: TestServing) async throws -> String {
        var body: [String: JSON] = ["campaign": .string("internet-2021")]
        if let mapping = try mapping() { (body["format"], body["mapping"]) = (.string("csv"), mapping) }
        let begun = try await server.send("POST", "/v1/imports", JSON.object(body).canonicalText)
        return try #require(begun.json["self"]?.string, "\(String(decoding: begun.bytes, as: UTF8.self))")
    }

    /// What a dry run is asked with.
    func query() throws -> String {
        let mapping = try mapping()?.canonicalText.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        return "campaign=internet-2021" + (mapping.map { "&format=csv&mapping=\($0)" } ?? "")
    }

    /// Compares the counts.
    func check(_ answer: JSON) async throws {
        for name in ["lines", "filed", "known", "refused"] {
            #expect(answer[name]?.int == expected[name]?.int, "\(name)")
        }
    }

    /// Compares the lines that are named.
    func check(results: [JSON]) {
        for line in expected["results"]?.array ?? [] {
            let told = results.first { $0["line"]?.int == line["line"]?.int }
            #expect(told?["outcome"]?.string == line["outcome"]?.string)
            guard let pointer = line["pointer"]?.string, let code = line["code"]?.string else { continue }
            let faults = told?["errors"]?.array.map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
            #expect(faults?.contains("\(pointer) \(code)") == true, "\(faults ?? [])")
        }
    }
}

extension TestStore {
    /// The number that the next complaint would have, as the campaign's counter says.
    fileprivate func nextNumber() async throws -> Int? {
        try await owner.withConnection { db in
            try db.first("SELECT max(next_complaint) FROM campaign_counter") { row in try row.read(Int.self) }
        }
    }
}
