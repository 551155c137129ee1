public import Casework
public import Foundation

/// What one fact of a case was and became.
public struct ChangeBody: Codable, Sendable, Equatable {
    public var old: String?
    public var new: String?

    public init(_ change: Event.Change) {
        old = change.old
        new = change.new
    }
}

/// One line of history.
public struct EventBody: Codable, Sendable, Equatable {
    public var sequence: Int
    public var actorKind: Actor.Kind
    public var actor: String?
    public var onBehalfOf: Actor.Kind?
    public var action: String
    /// What the action was told.
    public var details: [String: String]
    /// What it changed, by the name of the fact.
    public var changes: [String: ChangeBody]
    public var effectiveOn: Day
    public var recordedAt: Date
    public var note: String?
    /// Who may read the note.
    public var audience: Complaint.Audience?

    public init(
        sequence: Int, actorKind: Actor.Kind, actor: String?, onBehalfOf: Actor.Kind?, action: String,
        details: [String: String], changes: [String: ChangeBody], effectiveOn: Day, recordedAt: Date, note: String?,
        audience: Complaint.Audience?
    ) {
        self.sequence = sequence
        self.actorKind = actorKind
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.details = details
        self.changes = changes
        self.effectiveOn = effectiveOn
        self.recordedAt = recordedAt
        self.note = note
        self.audience = audience
    }
}

/// One line of the feed of all cases.
public struct FeedEventBody: Codable, Sendable, Equatable {
    public var caseKind: String
    /// A reference, or a number of the campaign.
    public var subject: String
    public var campaign: String
    public var event: EventBody

    public init(caseKind: String, subject: String, campaign: String, event: EventBody) {
        self.caseKind = caseKind
        self.subject = subject
        self.campaign = campaign
        self.event = event
    }
}

/// A page of a list, and how to ask for the next.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
    public var items: [Item]
    /// Give it back as `cursor`; `null` at the end.
    public var next: String?
    /// What to do where a search had to stop before its end.
    public var advice: String?

    public init(items: [Item], next: String? = nil, advice: String? = nil) {
        self.items = items
        self.next = next
        self.advice = advice
    }
}

/// What went wrong (RFC 9457).
public struct ProblemBody: Codable, Sendable, Equatable, Error {
    public var type: String
    public var title: String
    public var status: Int
    public var detail: String
    /// Stable, for programs.
    public var code: String
    public var requestId: String
    public var errors: [Fault]?
    /// The complaint that was filed before, where that is the problem.
    public var existing: String?

    public init(
        type: String, title: String, status: Int, detail: String, code: String, requestId: String,
        errors: [Fault]? = nil, existing: String? = nil
    ) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
        self.requestId = requestId
        self.errors = errors
        self.existing = existing
    }
}

/// Who the caller is.
public struct SessionBody: Codable, Sendable, Equatable {
    public var name: String
    public var role: Role
    public var office: String

    public init(name: String, role: Role, office: String) {
        self.name = name
        self.role = role
        self.office = office
    }
}

/// A session that was begun.
public struct SessionBegunBody: Codable, Sendable {
    public var name: String
    public var role: Role
    public var office: String
    /// Told once.
    public var token: String
    public var expiresAt: Date
    /// Whether nothing may be done but setting another password.
    public var mustChangePassword: Bool
    /// What makes this machine known at the next sign-in; told once, where it was not known.
    public var device: String?

    public init(session: SessionBody, token: String, expiresAt: Date, mustChangePassword: Bool, device: String?) {
        name = session.name
        role = session.role
        office = session.office
        self.token = token
        self.expiresAt = expiresAt
        self.mustChangePassword = mustChangePassword
        self.device = device
    }
}

/// Where officers sign in, in the authority's own directory.
public struct DirectoryBody: Codable, Sendable {
    public var issuer: String
    public var clientID: String

    enum CodingKeys: String, CodingKey {
        case issuer
        case clientID = "clientId"
    }

    public init(issuer: String, clientID: String) {
        self.issuer = issuer
        self.clientID = clientID
    }
}

/// A second factor that waits for its first code.
public struct SecondFactorBody: Codable, Sendable {
    /// As people type it.
    public var secret: String
    /// As an application reads it.
    public var uri: String

    public init(secret: String, uri: String) {
        self.secret = secret
        self.uri = uri
    }
}
