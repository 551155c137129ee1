import ArgumentParser
import Foundation
import Logging
import Postgres
import Store

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill an empty campaign with invented complaints, to measure and to look around.",
        discussion: """
            rectify generate --complaints 100000 --data /tmp/play

            The same seed makes the same complaints. Never in a database that is in use: they cannot be taken out again.
            """)

    @Option(help: "How many.")
    var complaints = 10_000

    @Option(help: "Another number makes other complaints.")
    var seed: UInt64 = 1

    @Option(help: "Into which campaign.")
    var campaign = "internet-2021"

    @Flag(
        help:
            "Only the sums that reports are made of, as if there were so many complaints: to measure reports of millions."
    )
    var reportTablesOnly = false

    @OptionGroup var options: OperatorOptions

    func validate() throws {
        guard (1...100_000_000).contains(complaints) else {
            throw ValidationError("--complaints lies between 1 and 100000000.")
        }
    }

    func run() async throws {
        let begun = ContinuousClock.now
        try await options.withDeployment { deployment, logger in
            let database = Database(
                ConnectionSettings(
                    conninfo: deployment.ownerURL, applicationName: "rectify-generate", statementTimeout: .seconds(3600)
                ),
                limits: PoolLimits(connections: 1), logger: logger)
            try await closing(database) {
                let (book, officers) = try await database.transaction(.readOnly) { db in
                    (try db.referenceBook(), try db.officers().filter { !$0.isDisabled }.map(\.id))
                }
                let generator = Generator(database, book: book, seed: seed)
                let progress = { @Sendable (count: Int) in
                    if Terminal.showsProgress { Terminal.progress("\(count) of \(complaints)") }
                }
                if reportTablesOnly {
                    try await generator.fillSums(complaints, of: campaign, progress: progress)
                } else {
                    try await generator.fill(complaints, of: campaign, officers: officers, progress: progress)
                }
            }
        }
        if Terminal.showsProgress { Terminal.progress("") }
        let took = begun.duration(to: .now).components.seconds
        Terminal.write(line: "wrote \(complaints) complaints in \(took) s")
    }
}
