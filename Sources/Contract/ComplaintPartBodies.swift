public import Casework

public struct EnvironmentBody: Codable, Sendable, Equatable {
    public var appVersion: String?
    public var os: String?
    public var region: String?
    public var accountType: String?

    public init(appVersion: String?, os: String?, region: String?, accountType: String?) {
        self.appVersion = appVersion
        self.os = os
        self.region = region
        self.accountType = accountType
    }
}

/// Who complains, masked.
public struct ComplainantBody: Codable, Sendable, Equatable {
    public var kind: String?
    public var name: String?
    public var phone: String?
    public var email: String?
    public var ageBand: String?
    public var disclosesIdentity: Bool

    public init(kind: String?, identity: Identity?, ageBand: String?, disclosesIdentity: Bool) {
        self.kind = kind
        name = identity?.name
        phone = identity?.phone
        email = identity?.email
        self.ageBand = ageBand
        self.disclosesIdentity = disclosesIdentity
    }
}

/// A tie to another complaint.
public struct RelationBody: Codable, Sendable, Equatable {
    public var reference: String
    public var relation: Complaint.Relation
    /// Whether the other complaint points at this one.
    public var isInverse: Bool

    public init(reference: String, relation: Complaint.Relation, isInverse: Bool) {
        self.reference = reference
        self.relation = relation
        self.isInverse = isInverse
    }
}

/// What one complainant said of one ending of a case.
public struct VerdictBody: Codable, Sendable, Equatable {
    /// The step that closed the case, by its place in history.
    public var ending: Int
    /// The complaint of who says it: the case itself, or one that was merged into it.
    public var reference: String
    public var confirmedFixed: Bool?
    /// 1 to 5.
    public var rating: Int?

    public init(ending: Int, reference: String, confirmedFixed: Bool?, rating: Int?) {
        self.ending = ending
        self.reference = reference
        self.confirmedFixed = confirmedFixed
        self.rating = rating
    }
}

/// A line of the conversation with the complainant.
public struct MessageBody: Codable, Sendable, Equatable {
    /// The complaint it was written about: this one, or one merged into it.
    public var reference: String
    /// The place of the event it came with.
    public var event: Int
    public var from: Actor.Kind
    public var on: Day
    /// `null` where its key is gone.
    public var text: String?

    public init(reference: String, event: Int, from: Actor.Kind, on: Day, text: String?) {
        self.reference = reference
        self.event = event
        self.from = from
        self.on = on
        self.text = text
    }
}
