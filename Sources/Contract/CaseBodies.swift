public import Casework
public import Foundation

/// One line of history.
public struct EventBody: Codable, Sendable, Equatable {
    public var sequence: Int
    public var actorKind: Actor.Kind
    public var actor: String?
    public var onBehalfOf: Actor.Kind?
    public var action: String
    public var details: [String: String]
    public var effectiveOn: Day
    public var recordedAt: Date
    public var note: String?

    public init(
        sequence: Int, actorKind: Actor.Kind, actor: String?, onBehalfOf: Actor.Kind?, action: String,
        details: [String: String], effectiveOn: Day, recordedAt: Date, note: String?
    ) {
        self.sequence = sequence
        self.actorKind = actorKind
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.details = details
        self.effectiveOn = effectiveOn
        self.recordedAt = recordedAt
        self.note = note
    }
}

/// A barrier of the ledger.
public struct BarrierBody: Codable, Sendable, Equatable {
    public var number: Int
    public var campaign: String
    public var version: Int
    public var kind: Barrier.Kind
    public var respondentPlatform: String
    /// In one word: `platform:taobao`, `method:wechat_pay`.
    public var target: String
    public var scene: String
    public var remediation: Barrier.Remediation
    public var episode: Int
    public var awaitedCompany: String?
    public var coverage: Int?
    public var justifiedUntil: Day?
    public var hasStandingOrder: Bool
    public var falseClaims: Int
    public var changedOn: Day
    public var observed: ObservedBody
    /// Accepted complaints that attest it.
    public var complaints: Int
    public var actions: [String]

    public init(_ barrier: Barrier, campaign: String, observed: ObservedBody, complaints: Int, actions: [String]) {
        number = barrier.number
        self.campaign = campaign
        version = barrier.sequence
        kind = barrier.kind
        respondentPlatform = barrier.respondentPlatform
        target = barrier.target.description
        scene = barrier.scene
        remediation = barrier.remediation
        episode = barrier.episode
        awaitedCompany = barrier.awaitedCompany
        coverage = barrier.coverage
        justifiedUntil = barrier.justifiedUntil
        hasStandingOrder = barrier.hasStandingOrder
        falseClaims = barrier.falseClaims
        changedOn = barrier.changedOn
        self.observed = observed
        self.complaints = complaints
        self.actions = actions
    }
}

public struct ObservedBody: Codable, Sendable, Equatable {
    public var state: Observed.State
    public var on: Day?
    public var coverage: Int?
    public var isStale: Bool

    public init(_ observed: Observed) {
        state = observed.state
        on = observed.on
        coverage = observed.coverage
        isStale = observed.isStale
    }
}

public struct ObservationBody: Codable, Sendable, Equatable {
    public var on: Day
    public var method: Observation.Method
    public var result: Observation.Result
    public var coverage: Int?
    public var appVersion: String?
    public var os: String?
    public var region: String?
    public var cohort: String?
    public var recordedAt: Date

    public init(
        _ observation: Observation, appVersion: String?, os: String?, region: String?, cohort: String?,
        recordedAt: Date
    ) {
        on = observation.on
        method = observation.method
        result = observation.result
        coverage = observation.coverage
        self.appVersion = appVersion
        self.os = os
        self.region = region
        self.cohort = cohort
        self.recordedAt = recordedAt
    }
}

/// A page of a list, and how to ask for the next.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
    public var items: [Item]
    /// Give it back as `cursor`; `null` at the end.
    public var next: String?

    public init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
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
