import API
import Foundation
import Logging
import ServiceLifecycle
import Store

/// Does, every while, what time itself brings about; of several servers one at a time.
struct Rounds: ServiceLifecycle.Service {
    let worker: Worker
    /// Open what a round reads again that a version before wrote.
    let keys: CaseKeys
    let every: Duration
    let logger: Logger

    func run() async throws {
        await repeatedly(every: every) {
            do {
                if let done = try await worker.round(at: Date()), !done.isEmpty {
                    let level: Logger.Level = done.failures.isEmpty ? .notice : .warning
                    logger.log(level: level, "worker's round", metadata: ["done": "\(done)"])
                }
                if let changed = try await worker.readAgain(with: keys), changed > 0 {
                    logger.notice(
                        "rows of the version before were brought into today's form", metadata: ["rows": "\(changed)"])
                }
            } catch  where !(error is CancellationError) {
                logger.warning("the worker's round failed; it is tried again", metadata: ["error": "\(error)"])
            }
        }
        // The next server need not wait until the lease runs out; where this fails, it does.
        try? await worker.release()
    }
}

/// Takes cases from officers who have left, soon after they did: a round of the worker may take long.
struct Leavers: ServiceLifecycle.Service {
    let worker: Worker
    let isOn: Bool
    let logger: Logger
    /// What is promised are ten seconds.
    static let pause: Duration = .seconds(4)

    func run() async throws {
        await repeatedly(every: isOn ? Self.pause : .zero) {
            do {
                guard let count = try await worker.unassignLeavers(at: Date()), count > 0 else { return }
                logger.notice("cases of officers who have left are nobody's", metadata: ["cases": "\(count)"])
            } catch  where !(error is CancellationError) {
                logger.warning(
                    "cases of officers who have left could not be unassigned; it is tried again",
                    metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Keeps the sums of reports up to date, so that a report is soon made; of several servers one at a time.
struct Summing: ServiceLifecycle.Service {
    let sums: ReportSums
    let every: Duration
    let logger: Logger

    func run() async throws {
        await repeatedly(every: every) {
            do {
                try await sums.bringUp()
            } catch  where !(error is CancellationError) {
                logger.warning("the sums of reports are behind; it is tried again", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Lets `keys rewrap` know under which key this server wraps new ones.
struct Announcing: ServiceLifecycle.Service {
    let databases: Databases
    let key: String
    let logger: Logger
    let server = UUID()

    func run() async throws {
        await repeatedly(every: .seconds(15)) {
            do {
                try await databases.announce(server, uses: key)
            } catch  where !(error is CancellationError) {
                logger.warning("the key in use could not be told; it is tried again", metadata: ["error": "\(error)"])
            }
        }
        // What is not taken back runs out within a minute.
        try? await databases.announce(server, uses: nil)
    }
}

/// Does something again and again until the server is told to stop; with 0 another server does it.
func repeatedly(every: Duration, _ body: @escaping @Sendable () async throws -> Void) async {
    await cancelWhenGracefulShutdown {
        while !Task.isCancelled {
            do {
                if every > .zero { try await body() }
                try await Task.sleep(for: every > .zero ? every : .seconds(3600))
            } catch {
                // It was cancelled.
                return
            }
        }
    }
}

/// Sends filers what has changed; a server without a worker leaves it to those that have one.
struct Sending: ServiceLifecycle.Service {
    let sender: WebhookSender
    let isOn: Bool

    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard isOn else {
                // Cancelled, the loop ends by its condition.
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
                return
            }
            await sender.run(every: .seconds(2))
        }
    }
}
