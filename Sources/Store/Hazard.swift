import Postgres

/// What makes a deployment unsafe; a server does not start with it unless it was accepted by its name.
public enum Hazard: String, Sendable, CaseIterable {
    case fsyncOff = "fsync_off"
    case fullPageWritesOff = "full_page_writes_off"
    case asynchronousCommit = "asynchronous_commit"
    case noChecksums = "no_checksums"
    case privilegedLogin = "privileged_login"
    case openWithoutTLS = "open_without_tls"

    /// What can come of it.
    public var meaning: String {
        switch self {
        case .fsyncOff: "fsync is off: after a power cut the whole database may be lost"
        case .fullPageWritesOff: "full_page_writes is off: after a power cut pages may be half written"
        case .asynchronousCommit: "synchronous_commit is off: filings that were acknowledged may be lost"
        case .noChecksums: "data checksums are off: a disk that errs is not noticed (pg_checksums --enable)"
        case .privilegedLogin:
            "the login may pass by what the database refuses (superuser, BYPASSRLS or a member of rectify_owner)"
        case .openWithoutTLS:
            "others reach this address without TLS and without a proxy that is named: tokens and identities pass in the clear"
        }
    }
}

extension Databases {
    /// What is unsafe about the servers of the two databases, and the logins used there.
    ///
    /// - Throws: `PostgresError`.
    public func hazards() async throws -> Set<Hazard> {
        let first = try await health.withConnection { db in try db.hazards() }
        return first.union(try await keys.withConnection { db in try db.hazards() })
    }
}

extension Connection {
    fileprivate func hazards() throws -> Set<Hazard> {
        let found = try first(
            """
            SELECT current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean,
                   current_setting('synchronous_commit') <> 'off', current_setting('data_checksums')::boolean,
                   NOT EXISTS (
                       SELECT FROM pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls
                           OR pg_has_role(session_user, \(DatabaseRole.owner), 'MEMBER')))
            """
        ) { row in try (0..<5).map { _ in try row.read(Bool.self) } }
        let hazards: [Hazard] = [.fsyncOff, .fullPageWritesOff, .asynchronousCommit, .noChecksums, .privilegedLogin]
        guard let found else { return Set(hazards) }
        return Set(zip(hazards, found).filter { !$0.1 }.map(\.0))
    }
}
