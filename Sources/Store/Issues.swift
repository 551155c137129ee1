public import Casework
import Crypto
public import Foundation
public import Postgres
public import Reports

/// A report that was published.
public struct ReportIssue: Sendable {
    public let number: Int
    public let year: Int
    public let ofYear: Int
    public let corrects: Int?
    /// The latest issue that corrects this one.
    public let correctedBy: Int?
    public let asOf: Day
    public let periodFrom: Day
    public let knownAt: Date
    /// SHA-256 of the internal edition's canonical JSON.
    public let digest: Data
    /// The same of the public edition.
    public let publicDigest: Data
    public let publishedBy: String
    public let publishedAt: Date
    /// The latest signed checkpoint of the log then; `nil` where nothing is signed.
    public let checkpoint: String?

    init(row: inout Row) throws {
        number = try row.read()
        year = try row.read()
        ofYear = try row.read()
        corrects = try row.read()
        correctedBy = try row.read()
        asOf = try row.read()
        periodFrom = try row.read()
        knownAt = try row.read()
        digest = try row.read()
        publicDigest = try row.read()
        publishedBy = try row.read()
        publishedAt = try row.read()
        checkpoint = try row.read()
    }

    /// The moment as reports have it: RFC 3339, to the microsecond.
    public var knownAtText: String { knownAt.reportText }

    static let columns: SQL = """
        i.number, i.year, i.of_year, i.corrects,
        (SELECT max(l.number) FROM report_issue l WHERE l.campaign_id = i.campaign_id AND l.corrects = i.number),
        i.as_of, i.period_from, i.known_at, i.digest, i.public_digest, o.name, i.published_at, i.checkpoint
        """
}

/// Why a report cannot be published.
public enum IssueError: Error, Equatable {
    /// The day is not over: its figures would be incomplete.
    case incomplete(Day)
    /// It lies before the campaign began.
    case beforeCampaign(Day)
    /// There is no such issue of the same day to correct.
    case unknown(Int)
    /// An issue with this last day, or a later one, is there; a new one has to say that it corrects it.
    case isThere(number: Int)
    /// The issue was corrected already: the correction is what can be corrected.
    case isCorrected(by: Int)
    /// Every figure is as it was published.
    case nothingToCorrect(Int)
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
        let begin = try await work.transaction(.readOnly) { db in
            try begin ?? db.firstDay(ofIssueOf: code, endingOn: day, correcting: corrected)
        }
        let facts = try await facts(of: code, asOf: day, from: begin)
        guard let facts else { return nil }
        guard !facts.isIncomplete else { throw IssueError.incomplete(day) }
        guard day >= facts.campaign.launchedOn else { throw IssueError.beforeCampaign(facts.campaign.launchedOn) }
        let (full, open) = try await compute.run { (ProgressReport(facts), ProgressReport(facts, .public)) }
        return try await work.transaction { db in
            try db.publish(full, open, correcting: corrected, by: officer, in: facts.campaign.zone())
        }
    }
}

extension Connection {
    /// The day after the last issue that ends before a day; of a correction, the first day of what it corrects.
    fileprivate func firstDay(ofIssueOf code: String, endingOn day: Day, correcting corrected: Int?) throws -> Day? {
        try first(
            """
            SELECT CASE WHEN \(corrected)::integer IS NULL THEN max(i.as_of) FILTER (WHERE i.as_of < \(day)) + 1
                        ELSE max(i.period_from) FILTER (WHERE i.number = \(corrected)::integer) END
            FROM report_issue i JOIN campaign c ON c.id = i.campaign_id WHERE c.code = \(code)
            """
        ) { row in try row.read(Day?.self) } ?? nil
    }

    fileprivate func publish(
        _ full: ProgressReport, _ open: ProgressReport, correcting corrected: Int?, by officer: Officer,
        in zone: TimeZone
    ) throws -> ReportIssue? {
        // Issues are numbered one after another.
        let found = try first("SELECT id FROM campaign WHERE code = \(full.campaign) FOR NO KEY UPDATE") { row in
            try row.read(Int.self)
        }
        guard let campaign = found else { return nil }
        let asOf = full.asOf
        let (last, lastOfYear, latest, other) =
            try first(
                """
                SELECT coalesce(max(number), 0), coalesce(max(of_year) FILTER (WHERE year = \(asOf.year)), 0),
                       max(number) FILTER (WHERE as_of >= \(asOf)), max(as_of) FILTER (WHERE number = \(corrected)::integer)
                FROM report_issue WHERE campaign_id = \(campaign)
                """
            ) { row in
                (try row.read(Int.self), try row.read(Int.self), try row.read(Int?.self), try row.read(Day?.self))
            } ?? (0, 0, nil, nil)
        if let corrected, other != asOf { throw IssueError.unknown(corrected) }
        if let latest, corrected == nil { throw IssueError.isThere(number: latest) }
        if let corrected { try check(full, corrects: corrected) }
        let issue = ProgressReport.Issue(
            year: asOf.year, ofYear: lastOfYear + 1, ofAll: last + 1, corrects: corrected)
        let documents = [full, open].map { report in
            var report = report
            report.issue = issue
            return report.json()
        }
        let digests = documents.map { Data(SHA256.hash(data: $0)) }
        let moment = try recordingMoment()
        try run(
            """
            INSERT INTO report_issue (campaign_id, number, year, of_year, corrects, as_of, period_from, known_at,
                                      document, digest, public_document, public_digest, published_by, published_at, checkpoint)
            VALUES (\(campaign), \(last + 1), \(asOf.year), \(lastOfYear + 1), \(corrected)::integer, \(asOf),
                    \(full.period.from), \(full.knownAt)::timestamptz,
                    \(String(decoding: documents[0], as: UTF8.self)), \(digests[0]),
                    \(String(decoding: documents[1], as: UTF8.self)), \(digests[1]), \(officer.id), \(moment),
                    \(try latestCheckpoint()))
            """)
        let event = Event(
            actor: officer.actor, action: "publish_report",
            details: ["issue": String(last + 1), "sha256": hexadecimal(digests[0])], effectiveOn: Day(moment, in: zone))
        try record(
            event, on: UUID(campaign: campaign), .campaign, campaign: campaign,
            sequence: try nextSequence(ofCampaign: campaign), at: moment)
        return try self.issue(last + 1, of: full.campaign)?.issue
    }

    private func check(_ report: ProgressReport, corrects number: Int) throws {
        guard let old = try issue(number, of: report.campaign) else { throw IssueError.unknown(number) }
        if let later = old.issue.correctedBy { throw IssueError.isCorrected(by: later) }
        let published = try ProgressReport(json: old.document)
        if published.period == report.period, published.differences(to: report).isEmpty {
            throw IssueError.nothingToCorrect(number)
        }
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

    /// One issue with its document in one edition, byte for byte.
    ///
    /// - Throws: `PostgresError`.
    public func issue(
        _ number: Int, of code: String, _ edition: ProgressReport.Edition = .internal
    ) throws -> (issue: ReportIssue, document: Data)? {
        let document: SQL = edition == .public ? "i.public_document" : "i.document"
        return try first(
            """
            SELECT \(ReportIssue.columns), \(document) FROM report_issue i
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
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
        for (index, byte) in bytes.enumerated() {
            (text[2 * index], text[2 * index + 1]) = (digits[Int(byte >> 4)], digits[Int(byte & 15)])
        }
        return 2 * bytes.count
    }
}
