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
            Route(.get, "/livez") { _, _ in try .json(Health(status: "ok")) },
            Route(.get, "/readyz", ready),
        ]
    }

    @Sendable func ready(_ request: Request, context: Context) async throws -> Response {
        guard !service.departure.isAnnounced else { throw Problem.overloaded("The server is about to stop.") }
        guard let canWrite = try await answerInTime() else {
            throw Problem.overloaded("The database does not answer in time.")
        }
        guard canWrite else {
            throw Problem.overloaded("The database answers, but does not take writes or lacks its schema.")
        }
        return try .json(Health(status: "ok"))
    }

    /// - Returns: `nil` where the databases take too long; the question is then left to itself.
    private func answerInTime() async throws -> Bool? {
        let (answers, answer) = AsyncThrowingStream<Bool?, any Error>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let asking = Task {
            do {
                answer.yield(try await service.databases.isReady())
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
