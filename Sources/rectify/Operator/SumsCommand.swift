import ArgumentParser
import Casework
import Contract
import Foundation
import Postgres
import Reports
import Store

/// The sums that reports are made of.
struct SumsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sums", abstract: "Check the sums that reports are made of, or have them built again.",
        subcommands: [SumsCheck.self, SumsRebuild.self])
}

struct SumsCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the sums with a full count of complaints.",
        discussion: "Takes about a minute for a million complaints. Writes nothing; ends with 1 where they differ.")

    @Option(help: "The campaign.")
    var campaign = "internet-2021"

    @Option(help: .day("The day; today and the end of last month where left out."))
    var asOf: Day?

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabases { databases, _ in
            // Today is told by other rows than the days before.
            var days = [asOf]
            if asOf == nil { days.append(try await lastMonth(databases)) }
            for day in days { try await check(day, databases) }
        }
    }

    private func lastMonth(_ databases: Databases) async throws -> Day {
        guard let report = try await databases.progress(of: campaign) else {
            throw Failure("there is no campaign \(campaign)", code: Failure.Code.notFound)
        }
        return report.asOf.firstOfMonth + -1
    }

    private func check(_ day: Day?, _ databases: Databases) async throws {
        let summed: ProgressReport?
        do {
            summed = try await databases.progress(of: campaign, asOf: day, source: .sums)
        } catch is NotSummed {
            throw Failure("the sums are not there yet; a running server makes them", code: Failure.Code.busy)
        }
        guard let summed else { throw Failure("there is no campaign \(campaign)", code: Failure.Code.notFound) }
        let moment = Coding.preciseMoment(summed.knownAt)
        let counted = try await databases.progress(
            of: campaign, asOf: summed.asOf, knownAt: moment, source: .allComplaints)
        let differences = counted.map { summed.differences(to: $0) } ?? []
        guard differences.isEmpty, counted?.json() == summed.json() else {
            for difference in differences.prefix(40) {
                let (before, after) = (difference.before ?? "–", difference.after ?? "–")
                Terminal.write(line: "\(difference.figure) \(difference.row): \(before) summed, \(after) counted")
            }
            throw Failure(
                """
                \(quantity(differences.count, "value differs", "values differ")): either the sums are wrong, or the rows they were made of were changed since. \
                Look first (rectify audit verify); if the rows are right, build the sums again with: rectify sums rebuild
                """)
        }
        Terminal.write(
            line: "every figure of \(campaign) as of \(summed.asOf) is the same, from the sums and from a full count")
    }
}

struct SumsRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Drop the sums of a campaign so that they are built again.",
        discussion: "A running server makes them in its next rounds; until then reports count all complaints.")

    @Option(help: "The campaign.")
    var campaign = "internet-2021"

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let isKnown = try await options.withDatabase { database in
            try await database.transaction { db in try db.forgetSums(of: campaign) }
        }
        guard isKnown else { throw Failure("there is no campaign \(campaign)", code: Failure.Code.notFound) }
        Terminal.write(line: "the sums of \(campaign) are dropped; a running server builds them again")
    }
}
