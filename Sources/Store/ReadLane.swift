import DequeModule
public import Postgres
import Synchronization

/// More questions wait already than may.
public struct ReadLaneFull: Error {}

/// Questions of one kind that are asked at the same time share their statements.
///
/// A statement costs the database and this server about as much for one row as for sixty-four. While one batch is asked
/// the next collects, so nobody waits for a timer. A question is never answered from before it was asked.
public final class ReadLane<Question: Hashable & Sendable, Answer: Sendable>: Sendable {
    private typealias Asked = Deque<(question: Question, continuation: CheckedContinuation<Answer?, any Error>)>

    private struct Queue {
        var asked: Asked = []
        var readers = 0
    }

    private let database: Database
    private let load: @Sendable (isolated Connection, [Question]) throws -> [Question: Answer]
    private let queue = Mutex(Queue())

    /// Questions in one batch, and batches under way, at the most.
    private let (batch, readers): (Int, Int)
    /// Questions that may wait.
    private let waiting: Int

    /// - Parameters:
    ///   - database: Where to ask.
    ///   - batch: Questions in one batch, at the most.
    ///   - readers: Batches under way, at the most.
    ///   - waiting: Questions that may wait; the next one is refused.
    ///   - load: The answers to some questions; those without one are left out.
    public init(
        _ database: Database, batch: Int = 64, readers: Int = 2, waiting: Int = 4096,
        load: @escaping @Sendable (isolated Connection, [Question]) throws -> [Question: Answer]
    ) {
        self.database = database
        (self.batch, self.readers, self.waiting) = (batch, readers, waiting)
        self.load = load
    }

    /// - Returns: The answer, or `nil` where there is none.
    /// - Throws: ``ReadLaneFull``, `PostgresError`, or what reading throws.
    public func answer(to question: Question) async throws -> Answer? {
        try await withCheckedThrowingContinuation { continuation in
            let (isFull, isReader) = queue.withLock { queue -> (Bool, Bool) in
                guard queue.asked.count < waiting else { return (true, false) }
                queue.asked.append((question, continuation))
                guard queue.readers < readers else { return (false, false) }
                queue.readers += 1
                return (false, true)
            }
            if isFull { continuation.resume(throwing: ReadLaneFull()) }
            if isReader { read() }
        }
    }

    /// Asks what has collected, and goes on while more does.
    private func read() {
        database.perform { [self] db in
            let asked = queue.withLock { queue in
                let asked = Array(queue.asked.prefix(batch))
                queue.asked.removeFirst(asked.count)
                return asked
            }
            let answers = asked.isEmpty ? [:] : answers(to: Array(Set(asked.map(\.question))), db)
            let isDone = queue.withLock { queue in
                if queue.asked.isEmpty { queue.readers -= 1 }
                return queue.asked.isEmpty
            }
            if !isDone { read() }
            for (question, continuation) in asked {
                continuation.resume(with: answers[question] ?? .success(nil))
            }
        } orElse: { [self] error in
            // Where another batch is under way, what waits is left to who reads it.
            let asked = queue.withLock { queue -> Asked in
                queue.readers -= 1
                guard queue.readers == 0 else { return [] }
                defer { queue.asked = [] }
                return queue.asked
            }
            for (_, continuation) in asked { continuation.resume(throwing: error) }
        }
    }

    /// Where a batch fails, and the database is not to blame, each is asked alone, so that only the one at fault fails.
    private func answers(
        to questions: [Question], _ db: isolated Connection
    ) -> [Question: Result<Answer?, any Error>] {
        do {
            return try load(db, questions).mapValues { .success($0) }
        } catch {
            var answers: [Question: Result<Answer?, any Error>] = [:]
            let isAlone = questions.count == 1 || !mayBeOfOneQuestion(error)
            for question in questions {
                answers[question] =
                    isAlone ? .failure(error) : self.answers(to: [question], db)[question] ?? .success(nil)
            }
            return answers
        }
    }
}

/// Whether what one question found is to blame, and not the state of the database.
private func mayBeOfOneQuestion(_ error: any Error) -> Bool {
    switch error {
    case PostgresError.server(let error): error.state.hasPrefix("22")
    case PostgresError.unexpectedRow, PostgresError.nulCharacter: true
    case is PostgresError: false
    default: true
    }
}
