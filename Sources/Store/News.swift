import Casework
public import Foundation
public import Postgres

extension ComplaintChange {
    /// When something came that the officer of the case has not seen; only an open case has news.
    var newsAt: Date? {
        guard complaint.status.isOpen else { return nil }
        return switch notice {
        case .news: moment
        case .seen: nil
        case nil: record.newsAt
        }
    }
}

extension Connection {
    /// Reminds of news when a case gets some, and ends the reminder when it has none any more.
    ///
    /// What is said about a complaint that was merged is news for the case that goes on.
    func tellNews(of action: Complaint.Action, _ change: ComplaintChange) throws {
        let (record, complaint) = (change.record, change.complaint)
        let what = action.name.rawValue
        if change.newsAt == nil, record.newsAt != nil {
            try endNews(of: complaint.id, campaign: record.campaignID, at: change.moment)
        } else if change.newsAt != nil, record.newsAt == nil {
            try remind(
                ofNews: what, complaint.id, record.reference, officer: record.holder, office: complaint.office,
                campaign: record.campaignID, at: change.moment)
        }
        guard change.notice == .news, let original = complaint.duplicateOf,
            let other = try self.complaint(id: original, campaign: record.campaignID), other.complaint.status.isOpen
        else { return }
        // It is a mark for its officer: that the case may belong to another office does not matter.
        try reach(office: other.complaint.office)
        try run(
            """
            UPDATE complaint SET news_at = \(change.moment)
            WHERE campaign_id = \(record.campaignID) AND id = \(original)
            """)
        guard other.newsAt == nil else { return }
        try remind(
            ofNews: what, original, other.reference, officer: other.holder, office: other.complaint.office,
            campaign: record.campaignID, at: change.moment)
    }

    private func remind(
        ofNews what: String, _ complaint: UUID, _ reference: Reference, officer: UUID?, office: String, campaign: Int,
        at moment: Date
    ) throws {
        let reminder = NewReminder(
            topic: "news", onceKey: "news|\(reference)|\(Int(moment.timeIntervalSince1970 * 1_000_000))",
            officer: officer, office: office, caseKind: .complaint, caseID: complaint,
            subject: reference.description, details: ["what": what])
        try remind(reminder, campaign: campaign, at: moment)
    }

    private func endNews(of complaint: UUID, campaign: Int, at moment: Date) throws {
        try run(
            """
            UPDATE outbox SET seen_at = \(moment)
            WHERE campaign_id = \(campaign) AND case_id = \(complaint) AND topic = 'news' AND seen_at IS NULL
            """)
    }

    /// Notes that the officer of a case has looked at it: what had come by then is no news any more.
    ///
    /// It is a mark for officers, and no part of history.
    ///
    /// - Parameters:
    ///   - record: The complaint as it was shown.
    ///   - officer: Who looked; of a case of somebody else, or of nobody, the news stay.
    ///   - now: The moment.
    /// - Throws: `PostgresError`.
    public func noteLook(at record: ComplaintRecord, by officer: UUID, at now: Date) throws {
        guard let newsAt = record.newsAt, record.holder == officer else { return }
        let isSeen = try run(
            """
            UPDATE complaint SET news_at = NULL
            WHERE campaign_id = \(record.campaignID) AND id = \(record.complaint.id) AND officer_id = \(officer)
              AND news_at <= \(newsAt)
            """)
        if isSeen == 1 { try endNews(of: record.complaint.id, campaign: record.campaignID, at: now) }
    }
}

extension Worker {
    /// Complaints looked at, and cases marked, in one transaction.
    private static let markBatch = 500

    /// Marks open cases whose barrier was verified gone and is complained of again.
    func bringNewsOfBarriers(_ view: WorkView) async throws -> Int {
        let cut = try await databases.work.closeCut()
        let name = "news|\(view.campaign.code)"
        var count = 0
        while true {
            let page = try await work(view.fence) { db in
                try db.verifiedAndComplainedOf(since: try db.workerMark(name), through: cut, view, Self.markBatch)
            }
            for barrier in page.barriers {
                var marked = 0
                repeat {
                    marked = try await work(view.fence) { db in try db.bringNews(of: barrier, view, Self.markBatch) }
                    count += marked
                } while marked == Self.markBatch
            }
            try await work(view.fence) { db in try db.setWorkerMark(name, page.through) }
            if page.through >= cut { return count }
        }
    }
}

/// A barrier that was verified, and a complaint that says that it is there.
private struct Contradiction: Sendable {
    let barrier: UUID
    let number: Int
    /// The number of the complaint.
    let complaint: Int
    let moment: Date
    /// What was recorded by then was there before.
    let since: Date
}

extension Connection {
    /// Verified barriers that the complaints recorded between two moments attest, a limited number of complaints.
    fileprivate func verifiedAndComplainedOf(
        since: Date, through cut: Date, _ view: WorkView, _ limit: Int
    ) throws -> (barriers: [Contradiction], through: Date) {
        let new = try all(
            """
            SELECT id, recorded_at FROM complaint
            WHERE campaign_id = \(view.campaignID) AND recorded_at > \(since) AND recorded_at <= \(cut)
            ORDER BY recorded_at FETCH FIRST (\(limit)) ROWS WITH TIES
            """
        ) { row in (id: try row.read(UUID.self), at: try row.read(Date.self)) }
        let barriers = try all(
            """
            SELECT b.id, b.number, max(c.number), max(c.recorded_at)
            FROM complaint c
            JOIN complaint_barrier l ON l.campaign_id = c.campaign_id AND l.complaint_id = c.id
            JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
            WHERE c.campaign_id = \(view.campaignID) AND c.id = ANY(\(new.map(\.id)))
              AND b.remediation = 'verified' AND c.received_on >= b.verified_on
            GROUP BY b.id, b.number ORDER BY b.number
            """
        ) { row in
            Contradiction(
                barrier: try row.read(), number: try row.read(), complaint: try row.read(), moment: try row.read(),
                since: since)
        }
        return (barriers, new.count < limit ? cut : new.last?.at ?? cut)
    }

    /// Marks the next open cases that attest the barrier and have no news yet, and reminds those who have them.
    ///
    /// - Returns: How many were marked.
    fileprivate func bringNews(of found: Contradiction, _ view: WorkView, _ limit: Int) throws -> Int {
        let marked = try all(
            """
            UPDATE complaint c SET news_at = \(found.moment)
            WHERE c.campaign_id = \(view.campaignID) AND c.id = ANY(ARRAY(
                SELECT c.id FROM complaint c
                JOIN complaint_barrier l ON l.campaign_id = c.campaign_id AND l.complaint_id = c.id
                WHERE c.campaign_id = \(view.campaignID) AND l.barrier_id = \(found.barrier)
                  AND c.recorded_at <= \(found.since) AND c.news_at IS NULL AND \(ComplaintFilter.openStatus)
                ORDER BY c.id LIMIT \(limit) FOR UPDATE OF c))
            RETURNING CASE WHEN NOT has_left(c.officer_id, c.office) THEN c.officer_id END, c.office
            """
        ) { row in Holder(officer: try row.read(), office: try row.read()) }
        for holder in Set(marked) {
            let reminder = NewReminder(
                topic: "news",
                onceKey: "news|\(found.number)|\(found.complaint)|\(holder.officer?.text ?? "")|\(holder.office)",
                officer: holder.officer, office: holder.office, caseKind: .barrier, caseID: found.barrier,
                subject: "\(found.number)", details: ["what": "complained_of_again"])
            try remind(reminder, campaign: view.campaignID, at: view.now)
        }
        return marked.count
    }
}

/// Who has a case, and in which office.
private struct Holder: Hashable {
    let officer: UUID?
    let office: String
}
