public import Foundation

/// What an organisation is told of one step of a complaint that it filed: what its own list shows of it, nothing more.
public struct FilingNews: Sendable, Equatable {
    /// What of a complaint an organisation sees; a step that changes none of it is not told.
    public static let members: Set = ["status", "outcome", "information_gap"]

    public var campaign: String
    public var reference: Reference
    /// The organisation's own name for the complaint.
    public var clientReference: String?
    /// The place of the step in the complaint's history: messages may overtake each other, the latest counts.
    public var sequence: Int
    public var changes: [String: Event.Change]
    public var effectiveOn: Day
    public var recordedAt: Date

    public init(
        campaign: String, reference: Reference, clientReference: String?, sequence: Int,
        changes: [String: Event.Change], effectiveOn: Day, recordedAt: Date
    ) {
        self.campaign = campaign
        self.reference = reference
        self.clientReference = clientReference
        self.sequence = sequence
        self.changes = changes
        self.effectiveOn = effectiveOn
        self.recordedAt = recordedAt
    }

    /// The message, as JSON.
    public var body: String {
        let told = changes.filter { Self.members.contains($0.key) }.mapValues { change in
            JSON.object(["old": JSON(change.old), "new": JSON(change.new)])
        }
        return JSON.object([
            "type": .string("complaint.changed"), "timestamp": .string(recordedAt.formatted(.iso8601)),
            "data": .object([
                "campaign": .string(campaign), "reference": .string(reference.description),
                "client_reference": JSON(clientReference), "sequence": .int(sequence),
                "effective_on": .string(effectiveOn.description), "changes": .object(told),
            ]),
        ]).canonicalText
    }
}

extension JSON {
    fileprivate init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }
}

/// When a message that did not arrive is sent again.
public enum DeliverySchedule {
    /// Seconds from each attempt to the next; after the attempt behind the last of them it is given up.
    ///
    /// Not quite two days in all.
    public static let waits = [10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600]

    /// - Parameter attempts: How many have failed.
    /// - Returns: Seconds until the next; `nil` where it is given up.
    public static func wait(after attempts: Int) -> Int? {
        waits.indices.contains(attempts - 1) ? waits[attempts - 1] : nil
    }
}
