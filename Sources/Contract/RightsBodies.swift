public import Casework
public import Foundation

/// What a complainant asked about the own data.
public struct RightsRequestBody: Codable, Sendable, Equatable {
    public var reference: String
    /// Its place in the complaint's history.
    public var request: Int
    public var kind: RightsRequest.Kind
    public var state: RightsRequest.State
    /// Of a restriction or an erasure that was granted: `pending` until it is carried out, then `done`.
    public var fulfilment: RightsRequest.Fulfilment?
    public var receivedOn: Day
    public var dueOn: Day
    /// For officers: what was said to the officer who entered it.
    ///
    /// What a complainant asks with the code is told in the conversation.
    public var said: String?
    /// For officers: who entered it.
    public var enteredBy: String?
    /// Why it was granted or refused.
    public var reasons: String?

    public init(
        _ request: RightsRequest, of reference: String, _ fulfilment: RightsRequest.Fulfilment?, reasons: String?,
        said: String? = nil, enteredBy: String? = nil
    ) {
        self.reference = reference
        self.request = request.sequence
        kind = request.kind
        state = request.state
        self.fulfilment = fulfilment
        receivedOn = request.receivedOn
        dueOn = request.dueOn
        self.reasons = reasons
        self.said = said
        self.enteredBy = enteredBy
    }
}

/// A run that restricts or erases data.
public struct DisposalBody: Codable, Sendable, Equatable {
    /// Left out where it was only looked.
    public var number: Int?
    public var asOf: Day
    public var proposedBy: String?
    public var proposedAt: Date?
    public var approvedBy: String?
    public var withdrawnBy: String?
    public var finishedAt: Date?
    public var restricted: Int
    public var erased: Int
    public var done: Int
    public var passedBy: Int
    /// Of an approved run: complaints that it has not come to yet.
    public var pending: Int?
    /// The first hundred complaints, where it was only looked; those of a run are a list of their own.
    public var items: [DisposalItemBody]?

    public init(
        number: Int?, asOf: Day, proposedBy: String? = nil, proposedAt: Date? = nil, approvedBy: String? = nil,
        withdrawnBy: String? = nil, finishedAt: Date? = nil, restricted: Int, erased: Int, done: Int = 0,
        passedBy: Int = 0, pending: Int? = nil, items: [DisposalItemBody]? = nil
    ) {
        self.number = number
        self.asOf = asOf
        self.proposedBy = proposedBy
        self.proposedAt = proposedAt
        self.approvedBy = approvedBy
        self.withdrawnBy = withdrawnBy
        self.finishedAt = finishedAt
        self.restricted = restricted
        self.erased = erased
        self.done = done
        self.passedBy = passedBy
        self.pending = pending
        self.items = items
    }
}

/// What a run does about one complaint.
public struct DisposalItemBody: Codable, Sendable, Equatable {
    public var reference: String
    public var step: DataState
    /// `done`, or `passed_by` where it was held, reopened or changed meanwhile.
    public var outcome: String?

    public init(reference: String, step: DataState, outcome: String?) {
        self.reference = reference
        self.step = step
        self.outcome = outcome
    }
}

/// Everything that is kept about a complainant's complaint, for the complainant.
public struct ExportBody: Codable, Sendable, Equatable {
    /// What a company was told.
    public struct Disclosure: Codable, Sendable, Equatable {
        public var company: String
        public var fields: [Identity.Field]

        public init(company: String, fields: [Identity.Field]) {
            self.company = company
            self.fields = fields
        }
    }

    /// Who was let see parts of the identity, when; not which officer it was.
    public struct Sight: Codable, Sendable, Equatable {
        public var at: Date
        public var fields: [Identity.Field]

        public init(at: Date, fields: [Identity.Field]) {
            self.at = at
            self.fields = fields
        }
    }

    public var tracking: TrackingBody
    public var kind: Campaign.Kind
    public var narrative: String
    public var remedySought: String?
    public var occurredOn: Day?
    public var environment: EnvironmentBody
    public var identity: IdentityBody
    public var disclosesIdentity: Bool
    /// Whether the complainant agreed that the story is published, names taken out.
    public var publishesNarrative: Bool
    public var privacyNotice: String?
    public var complainantKind: String?
    public var ageBand: String?
    public var scene: String?
    public var manner: String?
    public var merchant: String?
    public var respondentName: String?
    public var methodName: String?
    public var linkUrl: String?
    public var linkText: String?
    public var passphrase: String?
    public var controlText: String?
    public var disclosures: [Disclosure]
    /// When parts of the identity were read by an officer.
    public var seen: [Sight]
    public var rightsRequests: [RightsRequestBody]
    public var dataState: DataState

    public init(
        tracking: TrackingBody, kind: Campaign.Kind, narrative: String, environment: EnvironmentBody,
        identity: IdentityBody, disclosesIdentity: Bool, publishesNarrative: Bool, disclosures: [Disclosure],
        seen: [Sight], rightsRequests: [RightsRequestBody], dataState: DataState
    ) {
        self.tracking = tracking
        self.kind = kind
        self.narrative = narrative
        self.environment = environment
        self.identity = identity
        self.disclosesIdentity = disclosesIdentity
        self.publishesNarrative = publishesNarrative
        self.disclosures = disclosures
        self.seen = seen
        self.rightsRequests = rightsRequests
        self.dataState = dataState
    }
}
