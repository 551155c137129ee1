import Casework
public import Foundation

/// Where an organisation is told what becomes of its filings.
public struct WebhookBody: Codable, Sendable, Equatable {
    public var url: String
    public var createdAt: Date
    /// What the messages are signed with; told once, when the address is set.
    public var secret: String?
    /// Messages on their way, and messages that were given up.
    public var pending: Int
    public var dead: Int

    public init(url: String, createdAt: Date, secret: String?, pending: Int, dead: Int) {
        self.url = url
        self.createdAt = createdAt
        self.secret = secret
        self.pending = pending
        self.dead = dead
    }
}

/// One message to an organisation, and whether it arrived.
public struct DeliveryBody: Codable, Sendable, Equatable {
    public var id: String
    public var campaign: String
    public var reference: String
    public var sequence: Int
    /// The place in the history of the case that goes on, where the complaint was merged and it is told of that; else 0.
    public var handledSequence: Int
    public var state: String
    /// Attempts so far, since it was last sent anew.
    public var attempts: Int
    public var nextAttemptAt: Date?
    /// The status that the latest attempt was answered with.
    public var lastStatus: Int?
    /// Why the latest attempt failed.
    public var lastError: String?
    public var recordedAt: Date
    public var endedAt: Date?

    public init(
        id: UUID, campaign: String, reference: String, sequence: Int, handledSequence: Int, state: String,
        attempts: Int, nextAttemptAt: Date?, lastStatus: Int?, lastError: String?, recordedAt: Date, endedAt: Date?
    ) {
        self.id = id.text
        self.campaign = campaign
        self.reference = reference
        self.sequence = sequence
        self.handledSequence = handledSequence
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastStatus = lastStatus
        self.lastError = lastError
        self.recordedAt = recordedAt
        self.endedAt = endedAt
    }
}

/// How many messages are sent anew.
public struct ReplayBody: Codable, Sendable, Equatable {
    public var replayed: Int

    public init(replayed: Int) {
        self.replayed = replayed
    }
}
