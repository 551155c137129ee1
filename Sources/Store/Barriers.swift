public import Casework
public import Foundation
public import Postgres

/// What a barrier is known by within its campaign.
public struct BarrierKey: Sendable, Hashable {
    public var kind: Barrier.Kind
    public var respondentPlatform: String
    public var target: Barrier.Target
    public var scene: String

    public init(kind: Barrier.Kind, respondentPlatform: String, target: Barrier.Target, scene: String) {
        self.kind = kind
        self.respondentPlatform = respondentPlatform
        self.target = target
        self.scene = scene
    }

    /// The barrier a complaint attests; none while its respondent platform or target is not known.
    public init?(_ complaint: Complaint, scene: String?) {
        guard let platform = complaint.respondent.platform, let target = complaint.barrierTarget else { return nil }
        let kind: Barrier.Kind =
            switch complaint.kind {
            case .blockedLink: .blockedLink
            case .refusedPayment: .refusedPayment
            case .other: .practice
            }
        self.init(kind: kind, respondentPlatform: platform, target: target, scene: scene ?? "other")
    }
}

/// A barrier as it is stored.
public struct BarrierRecord: Sendable {
    public let id: UUID
    public let campaignID: Int
    public let campaign: String
    /// Counts the changes, remarks left out; the entity tag.
    public let version: Int
    /// The place of the latest event.
    let sequence: Int
    let remarks: Int
    public let barrier: Barrier
    public let recordedAt: Date
    public let changedAt: Date
    /// Accepted and later complaints that attest it now.
    public let complaints: Int
}

extension BarrierRecord {
    static let columns: SQL = """
        b.id, b.campaign_id, ca.code, b.version, b.remarks, b.number, b.kind, b.respondent_platform, b.target_key,
        b.scene, b.remediation, b.episode, b.state_before_await, b.awaited_company, b.wait, b.coverage,
        b.has_standing_order, b.claimed_on, b.claimed_at, b.verified_on, b.justified_until, b.undertaken_by,
        b.review_opened_on, b.reviewed_on, b.false_claims,
        coalesce(b.recorded_on, (SELECT min(effective_from) FROM barrier_interval i
                                 WHERE i.campaign_id = b.campaign_id AND i.barrier_id = b.id), b.changed_on),
        b.changed_on, b.recorded_at, b.changed_at,
        (SELECT count(*) FROM complaint_barrier l
         JOIN complaint c USING (campaign_id)
         WHERE l.campaign_id = b.campaign_id AND l.barrier_id = b.id AND c.id = l.complaint_id
           AND c.status = ANY(\(Complaint.Status.counted)))
        """

    init(row: inout Row) throws {
        id = try row.read()
        campaignID = try row.read()
        campaign = try row.read()
        sequence = try row.read()
        remarks = try row.read()
        version = sequence - remarks
        barrier = try Barrier(row: &row)
        recordedAt = try row.read()
        changedAt = try row.read()
        complaints = try row.read()
    }
}

extension Barrier {
    fileprivate init(row: inout Row) throws {
        self.init(
            number: try row.read(), kind: try row.read(), respondentPlatform: try row.read(),
            target: try row.read(), scene: try row.read(), recordedOn: Day(number: 0))
        remediation = try row.read()
        episode = try row.read()
        stateBeforeAwait = try row.read()
        awaitedCompany = try row.read()
        wait = try row.read(JSONText?.self)?.decoded()
        coverage = try row.read()
        hasStandingOrder = try row.read()
        let (claimedOn, claimedAt): (Day?, Int?) = (try row.read(), try row.read())
        claim = claimedOn.flatMap { day in claimedAt.map { Mark(on: day, sequence: $0) } }
        verifiedOn = try row.read()
        justifiedUntil = try row.read()
        undertakenBy = try row.read()
        reviewOpenedOn = try row.read()
        reviewedOn = try row.read()
        falseClaims = try row.read()
        recordedOn = try row.read()
        changedOn = try row.read()
    }
}

extension Connection {
    public func barrier(_ number: Int, campaign: Int) throws -> BarrierRecord? {
        try barrier(number, campaign: campaign, lock: "")
    }

    func lockedBarrier(_ number: Int, campaign: Int) throws -> BarrierRecord? {
        try barrier(number, campaign: campaign, lock: "FOR UPDATE OF b")
    }

    private func barrier(_ number: Int, campaign: Int, lock: SQL) throws -> BarrierRecord? {
        try first(
            """
            SELECT \(BarrierRecord.columns) FROM barrier b JOIN campaign ca ON ca.id = b.campaign_id
            WHERE b.campaign_id = \(campaign) AND b.number = \(number) \(lock)
            """, as: BarrierRecord.init(row:))
    }

    /// Finds the barrier, or enters it in the ledger as alleged; it stands there from `day` on at the latest.
    ///
    /// - Throws: `Refusal`, ``MomentError``, or `PostgresError`.
    public func findOrRecordBarrier(
        _ key: BarrierKey, campaign: Int, by actor: Actor, on day: Day, reason: String? = nil
    ) throws -> BarrierSummary {
        let found = try findOrEnterBarrier(key, campaign: campaign, by: actor, on: day, reason: reason)
        if day < found.recordedOn { try extend(found, backTo: day, campaign: campaign, by: actor, reason: reason) }
        return found
    }

    /// The same, but a barrier that is there keeps its first day.
    func findOrEnterBarrier(
        _ key: BarrierKey, campaign: Int, by actor: Actor, on day: Day, reason: String? = nil
    ) throws -> BarrierSummary {
        guard Barrier.may(actor.role, .record) else {
            throw Refusal.forbidden(action: Barrier.ActionName.record.rawValue, role: actor.role)
        }
        if let found = try barrierSummary(key, campaign: campaign) { return found }
        let moment = try recordingMoment()
        let id = UUID.v7(at: moment)
        let number = try first(
            """
            UPDATE campaign_counter SET next_barrier = next_barrier + 1
            WHERE campaign_id = \(campaign) RETURNING next_barrier - 1
            """
        ) { row in try row.read(Int.self) }
        let isNew = try run(
            """
            INSERT INTO barrier (campaign_id, id, number, kind, respondent_platform, target_key, scene, version,
                                 remediation, recorded_on, changed_on, recorded_at, changed_at)
            VALUES (\(campaign), \(id), \(number), \(key.kind), \(key.respondentPlatform), \(key.target),
                    \(key.scene), 1, 'alleged', \(day), \(day), \(moment), \(moment))
            ON CONFLICT ON CONSTRAINT barrier_stands_in_the_ledger_once DO NOTHING
            """)
        if isNew == 1 {
            let details = [
                "kind": key.kind.rawValue, "respondent": key.respondentPlatform, "target": key.target.description,
                "scene": key.scene,
            ]
            let event = Event(actor: actor, action: "record", details: details, effectiveOn: day)
            try record(
                event, on: id, .barrier, campaign: campaign, sequence: 1, at: moment,
                note: reason.map { Note(text: $0) })
            let barrier = Barrier(
                number: number ?? 0, kind: key.kind, respondentPlatform: key.respondentPlatform,
                target: key.target, scene: key.scene, recordedOn: day)
            let place = StepPlace(
                campaign: campaign, case: id, sequence: 1, writtenBy: 1, on: day, moment: moment)
            try saveInterval(of: barrier, place)
        }
        guard let barrier = try barrierSummary(key, campaign: campaign) else {
            throw PostgresError.unexpectedRow("a barrier neither found nor made")
        }
        return barrier
    }

    func barrierSummary(_ key: BarrierKey, campaign: Int) throws -> BarrierSummary? {
        try first(
            """
            SELECT \(BarrierSummary.columns) FROM barrier b
            WHERE b.campaign_id = \(campaign) AND b.kind = \(key.kind)
              AND b.respondent_platform = \(key.respondentPlatform) AND b.target_key = \(key.target)
              AND b.scene = \(key.scene)
            """, as: BarrierSummary.init(row:))
    }

    /// The barriers that complaints attest now, by complaint.
    public func barriers(ofComplaints complaints: Cases) throws -> [UUID: [BarrierSummary]] {
        let rows = try all(
            """
            SELECT \(BarrierSummary.columns), l.complaint_id
            FROM unnest(\(complaints.campaigns)::bigint[], \(complaints.ids)::uuid[]) AS w(campaign, id)
            JOIN complaint_barrier l ON l.campaign_id = w.campaign AND l.complaint_id = w.id
            JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
            ORDER BY b.number
            """
        ) { row in
            let summary = try BarrierSummary(row: &row)
            return (try row.read(UUID.self), summary)
        }
        return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
    }
}

extension BarrierSummary {
    /// The latest observation says what is observed.
    static let columns: SQL = """
        b.number, b.remediation,
        coalesce((SELECT result FROM observation x
                  WHERE x.campaign_id = b.campaign_id AND x.barrier_id = b.id AND x.retracted_at IS NULL
                  ORDER BY x.observed_on DESC, x.sequence DESC LIMIT 1), 'unobserved'),
        coalesce(b.recorded_on, (SELECT min(effective_from) FROM barrier_interval i
                                 WHERE i.campaign_id = b.campaign_id AND i.barrier_id = b.id), b.changed_on), b.id
        """

    init(row: inout Row) throws {
        number = try row.read()
        remediation = try row.read()
        observed = try row.read()
        recordedOn = try row.read()
        id = try row.read()
    }
}

extension Observed.State: PostgresValue {}
