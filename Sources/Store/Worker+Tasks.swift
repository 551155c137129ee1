import Casework
import Foundation
import Postgres

/// A run of a limit that is near its due day or past it.
private struct DueDeadline: Sendable {
    let complaint: UUID
    let number: Int
    let purpose: Deadline.Purpose
    let origin: UUID
    let run: Int
    let dueOn: Day
    let officer: UUID?
    let office: String

    init(row: inout Row) throws {
        complaint = try row.read()
        number = try row.read()
        purpose = try row.read()
        origin = try row.read()
        run = try row.read()
        dueOn = try row.read()
        officer = try row.read()
        office = try row.read()
    }

    /// Whether the run is as it was when it was found.
    func isStill(_ now: Deadline) -> Bool {
        now.purpose == purpose && (now.origin ?? complaint) == origin && now.run == run && now.state == .running
            && now.dueOn == dueOn
    }

    func reminder(_ topic: String, _ reference: Reference) -> NewReminder {
        NewReminder(
            topic: topic, onceKey: "\(topic)|\(reference)|\(purpose.rawValue)|\(dueOn)", officer: officer,
            office: office, caseKind: .complaint, caseID: complaint, subject: reference.description,
            details: ["purpose": purpose.rawValue, "due_on": dueOn.description])
    }
}

/// An order that a barrier has outlasted.
private struct LateOrder: Sendable {
    let id: UUID
    let number: Int
    let barrier: Int
    let dueOn: Day
    let officer: UUID?
}

/// A barrier for which time has brought something about.
private struct BarrierTurn: Sendable {
    let id: UUID
    let number: Int
    let on: Day
    /// Whom it waits for, or how many complained.
    let what: String?

    func reminder(_ topic: String, _ details: [String: String], once: String) -> NewReminder {
        NewReminder(
            topic: topic, onceKey: "\(topic)|\(number)|\(once)", officer: nil, office: nil, caseKind: .barrier,
            caseID: id, subject: "\(number)", details: details)
    }
}

extension Connection {
    fileprivate func due(_ condition: SQL, campaign: Int, limit: Int) throws -> [DueDeadline] {
        try all(
            """
            SELECT d.complaint_id, c.number, d.purpose, d.origin_id, d.run, d.due_on, c.officer_id, c.office
            FROM deadline d JOIN complaint c ON c.campaign_id = d.campaign_id AND c.id = d.complaint_id
            WHERE d.campaign_id = \(campaign) AND d.state = 'running' AND \(condition)
            ORDER BY d.due_on, c.number LIMIT \(limit)
            """, as: DueDeadline.init(row:))
    }
}

extension Worker {
    /// Warns three days ahead, once for each due day.
    func warn(_ view: WorkView) async throws -> Int {
        let ahead = 3
        let near = try await work(view.fence) { db in
            try db.due(
                "d.warned_on IS NULL AND d.due_on BETWEEN \(view.today) AND \(view.today + ahead)",
                campaign: view.campaignID, limit: Self.roundLimit)
        }
        return try await each(near, view.fence) { db, deadline in
            let reminder = deadline.reminder("deadline_near", view.reference(deadline.number))
            try db.remind(reminder, campaign: view.campaignID, at: view.now)
            return try db.mark("warned_on", deadline, view)
        }
    }

    /// Says of what ran out that it was missed: in the history of the case, and to the officer.
    func markMissed(_ view: WorkView) async throws -> Int {
        let late = try await work(view.fence) { db in
            try db.due(
                "d.missed_on IS NULL AND d.due_on < \(view.today)", campaign: view.campaignID, limit: Self.roundLimit)
        }
        let count = try await each(late, view.fence) { db, deadline in
            let reference = view.reference(deadline.number)
            let runs = try db.lockedComplaint(reference)?.complaint.deadlines ?? []
            // Whether it still is so, now that the case is locked.
            guard runs.contains(where: deadline.isStill) else { return false }
            _ = try db.perform(
                .missDeadline(deadline.purpose, dueOn: deadline.dueOn), on: reference, by: .system, ActionTerms(),
                book: view.book, at: view.now)
            try db.remind(deadline.reminder("deadline_missed", reference), campaign: view.campaignID, at: view.now)
            return try db.mark("missed_on", deadline, view)
        }
        return count + (try await missOrders(view)) + (try await missWaits(view))
    }

    private func missOrders(_ view: WorkView) async throws -> Int {
        let late = try await work(view.fence) { db in
            try db.all(
                """
                SELECT r.id, r.number, b.number, i.due_on, r.issued_by
                FROM order_barrier i
                JOIN rectification_order r ON r.campaign_id = i.campaign_id AND r.id = i.order_id
                JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
                WHERE i.campaign_id = \(view.campaignID) AND i.state = 'running' AND i.due_on < \(view.today)
                  AND b.remediation <> 'verified' AND NOT EXISTS (
                    SELECT FROM outbox x WHERE x.campaign_id = i.campaign_id
                      AND x.once_key = 'order_overdue|' || r.number || '|' || b.number || '|' || i.due_on)
                ORDER BY i.due_on, r.number, b.number LIMIT \(Self.roundLimit)
                """
            ) { row in
                LateOrder(
                    id: try row.read(), number: try row.read(), barrier: try row.read(), dueOn: try row.read(),
                    officer: try row.read())
            }
        }
        return try await each(late, view.fence) { db, late in
            _ = try db.perform(
                .missDeadline(barrier: late.barrier, dueOn: late.dueOn), onOrder: late.number,
                of: view.campaign.code, by: .system, ActionTerms(), book: view.book, at: view.now)
            let reminder = NewReminder(
                topic: "order_overdue", onceKey: "order_overdue|\(late.number)|\(late.barrier)|\(late.dueOn)",
                officer: late.officer, office: nil, caseKind: .order, caseID: late.id, subject: "\(late.number)",
                details: ["barrier": "\(late.barrier)", "due_on": late.dueOn.description])
            return try db.remind(reminder, campaign: view.campaignID, at: view.now)
        }
    }

    private func missWaits(_ view: WorkView) async throws -> Int {
        let late = try await work(view.fence) { db in
            try db.all(
                """
                SELECT b.id, b.number, b.wait_due_on, b.awaited_company
                FROM barrier b
                WHERE b.campaign_id = \(view.campaignID) AND b.wait_due_on < \(view.today) AND NOT EXISTS (
                    SELECT FROM outbox x WHERE x.campaign_id = b.campaign_id
                      AND x.once_key = 'wait_overdue|' || b.number || '|' || b.wait_due_on)
                ORDER BY b.wait_due_on, b.number LIMIT \(Self.roundLimit)
                """
            ) { row in
                BarrierTurn(id: try row.read(), number: try row.read(), on: try row.read(), what: try row.read())
            }
        }
        return try await each(late, view.fence) { db, late in
            _ = try db.perform(
                .missDeadline(dueOn: late.on), onBarrier: late.number, of: view.campaign.code, by: .system,
                ActionTerms(), book: view.book, at: view.now)
            let reminder = late.reminder(
                "wait_overdue", ["company": late.what ?? "", "due_on": late.on.description], once: late.on.description)
            return try db.remind(reminder, campaign: view.campaignID, at: view.now)
        }
    }

    /// Lets justifications run out: the barrier is confirmed again, from the day after.
    func expire(_ view: WorkView) async throws -> Int {
        let due = try await work(view.fence) { db in
            try db.all(
                """
                SELECT id, number, justified_until FROM barrier
                WHERE campaign_id = \(view.campaignID) AND remediation = 'justified'
                  AND justified_until < \(view.today)
                ORDER BY number LIMIT \(Self.roundLimit)
                """
            ) { row in BarrierTurn(id: try row.read(), number: try row.read(), on: try row.read(), what: nil) }
        }
        return try await each(due, view.fence) { db, due in
            let terms = ActionTerms(effectiveOn: due.on + 1, reason: "the justification ran to \(due.on)")
            _ = try db.perform(
                .expire, onBarrier: due.number, of: view.campaign.code, by: .system, terms, book: view.book,
                at: view.now)
            let reminder = due.reminder(
                "justification_expired", ["until": due.on.description], once: due.on.description)
            return try db.remind(reminder, campaign: view.campaignID, at: view.now)
        }
    }

    /// Opens a review where enough people complained of a barrier after it was verified gone.
    ///
    /// People are told apart by telephone number or mail address; those who left neither count as one, and each who was
    /// erased since as one more.
    func openReviews(_ view: WorkView) async throws -> Int {
        let needed = view.campaign.quorum.reviewAfterComplaints
        let suspected = try await work(view.fence) { db in
            try db.all(
                """
                SELECT b.id, b.number, \(view.today)::date, count(DISTINCT coalesce(
                    d.digest, CASE WHEN c.data_state = 'erased' THEN uuid_send(c.id) ELSE ''::bytea END))::text
                FROM barrier b
                JOIN complaint_barrier l ON l.campaign_id = b.campaign_id AND l.barrier_id = b.id
                JOIN complaint c ON c.campaign_id = l.campaign_id AND c.id = l.complaint_id
                LEFT JOIN LATERAL (
                    SELECT digest FROM contact_digest
                    WHERE campaign_id = c.campaign_id AND complaint_id = c.id ORDER BY kind DESC LIMIT 1) d ON true
                WHERE b.campaign_id = \(view.campaignID) AND b.remediation = 'verified'
                  AND b.review_opened_on IS NULL AND c.received_on > greatest(b.verified_on, b.reviewed_on)
                  AND l.number >= (
                    -- Nothing is received before it is recorded, and a number is a day ahead at the most: older ones
                    -- need not be looked at.
                    SELECT number FROM complaint
                    WHERE campaign_id = b.campaign_id AND recorded_at > greatest(b.verified_on, b.reviewed_on) - 2
                    ORDER BY recorded_at, number LIMIT 1)
                  AND c.status NOT IN ('refused', 'withdrawn', 'duplicate')
                GROUP BY b.id, b.number
                HAVING count(DISTINCT coalesce(
                    d.digest, CASE WHEN c.data_state = 'erased' THEN uuid_send(c.id) ELSE ''::bytea END)) >= \(needed)
                ORDER BY b.number LIMIT \(Self.roundLimit)
                """
            ) { row in
                BarrierTurn(id: try row.read(), number: try row.read(), on: try row.read(), what: try row.read())
            }
        }
        return try await each(suspected, view.fence) { db, turn in
            let people = turn.what ?? ""
            let record = try db.perform(
                .openReview(complaints: Int(people) ?? 0), onBarrier: turn.number, of: view.campaign.code,
                by: .system, ActionTerms(), book: view.book, at: view.now)
            let reminder = turn.reminder("barrier_review", ["complaints": people], once: "\(record.version)")
            return try db.remind(reminder, campaign: view.campaignID, at: view.now)
        }
    }

    /// Tells, once for each oldest case, of companies that answer nothing; looked for once a day.
    func tellSilent(_ view: WorkView) async throws -> Int {
        let name = "silence|\(view.campaign.code)"
        let day = Date(timeIntervalSince1970: Double(view.today.number) * 86_400)
        return try await work(view.fence) { db in
            guard try db.workerMark(name) != day else { return 0 }
            try db.setWorkerMark(name, day)
            let silent = try db.silentCompanies(
                on: view.today, campaign: view.campaignID, afterDays: view.campaign.silentAfterDays)
            return try silent.count { company in
                let reminder = NewReminder(
                    topic: "company_silent", onceKey: "company_silent|\(company.company)|\(company.oldestForwardedOn)",
                    officer: nil, office: nil, caseKind: .campaign, caseID: UUID(campaign: view.campaignID),
                    subject: company.company,
                    details: [
                        "unanswered": "\(company.unanswered)",
                        "oldest_forwarded_on": company.oldestForwardedOn.description,
                    ])
                return try db.remind(reminder, campaign: view.campaignID, at: view.now)
            }
        }
    }
}

extension Connection {
    /// - Returns: Whether the deadline still is the one that was looked at.
    fileprivate func mark(_ column: SQL, _ deadline: DueDeadline, _ view: WorkView) throws -> Bool {
        try run(
            """
            UPDATE deadline SET \(column) = \(view.today)
            WHERE campaign_id = \(view.campaignID) AND complaint_id = \(deadline.complaint)
              AND purpose = \(deadline.purpose) AND origin_id = \(deadline.origin) AND run = \(deadline.run)
              AND due_on = \(deadline.dueOn)
            """) == 1
    }
}
