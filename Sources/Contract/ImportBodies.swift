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
    /// Lines that you had sent before under the same `client_reference`.
    public var known: Int
    public var refused: Int
    /// Refused lines whose results are not kept one by one, because there are too many; by fault.
    public var leftOff: [LeftOff]
    public var createdAt: Date
    public var changedAt: Date
    /// Columns of a CSV that the mapping does not name, a hundred at the most: what they hold is not taken.
    ///
    /// Missing before a header was read.
    public var ignoredColumns: [String]?
    public var `self`: String

    /// Refused lines that have the same first fault.
    public struct LeftOff: Codable, Sendable, Equatable {
        public var code: String
        public var lines: Int

        public init(code: String, lines: Int) {
            self.code = code
            self.lines = lines
        }
    }

    public init(
        id: UUID, campaign: String, format: String, lines: Int, filed: Int, known: Int, refused: Int,
        leftOff: [LeftOff], createdAt: Date, changedAt: Date, ignoredColumns: [String]?, link: String
    ) {
        self.id = id
        self.campaign = campaign
        self.format = format
        self.lines = lines
        self.filed = filed
        self.known = known
        self.refused = refused
        self.leftOff = leftOff
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.ignoredColumns = ignoredColumns
        self.`self` = link
    }
}

/// What would become of a file, were it sent now: a dry run, which stores nothing.
public struct ImportCheckBody: Codable, Sendable, Equatable {
    /// Always `true`.
    public var dryRun = true
    public var campaign: String
    public var format: String
    public var lines = 0
    /// Lines that would be filed.
    public var filed = 0
    /// Lines that you had sent before under the same `client_reference`, here or in an earlier line.
    public var known = 0
    /// Lines that would be refused.
    public var refused = 0
    /// What would become of each line, in their order; 10 000 at the most.
    public var items: [ImportLineBody] = []
    /// Lines beyond those.
    public var leftOff = 0
    /// Columns of a CSV that the mapping does not name, a hundred at the most: what they hold would not be taken.
    public var ignoredColumns: [String]?

    public init(campaign: String, format: String) {
        self.campaign = campaign
        self.format = format
    }
}

/// What became of one line of an import.
public struct ImportLineBody: Codable, Sendable, Equatable {
    /// Counted from 1, without what holds nothing, and without the header of a CSV.
    public var line: Int
    /// The line of the file on which it begins, as an editor shows it: header and empty lines count, and the line breaks within
    /// cells; missing where some of the import came before the server counted so.
    public var fileLine: Int?
    /// `filed`, `known` or `refused`.
    public var outcome: String
    /// The complaint, where there is one.
    public var reference: String?
    /// What is wrong with a line that was refused; ten faults at the most.
    public var errors: [Fault]?
    /// What is odd about a line and was no reason to refuse it.
    public var warnings: [Fault]?

    public init(
        line: Int, fileLine: Int?, outcome: String, reference: String?, errors: [Fault]?, warnings: [Fault]?
    ) {
        self.line = line
        self.fileLine = fileLine
        self.outcome = outcome
        self.reference = reference
        self.errors = errors
        self.warnings = warnings
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
