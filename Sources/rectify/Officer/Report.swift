import ArgumentParser
import Casework
import Client
import Contract
import Crypto
import Foundation
import Postgres
import Reports
import Store

/// Where and how a report is asked for.
struct ReportOptions: ParsableArguments {
    @Option(help: .day("The day at whose end the figures stand; today where left out."))
    var asOf: Day?

    @Option(help: .day("The first day of the period that is compared; the first of the month where left out."))
    var from: Day?

    @Option(help: "The moment as which it was known, such as 2026-11-22T10:00:00Z; now where left out.")
    var knownAt: String?

    @Option(help: "internal or public: without single complaints, small numbers and what is only alleged.")
    var edition: ProgressReport.Edition = .internal

    @OptionGroup var client: ClientOptions

    var query: [(String, String)] {
        let parameters: [(name: String, value: String?)] = [
            ("as_of", asOf?.description), ("from", from?.description), ("known_at", knownAt),
            ("edition", edition.rawValue),
        ]
        return parameters.compactMap { parameter in parameter.value.map { (parameter.name, $0) } }
    }

    func report(of campaign: String, issue: Int? = nil) async throws -> (report: ProgressReport, bytes: Data) {
        let bytes = try await client.withClient { client in
            guard let issue else {
                return try await client.get("/v1/campaigns/\(campaign)/progress", query, accept: "application/json")
            }
            return try await client.get(
                "/v1/campaigns/\(campaign)/issues/\(issue)", [("edition", edition.rawValue)], accept: "application/json"
            )
        }
        return (try ProgressReport(json: bytes), bytes)
    }
}

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Progress reports of a campaign.",
        discussion: """
            rectify report internet-2021 --as-of 2021-12-31
            rectify report internet-2021 --as-of 2021-12-31 --format html --out report.html
            rectify report explain internet-2021 timeliness.timely

            With --known-at the report is what was known then, the same bytes whenever it is asked for.
            """,
        subcommands: [
            ReportShow.self, ReportExplain.self, ReportPublish.self, ReportIssuesList.self, ReportVerify.self,
            ReportDiff.self, ReportWatch.self,
        ], defaultSubcommand: ReportShow.self)
}

struct ReportShow: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case terminal
        case markdown
        case html
        case json
        case csv
        case pdf
    }

    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a report, or write it to a file. “show” may be left out.")

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Option(help: "terminal, markdown, html, json, csv (a folder of tables), or pdf, which Chromium makes of the page.")
    var format: Format = .terminal

    @Option(help: "en, zh-CN or vi.")
    var language: Language = .en

    @Option(help: "File to write to; of csv, the folder.", completion: .file())
    var out: String?

    @Flag(help: "Draw with ASCII only.")
    var ascii = false

    @Flag(help: "Every line of every table in the terminal, not only the first 40.")
    var all = false

    @Flag(help: "CSV that Excel reads: with a byte-order mark.")
    var excel = false

    @Option(help: "Number of a published issue, in place of days and moments.")
    var issue: Int?

    @OptionGroup var options: ReportOptions

    func validate() throws {
        if issue != nil, options.asOf != nil || options.from != nil || options.knownAt != nil {
            throw ValidationError("--issue names a report by itself; leave out --as-of, --from and --known-at.")
        }
        if format == .csv, out == nil { throw ValidationError("csv is a folder of tables; name it with --out.") }
        if format == .pdf, out == nil { throw ValidationError("a PDF is written to a file; name it with --out.") }
    }

    func run() async throws {
        let (report, bytes) = try await options.report(of: campaign, issue: issue)
        if let issue, let later = try await correction(of: issue) {
            Terminal.note("issue \(issue) was corrected by issue \(later)")
        }
        if format == .csv, let out { return try write(report.csvFiles(isForExcel: excel), to: URL(filePath: out)) }
        if format == .pdf, let out {
            try await PDFPrinter.print(report.html(language), to: URL(filePath: out))
            return Terminal.note("written to \(out)")
        }
        let text: String =
            switch format {
            case .html: report.html(language)
            case .markdown: report.markdown(language)
            case .terminal:
                report.terminal(
                    language, width: out == nil ? Terminal.width : nil, isPlain: ascii, limit: all ? .max : 40) + "\n"
            case .json, .csv, .pdf: String(decoding: bytes, as: UTF8.self)
            }
        guard let out else { return Terminal.write(text) }
        try write(text, to: URL(filePath: out))
        Terminal.note("written to \(out)")
    }

    /// What is frozen cannot say by itself that it was put right.
    private func correction(of issue: Int) async throws -> Int? {
        let issues = try await options.client.withClient { client in
            try await client.list("/v1/campaigns/\(campaign)/issues", [], limit: 10_000, of: IssueBody.self)
        }
        return issues.first { $0.number == issue }?.correctedBy
    }

    private func write(_ text: String, to file: URL) throws {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw Failure("\(file.path(percentEncoded: false)) cannot be written: \(error.systemReason)")
        }
    }

    /// The files, and their digests as `sha256sum` checks them.
    private func write(_ files: [(name: String, content: String)], to folder: URL) throws {
        let path = folder.path(percentEncoded: false)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("\(path) cannot be made: \(error.systemReason)")
        }
        // What is left of another report would pass for a part of this one.
        guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else {
            throw Failure("\(path) is not empty; name a new folder", code: Failure.Code.conflict)
        }
        let names = files.map(\.name).filter { $0.wholeMatch(of: /[a-z_.]+/) == nil }
        guard names.isEmpty else { throw Failure("the server names a table “\(names[0])”") }
        var sums = ""
        for (name, content) in files {
            try write(content, to: folder.appending(path: name))
            sums += "\(hexadecimal(Data(SHA256.hash(data: Data(content.utf8)))))  \(name)\n"
        }
        try write(sums, to: folder.appending(path: "SHA256SUMS"))
        Terminal.note("\(files.count) files and SHA256SUMS are in \(folder.path(percentEncoded: false))")
    }
}

struct ReportExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a figure means, and which complaints are behind it.",
        discussion: """
            rectify report explain internet-2021                                 every figure
            rectify report explain internet-2021 handling.status.count           its formula and values
            rectify report explain internet-2021 handling.status.count --row status:closed   with the complaints
            """)

    @Argument(help: "Campaign, such as internet-2021.")
    var campaign: String

    @Argument(help: "Code of the figure: table.column.")
    var figure: String?

    @Option(help: "Code of the row whose complaints are listed, such as status:closed or company:tencent.")
    var row: String?

    @Option(help: "Company, for a row of companies.outcome.")
    var company: String?

    @Option(help: "Complaints listed, at the most.")
    var limit: Int = 50

    @Option(help: "en, zh-CN or vi.")
    var language: Language = .en

    @OptionGroup var options: ReportOptions

    func validate() throws {
        guard (1...200).contains(limit) else { throw ValidationError("--limit lies between 1 and 200.") }
        if row != nil, figure == nil { throw ValidationError("--row goes with a figure.") }
    }

    func run() async throws {
        let (report, _) = try await options.report(of: campaign)
        guard let figure else {
            let table = TextTable(
                [.init("Figure"), .init("Title"), .init("How it is worked out")],
                report.figures.filter { $0.formula != nil }.map {
                    [$0.code, $0.title[language], $0.formula?[language] ?? ""]
                })
            return Terminal.write(lines: table.lines(width: Terminal.width))
        }
        guard let text = report.explanation(of: figure, language) else {
            throw Failure(
                "the report has no figure “\(figure)”; `rectify report explain \(campaign)` lists them",
                code: Failure.Code.notFound)
        }
        Terminal.write(text + "\n")
        guard let row else { return }
        // As known at the moment of the values above.
        var query = [
            ("as_of", report.asOf.description), ("from", report.period.from.description), ("known_at", report.knownAt),
            ("figure", figure), ("row", row), ("page_size", String(limit)),
        ]
        if let company { query.append(("company", company)) }
        let page: Page<CaseBehindBody> = try await options.client.withClient { [query] client in
            try await client.get("/v1/campaigns/\(campaign)/progress/cases", query)
        }
        Terminal.write(lines: [""] + page.items.map(\.reference))
        if page.items.isEmpty {
            Terminal.note("no complaint is behind this; the column CODE above has the rows there are")
        }
        if page.items.count == limit { Terminal.note("there may be more; --limit says how many are listed") }
    }
}
