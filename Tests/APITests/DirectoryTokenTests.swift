import Casework
import Crypto
import Foundation
import Hummingbird
import JWTKit
import Logging
import Postgres
import ServiceLifecycle
import Store
import TestSupport
import Testing

@testable import API

/// Which tokens of a directory are taken; the flows are tried with a real directory in CommandTests.
struct DirectoryTokenTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let key = ES256PrivateKey()
    private static let other = ES256PrivateKey()

    private struct Token: JWTPayload {
        var iss: String
        var sub: String? = "s-1"
        var aud: [String] = ["rectify"]
        var azp: String?
        var exp = now.timeIntervalSince1970 + 300
        var iat = now.timeIntervalSince1970
        var nonce: String? = "n"
        var name: String? = "zhang"

        enum CodingKeys: String, CodingKey {
            case iss, sub, aud, azp, exp, iat, nonce
            case name = "preferred_username"
        }

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// A place where the issuer's keys lie.
    private func withIssuer(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let (ports, started) = AsyncStream<Int>.makeStream()
        let router = Router()
        router.get("/.well-known/openid-configuration") { request, _ in
            let issuer = "http://\(request.head.authority ?? "")"
            return #"{"issuer":"\#(issuer)","jwks_uri":"\#(issuer)/keys"}"#
        }
        router.get("/keys") { _, _ in
            let parts = try #require(Self.key.publicKey.parameters)
            return
                #"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k1","x":"\#(parts.x)","y":"\#(parts.y)"},{"kty":"odd"}]}"#
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { started.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
            tasks.addTask { try await group.run() }
            let port = await ports.first { _ in true } ?? 0
            try await body("http://127.0.0.1:\(port)")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func signed(_ token: Token, by key: ES256PrivateKey = key, kid: String = "k1") async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key, kid: JWKIdentifier(string: kid))
        return try await keys.sign(token, kid: JWKIdentifier(string: kid))
    }

    @Test func `a token is taken that is fresh, for us, and signed by the directory; any other is not`() async throws {
        try await withIssuer { issuer in
            let directory = try PeopleDirectory(
                .init(issuer: issuer, clientID: "rectify", nameClaim: "preferred_username"))
            func person(_ text: String, nonce: String? = "n") async throws -> PeopleDirectory.Person {
                try await directory.person(from: text, nonce: nonce, at: Self.now)
            }
            func refusal(_ text: String, nonce: String? = "n") async -> PeopleDirectory.Refused? {
                do {
                    _ = try await person(text, nonce: nonce)
                    return nil
                } catch { return error as? PeopleDirectory.Refused }
            }
            func changed(_ change: (inout Token) -> Void) async throws -> PeopleDirectory.Refused? {
                var token = Token(iss: issuer)
                change(&token)
                return await refusal(try await signed(token))
            }
            let good = try await signed(Token(iss: issuer))
            #expect(try await person(good).name == "zhang")
            #expect(try await person(good).subject == "s-1")
            #expect(try await changed { $0.iss = "https://elsewhere.example" } == .wrongIssuer)
            #expect(try await changed { $0.aud = ["another"] } == .wrongAudience)
            #expect(try await changed { $0.aud = ["another", "rectify"] } == .wrongAudience, "who asked for it?")
            #expect(try await changed { ($0.aud, $0.azp) = (["another", "rectify"], "rectify") } == nil)
            #expect(try await changed { $0.exp = Self.now.timeIntervalSince1970 - 61 } == .outOfTime)
            #expect(try await changed { $0.iat = Self.now.timeIntervalSince1970 - 601 } == .outOfTime, "kept too long")
            #expect(try await changed { $0.iat = Self.now.timeIntervalSince1970 + 61 } == .outOfTime)
            #expect(try await changed { $0.nonce = "m" } == .wrongNonce)
            #expect(await refusal(good, nonce: nil) == .wrongNonce)
            #expect(try await changed { $0.sub = nil } == .nameless)
            #expect(try await changed { $0.name = nil } == .nameless)
            #expect(await refusal(try await signed(Token(iss: issuer), by: Self.other)) == .badSignature)
            #expect(await refusal(try await signed(Token(iss: issuer), kid: "k9")) == .unknownKey)
            let parts = good.split(separator: ".")
            // {"alg":"none"} and {"alg":"HS256","kid":"k1"}
            for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0"] {
                #expect(await refusal("\(header).\(parts[1]).\(parts[2])") == .malformed)
            }
            var flipped = Array(parts[1])
            flipped[10] = flipped[10] == "A" ? "B" : "A"
            #expect(await refusal("\(parts[0]).\(String(flipped)).\(parts[2])") == .badSignature)
        }
    }

    @Test func `an issuer in the clear is refused, but on this machine`() throws {
        for (issuer, isGood) in [
            ("https://id.example.gov", true), ("http://127.0.0.1:8080", true), ("http://id.example.gov", false),
            ("id", false),
        ] {
            let settings = PeopleDirectory.Settings(issuer: issuer, clientID: "rectify", nameClaim: "name")
            #expect(((try? PeopleDirectory(settings)) != nil) == isGood, "\(issuer)")
        }
    }

    @Test func `a token opens one session, and a name that went to someone else opens none`() async throws {
        try await withStore { store in
            let signIn = SignIn(store.databases, store.keys.named)
            _ = try await store.databases.work.transaction { db in
                _ = try db.addOfficer(named: "zhang", role: .officer, at: Date())
                return try db.addOfficer(named: "li", role: .officer, at: Date())
            }
            func begin(_ name: String, _ subject: String, _ token: String) async throws -> String {
                try await signIn.begin(
                    shownAs: name, subject, by: "https://id", token, until: Date() + 300, at: Date()
                ).officer.name
            }
            #expect(try await begin("zhang", "s-1", "a") == "zhang")
            await #expect(throws: SignInError.wrong) { try await begin("zhang", "s-1", "a") }
            #expect(try await begin("zhang-renamed", "s-1", "b") == "zhang", "bound to the person, not to the name")
            await #expect(throws: SignInError.wrong) { try await begin("zhang", "s-2", "c") }
            await #expect(throws: SignInError.wrong) { try await begin("nobody", "s-3", "d") }
            try await store.databases.work.transaction { db in try db.disableOfficer(named: "zhang", at: Date()) }
            await #expect(throws: SignInError.wrong) { try await begin("zhang", "s-1", "e") }
        }
    }
}
