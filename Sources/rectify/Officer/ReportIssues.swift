import ArgumentParser
import Casework
import Client
import Contract
import Crypto
import Foundation
import Reports
import Store

struct ReportPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Freeze a report as the campaign's next issue.",
        discussion: """
            A supervisor's decision. An issue is never changed; what is wrong in it is put right by a new one:

            rectify report publish internet-2021 --as-of 2021-09-30
            rectify report publish internet-2021 --as-of 2021-09-30 --corrects 1
            """)

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Option(help: .day("The last day; it has to be over."))
    var asOf: Day

    @Option(help: .day("The first day of the period; the day after the last issue's where left out."))
    var from: Day?

    @Option(help: "Number of the issue that this one corrects.")
    var corrects: Int?

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var client: ClientOptions

    func run() async throws {
        if !yes {
            try Terminal.confirm(
                "Publish the report of \(campaign) as of \(asOf) as its next issue, for good?",
                else: "an issue cannot be taken back; say --yes")
        }
        let body: [String: JSON] = [
            "as_of": .string(asOf.description), "from": JSON(from), "corrects": corrects.map { .int($0) } ?? .null,
        ]
        let issue = try await client.withClient { client -> IssueBody in
            try await client.act(on: "/v1/campaigns/\(campaign)/issues", version: nil, body)
        }
        Terminal.write(lines: [
            "issue \(issue.number) (\(issue.ofYear) of \(issue.year)), \(issue.periodFrom) to \(issue.asOf)"
        ])
        Terminal.write(lines: ["sha256 \(issue.sha256 ?? ""), public edition \(issue.publicSha256)"])
        if let lines = issue.checkpoint?.split(separator: "\n"), lines.count > 2 {
            Terminal.write(lines: ["history of \(lines[1]) events signed, root \(lines[2])"])
        }
    }
}

struct ReportIssuesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issues", abstract: "List what was published, the latest first.")

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let issues = try await client.withClient { client in
            try await client.list("/v1/campaigns/\(campaign)/issues", [], limit: 10_000, of: IssueBody.self)
        }
        let columns: [TextTable.Column] = [
            .init("Issue", .right), .init("Of year"), .init("From"), .init("To"), .init("Corrects", .right),
            .init("Corrected by", .right), .init("By"), .init("Known at"), .init("SHA-256"),
        ]
        try output.write(issues, columns, csv: IssueBody.csv, name: { String($0.number) }, row: Self.row)
    }

    private static func row(_ issue: IssueBody) -> [String] {
        [
            String(issue.number), "\(issue.ofYear)/\(issue.year)", issue.periodFrom.description, issue.asOf.description,
            issue.corrects.map(String.init) ?? "–", issue.correctedBy.map(String.init) ?? "–", issue.publishedBy ?? "–",
            issue.knownAt, issue.sha256 ?? "–",
        ]
    }
}

struct ReportVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that an issue is what was published, and that its figures come out again.",
        discussion: """
            Its bytes have to have the digest that was recorded with it, and, worked out anew for the same days as known at
            the same moment, the report has to be the same, byte for byte.
            """)

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Argument(help: "Number of the issue.")
    var number: Int

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (issue, bytes, again) = try await client.withClient { client in
            let issues = try await client.list(
                "/v1/campaigns/\(campaign)/issues", [], limit: 10_000, of: IssueBody.self)
            guard let issue = issues.first(where: { $0.number == number }) else {
                throw Failure("there is no issue \(number) of \(campaign)", code: Failure.Code.notFound)
            }
            let bytes = try await client.get(
                "/v1/campaigns/\(campaign)/issues/\(number)", [("edition", "internal")], accept: "application/json")
            let asked = [
                ("as_of", issue.asOf.description), ("from", issue.periodFrom.description), ("known_at", issue.knownAt),
            ]
            let again = try await client.get("/v1/campaigns/\(campaign)/progress", asked, accept: "application/json")
            return (issue, bytes, again)
        }
        let digest = hexadecimal(Data(SHA256.hash(data: bytes)))
        guard digest == issue.sha256 else {
            throw Failure(
                "the bytes are not those that were published: their SHA-256 is \(digest), not \(issue.sha256 ?? "told")"
            )
        }
        Terminal.write(lines: ["the bytes are those that were published: sha256 \(digest)"])
        let frozen = try ProgressReport(json: bytes)
        var anew = try ProgressReport(json: again)
        anew.issue = frozen.issue
        guard frozen.figuresVersion == anew.figuresVersion else {
            throw Failure(
                "its figures are of version \(frozen.figuresVersion); this server works out version \(anew.figuresVersion)",
                code: Failure.Code.partial)
        }
        guard anew.json() == bytes else {
            let differences = frozen.differences(to: anew)
            Terminal.write(lines: differences.table.lines(width: Terminal.width))
            throw Failure("worked out again, \(quantity(differences.count, "value is", "values are")) different")
        }
        Terminal.write(lines: ["worked out anew as known at \(issue.knownAt), every figure is the same"])
    }
}

struct ReportDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show every value that two reports have differently.",
        discussion: """
            A report is named by the number of its issue, by a day, or by a day and the moment as which it was known:

            rectify report diff internet-2021 1 2
            rectify report diff internet-2021 1 2021-09-30                       what was entered since issue 1
            rectify report diff internet-2021 2021-09-30@2026-11-22T10:00:00Z 2021-09-30
            """)

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Argument(help: "Issue, day, or day@moment.")
    var first: String

    @Argument(help: "The same, for the other.")
    var second: String

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (before, after) = try await client.withClient { client in
            let before = try await report(first, client, from: nil)
            // The same period, where the second is only a day.
            return (before, try await report(second, client, from: before.period.from))
        }
        let differences = before.differences(to: after)
        for report in [before, after] {
            Terminal.note("\(report.period.from) to \(report.period.to), as known at \(report.knownAt)")
        }
        Terminal.write(lines: differences.table.lines(width: Terminal.width))
        Terminal.note(
            differences.isEmpty
                ? "no value is different" : "\(quantity(differences.count, "value is", "values are")) different")
        guard before.figuresVersion != after.figuresVersion else { return }
        Terminal.note(
            before.knownAt == after.knownAt
                ? "the same was known for both: the differences come from the version of the figures alone"
                : "differences marked with a version may come from the version of the figures alone")
        for line in before.versionsBetween(after) { Terminal.note("  \(line)") }
    }

    private func report(_ name: String, _ client: Client, from begin: Day?) async throws -> ProgressReport {
        if let number = Int(name) {
            return try ProgressReport(
                json: try await client.get(
                    "/v1/campaigns/\(campaign)/issues/\(number)", [("edition", "internal")], accept: "application/json")
            )
        }
        let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
        guard let day = parts.first.flatMap({ Day($0) }) else {
            throw ValidationError("“\(name)” is neither the number of an issue, nor a day such as 2021-09-30.")
        }
        var query = [("as_of", day.description)] + parts.dropFirst().map { ("known_at", $0) }
        if let begin, begin <= day { query.append(("from", begin.description)) }
        return try ProgressReport(
            json: try await client.get("/v1/campaigns/\(campaign)/progress", query, accept: "application/json"))
    }
}

extension [ReportDifference] {
    fileprivate var table: TextTable {
        TextTable(
            [.init("Figure"), .init("Row"), .init("Before", .right), .init("After", .right), .init("Version")],
            map { [$0.figure, $0.row, $0.before ?? "–", $0.after ?? "–", $0.sinceVersion.map(String.init) ?? ""] })
    }
}

struct ReportWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show the report of today and redraw it as it changes; Ctrl-C ends it.")

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Option(help: "Seconds between two looks.")
    var every: Int = 5

    @Option(help: "en, zh-CN or vi.")
    var language: Language = .en

    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard (1...3600).contains(every) else { throw ValidationError("--every lies between 1 and 3600.") }
    }

    func run() async throws {
        guard isatty(STDOUT_FILENO) == 1 else {
            throw ValidationError("watch draws on a terminal; use `rectify report` for a file or a pipe.")
        }
        while true {
            let (report, _) = try await options.report(of: campaign)
            var size = winsize()
            let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 3
            let height = isKnown ? Int(size.ws_row) - 1 : 24
            let lines = report.terminal(language, width: Terminal.width, limit: 8).split(
                separator: "\n", omittingEmptySubsequences: false)
            Terminal.clear()
            Terminal.write(lines: lines.prefix(height).map { String($0) })
            try await Task.sleep(for: .seconds(every))
        }
    }
}
