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

            Each key acts on the case that is shown, with the version that is shown; `u` undoes the last step where it
            can be undone. It works on 80 columns, and without a terminal, reading one key a line.
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions

    @Option(help: "How many cases at the most.")
    var limit = 1000

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let keyboard = Keyboard()
        try await client.withClient { client in
            let code = try campaign.code
            let campaign: CampaignBody = try await client.get("/v1/campaigns/\(code)")
            var query = filters
            if filters.typed.isEmpty, filters.filter == nil { query.queue = "new" }
            let lines = try await client.list(
                "/v1/complaints", try await query.query(code, client), limit: limit, of: ComplaintLineBody.self)
            guard !lines.isEmpty else { return Terminal.note("nothing to triage") }
            var session = TriageSession(
                client: client, keyboard: keyboard, campaign: campaign, references: lines.map(\.reference))
            defer { keyboard.restore() }
            try await session.walk()
        }
    }
}

/// Reads single keys from a terminal, or one a line from anything else.
final class Keyboard {
    private let isTerminal = isatty(STDIN_FILENO) == 1
    private var saved = termios()

    init() {
        guard isTerminal else { return }
        tcgetattr(STDIN_FILENO, &saved)
    }

    /// The next key; `nil` at the end of input.
    func key() -> Character? {
        guard isTerminal else { return readLine().map { $0.first ?? "\n" } }
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        defer { restore() }
        var byte: UInt8 = 0
        guard read(STDIN_FILENO, &byte, 1) == 1, byte != 4 else { return nil }
        if byte == 0x1B { skipSequence(raw) }
        return Character(Unicode.Scalar(byte))
    }

    /// What an arrow key sends after its escape is no key of ours.
    private func skipSequence(_ raw: termios) {
        var raw = raw
        withUnsafeMutableBytes(of: &raw.c_cc) { keys in
            keys[Int(VMIN)] = 0
            keys[Int(VTIME)] = 1
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1 {}
    }

    /// A line, with a question before it.
    func line(_ question: String) -> String? {
        Terminal.write(question)
        return readLine()?.trimmingCharacters(in: .whitespaces)
    }

    func restore() {
        guard isTerminal else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
    }
}
