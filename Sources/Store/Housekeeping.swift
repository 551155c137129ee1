import Casework
public import Foundation
import Postgres

extension Databases {
    /// What time itself brings about: justifications that have run out, and keys of filings past their retention.
    ///
    /// Doing it twice, or on two servers at once, changes nothing more.
    ///
    /// - Returns: The numbers of the barriers that are confirmed again.
    /// - Throws: `PostgresError`.
    public func keepHouse(_ book: ReferenceBook, at now: Date) async throws -> [Int] {
        _ = try await work.transaction { db in
            try db.run("DELETE FROM idempotency_key WHERE recorded_at < now() - interval '7 days'")
        }
        var expired: [Int] = []
        for (code, campaign) in book.data.campaigns {
            guard let id = book.campaign(code)?.id else { continue }
            let today = Day(now, in: campaign.zone())
            let due = try await work.transaction(.readOnly) { db in
                try db.all(
                    """
                    SELECT number, justified_until FROM barrier
                    WHERE campaign_id = \(id) AND remediation = 'justified' AND justified_until < \(today)
                    ORDER BY number LIMIT 1000
                    """
                ) { row in (try row.read(Int.self), try row.read(Day.self)) }
            }
            for (number, until) in due {
                let terms = ActionTerms(effectiveOn: until + 1, reason: "the justification ran to \(until)")
                do {
                    _ = try await work.transaction { db in
                        try db.perform(.expire, onBarrier: number, of: code, by: .system, terms, book: book, at: now)
                    }
                    expired.append(number)
                } catch is Refusal {
                    // Another server was faster, or an observation was entered for a later day: the next round sees.
                }
            }
        }
        return expired
    }
}
