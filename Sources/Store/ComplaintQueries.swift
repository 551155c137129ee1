public import Casework
public import Foundation
public import Postgres

/// What a list of complaints is narrowed to; what is `nil` or empty does not narrow.
public struct ComplaintFilter: Sendable, Hashable {
    public var statuses: [Complaint.Status] = []
    public var category: String?
    public var kind: Campaign.Kind?
    public var company: String?
    public var platform: String?
    /// An officer's name.
    public var officer: String?
    public var isUnassigned = false
    /// Something owed fell due before this day.
    public var overdueAt: Day?
    /// Part of the narrative, in any case.
    ///
    /// Looks through the whole selection: no index helps here.
    public var text: String?
    /// Reference numbers below this one: the next page.
    public var below: Int?

    public init() {}

    fileprivate func condition(campaign: Int) -> SQL {
        var parts: [SQL] = ["c.campaign_id = \(campaign)"]
        if !statuses.isEmpty { parts.append("c.status = ANY(\(statuses))") }
        if let category { parts.append("c.category = \(category)") }
        if let kind { parts.append("c.kind = \(kind)") }
        if let company { parts.append("c.respondent_company = \(company)") }
        if let platform { parts.append("c.respondent_platform = \(platform)") }
        if let officer { parts.append("c.officer_id = (SELECT id FROM officer WHERE name = \(officer))") }
        if isUnassigned { parts.append("c.officer_id IS NULL") }
        if let overdueAt { parts.append("c.due_on < \(overdueAt)") }
        if let text { parts.append("c.narrative ILIKE '%' || \(text.escapedForLike) || '%'") }
        if let below { parts.append("c.number < \(below)") }
        return .joined(parts, separator: " AND ")
    }
}

extension String {
    fileprivate var escapedForLike: String {
        replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }
}

/// A complaint as a list shows it.
public struct ComplaintLine: Sendable {
    public let id: UUID
    public let reference: Reference
    public let version: Int
    public let kind: Campaign.Kind
    public let status: Complaint.Status
    public let category: String?
    public let respondent: Complaint.Party
    public let target: Complaint.Target
    public let officerName: String?
    public let receivedOn: Day
    public let dueOn: Day?
    public let excerpt: String
}

extension Connection {
    /// A page of complaints, newest number first.
    public func complaints(
        _ filter: ComplaintFilter, campaign: Int, prefix: String, limit: Int
    ) throws
        -> [ComplaintLine]
    {
        try all(
            """
            SELECT c.id, c.number, c.version, c.kind, c.status, c.category, c.respondent_platform,
                   c.respondent_company, c.target_platform, c.target_company, c.target_host, c.payment_method, o.name,
                   c.received_on, c.due_on, left(c.narrative, 80)
            FROM complaint c
            LEFT JOIN officer o ON o.id = c.officer_id
            WHERE \(filter.condition(campaign: campaign))
            ORDER BY c.number DESC
            LIMIT \(limit)
            """
        ) { row in
            ComplaintLine(
                id: try row.read(), reference: Reference(prefix: prefix, number: try row.read()),
                version: try row.read(), kind: try row.read(), status: try row.read(), category: try row.read(),
                respondent: Complaint.Party(platform: try row.read(), company: try row.read()),
                target: Complaint.Target(
                    platform: try row.read(), company: try row.read(), host: try row.read(),
                    paymentMethod: try row.read()),
                officerName: try row.read(), receivedOn: try row.read(), dueOn: try row.read(),
                excerpt: try row.read())
        }
    }

    /// Other complaints with the same phone number or mail address, oldest first.
    public func complaintsOfSameContact(as record: ComplaintRecord, limit: Int = 20) throws -> [Reference] {
        try all(
            """
            SELECT DISTINCT c.number
            FROM contact_digest mine
            JOIN contact_digest theirs USING (campaign_id, digest)
            JOIN complaint c ON c.campaign_id = theirs.campaign_id AND c.id = theirs.complaint_id
            WHERE mine.campaign_id = \(record.campaignID) AND mine.complaint_id = \(record.complaint.id)
              AND theirs.complaint_id <> mine.complaint_id
            ORDER BY c.number
            LIMIT \(limit)
            """
        ) { row in Reference(prefix: record.reference.prefix, number: try row.read()) }
    }

    /// What is sealed about a complaint, still sealed.
    public func sealedFields(of record: ComplaintRecord) throws -> [SealedField: Data] {
        let rows = try all(
            """
            SELECT field, sealed FROM complaint_sealed
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id)
            """
        ) { row in (try row.read(SealedField.self), try row.read(Data.self)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }
}

extension SealedField: PostgresValue {
    public static var postgresType: PostgresType { .inferred }
    public init?(postgresText: String) { self.init(rawValue: postgresText) }
    public var postgresText: String { rawValue }
}

/// What was sealed about a complaint, opened.
public struct OpenedParts: Sendable {
    public var identity: Identity?
    public var linkText: String?
    public var controlText: String?
    /// By the place in history of the event they came with.
    public var messages: [Int: String] = [:]
    /// Whether the key is gone: nothing can be opened any more, anywhere.
    public var isErased = false
    /// Whether the keys could not be reached this time.
    public var isUnavailable = false

    public init() {}
}

extension CaseKeys {
    /// Opens what is sealed about a complaint.
    ///
    /// - Throws: `PostgresError`, or `CryptoKitError` where something was tampered with.
    public nonisolated func open(_ fields: [SealedField: Data], of record: ComplaintRecord) async throws -> OpenedParts
    {
        var opened = OpenedParts()
        guard !fields.isEmpty, let keyID = record.keyID else { return opened }
        guard let key = try await key(keyID) else {
            opened.isErased = true
            return opened
        }
        for (field, sealed) in fields {
            let text = try key.open(sealed, field: field, of: record.complaint.id)
            switch field {
            case .identity: opened.identity = try JSONText(text).decoded(as: Identity.self)
            case .linkText: opened.linkText = text
            case .controlText: opened.controlText = text
            case .message(let event): opened.messages[event] = text
            }
        }
        return opened
    }

    /// The key of a complaint, to seal something more; `nil` once it was erased.
    public nonisolated func key(of record: ComplaintRecord) async throws -> CaseKey? {
        guard let id = record.keyID else { return nil }
        return try await key(id)
    }
}
