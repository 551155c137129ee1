import Casework
import Foundation
import Logging
import Postgres
import Store
import TestSupport
import Testing

/// What was approved to be erased, until it is.
struct ErasureTests {
    private func figure(_ name: String, _ server: TestServing) async throws -> String? {
        try await server.metrics().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func `a granted erasure is pending until the key is deleted, and says so everywhere`() async throws {
        let pages = Pages()
        try await withServer(logger: Logger(label: "test") { _ in pages }) { server in
            let cast = try await Cast(on: server)
            let (reference, secret) = try await cast.filed()
            let code = ["Tracking-Code": secret]
            try await cast.bring(reference, through: [("refusal", #"{"ground":"out_of_scope"}"#)])
            let asked = try await cast.send("POST", "/v1/tracking/rights-requests", #"{"kind":"erasure"}"#, as: code)
            #expect(asked.json["fulfilment"] == nil, "nothing is granted")
            let keys = Database(
                ConnectionSettings(conninfo: server.store.keysURL), limits: PoolLimits(connections: 1), logger: quiet)
            try await keys.withConnection { db in try db.run(script: "ALTER TABLE case_key RENAME TO away") }

            let root = "/v1/complaints/\(reference)/rights-requests"
            let decided = try await cast.send(
                "POST", "\(root)/\(asked.json["request"]?.int ?? 0)/decision",
                #"{"granted":true,"reason":"as asked"}"#, as: cast["supervisor-gd"])
            #expect(decided.status == 200 && decided.json["state"]?.string == "granted")
            #expect(decided.json["fulfilment"]?.string == "pending")
            func fulfilment(_ path: String, _ headers: [String: String]) async throws -> String? {
                try await cast.send("GET", path, as: headers).json["items"]?[0]?["fulfilment"]?.string
            }
            #expect(try await fulfilment(root, cast["auditor-gd"]) == "pending")
            #expect(try await fulfilment("/v1/tracking/rights-requests", code) == "pending")
            #expect(try await figure("rectify_erasures_pending", server) == "1")
            #expect(pages.all.contains { $0.contains("an erasure is pending") })

            // The worker does it as soon as it can be done.
            try await keys.withConnection { db in try db.run(script: "ALTER TABLE away RENAME TO case_key") }
            await keys.close()
            let worker = Worker(server.store.databases, references: server.store.references)
            _ = try await worker.round(at: Date())
            #expect(try await fulfilment(root, cast["auditor-gd"]) == "done")
            #expect(try await fulfilment("/v1/tracking/rights-requests", code) == "done")
            #expect(try await figure("rectify_erasures_pending", server) == "0")
        }
    }

    @Test func `where no server has a worker, its readiness says so`() async throws {
        try await withServer { server in
            func ready() async throws -> TestServing.Answer { try await server.send("GET", "/readyz/worker", as: nil) }
            let never = try await ready()
            #expect(never.status == 503 && never.code == "worker-missing" && never.headers["retry-after"] != nil)
            #expect(try await figure("rectify_worker_is_missing", server) == "1")
            #expect(
                try await server.send("GET", "/readyz", as: nil).status == 200, "requests are answered all the same")
            let worker = Worker(server.store.databases, references: server.store.references)
            _ = try await worker.round(at: Date())
            #expect(try await ready().status == 200)
            #expect(try await figure("rectify_worker_is_missing", server) == "0")
            // Stopped in good order, another server may have one; none has for a long time.
            try await worker.release()
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: "UPDATE worker_lease SET next_round_by = clock_timestamp() - interval '90 seconds'")
            }
            let late = try await ready()
            #expect(late.status == 503 && late.json["detail"]?.string?.contains("overdue by 9") == true)
        }
    }
}
