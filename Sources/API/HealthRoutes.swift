import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Store
import Synchronization

/// Whether the server is about to stop.
///
/// Between the announcement and the end it still answers everything, but says that it is not ready and ends each
/// connection with its answer, so that a proxy in front loses no request.
public final class Departure: Sendable {
    private let announced = Atomic(false)

    var isAnnounced: Bool { announced.load(ordering: .relaxed) }

    public func announce() { announced.store(true, ordering: .relaxed) }
}

/// For machines: whether the process lives, and whether it can work.
struct HealthRoutes {
    let service: Service

    struct Health: Codable {
        var status: String
    }

    /// How long the databases may take to say that they are there.
    private static let patience: Duration = .milliseconds(1500)

    var routes: [Route] {
        [
            // Never asks the database: a database that is away is no reason to restart the server.
            Route(.get, "/livez", isBrief: true) { _, _ in try .json(Health(status: "ok")) },
            Route(.get, "/readyz", isBrief: true, ready),
            Route(.get, "/readyz/worker", isBrief: true, workerReady),
        ]
    }

    @Sendable func ready(_ request: Request, context: Context) async throws -> Response {
        guard !service.departure.isAnnounced else { throw Problem.overloaded("The server is about to stop.") }
        switch try await answerInTime() {
        case nil: throw Problem.overloaded("The database does not answer in time.")
        case .notWritable:
            throw Problem.overloaded("The database answers, but does not take writes or lacks its schema.")
        case .clockAhead(let seconds): throw MomentError.clockAhead(seconds: seconds)
        case .ready: return try .json(Health(status: "ok"))
        }
    }

    /// Whether some server has a worker, which warns, erases and sends; any server answers for all of them.
    @Sendable func workerReady(_ request: Request, context: Context) async throws -> Response {
        guard let missing = try await service.databases.workerMissing() else {
            return try .json(Health(status: "ok"))
        }
        let since = missing.seconds.map { "its next round is overdue by \($0) seconds" } ?? "there never was one"
        throw Problem(
            .serviceUnavailable, "worker-missing", "No server has a worker",
            "Nothing that time brings about happens, and approved erasures wait: \(since). One server has to run with "
                + "worker.seconds above 0.", headers: [.retryAfter: "30"])
    }

    /// - Returns: `nil` where the databases take too long; the question is then left to itself.
    private func answerInTime() async throws -> Readiness? {
        let (answers, answer) = AsyncThrowingStream<Readiness?, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(1))
        let asking = Task {
            do {
                answer.yield(try await service.databases.readiness())
            } catch {
                answer.finish(throwing: error)
            }
        }
        let waiting = Task {
            try await Task.sleep(for: Self.patience)
            answer.yield(nil)
        }
        defer {
            asking.cancel()
            waiting.cancel()
        }
        for try await first in answers { return first }
        return nil
    }
}
