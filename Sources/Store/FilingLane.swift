import Casework
import Crypto
import DequeModule
import Foundation
import Postgres
import Synchronization

/// Filings that come at the same time share a commit.
///
/// A commit, and each statement, costs the database about as much for sixty-four filings as for one. While one batch is
/// being written the next collects: nobody waits for a timer, and a filing that comes alone goes alone. Each has its own
/// outcome; where a batch fails, its filings are written one by one, so that only the one at fault fails. Nothing is
/// answered before its commit, and where the outcome of a commit is not known, everyone in it is told so.
public final class FilingLane: Sendable {
    /// More wait already than may.
    public struct Full: Error {}

    /// Filings in one commit, at the most.
    static let batch = 64
    /// Filings that may wait.
    static let waiting = 2048
    /// Batches under way at a time.
    static let writers = 2
    /// Filings that have to wait for a second batch to begin beside the first: small ones cost more than they save.
    static let worthASecond = 24
    /// Filings of one batch from which on their rows go by `COPY`.
    static let worthCopying = 8

    typealias Outcome = Result<(answer: StoredAnswer, isReplay: Bool), any Error>

    private struct Job: Sendable {
        let filing: PreparedFiling
        let came: ContinuousClock.Instant
        let continuation: CheckedContinuation<(answer: StoredAnswer, isReplay: Bool), any Error>
    }

    /// Who files takes turns, so that one who files much does not keep others waiting.
    private struct Queue {
        var byFiler: [String: Deque<Job>] = [:]
        var turns: Deque<String> = []
        var count = 0
        var writers = 0
        var tally = FilingLaneState()

        mutating func append(_ job: Job) {
            let filer = job.filing.request?.principal ?? ""
            if byFiler[filer] == nil { turns.append(filer) }
            byFiler[filer, default: []].append(job)
            count += 1
        }

        /// Whether one more batch may be under way; a second has to be worth it.
        mutating func beginsWriter() -> Bool {
            guard writers == 0 || writers < FilingLane.writers && count >= FilingLane.worthASecond else { return false }
            writers += 1
            return true
        }

        /// The next batch; of filings that could be one and the same, only the first.
        mutating func next() -> [Job] {
            var (jobs, held): ([Job], [Job]) = ([], [])
            var seen: Set<Data> = []
            while jobs.count < FilingLane.batch, let filer = turns.popFirst() {
                guard let job = byFiler[filer]?.popFirst() else { continue }
                if byFiler[filer]?.isEmpty == true { byFiler[filer] = nil } else { turns.append(filer) }
                count -= 1
                let marks = job.filing.marks
                if seen.isDisjoint(with: marks) { jobs.append(job) } else { held.append(job) }
                seen.formUnion(marks)
            }
            for job in held { append(job) }
            return jobs
        }
    }

    private let database: Database
    private let numbers: FilingNumbers
    /// How long a filing may wait for its turn.
    private let patience: Duration
    /// Bytes that each filer may store.
    private let filerQuota: Int
    private let queue = Mutex(Queue())

    init(_ databases: Databases, patience: Duration, filerQuota: Int) {
        database = databases.filing
        self.patience = patience
        self.filerQuota = filerQuota
        numbers = FilingNumbers(databases)
    }

    var state: FilingLaneState {
        queue.withLock { queue in
            var state = queue.tally
            state.waiting = queue.count
            return state
        }
    }

    /// - Throws: ``Full``, ``IntakeError``, ``IdempotencyError``, ``MomentError``, or `PostgresError`.
    func store(_ filing: PreparedFiling) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(filing: filing, came: .now, continuation: continuation)
            let decision = queue.withLock { queue -> (isFull: Bool, isWriter: Bool) in
                guard queue.count < Self.waiting else {
                    queue.tally.turnedAway += 1
                    return (true, false)
                }
                queue.append(job)
                return (false, queue.beginsWriter())
            }
            if decision.isFull { continuation.resume(throwing: Full()) }
            if decision.isWriter { Task { await write(queue.withLock { $0.next() }) } }
        }
    }

    /// Several filings in a transaction of their own, all or none, with the answer to the request they came in.
    func storeTogether(
        _ filings: [PreparedFiling], _ request: IdempotentRequest,
        _ whole: @escaping @Sendable ([StoredAnswer]) -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        if let known = try await database.transaction(.readOnly, { db in try db.answer(to: request) }) {
            return (known, true)
        }
        let barriers = try await numbers.barriers(of: filings)
        var free: [Int: [Int]] = [:]
        for (campaign, group) in Dictionary(grouping: filings, by: \.intake.campaignID) {
            free[campaign] = try await numbers.take(group.count, of: campaign)
        }
        do {
            let made = try await database.transaction { [free, filerQuota] db in
                let (outcomes, _) = try db.store(filings, attesting: barriers, numbered: free, filerQuota)
                let answer = whole(try outcomes.map { try $0.get().answer })
                guard try db.keep(answer, for: request, at: try db.recordingMoment()) else {
                    throw IdempotencyError.raced
                }
                return answer
            }
            return (made, false)
        } catch PostgresError.commitOutcomeUnknown(let why) {
            throw PostgresError.commitOutcomeUnknown(why)
        } catch IdempotencyError.raced {
            let known = try await database.transaction(.readOnly) { db in try db.answer(to: request) }
            guard let known else { throw IdempotencyError.inFlight }
            return (known, true)
        } catch {
            for (campaign, numbers) in free { self.numbers.giveBack(numbers, of: campaign) }
            throw error
        }
    }

    /// What the same filer has sent under the same reference before.
    func existing(_ intake: Intake) async throws -> FiledBefore? {
        try await database.transaction(.readOnly) { db in try db.filedBefore([intake]) }.first ?? nil
    }

    /// Writes batches until nobody waits, or what waits is left to another.
    private func write(_ first: [Job]) async {
        var jobs = first
        while true {
            let (late, due) = jobs.reduce(into: ([Job](), [Job]())) { parts, job in
                if job.came.duration(to: .now) > patience { parts.0.append(job) } else { parts.1.append(job) }
            }
            for job in late { job.continuation.resume(throwing: Full()) }
            let outcomes = await store(due.map(\.filing))
            for (job, outcome) in zip(due, outcomes) { job.continuation.resume(with: outcome) }
            jobs = queue.withLock { queue in
                queue.writers -= 1
                queue.tally.turnedAway += late.count
                queue.tally.written += due.count
                return queue.count > 0 && queue.beginsWriter() ? queue.next() : []
            }
            guard !jobs.isEmpty else { return }
        }
    }

    private func store(_ filings: [PreparedFiling]) async -> [Outcome] {
        guard !filings.isEmpty else { return [] }
        queue.withLock { $0.tally.batches += 1 }
        var free: [Int: [Int]] = [:]
        do {
            let barriers = try await numbers.barriers(of: filings)
            for (campaign, group) in Dictionary(grouping: filings, by: \.intake.campaignID) {
                free[campaign] = try await numbers.take(group.count, of: campaign)
            }
            let (outcomes, rest) = try await database.transaction { [free, filerQuota] db in
                try db.store(filings, attesting: barriers, numbered: free, filerQuota)
            }
            for (campaign, numbers) in rest { self.numbers.giveBack(numbers, of: campaign) }
            return outcomes
        } catch PostgresError.commitOutcomeUnknown(let why) {
            return filings.map { _ in .failure(PostgresError.commitOutcomeUnknown(why)) }
        } catch {
            for (campaign, numbers) in free { self.numbers.giveBack(numbers, of: campaign) }
            guard filings.count > 1 else { return [await alone(filings[0], error)] }
            // Where the database is away, trying one by one would only keep everyone waiting. A lock is held by another
            // request with the key of one of them.
            let isLocked = (error as? PostgresError)?.state == "55P03"
            guard isLocked || mayBeOfOneFiling(error) else { return filings.map { _ in .failure(error) } }
            // That may take long, and those behind need not wait for it.
            let isRelieved = queue.withLock { queue in
                queue.tally.takenApart += 1
                guard queue.count > 0, queue.writers < Self.writers else { return false }
                queue.writers += 1
                return true
            }
            if isRelieved { Task { await write(queue.withLock { $0.next() }) } }
            var outcomes: [Outcome] = []
            for filing in filings { outcomes += await store([filing]) }
            return outcomes
        }
    }

    /// What a filing that failed by itself comes to: another that was faster may have been the same.
    private func alone(_ filing: PreparedFiling, _ error: any Error) async -> Outcome {
        do {
            if case IdempotencyError.raced = error, let request = filing.request {
                let known = try await database.transaction(.readOnly) { db in try db.answer(to: request) }
                return known.map { .success(($0, true)) } ?? .failure(IdempotencyError.inFlight)
            }
            if let error = error as? PostgresError, error.constraint == "complaint_is_filed_once" {
                guard let existing = try await existing(filing.intake) else { return .failure(error) }
                return .failure(existing.error(for: filing.intake, digest: filing.digest))
            }
            return .failure(error)
        } catch {
            return .failure(error)
        }
    }
}

/// How busy the way of filings is; but for ``waiting``, since the beginning.
public struct FilingLaneState: Sendable {
    /// Filings that wait for a commit to share.
    public internal(set) var waiting = 0
    /// Commits that were tried.
    public internal(set) var batches = 0
    /// Filings whose outcome is settled.
    public internal(set) var written = 0
    /// Filings that waited too long, or found the lane full.
    public internal(set) var turnedAway = 0
    /// Commits that failed and were tried again filing by filing.
    public internal(set) var takenApart = 0
}

/// Whether one filing of several may be the cause, and not the state of the database.
func mayBeOfOneFiling(_ error: any Error) -> Bool {
    switch error {
    case let error as PostgresError: !error.isTransient
    case is MomentError, is ImportError, is FilerStorageFull, is CancellationError: false
    default: true
    }
}

extension PreparedFiling {
    /// What no two filings of one batch may share.
    fileprivate var marks: Set<Data> {
        var marks: Set<Data> = []
        if let request { marks.insert(sha256("key \(request.principal) \(request.keyHash.base64EncodedString())")) }
        if let filer = intake.filedBy, let own = intake.filing.clientReference {
            marks.insert(sha256("own \(intake.campaignID) \(filer) \(own)"))
        }
        return marks
    }
}

extension Connection {
    /// Writes what is new among the filings, and answers all of them.
    ///
    /// - Throws: ``IdempotencyError/raced`` where one of them came in by another way meanwhile, ``MomentError``, or
    ///   `PostgresError`; nothing is stored then.
    fileprivate func store(
        _ filings: [PreparedFiling], attesting barriers: [CampaignBarrier: UUID], numbered free: [Int: [Int]],
        _ filerQuota: Int
    ) throws -> (outcomes: [FilingLane.Outcome], rest: [Int: [Int]]) {
        var free = free
        try run(script: "SET LOCAL lock_timeout = '250ms'")
        var outcomes = try answeredBefore(filings)
        let open = outcomes.indices.filter { outcomes[$0] == nil }
        for (index, existing) in zip(open, try filedBefore(open.map { filings[$0].intake })) {
            guard let existing else { continue }
            outcomes[index] = .failure(existing.error(for: filings[index].intake, digest: filings[index].digest))
        }
        let stored = try storedBytes(of: Set(filings.compactMap(\.filer)))
        for index in open where outcomes[index] == nil {
            guard let filer = filings[index].filer, stored[filer] ?? 0 >= filerQuota else { continue }
            outcomes[index] = .failure(FilerStorageFull(quota: filerQuota))
        }
        let new = outcomes.indices.filter { outcomes[$0] == nil }
        if !new.isEmpty {
            let attested = filings.map { filing in filing.barrier.flatMap { barriers[$0] } }
            let summaries = try barrierSummaries(Set(new.compactMap { attested[$0] }))
            let moment = try recordingMoment()
            let offices = try offices()
            // `COPY` costs a message more each way, and less for each row.
            let isMany = new.count >= FilingLane.worthCopying
            var (keys, rows) = (RowBatch(), RowBatch(for: isMany ? .copy : .statement))
            for index in new {
                var filing = filings[index]
                filing.assignOffice(among: offices)
                let number = free[filing.intake.campaignID]?.removeFirst() ?? 0
                let receipt = Receipt(
                    reference: Reference(prefix: filing.intake.prefix, number: number),
                    trackingCode: filing.trackingCode, recordedAt: moment, complaint: filing.intake.complaint,
                    barrier: attested[index].flatMap { summaries[$0] })
                let answer = try filing.answer(receipt)
                if let request = filing.request { try keys.add(answer, for: request, at: moment) }
                try rows.add(filing, receipt)
                outcomes[index] = .success((answer, false))
            }
            let keyed = new.count { filings[$0].request != nil }
            guard try insertKeys(keys) == keyed else { throw IdempotencyError.raced }
            if isMany { try copy(rows) } else { try insert(rows) }
            // Last, because the row is locked from here on.
            try addStoredBytes(
                new.reduce(into: [:]) { bytes, index in
                    if let filer = filings[index].filer { bytes[filer, default: 0] += filings[index].storedBytes }
                })
        }
        return (outcomes.map { $0 ?? .failure(PostgresError.unexpectedRow("a filing without an outcome")) }, free)
    }

    private func answeredBefore(_ filings: [PreparedFiling]) throws -> [FilingLane.Outcome?] {
        let requests = filings.compactMap(\.request)
        guard !requests.isEmpty else { return filings.map { _ in nil } }
        let known = try storedAnswers(to: requests)
        return filings.map { filing in
            guard let request = filing.request, let stored = known[request.keyHash],
                stored.principal == request.principal
            else { return nil }
            return Result { (try stored.answer(to: request), true) }
        }
    }

    func barrierSummaries(_ ids: Set<UUID>) throws -> [UUID: BarrierSummary] {
        guard !ids.isEmpty else { return [:] }
        let found = try all(
            "SELECT \(BarrierSummary.columns) FROM barrier b WHERE b.id = ANY(\(Array(ids)))",
            as: BarrierSummary.init(row:))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
    }

    /// Waits for another request with one of the keys that is under way.
    private func insertKeys(_ keys: RowBatch) throws -> Int {
        do {
            return try insert(keys)
        } catch  where error.state == "55P03" {
            throw IdempotencyError.inFlight
        }
    }
}
