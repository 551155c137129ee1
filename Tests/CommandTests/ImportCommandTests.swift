import Casework
import Foundation
import TestSupport
import Testing

@testable import rectify

/// `rectify complaint import` with files as spreadsheets and editors write them.
@Suite(.serialized) struct ImportCommandTests {
    private func path(_ name: String) -> String {
        repository.appending(path: "Tests/Fixtures/reality/imports/\(name)").path(percentEncoded: false)
    }

    private func signIn(_ program: Program) async throws -> ServerProcess {
        let server = try await ServerProcess(program)
        let added = try await program.run("officer", "add", "li", "--role", "officer", "--data", program.data)
        #expect(added.code == 0, "\(added.error)")
        let login = try await program.run("login", "--server", server.address, input: added.output)
        #expect(login.code == 0, "\(login.error)")
        return server
    }

    @Test func `the exit code tells whether all of a file is in, and a dry run tells it before`() async throws {
        try await withProgram { program in
            let server = try await signIn(program)
            for expected in try JSON(parsing: fixture("reality/imports/expected.json")).array {
                let file = expected["file"]?.string ?? ""
                let mapping = expected["mapping"]?.string.map { ["--mapping", path($0)] } ?? []
                let results = program.folder.appending(path: "results.ndjson").path(percentEncoded: false)
                let arguments = ["complaint", "import", path(file)] + mapping + ["-o", "json", "--results", results]
                for isDry in [true, false] {
                    let outcome = try await program.run(arguments + (isDry ? ["--dry-run"] : []))
                    let said: Comment = "\(expected["role"]?.string ?? "") \(expected["id"]?.string ?? ""): \(outcome)"
                    #expect((outcome.code == 0) == (expected["exit"]?.int == 0), said)
                    let told = try JSON(parsing: outcome.output.utf8)
                    for count in ["lines", "filed", "known", "refused"] {
                        #expect(told[count]?.int == expected[count]?.int, said)
                    }
                    #expect((told["dry_run"] == .bool(true)) == isDry)
                    let lines = try Data(contentsOf: URL(filePath: results)).split(separator: 0x0A)
                    #expect(lines.count == expected["lines"]?.int, said)
                    #expect(try lines.allSatisfy { try JSON(parsing: $0)["file_line"]?.int != nil }, said)
                }
            }
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a file that broke off goes on where it stands, and a mapping may begin with a mark`() async throws {
        try await withProgram { program in
            let server = try await signIn(program)
            func write(_ name: String, _ text: String) throws -> String {
                let url = program.folder.appending(path: name)
                try Data(text.utf8).write(to: url)
                return url.path(percentEncoded: false)
            }
            let mapping = try write(
                "mapping.json",
                "\u{FEFF}" + String(decoding: try fixture("reality/imports/plain.mapping.json"), as: UTF8.self))
            func line(_ name: String) -> String { "\(name),https://item.taobao.com/item.htm?id=\(name.count),打不开\n" }
            let begun = "\u{FEFF}编号,链接,正文\n,,\n" + line("a") + "\n"
            let file = try write("file.csv", begun)
            let first = try await program.run("complaint", "import", file, "--mapping", mapping, "-o", "name")
            #expect(first.code == 0, "\(first.error)")
            let id = first.output.trimmingCharacters(in: .whitespacesAndNewlines)
            _ = try write("file.csv", begun + ",,\n" + line("bb") + "cc,,\n")
            let results = program.folder.appending(path: "told.ndjson")
            let rest = try await program.run(
                "complaint", "import", file, "--resume", id, "--results", results.path(percentEncoded: false))
            #expect(rest.code == 9, "\(rest.error)")
            let told = try Data(contentsOf: results).split(separator: 0x0A).map { try JSON(parsing: $0) }
            #expect(told.map { $0["file_line"]?.int } == [3, 6, 7])
            #expect(told.map { $0["line"]?.int } == [1, 2, 3])
            let dry = try await program.run("complaint", "import", file, "--mapping", mapping, "--dry-run")
            #expect(dry.code == 9 && dry.output.contains("Known           2"), "\(dry)")
            #expect(dry.error.contains("line 7 of the file: #/blocked_link"), "\(dry.error)")
            let both = try await program.run("complaint", "import", file, "--dry-run", "--resume", id)
            #expect(both.code == 64)
            // The commands that file line by line say the same.
            let story = try sampleLine(0)
            let lines = "\u{FEFF}\(story)\n\r\n \(story)\n"
            let filed = try await program.run(["complaint", "file", "-"], input: lines)
            #expect(filed.code == 9 && filed.error.contains("line 3"), "\(filed)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `columns that are not taken, odd references and wrong members are said`() async throws {
        try await withProgram { program in
            let server = try await signIn(program)
            func write(_ name: String, _ text: String) throws -> String {
                let url = program.folder.appending(path: name)
                try Data(text.utf8).write(to: url)
                return url.path(percentEncoded: false)
            }
            let file = try write(
                "file.csv", "编号,链接,备注,正文\n1.23457E+11,https://item.taobao.com/item.htm?id=1,x,打不开\n")
            let mapping = path("plain.mapping.json")
            for isDry in [true, false] {
                let outcome = try await program.run(
                    ["complaint", "import", file, "--mapping", mapping] + (isDry ? ["--dry-run"] : []))
                #expect(outcome.code == 0 && outcome.error.contains("not taken: the column “备注”"), "\(outcome)")
                let isWarned = outcome.error.contains("client_reference 1.23457E+11 looks like a number")
                #expect(isWarned == isDry, "the results of an import have it: \(outcome)")
            }
            let text = String(decoding: try fixture("reality/imports/plain.mapping.json"), as: UTF8.self)
            let wrong = try write("wrong.json", text.replacing("\"narrative\"", with: "\"narative\""))
            let refused = try await program.run("complaint", "import", file, "--mapping", wrong)
            #expect(refused.code == 7 && refused.error.contains("“正文” names “narative”"), "\(refused)")
            #expect(await server.stop() == 0)
        }
    }
}
