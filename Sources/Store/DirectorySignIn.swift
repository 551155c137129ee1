public import Foundation
import Postgres

extension SignIn {
    /// Begins a session for someone whom the authority's directory has shown.
    ///
    /// The first time, the directory's own name for the person is bound to the officer of that name; from then on it alone
    /// decides.
    ///
    /// - Parameters:
    ///   - name: What the directory calls the officer.
    ///   - subject: The directory's own name for the person, which never changes.
    ///   - issuer: The directory.
    ///   - token: What it was shown by; each opens one session.
    ///   - expiry: Until when the token holds.
    ///   - now: The moment.
    /// - Returns: The session, with its token.
    /// - Throws: ``SignInError/wrong``, or `PostgresError`.
    public func begin(
        shownAs name: String, _ subject: String, by issuer: String, _ token: String, until expiry: Date, at now: Date
    ) async throws -> Session {
        try await databases.work.transaction { [limits] db in
            try db.run("DELETE FROM directory_token WHERE expires_at < \(now)")
            let isNew = try db.run(
                """
                INSERT INTO directory_token (hash, expires_at) VALUES (\(sha256(token)), \(expiry))
                ON CONFLICT (hash) DO NOTHING
                """)
            guard isNew == 1 else { throw SignInError.wrong }
            guard let officer = try db.officer(boundTo: subject, of: issuer, orNamed: name, at: now) else {
                throw SignInError.wrong
            }
            guard try !db.officer(named: officer).isDisabled else { throw SignInError.wrong }
            return try db.beginSession(of: officer, limits, isKnown: true, at: now)
        }
    }
}

extension Connection {
    /// The name of the officer that is bound, or is bound now.
    fileprivate func officer(
        boundTo subject: String, of issuer: String, orNamed name: String, at now: Date
    ) throws -> String? {
        let bound = try first(
            """
            SELECT o.name FROM officer_directory d JOIN officer o ON o.id = d.officer_id
            WHERE d.issuer = \(issuer) AND d.subject = \(subject)
            """
        ) { row in try row.read(String.self) }
        if let bound { return bound }
        let isBound = try run(
            """
            INSERT INTO officer_directory (issuer, subject, officer_id, bound_at)
            SELECT \(issuer), \(subject), id, \(now) FROM officer WHERE name = \(name) AND disabled_at IS NULL
            ON CONFLICT DO NOTHING
            """)
        return isBound == 1 ? name : nil
    }
}
