public import Casework
public import Foundation
public import Postgres

/// What a complainant said, beside what the rules look at.
public struct Filing: Sendable, Equatable {
    public var respondentName: String?
    public var methodName: String?
    public var scene: String?
    /// How the link is blocked, or the method refused.
    public var manner: String?
    /// The host of the notice page around the pasted link.
    public var wrappedBy: String?
    /// Where the pasted link leads.
    public var linkURL: String?
    public var linkSite: String?
    public var linkOddities: [SharedLink.Oddity] = []
    /// The edition of the public suffix list.
    public var suffixVersion: String?
    public var merchant: String?
    public var narrative: String
    public var remedySought: String?
    public var language: String?
    public var occurredOn: Day?
    public var appVersion: String?
    public var os: String?
    public var region: String?
    public var accountType: String?
    public var complainantKind: String?
    public var ageBand: String?
    public var disclosesIdentity = false
    public var publishesNarrative = false
    public var privacyNotice: String?
    public var clientReference: String?

    public init(narrative: String) {
        self.narrative = narrative
    }
}

/// A complaint as it is stored.
public struct ComplaintRecord: Sendable {
    public let campaignID: Int
    public let campaign: String
    public let reference: Reference
    /// Counts the changes, remarks left out; the entity tag.
    public let version: Int
    /// The place of the latest event.
    public let sequence: Int
    let remarks: Int
    public let complaint: Complaint
    public let filing: Filing
    /// The officer who has it; `nil` where nobody has it, or who had it has left.
    public let officerName: String?
    /// Whether its officer has left, and history does not say so yet: it is nobody's already.
    let isLeft: Bool
    public let duplicateOf: Reference?
    public let channel: Channel
    public let recordedAt: Date
    public let changedAt: Date
    /// The earliest day on which something owed falls due.
    public let dueOn: Day?
    /// Whether another complaint may be the same.
    public let isSuspected: Bool
    /// When something came from outside that its officer has not seen yet.
    public let newsAt: Date?
    let keyID: UUID?
    public let dataState: DataState
    /// Whether a legal hold keeps the data.
    public let isHeld: Bool

    /// The officer who has it now.
    public var holder: UUID? { isLeft ? nil : complaint.officer }
}

extension ComplaintRecord {
    /// The columns `init(row:)` reads, in its order: one statement for everything the rules ask about.
    static let columns: SQL = """
        c.campaign_id, ca.code, ca.prefix, c.number, c.version, c.remarks,
        c.id, c.kind, c.status, c.status_before_gap, c.status_before_duplicate, c.category, c.scenario,
        c.respondent_platform, c.respondent_company, c.target_platform, c.target_company, c.target_host,
        c.payment_method, c.office, c.officer_id, c.priority, c.outcome, c.refusal_ground, c.information_gap, c.agency,
        c.duplicate_of, c.answer, c.answer_ground, c.forwarded_to, c.forwarded_on,
        c.received_on, c.materials_on, c.changed_on, c.ended_on, c.ending, \(verdicts),
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'purpose', purpose, 'origin', nullif(origin_id, c.id), 'run', run, 'company', company, 'rule', rule,
                'startedOn', started_on, 'beganOn', began_on, 'pauses', pauses, 'extensions', extensions,
                'backEntered', back_entered, 'dueOn', due_on, 'isProvisional', is_provisional, 'state', state,
                'endedOn', ended_on, 'missedFrom', missed_from)
                ORDER BY purpose, origin_id <> c.id, origin_id, run), '[]')
         FROM deadline WHERE campaign_id = c.campaign_id AND complaint_id = c.id),
        (SELECT coalesce(array_agg(b.number), '{}') FROM complaint_barrier l
         JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
         WHERE l.campaign_id = c.campaign_id AND l.complaint_id = c.id),
        c.absorbed,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('complaint', other_id, 'relation', relation)), '[]')
         FROM complaint_relation WHERE campaign_id = c.campaign_id AND complaint_id = c.id),
        c.narrative, c.respondent_name, c.method_name, c.scene, c.manner, c.wrapped_by, c.link_url,
        c.link_site, c.link_oddities, c.suffix_version, c.merchant, c.remedy_sought,
        c.language, c.occurred_on, c.app_version, c.os, c.region, c.account_type, c.complainant_kind, c.age_band,
        c.disclose_identity, c.publish_narrative, c.privacy_notice, c.client_reference,
        o.name, c.officer_id IS NOT NULL AND o.id IS NULL, d.number, c.channel, c.recorded_at, c.changed_at, c.due_on,
        c.has_suspected_duplicate, c.news_at, c.key_id, c.data_state, c.is_held
        """

    static let tables: SQL = """
        campaign ca
        JOIN complaint c ON c.campaign_id = ca.id
        LEFT JOIN officer o ON \(isHolder)
        LEFT JOIN complaint d ON d.campaign_id = c.campaign_id AND d.id = c.duplicate_of
        """

    init(row: inout Row) throws {
        campaignID = try row.read()
        campaign = try row.read()
        let prefix: String = try row.read()
        reference = Reference(prefix: prefix, number: try row.read())
        sequence = try row.read()
        remarks = try row.read()
        version = sequence - remarks
        complaint = try Complaint(row: &row)
        filing = try Filing(row: &row)
        officerName = try row.read()
        isLeft = try row.read()
        duplicateOf = try row.read(Int?.self).map { Reference(prefix: prefix, number: $0) }
        channel = try row.read()
        recordedAt = try row.read()
        changedAt = try row.read()
        dueOn = try row.read()
        isSuspected = try row.read()
        newsAt = try row.read()
        keyID = try row.read()
        dataState = try row.read()
        isHeld = try row.read()
    }
}

extension Complaint {
    fileprivate init(row: inout Row) throws {
        let (id, kind): (UUID, Campaign.Kind) = (try row.read(), try row.read())
        self.init(id: id, kind: kind, receivedOn: Day(number: 0))
        status = try row.read()
        statusBeforeGap = try row.read()
        statusBeforeDuplicate = try row.read()
        category = try row.read()
        scenario = try row.read()
        respondent = Party(platform: try row.read(), company: try row.read())
        target = Target(
            platform: try row.read(), company: try row.read(), host: try row.read(), paymentMethod: try row.read())
        office = try row.read()
        officer = try row.read()
        priority = try row.read()
        outcome = try row.read()
        refusalGround = try row.read()
        informationGap = try row.read()
        agency = try row.read()
        duplicateOf = try row.read()
        answer = try row.read()
        answerGround = try row.read()
        forwardedTo = try row.read()
        forwardedOn = try row.read()
        receivedOn = try row.read()
        materialsOn = try row.read()
        changedOn = try row.read()
        endedOn = try row.read()
        ending = try row.read()
        verdicts = try row.read(JSONText.self).decoded()
        deadlines = try row.read(JSONText.self).decoded()
        barriers = Set(try row.read([Int].self))
        absorbed = try row.read(JSONText.self).decoded()
        relations = try row.read(JSONText.self).decoded()
    }
}

extension Filing {
    fileprivate init(row: inout Row) throws {
        self.init(narrative: try row.read())
        respondentName = try row.read()
        methodName = try row.read()
        scene = try row.read()
        manner = try row.read()
        wrappedBy = try row.read()
        linkURL = try row.read()
        linkSite = try row.read()
        linkOddities = try row.read([String].self).compactMap(SharedLink.Oddity.init)
        suffixVersion = try row.read()
        merchant = try row.read()
        remedySought = try row.read()
        language = try row.read()
        occurredOn = try row.read()
        appVersion = try row.read()
        os = try row.read()
        region = try row.read()
        accountType = try row.read()
        complainantKind = try row.read()
        ageBand = try row.read()
        disclosesIdentity = try row.read()
        publishesNarrative = try row.read()
        privacyNotice = try row.read()
        clientReference = try row.read()
    }
}

extension Connection {
    /// The complaint with this reference; `nil` where there is none.
    public func complaint(_ reference: Reference) throws -> ComplaintRecord? {
        try complaint(where: "ca.prefix = \(reference.prefix) AND c.number = \(reference.number)")
    }

    /// The complaints with these references, as far as there are any.
    public func complaints(_ references: [Reference]) throws -> [Reference: ComplaintRecord] {
        let found = try all(
            """
            SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables)
            WHERE ca.prefix = ANY(\(Array(Set(references.map(\.prefix))))) AND c.number = ANY(\(references.map(\.number)))
            """, as: ComplaintRecord.init(row:))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.reference, $0) })
    }

    /// The complaint that this code tracks; `nil` where there is none.
    public func complaint(trackedBy code: TrackingCode) throws -> ComplaintRecord? {
        try complaint(where: "c.tracking_hash = \(code.hash)")
    }

    /// The same, and nobody else changes it until this transaction ends.
    func lockedComplaint(_ reference: Reference) throws -> ComplaintRecord? {
        try lockedComplaint(where: "ca.prefix = \(reference.prefix) AND c.number = \(reference.number)")
    }

    func complaint(id: UUID, campaign: Int) throws -> ComplaintRecord? {
        try complaint(where: "c.campaign_id = \(campaign) AND c.id = \(id)")
    }

    func lockedComplaint(id: UUID, campaign: Int) throws -> ComplaintRecord? {
        try lockedComplaint(where: "c.campaign_id = \(campaign) AND c.id = \(id)")
    }

    /// Locked first and read in a statement of its own, which sees what was done meanwhile to deadlines and ties too.
    private func lockedComplaint(where condition: SQL) throws -> ComplaintRecord? {
        try run(
            """
            SELECT FROM complaint c JOIN campaign ca ON ca.id = c.campaign_id WHERE \(condition) FOR UPDATE OF c
            """)
        return try complaint(where: condition)
    }

    private func complaint(where condition: SQL) throws -> ComplaintRecord? {
        try first(
            "SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables) WHERE \(condition)",
            as: ComplaintRecord.init(row:))
    }
}
