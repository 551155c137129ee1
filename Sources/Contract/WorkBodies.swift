public import Casework
public import Foundation

/// A queue, with how much is in it.
public struct QueueBody: Codable, Sendable, Equatable {
    public var name: String
    public var title: String
    /// `complaint` or `barrier`.
    public var kind: String
    public var count: Int
    /// Whether there are more than were counted.
    public var isMore: Bool

    public init(name: String, title: String, kind: String, count: Int, isMore: Bool) {
        self.name = name
        self.title = title
        self.kind = kind
        self.count = count
        self.isMore = isMore
    }
}

public struct WorkloadBody: Codable, Sendable, Equatable {
    /// Empty for what nobody has.
    public var officer: String
    public var offices: [String]
    public var open: Int
    public var overdue: Int
    public var urgent: Int
    public var nextDueOn: Day?

    public init(officer: String, offices: [String], open: Int, overdue: Int, urgent: Int, nextDueOn: Day?) {
        self.officer = officer
        self.offices = offices
        self.open = open
        self.overdue = overdue
        self.urgent = urgent
        self.nextDueOn = nextDueOn
    }
}

public struct ReminderBody: Codable, Sendable, Equatable {
    public var id: UUID
    public var topic: String
    public var caseKind: String
    public var subject: String
    public var details: [String: String]
    public var officer: String?
    public var recordedAt: Date

    public init(
        id: UUID, topic: String, caseKind: String, subject: String, details: [String: String], officer: String?,
        recordedAt: Date
    ) {
        self.id = id
        self.topic = topic
        self.caseKind = caseKind
        self.subject = subject
        self.details = details
        self.officer = officer
        self.recordedAt = recordedAt
    }
}

/// How many of something were changed.
public struct CountBody: Codable, Sendable, Equatable {
    public var count: Int

    public init(count: Int) {
        self.count = count
    }
}

/// A filter an officer keeps.
public struct SavedFilterBody: Codable, Sendable, Equatable {
    public var name: String
    public var query: [String: String]

    public init(name: String, query: [String: String]) {
        self.name = name
        self.query = query
    }
}

/// Another complaint that may be the same.
public struct SuspectedDuplicateBody: Codable, Sendable, Equatable {
    public var reference: String
    public var status: Complaint.Status
    public var receivedOn: Day
    public var reasons: [String]
    /// Of the narratives, in trigrams, 0 to 100.
    public var similarityPercent: Int
    public var excerpt: String

    public init(
        reference: String, status: Complaint.Status, receivedOn: Day, reasons: [String], similarityPercent: Int,
        excerpt: String
    ) {
        self.reference = reference
        self.status = status
        self.receivedOn = receivedOn
        self.reasons = reasons
        self.similarityPercent = similarityPercent
        self.excerpt = excerpt
    }
}

/// What a bulk action did, or would do, to one complaint.
public struct BulkResultBody: Codable, Sendable, Equatable {
    public var reference: String
    /// `done`, `would_change`, `refused` or `not_reached`.
    public var outcome: String
    public var status: Complaint.Status?
    /// What changed, or would.
    public var changes: [String: ChangeBody]
    public var problem: ProblemBody?

    public init(
        reference: String, outcome: String, status: Complaint.Status?, changes: [String: ChangeBody],
        problem: ProblemBody? = nil
    ) {
        self.reference = reference
        self.outcome = outcome
        self.status = status
        self.changes = changes
        self.problem = problem
    }
}

public struct BulkBody: Codable, Sendable, Equatable {
    public var items: [BulkResultBody]
    public var done: Int
    public var refused: Int

    public init(items: [BulkResultBody]) {
        self.items = items
        done = items.count { $0.outcome == "done" || $0.outcome == "would_change" }
        refused = items.count { $0.outcome == "refused" }
    }
}

/// A complaint as the company sees it that it was forwarded to.
public struct ForwardedBody: Codable, Sendable, Equatable {
    public var reference: String
    public var version: Int
    public var campaign: String
    public var kind: Campaign.Kind
    public var status: Complaint.Status
    public var category: String?
    public var scenario: String?
    public var respondent: PartyBody
    public var target: TargetBody
    /// The link that is said to be blocked, in its one form, never as it was pasted; only of a single complaint.
    public var linkUrl: String?
    public var scene: String?
    public var manner: String?
    public var narrative: String
    public var remedySought: String?
    public var occurredOn: Day?
    public var receivedOn: Day
    /// By when an answer is due.
    public var dueOn: Day?
    public var answer: Complaint.Answer?
    public var answerGround: String?
    /// Only where the complainant agreed to be named.
    public var complainant: ComplainantBody?
    public var barriers: [Int]
    /// What was written for the company, or by it.
    public var notes: [String]

    public init(
        _ complaint: Complaint, reference: String, version: Int, campaign: String, narrative: String, notes: [String]
    ) {
        self.reference = reference
        self.version = version
        self.campaign = campaign
        kind = complaint.kind
        status = complaint.status
        category = complaint.category
        scenario = complaint.scenario
        respondent = PartyBody(platform: complaint.respondent.platform, company: complaint.respondent.company)
        target = TargetBody(complaint.target)
        self.narrative = narrative
        receivedOn = complaint.receivedOn
        dueOn = complaint.deadline(.companyReply)?.dueOn
        answer = complaint.answer
        answerGround = complaint.answerGround
        barriers = complaint.barriers.sorted()
        self.notes = notes
    }
}

/// A company that was sent complaints and answers none.
public struct SilentCompanyBody: Codable, Sendable, Equatable {
    public var company: String
    public var unanswered: Int
    public var oldestForwardedOn: Day
    public var lastAnsweredOn: Day?

    public init(company: String, unanswered: Int, oldestForwardedOn: Day, lastAnsweredOn: Day?) {
        self.company = company
        self.unanswered = unanswered
        self.oldestForwardedOn = oldestForwardedOn
        self.lastAnsweredOn = lastAnsweredOn
    }
}

/// A complaint behind a number of a report.
public struct CaseBehindBody: Codable, Sendable {
    public var reference: String

    public init(reference: String) {
        self.reference = reference
    }
}

/// A published report.
public struct IssueBody: Codable, Sendable {
    public var number: Int
    public var year: Int
    public var ofYear: Int
    /// The issue that this one corrects.
    public var corrects: Int?
    /// The latest issue that corrects this one.
    public var correctedBy: Int?
    public var asOf: Day
    public var periodFrom: Day
    /// To the microsecond.
    public var knownAt: String
    /// Of the internal edition's bytes; for officers.
    public var sha256: String?
    /// Of the public edition's bytes.
    public var publicSha256: String
    /// For officers.
    public var publishedBy: String?
    public var publishedAt: Date
    /// The latest signed checkpoint of the log then: what was known had been signed by it, but for its last minute.
    public var checkpoint: String?
    public var link: String

    public init(
        number: Int, year: Int, ofYear: Int, corrects: Int?, correctedBy: Int?, asOf: Day, periodFrom: Day,
        knownAt: String, sha256: String?, publicSha256: String, publishedBy: String?, publishedAt: Date,
        checkpoint: String?, link: String
    ) {
        self.number = number
        self.year = year
        self.ofYear = ofYear
        self.corrects = corrects
        self.correctedBy = correctedBy
        self.asOf = asOf
        self.periodFrom = periodFrom
        self.knownAt = knownAt
        self.sha256 = sha256
        self.publicSha256 = publicSha256
        self.publishedBy = publishedBy
        self.publishedAt = publishedAt
        self.checkpoint = checkpoint
        self.link = link
    }
}

/// Shows that one checkpoint's log is the beginning of another's.
public struct ConsistencyBody: Codable, Sendable {
    public var from: Int
    public var to: Int
    /// RFC 6962, section 2.1.2; base64.
    public var hashes: [String]

    public init(from: Int, to: Int, hashes: [String]) {
        self.from = from
        self.to = to
        self.hashes = hashes
    }
}
