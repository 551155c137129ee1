import Casework
import Foundation
import Postgres

extension Worker {
    /// Compares filings that have come since the last round with what was there before.
    func compareNew(_ view: WorkView) async throws -> Int {
        let cut = try await databases.work.closeCut()
        var (found, looked) = (0, 0)
        while looked < Self.roundLimit {
            let (batch, suspected) = try await compareBatch(view, through: cut)
            found += suspected
            looked += batch
            if batch < Self.batch { break }
        }
        return found
    }

    private func compareBatch(_ view: WorkView, through cut: Date) async throws -> (looked: Int, suspected: Int) {
        let name = "duplicates|\(view.campaign.code)"
        let new = try await work(view.fence) { db in
            let since = try db.workerMark(name)
            return try db.all(
                """
                SELECT number, recorded_at FROM complaint
                WHERE campaign_id = \(view.campaignID) AND recorded_at > \(since) AND recorded_at <= \(cut)
                ORDER BY recorded_at FETCH FIRST (\(Self.batch)) ROWS WITH TIES
                """
            ) { row in (try row.read(Int.self), try row.read(Date.self)) }
        }
        var found = 0
        for (number, _) in new {
            let isSuspected = try await work(view.fence) { db in
                guard let record = try db.complaint(view.reference(number)) else { return false }
                return try db.flag(record)
            }
            if isSuspected { found += 1 }
        }
        if let last = new.last?.1 {
            try await work(view.fence) { db in try db.setWorkerMark(name, new.count < Self.batch ? cut : last) }
        }
        return (new.count, found)
    }

    /// Counts what is owed anew after a calendar was loaded, and says in the history of each case what moved.
    func recalculate(_ view: WorkView) async throws -> Int {
        let name = "calendar|\(view.campaign.code)"
        // Calendar and moment from one snapshot: what is loaded meanwhile is counted in the next round.
        let (since, loaded, book) = try await databases.work.transaction(.snapshot) { db in
            let loaded = try db.first(
                """
                SELECT coalesce(max(recorded_at), '2000-01-01T00:00:00Z') FROM reference_version
                WHERE kind = 'calendar' AND document ->> 'region' = \(view.campaign.calendarRegion)
                """
            ) { row in try row.read(Date.self) }
            return (try db.workerMark(name), loaded ?? .distantPast, try db.referenceBook())
        }
        guard loaded > since else { return 0 }
        var view = view
        view.book = book
        var moved = 0
        var after = 0
        while true {
            let (last, changed) = try await recalculate(view, after: after)
            moved += changed
            guard let last else { break }
            after = last
        }
        moved += try await recalculateOrdersAndWaits(view)
        try await work(view.fence) { db in try db.setWorkerMark(name, loaded) }
        return moved
    }

    private func recalculate(_ view: WorkView, after number: Int) async throws -> (last: Int?, moved: Int) {
        let calendar = view.book.data.rules(for: view.campaign).calendar
        let rows = try await work(view.fence) { db in
            try db.all(
                """
                SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables)
                WHERE c.campaign_id = \(view.campaignID) AND c.number > \(number)
                  AND c.status = ANY(\(Complaint.Status.open + [.duplicate]))
                ORDER BY c.number LIMIT 200
                """, as: ComplaintRecord.init(row:))
        }
        var moved = 0
        for record in rows
        where record.complaint.deadlines.contains(where: { $0.moves(under: calendar, on: view.today) }) {
            _ = try await work(view.fence) { db in
                try db.perform(
                    .recalculate, on: record.reference, by: .system, ActionTerms(reason: "the calendar changed"),
                    book: view.book, at: view.now)
            }
            moved += 1
        }
        return (rows.last?.reference.number, moved)
    }

    private func recalculateOrdersAndWaits(_ view: WorkView) async throws -> Int {
        let calendar = view.book.data.rules(for: view.campaign).calendar
        let terms = ActionTerms(reason: "the calendar changed")
        let (orders, barriers) = try await work(view.fence) { db in
            let orders = try db.all(
                """
                SELECT number FROM rectification_order
                WHERE campaign_id = \(view.campaignID) AND status = ANY(\(Order.Status.standing)) ORDER BY number
                """
            ) { row in try row.read(Int.self) }
            let barriers = try db.all(
                """
                SELECT number FROM barrier
                WHERE campaign_id = \(view.campaignID) AND remediation = 'pending_counterparty' ORDER BY number
                """
            ) { row in try row.read(Int.self) }
            return (orders, barriers)
        }
        let moved = try await each(orders, view.fence) { db, number in
            guard let order = try db.lockedOrder(number, campaign: view.campaignID)?.order, order.status.isStanding,
                order.items.contains(where: { $0.deadline.moves(under: calendar, on: view.today) })
            else { return false }
            _ = try db.perform(
                .recalculate, onOrder: number, of: view.campaign.code, by: .system, terms, book: view.book,
                at: view.now)
            return true
        }
        return moved
            + (try await each(barriers, view.fence) { db, number in
                let barrier = try db.barrier(number, campaign: view.campaignID)?.barrier
                guard barrier?.wait?.moves(under: calendar, on: view.today) == true else { return false }
                _ = try db.perform(
                    .recalculate, onBarrier: number, of: view.campaign.code, by: .system, terms, book: view.book,
                    at: view.now)
                return true
            })
    }
}

extension Deadline {
    /// Whether another calendar gives another due day, or makes it certain.
    fileprivate func moves(under calendar: WorkingCalendar, on day: Day) -> Bool {
        var other = self
        other.recalculate(calendar, on: day)
        return other.dueOn != dueOn || other.isProvisional != isProvisional
    }
}

extension Connection {
    func workerMark(_ name: String) throws -> Date {
        try first("SELECT moment FROM worker_mark WHERE name = \(name)") { row in try row.read() }
            ?? Date(timeIntervalSince1970: 946_684_800)
    }

    func setWorkerMark(_ name: String, _ moment: Date) throws {
        try run(
            """
            INSERT INTO worker_mark (name, moment) VALUES (\(name), \(moment))
            ON CONFLICT (name) DO UPDATE SET moment = excluded.moment
            """)
    }
}
