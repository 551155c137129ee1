import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Postgres
import Reports

struct ComplaintFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file", abstract: "File complaints: one JSON object, or one on each line.",
        discussion: """
            A line with a client_reference is stored once: sent again, it says so and changes nothing; with other content it is
            refused.
            The tracking code of each is printed here and nowhere again. With --dry-run nothing is stored: each is only
            checked, and what would be understood of it is shown.
            """)

    @Argument(help: "File, or - for standard input.", completion: .file(extensions: ["json", "ndjson"]))
    var file: String

    @Flag(help: "Only check, and show what would be understood.")
    var dryRun = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let documents = try documents()
        if dryRun { return try await check(documents) }
        var filed: [FiledBody] = []
        var failures = 0
        try await client.withClient { client in
            for (index, (line, document)) in documents.enumerated() {
                do {
                    filed.append(try await client.file(document))
                } catch let error as ProblemBody where documents.count > 1 && !error.isAboutTheCaller {
                    failures += 1
                    if Terminal.showsProgress { Terminal.progress("") }
                    Terminal.note("line \(line): \(Failure(error)?.message ?? error.detail)")
                }
                if documents.count > 1, Terminal.showsProgress {
                    Terminal.progress(bar(index + 1, of: documents.count, failures: failures))
                }
            }
        }
        if documents.count > 1, Terminal.showsProgress { Terminal.note("") }
        try output.write(
            filed,
            [.init("Reference"), .init("Tracking code"), .init("Respondent"), .init("Target"), .init("Barriers")],
            csv: FiledBody.csv, name: \.reference
        ) { body in
            [
                body.reference, body.trackingCode, body.respondent.platform ?? body.respondent.company ?? "?",
                body.target.words, body.barriers.map { String($0.number) }.joined(separator: " "),
            ]
        }
        guard failures > 0 else { return }
        let code = filed.isEmpty ? Failure.Code.invalid : Failure.Code.partial
        throw Failure("\(filed.count) filed, \(failures) not", code: code)
    }

    /// What would be understood of one line.
    private struct Checked: Encodable {
        let line: Int
        let understood: CheckedBody

        var row: [String] {
            [
                String(line), understood.respondent.platform ?? understood.respondent.company ?? "?",
                understood.target.words, understood.category ?? "?", understood.linkUrl ?? "",
            ]
        }
    }

    private func check(_ documents: [(line: Int, bytes: Data)]) async throws {
        var (checked, failures): ([Checked], Int) = ([], 0)
        try await client.withClient { client in
            for (line, document) in documents {
                do {
                    checked.append(Checked(line: line, understood: try await client.check(document)))
                } catch let error as ProblemBody where documents.count > 1 && !error.isAboutTheCaller {
                    failures += 1
                    Terminal.note("line \(line): \(Failure(error)?.message ?? error.detail)")
                }
            }
        }
        try output.write(
            checked,
            [.init("Line", .right), .init("Respondent"), .init("Target"), .init("Category"), .init("Link")],
            name: { String($0.line) }, row: \.row)
        guard failures > 0 else { return }
        throw Failure("\(checked.count) are good, \(failures) are not", code: Failure.Code.invalid)
    }

    /// One document for the whole file, or one for each line where it is no single document, each with its line.
    private func documents() throws -> [(line: Int, bytes: Data)] {
        var data: Data
        if file == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            do {
                data = try Data(contentsOf: URL(filePath: file))
            } catch {
                throw Failure("\(file) cannot be read: \(error.systemReason)", code: Failure.Code.notFound)
            }
        }
        data = data.withoutByteOrderMark
        // What is no document as a whole is read line by line, and the server says what is wrong with a line.
        if (try? JSON(parsing: data)) != nil { return [(1, data)] }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .map { (line: $0 + 1, bytes: Data($1)) }.filter { $0.bytes.contains { $0 > 0x20 } }
        guard !lines.isEmpty else { throw Failure("\(file) is empty", code: Failure.Code.invalid) }
        return lines
    }

    private func bar(_ done: Int, of total: Int, failures: Int) -> String {
        let filled = done * 30 / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        return "\(bar) \(done)/\(total)" + (failures > 0 ? ", \(failures) not filed" : "")
    }
}

extension ProblemBody {
    /// Whether every line would be refused alike.
    fileprivate var isAboutTheCaller: Bool { status == 401 || status == 403 }
}
