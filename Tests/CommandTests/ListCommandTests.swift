import Casework
import Foundation
import Subprocess
import TestSupport
import Testing

@testable import rectify

/// Lists as spreadsheets and scripts read them.
@Suite(.serialized) struct ListCommandTests {
    /// The records of a CSV by the names in its header.
    private func records(_ text: String) throws -> [[String: String]] {
        var reader = RecordReader(isCSV: true)
        var rows = reader.records(in: text.utf8).compactMap { $0.bytes.flatMap(csvFields) }
        let header = try #require(rows.isEmpty ? nil : rows.removeFirst())
        #expect(Set(header).count == header.count, "every column has a name of its own")
        #expect(rows.allSatisfy { $0.count == header.count })
        return rows.map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
    }

    @Test func `a list as CSV has one value a column, whatever the table joins`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "boss", "--role", "supervisor", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            func csv(_ arguments: String...) async throws -> [[String: String]] {
                let result = try await program.run(arguments + ["-o", "csv"])
                #expect(result.code == 0, "\(result.error)")
                #expect(result.output.unicodeScalars.first != "\u{FEFF}")
                return try records(result.output)
            }
            let header = try await program.run("complaint", "list", "-o", "csv")
            #expect(header.output.hasPrefix("reference,status,received,due,late,"), "also where nothing is listed")

            let lines = try (0..<3).map(sampleLine).joined(separator: "\n") + "\n"
            let names = try await program.run(["complaint", "file", "-", "-o", "name"], input: lines)
            let reference = try #require(names.output.split(separator: "\n").first.map(String.init))
            let urgent = try await program.run("complaint", "prioritise", reference, "--priority", "urgent")
            #expect(urgent.code == 0, "\(urgent.error)")
            let listed = try await csv("complaint", "list")
            #expect(listed.count == 3)
            for line in listed {
                #expect(line["due"].map { Day($0) != nil } == true && line["late"] == "true", "\(line)")
                #expect(line["text"]?.hasPrefix("[") == false && line["target"]?.contains(" ") == false)
                #expect(Int(line["barrier_1"] ?? "") != nil)
            }
            let shown = try await csv("complaint", "show", reference)
            #expect(shown.first?["deadlines_1_due_on"].flatMap { Day($0) } != nil)
            #expect(shown.first?["reference"] == reference && shown.first?["respondent_platform"]?.isEmpty == false)
            let history = try await csv("complaint", "history", reference)
            #expect(history.first?["did"] == "file" && history.first?["details_channel"] == "officer")
            #expect(history.first?["after_status"] == nil || history.first?["after_status"]?.contains("→") == false)
            let barriers = try await csv("barrier", "list")
            #expect(barriers.first?["episode"] == "1" && barriers.first?["stale"] == "false")
            let queues = try await csv("queue", "list")
            #expect(queues.allSatisfy { Int($0["count"] ?? "") != nil && $0["more"] == "false" })
            let workload = try await csv("workload")
            #expect(workload.first?["officer"] == "" && workload.first?["office_1"] != nil)
            let companies = try await csv("company", "list")
            #expect(companies.first { $0["code"] == "tencent" }?["platform_2"]?.isEmpty == false)
            #expect(companies.allSatisfy { row in row.values.allSatisfy { !$0.contains(", ") || row["name"] == $0 } })
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a calendar that can be no year's notice is loaded only where somebody confirms it`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let file = program.folder.appending(path: "CN-2027-empty.json").path(percentEncoded: false)
            try Data(#"{"region": "CN", "year": 2027, "holidays": [], "workdays": []}"#.utf8).write(
                to: URL(filePath: file))
            let refused = try await program.run("load", file, "--data", program.data)
            #expect(refused.code == 7 && refused.output.isEmpty)
            #expect(refused.error.contains("CN-2027-empty.json: #/holidays names no weekday of 2027"))
            #expect(refused.error.contains("rectify load --confirm-unusual \(file)"))
            let loaded = try await program.run("load", file, "--confirm-unusual", "--data", program.data)
            #expect(loaded.output == "added calendar CN-2027\n", "\(loaded.error)")
            let shipped = try await program.run("load", "--data", program.data)
            #expect(shipped.output == "nothing changed\n", "what is shipped is nothing unusual")
            #expect(await server.stop() == 0)
        }
    }

    /// Runs the program with its output on a terminal, and gives what reaches it.
    private func onTerminal(_ program: Program, _ arguments: [String]) async throws -> String {
        let command = ([Program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let result = try await Subprocess.run(
            .name("script"), arguments: ["-qec", command, "/dev/null"],
            environment: program.environment(["COLUMNS": "200"]), input: .none, output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        return result.standardOutput
    }

    @Test func `no control character of a story reaches a terminal, in any form of output`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "li", "--role", "officer", "--data", program.data)
            _ = try await program.run("login", "--server", server.address, input: added.output)
            for row in realityTable("terminal") {
                let line = JSON.object([
                    "campaign": .string("internet-2021"), "kind": .string("other"),
                    "respondent": .object(["platform": .string("wechat")]), "narrative": .string(row["narrative"]),
                ]).canonicalText
                let filed = try await program.run(["complaint", "file", "-", "-o", "name"], input: line)
                #expect(filed.code == 0, "\(row): \(filed.error)")
            }
            let never = realityTable("terminal").map { $0["never"] } + ["\u{7F}", "\u{202E}"]
            for output in ["table", "csv", "json", "ndjson", "name"] {
                let shown = try await onTerminal(program, ["complaint", "list", "-o", output])
                #expect(shown.contains("IR21-"), "\(output)")
                for sign in never {
                    #expect(!shown.unicodeScalars.contains { String($0) == sign }, "\(output)")
                }
            }
            // What a program reads is the same text, on a terminal too.
            let stories = Set(realityTable("terminal").map { $0["narrative"] })
            let json = try await onTerminal(program, ["complaint", "list", "-o", "json"])
            let shown = try JSON(parsing: Data(json.utf8))
            #expect(Set(shown.array.compactMap { $0["excerpt"]?.string }) == stories)
            let piped = try await program.run("complaint", "list", "-o", "csv")
            #expect(piped.output.contains("\u{1B}"), "in a file or a pipe the text stays as it is")
            #expect(await server.stop() == 0)
        }
    }
}
