import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct ComplaintList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List complaints, newest first.",
        discussion: """
            rectify complaint list --status received,accepted --overdue
            rectify complaint list --officer me
            rectify complaint list --platform wechat --text 口令 -o json
            """)

    @Option(help: "One or more of received, needs_information, accepted, … with commas between.")
    var status: String?

    @Option(help: "Category.")
    var category: String?

    @Option(help: "blocked_link, refused_payment or other.")
    var kind: String?

    @Option(help: "Company complained of.")
    var company: String?

    @Option(help: "Platform complained of.")
    var platform: String?

    @Option(help: "Officer's name, “me” or “none”.")
    var officer: String?

    @Flag(help: "Only where something owed is late.")
    var overdue = false

    @Option(help: "Words the complainant used.")
    var text: String?

    @Option(help: "How many at the most.")
    var limit = 50

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit lies between 1 and 100000.") }
    }

    func run() async throws {
        let filters: [(name: String, value: String?)] = [
            ("campaign", try campaign.code), ("status", status), ("category", category), ("kind", kind),
            ("company", company), ("platform", platform), ("officer", officer), ("text", text),
            ("overdue", overdue ? "true" : nil),
        ]
        let query = filters.compactMap { filter in filter.value.map { (filter.name, $0) } }
        let lines = try await client.withClient { client in
            try await client.list("/v1/complaints", query, limit: limit, of: ComplaintLineBody.self)
        }
        try output.write(
            lines,
            [
                .init("Reference"), .init("Status"), .init("Received"), .init("Due"), .init("Respondent"),
                .init("Target"), .init("Officer"), .init("Text"),
            ], name: \.reference
        ) { line in
            [
                line.reference, line.status.rawValue, line.receivedOn.description,
                (line.dueOn?.description ?? "") + (line.isOverdue ? " late" : ""),
                line.respondent.platform ?? line.respondent.company ?? "?", line.target.words, line.officer ?? "",
                line.excerpt,
            ]
        }
    }
}

struct ComplaintShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one complaint.")

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        let body: ComplaintBody = try await client.withClient { client in
            try await client.get(ComplaintPath.path(reference))
        }
        try output.write(body, name: body.reference, fields: body.fields)
    }
}

extension ComplaintBody {
    fileprivate var fields: [(String, String?)] {
        var fields: [(String, String?)] = [
            ("Complaint", reference), ("Status", status.rawValue), ("Version", String(version)),
            ("Kind", kind.rawValue), ("Category", category), ("Scenario", scenario),
            ("Respondent", respondent.platform ?? respondent.company ?? respondent.name.map { "? “\($0)”" } ?? "?"),
            ("Target", kind == .other ? nil : target.words), ("Scene", scene), ("Manner", manner),
            ("Method as written", methodName), ("Wrapped by", wrappedBy), ("Merchant", merchant),
            ("Officer", officer), ("Outcome", outcome?.rawValue), ("Refused on", refusalGround),
            ("Waits for", informationGap), ("Referred to", agency), ("Duplicate of", duplicateOf),
            ("Received on", receivedOn.description), ("Changed on", changedOn.description),
        ]
        for deadline in deadlines {
            let provisional = deadline.isProvisional ? ", provisional" : ""
            fields.append(
                ("Due: \(deadline.purpose.rawValue)", "\(deadline.dueOn) (\(deadline.state.rawValue)\(provisional))"))
        }
        for barrier in barriers {
            fields.append(
                ("Barrier \(barrier.number)", "\(barrier.remediation.rawValue), observed \(barrier.observed.rawValue)"))
        }
        fields += [("Narrative", narrative), ("Pasted", linkText), ("Control", controlText), ("Wishes", remedySought)]
        if let complainant {
            let parts = [complainant.name, complainant.phone, complainant.email].compactMap(\.self)
            fields.append(("Complainant", ([complainant.kind ?? ""] + parts).joined(separator: ", ")))
        }
        fields.append(("Same contact", sameContact.isEmpty ? nil : sameContact.joined(separator: ", ")))
        for message in messages { fields.append(("Message \(message.event)", message.text)) }
        if isErased { fields.append(("Sealed parts", "erased: nobody can open them")) }
        if isSealedUnavailable { fields.append(("Sealed parts", "cannot be opened just now")) }
        fields.append(("Possible now", actions.joined(separator: ", ")))
        return fields
    }
}

extension TargetBody {
    /// What is barred, in a word.
    var words: String { paymentMethod ?? platform ?? company ?? host ?? "?" }
}

struct ComplaintHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show everything that happened to a complaint.")

    @Argument(help: "Reference, such as IR21-0000123-4.")
    var reference: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try ComplaintPath.check(reference) }

    func run() async throws {
        let events = try await client.withClient { client in
            try await client.list(
                "\(ComplaintPath.path(reference))/events", [], limit: 10_000, of: EventBody.self)
        }
        try output.write(events, EventBody.columns, name: { String($0.sequence) }, row: \.row)
    }
}

extension EventBody {
    static let columns: [TextTable.Column] = [
        .init("No.", .right), .init("On"), .init("Recorded"), .init("Who"), .init("Did"), .init("Details"),
    ]

    var row: [String] {
        let who = [actor ?? actorKind.rawValue, onBehalfOf.map { "for \($0.rawValue)" }].compactMap(\.self)
        let facts = details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + [note].compactMap(\.self)
        return [
            String(sequence), effectiveOn.description, recordedAt.formatted(.iso8601), who.joined(separator: " "),
            action, facts.joined(separator: "; "),
        ]
    }
}

extension Client {
    /// Walks a list to its end, or to `limit`.
    func list<Item: Codable & Sendable>(
        _ path: String, _ query: [(name: String, value: String)], limit: Int, of type: Item.Type
    ) async throws -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let size = min(200, limit - items.count)
            let more = [("page_size", String(size))] + (cursor.map { [("cursor", $0)] } ?? [])
            let page: Page<Item> = try await get(path, query + more)
            items += page.items
            cursor = page.next
        } while cursor != nil && items.count < limit
        if cursor != nil { Terminal.note("there are more than \(limit); see them with a higher --limit") }
        return items
    }
}
