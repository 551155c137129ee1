import Casework
import Foundation
import Postgres

extension Worker {
    /// Events looked at in one statement, and in one round, at the most.
    private static let (newsBatch, newsLimit) = (2000, 200_000)

    /// Writes the messages that tell filers of what has changed since the last round.
    ///
    /// The history itself is the outbox: what is committed there is told, and nothing else. The place up to which it was
    /// told moves in the same transaction.
    func tellFilers(_ view: WorkView) async throws -> Int {
        let cut = try await databases.work.closeCut()
        var (looked, told) = (0, 0)
        while looked < Self.newsLimit {
            let (count, new) = try await work(view.fence) { db in
                try db.tellFilers(of: view, through: cut, Self.newsBatch)
            }
            looked += count
            told += new
            if count < Self.newsBatch { break }
        }
        return told
    }
}

extension Connection {
    fileprivate func tellFilers(of view: WorkView, through cut: Date, _ batch: Int) throws -> (looked: Int, told: Int) {
        let mark = "webhook|\(view.campaign.code)"
        let first = try self.first("SELECT min(created_at) FROM webhook") { row in try row.read(Date?.self) }
        guard let first = first ?? nil else {
            try setWorkerMark(mark, cut)
            return (0, 0)
        }
        let since = max(try workerMark(mark), min(first, cut))
        let range = try self.first(
            """
            SELECT count(*), max(recorded_at) FROM (
                SELECT recorded_at FROM event
                WHERE campaign_id = \(view.campaignID) AND recorded_at > \(since) AND recorded_at <= \(cut)
                ORDER BY recorded_at FETCH FIRST (\(batch)) ROWS WITH TIES) e
            """
        ) { row in (count: try row.read(Int.self), last: try row.read(Date?.self)) }
        let looked = range?.count ?? 0
        let through = looked < batch ? cut : range?.last ?? cut
        let news = try all(
            """
            SELECT c.filed_by, c.number, c.client_reference, e.sequence, e.changes, e.effective_on, e.recorded_at
            FROM event e
            JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
            JOIN webhook w ON w.filer_id = c.filed_by AND w.created_at < e.recorded_at AND \(hasWebhookKey)
            WHERE e.campaign_id = \(view.campaignID) AND e.recorded_at > \(since) AND e.recorded_at <= \(through)
              AND e.case_kind = 'complaint' AND c.channel = 'filer'
              AND e.changes ?| \(FilingNews.members.sorted())
            ORDER BY e.recorded_at, e.case_id, e.sequence
            FOR SHARE OF w
            """
        ) { row in
            (
                filer: try row.read(UUID.self),
                news: FilingNews(
                    campaign: view.campaign.code, reference: view.reference(try row.read()),
                    clientReference: try row.read(), sequence: try row.read(),
                    changes: try row.read(JSONText.self).decoded(), effectiveOn: try row.read(),
                    recordedAt: try row.read())
            )
        }
        var rows = RowBatch()
        for (filer, news) in news {
            rows.add(
                "webhook_delivery", ignoringConflicts: true,
                [
                    "id": .value(UUID.v7(at: view.now)), "filer_id": .value(filer),
                    "campaign_id": .value(view.campaignID), "subject": .value(news.reference.description),
                    "sequence": .value(news.sequence), "body": .value(news.body),
                    "state": .value(WebhookDelivery.State.pending), "attempts": .value(0),
                    "next_attempt_at": .value(news.recordedAt), "recorded_at": .value(news.recordedAt),
                ])
        }
        let told = try insert(rows)
        try setWorkerMark(mark, through)
        return (looked, told)
    }

    /// Gives up what has no address any more, and removes what was told long ago: what arrived is kept for a month, what
    /// was given up, or waits because no key is good any more, for three.
    ///
    /// - Returns: Whether there may be more.
    func sweepDeliveries(_ batch: Int) throws -> Bool {
        let orphans = try run(
            """
            UPDATE webhook_delivery
            SET state = 'dead', next_attempt_at = NULL, ended_at = now(), last_error = 'the webhook was removed'
            WHERE id = ANY(ARRAY(
                SELECT id FROM webhook_delivery d
                WHERE state = 'pending' AND NOT EXISTS (SELECT FROM webhook w WHERE w.filer_id = d.filer_id)
                LIMIT \(batch)))
            """)
        let arrived = try run(
            """
            DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
                SELECT id FROM webhook_delivery
                WHERE state = 'delivered' AND ended_at < now() - interval '30 days' LIMIT \(batch)))
            """)
        let old = try run(
            """
            DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
                SELECT id FROM webhook_delivery
                WHERE state = 'dead' AND ended_at < now() - interval '90 days' LIMIT \(batch)))
            """)
        let waiting = try run(
            """
            DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
                SELECT id FROM webhook_delivery
                WHERE state = 'pending' AND recorded_at < now() - interval '90 days' LIMIT \(batch)))
            """)
        return max(orphans, arrived, old, waiting) == batch
    }
}
