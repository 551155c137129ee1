import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

/// Walks a queue case by case: one screen, one key, the next.
struct Triage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Walk a queue case by case with single keys: accept, refuse, duplicate, assign, skip, undo.",
        discussion: """
            rectify triage                      # what was received and is not decided on
            rectify triage --queue suspected-duplicates
            rectify triage --platform wechat --status received

            Each key acts on the case that is shown, with the version that is shown; `u` takes back the last step, and the
            one before it. What cannot be taken back is named above the keys. Esc goes back from a question. It works on
            80 columns, and without a terminal, reading one key a line.
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions

    @Option(help: "How many cases at the most.")
    var limit = 1000

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.withClient { client in
            let code = try campaign.code
            let me: SessionBody = try await client.get("/v1/session")
            let campaign: CampaignBody = try await client.get("/v1/campaigns/\(code)")
            var query = filters
            if filters.typed.isEmpty, filters.filter == nil { query.queue = "new" }
            let lines = try await client.list(
                "/v1/complaints", try await query.query(code, client), limit: limit, of: ComplaintLineBody.self)
            guard !lines.isEmpty else { return Terminal.note("nothing to triage") }
            let keyboard = Keyboard()
            defer { keyboard.restore() }
            var session = TriageSession(
                client: client, keyboard: keyboard, me: me, campaign: campaign, references: lines.map(\.reference))
            try await session.walk()
        }
    }
}
