import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Postgres
import Reports

struct BarrierImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Enter the results of probes from a file, one JSON object a line.",
        discussion: """
            {"probe_id": "p-1", "barrier": "wechat/platform:taobao/group", "result": "open", "method": "probe",
             "at": "2021-09-18T10:00:00+08:00", "app_version": "8.0.14", "os": "iOS 15", "region": "CN-GD"}

            Each result is entered once, by its probe_id: after a failure, send the file again.
            """)

    @Argument(help: "The file; - is standard input.", completion: .file())
    var file: String

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    /// Lines of one request.
    private static let batch = 500

    func run() async throws {
        let bytes: Data
        do {
            bytes =
                file == "-"
                ? FileHandle.standardInput.readDataToEndOfFile() : try Data(contentsOf: URL(filePath: file))
        } catch {
            throw Failure("\(file) cannot be read: \(error.systemReason)", code: Failure.Code.notFound)
        }
        let lines = bytes.withoutByteOrderMark.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
            .map { (fileLine: $0 + 1, bytes: $1) }.filter { $0.bytes.contains { $0 > 0x20 } }
        let path = "/v1/campaigns/\(try campaign.code)/probe-results"
        let results = try await client.withClient { client in
            var results: [LineResultBody] = []
            for start in stride(from: 0, to: lines.count, by: Self.batch) {
                let part = lines[start..<min(start + Self.batch, lines.count)]
                // The line break in front keeps a byte-order mark within the file from being taken for one at the beginning.
                let page = try await client.enterProbes(path, Data(part.map { Data([0x0A]) + $0.bytes }.joined()))
                for (item, (number, line)) in zip(page.items, zip((start + 1)..., part)) {
                    var item = item
                    (item.line, item.fileLine) = (number, line.fileLine)
                    results.append(item)
                }
                if Terminal.showsProgress { Terminal.progress("\(results.count) of \(lines.count)") }
            }
            if Terminal.showsProgress { Terminal.progress("") }
            return results
        }
        try output.write(
            results,
            [.init("Line", .right), .init("File line", .right), .init("Probe"), .init("Outcome"), .init("Problem")],
            csv: LineResultBody.csv, name: \.label
        ) { [String($0.line), $0.fileLine.map(String.init) ?? "", $0.id ?? "", $0.outcome, $0.problem?.words ?? ""] }
        let refused = results.count { $0.outcome == "refused" }
        if refused > 0 {
            throw Failure(
                "\(refused) of \(quantity(results.count, "line")) \(refused == 1 ? "was" : "were") refused",
                code: Failure.Code.partial)
        }
    }
}

struct BarrierStages: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undertake-stages", abstract: "Enter one undertaking about several scenes, each with its day.",
        discussion: """
            rectify barrier undertake-stages --respondent wechat --target platform:taobao \\
                --stage one_to_one=2021-09-17 --stage group=2021-11-29 --scope "in stages, security first"
            """)

    @Option(help: "Platform that bars.")
    var respondent: String

    @Option(help: "What is barred, such as platform:taobao.")
    var target: String

    @Option(help: "Scene and day, as group=2021-11-29; may be repeated.")
    var stage: [String]

    @Option(help: "What it covers.")
    var scope: String?

    @Option(help: "The company whose part comes first.")
    var waitsFor: String?

    @Option(help: .day("Day it was given, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for pair in stage where pair.split(separator: "=").count != 2 {
            throw ValidationError("“\(pair)” has to look like group=2021-11-29.")
        }
    }

    func run() async throws {
        let stages = stage.map { $0.split(separator: "=").map(String.init) }.map { parts in
            JSON.object(["scene": .string(parts[0]), "due_on": .string(parts[1])])
        }
        let members: [String: JSON] = [
            "respondent_platform": .string(respondent), "target": .string(target), "stages": .array(stages),
            "scope": JSON(scope), "waits_for": JSON(waitsFor), "effective_on": JSON(on), "reason": JSON(reason),
        ]
        let page: Page<BarrierBody> = try await client.withClient { client in
            try await client.create(at: "/v1/campaigns/\(try campaign.code)/undertakings", members)
        }
        try output.write(
            page.items, BarrierBody.columns, csv: BarrierBody.csv, name: { String($0.number) }, row: \.row)
    }
}

extension Client {
    fileprivate func enterProbes(_ path: String, _ lines: Data) async throws -> Page<LineResultBody> {
        var call = Call("POST", path)
        call.body = lines
        call.contentType = "application/x-ndjson"
        // Each line is entered once, so the whole may be sent again.
        call.isRepeatable = true
        return try Coding.decoder.decode(Page<LineResultBody>.self, from: try await send(call).bytes)
    }
}

extension ProblemBody {
    /// What is wrong, every fault with its place where there are several.
    fileprivate var words: String {
        guard let errors, errors.count > 1 else { return detail }
        return errors.map { "\($0.pointer) \($0.detail)" }.joined(separator: "; ")
    }
}

extension LineResultBody {
    fileprivate var label: String { id ?? "\(line)" }
}
