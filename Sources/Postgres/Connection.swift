import Dispatch
public import Foundation
import Logging

/// One session with the server.
///
/// libpq blocks, so each connection runs on a thread of its own and never holds up Swift's shared pool. Inside
/// ``Database/transaction(_:_:)`` the caller is already on that thread: queries there are plain synchronous calls, and
/// nothing can interleave between them.
public actor Connection {
    private let settings: ConnectionSettings
    private let logger: Logger
    private let executor = BlockingExecutor()
    private var link: Link?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ settings: ConnectionSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    isolated deinit {}

    /// Connects.
    ///
    /// Only ``Database`` calls this, before it lends the connection for the first time.
    func open() throws(PostgresError) {
        let opened = try Link(
            conninfo: settings.conninfo, applicationName: settings.applicationName, logger: logger)
        _ = try opened.execute(script: settings.script, within: .seconds(10))
        link = opened
    }

    func close() {
        link = nil
    }

    var isIdle: Bool { link?.isIdle ?? false }

    /// Does something on this connection's thread, after what it does now.
    nonisolated func start(_ body: @escaping @Sendable (isolated Connection) -> Void) {
        executor.start { self.assumeIsolated(body) }
    }

    /// Asks the server for a sign of life.
    func isAlive() -> Bool {
        // Whatever the error is, it is no sign of life.
        (try? link?.execute(script: "SELECT 1", within: .seconds(2))) != nil
    }

    /// The time by this machine's own clock.
    public nonisolated var ownTime: Date { settings.clock() }

    /// The server's version as a number: 150018 is 15.18.
    public var serverVersion: Int { link?.serverVersion ?? 0 }

    /// Runs a statement and reports how many rows it touched.
    ///
    /// - Throws: `PostgresError`.
    @discardableResult
    public func run(_ sql: SQL) throws(PostgresError) -> Int {
        try current().execute(sql, within: settings.deadline).rowsAffected
    }

    /// Every row, decoded.
    ///
    /// - Throws: `PostgresError`, or what `decode` throws.
    public func all<Value>(_ sql: SQL, as decode: (inout Row) throws -> Value) throws -> [Value] {
        let result = try current().execute(sql, within: settings.deadline)
        var values: [Value] = []
        values.reserveCapacity(Int(result.count))
        for index in 0..<result.count {
            var row = Row(result.pointer, at: index)
            values.append(try decode(&row))
            try row.finish()
        }
        return values
    }

    /// The first row, decoded, or `nil` when there is none.
    ///
    /// - Throws: `PostgresError`, or what `decode` throws.
    public func first<Value>(_ sql: SQL, as decode: (inout Row) throws -> Value) throws -> Value? {
        let result = try current().execute(sql, within: settings.deadline)
        guard result.count > 0 else { return nil }
        var row = Row(result.pointer, at: 0)
        let value = try decode(&row)
        try row.finish()
        return value
    }

    /// Runs a script of several statements, which can have no parameters.
    ///
    /// - Throws: `PostgresError`.
    public func run(script: String) throws(PostgresError) {
        _ = try current().execute(script: script, within: settings.scriptDeadline)
    }

    /// Loads rows in COPY's text format through `COPY … FROM STDIN` and reports how many went in.
    ///
    /// - Throws: `PostgresError`.
    public func copy(in statement: StaticString, _ chunks: some Sequence<[UInt8]>) throws(PostgresError) -> Int {
        try current().copy(in: "\(statement)", chunks: chunks, within: settings.scriptDeadline)
    }

    /// One piece of rows for a statement that this module has put together.
    func copy(_ rows: [UInt8], in statement: String) throws(PostgresError) -> Int {
        try current().copy(in: statement, chunks: CollectionOfOne(rows), within: settings.deadline)
    }

    /// Hands each row of `COPY … TO STDOUT` to `body`; the bytes live only for the call.
    ///
    /// - Throws: `PostgresError`, or what `body` throws, after which the connection is given up.
    public func copy(out statement: StaticString, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        try current().copy(out: "\(statement)", within: settings.scriptDeadline, body)
    }

    private func current() throws(PostgresError) -> Link {
        guard let link else { throw .closed }
        return link
    }
}

// MARK: Transactions

/// What a transaction may do and how strictly it is kept apart from others.
public enum TransactionMode: Sendable {
    case readWrite
    /// Cannot write, by the server's word.
    case readOnly
    /// Reads everything from one snapshot, and cannot write.
    case snapshot

    fileprivate var begin: String {
        switch self {
        case .readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        case .readOnly: "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
        case .snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        }
    }
}

/// What the server is told for the length of one transaction, such as for whom it works.
public struct TransactionSetting: Sendable, Equatable {
    /// Two words with a dot between them: `rectify.offices`.
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    fileprivate var script: String { "; SET LOCAL \(name) = '\(value.replacing("'", with: "''"))'" }
}

extension Connection {
    func transaction<Value: Sendable>(
        _ mode: TransactionMode, with local: [TransactionSetting],
        _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) throws -> Value {
        let link = try current()
        // In one message, so that a setting costs no way of its own.
        _ = try link.execute(script: mode.begin + local.map(\.script).joined(), within: settings.deadline)
        do {
            let value = try body(self)
            try link.commit(within: settings.commitDeadline)
            return value
        } catch {
            // The first error is the one to tell; a link that cannot roll back is not used again.
            _ = try? link.execute(script: "ROLLBACK", within: settings.deadline)
            throw error
        }
    }
}

private final class BlockingExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "postgres.connection")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func start(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
