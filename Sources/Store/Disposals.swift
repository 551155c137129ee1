public import Casework
public import Foundation
public import Postgres

/// A run that restricts or erases the data of complaints that have ended long ago.
public struct Disposal: Sendable {
    public let number: Int
    /// The day by which the rules were asked.
    public let asOf: Day
    public let proposer: String
    public let proposedAt: Date
    public let approver: String?
    /// Who stopped it: what it has done by then stays done.
    public let withdrawnBy: String?
    public let finishedAt: Date?
    /// Complaints whose data are to be restricted, and erased.
    public let restricted: Int
    public let erased: Int
    /// Of them, how many are done, and how many were passed by: held, reopened or changed meanwhile.
    public let done: Int
    public let passedBy: Int

    /// Of an approved run, complaints that it has not come to; `nil` where it does nothing.
    public var pending: Int? {
        approver == nil || withdrawnBy != nil ? nil : restricted + erased - done - passedBy
    }
}

/// What a run does about one complaint.
public struct DisposalItem: Sendable {
    public let reference: Reference
    public let step: DataState
    public let outcome: String?
}

/// What was found to be due, and kept as a run unless it was only looked.
public struct ProposedDisposal: Sendable {
    public let number: Int?
    public let restricted: Int
    public let erased: Int
    /// The first hundred complaints.
    public let first: [DisposalItem]
}

extension Connection {
    /// Complaints in one run, at the most; the next takes the rest.
    static let disposalLimit = 100_000

    /// Looks what the rules of retention ask for on a day, and keeps it as a run that someone else has to approve.
    ///
    /// - Parameters:
    ///   - campaign: Whose complaints, and by whose rules.
    ///   - id: Of the campaign.
    ///   - day: By which day the rules are asked.
    ///   - actor: Who proposes it; `nil` only looks, and keeps nothing.
    ///   - now: The moment.
    /// - Returns: The number of the run, where one was kept, how many complaints would be restricted and erased, and the first
    ///   hundred of them.
    /// - Throws: `Refusal` where nothing is to be done, or `PostgresError`.
    public func proposeDisposal(
        in campaign: Campaign, _ id: Int, on day: Day, by actor: Actor?, at now: Date
    ) throws -> ProposedDisposal {
        let steps = try steps(in: campaign, id, on: day)
        let erased = steps.count { $0.step == .erased }
        let listed = steps.prefix(100).map {
            DisposalItem(
                reference: Reference(prefix: campaign.prefix, number: $0.number), step: $0.step, outcome: nil)
        }
        guard let actor else {
            return ProposedDisposal(number: nil, restricted: steps.count - erased, erased: erased, first: listed)
        }
        guard !steps.isEmpty else {
            throw Refusal.nothingToChange("by the rules of retention nothing is due on \(day)")
        }
        try run("SELECT FROM campaign WHERE id = \(id) FOR NO KEY UPDATE")
        let number = try first("SELECT coalesce(max(number), 0) + 1 FROM disposal WHERE campaign_id = \(id)") { row in
            try row.read(Int.self)
        }
        try run(
            """
            INSERT INTO disposal (campaign_id, number, as_of, proposed_by, proposed_at)
            VALUES (\(id), \(number), \(day), \(actor.id), \(now))
            """)
        try run(
            """
            INSERT INTO disposal_item (campaign_id, number, complaint_id, step)
            SELECT \(id), \(number), * FROM unnest(\(steps.map(\.complaint)), \(steps.map(\.step.rawValue)))
            """)
        let details = [
            "run": String(number ?? 0), "as_of": day.description, "restricted": String(steps.count - erased),
            "erased": String(erased),
        ]
        try record("propose_disposal", details, in: id, by: actor, on: Day(now, in: campaign.zone()))
        return ProposedDisposal(number: number, restricted: steps.count - erased, erased: erased, first: listed)
    }

    private func steps(
        in campaign: Campaign, _ id: Int, on day: Day
    ) throws -> [(complaint: UUID, number: Int, step: DataState)] {
        let rules = campaign.retentionRules
        let due = SQL.joined(
            rules.map { rule in
                """
                (c.status = ANY(\(rule.statuses.map(\.rawValue)))
                 AND (\(rule.outcomes.isEmpty) OR c.outcome = ANY(\(rule.outcomes.map(\.rawValue))))
                 AND (c.ended_on <= \(day + -rule.eraseAfterDays)
                      OR c.data_state = 'active' AND c.ended_on <= \(day + -rule.restrictAfterDays)))
                """
            }, separator: " OR ")
        let ended = try all(
            """
            SELECT c.id, c.number, \(Self.endingColumns) FROM complaint c
            LEFT JOIN complaint o ON o.campaign_id = c.campaign_id AND o.id = c.duplicate_of
            WHERE c.campaign_id = \(id) AND c.data_state IN ('active', 'restricted') AND c.ended_on IS NOT NULL
              AND NOT c.is_held AND (\(due)) AND NOT EXISTS (
                  SELECT FROM disposal_item i JOIN disposal d ON d.campaign_id = i.campaign_id AND d.number = i.number
                  WHERE i.campaign_id = c.campaign_id AND i.complaint_id = c.id AND i.outcome IS NULL
                    AND d.approved_at IS NOT NULL AND d.withdrawn_at IS NULL)
            ORDER BY c.ended_on, c.id LIMIT \(Self.disposalLimit)
            """
        ) { row in (try row.read(UUID.self), try row.read(Int.self), try Self.step(&row, on: day, by: rules)) }
        return ended.compactMap { complaint, number, step in step.map { (complaint, number, $0) } }
    }

    /// What the rules ask about.
    ///
    /// A duplicate ends with the case that it was merged into, which rests on what it says.
    private static let endingColumns: SQL = """
        c.status, c.outcome, CASE WHEN c.duplicate_of IS NULL THEN c.ended_on ELSE greatest(o.ended_on, c.ended_on) END,
        c.duplicate_of IS NOT NULL AND o.ended_on IS NULL, c.data_state, c.is_held
        """

    private static func step(_ row: inout Row, on day: Day, by rules: [RetentionRule]) throws -> DataState? {
        let (status, outcome): (Complaint.Status, Complaint.Outcome?) = (try row.read(), try row.read())
        let (endedOn, isNeeded): (Day?, Bool) = (try row.read(), try row.read())
        let (state, isHeld): (DataState, Bool) = (try row.read(), try row.read())
        guard let endedOn, !isNeeded else { return nil }
        return RetentionRule.step(
            for: status, outcome, endedOn: endedOn, state: state, isHeld: isHeld, on: day, by: rules)
    }

    /// What the rules ask for about one complaint.
    fileprivate func step(of record: ComplaintRecord, on day: Day, by rules: [RetentionRule]) throws -> DataState? {
        try first(
            """
            SELECT \(Self.endingColumns) FROM complaint c
            LEFT JOIN complaint o ON o.campaign_id = c.campaign_id AND o.id = c.duplicate_of
            WHERE c.campaign_id = \(record.campaignID) AND c.id = \(record.complaint.id)
            """
        ) { row in try Self.step(&row, on: day, by: rules) } ?? nil
    }

    /// That a run was proposed or approved is an event of the campaign.
    private func record(
        _ action: String, _ details: [String: String], in campaign: Int, by actor: Actor, on day: Day
    ) throws {
        let event = Event(actor: actor, action: action, details: details, effectiveOn: day)
        try record(
            event, on: UUID(campaign: campaign), .campaign, campaign: campaign,
            sequence: try nextSequence(ofCampaign: campaign), at: try recordingMoment())
    }

    /// A second person lets a run go on; the worker carries it out.
    ///
    /// - Throws: `Refusal` where it is the own one, or approved or withdrawn already, ``CaseError``, or `PostgresError`.
    public func approveDisposal(_ number: Int, campaign: Int, by actor: Actor, on day: Day, at now: Date) throws {
        let run = try lockedDisposal(number, campaign)
        guard run.proposer != actor.id else {
            throw Refusal.selfApproval("whoever proposed the run cannot approve it")
        }
        guard run.state == "proposed" else {
            throw Refusal.outOfOrder(action: "approve", state: run.state, allowed: [])
        }
        try self.run(
            """
            UPDATE disposal SET approved_by = \(actor.id), approved_at = \(now)
            WHERE campaign_id = \(campaign) AND number = \(number)
            """)
        try record("approve_disposal", ["run": String(number)], in: campaign, by: actor, on: day)
    }

    /// Takes a run back, also one that is being carried out: what it has not done yet it does not do.
    ///
    /// - Throws: `Refusal` where it has ended or was withdrawn already, ``CaseError``, or `PostgresError`.
    public func withdrawDisposal(_ number: Int, campaign: Int, by actor: Actor, on day: Day, at now: Date) throws {
        let run = try lockedDisposal(number, campaign)
        guard run.state == "proposed" || run.state == "approved" else {
            throw Refusal.outOfOrder(action: "withdraw", state: run.state, allowed: [])
        }
        try self.run(
            """
            UPDATE disposal SET withdrawn_by = \(actor.id), withdrawn_at = \(now)
            WHERE campaign_id = \(campaign) AND number = \(number)
            """)
        try record("withdraw_disposal", ["run": String(number)], in: campaign, by: actor, on: day)
    }

    private func lockedDisposal(_ number: Int, _ campaign: Int) throws -> (proposer: UUID, state: String) {
        try run("SELECT FROM campaign WHERE id = \(campaign) FOR NO KEY UPDATE")
        let found = try first(
            """
            SELECT proposed_by, CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN finished_at IS NOT NULL THEN 'finished'
                                     WHEN approved_at IS NOT NULL THEN 'approved' ELSE 'proposed' END
            FROM disposal WHERE campaign_id = \(campaign) AND number = \(number) FOR UPDATE
            """
        ) { row in (proposer: try row.read(UUID.self), state: try row.read(String.self)) }
        guard let found else { throw CaseError.notFound("disposal \(number)") }
        return found
    }

    /// The runs of a campaign, latest first; a hundred at the most.
    public func disposals(campaign: Int, number: Int? = nil) throws -> [Disposal] {
        let only: SQL = number.map { "AND d.number = \($0)" } ?? ""
        return try all(
            """
            SELECT d.number, d.as_of, p.name, d.proposed_at, a.name, w.name, d.finished_at,
                   count(*) FILTER (WHERE i.step = 'restricted'), count(*) FILTER (WHERE i.step = 'erased'),
                   count(*) FILTER (WHERE i.outcome = 'done'), count(*) FILTER (WHERE i.outcome = 'passed_by')
            FROM disposal d
            JOIN officer p ON p.id = d.proposed_by
            LEFT JOIN officer a ON a.id = d.approved_by
            LEFT JOIN officer w ON w.id = d.withdrawn_by
            JOIN disposal_item i ON i.campaign_id = d.campaign_id AND i.number = d.number
            WHERE d.campaign_id = \(campaign) \(only)
            GROUP BY d.campaign_id, d.number, p.name, a.name, w.name ORDER BY d.number DESC LIMIT 100
            """
        ) { row in
            Disposal(
                number: try row.read(), asOf: try row.read(), proposer: try row.read(), proposedAt: try row.read(),
                approver: try row.read(), withdrawnBy: try row.read(), finishedAt: try row.read(),
                restricted: try row.read(),
                erased: try row.read(), done: try row.read(), passedBy: try row.read())
        }
    }

    /// What a run does, by the numbers of the complaints.
    public func items(ofDisposal number: Int, campaign: Int, after last: Int, limit: Int) throws -> [DisposalItem] {
        try all(
            """
            SELECT ca.prefix, c.number, i.step, i.outcome FROM disposal_item i
            JOIN campaign ca ON ca.id = i.campaign_id
            JOIN complaint c ON c.campaign_id = i.campaign_id AND c.id = i.complaint_id
            WHERE i.campaign_id = \(campaign) AND i.number = \(number) AND c.number > \(last)
            ORDER BY c.number LIMIT \(limit)
            """
        ) { row in
            DisposalItem(
                reference: Reference(prefix: try row.read(), number: try row.read()), step: try row.read(),
                outcome: try row.read())
        }
    }
}

extension Worker {
    /// Goes on with runs that were approved, each complaint in a transaction of its own.
    func dispose(_ view: WorkView) async throws -> Int {
        let due = try await databases.work.transaction(.readOnly) { db in try db.dueItems(of: view.campaignID) }
        var count = 0
        for (number, asOf, complaint, step) in due {
            let isDone = try await work(view.fence) { db in
                try db.carryOut(step, on: complaint, of: number, asOf: asOf, view)
            }
            if isDone { count += 1 }
        }
        if count > 0 { try await databases.finishErasures() }
        _ = try await work(view.fence) { db in
            try db.run(
                """
                UPDATE disposal d SET finished_at = \(view.now)
                WHERE d.campaign_id = \(view.campaignID) AND d.approved_at IS NOT NULL AND d.finished_at IS NULL
                  AND d.withdrawn_at IS NULL
                  AND NOT EXISTS (
                      SELECT FROM disposal_item i
                      WHERE i.campaign_id = d.campaign_id AND i.number = d.number AND i.outcome IS NULL)
                """)
        }
        return count
    }
}

extension Connection {
    fileprivate func dueItems(of campaign: Int) throws -> [(Int, Day, Reference, DataState)] {
        try all(
            """
            SELECT d.number, d.as_of, ca.prefix, c.number, i.step
            FROM disposal d
            JOIN campaign ca ON ca.id = d.campaign_id
            JOIN disposal_item i ON i.campaign_id = d.campaign_id AND i.number = d.number AND i.outcome IS NULL
            JOIN complaint c ON c.campaign_id = i.campaign_id AND c.id = i.complaint_id
            WHERE d.campaign_id = \(campaign) AND d.approved_at IS NOT NULL AND d.finished_at IS NULL
              AND d.withdrawn_at IS NULL
            ORDER BY d.number, i.complaint_id LIMIT \(Worker.roundLimit)
            """
        ) { row in
            (
                try row.read(), try row.read(), Reference(prefix: try row.read(), number: try row.read()),
                try row.read()
            )
        }
    }

    /// Whether a run was not withdrawn since its next steps were looked up; it cannot be until the transaction ends.
    private func goesOn(_ number: Int, _ campaign: Int) throws -> Bool {
        try first(
            """
            SELECT withdrawn_at IS NULL FROM disposal WHERE campaign_id = \(campaign) AND number = \(number) FOR SHARE
            """
        ) { row in try row.read(Bool.self) } ?? false
    }

    /// - Returns: Whether it was done; what was held, reopened or changed meanwhile is passed by.
    fileprivate func carryOut(
        _ step: DataState, on reference: Reference, of number: Int, asOf day: Day, _ view: WorkView
    ) throws -> Bool {
        guard let record = try lockedComplaint(reference), try goesOn(number, record.campaignID) else { return false }
        var isDue = try self.step(of: record, on: day, by: view.campaign.retentionRules) == step
        do {
            if isDue, step == .erased {
                try beginErasure(of: reference, by: .system, run: number, book: view.book, at: view.now)
            } else if isDue {
                try restrictData(of: reference, by: .system, run: number, book: view.book, at: view.now)
            }
        } catch is Refusal {
            // Rules are asked before anything is written.
            isDue = false
        }
        try run(
            """
            UPDATE disposal_item SET outcome = \(isDue ? "done" : "passed_by")
            WHERE campaign_id = \(view.campaignID) AND number = \(number) AND complaint_id = \(record.complaint.id)
            """)
        return isDue
    }
}
