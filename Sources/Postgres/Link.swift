import CPostgres
import Foundation
import Logging

/// The one place that talks to libpq.
///
/// Belongs to one ``Connection`` and is used on its thread only.
///
/// Nothing here blocks without an end: each answer is waited for with `poll` until a deadline of our own, since the
/// server's `statement_timeout` does not end a wait for a synchronous standby.
final class Link {
    private let handle: OpaquePointer
    private let notices: Notices
    private var prepared: [PreparedKey: String] = [:]
    private var broken = false

    private struct PreparedKey: Hashable {
        let text: String
        let types: [UInt32]
    }

    /// Statements kept prepared at a time; at the limit all are forgotten and prepared anew as they come.
    private static let preparedLimit = 256

    init(conninfo: String, applicationName: String, logger: Logger) throws(PostgresError) {
        // What stands before `dbname` is a default that the connection string may override.
        let options = [
            ("connect_timeout", "5"), ("fallback_application_name", applicationName), ("dbname", conninfo),
            ("client_encoding", "UTF8"),
        ]
        let connected = options.map(\.0).withCStrings { keys in
            options.map(\.1).withCStrings { values in PQconnectdbParams(keys + [nil], values + [nil], 1) }
        }
        guard let connected else { throw .connectionLost("out of memory") }
        guard PQstatus(connected) == CONNECTION_OK else {
            defer { PQfinish(connected) }
            throw .connectionLost(String(cString: PQerrorMessage(connected)).trimmed)
        }
        handle = connected
        notices = Notices(logger: logger)
        PQsetNoticeReceiver(handle, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit {
        PQfinish(handle)
    }

    /// Whether the session is between transactions and may be lent to the next borrower.
    var isIdle: Bool { !broken && PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE }

    var serverVersion: Int { Int(PQserverVersion(handle)) }

    // MARK: Statements

    /// Runs a script without parameters and gives its last result.
    func execute(script: String, within limit: Duration) throws(PostgresError) -> QueryResult {
        try send { PQsendQuery(handle, script) }
        return try result(by: .now + limit)
    }

    /// Runs one statement, prepared once per session.
    func execute(_ sql: SQL, within limit: Duration) throws(PostgresError) -> QueryResult {
        let deadline = ContinuousClock.now + limit
        let (text, parameters) = sql.bound
        guard !parameters.contains(where: { $0.text?.utf8.contains(0) ?? false }) else { throw .nulCharacter }
        let name = try preparedStatement(text, types: parameters.map(\.type.oid), by: deadline)
        try send {
            parameters.map(\.text).withCStrings { values in
                PQsendQueryPrepared(handle, name, Int32(parameters.count), values, nil, nil, 0)
            }
        }
        return try result(by: deadline)
    }

    private func preparedStatement(
        _ text: String, types: [UInt32], by deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> String {
        let key = PreparedKey(text: text, types: types)
        if let name = prepared[key] { return name }
        if prepared.count == Self.preparedLimit {
            try send { PQsendQuery(handle, "DEALLOCATE ALL") }
            _ = try result(by: deadline)
            prepared.removeAll()
        }
        let name = "s\(prepared.count)"
        try send { PQsendPrepare(handle, name, text, Int32(types.count), types) }
        _ = try result(by: deadline)
        prepared[key] = name
        return name
    }

    /// Commits, or says that it did not, or that nobody knows.
    func commit(within limit: Duration) throws(PostgresError) {
        notices.clear()
        let result: QueryResult
        do {
            result = try execute(script: "COMMIT", within: limit)
        } catch .connectionLost(let message) {
            throw .commitOutcomeUnknown(message)
        } catch .deadlineExceeded {
            throw .commitOutcomeUnknown("no answer within the deadline")
        }
        // A cancelled wait for a synchronous standby is reported as success, with only this warning to tell.
        if let warning = notices.first(state: "01000") {
            broken = true
            throw .commitOutcomeUnknown(warning)
        }
        // After a failed statement the server answers COMMIT with a cheerful ROLLBACK; only the tag tells.
        guard result.tag == "COMMIT" else { throw .rolledBack }
    }

    // MARK: COPY

    /// Sends rows to `COPY … FROM STDIN` and reports how many went in.
    func copy(in statement: String, chunks: some Sequence<[UInt8]>, within limit: Duration) throws(PostgresError) -> Int
    {
        let deadline = ContinuousClock.now + limit
        try send { PQsendQuery(handle, statement) }
        try waitUntilReadable(by: deadline)
        do {
            let start = QueryResult(owning: try next())
            guard start.status == PGRES_COPY_IN else {
                try drain(by: deadline)
                throw start.failure
            }
        }
        for chunk in chunks {
            let sent = chunk.withUnsafeBytes {
                PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(chunk.count))
            }
            guard sent == 1 else { throw lost() }
        }
        guard PQputCopyEnd(handle, nil) == 1 else { throw lost() }
        return try result(by: deadline).rowsAffected
    }

    /// Hands each row of `COPY … TO STDOUT` to `body`.
    func copy(
        out statement: String, within limit: Duration, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        let deadline = ContinuousClock.now + limit
        try send { PQsendQuery(handle, statement) }
        try waitUntilReadable(by: deadline)
        do {
            let start = QueryResult(owning: try next())
            guard start.status == PGRES_COPY_OUT else {
                try drain(by: deadline)
                throw start.failure
            }
        }
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(handle, &row, 1)
            defer { PQfreemem(row) }
            switch length {
            case 1...:
                guard let row else { throw lost() }
                do {
                    try row.withMemoryRebound(to: UInt8.self, capacity: Int(length)) {
                        try body(UnsafeBufferPointer(start: $0, count: Int(length)))
                    }
                } catch {
                    broken = true  // The rest of the copy is still on its way.
                    throw error
                }
            case 0: try waitForInput(by: deadline)
            case -1:
                _ = try result(by: deadline)
                return
            default: throw lost()
            }
        }
    }

    // MARK: Waiting

    private func send(_ start: () -> Int32) throws(PostgresError) {
        guard !broken else { throw .connectionLost("the session was given up") }
        guard start() == 1 else { throw lost() }
    }

    /// Reads all results of what was sent and gives the last, or throws the first error.
    private func result(by deadline: ContinuousClock.Instant) throws(PostgresError) -> QueryResult {
        try waitUntilReadable(by: deadline)
        var last = QueryResult(owning: try next())
        var failure = last.error
        while true {
            try waitUntilReadable(by: deadline)
            guard let pointer = PQgetResult(handle) else { break }
            last = QueryResult(owning: pointer)
            failure = failure ?? last.error
        }
        if let failure { throw PQstatus(handle) == CONNECTION_OK ? .server(failure) : lost(failure.message) }
        return last
    }

    private func next() throws(PostgresError) -> OpaquePointer {
        guard let pointer = PQgetResult(handle) else { throw lost() }
        return pointer
    }

    private func drain(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            try waitUntilReadable(by: deadline)
            guard let pointer = PQgetResult(handle) else { return }
            PQclear(pointer)
        }
    }

    private func waitUntilReadable(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        while PQisBusy(handle) == 1 { try waitForInput(by: deadline) }
    }

    private func waitForInput(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        let left = deadline - .now
        guard left > .zero else {
            broken = true
            throw .deadlineExceeded
        }
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        let ready = poll(&descriptor, 1, Int32(clamping: milliseconds + 1))
        guard ready >= 0 || errno == EINTR else { throw lost("poll failed") }
        if ready > 0, PQconsumeInput(handle) == 0 { throw lost() }
    }

    private func lost(_ message: String? = nil) -> PostgresError {
        broken = true
        return .connectionLost(message ?? String(cString: PQerrorMessage(handle)).trimmed)
    }
}

extension QueryResult {
    fileprivate var failure: PostgresError {
        error.map { .server($0) } ?? .unexpectedRow("the statement is no COPY")
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

extension [String] {
    fileprivate func withCStrings<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        map(Optional.some).withCStrings(body)
    }
}

extension [String?] {
    /// Calls `body` with the strings as C wants them, alive only for the call.
    fileprivate func withCStrings<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        let copies = map { $0.map { strdup($0) } }
        defer { for copy in copies { free(copy ?? nil) } }
        return body(copies.map { UnsafePointer($0 ?? nil) })
    }
}
