import Casework
import Foundation
import Postgres

extension Worker {
    /// Complaints read in one statement, and looked at in one round, at the most.
    private static let (textBatch, textLimit) = (500, 50_000)

    /// Writes the pairs of characters by which words are found, for what has come since the last round.
    ///
    /// A filing leaves this to the worker: it would cost it more than a tenth of its time. Until then a search looks at
    /// the newer complaints one by one.
    func indexNew(_ view: WorkView) async throws -> Int {
        let cut = try await databases.work.closeCut()
        var looked = 0
        while looked < Self.textLimit {
            let count = try await work(view.fence) { db in try db.indexTexts(of: view, through: cut, Self.textBatch) }
            looked += count
            if count < Self.textBatch { break }
        }
        return looked
    }
}

extension Connection {
    /// How far texts can be found by their pairs.
    func textMark(_ campaign: String) throws -> Date { try workerMark("text|\(campaign)") }

    fileprivate func indexTexts(of view: WorkView, through cut: Date, _ batch: Int) throws -> Int {
        let since = try textMark(view.campaign.code)
        let new = try all(
            """
            SELECT id, narrative, recorded_at FROM complaint
            WHERE campaign_id = \(view.campaignID) AND recorded_at > \(since) AND recorded_at <= \(cut)
            ORDER BY recorded_at FETCH FIRST (\(batch)) ROWS WITH TIES
            """
        ) { row in (try row.read(UUID.self), try row.read(String.self), try row.read(Date.self)) }
        var rows = RowBatch()
        for (complaint, narrative, _) in new {
            rows.addText(of: complaint, narrative, campaign: view.campaignID, ignoringConflicts: true)
        }
        try insert(rows)
        try setWorkerMark("text|\(view.campaign.code)", new.count < batch ? cut : new.last?.2 ?? cut)
        return new.count
    }
}

extension RowBatch {
    /// The pairs of characters by which a complaint's words are found.
    mutating func addText(of complaint: UUID, _ narrative: String, campaign: Int, ignoringConflicts: Bool = false) {
        add(
            "complaint_text", ignoringConflicts: ignoringConflicts,
            [
                "campaign_id": .value(campaign), "complaint_id": .value(complaint),
                "pairs": .value(characterPairs(in: narrative)),
            ])
    }
}
