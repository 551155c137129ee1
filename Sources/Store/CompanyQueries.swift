public import Casework
import Foundation
public import Postgres

/// A company that was sent complaints and answers none.
public struct SilentCompany: Sendable {
    public let company: String
    /// Complaints it has not answered.
    public let unanswered: Int
    public let oldestForwardedOn: Day
    public let lastAnsweredOn: Day?
}

extension Connection {
    /// What was forwarded to a company, newest first, whatever became of it.
    public func forwardedComplaints(
        to company: String, campaign: Int, prefix: String, isUnanswered: Bool, below number: Int?, limit: Int
    ) throws -> [ComplaintRecord] {
        let open: SQL = isUnanswered ? "AND c.status = 'forwarded'" : ""
        let below: SQL = number.map { "AND c.number < \($0)" } ?? ""
        return try all(
            """
            SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables)
            WHERE c.campaign_id = \(campaign) AND c.forwarded_to = \(company)
              \(open) \(below)
            ORDER BY c.number DESC LIMIT \(limit)
            """, as: ComplaintRecord.init(row:))
    }

    /// A complaint that was forwarded to the company; `nil` where there is none such.
    public func forwardedComplaint(_ reference: Reference, to company: String) throws -> ComplaintRecord? {
        let isForwarded = try first(
            """
            SELECT true FROM complaint c JOIN campaign ca ON ca.id = c.campaign_id
            WHERE ca.prefix = \(reference.prefix) AND c.number = \(reference.number)
              AND c.forwarded_to = \(company)
            """
        ) { row in try row.read(Bool.self) }
        return isForwarded == nil ? nil : try complaint(reference)
    }

    /// Companies that owe replies to complaints forwarded long ago, and gave not one answer since.
    ///
    /// - Parameters:
    ///   - day: The day it is.
    ///   - campaign: In which campaign.
    ///   - days: How long is long.
    /// - Returns: The companies, those that wait longest first.
    /// - Throws: `PostgresError`.
    public func silentCompanies(on day: Day, campaign: Int, afterDays days: Int) throws -> [SilentCompany] {
        try all(
            """
            WITH waiting AS (
                SELECT company, count(DISTINCT complaint_id) AS unanswered, min(began_on) AS oldest
                FROM deadline
                WHERE campaign_id = \(campaign) AND purpose = 'company_reply' AND state = 'running'
                  AND company IS NOT NULL
                GROUP BY company),
            answer AS NOT MATERIALIZED (
                SELECT c.forwarded_to AS company, e.effective_on
                FROM event e JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
                WHERE e.campaign_id = \(campaign) AND e.action = 'respond' AND c.forwarded_to IS NOT NULL)
            SELECT w.company, w.unanswered, w.oldest,
                   (SELECT effective_on FROM answer a WHERE a.company = w.company ORDER BY effective_on DESC LIMIT 1)
            FROM waiting w
            WHERE w.oldest <= \(day + -days) AND w.company NOT IN (
                SELECT a.company FROM answer a WHERE a.effective_on > \(day + -days))
            ORDER BY w.oldest, w.company
            """
        ) { row in
            SilentCompany(
                company: try row.read(), unanswered: try row.read(), oldestForwardedOn: try row.read(),
                lastAnsweredOn: try row.read())
        }
    }
}
