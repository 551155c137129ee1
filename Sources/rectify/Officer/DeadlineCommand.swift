import ArgumentParser
import Casework
import Client
import Contract
import Reports

struct DeadlineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadline", abstract: "Understand what is due when.", subcommands: [DeadlineExplain.self])
}

struct DeadlineExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell a deadline day by day: what was counted, what was not, and why.",
        discussion: """
            rectify deadline explain IR21-0000123-4
            rectify deadline explain order:3
            rectify deadline explain barrier:17        # the clock of the company that is waited for
            """)

    @Argument(help: "A reference, order:NUMBER or barrier:NUMBER.")
    var subject: String

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    private var path: String {
        get throws {
            if let reference = Reference(subject) { return "/v1/complaints/\(reference)/deadlines" }
            let parts = subject.split(separator: ":").map(String.init)
            guard parts.count == 2, let number = Int(parts[1]), ["order", "barrier"].contains(parts[0]) else {
                throw ValidationError("“\(subject)” is no reference, order:NUMBER or barrier:NUMBER.")
            }
            return "/v1/campaigns/\(try campaign.code)/\(parts[0])s/\(number)/deadlines"
        }
    }

    func run() async throws {
        let page: Page<ExplanationBody> = try await client.withClient { client in try await client.get(try path) }
        guard output.output == .table else {
            return try output.write(
                page.items, [], csv: ExplanationBody.csv, name: { $0.purpose.rawValue }, row: { _ in [] })
        }
        if page.items.isEmpty { Terminal.note("nothing is due there") }
        for item in page.items { Terminal.write(lines: item.words + [""]) }
    }
}

extension ExplanationBody {
    /// The deadline in words, then its days; days of one reason in a row are told in one line.
    fileprivate var words: [String] {
        let unit = rule.unit == .workingDays ? "working days" : "calendar days"
        var head = [
            "\(subject): \(name), due \(dueOn), \(state.rawValue)"
                + (missedFrom.map { ", missed from \($0) on" } ?? ""),
            "  rule \(rule.code): \(rule.limit) \(unit)"
                + (rule.rollsIfNonworking ? ", a last day off work moves to the next worked" : "")
                + (rule.basis.isEmpty ? "" : " (\(rule.basis))"),
        ]
        for more in extensions { head.append("  extended by \(more.by) on \(more.on)") }
        if let carriedFrom { head.append("  it started on \(carriedFrom), which was merged into this complaint") }
        if let company { head.append("  owed by \(company)") }
        if isProvisional { head.append("  provisional: it reaches past the loaded calendar") }
        if let endedOn { head.append("  ended on \(endedOn)") }
        var rows: [[String]] = []
        for line in lines {
            rows.append([
                line.day.description, Self.weekdays[line.day.weekday - 1], line.count > 0 ? "\(line.count)" : "",
                line.reason.rawValue.replacing("_", with: " ") + (line.isUncovered ? ", no calendar loaded" : ""),
            ])
        }
        let table = TextTable([.init("Day"), .init(""), .init("Count", .right), .init("Why")], rows)
        return head + table.lines(hasHeader: false).map { "    " + $0 }
    }

    private var name: String { run > 1 ? "\(purpose.rawValue) (run \(run))" : purpose.rawValue }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
}
