import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct ComplaintBulk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Do one thing to many complaints.",
        discussion: """
            rectify complaint bulk assignment --set officer=zhang --queue unassigned --dry-run
            rectify complaint bulk acceptance --status received --platform wechat --yes
            rectify complaint bulk priority --set priority=urgent IR21-0000001-8 IR21-0000002-6

            The action is the name of its resource in the API: acceptance, refusal, forwarding, assignment, priority,
            closure, referral, notes, … Each complaint is changed by itself, whole or not at all, and has a result of its
            own. After Ctrl-C or a lost connection, run the same again: a case that has moved on is refused and not moved
            twice (notes and deadline extensions are given again).
            """)

    @Argument(help: "The action, such as acceptance or assignment.")
    var action: String

    @Argument(help: "References; left out where a filter chooses.")
    var references: [String] = []

    @Option(help: "What the action needs: name=value; may be repeated.")
    var set: [String] = []

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @Option(help: .day("Day it took effect, where that was earlier; needs --reason."))
    var on: Day?

    @Flag(help: "Only show what would change.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    @Option(help: "How many at the most.")
    var limit = 10_000

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for pair in set where !pair.contains("=") { throw ValidationError("“\(pair)” has to look like name=value.") }
        for reference in references { try ComplaintPath.check(reference) }
        guard references.isEmpty != (filters.typed.isEmpty && filters.filter == nil) else {
            throw ValidationError("Name references or a filter, such as --queue new; not both, and not neither.")
        }
    }

    func run() async throws {
        let results = try await client.withClient { client in
            let chosen = try await chosen(client)
            guard !chosen.isEmpty else { return [BulkResultBody]() }
            if !dryRun, !yes {
                try Terminal.confirm(
                    "\(action) on \(quantity(chosen.count, "complaint"))?",
                    else: "this changes \(quantity(chosen.count, "complaint")); say --yes, or look first with --dry-run"
                )
            }
            return try await perform(on: chosen, client)
        }
        try output.write(
            results, [.init("Reference"), .init("Outcome"), .init("Status"), .init("What")],
            csv: BulkResultBody.csv, name: \.reference
        ) { result in
            let changes = result.changes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.words)" }
            return [
                result.reference, result.outcome, result.status?.rawValue ?? "",
                result.problem?.detail ?? changes.joined(separator: "; "),
            ]
        }
        let refused = results.count { $0.outcome == "refused" || $0.outcome == "not_reached" }
        let verb = dryRun ? "would change" : "changed"
        Terminal.note("\(results.count - refused) \(verb), \(refused) not")
        if refused > 0 {
            throw Failure(
                "\(refused) of \(results.count) \(refused == 1 ? "was" : "were") not changed",
                code: Failure.Code.partial)
        }
    }

    private func chosen(_ client: Client) async throws -> [String] {
        guard references.isEmpty else { return references.compactMap { Reference($0)?.description } }
        let lines = try await client.list(
            "/v1/complaints", try await filters.query(try campaign.code, client), limit: limit,
            of: ComplaintLineBody.self)
        return lines.map(\.reference)
    }

    private func perform(on chosen: [String], _ client: Client) async throws -> [BulkResultBody] {
        let pairs = set.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let parameters = pairs.reduce(into: [String: JSON]()) { $0[$1[0]] = Self.value($1.count > 1 ? $1[1] : "") }
        var results: [BulkResultBody] = []
        for start in stride(from: 0, to: chosen.count, by: 50) {
            let part = chosen[start..<min(start + 50, chosen.count)]
            let body: [String: JSON] = [
                "action": .string(action), "parameters": .object(parameters), "reason": JSON(reason),
                "effective_on": JSON(on), "dry_run": .bool(dryRun),
                "references": .array(part.map { .string($0) }),
            ]
            let answer: BulkBody = try await client.act(on: "/v1/bulk-actions", version: nil, body)
            results += answer.items
            if Terminal.showsProgress { Terminal.progress("\(results.count) of \(chosen.count)") }
        }
        if Terminal.showsProgress { Terminal.progress("") }
        return results
    }

    private static func value(_ text: String) -> JSON {
        if let number = Int(text) { return .int(number) }
        return text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
    }
}
