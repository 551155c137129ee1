import Casework
public import Postgres
import Store
import Testing

/// What has to hold of every history: each statement counts what breaks the rule.
private let rules: [(rule: String, query: SQL)] = [
    (
        "events of a case are numbered without a gap, and the case counts them",
        """
        SELECT count(*) FROM (
            SELECT case_id FROM event GROUP BY case_id
            HAVING max(sequence) <> count(*) OR min(sequence) <> 1) x
        """
    ),
    (
        "a case's version is the place of its latest event",
        """
        SELECT count(*) FROM (
            SELECT c.id FROM complaint c WHERE c.version <> (
                SELECT max(sequence) FROM event WHERE campaign_id = c.campaign_id AND case_id = c.id)
            UNION ALL
            SELECT b.id FROM barrier b WHERE b.version <> (
                SELECT max(sequence) FROM event WHERE campaign_id = b.campaign_id AND case_id = b.id)
            UNION ALL
            SELECT r.id FROM rectification_order r
            WHERE r.version <> (
                SELECT max(sequence) FROM event WHERE campaign_id = r.campaign_id AND case_id = r.id)) x
        """
    ),
    (
        "every event but a remark has one standing interval from its day on: no gap, no overlap",
        """
        SELECT count(*) FROM event e
        LEFT JOIN LATERAL (
            SELECT count(*) AS standing, min(effective_from) AS day FROM (
                SELECT effective_from FROM complaint_interval
                WHERE campaign_id = e.campaign_id AND complaint_id = e.case_id AND sequence = e.sequence AND retracted_at IS NULL
                UNION ALL
                SELECT effective_from FROM barrier_interval
                WHERE campaign_id = e.campaign_id AND barrier_id = e.case_id AND sequence = e.sequence AND retracted_at IS NULL
                UNION ALL
                SELECT effective_from FROM order_interval
                WHERE campaign_id = e.campaign_id AND order_id = e.case_id AND sequence = e.sequence AND retracted_at IS NULL) i) i ON true
        WHERE e.action <> ALL(\(Complaint.ActionName.remarks.map(\.rawValue))) AND e.case_kind <> 'campaign'
          AND (i.standing <> 1 OR i.day <> e.effective_on)
        """
    ),
    (
        "what the intervals end with is what the complaint is",
        """
        SELECT count(*) FROM complaint c
        JOIN LATERAL (
            SELECT * FROM complaint_interval i WHERE i.campaign_id = c.campaign_id AND i.complaint_id = c.id AND i.retracted_at IS NULL
            ORDER BY effective_from DESC, sequence DESC LIMIT 1) i ON true
        WHERE (i.status, i.category, i.outcome, i.refusal_ground, i.office, i.officer_id)
              IS DISTINCT FROM (c.status, c.category, c.outcome, c.refusal_ground, c.office, c.officer_id)
        """
    ),
    (
        "what the intervals end with is what the barrier is",
        """
        SELECT count(*) FROM barrier b
        JOIN LATERAL (
            SELECT * FROM barrier_interval i WHERE i.campaign_id = b.campaign_id AND i.barrier_id = b.id AND i.retracted_at IS NULL
            ORDER BY effective_from DESC, sequence DESC LIMIT 1) i ON true
        WHERE (i.remediation, i.episode, i.coverage, i.false_claims)
              IS DISTINCT FROM (b.remediation, b.episode, b.coverage, b.false_claims)
        """
    ),
    (
        "what the intervals end with is what is owed",
        """
        SELECT count(*) FROM deadline d
        JOIN LATERAL (
            SELECT * FROM deadline_interval i
            WHERE i.campaign_id = d.campaign_id AND i.complaint_id = d.complaint_id AND i.purpose = d.purpose
              AND i.origin_id = d.origin_id AND i.run = d.run AND i.retracted_at IS NULL
            ORDER BY effective_from DESC, sequence DESC LIMIT 1) i ON true
        WHERE (i.due_on, i.state, i.ended_on, i.missed_from) IS DISTINCT FROM (d.due_on, d.state, d.ended_on, d.missed_from)
        """
    ),
    (
        "a closed case knows the step that closed it, and what is said of an ending is said of such a step",
        """
        SELECT (SELECT count(*) FROM complaint WHERE (status = 'closed') <> (ending IS NOT NULL)) + count(*)
        FROM (SELECT campaign_id, complaint_id, ending FROM verdict_interval WHERE retracted_at IS NULL
              UNION ALL SELECT campaign_id, id, ending FROM complaint WHERE ending IS NOT NULL) v
        WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.campaign_id = v.campaign_id AND e.case_id = v.complaint_id
              AND e.sequence = v.ending AND e.action IN ('close', 'close_unsubstantiated'))
        """
    ),
    (
        "only an open case has news",
        "SELECT count(*) FROM complaint WHERE news_at IS NOT NULL AND status <> ALL(\(Complaint.Status.open.map(\.rawValue)))"
    ),
    (
        "ties to barriers are those that the intervals end with",
        """
        SELECT count(*) FROM (
            SELECT DISTINCT ON (complaint_id, barrier_id) complaint_id, barrier_id, is_linked
            FROM complaint_barrier_interval WHERE retracted_at IS NULL
            ORDER BY complaint_id, barrier_id, effective_from DESC, sequence DESC) i
        FULL JOIN complaint_barrier l USING (complaint_id, barrier_id)
        WHERE coalesce(i.is_linked, false) <> (l.campaign_id IS NOT NULL)
        """
    ),
    (
        "no order is complied with a barrier that was not verified that day",
        """
        SELECT count(*) FROM rectification_order r
        JOIN order_barrier i ON i.campaign_id = r.campaign_id AND i.order_id = r.id
        JOIN LATERAL (
            SELECT remediation FROM barrier_interval x
            WHERE x.campaign_id = i.campaign_id AND x.barrier_id = i.barrier_id AND x.retracted_at IS NULL
              AND x.effective_from < r.ended_on
            ORDER BY effective_from DESC, sequence DESC LIMIT 1) b ON true
        WHERE r.status = 'complied' AND b.remediation <> 'verified' AND NOT EXISTS (
            SELECT FROM barrier_interval x
            WHERE x.campaign_id = i.campaign_id AND x.barrier_id = i.barrier_id AND x.retracted_at IS NULL
              AND x.effective_from = r.ended_on
              AND x.remediation = 'verified')
        """
    ),
    (
        "who is merged is carried by who goes on",
        """
        SELECT count(*) FROM complaint c
        JOIN complaint o ON o.campaign_id = c.campaign_id AND o.id = c.duplicate_of
        WHERE NOT o.absorbed @> jsonb_build_array(jsonb_build_object('complaint', upper(c.id::text)))
        """
    ),
]

extension TestStore {
    /// What has to hold of every history, whoever wrote it, in whatever order: each statement finds what breaks it.
    public func checkHistory() async throws {
        for (rule, query) in rules {
            let count = try await databases.reports.transaction(.readOnly) { db in
                try db.first(query) { row in try row.read(Int.self) }
            }
            #expect(count == 0, "\(rule)")
        }
    }
}

extension TestStore {
    /// How many rows a table has.
    public func count(_ table: SQL) async throws -> Int {
        try await databases.work.transaction(.readOnly) { db in
            try db.first("SELECT count(*) FROM \(table)") { row in try row.read(Int.self) }
        } ?? -1
    }
}
