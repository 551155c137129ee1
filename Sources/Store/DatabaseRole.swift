public import Casework
public import Foundation
public import Postgres

/// The roles of PostgreSQL under which the server's connections work; what each may do is in migration 0025.
public enum DatabaseRole: String, Sendable, CaseIterable {
    case staff = "rectify_staff"
    case intake = "rectify_intake"
    case party = "rectify_party"
    case report = "rectify_report"
    case keys = "rectify_keys"

    /// Owns the tables; no connection of the server's takes it on.
    public static let owner = "rectify_owner"
    /// The login of an embedded server, which has no rights but to take on the roles.
    public static let embeddedLogin = "rectify_server"

    /// Makes the roles that are missing, by the script that administrators run elsewhere.
    ///
    /// - Parameters:
    ///   - script: `roles/roles.sql`.
    ///   - login: A login to be made a member of all, too.
    ///   - database: Of the server whose roles they are, as someone who may make roles.
    /// - Throws: `PostgresError`.
    public static func prepare(_ script: URL, login: String? = nil, in database: Database) async throws {
        var text = try String(contentsOf: script, encoding: .utf8)
        if let login {
            text += """
                DO $$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(login)') THEN
                        CREATE ROLE \(login) LOGIN NOINHERIT;
                    END IF;
                END $$;
                GRANT \(allCases.map(\.rawValue).joined(separator: ", ")) TO \(login);
                """
        }
        let whole = text
        try await database.withConnection { db in try db.run(script: whole) }
    }
}

/// For whom a transaction works: the database holds rows against it.
public enum Standing: Sendable {
    /// Cases of these offices alone can be changed; `nil` is all of them.
    case offices(Set<String>?)
    /// What was forwarded to this company, its barriers and its orders.
    case company(String)
    /// What this filer has filed.
    case filer(UUID)

    /// The server's own work, and the complainants' with their codes.
    public static let system = Standing.offices(nil)

    fileprivate var setting: TransactionSetting {
        switch self {
        case .offices(let codes):
            TransactionSetting("rectify.offices", codes.map { $0.sorted().joined(separator: ",") } ?? "*")
        case .company(let code): TransactionSetting("rectify.company", code)
        case .filer(let id): TransactionSetting("rectify.filer", id.text)
        }
    }
}

extension Actor {
    /// What the actor's offices let be changed.
    public var standing: Standing { .offices(offices) }
}

extension CompanyBearer {
    public var standing: Standing { .company(company) }
}

extension FilerBearer {
    public var standing: Standing { .filer(filer) }
}

extension Databases {
    /// Reads for a company or a filer as the database lets it, for everyone else as the staff reads.
    public func lookUp<Value: Sendable>(
        as party: Standing?, _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        guard let party else { return try await work.transaction(.readOnly, body) }
        return try await parties.transaction(.readOnly, as: party, body)
    }
}

extension Database {
    /// Runs `body` in a transaction that works for someone; see ``Database/transaction(_:with:_:)``.
    public func transaction<Value: Sendable>(
        _ mode: TransactionMode = .readWrite, as standing: Standing,
        _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        try await transaction(mode, with: [standing.setting], body)
    }
}

extension Connection {
    /// Lets this transaction give a case to another office; whether it may was asked when the case was still its own.
    func reach(office: String) throws {
        try run(
            """
            SELECT set_config('rectify.offices', CASE WHEN current_setting('rectify.offices', true) = '*' THEN '*'
                ELSE concat_ws(',', nullif(current_setting('rectify.offices', true), ''), \(office)::text) END, true)
            """)
    }
}
