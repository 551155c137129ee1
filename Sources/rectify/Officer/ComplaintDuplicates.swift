import ArgumentParser
import Casework
import Client
import Contract
import Reports

struct ComplaintDuplicates: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates", abstract: "Look for complaints that may be one with this, and say why.")

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        let page: Page<SuspectedDuplicateBody> = try await client.withClient { client in
            try await client.get("\(ComplaintPath.path(reference))/duplicates")
        }
        try output.write(
            page.items, SuspectedDuplicateBody.columns, csv: SuspectedDuplicateBody.csv, name: \.reference, row: \.row)
    }
}

extension SuspectedDuplicateBody {
    static let columns: [TextTable.Column] = [
        .init("Reference"), .init("Status"), .init("Received"), .init("Why"), .init("Text", .right), .init("Excerpt"),
    ]

    var row: [String] {
        [
            reference, status.rawValue, receivedOn.description, reasons.joined(separator: ", "),
            "\(similarityPercent) %", excerpt,
        ]
    }
}

struct ComplaintNotDuplicate: ComplaintAction {
    static let configuration = CommandConfiguration(
        commandName: "not-duplicate", abstract: "Say that two complaints are two, so that nobody is asked again.")

    @OptionGroup var complaint: ComplaintOptions

    @Option(help: "The other complaint.")
    var of: String

    var method: String { "DELETE" }
    var resource: String { "duplicates/\(Reference(of)?.description ?? of)" }
}
