import AsyncHTTPClient
import Casework
import Foundation
import Hummingbird
import NIOCore
import NIOPosix
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Nothing that takes long is computed on the threads that read connections.
struct LoopTests {
    /// The figure of this name, without labels.
    private func figure(_ name: String, _ server: TestServing) async throws -> Double {
        for line in try await server.metrics().split(separator: "\n") where line.hasPrefix(name + " ") {
            return Double(line.dropFirst(name.count + 1)) ?? .nan
        }
        return .nan
    }

    @Test func `a route is answered away from the event loops, unless it says that it is brief`() async throws {
        let router = Router(context: Context.self)
        let whereItRuns: @Sendable (Request, Context) async throws -> Response = { _, _ in
            await Task.yield()
            return .text(MultiThreadedEventLoopGroup.currentEventLoop == nil ? "away" : "loop", as: .plain)
        }
        router.register([Route(.get, "/usual", whereItRuns), Route(.get, "/brief", isBrief: true, whereItRuns)])
        let (ports, started) = AsyncStream<Int>.makeStream()
        let listening = try Listening(ConnectionLimits(), ConnectionLedger(), logger: quiet)
        let application = Application(
            router: router, server: listening.server,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                await listening.admit(at: channel)
                started.yield(channel.localAddress?.port ?? 0)
            }, logger: quiet)
        let serving = Task { try await application.run() }
        defer { serving.cancel() }
        let port = await ports.first { _ in true } ?? 0
        for (path, place) in [("usual", "away"), ("brief", "loop")] {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/\(path)")
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
            #expect(String(buffer: try await answer.body.collect(upTo: 100)) == place, "\(path)")
        }
    }

    @Test func `these requests are brief, and no others`() async throws {
        try await withStore { store in
            let service = Service(databases: store.databases, references: store.references, keys: store.keys)
            let brief = routes(service).filter(\.isBrief).map { "\($0.method) \($0.path)" }.sorted()
            #expect(
                brief == [
                    "GET /docs", "GET /livez", "GET /openapi.json", "GET /readyz", "GET /readyz/worker",
                    "GET /v1/complaints/:reference", "GET /v1/session", "POST /v1/complaints",
                ])
        }
    }

    @Test func `what is computed for too many is refused, and the rest is done`() async throws {
        let pool = ComputePool(threads: 1, waiting: 2)
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do {
                        return try await pool.run {
                            gate.wait()
                            return MultiThreadedEventLoopGroup.currentEventLoop == nil
                        }
                    } catch is ComputePool.Busy {
                        return false
                    }
                }
            }
            try await until("two are refused") { pool.state.turnedAway == 2 }
            for _ in 0..<3 { gate.signal() }
            let done = try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            #expect(done == 3 && pool.state.done == 3 && pool.state.waiting == 0)
        }
    }

    @Test func `how late the event loops are is a figure`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let lag = LoopLag(group)
        let passed = Counter()
        try await until("it is measured") { lag.durations.count > 3 }
        group.next().execute {
            let end = ContinuousClock.now + .milliseconds(400)
            while ContinuousClock.now < end {}
            passed.add()
        }
        try await until("the loop goes on") { passed.value == 1 }
        try await until("it is seen") { lag.longest >= 0.25 }
        try await group.shutdownGracefully()
        try await withServer { server in
            try await until("a figure") {
                try await figure("rectify_event_loop_lag_seconds_count", server) > 0
            }
            #expect(try await figure("rectify_event_loop_lag_longest_seconds", server) >= 0)
        }
    }

    @Test func `an issue is rendered once for each form and language`() async throws {
        try await withServer { server in
            _ = try await server.filed(["received_on": .string("2021-08-20")])
            let path = "/v1/campaigns/internet-2021/issues"
            _ = try await server.send("POST", path, #"{"as_of":"2021-09-30"}"#, as: .supervisor)
            let before = try await figure("rectify_computations_total", server)
            var pages: [String: Set<Data>] = [:]
            for _ in 0..<6 {
                for form in ["html&language=en", "html&language=zh-CN", "markdown", "json"] {
                    let page = try await server.send("GET", "\(path)/1?format=\(form)", as: nil)
                    #expect(page.status == 200)
                    pages[form, default: []].insert(page.bytes)
                }
            }
            #expect(pages.count == 4 && pages.values.allSatisfy { $0.count == 1 })
            #expect(try await figure("rectify_computations_total", server) == before + 4)

            _ = try await server.filed(["received_on": .string("2021-09-20")])
            _ = try await server.send("POST", path, #"{"as_of":"2021-09-30","corrects":1}"#, as: .supervisor)
            let corrected = try await server.send("GET", "\(path)/1?format=html&language=en", as: nil)
            #expect(String(decoding: corrected.bytes, as: UTF8.self).contains("Corrected by issue 2"))
        }
    }

    @Test func `what is kept has a bound, and what was asked for last stays`() async throws {
        let made = Counter()
        let kept = Remembered<Int, Int>(upTo: 10) { $0 }
        for key in [4, 5, 4, 3, 4, 5, 20, 20] {
            _ = try await kept.value(key) {
                made.add()
                return key
            }
        }
        // 4, 5; then 3 in the place of 5; then 5 in that of 3; what is larger than the bound is never kept.
        #expect(made.value == 6)
    }

    @Test func `equal reports that are asked for at the same time are counted once or twice`() async throws {
        try await withServer { server in
            _ = try await server.filed(["received_on": .string("2021-08-20")])
            let gate = try await Gate(of: server.store.owner)
            // The next report waits until the test has sent all requests.
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: """
                        CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
                            $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
                        CREATE TRIGGER held BEFORE UPDATE ON closed_cut FOR EACH ROW EXECUTE FUNCTION held();
                        """)
            }
            let path = "/v1/campaigns/internet-2021/progress?as_of=2021-09-30&format=html"
            let before = try await figure("rectify_reports_made_total", server)
            let answers = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let answer = try await server.send("GET", path, as: .auditor)
                        #expect(answer.status == 200)
                        answers.add()
                    }
                }
                try await gate.untilReached()
                try await until("all are under way") { try await figure("rectify_requests_under_way", server) == 8 }
                await gate.open()
                try await group.waitForAll()
            }
            let made = try await figure("rectify_reports_made_total", server) - before
            #expect(answers.value == 8 && (1...2).contains(made), "\(made)")
        }
    }
}
