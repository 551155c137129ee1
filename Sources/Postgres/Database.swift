public import Logging
import Synchronization

/// The bounds of a pool and of the queue in front of it.
public struct PoolLimits: Sendable {
    /// Connections open at the most.
    public var connections: Int
    /// Borrowers who may wait at the most; the next one is refused at once.
    public var waiting: Int
    /// How long a borrower waits before being refused.
    public var wait: Duration
    /// A connection older than this is replaced.
    public var maximumAge: Duration
    /// A connection idle for longer than this is asked for a sign of life before it is lent.
    public var idleBeforeCheck: Duration

    public init(
        connections: Int, waiting: Int = 256, wait: Duration = .seconds(3), maximumAge: Duration = .seconds(1800),
        idleBeforeCheck: Duration = .seconds(30)
    ) {
        self.connections = connections
        self.waiting = waiting
        self.wait = wait
        self.maximumAge = maximumAge
        self.idleBeforeCheck = idleBeforeCheck
    }
}

/// A bounded pool of connections, lent out one transaction at a time.
///
/// A purpose that must not starve another (reports, health) has a small `Database` of its own.
public final class Database: Sendable {
    private struct Lent: Sendable {
        let connection: Connection
        let opened: ContinuousClock.Instant
        var used: ContinuousClock.Instant
    }

    /// What a waiter is handed: a connection, or the right to open one.
    private enum Grant: Sendable {
        case connection(Lent)
        case mayOpen
    }

    private struct State {
        var idle: [Lent] = []
        var open = 0
        var waiters: [(ticket: Int, continuation: CheckedContinuation<Grant, any Error>)] = []
        /// Tickets of those between asking and being served, and of those among them that gave up before they queued.
        var live: Set<Int> = []
        var abandoned: Set<Int> = []
        var nextTicket = 0
        var closed = false
    }

    private let settings: ConnectionSettings
    private let limits: PoolLimits
    private let logger: Logger
    private let state = Mutex(State())

    public init(_ settings: ConnectionSettings, limits: PoolLimits, logger: Logger) {
        self.settings = settings
        self.limits = limits
        self.logger = logger
    }

    // MARK: Use

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// A deadlock or a serialization failure runs the whole transaction again, three times in all at the most.
    ///
    /// - Throws: `PostgresError`, or what `body` throws.
    public func transaction<Value: Sendable>(
        _ mode: TransactionMode = .readWrite, _ body: @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        for attempt in 1... {
            do {
                return try await withConnection { db in try db.transaction(mode, body) }
            } catch let error as PostgresError where error.isWorthRetrying && attempt < 3 {
                logger.info("transaction runs again", metadata: ["sqlstate": "\(error.state ?? "")"])
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...25) * attempt))
            }
        }
        preconditionFailure("the loop only ends by return or throw")
    }

    /// Lends `body` a connection without opening a transaction.
    ///
    /// - Throws: `PostgresError`, or what `body` throws.
    public func withConnection<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        let lent = try await borrow()
        do {
            // The work and the question whether the session is idle after it, in one visit to the connection's thread.
            let (value, isIdle) = try await lent.connection.use(body)
            await giveBack(lent, isIdle: isIdle)
            return value
        } catch {
            await giveBack(lent, isIdle: await lent.connection.isIdle)
            throw error
        }
    }

    /// Closes what is idle, refuses who waits or comes; what is lent closes when it comes back.
    public func close() async {
        let (idle, waiters) = state.withLock { state in
            defer { (state.idle, state.waiters, state.closed) = ([], [], true) }
            state.open -= state.idle.count
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: PostgresError.closed) }
        for lent in idle { await lent.connection.close() }
    }

    // MARK: Lending

    private enum Decision {
        case take(Lent)
        case open
        case wait(Int)
        case refuse(PostgresError)
    }

    private func borrow() async throws -> Lent {
        let decision = state.withLock { state -> Decision in
            if state.closed { return .refuse(.closed) }
            if let lent = state.idle.popLast() { return .take(lent) }
            if state.open < limits.connections {
                state.open += 1
                return .open
            }
            guard state.waiters.count < limits.waiting else {
                return .refuse(.poolExhausted("\(limits.waiting) are waiting already"))
            }
            state.nextTicket += 1
            state.live.insert(state.nextTicket)
            return .wait(state.nextTicket)
        }
        switch decision {
        case .take(let lent): return try await checked(lent)
        case .open: return try await open()
        case .refuse(let error): throw error
        case .wait(let ticket):
            switch try await wait(ticket) {
            case .connection(let lent): return try await checked(lent)
            case .mayOpen: return try await open()
            }
        }
    }

    private func wait(_ ticket: Int) async throws -> Grant {
        let timer = Task {
            try await Task.sleep(for: limits.wait)
            fail(ticket, with: PostgresError.poolExhausted("none came free within \(limits.wait)"))
        }
        defer {
            timer.cancel()
            state.withLock { state in
                state.live.remove(ticket)
                state.abandoned.remove(ticket)
            }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // What came free between the decision to wait and this moment is taken at once.
                let outcome = state.withLock { state -> Result<Grant, any Error>? in
                    if state.closed { return .failure(PostgresError.closed) }
                    if state.abandoned.remove(ticket) != nil { return .failure(CancellationError()) }
                    if let lent = state.idle.popLast() { return .success(.connection(lent)) }
                    if state.open < limits.connections {
                        state.open += 1
                        return .success(.mayOpen)
                    }
                    state.waiters.append((ticket, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            fail(ticket, with: CancellationError())
        }
    }

    /// Takes a waiter out of the queue, or marks it as gone where it has not queued yet.
    private func fail(_ ticket: Int, with error: any Error) {
        let waiter = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else {
                if state.live.contains(ticket) { state.abandoned.insert(ticket) }
                return nil as CheckedContinuation<Grant, any Error>?
            }
            return state.waiters.remove(at: index).continuation
        }
        waiter?.resume(throwing: error)
    }

    private func open() async throws -> Lent {
        let connection = Connection(settings, logger: logger)
        do {
            try await connection.open()
        } catch {
            release()
            throw error
        }
        return Lent(connection: connection, opened: .now, used: .now)
    }

    private enum Return {
        case keep
        case pass(CheckedContinuation<Grant, any Error>)
        case close
    }

    /// A connection that has rested is asked for a sign of life; one that is dead or too old is replaced.
    private func checked(_ lent: Lent) async throws -> Lent {
        if lent.opened.duration(to: .now) < limits.maximumAge {
            guard lent.used.duration(to: .now) > limits.idleBeforeCheck else { return lent }
            if await lent.connection.isAlive() { return lent }
        }
        await lent.connection.close()
        return try await open()
    }

    private func giveBack(_ lent: Lent, isIdle: Bool) async {
        guard isIdle, lent.opened.duration(to: .now) < limits.maximumAge else {
            await lent.connection.close()
            release()
            return
        }
        var lent = lent
        lent.used = .now
        let next = state.withLock { [lent] state -> Return in
            if !state.waiters.isEmpty { return .pass(state.waiters.removeFirst().continuation) }
            if state.closed {
                state.open -= 1
                return .close
            }
            state.idle.append(lent)
            return .keep
        }
        switch next {
        case .pass(let waiter): waiter.resume(returning: .connection(lent))
        case .close: await lent.connection.close()
        case .keep: break
        }
    }

    /// Gives up one place in the pool, to the first waiter if there is one.
    private func release() {
        let waiter = state.withLock { state in
            guard !state.waiters.isEmpty else {
                state.open -= 1
                return nil as CheckedContinuation<Grant, any Error>?
            }
            return state.waiters.removeFirst().continuation
        }
        waiter?.resume(returning: .mayOpen)
    }
}
