import Casework
import Foundation
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

/// How officers come in, and who does not.
struct SignInTests {
    private static let password = "tall trees fall"

    /// The name of an officer with a password of their own.
    private func prepared(_ server: TestServing) async throws -> String {
        let name = "test-officer"
        let signIn = SignIn(server.store.databases, server.store.keys.named)
        try await signIn.setPassword("first given words", old: nil, of: name, keeping: nil, at: Date())
        let first = try await begin(server, name, "first given words")
        #expect(first.json["must_change_password"] == .bool(true))
        let token = first.json["token"]?.string ?? ""
        let refused = try await send(server, "GET", "/v1/complaints?campaign=internet-2021", nil, token)
        #expect(refused.status == 403 && refused.code == "password-not-own", "somebody else knows it")
        let change = #"{"old":"first given words","new":"\#(Self.password)"}"#
        #expect(try await send(server, "PUT", "/v1/session/password", change, token).status == 204)
        #expect(try await send(server, "GET", "/v1/complaints?campaign=internet-2021", nil, token).status == 200)
        return name
    }

    private func begin(
        _ server: TestServing, _ name: String, _ password: String, code: String? = nil, device: String? = nil
    ) async throws -> TestServing.Answer {
        var members: [String: JSON] = ["name": .string(name), "password": .string(password)]
        if let code { members["code"] = .string(code) }
        if let device { members["device"] = .string(device) }
        return try await server.send("POST", "/v1/session", JSON.object(members).canonicalText, as: nil)
    }

    private func send(
        _ server: TestServing, _ method: String, _ path: String, _ body: String?, _ token: String
    ) async throws -> TestServing.Answer {
        try await server.send(method, path, body, as: nil, headers: ["Authorization": "Bearer \(token)"])
    }

    @Test func `a session is begun with a password, and ends (G70)`() async throws {
        try await withServer { server in
            let name = try await prepared(server)
            let session = try await begin(server, name, Self.password)
            #expect(session.status == 201 && session.json["role"]?.string == "officer")
            let token = session.json["token"]?.string ?? ""
            #expect(try await send(server, "GET", "/v1/session", nil, token).status == 200)
            #expect(try await send(server, "DELETE", "/v1/session", nil, token).status == 204)
            #expect(try await send(server, "GET", "/v1/session", nil, token).status == 401, "signed out")

            let other = try await begin(server, name, Self.password).json["token"]?.string ?? ""
            try await server.store.databases.work.transaction { db in
                try db.run(
                    script: "UPDATE officer_token SET used_at = now() - interval '59 minutes' WHERE idle_seconds > 0")
            }
            #expect(try await send(server, "GET", "/v1/session", nil, other).status == 200)
            try await server.store.databases.work.transaction { db in
                try db.run(
                    script: "UPDATE officer_token SET used_at = used_at - interval '59 minutes' WHERE idle_seconds > 0")
            }
            #expect(try await send(server, "GET", "/v1/session", nil, other).status == 200, "its use was noted")
            try await server.store.databases.work.transaction { db in
                try db.run(
                    script: "UPDATE officer_token SET used_at = now() - interval '61 minutes' WHERE idle_seconds > 0")
            }
            #expect(try await send(server, "GET", "/v1/session", nil, other).status == 401, "nobody used it")

            let last = try await begin(server, name, Self.password).json["token"]?.string ?? ""
            try await server.store.databases.work.transaction { db in try db.disableOfficer(named: name, at: Date()) }
            #expect(try await send(server, "GET", "/v1/session", nil, last).status == 401, "at the next request")
            #expect(try await begin(server, name, Self.password).code == "sign-in-failed")
        }
    }

    @Test func `another password ends every other session and token`() async throws {
        try await withServer { server in
            let name = try await prepared(server)
            let kept = try await begin(server, name, Self.password).json["token"]?.string ?? ""
            let lost = try await begin(server, name, Self.password).json["token"]?.string ?? ""
            func change(_ old: String, _ new: String) async throws -> TestServing.Answer {
                try await send(server, "PUT", "/v1/session/password", #"{"old":"\#(old)","new":"\#(new)"}"#, kept)
            }
            #expect(try await change("not the old one", "wide rivers run").code == "sign-in-failed")
            #expect(try await change(Self.password, "short").faults == ["#/new weak"])
            #expect(try await change(Self.password, Self.password).faults == ["#/new same"])
            #expect(try await change(Self.password, "wide rivers run").status == 204)
            #expect(try await send(server, "GET", "/v1/session", nil, kept).status == 200)
            #expect(try await send(server, "GET", "/v1/session", nil, lost).status == 401)
            #expect(try await begin(server, name, Self.password).status == 401)
            #expect(try await begin(server, name, "wide rivers run").status == 201)
        }
    }

    @Test func `a second factor is asked for once it was confirmed, and no code is taken twice`() async throws {
        // A code holds for half a minute; how long the machine takes is not what is asked here.
        let moment = Date()
        let clock: @Sendable () -> Date = { moment }
        try await withServer(now: clock) { server in
            let name = try await prepared(server)
            let token = try await begin(server, name, Self.password).json["token"]?.string ?? ""
            let path = "/v1/session/second-factor"
            #expect(try await send(server, "POST", path, #"{"password":"not this one"}"#, token).status == 401)
            let own = #"{"password":"\#(Self.password)"}"#
            let made = try await send(server, "POST", path, own, token)
            let secret = try #require(made.json["secret"]?.string.flatMap { Data(base32: $0) })
            #expect(made.status == 201 && made.json["uri"]?.string?.hasPrefix("otpauth://totp/Rectify") == true)
            let factor = OneTimeCode(secret: secret)
            let now = OneTimeCode.step(of: moment)
            func code(_ step: Int) -> String { #"{"code":"\#(factor.code(at: step))"}"# }
            #expect(try await begin(server, name, Self.password).status == 201, "not yet")
            #expect(try await send(server, "POST", path + "/confirmation", #"{"code":"000000"}"#, token).status == 401)
            #expect(try await send(server, "POST", path + "/removal", code(now), token).code == "no-second-factor")
            #expect(try await send(server, "POST", path + "/confirmation", code(now - 1), token).status == 204)
            #expect(try await send(server, "POST", path, own, token).code == "second-factor-is-there")

            let asked = try await begin(server, name, Self.password)
            #expect(asked.status == 401 && asked.code == "code-needed")
            #expect(try await begin(server, name, "not this one", code: factor.code(at: now)).code == "sign-in-failed")
            let right = factor.code(at: now + 1)
            #expect(try await begin(server, name, Self.password, code: right).status == 201)
            #expect(try await begin(server, name, Self.password, code: right).code == "sign-in-failed", "once only")
            let stored = try await server.store.databases.work.transaction(.readOnly) { db in
                try db.first("SELECT secret FROM officer_totp") { row in try row.read(Data.self) }
            }
            #expect(stored?.firstRange(of: secret) == nil, "the secret is encrypted")
        }
    }

    @Test func `who guesses is slowed down, and the officer's own machine is not (G75)`() async throws {
        // The quota comes back as time passes, and how long the machine takes is not what is asked here.
        let moment = Mutex(Date())
        let clock: @Sendable () -> Date = { moment.withLock { $0 } }
        try await withServer(now: clock) { server in
            let name = try await prepared(server)
            let device = try await begin(server, name, Self.password).json["device"]?.string
            #expect(device != nil, "known from now on")
            var statuses: [Int] = []
            for number in 0..<12 { statuses.append(try await begin(server, name, "guess number \(number)").status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429, 429], "\(statuses)")
            #expect(try await begin(server, name, Self.password).status == 429, "also with the right one")
            for _ in 0..<12 {
                let own = try await begin(server, name, Self.password, device: device)
                #expect(own.status == 201, "what is right is not counted")
            }
            let own = try await begin(server, name, Self.password, device: device)
            #expect(own.status == 201 && own.json["device"]?.string == nil)
            let forged = try await begin(server, name, Self.password, device: "rcd_forged")
            #expect(forged.status == 429)
            moment.withLock { $0 += 90 }
            #expect(try await begin(server, name, "guess number 13").status == 401, "one more after 90 seconds")
            #expect(try await begin(server, name, "guess number 14").status == 429)
        }
    }

    @Test func `a name that nobody has costs as much, and gets the same answer (G92)`() async throws {
        try await withServer { server in
            let name = try await prepared(server)
            var answers: Set<String> = []
            // A hash costs far more than everything around it, so that counting hashes is counting time.
            for who in [name, "nobody", "test-auditor", name, "somebody"] {
                let before = try await hashes(server)
                let answer = try await begin(server, who, "not the password")
                #expect(try await hashes(server) == before.map { $0 + 1 }, "\(who)")
                answers.insert("\(answer.status) \(answer.code ?? "") \(answer.json["detail"]?.string ?? "")")
            }
            #expect(answers.count == 1, "\(answers)")
        }
    }

    private func hashes(_ server: TestServing) async throws -> Int? {
        try await server.metrics().firstMatch(of: /\nrectify_password_hashes_total (\d+)\n/).flatMap {
            Int($0.output.1)
        }
    }
}
