public import Casework
import Crypto
public import Foundation
public import Postgres

/// A telephone number or mail address that someone gives.
public enum Contact: Sendable {
    case phone(String)
    case email(String)

    /// As it is compared; `nil` where nothing of it is left.
    fileprivate var normalised: (kind: String, value: String)? {
        switch self {
        case .phone(let text): Identity(phone: text).phoneKey.map { ("phone", $0) }
        case .email(let text): Identity(email: text).emailKey.map { ("email", $0) }
        }
    }

    fileprivate var field: String { if case .phone = self { "phone" } else { "email" } }

    fileprivate func isOf(_ identity: Identity) -> Bool {
        switch self {
        case .phone: identity.phoneKey == normalised?.value
        case .email: identity.emailKey == normalised?.value
        }
    }
}

extension CaseKeys {
    /// The complaints of a campaign that someone filed with this telephone number or mail address, latest first.
    ///
    /// They are found by a keyed digest, and each is opened to see whether it is so. That someone looked, and what was
    /// opened, is an event of the campaign; what was looked for is not in it.
    ///
    /// - Parameters:
    ///   - contact: What is looked for.
    ///   - campaign: In which campaign.
    ///   - actor: Who looks.
    ///   - reason: Why.
    ///   - day: The day it is.
    ///   - database: Where the complaints are.
    /// - Returns: A hundred of them at the most.
    /// - Throws: `Refusal`, ``MomentError``, `PostgresError`, or `CryptoKitError`.
    public nonisolated func complaints(
        of contact: Contact, in campaign: Int, by actor: Actor, reason: String, on day: Day, _ database: Database
    ) async throws -> [ComplaintRecord] {
        guard let (kind, value) = contact.normalised else {
            throw Refusal.invalid(field: contact.field, reason: "holds nothing that could be looked for")
        }
        let digest = contactDigest(of: value, kind: kind, key: named.contactIndex)
        let found = try await database.transaction(as: actor.standing) { db in
            let records = try db.complaints(withContact: digest, kind: kind, campaign: campaign)
            try db.recordSearch(in: campaign, opening: records, by: actor, reason: reason, on: day)
            return (records, try db.sealedFields(of: Cases(records)))
        }
        var matching: [ComplaintRecord] = []
        for record in found.0 {
            let sealed = (found.1[record.complaint.id] ?? [:]).filter { $0.key == .identity }
            let identity = try await open(sealed, of: record).identity
            if let identity, contact.isOf(identity) { matching.append(record) }
        }
        return matching
    }
}

/// That someone looked for a contact.
public struct ContactSearch: Sendable {
    /// Its place among the events of the campaign.
    public let sequence: Int
    public let officer: String
    public let at: Date
    public let reason: String?
    public let opened: [String]
}

extension Connection {
    /// Who looked for contacts in a campaign, latest first.
    ///
    /// - Parameters:
    ///   - campaign: In which campaign.
    ///   - sequence: Where the page before ended.
    ///   - limit: How many at the most.
    /// - Returns: The searches.
    /// - Throws: `PostgresError`.
    public func contactSearches(ofCampaign campaign: Int, before sequence: Int?, limit: Int) throws -> [ContactSearch] {
        try all(
            """
            SELECT e.sequence, coalesce(o.name, '–'), e.recorded_at, n.text, string_to_array(e.details ->> 'opened', ' ')
            FROM event e
            LEFT JOIN officer o ON o.id = e.actor_id
            LEFT JOIN note n ON n.campaign_id = e.campaign_id AND n.case_id = e.case_id AND n.sequence = e.sequence
            WHERE e.campaign_id = \(campaign) AND e.case_id = \(UUID(campaign: campaign))
              AND e.action = 'search_contact' AND e.sequence < \(sequence ?? Int(Int32.max))
            ORDER BY e.sequence DESC LIMIT \(limit)
            """
        ) { row in
            ContactSearch(
                sequence: try row.read(), officer: try row.read(), at: try row.read(), reason: try row.read(),
                opened: try row.read([String].self))
        }
    }

    fileprivate func complaints(withContact digest: Data, kind: String, campaign: Int) throws -> [ComplaintRecord] {
        try all(
            """
            SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables)
            WHERE c.campaign_id = \(campaign) AND c.data_state = 'active' AND c.id IN (
                SELECT complaint_id FROM contact_digest
                WHERE campaign_id = \(campaign) AND digest = \(digest) AND kind = \(kind))
            ORDER BY c.number DESC LIMIT 100
            """, as: ComplaintRecord.init(row:))
    }

    fileprivate func recordSearch(
        in campaign: Int, opening records: [ComplaintRecord], by actor: Actor, reason: String, on day: Day
    ) throws {
        try run("SELECT FROM campaign WHERE id = \(campaign) FOR NO KEY UPDATE")
        let event = Event(
            actor: actor, action: "search_contact",
            details: ["opened": records.map(\.reference.description).joined(separator: " ")], effectiveOn: day)
        try record(
            event, on: UUID(campaign: campaign), .campaign, campaign: campaign,
            sequence: try nextSequence(ofCampaign: campaign), at: try recordingMoment(), note: Note(text: reason))
    }
}

/// What a contact is found by, without telling it: only the holder of `key` can make it.
func contactDigest(of value: String, kind: String, key: SymmetricKey) -> Data {
    let code = HMAC<SHA256>.authenticationCode(for: Data("\(kind)|\(value)".utf8), using: key)
    return Data(code.prefix(16))
}
