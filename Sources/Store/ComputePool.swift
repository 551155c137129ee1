import DequeModule
import Foundation
import Synchronization

/// A bounded place for computing that takes longer than the two milliseconds a thread that reads connections may spend.
///
/// The threads have a lower priority than all others, so that a report takes the processor from no short answer. What
/// waits is bounded too: beyond it, callers get ``Busy``, which is 503 with `Retry-After`.
public final class ComputePool: Sendable {
    /// As much waits as may.
    public struct Busy: Error {}

    /// How much was computed, and waits.
    public struct State: Sendable {
        public internal(set) var waiting = 0
        /// Since the beginning.
        public internal(set) var done = 0
        /// Refused because too many waited, since the beginning.
        public internal(set) var turnedAway = 0
    }

    private struct Queue {
        var work: Deque<@Sendable () -> Void> = []
        var state = State()
        var isClosed = false
    }

    /// What the threads share; they outlive the pool by what they are at.
    private final class Shared: Sendable {
        let queue = Mutex(Queue())
        let signal = DispatchSemaphore(value: 0)

        func work() {
            while true {
                signal.wait()
                let next = queue.withLock { queue in (work: queue.work.popFirst(), isClosed: queue.isClosed) }
                guard let work = next.work else {
                    if next.isClosed { return }
                    continue
                }
                work()
            }
        }
    }

    private let shared = Shared()
    private let threads: Int
    /// Computations that may wait or be under way.
    private let limit: Int

    /// - Parameters:
    ///   - threads: How many compute at a time; left out, one less than there are processors.
    ///   - waiting: How many may wait.
    ///   - niceness: How much lower their priority is, 0 to 19 (setpriority(2), which on Linux counts for one thread).
    public init(threads: Int? = nil, waiting: Int = 64, niceness: Int32 = 10) {
        self.threads = threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        limit = self.threads + waiting
        for _ in 0..<self.threads {
            let thread = Thread { [shared] in
                lowerPriority(by: niceness)
                shared.work()
            }
            thread.name = "rectify.compute"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit {
        shared.queue.withLock { $0.isClosed = true }
        for _ in 0..<threads { shared.signal.signal() }
    }

    public var state: State { shared.queue.withLock { $0.state } }

    /// Computes away from the caller's thread.
    ///
    /// - Returns: What `work` returns.
    /// - Throws: ``Busy``, or what `work` throws.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = shared.queue.withLock { [shared, limit] queue in
                guard queue.state.waiting < limit else {
                    queue.state.turnedAway += 1
                    return false
                }
                queue.state.waiting += 1
                queue.work.append {
                    let result = Result { try work() }
                    shared.queue.withLock { queue in
                        queue.state.waiting -= 1
                        queue.state.done += 1
                    }
                    continuation.resume(with: result)
                }
                return true
            }
            guard isTaken else { return continuation.resume(throwing: Busy()) }
            shared.signal.signal()
        }
    }
}

/// Lowers the priority of this thread; where that cannot be done, computing goes on at the usual one.
private func lowerPriority(by niceness: Int32) {
    #if os(Linux)
    // Elsewhere setpriority(2) counts for the whole process.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #endif
}
