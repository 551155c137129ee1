public import Casework
public import Foundation

/// Who is complained of; each is `null` until someone is sure.
public struct PartyBody: Codable, Sendable, Equatable {
    public var platform: String?
    public var company: String?
    /// As the complainant wrote it.
    public var name: String?

    public init(platform: String?, company: String?, name: String? = nil) {
        self.platform = platform
        self.company = company
        self.name = name
    }
}

/// What is blocked or refused; for a refused payment, the method and its company.
public struct TargetBody: Codable, Sendable, Equatable {
    public var platform: String?
    public var company: String?
    public var host: String?
    public var paymentMethod: String?

    public init(_ target: Complaint.Target) {
        platform = target.platform
        company = target.company
        host = target.host
        paymentMethod = target.paymentMethod
    }
}

/// A barrier, as a complaint shows it.
public struct BarrierMention: Codable, Sendable, Equatable {
    public var number: Int
    public var remediation: Barrier.Remediation
    public var observed: Observed.State

    public init(number: Int, remediation: Barrier.Remediation, observed: Observed.State) {
        self.number = number
        self.remediation = remediation
        self.observed = observed
    }
}

public struct DeadlineBody: Codable, Sendable, Equatable {
    public var purpose: Deadline.Purpose
    /// 1 for the first start of the limit, 2 for the first after a reopening, and so on.
    public var run: Int
    public var rule: String
    public var state: Deadline.State
    public var startedOn: Day
    public var dueOn: Day
    /// Whether the due date reaches past the loaded calendar.
    public var isProvisional: Bool
    public var endedOn: Day?
    /// Days that were added, in units of the rule.
    public var extendedBy: Int

    public init(_ deadline: Deadline) {
        purpose = deadline.purpose
        run = deadline.run
        rule = deadline.rule.code
        state = deadline.state
        startedOn = deadline.startedOn
        dueOn = deadline.dueOn
        isProvisional = deadline.isProvisional
        endedOn = deadline.endedOn
        extendedBy = deadline.extensions.reduce(0) { $0 + $1.by }
    }
}

/// The answer to a filing.
///
/// The tracking code is told here and nowhere again.
public struct FiledBody: Codable, Sendable, Equatable {
    public var id: UUID
    public var reference: String
    public var trackingCode: String
    public var status: Complaint.Status
    public var campaign: String
    public var category: String?
    public var respondent: PartyBody
    public var target: TargetBody
    public var barriers: [BarrierMention]
    public var deadlines: [DeadlineBody]
    public var receivedOn: Day
    public var recordedAt: Date
    public var `self`: String

    public init(
        id: UUID, reference: String, trackingCode: String, status: Complaint.Status, campaign: String,
        category: String?, respondent: PartyBody, target: TargetBody, barriers: [BarrierMention],
        deadlines: [DeadlineBody], receivedOn: Day, recordedAt: Date, link: String
    ) {
        self.id = id
        self.reference = reference
        self.trackingCode = trackingCode
        self.status = status
        self.campaign = campaign
        self.category = category
        self.respondent = respondent
        self.target = target
        self.barriers = barriers
        self.deadlines = deadlines
        self.receivedOn = receivedOn
        self.recordedAt = recordedAt
        self.`self` = link
    }
}

/// A complaint in a list.
public struct ComplaintLineBody: Codable, Sendable, Equatable {
    public var reference: String
    public var version: Int
    public var kind: Campaign.Kind
    public var status: Complaint.Status
    public var category: String?
    public var respondent: PartyBody
    public var target: TargetBody
    public var officer: String?
    public var office: String
    public var priority: Complaint.Priority
    public var receivedOn: Day
    public var dueOn: Day?
    public var isOverdue: Bool
    /// Whether another complaint may be the same.
    public var isSuspected: Bool
    /// Whether something came from outside that its officer has not seen.
    public var isNews: Bool
    /// The beginning of what the complainant wrote.
    public var excerpt: String
    public var barriers: [Int]

    public init(
        reference: String, version: Int, kind: Campaign.Kind, status: Complaint.Status, category: String?,
        respondent: PartyBody, target: TargetBody, officer: String?, office: String, priority: Complaint.Priority,
        receivedOn: Day,
        dueOn: Day?, isOverdue: Bool, isSuspected: Bool, isNews: Bool, excerpt: String, barriers: [Int]
    ) {
        self.reference = reference
        self.version = version
        self.kind = kind
        self.status = status
        self.category = category
        self.respondent = respondent
        self.target = target
        self.officer = officer
        self.office = office
        self.priority = priority
        self.receivedOn = receivedOn
        self.dueOn = dueOn
        self.isOverdue = isOverdue
        self.isSuspected = isSuspected
        self.isNews = isNews
        self.excerpt = excerpt
        self.barriers = barriers
    }
}

extension ComplaintLineBody: SelfWriting {
    func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("reference", reference)
            json.member("version", version)
            json.member("kind", kind.rawValue)
            json.member("status", status.rawValue)
            json.member("category", category)
            json.member("respondent", respondent)
            json.member("target", target)
            json.member("officer", officer)
            json.member("office", office)
            json.member("priority", priority.rawValue)
            json.member("received_on", receivedOn)
            json.member("due_on", dueOn)
            json.member("is_overdue", isOverdue)
            json.member("is_suspected", isSuspected)
            json.member("is_news", isNews)
            json.member("excerpt", excerpt)
            json.member("barriers", barriers)
        }
    }
}

extension PartyBody: SelfWriting {
    func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("platform", platform)
            json.member("company", company)
            json.member("name", name)
        }
    }
}

extension TargetBody: SelfWriting {
    func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("platform", platform)
            json.member("company", company)
            json.member("host", host)
            json.member("payment_method", paymentMethod)
        }
    }
}

/// A complaint as an officer sees it.
public struct ComplaintBody: Codable, Sendable, Equatable {
    public var id: UUID
    public var reference: String
    /// The number in the entity tag.
    public var version: Int
    public var campaign: String
    public var kind: Campaign.Kind
    public var status: Complaint.Status
    public var category: String?
    public var scenario: String?
    public var respondent: PartyBody
    public var target: TargetBody
    /// What a name that could not be resolved may mean: codes of platforms or companies.
    public var respondentCandidates: [String] = []
    /// The payment method as the complainant wrote it.
    public var methodName: String?
    /// What a method that could not be resolved may mean.
    public var methodCandidates: [String] = []
    public var scene: String?
    /// How the link is blocked, or the method refused.
    public var manner: String?
    /// The host of the notice page around the pasted link.
    public var wrappedBy: String?
    /// Where the pasted link leads, in one form for one page.
    public var linkUrl: String?
    /// What belongs together on the web.
    public var linkSite: String?
    /// What is odd about the address, such as a host that looks like a known one.
    public var linkOddities: [SharedLink.Oddity] = []
    /// The code in the pasted text that opens the page in another app.
    public var passphrase: String?
    public var merchant: String?
    public var office: String
    public var officer: String?
    public var priority: Complaint.Priority
    public var outcome: Complaint.Outcome?
    public var refusalGround: String?
    public var informationGap: String?
    public var agency: String?
    /// What the company said last, with its legal ground where it refuses.
    public var answer: Complaint.Answer?
    public var answerGround: String?
    /// What the case's own complainant said of the ending that stands.
    public var confirmedFixed: Bool?
    public var rating: Int?
    /// What was said of every ending, also by those whose complaints were merged into this one.
    public var verdicts: [VerdictBody] = []
    public var duplicateOf: String?
    /// The complaints merged into this one.
    public var absorbed: [String]
    public var relations: [RelationBody]
    public var isSuspected: Bool
    /// Whether something came from outside that its officer had not seen before this answer.
    public var isNews = false
    public var receivedOn: Day
    public var changedOn: Day
    public var endedOn: Day?
    public var recordedAt: Date
    public var changedAt: Date
    public var deadlines: [DeadlineBody]
    public var barriers: [BarrierMention]
    public var narrative: String
    public var linkText: String?
    public var controlText: String?
    public var remedySought: String?
    public var language: String?
    public var occurredOn: Day?
    public var environment: EnvironmentBody
    public var complainant: ComplainantBody?
    public var channel: String
    public var clientReference: String?
    /// Other complaints with the same phone number or mail address.
    public var sameContact: [String]
    public var messages: [MessageBody]
    /// Whether what was sealed can no longer be opened by anyone.
    public var isErased: Bool
    /// Whether the keys could not be reached, so that the sealed parts are missing this time.
    public var isSealedUnavailable: Bool
    /// How far what is known about the complainant may still be used.
    public var dataState: DataState
    /// Whether a legal hold keeps the data.
    public var isHeld: Bool
    public var actions: [String]

    public init(
        id: UUID, reference: String, version: Int, campaign: String, complaint: Complaint,
        officer: String?, duplicateOf: String?, absorbed: [String], relations: [RelationBody], isSuspected: Bool,
        recordedAt: Date, changedAt: Date, barriers: [BarrierMention],
        narrative: String, environment: EnvironmentBody, channel: String, sameContact: [String],
        messages: [MessageBody], isErased: Bool, isSealedUnavailable: Bool, dataState: DataState,
        isHeld: Bool, actions: [String]
    ) {
        self.id = id
        self.reference = reference
        self.version = version
        self.campaign = campaign
        kind = complaint.kind
        status = complaint.status
        category = complaint.category
        scenario = complaint.scenario
        respondent = PartyBody(platform: complaint.respondent.platform, company: complaint.respondent.company)
        target = TargetBody(complaint.target)
        office = complaint.office
        self.officer = officer
        priority = complaint.priority
        outcome = complaint.outcome
        refusalGround = complaint.refusalGround
        informationGap = complaint.informationGap
        agency = complaint.agency
        answer = complaint.answer
        answerGround = complaint.answerGround
        confirmedFixed = complaint.isConfirmedFixed
        rating = complaint.rating
        self.duplicateOf = duplicateOf
        self.absorbed = absorbed
        self.relations = relations
        self.isSuspected = isSuspected
        receivedOn = complaint.receivedOn
        changedOn = complaint.changedOn
        endedOn = complaint.endedOn
        self.recordedAt = recordedAt
        self.changedAt = changedAt
        deadlines = complaint.shownDeadlines.map(DeadlineBody.init)
        self.barriers = barriers
        self.narrative = narrative
        self.environment = environment
        self.channel = channel
        self.sameContact = sameContact
        self.messages = messages
        self.isErased = isErased
        self.isSealedUnavailable = isSealedUnavailable
        self.dataState = dataState
        self.isHeld = isHeld
        self.actions = actions
    }
}
