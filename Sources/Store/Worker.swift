import Casework
public import Foundation
import Postgres
import Synchronization

/// What a round of the worker did.
public struct WorkDone: Sendable, Equatable {
    public var warned = 0
    public var missed = 0
    public var expired = 0
    public var reviews = 0
    public var suspected = 0
    public var silent = 0
    /// Open cases whose barrier was verified gone and is complained of again.
    public var news = 0
    public var recalculated = 0
    /// Complaints whose words can be found by their pairs of characters now.
    public var indexed = 0
    /// Messages to filers that were put on their way.
    public var told = 0
    /// Complaints whose data were restricted or erased.
    public var disposed = 0
    /// What could not be done this time, and why; the rest was.
    public var failures: [String] = []

    public init() {}

    public var isEmpty: Bool { self == WorkDone() }
}

/// Does what time itself brings about: warns of what falls due, says what was missed, lets justifications run out, opens
/// reviews, compares new filings, tells filers what changed and officers of silent companies, recalculates limits when a calendar
/// changed, and takes cases from officers who have left.
///
/// Several servers may have one each; whoever holds the lease works. Doing everything twice changes nothing more, and a
/// worker that lost its lease while it slept cannot write any more: every task checks its fence in the transaction that writes.
public final class Worker: Sendable {
    /// The lease went to another worker.
    struct LeaseLost: Error {}

    let databases: Databases
    let references: ReferenceCache
    private let holder: UUID
    /// Whether keys that a backup brought back were looked for, once after each start.
    private let hasLookedBack = Atomic(false)
    /// How long the lease lasts without being renewed.
    public static let lease: Duration = .seconds(30)
    /// Cases looked at in one statement, and in one round, at the most.
    ///
    /// Each is changed in a transaction of its own, so that no officer waits for a batch.
    static let (batch, roundLimit) = (50, 2000)
    /// How often there is a round.
    private let every: Duration
    /// A round may take so long until the worker counts as missing.
    private static let margin: Duration = .seconds(300)

    /// - Parameters:
    ///   - databases: What is worked on.
    ///   - references: The reference data.
    ///   - every: How often there is a round; a worker that misses three is missing.
    public init(_ databases: Databases, references: ReferenceCache, every: Duration = .seconds(20)) {
        self.databases = databases
        self.references = references
        self.every = every
        holder = .v7(at: Date())
    }

    /// One round, if the lease can be had.
    ///
    /// - Returns: What was done; `nil` where another worker has the lease.
    /// - Throws: ``MomentError/clockAhead(seconds:)``, `PostgresError`, or what reading reference data throws.
    public func round(at now: Date) async throws -> WorkDone? {
        // A lease that was taken by a clock gone ahead would keep other workers out for as long.
        try await databases.work.withConnection { db in try MomentError.check(try db.clock(), against: db.ownTime) }
        guard let fence = try await takeLease() else { return nil }
        var done = WorkDone()
        do {
            let book = try await references.book()
            do {
                try await sweep()
            } catch let error as PostgresError {
                done.failures.append("sweep: \(error)")
            }
            try await attempt("erase", &done, \.disposed) {
                let isFirst = hasLookedBack.exchange(true, ordering: .relaxed) == false
                return try await databases.finishErasures() + (isFirst ? databases.eraseAgain() : 0)
            }
            for (code, campaign) in book.data.campaigns.sorted(by: { $0.key < $1.key }) {
                guard let id = book.campaign(code)?.id else { continue }
                let view = WorkView(
                    campaignID: id, campaign: campaign, book: book, fence: fence, now: now,
                    today: Day(now, in: campaign.zone()))
                try await attempt("warn", &done, \.warned) { try await warn(view) }
                try await attempt("miss", &done, \.missed) { try await markMissed(view) }
                try await attempt("expire", &done, \.expired) { try await expire(view) }
                try await attempt("review", &done, \.reviews) { try await openReviews(view) }
                try await attempt("silence", &done, \.silent) { try await tellSilent(view) }
                try await attempt("news", &done, \.news) { try await bringNewsOfBarriers(view) }
                try await attempt("index", &done, \.indexed) { try await indexNew(view) }
                try await attempt("tell", &done, \.told) { try await tellFilers(view) }
                try await attempt("compare", &done, \.suspected) { try await compareNew(view) }
                try await attempt("dispose", &done, \.disposed) { try await dispose(view) }
                try await attempt("recalculate", &done, \.recalculated) { try await recalculate(view) }
            }
        } catch is LeaseLost {
            return done
        }
        return done
    }

    /// Does one kind of work; what fails is noted and does not keep the rest from being done.
    private func attempt(
        _ name: String, _ done: inout WorkDone, _ count: WritableKeyPath<WorkDone, Int>, _ body: () async throws -> Int
    ) async throws {
        do {
            done[keyPath: count] += try await body()
        } catch let lost as LeaseLost {
            throw lost
        } catch let cancelled as CancellationError {
            throw cancelled
        } catch {
            done.failures.append("\(name): \(error)")
        }
    }

    /// Does something to each of many cases, every one in a transaction of its own.
    ///
    /// - Returns: For how many it was done; a case that refuses is left for people to look at.
    func each<Item: Sendable>(
        _ items: [Item], _ fence: Int, _ body: @escaping @Sendable (isolated Connection, Item) throws -> Bool
    ) async throws -> Int {
        var count = 0
        for item in items {
            do {
                if try await work(fence, { db in try body(db, item) }) { count += 1 }
            } catch is Refusal {
                continue
            }
        }
        return count
    }

    /// Gives the lease back, so that another worker need not wait.
    public func release() async throws {
        _ = try await databases.work.transaction { [holder] db in
            try db.run(
                """
                UPDATE worker_lease SET expires_at = clock_timestamp() WHERE name = 'worker' AND holder = \(holder)
                """)
        }
    }

    func takeLease() async throws -> Int? {
        let patience = Int((every * 3 + Self.margin).components.seconds)
        return try await databases.work.transaction { [holder] db in
            try db.first(
                """
                UPDATE worker_lease
                SET next_round_by = clock_timestamp() + make_interval(secs => \(patience)),
                    fence = fence + CASE WHEN holder IS NOT DISTINCT FROM \(holder) THEN 0 ELSE 1 END,
                    holder = \(holder),
                    expires_at = clock_timestamp() + make_interval(secs => \(Int(Self.lease.components.seconds)))
                WHERE name = 'worker' AND (holder = \(holder) OR expires_at < clock_timestamp())
                RETURNING fence
                """
            ) { row in try row.read(Int.self) }
        }
    }

    /// A transaction of the worker's tasks: nobody takes the lease over before it ends.
    func work<Value: Sendable>(
        _ fence: Int, _ body: @escaping @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        // A server that is told to stop does not finish its round first.
        try Task.checkCancellation()
        return try await databases.work.transaction(as: .system) { [holder] db in
            let isNearEnd = try db.first(
                """
                SELECT expires_at < clock_timestamp() + interval '15 seconds' FROM worker_lease
                WHERE name = 'worker' AND holder = \(holder) AND fence = \(fence) FOR SHARE
                """
            ) { row in try row.read(Bool.self) }
            guard let isNearEnd else { throw LeaseLost() }
            if isNearEnd {
                try db.run(
                    """
                    UPDATE worker_lease
                    SET expires_at = clock_timestamp() + make_interval(secs => \(Int(Self.lease.components.seconds)))
                    WHERE name = 'worker'
                    """)
            }
            return try body(db)
        }
    }

    /// What is kept for a time only, and what the version of the program before this one left open.
    ///
    /// In batches, each in a transaction of its own, and no more than twenty of each in one round.
    private func sweep() async throws {
        let batch = 10_000
        for _ in 0..<20 {
            let gone = try await databases.work.transaction { db in
                try db.run(
                    """
                    DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
                        SELECT ctid FROM idempotency_key WHERE recorded_at < now() - interval '7 days' LIMIT \(batch)))
                    """)
            }
            if gone < batch { break }
        }
        for _ in 0..<20 {
            let isMore = try await databases.work.transaction { db in try db.sweepDeliveries(batch) }
            if !isMore { break }
        }
        // Plans made while a table was empty are bad ones once it is not, and the server's own look comes a minute later.
        try await databases.sums.withConnection { db in _ = try db.run("SELECT analyze_grown_tables()") }
        for _ in 0..<20 {
            let filled = try await databases.work.transaction { db in
                try db.run(
                    """
                    UPDATE complaint_barrier l SET number = c.number, received_on = c.received_on
                    FROM complaint c
                    WHERE l.ctid = ANY(ARRAY(
                        SELECT ctid FROM complaint_barrier WHERE received_on IS NULL LIMIT \(batch)))
                      AND c.campaign_id = l.campaign_id AND c.id = l.complaint_id
                    """)
            }
            if filled < batch { break }
        }
    }
}

/// One campaign, as a round sees it.
struct WorkView: Sendable {
    let campaignID: Int
    let campaign: Campaign
    var book: ReferenceBook
    let fence: Int
    let now: Date
    let today: Day

    func reference(_ number: Int) -> Reference { Reference(prefix: campaign.prefix, number: number) }
}
