import Crypto
public import Foundation
public import Postgres

/// Why nobody was signed in, or a password or a second factor was not set.
public enum SignInError: Error, Equatable {
    /// Name, password or code; nobody is told which.
    case wrong
    /// The password is right, and the second factor's code is missing.
    case codeNeeded
    /// The second factor is in use; it has to be taken away first.
    case hasSecondFactor
    /// There is no second factor to confirm or take away.
    case noSecondFactor
}

/// Lets officers sign in.
public struct SignIn: Sendable {
    /// How long a session lasts at the most, and without being used.
    public struct Limits: Sendable {
        public var seconds: Int
        public var idleSeconds: Int

        public init(seconds: Int = 12 * 3600, idleSeconds: Int = 3600) {
            self.seconds = seconds
            self.idleSeconds = idleSeconds
        }
    }

    /// A session that was begun.
    public struct Session: Sendable {
        public let token: IssuedToken
        public let officer: Officer
        public let mustChangePassword: Bool
        /// What makes this machine known at the next sign-in; `nil` where it was.
        public let device: String?
    }

    let databases: Databases
    let limits: Limits
    /// Passwords are hashed on a thread of their own, one after another, so that no report keeps a sign-in waiting; some
    /// five seconds' worth may wait.
    private let hasher: ComputePool
    /// What second factors' secrets are encrypted with.
    private let key: SymmetricKey

    public init(_ databases: Databases, _ keys: NamedKeys, limits: Limits = Limits()) {
        self.databases = databases
        self.limits = limits
        hasher = ComputePool(threads: 1, waiting: 19, niceness: 5)
        key = keys.secondFactor
    }

    /// Passwords hashed or compared since the beginning: the costly part of every attempt to sign in.
    public var passwordHashes: Int { hasher.state.done + hasher.state.waiting }

    /// Begins a session.
    ///
    /// Takes as long for a name that nobody has, or that has no password, as for any other.
    ///
    /// - Parameters:
    ///   - name: The officer's.
    ///   - password: The officer's.
    ///   - code: Of the second factor, where there is one.
    ///   - isKnown: Whether the officer has signed in from this machine before.
    ///   - now: The moment.
    /// - Returns: The session, with its token.
    /// - Throws: ``SignInError``, `ComputePool.Busy`, or `PostgresError`.
    public func begin(
        _ name: String, _ password: String, _ code: String?, isKnown: Bool, at now: Date
    ) async throws -> Session {
        let known = try await databases.work.transaction(.readOnly) { db in try db.signInFacts(of: name) }
        let hash = known?.hash ?? .nobodys
        let isRight = try await hasher.run { hash.matches(password) }
        guard isRight, let known else { throw SignInError.wrong }
        let secret = try known.secret.map { try opened($0, of: known.id) }
        if secret != nil, code == nil { throw SignInError.codeNeeded }
        return try await databases.work.transaction { [limits] db in
            if let secret, let code {
                guard let step = OneTimeCode(secret: secret).step(of: code, at: now), try db.take(step, of: known.id)
                else { throw SignInError.wrong }
            }
            return try db.beginSession(of: name, limits, isKnown: isKnown, at: now)
        }
    }

    /// Whether an officer has signed in with this machine's mark before.
    ///
    /// - Throws: `PostgresError`.
    public func knows(_ device: String, of name: String) async throws -> Bool {
        try await databases.work.transaction(.readOnly) { db in
            try db.first(
                """
                SELECT true FROM officer_device d JOIN officer o ON o.id = d.officer_id
                WHERE d.hash = \(sha256(device)) AND o.name = \(name)
                """
            ) { row in try row.read(Bool.self) } ?? false
        }
    }

    /// Sets an officer's password, and ends all other sessions and tokens.
    ///
    /// - Parameters:
    ///   - password: The new one.
    ///   - old: The one there is; `nil` where an operator sets it, and the officer has to set another.
    ///   - name: The officer's.
    ///   - token: The session that goes on.
    ///   - endsSecondFactor: Whether the second factor is taken away, as for someone whose telephone is lost.
    ///   - now: The moment.
    /// - Throws: ``SignInError/wrong``, ``OfficerError``, `ComputePool.Busy`, or `PostgresError`.
    public func setPassword(
        _ password: String, old: String?, of name: String, keeping token: String?, endsSecondFactor: Bool = false,
        at now: Date
    ) async throws {
        if let old { try await check(old, of: name) }
        let hash = try await hasher.run { try PasswordHash(of: password) }
        try await databases.work.transaction { db in
            try db.setPassword(hash, of: name, mustChange: old == nil, keeping: token, at: now)
            guard endsSecondFactor else { return }
            try db.run(
                "DELETE FROM officer_totp WHERE officer_id = (SELECT id FROM officer WHERE name = \(name))")
        }
    }

    private func check(_ password: String, of name: String) async throws {
        let known = try await databases.work.transaction(.readOnly) { db in try db.signInFacts(of: name) }
        let hash = known?.hash ?? .nobodys
        guard try await hasher.run({ hash.matches(password) }) else { throw SignInError.wrong }
    }

    // MARK: The second factor

    /// Makes a second factor, which is asked for once a code of it was typed.
    ///
    /// It takes the password: a session that was left open must not be enough to lock its officer out.
    ///
    /// - Throws: ``SignInError``, `ComputePool.Busy`, or `PostgresError`.
    public func newSecondFactor(of officer: Officer, password: String) async throws -> OneTimeCode {
        try await check(password, of: officer.name)
        let secret = OneTimeCode.newSecret()
        let sealed = try seal(secret, with: key, context: Self.context(officer.id))
        let isNew = try await databases.work.transaction { db in
            try db.run(
                """
                INSERT INTO officer_totp (officer_id, secret) VALUES (\(officer.id), \(sealed))
                ON CONFLICT (officer_id) DO UPDATE SET secret = EXCLUDED.secret, last_step = 0
                WHERE officer_totp.confirmed_at IS NULL
                """) == 1
        }
        guard isNew else { throw SignInError.hasSecondFactor }
        return OneTimeCode(secret: secret)
    }

    /// Puts a second factor to use, or ends it; either takes a code of it.
    ///
    /// - Throws: ``SignInError``, or `PostgresError`.
    public func changeSecondFactor(of officer: Officer, isOn: Bool, code: String, at now: Date) async throws {
        try await databases.work.transaction { db in
            let found = try db.first(
                """
                SELECT secret FROM officer_totp WHERE officer_id = \(officer.id)
                  AND (confirmed_at IS NULL) = \(isOn) FOR UPDATE
                """
            ) { row in try row.read(Data.self) }
            guard let found else { throw SignInError.noSecondFactor }
            let secret = OneTimeCode(secret: try opened(found, of: officer.id))
            guard let step = secret.step(of: code, at: now), try db.take(step, of: officer.id) else {
                throw SignInError.wrong
            }
            if isOn {
                try db.run("UPDATE officer_totp SET confirmed_at = \(now) WHERE officer_id = \(officer.id)")
            } else {
                try db.run("DELETE FROM officer_totp WHERE officer_id = \(officer.id)")
            }
        }
    }

    private func opened(_ sealed: Data, of officer: UUID) throws -> Data {
        try open(sealed, with: key, context: Self.context(officer))
    }

    private static func context(_ officer: UUID) -> String { "officer_totp|\(officer)|1" }
}

extension Connection {
    fileprivate func signInFacts(of name: String) throws -> (id: UUID, hash: PasswordHash, secret: Data?)? {
        try first(
            """
            SELECT o.id, p.hash, t.secret FROM officer o JOIN officer_password p ON p.officer_id = o.id
            LEFT JOIN officer_totp t ON t.officer_id = o.id AND t.confirmed_at IS NOT NULL
            WHERE o.name = \(name) AND o.disabled_at IS NULL
            """
        ) { row in (try row.read(), PasswordHash(text: try row.read()), try row.read()) }
    }

    /// Takes the code of a half minute, once.
    fileprivate func take(_ step: Int, of officer: UUID) throws -> Bool {
        try run(
            "UPDATE officer_totp SET last_step = \(step) WHERE officer_id = \(officer) AND last_step < \(step)") == 1
    }

    func beginSession(
        of name: String, _ limits: SignIn.Limits, isKnown: Bool, at now: Date
    ) throws -> SignIn.Session {
        let officer = try officer(named: name)
        let token = IssuedToken(prefix: "rcs_", lastingSeconds: limits.seconds, at: now)
        try run(
            """
            INSERT INTO officer_token (id, officer_id, hash, created_at, expires_at, idle_seconds, used_at)
            VALUES (\(token.id), \(officer.id), \(sha256(token.secret)), now(),
                    now() + make_interval(secs => \(limits.seconds)), \(limits.idleSeconds), now())
            """)
        let mustChange = try first("SELECT must_change FROM officer_password WHERE officer_id = \(officer.id)") { row in
            try row.read(Bool.self)
        }
        return SignIn.Session(
            token: token, officer: officer, mustChangePassword: mustChange ?? false,
            device: isKnown ? nil : try newDevice(of: officer.id))
    }

    /// Of many machines only the latest are known.
    private func newDevice(of officer: UUID) throws -> String {
        let device = "rcd_" + Data(randomBytes(32)).base64URL
        try run(
            """
            INSERT INTO officer_device (hash, officer_id, created_at)
            VALUES (\(sha256(device)), \(officer), clock_timestamp())
            """)
        try run(
            """
            DELETE FROM officer_device WHERE hash IN (
                SELECT hash FROM officer_device WHERE officer_id = \(officer) ORDER BY created_at DESC OFFSET 20)
            """)
        return device
    }

    fileprivate func setPassword(
        _ hash: PasswordHash, of name: String, mustChange: Bool, keeping token: String?, at now: Date
    ) throws {
        let officer = try officer(named: name)
        guard !officer.isDisabled else { throw OfficerError.disabled(name) }
        try run(
            """
            INSERT INTO officer_password (officer_id, hash, changed_at, must_change)
            VALUES (\(officer.id), \(hash.text), \(now), \(mustChange))
            ON CONFLICT (officer_id) DO UPDATE
            SET hash = EXCLUDED.hash, changed_at = EXCLUDED.changed_at, must_change = EXCLUDED.must_change
            """)
        try run(
            """
            UPDATE officer_token SET revoked_at = now()
            WHERE officer_id = \(officer.id) AND revoked_at IS NULL AND hash <> \(sha256(token ?? ""))
            """)
    }

    /// Notes that a session is used, so that it does not end for want of it.
    ///
    /// - Throws: `PostgresError`.
    public func noteUse(ofSession id: UUID) throws {
        try run("UPDATE officer_token SET used_at = now() WHERE id = \(id) AND revoked_at IS NULL")
    }
}
