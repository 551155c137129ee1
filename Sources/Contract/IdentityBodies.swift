public import Casework
public import Foundation

/// A wish to see who complained, and what became of it.
public struct UnsealingBody: Codable, Sendable, Equatable {
    public var reference: String
    /// Its place in the complaint's history.
    public var request: Int
    public var fields: [Identity.Field]
    public var state: Unsealing.State
    public var requestedBy: String
    public var requestedAt: Date
    public var reason: String?
    public var decidedBy: String?
    public var decidedAt: Date?
    /// When it can no longer be decided, or read.
    public var expiresAt: Date

    public init(
        _ unsealing: Unsealing, of reference: String, by requester: String, decidedBy: String?, reason: String?,
        at now: Date
    ) {
        self.reference = reference
        request = unsealing.sequence
        fields = Identity.Field.allCases.filter(unsealing.fields.contains)
        state = unsealing.state(at: now)
        requestedBy = requester
        requestedAt = unsealing.requestedAt
        self.reason = reason
        self.decidedBy = decidedBy
        decidedAt = unsealing.decision?.at
        expiresAt = unsealing.expiresAt
    }
}

/// A complaint that was filed with the contact that was looked for.
public struct FoundContactBody: Codable, Sendable, Equatable {
    public var reference: String
    public var status: Complaint.Status
    public var receivedOn: Day

    public init(reference: String, status: Complaint.Status, receivedOn: Day) {
        self.reference = reference
        self.status = status
        self.receivedOn = receivedOn
    }
}

/// That someone looked for a telephone number or mail address; which it was is kept nowhere.
public struct ContactSearchBody: Codable, Sendable, Equatable {
    public var by: String
    public var at: Date
    public var reason: String?
    /// References of the complaints that were opened to see whether they fit.
    public var opened: [String]

    public init(by: String, at: Date, reason: String?, opened: [String]) {
        self.by = by
        self.at = at
        self.reason = reason
        self.opened = opened
    }
}

/// Who complained, as far as it was asked for; a part that was never given is left out.
public struct IdentityBody: Codable, Sendable, Equatable {
    public var name: String?
    public var phone: String?
    public var email: String?

    public init(_ identity: Identity) {
        name = identity.name
        phone = identity.phone
        email = identity.email
    }
}
