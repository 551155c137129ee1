import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Whose quota a request uses up.
struct QuotaTests {
    private static let moment = Date()
    private let clock: @Sendable () -> Date = { Self.moment }

    private func statuses(
        _ count: Int, _ server: TestServing, _ method: String = "GET", _ path: String = "/v1/campaigns",
        _ body: String? = nil, _ header: (Int) -> String?
    ) async throws -> [Int: Int] {
        var found: [Int: Int] = [:]
        for number in 0..<count {
            let headers = header(number).map { ["Authorization": $0] } ?? [:]
            found[try await server.send(method, path, body, as: nil, headers: headers).status, default: 0] += 1
        }
        return found
    }

    @Test func `a token has one quota, however its header is spelled and however many tokens its owner has`()
        async throws
    {
        try await withServer(now: clock, limits: RateLimits(all: 20)) { server in
            let token = server.tokens[.officer] ?? ""
            let second = try await server.store.databases.work.transaction { db in
                try db.issueToken(toOfficerNamed: "test-officer", lasting: 1, at: Date()).secret
            }
            let found = try await statuses(64, server) { number in
                let word = "bearer".enumerated().map { place, letter in
                    number >> place & 1 == 1 ? letter.uppercased() : String(letter)
                }
                return word.joined() + " " + (number % 2 == 0 ? token : second)
            }
            #expect(found == [200: 20, 429: 44])
            #expect(try await server.send("GET", "/v1/campaigns", as: .supervisor).status == 200, "another officer")
            #expect(try await server.send("GET", "/v1/campaigns", as: nil).status == 200, "the network has its own")
        }
    }

    @Test func `what is not verified counts for its network`() async throws {
        try await withServer(now: clock, limits: RateLimits(all: 20)) { server in
            let kinds = ["Bearer rcs_x%", "Bearer rfk_x%", "Bearer rck_x%", "Basic x%", "x%", "Bearer", "Bearer  x%"]
            let found = try await statuses(60, server) { number in
                kinds[number % kinds.count].replacing("%", with: "\(number)")
            }
            #expect(found == [401: 20, 429: 40])
            let refused = try await server.send("GET", "/v1/campaigns", as: nil)
            #expect(refused.status == 429 && refused.headers["retry-after"] != nil, "the same network")
            #expect(try await server.send("GET", "/v1/campaigns").status == 200, "who is known is not held back")
        }
    }

    @Test func `tokens that are nobody's are limited also where requests are not`() async throws {
        try await withServer(now: clock) { server in
            let found = try await statuses(650, server) { "Bearer rcs_\($0)" }
            #expect(found == [401: 600, 429: 50])
            #expect(try await server.send("GET", "/v1/campaigns").status == 200)
        }
    }

    @Test func `no header lifts the limit of sign-ins of its network, nor that of tracking codes`() async throws {
        try await withServer(now: clock, limits: RateLimits(tracking: 5, signIn: 5)) { server in
            let keys = try await server.store.databases.work.transaction { db in
                [
                    try db.issueKey(toFiler: "council", scopes: [.file], lasting: 1, at: Date()).secret,
                    try db.issueKey(to: "tencent", named: "desk", scopes: [.read], lasting: 1, at: Date()).secret,
                    server.tokens[.officer] ?? "", "rcs_nobody",
                ]
            }
            let body = #"{"name":"nobody","password":"a long enough password"}"#
            let found = try await statuses(12, server, "POST", "/v1/session", body) { "Bearer \(keys[$0 % 4])" }
            #expect(found[429] == 7, "\(found)")
            let codes = try await statuses(12, server, "GET", "/v1/tracking") { "Bearer \(keys[$0 % 4])" }
            #expect(codes[429] == 7, "\(codes)")
            #expect(try await server.send("GET", "/v1/session").status == 200, "a session goes on")
        }
    }

    @Test func `reports and issues read by everyone have a quota, with or without a company's key`() async throws {
        let limits = RateLimits(filing: 2, reports: 3, pages: 2)
        try await withServer(now: clock, limits: limits) { server in
            _ = try await server.filed(["received_on": .string("2021-08-20")])
            let issues = "/v1/campaigns/internet-2021/issues"
            _ = try await server.send("POST", issues, #"{"as_of":"2021-09-30"}"#, as: .supervisor)
            #expect(try await statuses(4, server, "GET", issues + "/1?format=html") { _ in nil } == [200: 3, 429: 1])
            #expect(try await statuses(2, server, "GET", issues) { _ in nil } == [429: 2])
            let refused = try await server.send("GET", "/v1/campaigns/internet-2021/progress", as: nil)
            #expect(refused.status == 429 && refused.headers["retry-after"] == "20")
            #expect(try await server.send("GET", issues + "/1").status == 200, "officers have none")
            #expect(try await statuses(3, server, "GET", "/campaigns/internet-2021") { _ in nil }[429] == 1)
            let key = try await server.store.databases.work.transaction { db in
                try db.issueKey(to: "tencent", named: "desk", scopes: [.read], lasting: 1, at: Date()).secret
            }
            #expect(try await statuses(4, server, "GET", issues + "/1") { _ in "Bearer \(key)" } == [200: 3, 429: 1])
            // A company's key gives no right to file: it is anyone who files.
            let filed = try await (0..<3).asyncMap { _ in
                try await server.send(
                    "POST", "/v1/complaints", filing(), as: nil,
                    headers: ["Authorization": "Bearer \(key)", "Idempotency-Key": UUID().uuidString]
                ).status
            }
            #expect(filed == [201, 201, 429])
            #expect(try await server.file(as: nil).status == 429, "the network's quota")
        }
    }
}
