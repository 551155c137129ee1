import Casework
public import Foundation
import Postgres

/// An officer who has left an office, and on whom open cases of it still stand: they are nobody's.
struct Leaver: Sendable, Hashable {
    let officer: UUID
    let name: String
    let office: String
}

extension ComplaintRecord {
    /// The officer `o` has the complaint `c`: of a case that has ended also who has left since.
    static let isHolder: SQL = """
        o.id = c.officer_id AND NOT (\(ComplaintFilter.openStatus) AND has_left(c.officer_id, c.office))
        """
}

extension Connection {
    /// Officers on whom open cases stand that they can no longer work on; usually there are none.
    ///
    /// It goes along an index from one officer and office to the next, so that the number of cases does not matter.
    func leavers(campaign: Int) throws -> [Leaver] {
        let held: SQL = """
            SELECT c.officer_id, c.office FROM complaint c
            WHERE c.campaign_id = \(campaign) AND c.officer_id IS NOT NULL AND \(ComplaintFilter.openStatus)
            """
        return try all(
            """
            WITH RECURSIVE held AS (
                (\(held) ORDER BY c.officer_id, c.office LIMIT 1)
                UNION ALL
                SELECT n.officer_id, n.office FROM held h CROSS JOIN LATERAL (
                    \(held) AND (c.officer_id, c.office) > (h.officer_id, h.office)
                    ORDER BY c.officer_id, c.office LIMIT 1) n)
            SELECT o.id, o.name, h.office FROM held h JOIN officer o ON o.id = h.officer_id
            WHERE has_left(h.officer_id, h.office) ORDER BY o.name, h.office
            """
        ) { row in Leaver(officer: try row.read(), name: try row.read(), office: try row.read()) }
    }

    /// Says in history that a case is nobody's whose officer has left.
    ///
    /// - Returns: The complaint as it is then.
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    func unassign(_ record: ComplaintRecord, book: ReferenceBook, at now: Date) throws -> ComplaintRecord {
        guard let campaign = book.campaign(record.campaign)?.campaign else {
            throw CaseError.notFound(record.reference.description)
        }
        var change = ComplaintChange(
            record: record, actor: .system, day: max(Day(now, in: campaign.zone()), record.complaint.changedOn),
            rules: book.data.rules(for: campaign), onBehalfOf: nil,
            moment: try recordingMoment(after: record.changedAt))
        try advance(&change, .assign(to: nil), note: nil)
        try save(change)
        return try complaint(record.reference) ?? record
    }
}

extension Worker {
    /// Cases unassigned in one transaction.
    private static let leaverBatch = 50

    /// Says in history that the open cases of officers who have left are nobody's, and tells supervisors.
    ///
    /// Queues, rights and the workload do not wait for it. What was done before a crash stays done, and the rest is done after it.
    ///
    /// - Returns: How many cases; `nil` where another worker has the lease.
    /// - Throws: `PostgresError`, ``MomentError``, or what reading reference data throws.
    @discardableResult
    public func unassignLeavers(at now: Date) async throws -> Int? {
        guard let fence = try await takeLease() else { return nil }
        let book = try await references.book()
        var count = 0
        do {
            for (code, campaign) in book.data.campaigns.sorted(by: { $0.key < $1.key }) {
                guard let id = book.campaign(code)?.id else { continue }
                let view = WorkView(
                    campaignID: id, campaign: campaign, book: book, fence: fence, now: now,
                    today: Day(now, in: campaign.zone()))
                let leavers = try await work(fence) { db in try db.tellOfLeavers(view) }
                for leaver in leavers { count += try await unassign(leaver, view) }
            }
        } catch is LeaseLost {
            return count
        }
        return count
    }

    private func unassign(_ leaver: Leaver, _ view: WorkView) async throws -> Int {
        var (count, last) = (0, UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
        while true {
            let (next, done) = try await work(view.fence) { [last] db in
                try db.unassignNext(of: leaver, after: last, view, limit: Self.leaverBatch)
            }
            count += done
            guard let next else { return count }
            last = next
        }
    }
}

extension Connection {
    /// Tells the supervisors of each office whose cases are nobody's, and lets reminders of those who left come to all.
    fileprivate func tellOfLeavers(_ view: WorkView) throws -> [Leaver] {
        try run(
            """
            UPDATE outbox r SET officer_id = NULL
            FROM (SELECT officer_id, office FROM outbox
                  WHERE campaign_id = \(view.campaignID) AND seen_at IS NULL AND officer_id IS NOT NULL
                  GROUP BY officer_id, office) g
            WHERE r.campaign_id = \(view.campaignID) AND r.seen_at IS NULL AND r.officer_id = g.officer_id
              AND r.office IS NOT DISTINCT FROM g.office AND has_left(g.officer_id, g.office)
            """)
        let leavers = try leavers(campaign: view.campaignID)
        guard !leavers.isEmpty else { return [] }
        let supervisors = try officers().filter { $0.role == .supervisor && !$0.isDisabled }
        for leaver in leavers {
            let cases = try first(
                """
                SELECT count(*) FROM complaint c
                WHERE c.campaign_id = \(view.campaignID) AND c.officer_id = \(leaver.officer)
                  AND c.office = \(leaver.office) AND \(ComplaintFilter.openStatus)
                """
            ) { row in try row.read(Int.self) }
            let told = supervisors.filter { $0.scope?.contains(leaver.office) ?? true }.map { $0.id as UUID? }
            // Where no supervisor is left, everyone of the office is told.
            for supervisor in told.isEmpty ? [nil] : told {
                let once = [leaver.officer.text, leaver.office, supervisor?.text ?? "", view.today.description]
                let reminder = NewReminder(
                    topic: "officer_left", onceKey: "officer_left|\(once.joined(separator: "|"))",
                    officer: supervisor, office: leaver.office, caseKind: .campaign,
                    caseID: UUID(campaign: view.campaignID), subject: leaver.name,
                    details: ["cases": "\(cases ?? 0)", "office": leaver.office])
                try remind(reminder, campaign: view.campaignID, at: view.now)
            }
        }
        return leavers
    }

    /// Unassigns the next open cases of an officer who has left.
    ///
    /// - Returns: The last that was looked at, `nil` where there are no more, and how many were unassigned.
    fileprivate func unassignNext(
        of leaver: Leaver, after last: UUID, _ view: WorkView, limit: Int
    ) throws -> (next: UUID?, done: Int) {
        let ids = try all(
            """
            SELECT c.id FROM complaint c
            WHERE c.campaign_id = \(view.campaignID) AND c.officer_id = \(leaver.officer)
              AND c.office = \(leaver.office) AND c.id > \(last) AND \(ComplaintFilter.openStatus)
            ORDER BY c.id LIMIT \(limit)
            """
        ) { row in try row.read(UUID.self) }
        var done = 0
        for id in ids {
            // Whether it still is so, now that the case is locked.
            guard let record = try lockedComplaint(id: id, campaign: view.campaignID), record.isLeft else { continue }
            _ = try unassign(record, book: view.book, at: view.now)
            done += 1
        }
        return (ids.count < limit ? nil : ids.last, done)
    }
}
