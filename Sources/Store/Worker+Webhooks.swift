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
        let moments = (since: since, through: through)
        let news = try ownNews(of: view, moments) + mergedNews(of: view, moments)
        var rows = RowBatch()
        for (filer, news) in news {
            rows.add(
                "webhook_delivery", ignoringConflicts: true,
                [
                    "id": .value(UUID.v7(at: view.now)), "filer_id": .value(filer),
                    "campaign_id": .value(view.campaignID), "subject": .value(news.reference.description),
                    "sequence": .value(news.sequence), "handled_sequence": .value(news.handledSequence),
                    "body": .value(news.body), "state": .value(WebhookDelivery.State.pending), "attempts": .value(0),
                    "next_attempt_at": .value(news.recordedAt), "recorded_at": .value(news.recordedAt),
                ])
        }
        let told = try insert(rows)
        try setWorkerMark(mark, through)
        return (looked, told)
    }

    /// What happened to the complaints of filers between two moments; a merger tells of the case that goes on, too.
    private func ownNews(
        of view: WorkView, _ moments: (since: Date, through: Date)
    ) throws -> [(filer: UUID, news: FilingNews)] {
        try all(
            """
            SELECT c.filed_by, c.number, c.client_reference, e.sequence, e.changes, e.effective_on, e.recorded_at,
                   e.action = 'undo_duplicate', \(Self.viewThen(of: "c")), \(Self.viewThen(of: "o"))
            FROM event e
            JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
            JOIN webhook w ON w.filer_id = c.filed_by AND w.created_at < e.recorded_at AND \(hasWebhookKey)
            LEFT JOIN complaint o ON o.campaign_id = e.campaign_id AND o.id = coalesce(
                e.changes -> 'duplicate_of' ->> 'new', e.changes -> 'duplicate_of' ->> 'old')::uuid
            WHERE e.campaign_id = \(view.campaignID) AND e.recorded_at > \(moments.since)
              AND e.recorded_at <= \(moments.through) AND e.case_kind = 'complaint' AND c.channel = 'filer'
              AND e.changes ?| \(FilingNews.facts.sorted())
            ORDER BY e.recorded_at, e.case_id, e.sequence
            FOR SHARE OF w
            """
        ) { row in
            let filer: UUID = try row.read()
            var news = try FilingNews(row: &row, view)
            let isUndone: Bool = try row.read()
            let (own, other) = (try FilingNews.View(row: &row), try FilingNews.View(row: &row))
            if let own, let other {
                news.add(mergerOf: own, with: other, isUndone: isUndone)
            }
            return (filer, news)
        }
    }

    /// What an organisation saw of a case after the merger `e`, or its end: as it is now, but for what changed since.
    private static func viewThen(of alias: StaticString) -> SQL {
        let facts: [SQL] = ["status", "outcome", "information_gap", "answer"].map { fact in
            let (name, table) = (SQL(stringLiteral: fact), SQL(stringLiteral: "\(alias)"))
            return """
                CASE WHEN o.id IS NOT NULL THEN (
                    SELECT CASE WHEN l.change IS NULL THEN \(table).\(name) ELSE l.change ->> 'old' END
                    FROM (SELECT (
                        SELECT x.changes -> \(fact) FROM event x
                        WHERE x.campaign_id = e.campaign_id AND x.case_id = \(table).id
                          AND x.recorded_at > e.recorded_at AND x.changes ? \(fact)
                        ORDER BY x.sequence LIMIT 1) AS change) l) END
                """
        }
        return .joined(facts, separator: ", ")
    }

    /// What happened between two moments to cases into which complaints of filers were merged, since the mergers.
    private func mergedNews(
        of view: WorkView, _ moments: (since: Date, through: Date)
    ) throws -> [(filer: UUID, news: FilingNews)] {
        try all(
            """
            SELECT c.filed_by, c.number, c.client_reference, merger.sequence, e.changes, e.effective_on, e.recorded_at,
                   e.sequence
            FROM event e
            JOIN complaint c ON c.campaign_id = e.campaign_id AND c.duplicate_of = e.case_id AND c.channel = 'filer'
            JOIN webhook w ON w.filer_id = c.filed_by AND w.created_at < e.recorded_at AND \(hasWebhookKey)
            CROSS JOIN LATERAL (
                SELECT max(sequence) AS sequence FROM event m
                WHERE m.campaign_id = c.campaign_id AND m.case_id = c.id AND m.action = 'duplicate') merger
            WHERE e.campaign_id = \(view.campaignID) AND e.recorded_at > \(moments.since)
              AND e.recorded_at <= \(moments.through) AND e.case_kind = 'complaint'
              AND e.changes ?| \(FilingNews.facts.sorted())
              AND e.sequence > (
                SELECT max(sequence) FROM event a
                WHERE a.campaign_id = e.campaign_id AND a.case_id = e.case_id AND a.action = 'absorb'
                  AND a.details ->> 'complaint' = c.id::text)
            ORDER BY e.recorded_at, e.case_id, e.sequence, c.id
            FOR SHARE OF w
            """
        ) { row in
            let filer: UUID = try row.read()
            var news = try FilingNews(row: &row, view)
            news.become(stepOfOther: try row.read())
            return (filer, news)
        }
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

extension FilingNews {
    fileprivate init(row: inout Row, _ view: WorkView) throws {
        self.init(
            campaign: view.campaign.code, reference: view.reference(try row.read()), clientReference: try row.read(),
            sequence: try row.read(), changes: try row.read(JSONText.self).decoded(), effectiveOn: try row.read(),
            recordedAt: try row.read())
    }
}

extension FilingNews.View {
    /// `nil` where there is no such case.
    fileprivate init?(row: inout Row) throws {
        let status: String? = try row.read()
        let (outcome, gap, answer): (String?, String?, String?) = (try row.read(), try row.read(), try row.read())
        guard let status else { return nil }
        self.init(status: status, outcome: outcome, informationGap: gap, answer: answer)
    }
}
