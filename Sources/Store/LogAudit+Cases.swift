import Casework
import Foundation
import Postgres

extension Connection {
    /// Cases that stand somewhere else than their events left them.
    ///
    /// A fact that no event ever changed stands as it begins, where every case begins so (a complaint `received` and nobody's),
    /// else as it was filed, which the log does not hold. Cases with back-entered steps are left out: what their events
    /// changed was told anew since.
    func compareCases(_ audit: inout LogAudit) throws {
        let campaigns = try all("SELECT id FROM campaign") { row in try row.read(Int.self) }
        for (kind, table, facts) in Self.provedFacts {
            for campaign in campaigns {
                var after = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
                while true {
                    let ids = try all(
                        """
                        SELECT id FROM \(table) WHERE campaign_id = \(campaign) AND id > \(after)
                        ORDER BY id LIMIT \(Self.auditPage)
                        """
                    ) { row in try row.read(UUID.self) }
                    guard let last = ids.last else { break }
                    for text in try differences(ids, campaign, kind, facts) { audit.found(.caseDiffers, text) }
                    after = last
                }
            }
            let missing = try all(
                """
                SELECT DISTINCT e.case_id FROM event e LEFT JOIN \(table) c ON c.id = e.case_id
                WHERE e.case_kind = \(kind) AND c.id IS NULL LIMIT \(LogAudit.limit)
                """
            ) { row in "\(kind.rawValue) \(try row.read(UUID.self).text) is gone, and its events are there" }
            for text in missing { audit.found(.caseDiffers, text) }
        }
        let gaps = try all(
            """
            SELECT case_id, max(sequence), count(*) FROM event GROUP BY campaign_id, case_id
            HAVING max(sequence) <> count(*) LIMIT \(LogAudit.limit)
            """
        ) { row in
            "case \(try row.read(UUID.self).text) has \(try row.read(Int.self)) events by number"
                + " and \(try row.read(Int.self)) by count"
        }
        for text in gaps { audit.found(.eventMissing, text) }
    }

    private func differences(
        _ ids: [UUID], _ campaign: Int, _ kind: CaseKind, _ facts: SQL
    ) throws -> [String] {
        try all(
            """
            WITH steps AS MATERIALIZED (
                SELECT case_id, sequence, changes, effective_on < max(effective_on) OVER (
                    PARTITION BY case_id ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_late
                FROM event WHERE campaign_id = \(campaign) AND case_id = ANY(\(ids))),
            told AS (
                SELECT s.case_id, f.key AS fact, (array_agg(f.value ->> 'new' ORDER BY s.sequence DESC))[1] AS value
                FROM steps s, jsonb_each(s.changes) f GROUP BY 1, 2)
            SELECT s.case_id, s.fact, CASE WHEN t.fact IS NULL THEN s.beginning ELSE t.value END, s.value
            FROM (\(facts) WHERE campaign_id = \(campaign) AND id = ANY(\(ids))) s
            LEFT JOIN told t ON t.case_id = s.case_id AND t.fact = s.fact
            WHERE s.case_id NOT IN (SELECT case_id FROM steps WHERE is_late)
              AND CASE WHEN t.fact IS NULL THEN s.beginning <> '?' AND s.value IS DISTINCT FROM nullif(s.beginning, '')
                       ELSE t.value IS DISTINCT FROM s.value END
            LIMIT \(LogAudit.limit)
            """
        ) { row in
            let (id, fact): (UUID, String) = (try row.read(), try row.read())
            let (told, value): (String?, String?) = (try row.read(), try row.read())
            return "\(kind.rawValue) \(id.text): \(fact) is \(value ?? "–"), its events say \(told ?? "–")"
        }
    }

    /// Published reports whose bytes are not those of which the log has the digest.
    func compareIssues(_ audit: inout LogAudit) throws {
        let differing = try all(
            """
            SELECT c.code, i.number FROM report_issue i JOIN campaign c ON c.id = i.campaign_id
            LEFT JOIN event e ON e.campaign_id = i.campaign_id AND e.action = 'publish_report'
                AND e.details ->> 'issue' = i.number::text
            WHERE encode(sha256(convert_to(i.document, 'UTF8')), 'hex') IS DISTINCT FROM e.details ->> 'sha256'
               OR i.checkpoint IS NOT NULL AND NOT EXISTS (SELECT FROM log_checkpoint k WHERE k.note = i.checkpoint)
            LIMIT \(LogAudit.limit)
            """
        ) { row in
            let code: String = try row.read()
            return "issue \(try row.read(Int.self)) of \(code) is not what was published"
        }
        for text in differing { audit.found(.issueDiffers, text) }
    }

    /// What may be done with what is known about people, held against the events that say so.
    func comparePersonalData(_ audit: inout LogAudit) throws {
        let differing = try all(
            """
            SELECT 'complaint ' || c.id || ': its data are ' || c.data_state || ', its events say otherwise'
            FROM complaint c LEFT JOIN LATERAL (
                SELECT max(sequence) FILTER (WHERE action = 'erase_data') AS erased,
                       max(sequence) FILTER (WHERE action = 'restrict_data') AS restricted,
                       max(sequence) FILTER (WHERE action IN ('reopen', 'deny_fixed')) AS reopened,
                       max(sequence) FILTER (WHERE action = 'place_hold') AS held,
                       max(sequence) FILTER (WHERE action = 'lift_hold') AS released
                FROM event WHERE campaign_id = c.campaign_id AND case_id = c.id
                  AND action IN ('erase_data', 'restrict_data', 'reopen', 'deny_fixed', 'place_hold', 'lift_hold')) e ON true
            WHERE c.data_state <> 'active' AND CASE WHEN c.data_state = 'restricted'
                    THEN e.restricted IS NULL OR e.erased IS NOT NULL OR e.reopened > e.restricted
                    ELSE e.erased IS NULL END
               OR c.is_held AND coalesce(e.held, 0) <= coalesce(e.released, 0)
            UNION ALL
            SELECT 'complaint ' || e.case_id || ': an event says that it was erased, and it is there'
            FROM event e JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
            WHERE e.action = 'erase_data' AND c.data_state NOT IN ('erasing', 'erased')
            UNION ALL
            SELECT 'complaint ' || u.complaint_id || ': request ' || u.sequence || ' to see who complained is in no event'
            FROM unsealing u WHERE NOT EXISTS (
                SELECT FROM event e WHERE e.campaign_id = u.campaign_id AND e.case_id = u.complaint_id
                  AND e.sequence = u.sequence AND e.action = 'request_unsealing' AND e.actor_id = u.requested_by
                  AND e.details ->> 'fields' = array_to_string(u.fields, ' '))
               OR u.decided_by IS NOT NULL AND NOT EXISTS (
                SELECT FROM event e WHERE e.campaign_id = u.campaign_id AND e.case_id = u.complaint_id
                  AND e.action = CASE WHEN u.is_approved THEN 'approve_unsealing' ELSE 'deny_unsealing' END
                  AND e.details ->> 'request' = u.sequence::text AND e.actor_id = u.decided_by)
            UNION ALL
            SELECT 'complaint ' || d.complaint_id || ': what ' || d.company || ' was told is in no event'
            FROM disclosure d WHERE NOT EXISTS (
                SELECT FROM event e WHERE e.campaign_id = d.campaign_id AND e.case_id = d.complaint_id
                  AND e.sequence = d.sequence AND e.action = 'disclose' AND e.details ->> 'company' = d.company
                  AND e.details ->> 'fields' = array_to_string(d.fields, ' '))
            LIMIT \(LogAudit.limit)
            """
        ) { row in try row.read(String.self) }
        for text in differing { audit.found(.caseDiffers, text) }
    }

    /// For each fact of a case what it is, and what it is before any event changes it: `?` is what was filed.
    private static let provedFacts: [(CaseKind, SQL, SQL)] = [
        (
            .complaint, "complaint",
            """
            SELECT c.id AS case_id, f.fact, f.value, f.beginning FROM complaint c
            LEFT JOIN LATERAL (
                SELECT is_fixed, rating FROM verdict_interval i
                WHERE i.campaign_id = c.campaign_id AND i.complaint_id = c.id AND i.complainant_id = c.id
                  AND i.ending = c.ending AND i.retracted_at IS NULL
                ORDER BY i.effective_from DESC, i.sequence DESC LIMIT 1) v ON true
            CROSS JOIN LATERAL (VALUES
                ('status', c.status, 'received'), ('category', c.category, '?'), ('scenario', c.scenario, '?'),
                ('respondent_platform', c.respondent_platform, '?'), ('respondent_company', c.respondent_company, '?'),
                ('target_platform', c.target_platform, '?'), ('target_company', c.target_company, '?'),
                ('payment_method', c.payment_method, '?'), ('office', c.office, '?'), ('officer', c.officer_id::text, ''),
                ('priority', c.priority, 'normal'), ('outcome', c.outcome, ''), ('refusal_ground', c.refusal_ground, ''),
                ('information_gap', c.information_gap, ''), ('agency', c.agency, ''), ('duplicate_of', c.duplicate_of::text, ''),
                ('answer', c.answer, ''), ('answer_ground', c.answer_ground, ''), ('forwarded_to', c.forwarded_to, ''),
                ('confirmed_fixed', v.is_fixed::text, ''), ('rating', v.rating::text, '')) f(fact, value, beginning)
            """
        ),
        (
            .barrier, "barrier",
            """
            SELECT b.id AS case_id, f.fact, f.value, f.beginning FROM barrier b CROSS JOIN LATERAL (VALUES
                ('remediation', b.remediation, 'alleged'), ('episode', b.episode::text, '1'),
                ('awaited_company', b.awaited_company, ''), ('coverage', b.coverage::text, ''),
                ('justified_until', b.justified_until::text, ''), ('false_claims', b.false_claims::text, '0'),
                ('wait_due_on', b.wait ->> 'dueOn', ''), ('undertaken_by', b.undertaken_by::text, ''),
                ('review_opened_on', b.review_opened_on::text, ''),
                ('standing_order', CASE WHEN b.has_standing_order THEN 'true' END, '')) f(fact, value, beginning)
            """
        ),
        (
            .order, "rectification_order",
            """
            SELECT o.id AS case_id, f.fact, f.value, f.beginning FROM rectification_order o CROSS JOIN LATERAL (
                VALUES ('status', o.status, 'issued'), ('rung', o.rung, '?')
                UNION ALL
                SELECT 'due_barrier_' || b.number, (i.deadline ->> 'dueOn') || ' ' || (i.deadline ->> 'state'), '?'
                FROM order_barrier i JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
                WHERE i.campaign_id = o.campaign_id AND i.order_id = o.id) f(fact, value, beginning)
            """
        ),
    ]
}
