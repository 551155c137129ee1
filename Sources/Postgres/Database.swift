import DequeModule
public import Logging
import Synchronization

/// The bounds of a pool and of the queue in front of it.
public struct PoolLimits: Sendable {
    /// Connections open at the most.
    public var connections: Int
    /// Pieces of work that may wait at the most; the next one is refused at once.
    public var waiting: Int
    /// How long work waits before it is refused.
    public var wait: Duration
    /// A connection older than this is replaced.
    public var maximumAge: Duration
    /// A connection idle for longer than this is asked for a sign of life before it is used.
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

/// How busy a pool is.
public struct PoolState: Sendable, Equatable {
    /// Connections open or being opened, and how many there may be.
    public let connections: Int
    public let atMost: Int
    /// Connections that nobody uses.
    public let atRest: Int
    /// Pieces of work that wait.
    public let waiting: Int
    /// Pieces of work that got no connection, since the beginning.
    public let refused: Int
}

/// A bounded pool of connections, each of which does one piece of work after another.
///
/// Work waits in one queue, and a connection that is done takes the next: nothing is handed from thread to thread in
/// between. A purpose that must not starve another (reports, health) has a small `Database` of its own.
public final class Database: Sendable {
    /// Something to do with a connection, or to be told that it cannot be had.
    private struct Job: Sendable {
        let ticket: Int
        let until: ContinuousClock.Instant
        let run: @Sendable (isolated Connection) -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    /// A connection that rests, or is not open yet.
    private struct Session: Sendable {
        let connection: Connection
        var opened: ContinuousClock.Instant?
        var used: ContinuousClock.Instant
    }

    private struct State {
        var jobs: Deque<Job> = []
        var idle: [Session] = []
        /// Connections that rest or work.
        var count = 0
        var nextTicket = 0
        /// Pieces of work that got no connection.
        var refused = 0
        /// Whether somebody looks after those that wait too long.
        var isWatched = false
        var isClosed = false
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

    /// How long a session here waits for a lock.
    public var lockTimeout: Duration { settings.lockTimeout }

    // MARK: Use

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// A deadlock or a serialization failure runs the whole transaction again, three times in all at the most.
    ///
    /// - Parameters:
    ///   - mode: What it may do.
    ///   - local: What the server is told for its length.
    ///   - body: The work.
    /// - Returns: What `body` returns.
    /// - Throws: `PostgresError`, or what `body` throws.
    public func transaction<Value: Sendable>(
        _ mode: TransactionMode = .readWrite, with local: [TransactionSetting] = [],
        _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        for attempt in 1... {
            do {
                return try await withConnection { db in try db.transaction(mode, with: local, body) }
            } catch let error as PostgresError where error.isWorthRetrying && attempt < 3 {
                logger.info("transaction runs again", metadata: ["sqlstate": "\(error.state ?? "")"])
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...25) * attempt))
            }
        }
        preconditionFailure("the loop only ends by return or throw")
    }

    /// Lends `body` a connection without opening a transaction.
    ///
    /// - Throws: `PostgresError`, or what `body` throws; `CancellationError` where the task is cancelled while it waits.
    public func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    Job(
                        ticket: ticket, until: .now + limits.wait,
                        run: { db in continuation.resume(with: Result { try body(db) }) },
                        refuse: { error in continuation.resume(throwing: error) }))
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    /// Does `body` on a connection's thread as soon as there is one.
    ///
    /// For what belongs to no task: many questions asked together, whose answers go to many.
    ///
    /// - Parameters:
    ///   - body: The work.
    ///   - refuse: Told why it could not be done.
    public func perform(
        _ body: @escaping @Sendable (isolated Connection) -> Void,
        orElse refuse: @escaping @Sendable (any Error) -> Void
    ) {
        submit(Job(ticket: 0, until: .now + limits.wait, run: body, refuse: refuse))
    }

    /// Closes what rests and refuses what waits or comes; what works closes when it is done.
    public func close() async {
        let (idle, jobs) = state.withLock { state in
            defer { (state.idle, state.jobs, state.isClosed) = ([], [], true) }
            state.count -= state.idle.count
            return (state.idle, state.jobs)
        }
        for job in jobs { job.refuse(PostgresError.closed) }
        for session in idle { await session.connection.close() }
    }

    /// How busy the pool is now.
    public var poolState: PoolState {
        state.withLock { state in
            PoolState(
                connections: state.count, atMost: limits.connections, atRest: state.idle.count,
                waiting: state.jobs.count, refused: state.refused)
        }
    }

    // MARK: Waiting

    private enum Decision {
        case start(Session)
        case wait
        case watch
        case refuse(any Error)
    }

    private func submit(_ job: Job) {
        let decision = state.withLock { state -> Decision in
            if state.isClosed { return .refuse(PostgresError.closed) }
            if let session = state.idle.popLast() { return .start(session) }
            if state.count < limits.connections {
                state.count += 1
                return .start(Session(connection: Connection(settings, logger: logger), opened: nil, used: .now))
            }
            if job.ticket != 0, Task.isCancelled { return .refuse(CancellationError()) }
            guard state.jobs.count < limits.waiting else {
                state.refused += 1
                return .refuse(PostgresError.poolExhausted("\(limits.waiting) are waiting already"))
            }
            state.jobs.append(job)
            defer { state.isWatched = true }
            return state.isWatched ? .wait : .watch
        }
        switch decision {
        case .start(let session): session.connection.start { [self] db in serve(session, db, first: job) }
        case .wait: break
        case .watch: Task { await watch() }
        case .refuse(let error): job.refuse(error)
        }
    }

    /// Takes work out of the queue whose task was cancelled; what has begun goes on.
    private func cancel(_ ticket: Int) {
        let job = state.withLock { state in
            state.jobs.firstIndex { $0.ticket == ticket }.map { state.jobs.remove(at: $0) }
        }
        job?.refuse(CancellationError())
    }

    /// Refuses what has waited too long, until nothing waits.
    private func watch() async {
        while true {
            let (late, next) = state.withLock { state in
                var late: [Job] = []
                while let first = state.jobs.first, first.until <= .now { late.append(state.jobs.removeFirst()) }
                if state.jobs.isEmpty { state.isWatched = false }
                state.refused += late.count
                return (late, state.jobs.first?.until)
            }
            for job in late {
                job.refuse(PostgresError.poolExhausted("none came free within \(limits.wait)"))
            }
            guard let next else { return }
            // Cancelled, it looks once more, and finds nothing or waits again.
            try? await Task.sleep(until: next)
        }
    }

    // MARK: Working

    /// Does what waits, one after another, on the connection's thread.
    private func serve(_ session: Session, _ db: isolated Connection, first: Job) {
        var session = session
        var job: Job? = first
        while let current = job {
            do {
                try prepare(&session, db)
                current.run(db)
            } catch {
                current.refuse(error)
                // Where no more can be opened, what waits is left to those that are open.
                let isLeft = state.withLock { state in
                    guard state.count > 1 else { return false }
                    state.count -= 1
                    return true
                }
                if isLeft { return }
            }
            session.used = .now
            if !db.isIdle || isOld(session) { close(&session, db) }
            job = state.withLock { [session] state in
                if let next = state.jobs.popFirst() { return next }
                if session.opened != nil, !state.isClosed { state.idle.append(session) } else { state.count -= 1 }
                return nil
            }
        }
        if state.withLock({ $0.isClosed }) { db.close() }
    }

    /// A connection that has rested is asked for a sign of life; one that is dead or too old is replaced.
    private func prepare(_ session: inout Session, _ db: isolated Connection) throws(PostgresError) {
        if session.opened != nil {
            let hasRested = session.used.duration(to: .now) > limits.idleBeforeCheck
            if !isOld(session), !hasRested || db.isAlive() { return }
            close(&session, db)
        }
        try db.open()
        session.opened = .now
    }

    private func isOld(_ session: Session) -> Bool {
        session.opened.map { $0.duration(to: .now) >= limits.maximumAge } ?? false
    }

    private func close(_ session: inout Session, _ db: isolated Connection) {
        db.close()
        session.opened = nil
    }
}
