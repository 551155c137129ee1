import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle

/// Waits on a loopback address for the browser that comes back from the directory (RFC 8252, 7.3).
enum LoopbackListener {
    /// Lends `body` a listener that is there as long as it runs.
    ///
    /// - Parameters:
    ///   - port: On which port; 0 takes a free one.
    ///   - body: Gets the listener, once it listens.
    /// - Returns: What `body` returns.
    /// - Throws: What listening or `body` throws.
    static func listening<Value: Sendable>(
        on port: Int, _ body: @escaping @Sendable (_ redirect: String, _ code: @escaping Code) async throws -> Value
    ) async throws -> Value {
        let (ports, started) = AsyncStream<Int>.makeStream()
        let (answers, answered) = AsyncStream<[Substring: Substring]>.makeStream()
        let router = Router()
        router.get("/callback") { request, _ -> Response in
            answered.yield(Dictionary(request.uri.queryParameters.map { ($0.key, $0.value) }) { first, _ in first })
            let page = "<!doctype html><meta charset=utf-8><title>Rectify</title><p>You can close this page."
            return Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: page)))
        }
        let silent = Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in started.yield(channel.localAddress?.port ?? 0) }, logger: silent)
        let group = ServiceGroup(configuration: .init(services: [application], logger: silent))
        return try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                let port = await ports.first { _ in true } ?? 0
                return try await body("http://127.0.0.1:\(port)/callback") { state in
                    try await Self.code(in: answers, for: state)
                }
            }
            while let ended = try await tasks.next() {
                guard let value = ended else { continue }
                await group.triggerGracefulShutdown()
                return value
            }
            throw Failure("the listener ended before anybody signed in")
        }
    }

    /// The code of the answer that has this state; others are passed by.
    typealias Code = @Sendable (_ state: String) async throws -> String

    private static func code(
        in answers: AsyncStream<[Substring: Substring]>, for state: String
    ) async throws -> String {
        for await answer in answers where answer["state"].map(String.init) == state {
            if let code = answer["code"] { return String(code) }
            let why = answer["error"].map { ": \($0)" } ?? ""
            throw Failure("the directory refused\(why)", code: Failure.Code.notSignedIn)
        }
        throw CancellationError()
    }
}
