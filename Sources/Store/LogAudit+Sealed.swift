import Casework
import Foundation
import Postgres

extension Connection {
    /// Sealed parts that are not those of which the events have the digests: changed, deleted, swapped or put in.
    ///
    /// No key is needed: the digests are of the sealed bytes. Parts of before there were digests are left out; what was
    /// moved among them does not open, and who reads the complaint is told so.
    ///
    /// - Throws: `PostgresError`.
    func compareSealed(_ audit: inout LogAudit) throws {
        for campaign in try all("SELECT id FROM campaign", as: { row in try row.read(Int.self) }) {
            var after = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            while true {
                let ids = try all(
                    """
                    SELECT id FROM complaint WHERE campaign_id = \(campaign) AND id > \(after)
                    ORDER BY id LIMIT \(Self.auditPage)
                    """
                ) { row in try row.read(UUID.self) }
                guard let last = ids.last else { break }
                for text in try changedParts(ids, campaign) { audit.found(.sealedChanged, text) }
                after = last
            }
        }
    }

    private func changedParts(_ ids: [UUID], _ campaign: Int) throws -> [String] {
        try all(
            """
            WITH latest AS (
                SELECT DISTINCT ON (case_id) case_id, details ->> 'sealed_digest' AS digest FROM event
                WHERE campaign_id = \(campaign) AND case_id = ANY(\(ids)) AND details ->> 'sealed_digest' IS NOT NULL
                ORDER BY case_id, sequence DESC),
            parts AS (
                SELECT complaint_id, encode(sha256(string_agg(
                    convert_to(field || chr(10), 'UTF8') || sha256(sealed), ''::bytea ORDER BY field COLLATE "C")), 'hex') AS digest
                FROM complaint_sealed
                WHERE campaign_id = \(campaign) AND complaint_id = ANY(\(ids)) AND field NOT LIKE 'message%'
                GROUP BY complaint_id)
            SELECT l.case_id, NULL::integer FROM latest l LEFT JOIN parts p ON p.complaint_id = l.case_id
            WHERE coalesce(p.digest, encode(sha256(''), 'hex')) <> l.digest
            UNION ALL
            SELECT e.case_id, e.sequence FROM event e
            LEFT JOIN complaint_sealed s ON s.campaign_id = e.campaign_id AND s.complaint_id = e.case_id
                AND s.field = 'message_' || e.sequence
            WHERE e.campaign_id = \(campaign) AND e.case_id = ANY(\(ids)) AND e.details ->> 'message_digest' IS NOT NULL
              AND encode(sha256(s.sealed), 'hex') IS DISTINCT FROM e.details ->> 'message_digest'
            LIMIT \(LogAudit.limit)
            """
        ) { row in
            let (id, sequence): (UUID, Int?) = (try row.read(), try row.read())
            let what = sequence.map { "the message of event \($0)" } ?? "what is sealed"
            return "complaint \(id.text): \(what) is not what was sealed"
        }
    }
}
