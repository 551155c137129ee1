public import Foundation

/// What an organisation is told of one step of a complaint that it filed: what its own list shows of it, nothing more.
public struct FilingNews: Sendable, Equatable {
    /// What of a complaint an organisation sees; a step that changes none of it is not told.
    public static let facts: Set = ["status", "outcome", "information_gap", "answer"]
    /// How far the case is that goes on, where the complaint was merged into another.
    private static let handledWithStatus = "handled_with_status"

    public var campaign: String
    public var reference: Reference
    /// The organisation's own name for the complaint.
    public var clientReference: String?
    /// The place of the step in the complaint's history: messages may overtake each other, the latest counts.
    public var sequence: Int
    /// Where the complaint was merged: the place of the step in the history of the case that goes on; else 0.
    ///
    /// Of messages with the same sequence the one with the highest counts.
    public var handledSequence = 0
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

    /// What an organisation sees of a case; of one that it did not file nothing else.
    public struct View: Sendable, Equatable {
        public var status: String
        public var outcome: String?
        public var informationGap: String?
        public var answer: String?

        public init(status: String, outcome: String?, informationGap: String?, answer: String?) {
            self.status = status
            self.outcome = outcome
            self.informationGap = informationGap
            self.answer = answer
        }
    }

    /// Adds what a merger changes of what the organisation sees: from then on the case that goes on.
    ///
    /// - Parameters:
    ///   - own: What it sees of its own complaint.
    ///   - other: What it sees of the case that goes on.
    ///   - isUndone: Whether the merger ends.
    public mutating func add(mergerOf own: View, with other: View, isUndone: Bool) {
        func change(_ name: String, _ own: String?, _ other: String?) {
            let change = Event.Change(old: isUndone ? other : own, new: isUndone ? own : other)
            changes[name] = change.old == change.new ? nil : change
        }
        change(Self.handledWithStatus, nil, other.status)
        change("outcome", own.outcome, other.outcome)
        change("information_gap", own.informationGap, other.informationGap)
        change("answer", own.answer, other.answer)
    }

    /// Makes a step of the case that goes on one of the complaint that was merged into it.
    ///
    /// - Parameter step: The place of the step in the history of that case.
    public mutating func become(stepOfOther step: Int) {
        handledSequence = step
        changes[Self.handledWithStatus] = changes.removeValue(forKey: "status")
    }

    /// The message, as JSON.
    public var body: String {
        let told = changes.filter { Self.facts.contains($0.key) || $0.key == Self.handledWithStatus }.mapValues {
            change in
            JSON.object(["old": JSON(change.old), "new": JSON(change.new)])
        }
        return JSON.object([
            "type": .string("complaint.changed"), "timestamp": .string(recordedAt.formatted(.iso8601)),
            "data": .object([
                "campaign": .string(campaign), "reference": .string(reference.description),
                "client_reference": JSON(clientReference), "sequence": .int(sequence),
                "handled_sequence": .int(handledSequence),
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
