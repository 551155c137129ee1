public import Casework
public import Foundation
public import Postgres

/// Someone at a company, known by a key.
public struct CompanyBearer: Sendable {
    /// What a key may be used for.
    public enum Scope: String, Sendable, CaseIterable, Codable, PostgresValue {
        case read
        case respond
        case undertake
        case claim
    }

    public let keyID: UUID
    public let company: String
    public let keyName: String
    public let scopes: Set<Scope>

    public var actor: Actor { Actor(.company, id: keyID) }
}

extension Connection {
    /// Makes a key; the secret is given back once and not kept.
    ///
    /// - Throws: ``AccessKeyError/unknownCompany(_:)``, or `PostgresError`.
    public func issueKey(
        to company: String, named name: String, scopes: Set<CompanyBearer.Scope>, lasting days: Int, at now: Date
    ) throws -> IssuedToken {
        try AccessKeyError.check(name: name)
        let token = IssuedToken(prefix: "rck_", lasting: days, at: now)
        do {
            try run(
                """
                INSERT INTO company_key (id, company, name, hash, scopes, created_at, expires_at)
                VALUES (\(token.id), \(company), \(name), \(sha256(token.secret)),
                        \(scopes.map(\.rawValue).sorted()), \(now), \(token.expiresAt))
                """)
        } catch {
            guard error.state == "23503" else { throw error }
            throw AccessKeyError.unknownCompany(company)
        }
        return token
    }

    public func companyKeys() throws -> [AccessKey] {
        try all(
            """
            SELECT id, company, name, scopes, expires_at, revoked_at IS NOT NULL, last_used_on
            FROM company_key ORDER BY company, created_at
            """, as: AccessKey.init(row:))
    }

    /// - Throws: ``AccessKeyError/unknownKey(_:)``, or `PostgresError`.
    public func revokeKey(_ id: UUID, at now: Date) throws {
        let ended = try run("UPDATE company_key SET revoked_at = coalesce(revoked_at, \(now)) WHERE id = \(id)")
        guard ended == 1 else { throw AccessKeyError.unknownKey("\(id)") }
    }

    /// Whose keys these are, as far as they are good at the database's time.
    public func companies(bearing keys: [TokenHash]) throws -> [TokenHash: CompanyBearer] {
        let rows = try all(
            """
            SELECT hash, id, company, name, scopes FROM company_key
            WHERE hash = ANY(\(keys.map(\.bytes))) AND revoked_at IS NULL AND expires_at > now()
            """
        ) { row in
            (
                TokenHash(bytes: try row.read()),
                CompanyBearer(
                    keyID: try row.read(), company: try row.read(), keyName: try row.read(),
                    scopes: Set(try row.read([CompanyBearer.Scope].self)))
            )
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Notes the day on which a key was used last.
    public func noteUse(of key: UUID, on day: Day) throws {
        try run(
            """
            UPDATE company_key SET last_used_on = \(day)
            WHERE id = \(key) AND (last_used_on IS NULL OR last_used_on < \(day))
            """)
    }
}
