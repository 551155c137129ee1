import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

/// What a list is narrowed to, as it is typed; the same for lists, bulk actions, triage and kept filters.
struct FilterOptions: ParsableArguments {
    @Option(help: "A queue: new, mine, unassigned, overdue, due-soon, waiting-for-company, …")
    var queue: String?

    @Option(help: "A filter kept with `rectify queue save`.")
    var filter: String?

    @Option(help: "One or more of received, needs_information, accepted, … with commas between.")
    var status: String?

    @Flag(help: "Only what is open.")
    var open = false

    @Option(help: "Category.")
    var category: String?

    @Option(help: "Scenario.")
    var scenario: String?

    @Option(help: "blocked_link, refused_payment or other.")
    var kind: String?

    @Option(help: "Company complained of.")
    var company: String?

    @Option(help: "Platform complained of.")
    var platform: String?

    @Option(help: "Platform whose links are blocked.")
    var target: String?

    @Option(help: "Payment method that is refused.")
    var method: String?

    @Option(help: "Officer's name, “me” or “none”.")
    var officer: String?

    @Option(help: "Office.")
    var office: String?

    @Option(help: "low, normal, high or urgent.")
    var priority: String?

    @Option(help: "Outcome, where it is closed.")
    var outcome: String?

    @Option(help: "Region, such as CN-GD.")
    var region: String?

    @Option(help: "public or officer: how it came.")
    var channel: String?

    @Option(help: "Number of a barrier it attests.")
    var barrier: Int?

    @Flag(help: "Only where another complaint may be the same.")
    var suspected = false

    @Flag(help: "Only where something owed is late.")
    var overdue = false

    @Option(help: "Only where something falls due within so many days.")
    var dueWithin: Int?

    @Option(help: .day("Received on this day or later."))
    var receivedFrom: Day?

    @Option(help: .day("Received on this day or before."))
    var receivedTo: Day?

    @Option(help: "Words the complainant used; all have to occur.")
    var text: String?

    @Option(help: "newest or oldest, by the day of receipt, or due.")
    var sort: String?

    /// The parameters of the list; those of a kept filter first, what is typed besides wins.
    func query(_ campaign: String, _ client: Client) async throws -> [(name: String, value: String)] {
        var parameters: [String: String] = [:]
        if let filter {
            let page: Page<SavedFilterBody> = try await client.get("/v1/filters")
            guard let kept = page.items.first(where: { $0.name == filter }) else {
                throw Failure("there is no filter “\(filter)”; see: rectify queue list", code: Failure.Code.notFound)
            }
            parameters = kept.query
        }
        parameters.merge(typed) { _, typed in typed }
        if filter == nil || parameters["campaign"] == nil { parameters["campaign"] = campaign }
        return parameters.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    /// What was typed.
    var typed: [String: String] {
        let values: [String: String?] = [
            "queue": queue, "status": status, "open": open ? "true" : nil, "category": category,
            "scenario": scenario, "kind": kind, "company": company, "platform": platform, "target": target,
            "method": method, "officer": officer, "office": office, "priority": priority, "outcome": outcome,
            "region": region, "channel": channel, "barrier": barrier.map { "\($0)" },
            "suspected": suspected ? "true" : nil, "overdue": overdue ? "true" : nil,
            "due_within": dueWithin.map { "\($0)" }, "received_from": receivedFrom?.description,
            "received_to": receivedTo?.description, "text": text, "sort": sort,
        ]
        return values.compactMapValues(\.self)
    }
}

struct ComplaintList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List complaints, those received last first.",
        discussion: """
            rectify complaint list --status received,accepted --overdue
            rectify complaint list --officer me --sort due
            rectify complaint list --platform wechat --text 口令 -o json
            rectify complaint list --company '!tencent' --status '!closed,refused'

            Every filter goes with every other; “!” before the codes means all but these.
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions

    @Option(help: "How many at the most.")
    var limit = 50

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let lines = try await client.withClient { client in
            try await client.list(
                "/v1/complaints", try await filters.query(try campaign.code, client), limit: limit,
                of: ComplaintLineBody.self)
        }
        try output.write(
            lines, ComplaintLineBody.columns, csv: ComplaintLineBody.csv, name: \.reference, row: \.row)
    }
}

extension ComplaintLineBody {
    static let columns: [TextTable.Column] = [
        .init("Reference"), .init("Status"), .init("Received"), .init("Due"), .init("Respondent"), .init("Target"),
        .init("Officer"), .init("Text"),
    ]

    var row: [String] {
        let marks = [
            isNews ? "news" : nil, priority == .normal ? nil : priority.rawValue, isSuspected ? "duplicate?" : nil,
        ].compactMap(\.self)
        return [
            reference, status.rawValue, receivedOn.description,
            (dueOn?.description ?? "") + (isOverdue ? " late" : ""),
            respondent.platform ?? respondent.company ?? "?", target.words, officer ?? "",
            (marks.isEmpty ? "" : "[\(marks.joined(separator: ", "))] ") + excerpt,
        ]
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
    var fields: [(String, String?)] {
        var fields: [(String, String?)] = [
            ("Complaint", reference), ("Status", status.rawValue), ("Version", String(version)),
            ("Kind", kind.rawValue), ("Category", category), ("Scenario", scenario),
            ("Respondent", respondent.platform ?? respondent.company ?? respondent.name.map { "? “\($0)”" } ?? "?"),
            (
                "May mean",
                (respondentCandidates + methodCandidates).isEmpty
                    ? nil
                    : (respondentCandidates + methodCandidates).joined(separator: ", ")
            ),
            ("Target", kind == .other ? nil : target.words), ("Scene", scene), ("Manner", manner),
            ("Method as written", methodName), ("Wrapped by", wrappedBy), ("Link", linkUrl),
            ("Odd about it", linkOddities.isEmpty ? nil : linkOddities.map(\.rawValue).joined(separator: ", ")),
            ("Passphrase", passphrase), ("Merchant", merchant),
            ("Office", office), ("Officer", officer), ("Priority", priority == .normal ? nil : priority.rawValue),
            ("Outcome", outcome?.rawValue), ("Refused on", refusalGround),
            ("Company's answer", answer.map { $0.rawValue + (answerGround.map { ", \($0)" } ?? "") }),
            ("Confirmed fixed", confirmedFixed.map { $0 ? "yes" : "no" }), ("Rating", rating.map { "\($0) of 5" }),
            ("Waits for", informationGap), ("Referred to", agency), ("Duplicate of", duplicateOf),
            ("Merged into it", absorbed.isEmpty ? nil : absorbed.joined(separator: ", ")),
            ("Suspicion", isSuspected ? "another complaint may be the same: complaint duplicates" : nil),
            ("News", isNews ? "something came that its officer had not seen" : nil),
            ("Received on", receivedOn.description), ("Changed on", changedOn.description),
        ]
        for verdict in verdicts {
            let words = [
                verdict.confirmedFixed.map { $0 ? "fixed" : "not fixed" }, verdict.rating.map { "\($0) of 5" },
            ].compactMap(\.self)
            fields.append(
                ("Said of ending \(verdict.ending)", "\(verdict.reference): \(words.joined(separator: ", "))"))
        }
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
        for tie in relations {
            fields.append((tie.isInverse ? "Named by" : "Tied to", "\(tie.reference), \(tie.relation.rawValue)"))
        }
        for message in messages {
            let other = message.reference == reference ? "" : ", \(message.reference)"
            fields.append(("\(message.on) \(message.from.rawValue)\(other)", message.text ?? "(erased)"))
        }
        if isErased { fields.append(("Sealed parts", "erased: nobody can open them")) }
        if dataState != .active { fields.append(("Personal data", dataState.rawValue)) }
        if isHeld { fields.append(("Legal hold", "yes")) }
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
        try output.write(
            events, EventBody.columns, csv: EventBody.csv, name: { String($0.sequence) }, row: \.row)
    }
}

extension EventBody {
    static let columns: [TextTable.Column] = [
        .init("No.", .right), .init("On"), .init("Recorded"), .init("Who"), .init("Did"), .init("Details"),
    ]

    /// Without the runs that came with a merger: a document for replaying, which `deadline explain` shows to people.
    var shownDetails: [String: String] { details.filter { $0.key != "runs" } }

    var row: [String] {
        let who = [actor ?? actorKind.rawValue, onBehalfOf.map { "for \($0.rawValue)" }].compactMap(\.self)
        let told = shownDetails.filter { changes[$0.key]?.new != $0.value }.sorted { $0.key < $1.key }
        let changed = changes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.words)" }
        let facts = told.map { "\($0.key)=\($0.value)" } + changed + [note].compactMap(\.self)
        return [
            String(sequence), effectiveOn.description, recordedAt.formatted(.iso8601), who.joined(separator: " "),
            action, facts.joined(separator: "; "),
        ]
    }
}

extension Client {
    /// Walks a list to its end, to `limit`, or to where the server asks to narrow it.
    ///
    /// - Throws: `Failure` for a limit that is none; `ProblemBody` and the other errors of the client.
    func list<Item: Codable & Sendable>(
        _ path: String, _ query: [(name: String, value: String)], limit: Int, of type: Item.Type
    ) async throws -> [Item] {
        guard (1...1_000_000).contains(limit) else { throw Failure("--limit lies between 1 and 1000000", code: 64) }
        var items: [Item] = []
        var cursor: String?
        repeat {
            let size = min(200, limit - items.count)
            let more = [("page_size", String(size))] + (cursor.map { [("cursor", $0)] } ?? [])
            let page: Page<Item> = try await get(path, query + more)
            items += page.items
            cursor = page.next
            if let advice = page.advice {
                Terminal.note(advice)
                return items
            }
        } while cursor != nil && items.count < limit
        if cursor != nil { Terminal.note("there are more than \(limit); see them with a higher --limit") }
        return items
    }
}

extension ChangeBody {
    var words: String { "\(old ?? "–") → \(new ?? "–")" }
}
