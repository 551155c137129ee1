public import Casework
import Crypto
public import Foundation
public import Postgres

/// A member of the authority's staff, with what they may do today.
public struct Officer: Sendable, Equatable {
    public let id: UUID
    public let name: String
    public let office: String
    public let role: Role
    /// All offices the officer works for today.
    public let offices: Set<String>
    public let isDisabled: Bool

    /// In the central office, someone may change every case.
    public var actor: Actor { Actor(role, id: id, offices: scope) }

    /// The offices whose cases the officer may change; `nil` is all.
    public var scope: Set<String>? { offices.contains(Office.central) ? nil : offices }
}

/// An officer who has sent a token.
public struct OfficerBearer: Sendable {
    public let officer: Officer
    public let tokenID: UUID
    /// Whether it is a session whose use was last noted over a minute ago.
    public let hasToBeNoted: Bool
    /// Whether nothing may be done but setting another password.
    public let mustChangePassword: Bool
}

/// Why officers cannot be changed so.
public enum OfficerError: Error, Equatable, CustomStringConvertible {
    case nameTaken(String)
    case unknown(String)
    case disabled(String)
    case badName
    /// It is one of the words that filters, commands and history use.
    case reservedName(String)
    /// It looks like the name of another officer.
    case nameLooksLike(String, other: String)
    case unknownOffice(String)
    case notInOffice(String, String)

    public var description: String {
        switch self {
        case .nameTaken(let name):
            "there is an officer called \(name) already; for another token: rectify officer token \(name)"
        case .unknown(let name): "there is no officer called \(name); see: rectify officer list"
        case .disabled(let name): "\(name) is disabled and can have no token"
        case .unknownOffice(let code): "there is no office \(code); see: rectify office list"
        case .notInOffice(let name, let office): "\(name) does not work for the office \(office)"
        case .reservedName(let name):
            "“\(name)” is a word that filters, commands and history use; choose another name"
        case .nameLooksLike(let name, let other):
            "\(name) looks like \(other), which is an officer's name already (0 and o, 1 and l); choose another name"
        case .badName: "a name is one to forty lower-case letters, digits, “.”, “_” or “-”, beginning with a letter"
        }
    }
}

extension Connection {
    /// - Throws: ``OfficerError``, or `PostgresError`.
    public func addOfficer(
        named name: String, role: Role, office: String = Office.central, at now: Date
    ) throws -> Officer {
        try checkName(name)
        let id = UUID.v7(at: now)
        do {
            try run("INSERT INTO officer (id, name, created_at) VALUES (\(id), \(name), \(now))")
        } catch {
            switch error.constraint {
            case "officer_name_is_unique": throw OfficerError.nameTaken(name)
            case "officer_name_is_short": throw OfficerError.badName
            default: throw error
            }
        }
        try grant(role, in: office, to: id)
        return try officer(named: name)
    }

    /// Looks whether a name can be taken for a word or for another officer's name.
    ///
    /// - Throws: ``OfficerError``, or `PostgresError`.
    private func checkName(_ name: String) throws {
        guard !OfficerName.reserved.contains(name.folded) else { throw OfficerError.reservedName(name) }
        // One at a time: two names that look alike could be added at once, and each transaction would not see the other.
        try run("SELECT FROM officer ORDER BY id LIMIT 1 FOR NO KEY UPDATE")
        let likeness = OfficerName.likeness(of: name)
        let names = try all("SELECT name FROM officer") { row in try row.read(String.self) }
        if let other = names.first(where: { $0 != name && OfficerName.likeness(of: $0) == likeness }) {
            throw OfficerError.nameLooksLike(name, other: other)
        }
    }

    /// Gives an officer a role in an office, from today on.
    ///
    /// Someone has one role, in one office or several: another role held before ends.
    ///
    /// - Throws: ``OfficerError``, or `PostgresError`.
    public func grant(_ role: Role, in office: String, toOfficerNamed name: String) throws {
        try grant(role, in: office, to: try officer(named: name).id)
    }

    /// Ends the officer's work for an office, from now on.
    ///
    /// - Throws: ``OfficerError``, or `PostgresError`.
    public func revoke(office: String, fromOfficerNamed name: String) throws {
        let officer = try officer(named: name)
        let ended = try run(
            """
            UPDATE officer_role SET valid_to = greatest(valid_from, current_date)
            WHERE officer_id = \(officer.id) AND office = \(office) AND valid_to IS NULL
            """)
        guard ended > 0 else { throw OfficerError.notInOffice(name, office) }
    }

    private func grant(_ role: Role, in office: String, to officer: UUID) throws {
        guard try offices().contains(where: { $0.code == office }) else { throw OfficerError.unknownOffice(office) }
        try run(
            """
            UPDATE officer_role SET valid_to = greatest(valid_from, current_date)
            WHERE officer_id = \(officer) AND valid_to IS NULL AND role <> \(role)
            """)
        try run(
            """
            INSERT INTO officer_role (officer_id, office, role, valid_from)
            VALUES (\(officer), \(office), \(role), current_date)
            ON CONFLICT (officer_id, office, role, valid_from) DO UPDATE SET valid_to = NULL
            """)
    }

    public func officers() throws -> [Officer] {
        try all("\(officerQuery()) ORDER BY o.name", as: Officer.init(row:))
    }

    /// - Throws: ``OfficerError/unknown(_:)``, or `PostgresError`.
    public func officer(named name: String) throws -> Officer {
        guard let officer = try first("\(officerQuery()) WHERE o.name = \(name)", as: Officer.init(row:)) else {
            throw OfficerError.unknown(name)
        }
        return officer
    }

    /// Ends the officer's rights at the next request, and all tokens.
    ///
    /// - Throws: ``OfficerError/unknown(_:)``, or `PostgresError`.
    public func disableOfficer(named name: String, at now: Date) throws {
        let officer = try officer(named: name)
        try run("UPDATE officer SET disabled_at = \(now) WHERE id = \(officer.id) AND disabled_at IS NULL")
        try run(
            "UPDATE officer_token SET revoked_at = \(now) WHERE officer_id = \(officer.id) AND revoked_at IS NULL")
    }

    /// - Throws: ``OfficerError/unknown(_:)``, or `PostgresError`.
    public func issueToken(toOfficerNamed name: String, lasting days: Int, at now: Date) throws -> IssuedToken {
        let officer = try officer(named: name)
        guard !officer.isDisabled else { throw OfficerError.disabled(name) }
        let token = IssuedToken(prefix: "rct_", lasting: days, at: now)
        try run(
            """
            INSERT INTO officer_token (id, officer_id, hash, created_at, expires_at)
            VALUES (\(token.id), \(officer.id), \(sha256(token.secret)), \(now), \(token.expiresAt))
            """)
        return token
    }

    /// Whose tokens these are, as far as they are good at the database's time.
    public func officers(bearing tokens: [TokenHash]) throws -> [TokenHash: OfficerBearer] {
        let more: SQL = ", t.hash, t.id, t.used_at < now() - interval '1 minute', coalesce(p.must_change, false)"
        let rows = try all(
            """
            \(officerQuery(besides: more))
            JOIN officer_token t ON t.officer_id = o.id
            LEFT JOIN officer_password p ON p.officer_id = o.id AND t.idle_seconds IS NOT NULL
            WHERE t.hash = ANY(\(tokens.map(\.bytes))) AND t.revoked_at IS NULL AND t.expires_at > now()
              AND (t.idle_seconds IS NULL OR t.used_at > now() - make_interval(secs => t.idle_seconds))
              AND o.disabled_at IS NULL AND r.role IS NOT NULL
            """
        ) { row in
            let officer = try Officer(row: &row)
            let hash = TokenHash(bytes: try row.read())
            let id: UUID = try row.read()
            let isDue: Bool? = try row.read()
            let bearer = OfficerBearer(
                officer: officer, tokenID: id, hasToBeNoted: isDue ?? false, mustChangePassword: try row.read())
            return (hash, bearer)
        }
        return Dictionary(rows) { first, _ in first }
    }

    public func revokeToken(_ secret: String) throws {
        try run("UPDATE officer_token SET revoked_at = now() WHERE hash = \(sha256(secret)) AND revoked_at IS NULL")
    }

    /// The role that holds today; where someone holds several, the one that may do most casework.
    private func officerQuery(besides more: SQL = "") -> SQL {
        """
        SELECT o.id, o.name, coalesce(r.office, ''), coalesce(r.role, 'auditor'), coalesce(r.offices, '{}'),
               o.disabled_at IS NOT NULL\(more)
        FROM officer o
        LEFT JOIN LATERAL (
            SELECT office, role, array_agg(office) OVER () AS offices FROM officer_role
            WHERE officer_id = o.id AND valid_from <= current_date AND (valid_to IS NULL OR valid_to > current_date)
            ORDER BY array_position(ARRAY['supervisor', 'officer', 'admin', 'auditor'], role)
            LIMIT 1
        ) r ON true
        """
    }
}

extension Officer {
    fileprivate init(row: inout Row) throws {
        self.init(
            id: try row.read(), name: try row.read(), office: try row.read(), role: try row.read(),
            offices: Set(try row.read([String].self)), isDisabled: try row.read())
    }
}

/// What a token is known by in the database.
public struct TokenHash: Hashable, Sendable {
    let bytes: Data

    public init(of token: String) { bytes = sha256(token) }

    init(bytes: Data) { self.bytes = bytes }
}

/// What is stored of a secret of 128 bits or more.
func sha256(_ text: String) -> Data { sha256(Data(text.utf8)) }

func sha256(_ bytes: Data) -> Data { Data(SHA256.hash(data: bytes)) }

extension Data {
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
