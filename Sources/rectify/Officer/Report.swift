import ArgumentParser
import Casework
import Client
import Foundation
import Reports

struct Report: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case terminal
        case markdown
        case html
        case json
        case csv
    }

    static let configuration = CommandConfiguration(
        abstract: "Print the progress report of a campaign.",
        discussion: """
            rectify report internet-2021 --as-of 2021-12-31
            rectify report internet-2021 --as-of 2021-12-31 --format html --out report.html

            With --known-at the report is what was known then, the same bytes whenever it is asked for.
            """)

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Option(help: "The day at whose end the figures stand; today where left out.")
    var asOf: Day?

    @Option(help: "The moment as which it was known, such as 2026-11-22T10:00:00Z; now where left out.")
    var knownAt: String?

    @Option(help: "terminal, markdown, html, json or csv.")
    var format: Format = .terminal

    @Option(help: "File to write to.", completion: .file())
    var out: String?

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let text = try await text()
        guard let out else { return Terminal.write(text) }
        do {
            try Data(text.utf8).write(to: URL(filePath: out), options: .atomic)
        } catch {
            throw Failure("\(out) cannot be written: \(error.localizedDescription)")
        }
        Terminal.note("written to \(out)")
    }

    private func text() async throws -> String {
        let parameters: [(name: String, value: String?)] = [("as_of", asOf?.description), ("known_at", knownAt)]
        let query = parameters.compactMap { parameter in parameter.value.map { (parameter.name, $0) } }
        // The server renders what it also serves; the rest is made of its JSON here.
        let accept =
            switch format {
            case .html: "text/html"
            case .csv: "text/csv"
            case .terminal, .markdown, .json: "application/json"
            }
        let bytes = try await client.withClient { client in
            try await client.get("/v1/campaigns/\(campaign)/progress", query, accept: accept)
        }
        switch format {
        case .html, .csv, .json: return String(decoding: bytes, as: UTF8.self)
        case .markdown: return try ProgressReport(json: bytes).markdown()
        case .terminal: return try ProgressReport(json: bytes).terminal(width: Terminal.width) + "\n"
        }
    }
}
