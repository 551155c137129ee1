import Foundation
import Reports
import TestSupport
import Testing

/// Reports as they are asked for on the command line.
@Suite(.serialized) struct ReportCommandTests {
    private func prepared(_ program: Program) async throws -> ServerProcess {
        let server = try await ServerProcess(program)
        let added = try await program.run("officer", "add", "boss", "--role", "supervisor", "--data", program.data)
        _ = try await program.run("login", "--server", server.address, input: added.output)
        let lines = try (0..<12).map(sampleLine).joined(separator: "\n") + "\n"
        #expect(try await program.run(["complaint", "file", "-"], input: lines).code == 0)
        return server
    }

    private func file(_ program: Program, _ name: String) -> String {
        program.folder.appending(path: name).path(percentEncoded: false)
    }

    @Test func `an issue is published, verified and compared`() async throws {
        try await withProgram { program in
            let server = try await prepared(program)
            let publish = ["report", "publish", "internet-2021", "--as-of", "2021-10-31"]
            let asked = try await program.run(publish)
            #expect(asked.code == 64 && asked.error.contains("--yes"), "nobody is there to say yes")
            #expect(try await program.run(publish + ["--yes"]).output.hasPrefix("issue 1 (1 of 2021)"))
            #expect(try await program.run(publish + ["--yes"]).code == 6)
            let sound = try await program.run("report", "verify", "internet-2021", "1")
            #expect(sound.code == 0 && sound.output.contains("every figure is the same"), "\(sound.error)")
            #expect(try await program.run("report", "verify", "internet-2021", "2").code == 5)
            let same = try await program.run("report", "diff", "internet-2021", "1", "2021-10-31")
            #expect(same.code == 0 && same.error.contains("no value is different"), "\(same.output)")

            let late = try sampleLine(13)
            #expect(try await program.run(["complaint", "file", "-"], input: late).code == 0)
            let other = try await program.run("report", "diff", "internet-2021", "1", "2021-10-31")
            #expect(other.output.contains("intake.total.cumulative"), "what came in since is shown")
            #expect(try await program.run("report", "verify", "internet-2021", "1").code == 0, "and changes no issue")
            #expect(try await program.run("report", "diff", "internet-2021", "x", "1").code == 64)
            #expect(try await program.run("report", "issues", "internet-2021", "-o", "name").output == "1\n")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a report comes as tables, as a page and as a PDF, and says what its figures mean (G107)`() async throws
    {
        try await withProgram { program in
            let server = try await prepared(program)
            let report = ["report", "internet-2021", "--as-of", "2021-10-31"]
            let terminal = try await program.run(report + ["--language", "zh-CN", "--ascii"])
            #expect(terminal.code == 0 && terminal.output.contains("要点") && !terminal.output.contains("█"))
            #expect(try await program.run(report + ["--format", "csv"]).code == 64)
            let folder = file(program, "tables")
            #expect(try await program.run(report + ["--format", "csv", "--out", folder]).code == 0)
            let sums = try String(contentsOfFile: folder + "/SHA256SUMS", encoding: .utf8)
            #expect(sums.contains("  intake.week.csv\n") && sums.contains("  metadata.json\n"))

            let pdf = file(program, "report.pdf")
            let made = try await program.run(report + ["--format", "pdf", "--language", "zh-CN", "--out", pdf])
            #expect(made.code == 0, "\(made.error)")
            let bytes = try #require(FileManager.default.contents(atPath: pdf))
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.hasPrefix("%PDF-") && text.contains("/StructTreeRoot") && text.contains("/Outlines"))
            #expect(text.contains("/Lang (zh-CN)") && text.contains("/FontFile") || text.contains("/Type3"))

            let meaning = try await program.run(
                "report", "explain", "internet-2021", "handling.status.count", "--row", "status:received", "--as-of",
                "2021-10-31")
            #expect(meaning.output.contains("IR21-0000001-8") && meaning.code == 0, "\(meaning.error)")
            #expect(try await program.run("report", "explain", "internet-2021", "none.such").code == 5)
            let figures = try await program.run("report", "explain", "internet-2021")
            #expect(figures.output.contains("timeliness.timely"))
            let noDay = try await program.run("report", "internet-2021", "--as-of", "soon")
            #expect(noDay.code == 64 && noDay.error.contains("YYYY-MM-DD"), "\(noDay.error)")
            let early = try await program.run("report", "internet-2021", "--as-of", "2021-01-01")
            #expect(early.code == 7 && early.error.contains("--as-of lies before the campaign began"), "\(early.error)")
            let nowhere = try await program.run(report + ["--format", "html", "--out", file(program, "no/such/file")])
            #expect(nowhere.code == 1 && nowhere.error.contains("No such file or directory"), "\(nowhere.error)")
            #expect(try await program.run("report", "watch", "internet-2021").code == 64, "no terminal")
            #expect(await server.stop() == 0)
        }
    }
}
