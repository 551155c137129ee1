import Casework
import Crypto
public import Foundation
import Postgres
import Transparency

/// An event as the log commits to it.
///
/// A leaf holds no more than a salted digest: who has the event and its salt can check it, who has the leaf alone learns
/// nothing. The form is in Migrations/README.md; changing it needs a new `entryPrefix`.
public struct LoggedEvent: Sendable {
    /// Bytes of salt before the event in a ``preimage``.
    public static let saltLength = 16
    static let entryPrefix = Data("rectify event v1\n".utf8)

    let campaignID: Int
    let caseID: UUID
    let sequence: Int
    /// RFC 3339 in UTC, to the microsecond.
    let recordedAt: String
    let salt: Data
    let noteDigest: Data?
    /// Whether the words are still there.
    let hasNote: Bool
    private let document: JSON

    static let columns: SQL = """
        e.campaign_id, e.case_id, e.sequence,
        to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded_text, e.salt,
        n.salt, n.audience, n.text, c.code, e.case_kind, e.actor_kind, e.actor_role, e.actor_id, e.on_behalf_of, e.action,
        e.details::text, e.changes::text, e.effective_on, e.schema_version
        """

    static let tables: SQL = """
        event e JOIN campaign c ON c.id = e.campaign_id LEFT JOIN note n USING (campaign_id, case_id, sequence)
        """

    /// Reads the ``columns``.
    ///
    /// - Parameters:
    ///   - row: The row.
    ///   - kept: The digest of a note that was erased meanwhile.
    /// - Throws: `PostgresError`.
    init(row: inout Row, noteDigest kept: Data? = nil) throws {
        campaignID = try row.read()
        caseID = try row.read()
        sequence = try row.read()
        recordedAt = try row.read()
        salt = try row.read()
        let (noteSalt, audience): (Data?, String?) = (try row.read(), try row.read())
        let note = Self.digest(of: try row.read(), for: audience, noteSalt)
        hasNote = note != nil
        noteDigest = note ?? kept
        let (code, kind): (String, String) = (try row.read(), try row.read())
        let actor: JSON = .object([
            "kind": .string(try row.read()), "role": .string(try row.read()),
            "id": Self.text(try row.read(UUID?.self).map { [salt] in Self.digest(of: $0, salt) }),
        ])
        let members: [String: JSON] = [
            "actor": actor, "campaign": .string(code), "case": .string(caseID.text), "case_kind": .string(kind),
            "note": Self.text(noteDigest.map(hexadecimal)), "on_behalf_of": Self.text(try row.read(String?.self)),
            "recorded_at": .string(recordedAt), "sequence": .int(sequence), "action": .string(try row.read()),
            "details": Self.json(try row.read()), "changes": Self.json(try row.read()),
            "effective_on": .string(try row.read(Day.self).description), "schema": .int(try row.read()),
        ]
        document = .object(members)
    }

    private static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

    /// What is deeper than anything we write is no event of ours, and must not keep an audit from the others.
    private static func json(_ text: String) -> JSON {
        // Such a text has another digest than was signed, and the audit says so.
        (try? JSON(parsing: text.utf8)) ?? .string(text)
    }

    private static func digest(of note: String?, for audience: String?, _ salt: Data?) -> Data? {
        guard let note, let audience, let salt else { return nil }
        return Data(SHA256.hash(data: salt + Data("\(audience)\n\(note)".utf8)))
    }

    /// Who did it, for those who know the id: a receipt goes to people who need not know it.
    private static func digest(of actor: UUID, _ salt: Data) -> String {
        hexadecimal(Data(SHA256.hash(data: salt + Data(actor.text.utf8))))
    }

    /// What the leaf is worked out from: the salt, and the event as canonical JSON.
    public var preimage: Data { salt + Data(document.canonicalText.utf8) }

    var leafHash: Data { MerkleTree.leafHash(Self.entry(of: preimage)) }

    /// What a leaf holds.
    ///
    /// - Parameter preimage: As ``preimage``, which a proof carries.
    /// - Returns: A prefix that names the form, and the digest.
    public static func entry(of preimage: Data) -> Data { entryPrefix + SHA256.hash(data: preimage) }

    /// Whether it comes before another in the log.
    func precedes(_ other: LoggedEvent) -> Bool {
        (recordedAt, caseID.text, sequence) < (other.recordedAt, other.caseID.text, other.sequence)
    }
}
