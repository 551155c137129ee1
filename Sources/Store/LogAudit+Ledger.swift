import Casework
import Foundation
import Postgres

extension Connection {
    /// Rows by which reports know what barriers and orders were, held against the events that they tell of.
    ///
    /// What a step made of a fact is in its event; a fact that no event changed so far stands as it began. Cases with
    /// back-entered steps are left out, as in ``compareCases(_:)``.
    ///
    /// - Throws: `PostgresError`.
    func compareLedger(_ audit: inout LogAudit) throws {
        for (kind, table, id, facts, remarks) in Self.ledger {
            let differing = try all(
                """
                WITH late AS (
                    SELECT DISTINCT case_id FROM (
                        SELECT case_id, effective_on < max(effective_on) OVER (PARTITION BY campaign_id, case_id
                            ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_late
                        FROM event WHERE case_kind = \(kind)) s WHERE is_late)
                SELECT DISTINCT i.\(id), i.sequence FROM \(table) i
                LEFT JOIN event e ON e.campaign_id = i.campaign_id AND e.case_id = i.\(id) AND e.sequence = i.sequence
                LEFT JOIN event w ON w.campaign_id = i.campaign_id AND w.case_id = i.\(id) AND w.sequence = i.written_by
                CROSS JOIN LATERAL (VALUES \(facts)) f(fact, value, beginning)
                LEFT JOIN LATERAL (
                    SELECT true AS is_there, x.changes -> f.fact ->> 'new' AS value FROM event x
                    WHERE x.campaign_id = i.campaign_id AND x.case_id = i.\(id) AND x.sequence <= i.sequence
                      AND x.changes -> f.fact IS NOT NULL
                    ORDER BY x.sequence DESC LIMIT 1) t ON true
                WHERE i.retracted_at IS NULL AND i.\(id) NOT IN (SELECT case_id FROM late) AND (
                    e.sequence IS NULL OR e.effective_on <> i.effective_from
                    OR i.written_by > 0 AND w.recorded_at IS DISTINCT FROM i.recorded_at
                    OR CASE WHEN t.is_there IS NULL
                            THEN f.beginning <> '?' AND f.value IS DISTINCT FROM nullif(f.beginning, '')
                            ELSE f.value IS DISTINCT FROM t.value END)
                UNION ALL
                SELECT e.case_id, e.sequence FROM event e
                WHERE e.case_kind = \(kind) AND e.action <> ALL(\(remarks)) AND NOT EXISTS (
                    SELECT FROM \(table) i WHERE i.campaign_id = e.campaign_id AND i.\(id) = e.case_id
                      AND i.sequence = e.sequence AND i.retracted_at IS NULL)
                LIMIT \(LogAudit.limit)
                """
            ) { row in
                "\(kind.rawValue) \(try row.read(UUID.self).text): what reports read of step \(try row.read(Int.self))"
                    + " is not what its event says"
            }
            for text in differing { audit.found(.caseDiffers, text) }
        }
        let limits = try all(
            """
            SELECT i.order_id FROM order_barrier i
            WHERE i.deadline ->> 'dueOn' <> i.due_on::text OR i.deadline ->> 'state' <> i.state
            LIMIT \(LogAudit.limit)
            """
        ) { row in "order \(try row.read(UUID.self).text): a limit says two things" }
        for text in limits { audit.found(.caseDiffers, text) }
    }

    private static let ledger: [(kind: CaseKind, table: SQL, id: SQL, facts: SQL, remarks: [String])] = [
        (
            .barrier, "barrier_interval", "barrier_id",
            """
            ('remediation', i.remediation, 'alleged'), ('episode', i.episode::text, '1'), ('coverage', i.coverage::text, ''),
            ('awaited_company', i.awaited_company, ''), ('false_claims', i.false_claims::text, '0'),
            ('standing_order', CASE WHEN i.has_standing_order THEN 'true' END, '')
            """, Barrier.ActionName.allCases.filter(\.isRemark).map(\.rawValue)
        ),
        (
            .order, "order_interval", "order_id", "('status', i.status, 'issued'), ('rung', i.rung, '?')",
            Order.ActionName.allCases.filter(\.isRemark).map(\.rawValue)
        ),
    ]
}
