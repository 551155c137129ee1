import Casework
import Foundation
import Store
import TestSupport
import Testing

@testable import API

/// Faults that users of comparable systems reported, and what has to stay right beside them, played through a server.
///
/// `Tests/Fixtures/reality/timelines.json` holds the scenarios. Each is played with a database of its own, so that the campaign
/// has no other complaints.
struct RealityTimelineTests {
    @Test(arguments: Scenario.all) func `a scenario of the field goes as it should`(scenario: Scenario) async throws {
        try await withServer { server in
            let receiver = Receiver([200])
            try await receiver.listening { url in
                let sender = WebhookSender(
                    server.store.databases, keys: server.store.keys, allowing: try NetworkList("127.0.0.0/8"),
                    logger: quiet)
                let sending = Task { await sender.run(every: .milliseconds(50)) }
                var player = try await ScenarioPlayer(scenario, on: server, receiver: receiver, at: url)
                do {
                    try await player.play()
                } catch {
                    sending.cancel()
                    throw error
                }
                sending.cancel()
                await sending.value
            }
            try await server.store.checkHistory()
        }
    }
}

/// Dated steps, and what has to hold after them.
struct Scenario: Sendable, CustomTestStringConvertible {
    let id: String
    /// What it tells, in a sentence.
    let what: String
    /// Officers beside `li` and `boss`, with role and office.
    let officers: [String: JSON]
    let steps: [JSON]
    /// What every complaint is filed with.
    let filing: [String: JSON]

    var testDescription: String { id }

    static let all: [Scenario] = {
        do {
            let document = try JSON(parsing: fixture("reality/timelines.json"))
            let filing = document["filing"]?.members ?? [:]
            return document["scenarios"]?.array.map { Scenario($0, filing: filing) } ?? []
        } catch {
            preconditionFailure("the scenarios cannot be read: \(error)")
        }
    }()

    private init(_ document: JSON, filing: [String: JSON]) {
        id = document["id"]?.string ?? "?"
        what = document["what"]?.string ?? ""
        officers = document["officers"]?.members ?? [:]
        steps = document["steps"]?.array ?? []
        self.filing = filing
    }
}

extension JSON {
    /// The members of an object; of anything else there are none.
    var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }

    var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// Several values, or one.
    var oneOrMore: [JSON] { if case .array(let values) = self { values } else { [self] } }
}
