import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What an import, and all that a filer sends, may take of the disk.
struct ImportLimitTests {
    private func key(_ server: TestServing) async throws -> [String: String] {
        let secret = try await server.store.databases.work.transaction { db in
            try db.issueKey(toFiler: "council", scopes: [.file, .import], lasting: 1, at: Date()).secret
        }
        return ["Authorization": "Bearer \(secret)"]
    }

    private func begin(_ server: TestServing, _ key: [String: String]) async throws -> String {
        let begun = try await server.send(
            "POST", "/v1/imports", #"{"campaign":"internet-2021"}"#, as: nil, headers: key)
        #expect(begun.status == 201)
        return begun.json["self"]?.string ?? ""
    }

    private func send(
        _ server: TestServing, _ path: String, _ body: String, after: Int = 0, _ key: [String: String]
    ) async throws -> TestServing.Answer {
        try await server.send(
            "POST", "\(path)/lines?after=\(after)", body, as: nil,
            headers: key.merging(["Content-Type": "application/x-ndjson"]) { $1 })
    }

    private func line(_ number: Int) -> String { filing(["client_reference": .string("line-\(number)")]) + "\n" }

    private func rows(_ server: TestServing) async throws -> Int? {
        try await server.store.owner.withConnection { db in
            try db.first("SELECT count(*) FROM filing_import_line") { row in try row.read(Int.self) }
        }
    }

    @Test func `refused lines are kept up to a bound, and counted by fault beyond it`() async throws {
        try await withServer(imports: ImportLimits(keptRefusals: 700)) { server in
            let key = try await key(server)
            let path = try await begin(server, key)
            let first = try await send(server, path, String(repeating: "{}\n", count: 1200), key)
            #expect(first.status == 200 && first.json["refused"]?.int == 1200)
            let broken = String(repeating: "{\n", count: 30)
            let second = try await send(server, path, broken + line(1) + line(1), after: 1200, key)
            #expect(second.json["lines"]?.int == 1232 && second.json["filed"]?.int == 1)
            let leftOff = second.json["left_off"]?.array.map {
                "\($0["code"]?.string ?? "") \($0["lines"]?.int ?? 0)"
            }
            #expect(leftOff == ["malformed-json 30", "missing 500"])
            #expect(try await rows(server) == 702, "filed and known lines are always kept")
            let results = try await server.send("GET", "\(path)/results", as: nil, headers: key)
            #expect(results.bytes.split(separator: 0x0A).count == 702)
            let shown = try await server.send("GET", path, as: nil, headers: key)
            #expect(shown.json["left_off"] == second.json["left_off"])
        }
    }

    @Test func `an import has limits of lines, bytes and time`() async throws {
        let clock = SetClock()
        let limits = ImportLimits(lines: 900, bytes: 100_000, age: .seconds(3600))
        let now: @Sendable () -> Date = { clock.now }
        try await withServer(now: now, imports: limits) { server in
            let key = try await key(server)
            let path = try await begin(server, key)
            let long = try await send(server, path, String(repeating: "{}\n", count: 1400), key)
            #expect(long.status == 413 && long.code == "import-is-full")
            let shown = try await server.send("GET", path, as: nil, headers: key).json
            #expect(shown["lines"]?.int == 500, "what was taken before stays")
            #expect(try await send(server, path, "{}\n", after: 500, key).status == 200)
            // What holds no line counts too, in however many streams it comes.
            let blank = String(repeating: "\n", count: 60_000) + "{}\n"
            #expect(try await send(server, path, blank, after: 501, key).status == 200)
            let more = try await send(server, path, blank, after: 502, key)
            #expect(more.status == 413 && more.json["detail"]?.string?.contains("100000 bytes") == true)
            clock.pass(hours: 2)
            let late = try await send(server, path, "{}\n", after: 502, key)
            #expect(late.status == 409 && late.code == "import-is-over")
            #expect(try await send(server, try await begin(server, key), "{}\n", key).status == 200)
        }
        let hasty = ImportLimits(stream: .zero)
        try await withServer(imports: hasty) { server in
            let key = try await key(server)
            let slow = try await send(server, try await begin(server, key), "{}\n", key)
            #expect(slow.status == 408 && slow.code == "import-stream-too-long")
        }
    }

    @Test func `a filer has a quota of stored bytes, by every way in, and others have their own`() async throws {
        try await withServer(filerQuota: 60_000) { server in
            let key = try await key(server)
            let path = try await begin(server, key)
            #expect(try await send(server, path, (1...4).map(line).joined(), key).json["filed"]?.int == 4)
            func file(_ number: Int) async throws -> TestServing.Answer {
                try await server.send(
                    "POST", "/v1/complaints", line(number), as: nil,
                    headers: key.merging(["Idempotency-Key": UUID().uuidString]) { $1 })
            }
            var last = try await file(5)
            for number in 6..<20 where last.status == 201 { last = try await file(number) }
            #expect(last.status == 403 && last.code == "storage-quota-used")
            let batch = try await server.send(
                "POST", "/v1/complaint-batches", "{\"items\":[\(line(30))]}", as: nil,
                headers: key.merging(["Idempotency-Key": UUID().uuidString]) { $1 })
            #expect(batch.code == "storage-quota-used")
            let imported = try await send(server, path, line(31), after: 4, key)
            #expect(imported.code == "storage-quota-used")
            #expect(try await server.send("GET", path, as: nil, headers: key).json["lines"]?.int == 4)
            for role in [nil, Role.officer] { #expect(try await server.file(as: role).status == 201) }
            let most = try await server.metrics().firstMatch(of: /\nrectify_filer_storage_bytes_at_most (\d+)\n/)
            #expect(most.flatMap { Int($0.output.1) }.map { (60_000..<90_000).contains($0) } == true)
        }
    }

    @Test func `refused lines alone use up the quota too`() async throws {
        try await withServer(filerQuota: 100_000) { server in
            let key = try await key(server)
            var answer = try await send(server, try await begin(server, key), "{}\n", key)
            var sent = 0
            while answer.status == 200, sent < 20 {
                let lines = String(repeating: "{}\n", count: 500)
                answer = try await send(server, try await begin(server, key), lines, key)
                sent += 1
            }
            #expect(answer.code == "storage-quota-used" && sent > 0)
        }
    }
}
