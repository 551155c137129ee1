public import Casework
public import Foundation
public import Postgres

/// An organisation that files for many, known by a key.
public struct FilerBearer: Sendable {
    /// What a key may be used for.
    public enum Scope: String, Sendable, CaseIterable, Codable, PostgresValue {
        case file
        /// May say that a filing came earlier than today.
        case history
        /// May send whole files of filings.
        case `import`
        /// May set where the organisation is told what becomes of its filings.
        case webhook
    }

    public let keyID: UUID
    /// Of the organisation, whatever key it uses.
    public let filer: UUID
    public let name: String
    public let scopes: Set<Scope>

    public var actor: Actor { Actor(.filer, id: filer) }
}

extension Connection {
    /// Makes a key of a filer, who becomes known by the first; the secret is given back once and not kept.
    ///
    /// - Throws: ``AccessKeyError/badName``, or `PostgresError`.
    public func issueKey(
        toFiler name: String, scopes: Set<FilerBearer.Scope>, lasting days: Int, at now: Date
    ) throws -> IssuedToken {
        try AccessKeyError.check(name: name)
        try run(
            """
            INSERT INTO filer (id, name, created_at) VALUES (\(UUID.v7(at: now)), \(name), \(now))
            ON CONFLICT (name) DO NOTHING
            """)
        let token = IssuedToken(prefix: "rfk_", lasting: days, at: now)
        try run(
            """
            INSERT INTO filer_key (id, filer_id, hash, scopes, created_at, expires_at)
            SELECT \(token.id), id, \(sha256(token.secret)), \(scopes.map(\.rawValue).sorted()), \(now),
                   \(token.expiresAt)
            FROM filer WHERE name = \(name)
            """)
        return token
    }

    public func filerKeys() throws -> [AccessKey] {
        try all(
            """
            SELECT k.id, f.name, NULL, k.scopes, k.expires_at, k.revoked_at IS NOT NULL, k.last_used_on
            FROM filer_key k JOIN filer f ON f.id = k.filer_id ORDER BY f.name, k.created_at
            """, as: AccessKey.init(row:))
    }

    /// - Throws: ``AccessKeyError/unknownKey(_:)``, or `PostgresError`.
    public func revokeFilerKey(_ id: UUID, at now: Date) throws {
        let ended = try run("UPDATE filer_key SET revoked_at = coalesce(revoked_at, \(now)) WHERE id = \(id)")
        guard ended == 1 else { throw AccessKeyError.unknownKey("\(id)") }
    }

    /// Whose keys these are, as far as they are good at the database's time.
    public func filers(bearing keys: [TokenHash]) throws -> [TokenHash: FilerBearer] {
        let rows = try all(
            """
            SELECT k.hash, k.id, f.id, f.name, k.scopes
            FROM filer_key k JOIN filer f ON f.id = k.filer_id
            WHERE k.hash = ANY(\(keys.map(\.bytes))) AND k.revoked_at IS NULL AND k.expires_at > now()
            """
        ) { row in
            (
                TokenHash(bytes: try row.read()),
                FilerBearer(
                    keyID: try row.read(), filer: try row.read(), name: try row.read(),
                    scopes: Set(try row.read([FilerBearer.Scope].self)))
            )
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Notes the day on which a filer's key was used last.
    public func noteUse(ofFilerKey key: UUID, on day: Day) throws {
        try run(
            """
            UPDATE filer_key SET last_used_on = \(day)
            WHERE id = \(key) AND (last_used_on IS NULL OR last_used_on < \(day))
            """)
    }
}

/// A complaint as the organisation that filed it sees it in its list.
public struct FiledComplaint: Sendable {
    public let reference: Reference
    public let clientReference: String?
    public let status: Complaint.Status
    public let outcome: Complaint.Outcome?
    /// What is missing, where it waits for information.
    public let informationGap: String?
    public let answer: Complaint.Answer?
    /// The case that goes on, where it was merged.
    public let duplicateOf: UUID?
    public let receivedOn: Day
    public let changedAt: Date
}

extension Connection {
    /// What a filer has filed, newest first, below a number; or the one under a reference of its own.
    public func complaints(
        filedBy filer: UUID, campaign: Int, prefix: String, own reference: String?, below number: Int?, limit: Int
    ) throws -> [FiledComplaint] {
        // Spelled out, so that the index of own references is seen to fit.
        let one: SQL = reference.map { "AND client_reference = \($0)" } ?? ""
        return try all(
            """
            SELECT number, client_reference, status, outcome, information_gap, answer, duplicate_of, received_on,
                   changed_at
            FROM complaint
            WHERE campaign_id = \(campaign) AND filed_by = \(filer) AND channel = 'filer'
              AND number < \(number ?? Int.max) \(one)
            ORDER BY number DESC LIMIT \(limit)
            """
        ) { row in
            FiledComplaint(
                reference: Reference(prefix: prefix, number: try row.read()), clientReference: try row.read(),
                status: try row.read(), outcome: try row.read(), informationGap: try row.read(),
                answer: try row.read(), duplicateOf: try row.read(), receivedOn: try row.read(),
                changedAt: try row.read())
        }
    }
}
