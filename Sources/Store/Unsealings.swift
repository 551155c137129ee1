public import Casework
public import Foundation
public import Postgres

/// A wish to see an identity, with what is shown beside it.
public struct UnsealingRecord: Sendable {
    public let unsealing: Unsealing
    public let complaint: UUID
    public let reference: Reference
    public let requester: String
    public let decider: String?
    /// Why it is wanted.
    public let reason: String?
}

extension Connection {
    /// Records the wish to see parts of an identity.
    ///
    /// - Parameters:
    ///   - fields: Which parts.
    ///   - reference: Of which complaint.
    ///   - actor: Who wants to see them.
    ///   - reason: Why.
    ///   - book: The reference data that hold.
    ///   - now: The moment.
    /// - Returns: The request, which nobody has to decide about where the campaign says so and it is no minor's.
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func requestUnsealing(
        _ fields: Set<Identity.Field>, of reference: Reference, by actor: Actor, reason: String, book: ReferenceBook,
        at now: Date
    ) throws -> UnsealingRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .requestUnsealing)
        try known.checkUse()
        let record = try perform(
            .requestUnsealing(fields), on: reference, by: actor, ActionTerms(reason: reason), book: book, at: now)
        guard let officer = actor.id, let campaign = book.campaign(record.campaign)?.campaign else {
            throw CaseError.notFound(reference.description)
        }
        let needsSecond = campaign.needsTwoToUnseal || record.filing.isMinors
        let decided = needsSecond ? nil : now
        try run(
            """
            INSERT INTO unsealing (campaign_id, complaint_id, sequence, fields, requested_by, requested_at, is_approved,
                                   decided_at)
            VALUES (\(record.campaignID), \(record.complaint.id), \(record.sequence), \(fields.map(\.rawValue).sorted()),
                    \(officer), \(now), \(decided.map { _ in true }), \(decided))
            """)
        if needsSecond {
            try remind(
                NewReminder(
                    topic: "unsealing_requested", onceKey: "unsealing|\(reference)|\(record.sequence)", officer: nil,
                    office: record.complaint.office, caseKind: .complaint, caseID: record.complaint.id,
                    subject: reference.description, details: ["request": String(record.sequence)]),
                campaign: record.campaignID, at: record.changedAt)
        }
        return try unsealing(record.sequence, of: record)
    }

    /// A supervisor's word about a request.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func decideUnsealing(
        _ sequence: Int, of reference: Reference, isApproved: Bool, by actor: Actor, reason: String?,
        book: ReferenceBook, at now: Date
    ) throws -> UnsealingRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        let action: Complaint.Action = isApproved ? .approveUnsealing(sequence) : .denyUnsealing(sequence)
        try known.complaint.admit(actor, to: action.name)
        guard let officer = actor.id else { throw CaseError.notFound("request \(sequence)") }
        var unsealing = try unsealing(sequence, of: known).unsealing
        if isApproved { try known.checkUse() }
        try unsealing.decide(isApproved, by: officer, at: now)
        let record = try perform(action, on: reference, by: actor, ActionTerms(reason: reason), book: book, at: now)
        try run(
            """
            UPDATE unsealing SET decided_by = \(officer), is_approved = \(isApproved), decided_at = \(now)
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id)
              AND sequence = \(sequence)
            """)
        return try self.unsealing(sequence, of: record)
    }

    /// Records that parts of an identity are read now; who may read was judged, and what is returned may be opened.
    ///
    /// - Returns: The complaint, and the parts that may be shown.
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func recordReading(
        _ sequence: Int, of reference: Reference, by actor: Actor, book: ReferenceBook, at now: Date
    ) throws -> (record: ComplaintRecord, fields: Set<Identity.Field>, sealed: [SealedField: Data]) {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .unseal)
        try known.checkUse()
        let unsealing = try unsealing(sequence, of: known).unsealing
        try unsealing.checkReading(by: actor.id, at: now)
        guard try isInHistory(unsealing, of: known) else { throw CaseError.notFound("request \(sequence)") }
        let record = try perform(
            .unseal(sequence, unsealing.fields), on: reference, by: actor, ActionTerms(), book: book, at: now)
        let sealed = try sealedFields(of: Cases([record]))[record.complaint.id] ?? [:]
        return (record, unsealing.fields, sealed.filter { $0.key == .identity })
    }

    /// Whether the events that nobody can change say the same as the row: who asked, and who said yes.
    private func isInHistory(_ unsealing: Unsealing, of record: ComplaintRecord) throws -> Bool {
        try first(
            """
            SELECT EXISTS (
                SELECT FROM event WHERE campaign_id = \(record.campaignID) AND case_id = \(record.complaint.id)
                  AND sequence = \(unsealing.sequence) AND action = 'request_unsealing'
                  AND actor_id = \(unsealing.requestedBy)
                  AND details ->> 'fields' = \(unsealing.fields.map(\.rawValue).sorted().joined(separator: " ")))
            AND (\(unsealing.decision?.by == nil) OR EXISTS (
                SELECT FROM event WHERE campaign_id = \(record.campaignID) AND case_id = \(record.complaint.id)
                  AND action = 'approve_unsealing' AND actor_id = \(unsealing.decision?.by)
                  AND details ->> 'request' = \(String(unsealing.sequence))))
            """
        ) { row in try row.read(Bool.self) } ?? false
    }

    /// - Throws: ``CaseError/notFound(_:)``, or `PostgresError`.
    private func unsealing(_ sequence: Int, of record: ComplaintRecord) throws -> UnsealingRecord {
        let found = try unsealings(
            "u.campaign_id = \(record.campaignID) AND u.complaint_id = \(record.complaint.id) AND u.sequence = \(sequence)",
            limit: 1)
        guard let found = found.first else { throw CaseError.notFound("request \(sequence) of \(record.reference)") }
        return found
    }

    /// The requests about one complaint, latest first.
    public func unsealings(of record: ComplaintRecord) throws -> [UnsealingRecord] {
        try unsealings("u.campaign_id = \(record.campaignID) AND u.complaint_id = \(record.complaint.id)", limit: 200)
    }

    /// The requests of a campaign, latest first.
    ///
    /// - Parameters:
    ///   - campaign: Of which campaign.
    ///   - waiting: Only those that wait for a word, made after this moment.
    ///   - position: Where the page before ended.
    ///   - limit: How many at the most.
    /// - Returns: The requests.
    /// - Throws: `PostgresError`.
    public func unsealings(
        ofCampaign campaign: Int, waitingSince waiting: Date?, after position: (Date, UUID)? = nil, limit: Int
    ) throws -> [UnsealingRecord] {
        let open: SQL = waiting.map { "AND u.decided_at IS NULL AND u.requested_at > \($0)" } ?? ""
        let below: SQL = position.map { "AND (u.requested_at, u.complaint_id) < (\($0.0), \($0.1))" } ?? ""
        return try unsealings("u.campaign_id = \(campaign) \(open) \(below)", limit: limit)
    }

    private func unsealings(_ condition: SQL, limit: Int) throws -> [UnsealingRecord] {
        try all(
            """
            SELECT u.sequence, u.fields, u.requested_by, u.requested_at, u.decided_by, u.is_approved, u.decided_at,
                   EXISTS (SELECT FROM event e WHERE e.campaign_id = u.campaign_id AND e.case_id = u.complaint_id
                           AND e.sequence > u.sequence AND e.action = 'restrict_data'),
                   c.id, ca.prefix, c.number, o.name, d.name, n.text
            FROM unsealing u
            JOIN campaign ca ON ca.id = u.campaign_id
            JOIN complaint c ON c.campaign_id = u.campaign_id AND c.id = u.complaint_id
            JOIN officer o ON o.id = u.requested_by
            LEFT JOIN officer d ON d.id = u.decided_by
            LEFT JOIN note n ON n.campaign_id = u.campaign_id AND n.case_id = u.complaint_id
                 AND n.sequence = u.sequence
            WHERE \(condition)
            ORDER BY u.requested_at DESC, u.complaint_id DESC LIMIT \(limit)
            """, as: UnsealingRecord.init(row:))
    }
}

extension UnsealingRecord {
    fileprivate init(row: inout Row) throws {
        var unsealing = Unsealing(
            sequence: try row.read(), fields: Set(try row.read([Identity.Field].self)), requestedBy: try row.read(),
            requestedAt: try row.read())
        let (decider, isApproved, at) = (
            try row.read(UUID?.self), try row.read(Bool?.self), try row.read(Date?.self)
        )
        if let isApproved, let at { unsealing.decision = .init(by: decider, isApproved: isApproved, at: at) }
        unsealing.isOver = try row.read()
        self.unsealing = unsealing
        complaint = try row.read()
        reference = Reference(prefix: try row.read(), number: try row.read())
        requester = try row.read()
        self.decider = try row.read()
        reason = try row.read()
    }
}

extension Connection {
    /// When parts of an identity were read, and which; latest first, two hundred at the most.
    public func readings(of record: ComplaintRecord) throws -> [(at: Date, fields: Set<Identity.Field>)] {
        try all(
            """
            SELECT recorded_at, string_to_array(details ->> 'fields', ' ') FROM event
            WHERE campaign_id = \(record.campaignID) AND case_id = \(record.complaint.id) AND action = 'unseal'
            ORDER BY sequence DESC LIMIT 200
            """
        ) { row in (try row.read(), Set(try row.read([Identity.Field].self))) }
    }
}

// MARK: Disclosure

extension Connection {
    /// Lets the company to which a complaint was forwarded see parts of who complained.
    ///
    /// - Throws: `Refusal` where the complainant has not agreed, ``CaseError``, ``MomentError``, or `PostgresError`.
    public func disclose(
        _ fields: Set<Identity.Field>, of reference: Reference, by actor: Actor, _ terms: ActionTerms,
        book: ReferenceBook, at now: Date
    ) throws -> ComplaintRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .disclose)
        guard let company = known.complaint.forwardedTo else {
            throw Refusal.notConsented("it was forwarded to no company that could be told")
        }
        try known.checkUse()
        try known.filing.checkConsent(known.complaint.status)
        let record = try perform(
            .disclose(fields, to: company), on: reference, by: actor, terms, book: book, at: now)
        try run(
            """
            INSERT INTO disclosure (campaign_id, complaint_id, sequence, company, fields)
            VALUES (\(record.campaignID), \(record.complaint.id), \(record.sequence), \(company),
                    \(fields.map(\.rawValue).sorted()))
            """)
        return record
    }

    /// What companies were told of one complainant, in the order in which it was.
    public func disclosures(of record: ComplaintRecord) throws -> [(company: String, fields: Set<Identity.Field>)] {
        try all(
            """
            SELECT company, fields FROM disclosure
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id) ORDER BY sequence
            """
        ) { row in (try row.read(), Set(try row.read([Identity.Field].self))) }
    }

    /// What the company was told of each complainant, as far as each agrees still.
    public func disclosed(of records: [ComplaintRecord], to company: String) throws -> [UUID: Set<Identity.Field>] {
        let open = records.filter {
            // A refusal is the answer no.
            $0.dataState == .active && (try? $0.filing.checkConsent($0.complaint.status)) != nil
        }
        guard !open.isEmpty else { return [:] }
        let rows = try all(
            """
            SELECT complaint_id, fields FROM disclosure
            WHERE campaign_id = ANY(\(open.map(\.campaignID))) AND complaint_id = ANY(\(open.map(\.complaint.id)))
              AND company = \(company)
            """
        ) { row in (try row.read(UUID.self), Set(try row.read([Identity.Field].self))) }
        return Dictionary(rows) { $0.union($1) }
    }
}

extension ComplaintRecord {
    /// Whether what is known about the complainant may still be used.
    ///
    /// - Throws: `Refusal`.
    func checkUse() throws(Refusal) {
        guard dataState == .active else { throw .dataNotUsable(dataState) }
    }
}

extension Filing {
    /// Whether the complainant is under age; whoever gives no age counts as grown up.
    public var isMinors: Bool { ageBand != nil && ageBand != "adult" }

    /// Whether who complained may be named to the company, as things stand.
    ///
    /// Minors are never named (Minors Protection Law, articles 72 and 103), nor is who has withdrawn.
    ///
    /// - Throws: `Refusal.notConsented(_:)`.
    func checkConsent(_ status: Complaint.Status) throws(Refusal) {
        guard disclosesIdentity else {
            throw .notConsented("the complainant has not agreed to be named to the company")
        }
        guard !isMinors else { throw .notConsented("the complainant is a minor and is never named") }
        guard status != .withdrawn else { throw .notConsented("the complaint was withdrawn, and the consent with it") }
    }
}

extension Identity.Field: PostgresValue {}
