/// What the server, the link to it, or the pool in front of it said went wrong.
public enum PostgresError: Error, Sendable {
    /// The server refused a statement.
    case server(ServerError)
    /// The link broke or never came up; nothing of the transaction remains.
    case connectionLost(String)
    /// A statement outlived its deadline on our side. The connection has been dropped.
    case deadlineExceeded
    /// COMMIT was sent and its outcome is not known: it may have happened. Never answer success or failure.
    case commitOutcomeUnknown(String)
    /// COMMIT was answered with ROLLBACK, because a statement had failed before it.
    case rolledBack
    /// No connection came free within the wait, or too many were waiting already.
    case poolExhausted(String)
    /// The database was closed while someone still wanted it.
    case closed
    /// A text parameter held U+0000, which libpq would silently cut short.
    case nulCharacter
    /// A row without the shape its query promised: always a bug, never the caller's input.
    case unexpectedRow(String)

    /// The SQLSTATE, where the server gave one.
    public var state: String? {
        if case .server(let error) = self { error.state } else { nil }
    }

    /// The constraint that refused the change, where one did.
    public var constraint: String? {
        if case .server(let error) = self { error.constraint } else { nil }
    }

    /// Whether the error is about the server, the connection or other transactions, and not about what was sent.
    ///
    /// The same statement may succeed later.
    public var isTransient: Bool {
        switch self {
        case .server(let error): error.isTransient
        case .nulCharacter, .unexpectedRow: false
        case .connectionLost, .deadlineExceeded, .commitOutcomeUnknown, .rolledBack, .poolExhausted, .closed: true
        }
    }

    /// Whether the same transaction may succeed when it is run again from its start.
    var isWorthRetrying: Bool { state == "40001" || state == "40P01" }
}

/// An error as the server reports it.
public struct ServerError: Sendable, Equatable {
    /// The five-character SQLSTATE.
    public let state: String
    public let message: String
    public let detail: String?
    public let constraint: String?

    /// By class of SQLSTATE: connection (08), rollback (40), resources (53), operator (57), system (58); single states
    /// of the others: a transaction that timed out or may not write here (25), an object that is in use (55).
    fileprivate var isTransient: Bool {
        ["08", "40", "53", "57", "58"].contains(state.prefix(2))
            || ["25006", "25P03", "25P04", "55006", "55P03"].contains(state)
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(let error): "PostgreSQL \(error.state): \(error.message)"
        case .connectionLost(let message): "the connection to PostgreSQL failed: \(message)"
        case .deadlineExceeded: "PostgreSQL did not answer within the deadline"
        case .commitOutcomeUnknown(let why): "whether the commit happened is not known: \(why)"
        case .rolledBack: "PostgreSQL rolled the transaction back"
        case .poolExhausted(let why): "no database connection: \(why)"
        case .closed: "the database is closed"
        case .nulCharacter: "text may not contain U+0000"
        case .unexpectedRow(let what): "a row is not what its query promised: \(what)"
        }
    }
}
