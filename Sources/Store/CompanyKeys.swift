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

/// A key of a company, as it is listed: never the secret.
public struct CompanyKey: Sendable {
    public let id: UUID
    public let company: String
    public let name: String
    public let scopes: [CompanyBearer.Scope]
    public let expiresAt: Date
    public let isRevoked: Bool
    public let lastUsedOn: Day?
}

/// Why a company's key cannot be made or ended.
public enum CompanyKeyError: Error, Equatable, CustomStringConvertible {
    case unknownCompany(String)
    case unknownKey(String)
    case badName

    public var description: String {
        switch self {
        case .unknownCompany(let code): "there is no company \(code) in the registry"
        case .badName: "a name is one to forty lower-case letters, digits, “.”, “_” or “-”, beginning with a letter"
        case .unknownKey(let id): "there is no such key: \(id); see: rectify company-key list"
        }
    }
}

extension Connection {
    /// Makes a key; the secret is given back once and not kept.
    ///
    /// - Throws: ``CompanyKeyError/unknownCompany(_:)``, or `PostgresError`.
    public func issueKey(
        to company: String, named name: String, scopes: Set<CompanyBearer.Scope>, lasting days: Int, at now: Date
    ) throws -> IssuedToken {
        guard name.wholeMatch(of: /[a-z][a-z0-9_.\-]{0,39}/) != nil else { throw CompanyKeyError.badName }
        let token = IssuedToken(
            id: .v7(at: now), secret: "rck_" + Data(randomBytes(32)).base64URL,
            expiresAt: now.addingTimeInterval(Double(days) * 86_400))
        do {
            try run(
                """
                INSERT INTO company_key (id, company, name, hash, scopes, created_at, expires_at)
                VALUES (\(token.id), \(company), \(name), \(sha256(token.secret)),
                        \(scopes.map(\.rawValue).sorted()), \(now), \(token.expiresAt))
                """)
        } catch {
            guard error.state == "23503" else { throw error }
            throw CompanyKeyError.unknownCompany(company)
        }
        return token
    }

    public func companyKeys() throws -> [CompanyKey] {
        try all(
            """
            SELECT id, company, name, scopes, expires_at, revoked_at IS NOT NULL, last_used_on
            FROM company_key ORDER BY company, created_at
            """
        ) { row in
            CompanyKey(
                id: try row.read(), company: try row.read(), name: try row.read(), scopes: try row.read(),
                expiresAt: try row.read(), isRevoked: try row.read(), lastUsedOn: try row.read())
        }
    }

    /// - Throws: ``CompanyKeyError/unknownKey(_:)``, or `PostgresError`.
    public func revokeKey(_ id: UUID, at now: Date) throws {
        let ended = try run("UPDATE company_key SET revoked_at = coalesce(revoked_at, \(now)) WHERE id = \(id)")
        guard ended == 1 else { throw CompanyKeyError.unknownKey("\(id)") }
    }

    /// Whose key this is, if it is good at the database's time.
    public func company(bearing secret: String) throws -> CompanyBearer? {
        try first(
            """
            SELECT id, company, name, scopes FROM company_key
            WHERE hash = \(sha256(secret)) AND revoked_at IS NULL AND expires_at > now()
            """
        ) { row in
            CompanyBearer(
                keyID: try row.read(), company: try row.read(), keyName: try row.read(),
                scopes: Set(try row.read([CompanyBearer.Scope].self)))
        }
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
