public import Casework
public import Foundation

/// A file of filings on its way in.
public struct ImportBody: Codable, Sendable, Equatable {
    public var id: UUID
    public var campaign: String
    public var format: String
    /// Lines whose outcome is committed; send the ones after.
    public var lines: Int
    public var filed: Int
    /// Lines whose `client_reference` you had used before.
    public var known: Int
    public var refused: Int
    public var createdAt: Date
    public var changedAt: Date
    public var `self`: String

    public init(
        id: UUID, campaign: String, format: String, lines: Int, filed: Int, known: Int, refused: Int, createdAt: Date,
        changedAt: Date, link: String
    ) {
        self.id = id
        self.campaign = campaign
        self.format = format
        self.lines = lines
        self.filed = filed
        self.known = known
        self.refused = refused
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.`self` = link
    }
}

/// What became of one line of an import.
public struct ImportLineBody: Codable, Sendable, Equatable {
    public var line: Int
    /// `filed`, `known` or `refused`.
    public var outcome: String
    /// The complaint, where there is one.
    public var reference: String?
    /// What is wrong with a line that was refused; ten faults at the most.
    public var errors: [Fault]?

    public init(line: Int, outcome: String, reference: String?, errors: [Fault]?) {
        self.line = line
        self.outcome = outcome
        self.reference = reference
        self.errors = errors
    }
}

/// A complaint as the organisation that filed it sees it in its list.
public struct FiledLineBody: Codable, Sendable, Equatable {
    public var reference: String
    public var clientReference: String?
    public var status: Complaint.Status
    /// Where it was merged into another: how far that one is, of which outcome, gap and answer are told, too.
    public var handledWithStatus: Complaint.Status?
    public var outcome: Complaint.Outcome?
    /// What is missing, where it waits for information.
    public var informationGap: String?
    /// What the company said last.
    public var answer: Complaint.Answer?
    public var receivedOn: Day
    public var changedAt: Date

    public init(
        reference: String, clientReference: String?, status: Complaint.Status, handledWithStatus: Complaint.Status?,
        outcome: Complaint.Outcome?, informationGap: String?, answer: Complaint.Answer?, receivedOn: Day,
        changedAt: Date
    ) {
        self.reference = reference
        self.clientReference = clientReference
        self.status = status
        self.handledWithStatus = handledWithStatus
        self.answer = answer
        self.outcome = outcome
        self.informationGap = informationGap
        self.receivedOn = receivedOn
        self.changedAt = changedAt
    }
}
