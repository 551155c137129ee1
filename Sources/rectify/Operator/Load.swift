import ArgumentParser
import Foundation
import Postgres
import Store

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load reference data: a registry, a campaign, a calendar year.",
        discussion: """
            Every file is checked whole before anything is loaded; loading the same again changes nothing. Without
            files, what the product ships is loaded.

            A calendar that can hardly be the notice of a year (no weekday off in it, or far too many) is refused: due
            days in that year would look certain and be wrong. Where it is right nevertheless, add --confirm-unusual.
            """)

    @Argument(help: "Files such as Config/registry.json.", completion: .file(extensions: ["json"]))
    var files: [String] = []

    @Flag(help: "Load a calendar although it looks like no year's notice; its year then counts as known.")
    var confirmUnusual = false

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let urls = files.isEmpty ? try Home.referenceFiles() : files.map { URL(filePath: $0) }
        let changes = try await options.withDatabase { database in
            try await database.load(urls, isConfirmed: confirmUnusual)
        }
        for change in changes { Terminal.write(line: "\(change)") }
        if changes.isEmpty { Terminal.write(line: "nothing changed") } else { Terminal.note(ReferenceCache.notice) }
    }
}
