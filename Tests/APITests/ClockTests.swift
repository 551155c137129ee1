import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// The database's clock against the server's own.
struct ClockTests {
    @Test(arguments: [3600.0, 86_400, 400])
    func `a database whose clock has gone ahead records nothing, says so, and goes on when it is back`(
        ahead: TimeInterval
    ) async throws {
        let clock = SetClock()
        let own: @Sendable () -> Date = { clock.now }
        try await withServer(ownClock: own) { server in
            let first = try await server.filed()
            clock.pass(hours: -ahead / 3600)
            let refused = try await server.file(as: nil)
            #expect(refused.status == 503 && refused.code == "clock-ahead" && refused.headers["retry-after"] != nil)
            let detail = refused.json["detail"]?.string ?? ""
            let seconds = detail.firstMatch(of: /is (\d+) seconds/).flatMap { Int($0.output.1) }
            #expect(seconds.map { abs(Double($0) - ahead) < 60 } == true)
            let ready = try await server.send("GET", "/readyz", as: nil)
            #expect(ready.status == 503 && ready.code == "clock-ahead")
            #expect(try await server.send("GET", "/livez", as: nil).status == 200)
            #expect(try await server.metrics().contains(/\nrectify_database_clock_ahead_seconds [0-9]{3,}/))
            let work = server.store.databases.work
            await #expect(throws: MomentError.self) { try await work.closeCut() }
            let worker = Worker(server.store.databases, references: server.store.references)
            await #expect(throws: MomentError.self) { _ = try await worker.round(at: Date()) }
            #expect(try await server.send("GET", "/v1/complaints/\(first)").status == 200, "what is there is read")
            let sums = ReportSums(server.store.databases, references: server.store.references)
            await #expect(throws: (any Error).self) { try await sums.bringUp() }

            clock.pass(hours: ahead / 3600)
            #expect(try await server.file(as: nil).status == 201, "nothing was closed over")
            #expect(try await server.send("GET", "/readyz", as: nil).status == 200)
        }
    }

    @Test(arguments: [-240.0, 86_400])
    func `clocks that differ by less, or the other way round, are nobody's concern`(offset: TimeInterval) async throws {
        let clock = SetClock()
        clock.pass(hours: offset / 3600)
        let own: @Sendable () -> Date = { clock.now }
        try await withServer(ownClock: own) { server in
            let filed = try await server.file(as: nil)
            let ready = try await server.send("GET", "/readyz", as: nil)
            #expect(filed.status == 201 && ready.status == 200)
        }
    }
}
