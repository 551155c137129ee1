public import Casework
import Crypto
public import Foundation
public import Postgres
import Reports

/// A report that was published.
public struct ReportIssue: Sendable {
    public let number: Int
    public let year: Int
    public let ofYear: Int
    public let corrects: Int?
    public let asOf: Day
    public let periodFrom: Day
    public let knownAt: Date
    /// SHA-256 of the internal edition's canonical JSON.
    public let digest: Data
    public let publishedBy: String
    public let publishedAt: Date

    init(row: inout Row) throws {
        number = try row.read()
        year = try row.read()
        ofYear = try row.read()
        corrects = try row.read()
        asOf = try row.read()
        periodFrom = try row.read()
        knownAt = try row.read()
        digest = try row.read()
        publishedBy = try row.read()
        publishedAt = try row.read()
    }

    /// The moment as reports have it: RFC 3339, to the microsecond.
    public var knownAtText: String { knownAt.reportText }

    static let columns: SQL = """
        i.number, i.year, i.of_year, i.corrects, i.as_of, i.period_from, i.known_at, i.digest, o.name, i.published_at
        """
}

/// Why a report cannot be published.
public enum IssueError: Error, Equatable {
    /// The day is not over: its figures would be incomplete.
    case incomplete(Day)
    /// There is no such issue to correct.
    case unknown(Int)
    /// An issue with this last day is there; a new one has to say that it corrects it.
    case isThere(number: Int)
}

extension Databases {
    /// Freezes a report as the campaign's next issue.
    ///
    /// - Parameters:
    ///   - code: The campaign.
    ///   - day: Its last day, which has to be over.
    ///   - begin: The first day of its period; left out, the day after the last issue's, or the first of the month.
    ///   - corrected: The issue that this one corrects.
    ///   - officer: Who publishes it.
    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: ``IssueError``, ``MomentError``, `InvalidDocument`, or `PostgresError`.
    public func publish(
        _ code: String, asOf day: Day, from begin: Day?, correcting corrected: Int?, by officer: Officer
    ) async throws -> ReportIssue? {
        let before = try await work.transaction(.readOnly) { db in try db.issues(of: code, before: nil, limit: 1).first
        }
        let start = begin ?? before.flatMap { $0.asOf < day ? $0.asOf + 1 : nil }
        guard let report = try await progress(of: code, asOf: day, from: start) else { return nil }
        guard !report.isIncomplete else { throw IssueError.incomplete(day) }
        return try await work.transaction { db in
            try db.publish(report, correcting: corrected, by: officer)
        }
    }
}

extension Connection {
    fileprivate func publish(
        _ report: ProgressReport, correcting corrected: Int?, by officer: Officer
    ) throws -> ReportIssue? {
        // Issues are numbered one after another.
        guard
            let campaign = try first(
                "SELECT id FROM campaign WHERE code = \(report.campaign) FOR UPDATE",
                as: { row in
                    try row.read(Int.self)
                })
        else { return nil }
        let asOf = report.asOf
        let (last, lastOfYear, same, known) =
            try first(
                """
                SELECT coalesce(max(number), 0), coalesce(max(of_year) FILTER (WHERE year = \(asOf.year)), 0),
                       max(number) FILTER (WHERE as_of = \(asOf)), coalesce(bool_or(number = \(corrected)::integer), false)
                FROM report_issue WHERE campaign_id = \(campaign)
                """
            ) { row in
                (try row.read(Int.self), try row.read(Int.self), try row.read(Int?.self), try row.read(Bool.self))
            } ?? (0, 0, nil, false)
        if let corrected, !known { throw IssueError.unknown(corrected) }
        if let same, corrected == nil { throw IssueError.isThere(number: same) }
        var report = report
        report.issue = .init(year: asOf.year, ofYear: lastOfYear + 1, ofAll: last + 1, corrects: corrected)
        let document = report.json()
        let digest = Data(SHA256.hash(data: document))
        let moment = try recordingMoment()
        try run(
            """
            INSERT INTO report_issue (campaign_id, number, year, of_year, corrects, as_of, period_from, known_at,
                                      document, digest, published_by, published_at)
            VALUES (\(campaign), \(last + 1), \(asOf.year), \(lastOfYear + 1), \(corrected)::integer, \(asOf),
                    \(report.period.from), \(report.knownAt)::timestamptz, \(String(decoding: document, as: UTF8.self)),
                    \(digest), \(officer.id), \(moment))
            """)
        let event = Event(
            actor: officer.actor, action: "publish_report",
            details: ["issue": String(last + 1), "sha256": hexadecimal(digest)], effectiveOn: asOf)
        try record(
            event, on: UUID(campaign: campaign), .campaign, campaign: campaign,
            sequence: try nextSequence(ofCampaign: campaign), at: moment)
        return try issue(last + 1, of: report.campaign)?.issue
    }

    /// Issues of a campaign, the latest first.
    ///
    /// - Parameters:
    ///   - code: The campaign.
    ///   - number: Only those before this one.
    ///   - limit: How many, at the most.
    /// - Throws: `PostgresError`.
    /// - Returns: None where there is no such campaign.
    public func issues(of code: String, before number: Int?, limit: Int) throws -> [ReportIssue] {
        try all(
            """
            SELECT \(ReportIssue.columns) FROM report_issue i
            JOIN campaign c ON c.id = i.campaign_id JOIN officer o ON o.id = i.published_by
            WHERE c.code = \(code) AND (\(number)::integer IS NULL OR i.number < \(number)::integer)
            ORDER BY i.number DESC LIMIT \(limit)
            """, as: ReportIssue.init(row:))
    }

    /// One issue with its document, byte for byte.
    ///
    /// - Throws: `PostgresError`.
    public func issue(_ number: Int, of code: String) throws -> (issue: ReportIssue, document: Data)? {
        try first(
            """
            SELECT \(ReportIssue.columns), i.document FROM report_issue i
            JOIN campaign c ON c.id = i.campaign_id JOIN officer o ON o.id = i.published_by
            WHERE c.code = \(code) AND i.number = \(number)
            """
        ) { row in
            let issue = try ReportIssue(row: &row)
            return (issue, Data(try row.read(String.self).utf8))
        }
    }
}

/// Bytes as hexadecimal digits.
public func hexadecimal(_ bytes: Data) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
