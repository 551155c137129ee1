public import Casework
public import Foundation
public import Postgres

/// One line of the conversation with a complainant.
///
/// Those of complaints that were merged into a case belong to its conversation too.
public struct SealedMessage: Sendable {
    public let reference: Reference
    public let event: Int
    public let from: Actor.Kind
    public let on: Day
    public let recordedAt: Date
    let complaint: UUID
    let keyID: UUID?
    let sealed: Data
}

extension SealedMessage {
    fileprivate init(row: inout Row) throws {
        reference = Reference(prefix: try row.read(), number: try row.read())
        event = try row.read()
        from = try row.read()
        on = try row.read()
        recordedAt = try row.read()
        complaint = try row.read()
        keyID = try row.read()
        sealed = try row.read()
    }
}

/// A message that was opened; without text where its key is gone or away.
public struct OpenedMessage: Sendable {
    public let message: SealedMessage
    public let text: String?
}

/// What an officer or the company wrote for the complainant to read.
public struct OutwardNote: Sendable {
    public let on: Day
    public let text: String
}

extension Connection {
    /// What is sealed about a complaint but its messages, still sealed.
    public func sealedFields(of complaints: Cases) throws -> [UUID: [SealedField: Data]] {
        let rows = try all(
            """
            SELECT s.complaint_id, s.field, s.sealed
            FROM unnest(\(complaints.campaigns)::bigint[], \(complaints.ids)::uuid[]) AS w(campaign, id)
            JOIN complaint_sealed s ON s.campaign_id = w.campaign AND s.complaint_id = w.id
            WHERE s.field NOT LIKE 'message%'
            """
        ) { row in (try row.read(UUID.self), (try row.read(SealedField.self), try row.read(Data.self))) }
        return Dictionary(grouping: rows, by: \.0).mapValues { Dictionary(uniqueKeysWithValues: $0.map(\.1)) }
    }

    /// The conversation about a complaint and those merged into it, in the order of recording; the latest 500 lines.
    public func messages(of records: [ComplaintRecord]) throws -> [UUID: [SealedMessage]] {
        var cases = Cases()
        var owners: [UUID: Set<UUID>] = [:]
        for record in records {
            for id in [record.complaint.id] + record.complaint.absorbed.map(\.complaint) {
                // One that belongs to several conversations is asked for once.
                if owners[id] == nil { cases.add(id, of: record.campaignID) }
                owners[id, default: []].insert(record.complaint.id)
            }
        }
        let found = try all(
            """
            SELECT ca.prefix, c.number, e.sequence, coalesce(e.on_behalf_of, e.actor_kind), e.effective_on,
                   e.recorded_at, c.id, c.key_id, s.sealed
            FROM unnest(\(cases.campaigns)::bigint[], \(cases.ids)::uuid[]) AS w(campaign, id)
            JOIN campaign ca ON ca.id = w.campaign
            JOIN complaint c ON c.campaign_id = w.campaign AND c.id = w.id AND c.data_state = 'active'
            CROSS JOIN LATERAL (
                SELECT field, sealed FROM complaint_sealed
                WHERE campaign_id = w.campaign AND complaint_id = w.id AND field LIKE 'message%'
                ORDER BY substr(field, 9)::integer DESC LIMIT 500) s
            JOIN event e ON e.campaign_id = w.campaign AND e.case_id = w.id
                 AND e.sequence = substr(s.field, 9)::integer
            """, as: SealedMessage.init(row:))
        var conversations: [UUID: [SealedMessage]] = [:]
        for message in found {
            for owner in owners[message.complaint] ?? [] { conversations[owner, default: []].append(message) }
        }
        return conversations.mapValues { messages in
            Array(
                messages.sorted { ($0.recordedAt, $1.reference.number) < ($1.recordedAt, $0.reference.number) }.suffix(
                    500))
        }
    }

    /// What was written for the complainant to read after a step, oldest first.
    public func outwardNotes(of record: ComplaintRecord, after sequence: Int = 0) throws -> [OutwardNote] {
        try all(
            """
            SELECT e.effective_on, n.text FROM note n JOIN event e USING (campaign_id, case_id, sequence)
            WHERE n.campaign_id = \(record.campaignID) AND n.case_id = \(record.complaint.id)
              AND n.audience = 'complainant' AND n.sequence > \(sequence)
            ORDER BY n.sequence LIMIT 200
            """
        ) { row in OutwardNote(on: try row.read(), text: try row.read()) }
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
    public var passphrase: String?
    public var controlText: String?
    /// Whether the key is gone: nothing can be opened any more, anywhere.
    public var isErased = false
    /// Whether the keys could not be reached this time.
    public var isUnavailable = false

    public init() {}
}

extension CaseKeys {
    /// Opens what is sealed about a complaint.
    ///
    /// - Throws: `PostgresError`, or ``DamagedSeal`` where something was tampered with.
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
            case .passphrase: opened.passphrase = text
            case .controlText: opened.controlText = text
            case .message, .evidenceName, .evidence, .webhookSecret: break
            }
        }
        return opened
    }

    /// Opens messages, each with the key of its own complaint.
    ///
    /// - Throws: `PostgresError`, or ``DamagedSeal`` where something was tampered with.
    public nonisolated func open(_ messages: [SealedMessage]) async throws -> [OpenedMessage] {
        guard !messages.isEmpty else { return [] }
        var keys: [UUID: CaseKey] = [:]
        for id in Set(messages.compactMap(\.keyID)) { keys[id] = try await key(id) }
        return try messages.map { message in
            let text = try message.keyID.flatMap { keys[$0] }?.open(
                message.sealed, field: .message(event: message.event), of: message.complaint)
            return OpenedMessage(message: message, text: text)
        }
    }

    /// The key of a complaint, to seal something more; `nil` once it was erased.
    public nonisolated func key(of record: ComplaintRecord) async throws -> CaseKey? {
        guard let id = record.keyID else { return nil }
        return try await key(id)
    }
}
