import Casework
import Crypto
import Foundation
import Postgres

/// What a complainant filed, in a form in which the log of history commits to it.
///
/// The form is in Migrations/README.md; changing it needs a new ``prefix``.
struct FilingDigest {
    /// Members of an event's details that are for audits alone, and shown nowhere else.
    enum Member {
        static let filing = "filing_digest"
        static let sealed = "sealed_digest"
        static let message = "message_digest"
        static let number = "number"
    }

    /// Takes those members out of the details of an event `e`.
    static let shownDetails: SQL = "e.details - '{filing_digest,sealed_digest,message_digest,number}'::text[]"

    static let saltLength = 16
    private static let prefix = Data("rectify filing v1\n".utf8)

    var filing: Filing
    /// As it was filed, before anything happened to it.
    let complaint: Complaint
    let channel: Channel
    let filedBy: UUID?
    let trackingHash: Data
    let keyID: UUID?

    /// - Parameter salt: 16 random bytes, kept beside the complaint as long as its data are.
    /// - Returns: SHA-256 in hexadecimal digits.
    func text(_ salt: Data) -> String {
        var hash = SHA256()
        hash.update(data: Self.prefix)
        hash.update(data: salt)
        for part in parts {
            // A length before each text, so that no two lists of texts are the same bytes; none where there is no text.
            let bytes = part.map { Data($0.utf8) }
            let length = UInt32(bytes.map { $0.count + 1 } ?? 0)
            hash.update(data: withUnsafeBytes(of: length.bigEndian) { Data($0) })
            if let bytes { hash.update(data: bytes) }
        }
        return hexadecimal(Data(hash.finalize()))
    }

    private var parts: [String?] {
        let (respondent, target) = (complaint.respondent, complaint.target)
        return [
            complaint.kind.rawValue, complaint.receivedOn.description, complaint.category, complaint.scenario,
            respondent.platform, respondent.company, filing.respondentName, target.platform, target.company,
            target.host,
            target.paymentMethod, filing.methodName, filing.scene, filing.manner, filing.wrappedBy, filing.merchant,
            complaint.office, filing.narrative, filing.remedySought, filing.language, filing.occurredOn?.description,
            filing.appVersion, filing.os, filing.region, filing.accountType, filing.complainantKind, filing.ageBand,
            filing.disclosesIdentity ? "true" : "false", filing.publishesNarrative ? "true" : "false",
            filing.privacyNotice, channel.rawValue, filedBy?.text, filing.clientReference,
            trackingHash.base64EncodedString(),
            keyID?.text, filing.linkURL, filing.linkSite, filing.linkOddities.map(\.rawValue).joined(separator: " "),
            filing.suffixVersion,
        ]
    }

    /// Of the parts that are sealed, but messages: what they say is in no digest, only which bytes they are.
    ///
    /// - Parameter parts: What is sealed, by the name of its field.
    /// - Returns: SHA-256 in hexadecimal digits.
    static func text(ofSealed parts: [(SealedField, Data)]) -> String {
        var hash = SHA256()
        for (field, sealed) in parts.map({ ($0.rawValue, $1) }).sorted(by: { $0.0 < $1.0 }) {
            hash.update(data: Data((field + "\n").utf8))
            hash.update(data: Data(SHA256.hash(data: sealed)))
        }
        return hexadecimal(Data(hash.finalize()))
    }
}

extension Connection {
    /// What was filed about a complaint, with the salt of its digest.
    ///
    /// - Returns: `nil` where there is no such complaint, or it was filed before there were digests.
    func filingDigest(of record: ComplaintRecord) throws -> FilingDigest? {
        try filingDigests(of: [record])[record.complaint.id]?.digest
    }

    /// The same of several complaints of one campaign, those without a salt left out.
    func filingDigests(of records: [ComplaintRecord]) throws -> [UUID: (digest: FilingDigest, salt: Data)] {
        guard let campaign = records.first?.campaignID else { return [:] }
        let byID = Dictionary(records.map { ($0.complaint.id, $0) }) { first, _ in first }
        let rows = try all(
            """
            SELECT c.id, c.filing_salt, c.filed_by, c.tracking_hash, i.category, i.scenario, i.respondent_platform,
                   i.respondent_company, i.target_platform, i.target_company, i.payment_method, i.office
            FROM complaint c JOIN complaint_interval i ON i.campaign_id = c.campaign_id AND i.complaint_id = c.id
                AND i.sequence = 1 AND i.written_by = 1
            WHERE c.campaign_id = \(campaign) AND c.id = ANY(\(Array(byID.keys))) AND c.filing_salt IS NOT NULL
            """
        ) { row in
            let (id, salt, filedBy): (UUID, Data, UUID?) = (try row.read(), try row.read(), try row.read())
            let trackingHash: Data = try row.read()
            guard let record = byID[id] else { throw PostgresError.unexpectedRow("a complaint that was not asked for") }
            var filed = Complaint(id: id, kind: record.complaint.kind, receivedOn: record.complaint.receivedOn)
            (filed.category, filed.scenario) = (try row.read(), try row.read())
            filed.respondent = Complaint.Party(platform: try row.read(), company: try row.read())
            filed.target = Complaint.Target(
                platform: try row.read(), company: try row.read(), host: record.complaint.target.host,
                paymentMethod: try row.read())
            filed.office = try row.read()
            let digest = FilingDigest(
                filing: record.filing, complaint: filed, channel: record.channel, filedBy: filedBy,
                trackingHash: trackingHash, keyID: record.keyID)
            return (id, (digest, salt))
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// What is sealed about a complaint but its messages and files.
    func sealedParts(of record: ComplaintRecord) throws -> [(SealedField, Data)] {
        try sealedFields(of: Cases([record]))[record.complaint.id, default: [:]].map { ($0.key, $0.value) }
    }

    /// Keeps the salt under which the digest in the latest event was made.
    func save(filingSalt salt: Data, of record: ComplaintRecord) throws {
        try run(
            """
            UPDATE complaint SET filing_salt = \(salt)
            WHERE campaign_id = \(record.campaignID) AND id = \(record.complaint.id)
            """)
    }
}
