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
        guard PQsetnonblocking(handle, 1) == 0 else { throw .connectionLost("the link cannot be made non-blocking") }
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
        let deadline = ContinuousClock.now + limit
        try send(by: deadline) { PQsendQuery(handle, script) }
        return try result(by: deadline)
    }

    /// Runs one statement, prepared once per session.
    func execute(_ sql: SQL, within limit: Duration) throws(PostgresError) -> QueryResult {
        let deadline = ContinuousClock.now + limit
        let (text, parameters) = sql.bound
        guard !parameters.contains(where: { $0.text?.holdsNUL ?? false }) else { throw .nulCharacter }
        let name = try preparedStatement(text, types: parameters.map(\.type.oid), by: deadline)
        try send(by: deadline) {
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
            try send(by: deadline) { PQsendQuery(handle, "DEALLOCATE ALL") }
            _ = try result(by: deadline)
            prepared.removeAll()
        }
        let name = "s\(prepared.count)"
        try send(by: deadline) { PQsendPrepare(handle, name, text, Int32(types.count), types) }
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
        try send(by: deadline) { PQsendQuery(handle, statement) }
        try waitUntilReadable(by: deadline)
        do {
            let start = QueryResult(owning: try next())
            guard start.status == PGRES_COPY_IN else { throw try refused(start, by: deadline) }
        }
        for chunk in chunks {
            try repeatWhileFull(by: deadline) {
                chunk.withUnsafeBytes {
                    PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(chunk.count))
                }
            }
        }
        try repeatWhileFull(by: deadline) { PQputCopyEnd(handle, nil) }
        try flush(by: deadline)
        return try result(by: deadline).rowsAffected
    }

    /// Hands each row of `COPY … TO STDOUT` to `body`.
    func copy(
        out statement: String, within limit: Duration, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        let deadline = ContinuousClock.now + limit
        try send(by: deadline) { PQsendQuery(handle, statement) }
        try waitUntilReadable(by: deadline)
        do {
            let start = QueryResult(owning: try next())
            guard start.status == PGRES_COPY_OUT else { throw try refused(start, by: deadline) }
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

    private func send(by deadline: ContinuousClock.Instant, _ start: () -> Int32) throws(PostgresError) {
        guard !broken else { throw .connectionLost("the session was given up") }
        guard start() == 1 else { throw lost() }
        try flush(by: deadline)
    }

    /// Sends what is queued, also when the server takes it slowly.
    private func flush(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1: try waitForInput(by: deadline, orSpace: true)
            default: throw lost()
            }
        }
    }

    private func repeatWhileFull(by deadline: ContinuousClock.Instant, _ put: () -> Int32) throws(PostgresError) {
        while true {
            switch put() {
            case 1: return
            case 0: try waitForInput(by: deadline, orSpace: true)
            default: throw lost()
            }
        }
    }

    /// Reads all results of what was sent and gives the last, or throws the first error.
    private func result(by deadline: ContinuousClock.Instant) throws(PostgresError) -> QueryResult {
        try waitUntilReadable(by: deadline)
        var last = QueryResult(owning: try next())
        var failure = last.error
        try refuseCopy(last.status)
        while true {
            try waitUntilReadable(by: deadline)
            guard let pointer = PQgetResult(handle) else { break }
            last = QueryResult(owning: pointer)
            failure = failure ?? last.error
            try refuseCopy(last.status)
        }
        if let failure { throw PQstatus(handle) == CONNECTION_OK ? .server(failure) : lost(failure.message) }
        return last
    }

    /// A COPY begun by anything but ``copy(in:chunks:within:)`` and its like would never end.
    private func refuseCopy(_ status: ExecStatusType) throws(PostgresError) {
        guard ![PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(status) else {
            broken = true
            throw .unexpectedRow("the statement is a COPY")
        }
    }

    private func next() throws(PostgresError) -> OpaquePointer {
        guard let pointer = PQgetResult(handle) else { throw lost() }
        return pointer
    }

    /// Why a COPY did not begin.
    ///
    /// One in the other direction cannot be ended here, so the session is given up.
    private func refused(
        _ start: borrowing QueryResult, by deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresError {
        guard let error = start.error else {
            broken = true
            return .unexpectedRow("the statement is no COPY in this direction")
        }
        while true {
            try waitUntilReadable(by: deadline)
            guard let pointer = PQgetResult(handle) else { return .server(error) }
            PQclear(pointer)
        }
    }

    private func waitUntilReadable(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        while PQisBusy(handle) == 1 { try waitForInput(by: deadline) }
    }

    private func waitForInput(
        by deadline: ContinuousClock.Instant, orSpace: Bool = false
    ) throws(PostgresError) {
        let left = deadline - .now
        guard left > .zero else {
            broken = true
            throw .deadlineExceeded
        }
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(orSpace ? POLLIN | POLLOUT : POLLIN), revents: 0)
        let ready = poll(&descriptor, 1, Int32(clamping: milliseconds + 1))
        // Short of memory, nothing is known of the server; it is asked again until the deadline.
        if ready < 0, errno == ENOMEM || errno == EAGAIN { usleep(10_000) }
        guard ready >= 0 || [EINTR, ENOMEM, EAGAIN].contains(errno) else { throw lost("poll failed") }
        if ready > 0, descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, PQconsumeInput(handle) == 0 {
            throw lost()
        }
    }

    private func lost(_ message: String? = nil) -> PostgresError {
        broken = true
        return .connectionLost(message ?? String(cString: PQerrorMessage(handle)).trimmed)
    }
}

extension String {
    fileprivate var holdsNUL: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? utf8.contains(0)
    }

    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
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
