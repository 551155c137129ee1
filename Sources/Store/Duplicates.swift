public import Casework
public import Foundation
public import Postgres

/// Another complaint that may be the same, and why.
public struct SuspectedDuplicate: Sendable {
    public let id: UUID
    public let reference: Reference
    public let status: Complaint.Status
    public let receivedOn: Day
    let recordedAt: Date
    public let excerpt: String
    public let hint: DuplicateHint
}

/// The page of a link in the database, as `SharedLink.page` is in the program, and as the index `complaint_by_page` has it; a test
/// compares the three.
func pageOf(_ link: SQL) -> SQL { "substr(\(link), strpos(\(link), ':'))" }

extension Connection {
    /// Complaints that may be one with this, the likeliest first.
    ///
    /// Looked at are those of the same contact, of the same page, and the newest 200 on the same barriers; pairs that an officer has
    /// called two are left out.
    public func suspectedDuplicates(of record: ComplaintRecord, limit: Int = 20) throws -> [SuspectedDuplicate] {
        let (id, campaign) = (record.complaint.id, record.campaignID)
        let rows = try all(
            """
            WITH candidate AS (
                (SELECT theirs.complaint_id, 'same_filer' AS reason
                 FROM contact_digest mine JOIN contact_digest theirs USING (campaign_id, digest)
                 WHERE mine.campaign_id = \(campaign) AND mine.complaint_id = \(id) LIMIT 200)
                UNION ALL
                (SELECT o.id, 'same_link'
                 FROM complaint m
                 JOIN complaint o ON o.campaign_id = m.campaign_id
                    AND md5(\(pageOf("o.link_url"))) = md5(\(pageOf("m.link_url")))
                 WHERE m.campaign_id = \(campaign) AND m.id = \(id) ORDER BY o.number DESC LIMIT 200)
                UNION ALL
                (SELECT o.complaint_id, 'same_barrier'
                 FROM complaint_barrier m
                 CROSS JOIN LATERAL (
                    SELECT complaint_id FROM complaint_barrier
                    WHERE campaign_id = m.campaign_id AND barrier_id = m.barrier_id
                    ORDER BY received_on DESC, number DESC LIMIT 200) o
                 WHERE m.campaign_id = \(campaign) AND m.complaint_id = \(id))
            )
            SELECT c.id, c.number, c.status, c.received_on, c.recorded_at, left(c.narrative, 80), array_agg(DISTINCT k.reason),
                   similarity(c.narrative, \(record.filing.narrative))::numeric
            FROM candidate k
            JOIN complaint c ON c.campaign_id = \(campaign) AND c.id = k.complaint_id
            WHERE c.id <> \(id) AND c.status <> 'duplicate' AND NOT EXISTS (
                SELECT FROM duplicate_suggestion s
                WHERE s.campaign_id = \(campaign) AND s.dismissed_at IS NOT NULL
                  AND ((s.complaint_id = \(id) AND s.other_id = c.id)
                       OR (s.complaint_id = c.id AND s.other_id = \(id))))
            GROUP BY c.id, c.number, c.status, c.received_on, c.recorded_at, c.narrative
            ORDER BY c.number
            """
        ) { row in
            let (other, number): (UUID, Int) = (try row.read(), try row.read())
            let (status, day): (Complaint.Status, Day) = (try row.read(), try row.read())
            let (moment, excerpt): (Date, String) = (try row.read(), try row.read())
            let reasons = try row.read([String].self).compactMap(DuplicateHint.Reason.init)
            let similarity: Decimal = try row.read()
            return SuspectedDuplicate(
                id: other, reference: Reference(prefix: record.reference.prefix, number: number), status: status,
                receivedOn: day, recordedAt: moment, excerpt: excerpt,
                hint: DuplicateHint(
                    reasons: Set(reasons), similarity: NSDecimalNumber(decimal: similarity).doubleValue))
        }
        let suspected = rows.filter(\.hint.isSuspected).sorted { left, right in
            (left.hint.reasons.count, left.hint.similarity) > (right.hint.reasons.count, right.hint.similarity)
        }
        return Array(suspected.prefix(limit))
    }

    /// Flags a new complaint for the queue where an older one may be the same.
    ///
    /// - Returns: Whether there is one.
    func flag(_ record: ComplaintRecord) throws -> Bool {
        let found = try suspectedDuplicates(of: record)
        let isSuspected = found.contains { other in
            (other.recordedAt, other.reference.number) < (record.recordedAt, record.reference.number)
        }
        if isSuspected, record.complaint.status.isOpen {
            try setSuspicion(true, of: record.complaint.id, campaign: record.campaignID)
        }
        return isSuspected
    }

    /// An officer says that two complaints are two; said so in the history of the first.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`.
    public func dismissDuplicate(
        _ other: Reference, of reference: Reference, by actor: Actor, reason: String?, book: ReferenceBook,
        at now: Date
    ) throws -> ComplaintRecord {
        guard let second = try complaint(other), other != reference, other.prefix == reference.prefix else {
            throw CaseError.notFound("complaint \(other) beside this one")
        }
        let words = ["not the same case as \(other)", reason].compactMap(\.self).joined(separator: ": ")
        let terms = ActionTerms(reason: words)
        let record = try perform(.note(.internal), on: reference, by: actor, terms, book: book, at: now)
        try run(
            """
            INSERT INTO duplicate_suggestion (campaign_id, complaint_id, other_id, reasons, similarity, found_at,
                                              dismissed_at)
            VALUES (\(record.campaignID), \(record.complaint.id), \(second.complaint.id), '{}', 0, \(now), \(now))
            ON CONFLICT (campaign_id, complaint_id, other_id) DO UPDATE SET dismissed_at = \(now)
            """)
        for side in [record, second] where side.isSuspected {
            let isLeft = try !suspectedDuplicates(of: side).isEmpty
            try setSuspicion(isLeft, of: side.complaint.id, campaign: record.campaignID)
        }
        return record
    }

    private func setSuspicion(_ isSuspected: Bool, of id: UUID, campaign: Int) throws {
        try run(
            """
            UPDATE complaint SET has_suspected_duplicate = \(isSuspected)
            WHERE campaign_id = \(campaign) AND id = \(id)
            """)
    }
}
