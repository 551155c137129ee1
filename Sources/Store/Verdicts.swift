import Casework
import Foundation
import Postgres

extension ComplaintRecord {
    /// What complainants said of the endings of the complaint `c`, as the rules read it.
    static let verdicts: SQL = """
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'ending', v.ending, 'complaint', v.complainant_id, 'isConfirmedFixed', v.is_fixed, 'rating', v.rating)), '[]')
         FROM (SELECT DISTINCT ON (ending, complainant_id) ending, complainant_id, is_fixed, rating FROM verdict_interval
               WHERE campaign_id = c.campaign_id AND complaint_id = c.id AND retracted_at IS NULL
               ORDER BY ending, complainant_id, effective_from DESC, sequence DESC) v)
        """
}

extension Connection {
    /// What complainants are said to have said of endings, held against the events that say so.
    func compareVerdicts(_ audit: inout LogAudit) throws {
        let differing = try all(
            """
            SELECT v.complaint_id, v.sequence FROM verdict_interval v
            LEFT JOIN event e ON e.campaign_id = v.campaign_id AND e.case_id = v.complaint_id AND e.sequence = v.sequence
            WHERE v.retracted_at IS NULL AND CASE e.action
                WHEN 'rate' THEN e.details ->> 'rating' IS DISTINCT FROM v.rating::text
                WHEN 'confirm_fixed' THEN v.is_fixed IS DISTINCT FROM true
                WHEN 'deny_fixed' THEN v.is_fixed IS DISTINCT FROM false
                ELSE true END
               OR coalesce(e.details ->> 'complaint', e.case_id::text) <> v.complainant_id::text
            LIMIT \(LogAudit.limit)
            """
        ) { row in
            "complaint \(try row.read(UUID.self).text): what step \(try row.read(Int.self)) says of an ending is in no event"
        }
        for text in differing { audit.found(.caseDiffers, text) }
    }
}

extension RowBatch {
    mutating func addIntervals(of verdicts: [Complaint.Verdict], _ place: StepPlace) {
        for verdict in verdicts {
            add(
                "verdict_interval",
                [
                    "campaign_id": .value(place.campaign), "complaint_id": .value(place.case),
                    "ending": .value(verdict.ending), "complainant_id": .value(verdict.complaint),
                    "sequence": .value(place.sequence), "written_by": .value(place.writtenBy),
                    "effective_from": .value(place.on), "recorded_at": .value(place.moment),
                    "is_fixed": .value(verdict.isConfirmedFixed), "rating": .value(verdict.rating),
                ])
        }
    }
}
