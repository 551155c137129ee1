public import Casework
public import Foundation
public import Postgres

/// What a complainant asked about the own data, with what was said to it.
public struct RightsRecord: Sendable {
    public let request: RightsRequest
    public let reference: Reference
    /// What the officer who entered it was told.
    public let said: String?
    /// Why it was granted or refused.
    public let reasons: String?
    /// The officer who entered it; `nil` where the complainant asked.
    let enteredBy: UUID?
    public let enteredByName: String?
    /// How far what was granted is carried out; `nil` where nothing is to be.
    public let fulfilment: RightsRequest.Fulfilment?
}

// MARK: Holding, restricting, erasing

extension Connection {
    /// Keeps the data of a complaint whatever the rules of retention say, or lets the rules hold again.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func setHold(
        _ isHeld: Bool, on reference: Reference, by actor: Actor, reason: String, book: ReferenceBook, at now: Date
    ) throws -> ComplaintRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: isHeld ? .placeHold : .liftHold)
        guard known.isHeld != isHeld else {
            throw Refusal.nothingToChange(isHeld ? "its data are held already" : "its data are not held")
        }
        let record = try perform(
            isHeld ? .placeHold : .liftHold, on: reference, by: actor, ActionTerms(reason: reason), book: book, at: now)
        try run(
            """
            UPDATE complaint SET is_held = \(isHeld)
            WHERE campaign_id = \(record.campaignID) AND id = \(record.complaint.id)
            """)
        return try complaint(reference) ?? record
    }

    /// What is known about the complainant is kept, and no longer used.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    @discardableResult
    func restrictData(
        of reference: Reference, by actor: Actor, run number: Int? = nil, book: ReferenceBook, at now: Date
    ) throws -> ComplaintRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.checkUse()
        let record = try perform(
            .restrictData(run: number), on: reference, by: actor, ActionTerms(), book: book, at: now)
        try run(
            """
            UPDATE complaint SET data_state = 'restricted'
            WHERE campaign_id = \(record.campaignID) AND id = \(record.complaint.id)
            """)
        return record
    }

    /// Deletes what a complainant wrote, and what finds the complainant; the key, which is in another database, is deleted
    /// by ``Databases/finishErasures()`` once this is committed.
    ///
    /// What reports count stays: nothing of it says who it was.
    ///
    /// - Throws: `Refusal` where the case is open or its data are held, ``CaseError``, ``MomentError``, or
    ///   `PostgresError`; nothing is changed then.
    func beginErasure(
        of reference: Reference, by actor: Actor, run number: Int? = nil, book: ReferenceBook, at now: Date
    ) throws {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .eraseData)
        guard !known.isHeld else { throw Refusal.onHold }
        guard !known.dataState.isGone else { throw Refusal.dataNotUsable(known.dataState) }
        guard try !isNeededByOriginal(known) else { throw Refusal.hasOpenOriginal }
        let (campaign, id) = (known.campaignID, known.complaint.id)
        // Why someone asked to see the person, or was let, has to be answered for long after.
        let kept = Complaint.ActionName.accountable.map(\.rawValue)
        try run(
            """
            DELETE FROM note n WHERE campaign_id = \(campaign) AND case_id = \(id) AND NOT EXISTS (
                SELECT FROM event e WHERE e.campaign_id = n.campaign_id AND e.case_id = n.case_id
                  AND e.sequence = n.sequence AND e.action = ANY(\(kept)))
            """)
        try run("DELETE FROM company_evidence WHERE campaign_id = \(campaign) AND case_id = \(id)")
        try run("DELETE FROM contact_digest WHERE campaign_id = \(campaign) AND complaint_id = \(id)")
        try run("DELETE FROM complaint_text WHERE campaign_id = \(campaign) AND complaint_id = \(id)")
        _ = try perform(.eraseData(run: number), on: reference, by: actor, ActionTerms(), book: book, at: now)
        try run(
            """
            UPDATE complaint SET data_state = 'erasing', narrative = '—', remedy_sought = NULL, merchant = NULL,
                                 respondent_name = NULL, method_name = NULL, account_type = NULL,
                                 link_url = NULL, link_site = NULL, link_oddities = DEFAULT, client_reference = NULL,
                                 filing_digest = NULL, filing_salt = NULL
            WHERE campaign_id = \(campaign) AND id = \(id)
            """)
    }
}

extension Connection {
    /// Whether the case that a duplicate was merged into is worked on, and rests on what the duplicate says.
    func isNeededByOriginal(_ record: ComplaintRecord) throws -> Bool {
        guard let original = record.duplicateOf.flatMap({ $0 }) else { return false }
        return try complaint(original)?.complaint.status.isOpen ?? false
    }
}

extension Databases {
    /// Deletes the keys of what is being erased: from then on nothing of it opens, nor in any copy but of the keys.
    ///
    /// Done after the transaction that began it, and again by the worker where that was interrupted.
    ///
    /// - Returns: How many were erased.
    /// - Throws: `PostgresError`; what was done before stays done.
    @discardableResult
    public func finishErasures() async throws -> Int {
        let pending = try await work.transaction(.readOnly) { db in
            try db.all(
                "SELECT campaign_id, id, key_id FROM complaint WHERE data_state = 'erasing' ORDER BY id LIMIT 1000"
            ) { row in (try row.read(Int.self), try row.read(UUID.self), try row.read(UUID?.self)) }
        }
        guard !pending.isEmpty else { return 0 }
        let ids = pending.compactMap(\.2)
        _ = try await keys.transaction { db in try db.run("DELETE FROM case_key WHERE id = ANY(\(ids))") }
        return try await work.transaction(as: .system) { db in
            try db.run(
                """
                WITH gone AS (
                    -- What the worker wrote of a narrative that it had read before.
                    DELETE FROM complaint_text WHERE complaint_id = ANY(\(pending.map(\.1))))
                UPDATE complaint c SET data_state = 'erased'
                FROM unnest(\(pending.map(\.0))::bigint[], \(pending.map(\.1))) AS w(campaign, id)
                WHERE c.campaign_id = w.campaign AND c.id = w.id AND c.data_state = 'erasing'
                """)
        }
    }

    /// Deletes keys of what was erased long ago: a backup of the keys that was put back has brought them back.
    ///
    /// - Returns: How many there were.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func eraseAgain() async throws -> Int {
        var (count, last) = (0, UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
        while true {
            let page = try await work.transaction(.readOnly) { [last] db in
                try db.all(
                    """
                    SELECT id, key_id FROM complaint WHERE data_state = 'erased' AND key_id IS NOT NULL AND id > \(last)
                    ORDER BY id LIMIT 10000
                    """
                ) { row in (try row.read(UUID.self), try row.read(UUID.self)) }
            }
            guard let end = page.last else { return count }
            last = end.0
            let ids = page.map(\.1)
            count += try await keys.transaction { db in try db.run("DELETE FROM case_key WHERE id = ANY(\(ids))") }
        }
    }
}

// MARK: Rights

extension Connection {
    /// Records what a complainant asks about the own data.
    ///
    /// - Parameters:
    ///   - kind: What is asked.
    ///   - reference: About which complaint.
    ///   - actor: Who says so: the complainant, or an officer whom the complainant called.
    ///   - day: When it was received, where that was earlier.
    ///   - terms: What was said: by the complainant as a message, which is sealed.
    ///   - book: The reference data that hold.
    ///   - now: The moment.
    ///   - key: The key of the complaint, needed for a message.
    /// - Returns: The request.
    /// - Throws: `Refusal` where the same is open already, ``CaseError``, ``MomentError``, or `PostgresError`.
    public func requestRight(
        _ kind: RightsRequest.Kind, of reference: Reference, by actor: Actor, receivedOn day: Day?,
        _ terms: ActionTerms,
        book: ReferenceBook, at now: Date, key: CaseKey? = nil
    ) throws -> RightsRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .requestRight)
        guard !known.dataState.isGone else {
            throw Refusal.dataNotUsable(known.dataState)
        }
        guard try !rightsRequests(of: known).contains(where: { $0.request.kind == kind && $0.request.state == .open })
        else { throw Refusal.nothingToChange("the same was asked for already, and is not answered yet") }
        let today = Day(now, in: book.campaign(known.campaign)?.campaign.zone() ?? .gmt)
        if let day, day > today || day < known.complaint.receivedOn {
            throw Refusal.invalid(
                field: "received_on",
                reason: "has to be between \(known.complaint.receivedOn), when the complaint came, and today")
        }
        let record = try perform(
            .requestRight(kind), on: reference, by: actor, terms, book: book, at: now, key: key)
        try run(
            """
            INSERT INTO rights_request (campaign_id, complaint_id, sequence, kind, received_on, entered_by)
            VALUES (\(record.campaignID), \(record.complaint.id), \(record.sequence), \(kind), \(day ?? today),
                    \(actor.id))
            """)
        try remind(
            NewReminder(
                topic: "rights_request", onceKey: "rights|\(reference)|\(record.sequence)", officer: nil,
                office: record.complaint.office, caseKind: .complaint, caseID: record.complaint.id,
                subject: reference.description,
                details: ["kind": kind.rawValue, "due_on": ((day ?? today) + RightsRequest.days).description]),
            campaign: record.campaignID, at: record.changedAt)
        return try rightsRequest(record.sequence, of: record)
    }

    /// Grants or refuses what was asked, with reasons that the complainant may read; a restriction or an erasure that is
    /// granted is carried out.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func decideRight(
        _ sequence: Int, of reference: Reference, isGranted: Bool, by actor: Actor, reasons: String,
        book: ReferenceBook, at now: Date
    ) throws -> RightsRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .decideRight)
        let asked = try rightsRequest(sequence, of: known)
        var request = asked.request
        try request.decide(isGranted)
        if let enteredBy = asked.enteredBy, enteredBy == actor.id {
            throw Refusal.selfApproval("whoever entered the request cannot decide about it")
        }
        switch request.kind {
        // What has been done meanwhile by another way need not be done again.
        case .erasure where isGranted && !known.dataState.isGone:
            try beginErasure(of: reference, by: actor, book: book, at: now)
        case .restriction where isGranted && known.dataState == .active:
            try restrictData(of: reference, by: actor, book: book, at: now)
        default: break
        }
        // After what it brings about, so that an erasure leaves the reasons.
        let record = try perform(
            .decideRight(sequence, isGranted: isGranted), on: reference, by: actor, ActionTerms(reason: reasons),
            book: book, at: now)
        try run(
            """
            UPDATE rights_request SET state = \(request.state), decided_in = \(record.sequence)
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id)
              AND sequence = \(sequence)
            """)
        return try rightsRequest(sequence, of: record)
    }

    private func rightsRequest(_ sequence: Int, of record: ComplaintRecord) throws -> RightsRecord {
        guard let found = try rightsRequests(of: record).first(where: { $0.request.sequence == sequence }) else {
            throw CaseError.notFound("request \(sequence) of \(record.reference)")
        }
        return found
    }

    /// What was asked about one complaint, latest first.
    public func rightsRequests(of record: ComplaintRecord) throws -> [RightsRecord] {
        try rights(
            "r.campaign_id = \(record.campaignID) AND r.complaint_id = \(record.complaint.id)", "r.sequence DESC",
            limit: 200)
    }

    /// What has to be answered in a campaign, the oldest first.
    ///
    /// - Parameters:
    ///   - campaign: Whose complaints.
    ///   - last: The request to go on after: its day, number of its complaint, and sequence.
    ///   - limit: How many at the most.
    /// - Returns: The requests.
    /// - Throws: `PostgresError`.
    public func openRightsRequests(
        ofCampaign campaign: Int, after last: (day: Day, number: Int, sequence: Int)? = nil, limit: Int
    ) throws -> [RightsRecord] {
        let after: SQL =
            last.map { "AND (r.received_on, c.number, r.sequence) > (\($0.day), \($0.number), \($0.sequence))" } ?? ""
        return try rights(
            "r.campaign_id = \(campaign) AND r.state = 'open' \(after)", "r.received_on, c.number, r.sequence",
            limit: limit)
    }

    private func rights(_ condition: SQL, _ order: SQL, limit: Int) throws -> [RightsRecord] {
        try all(
            """
            SELECT r.sequence, r.kind, r.received_on, r.state, ca.prefix, c.number, s.text, n.text, r.entered_by, o.name,
                   c.data_state
            FROM rights_request r
            JOIN campaign ca ON ca.id = r.campaign_id
            JOIN complaint c ON c.campaign_id = r.campaign_id AND c.id = r.complaint_id
            LEFT JOIN note n ON n.campaign_id = r.campaign_id AND n.case_id = r.complaint_id AND n.sequence = r.decided_in
            LEFT JOIN note s ON s.campaign_id = r.campaign_id AND s.case_id = r.complaint_id AND s.sequence = r.sequence
            LEFT JOIN officer o ON o.id = r.entered_by
            WHERE \(condition)
            ORDER BY \(order) LIMIT \(limit)
            """
        ) { row in
            let request = RightsRequest(
                sequence: try row.read(), kind: try row.read(), receivedOn: try row.read(), state: try row.read())
            return RightsRecord(
                request: request, reference: Reference(prefix: try row.read(), number: try row.read()),
                said: try row.read(), reasons: try row.read(), enteredBy: try row.read(),
                enteredByName: try row.read(), fulfilment: request.fulfilment(try row.read()))
        }
    }
}

extension DataState: PostgresValue {}
extension RightsRequest.Kind: PostgresValue {}
extension RightsRequest.State: PostgresValue {}
