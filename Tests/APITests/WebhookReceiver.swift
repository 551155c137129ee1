import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// A filer's own server: what it was sent, and what it answers, one status after the other, then always the last.
final class Receiver: Sendable {
    struct Message: Sendable {
        let headers: [String: String]
        let body: String
        var id: String { headers["webhook-id"] ?? "" }
    }

    private let state: Mutex<(messages: [Message], statuses: [Int])>

    /// Takes the message and does not answer until it is told what.
    static let never = 0

    init(_ statuses: [Int]) { state = Mutex(([], statuses)) }

    var messages: [Message] { state.withLock { $0.messages } }

    func answer(_ status: Int) { state.withLock { $0.statuses = [status] } }

    private func take(_ message: Message) -> Int {
        state.withLock { state in
            state.messages.append(message)
            return state.statuses.count > 1 ? state.statuses.removeFirst() : state.statuses[0]
        }
    }

    /// Listens while `body` runs.
    func listening(_ body: @escaping @Sendable (_ url: String) async throws -> Void) async throws {
        let router = Router()
        router.post("/told") { request, _ -> Response in
            let bytes = try await request.body.collect(upTo: 1 << 20)
            var headers: [String: String] = [:]
            for field in request.headers { headers[field.name.canonicalName] = field.value }
            let status = self.take(Message(headers: headers, body: String(buffer: bytes)))
            while status == Self.never, self.state.withLock({ $0.statuses == [Self.never] }) {
                try await Task.sleep(for: .milliseconds(50))
            }
            return Response(
                status: .init(code: max(status, 200)), headers: status == 302 ? [.location: "/elsewhere"] : [:])
        }
        let (ports, started) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? 0) }, logger: quiet)
        let lifecycle = ServiceGroup(configuration: .init(services: [application], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lifecycle.run() }
            let port = try #require(await ports.first { _ in true })
            do {
                try await body("http://127.0.0.1:\(port)/told")
            } catch {
                await lifecycle.triggerGracefulShutdown()
                throw error
            }
            await lifecycle.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
