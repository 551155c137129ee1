import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOHTTP1
import NIOSSL
import Subprocess
import TestSupport
import Testing

@testable import API

/// Who asks, and by which way.
struct ListeningTests {
    @Test(arguments: [
        // Nobody is trusted: the header is anyone's word.
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", "198.51.100.1", "198.51.100.1"),
        // What the client wrote itself stands before what the proxy added.
        ("127.0.0.1", "127.0.0.1", "10.9.9.9, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1,10.0.0.0/8", "127.0.0.1", "192.0.2.7, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("10.0.0.0/8", "10.1.1.1", "nonsense", "10.1.1.1"),
        ("10.0.0.0/8", "10.1.1.1", "192.0.2.7, nonsense", "10.1.1.1"),
        ("10.0.0.0/8", "11.1.1.1", "192.0.2.7", "11.1.1.1"),
        ("2001:db8::/32", "2001:db8::1", "2001:db9::7", "2001:db9::7"),
        ("127.0.0.1", "::ffff:127.0.0.1", "192.0.2.7", "192.0.2.7"),
    ])
    func `the address of who asks is taken from trusted proxies only`(
        trusted: String, peer: String, forwarded: String, client: String
    ) throws {
        #expect(TrustedProxies(try NetworkList(trusted)).client(peer: peer, forwarded: forwarded) == client)
    }

    @Test(arguments: ["localhost", "10.0.0.0/33", "10.0.0/8", "1.2.3.4/-1", "::/129", "10.0.0.0/8/8", "1.2.3.4,x"])
    func `what is no network is refused, by name`(list: String) {
        #expect(throws: NetworkList.Malformed.self) { _ = try NetworkList(list) }
    }

    @Test func `a quota is the client's own behind a proxy, and the proxy's word counts`() async throws {
        let proxies = TrustedProxies(try NetworkList("127.0.0.1"))
        try await withServer(limits: RateLimits(filing: 1), proxies: proxies) { server in
            for (address, status) in [("192.0.2.7", 201), ("192.0.2.8", 429), ("198.51.100.1", 201)] {
                let key = ["Idempotency-Key": UUID().uuidString, "X-Forwarded-For": address]
                let filed = try await server.send("POST", "/v1/complaints", filing(), as: nil, headers: key)
                #expect(filed.status == status, "\(address)")
            }
        }
    }

    /// A certificate for 127.0.0.1, good for a day.
    private func certificate(in folder: URL) async throws -> Listening.Certificate {
        let (chain, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
        let made = try await Subprocess.run(
            .name("openssl"),
            arguments: [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", chain, "-days", "1",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            ], output: .discarded, error: .discarded)
        try #require(made.terminationStatus.isSuccess)
        return Listening.Certificate(chain: chain, privateKey: key)
    }

    @Test func `with a certificate it speaks TLS 1.2 or newer, and says so for a year (G112)`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-tls-\(UUID())/")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = try await certificate(in: folder)
        try await withServer(certificate: certificate) { server in
            func status(_ change: (inout TLSConfiguration) -> Void) async throws -> HTTPClientResponse {
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.trustRoots = .file(certificate.chain)
                change(&tls)
                var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
                configuration.connectionPool.retryConnectionEstablishment = false
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
                do {
                    let request = HTTPClientRequest(url: server.address + "/v1/campaigns")
                    let response = try await client.execute(request, timeout: .seconds(300))
                    try await client.shutdown()
                    return response
                } catch {
                    try await client.shutdown()
                    throw error
                }
            }
            let answer = try await status { _ in }
            #expect(answer.status == .ok)
            #expect(answer.headers.first(name: "Strict-Transport-Security")?.hasPrefix("max-age=31536000") == true)
            #expect(try await status { $0.maximumTLSVersion = .tlsv12 }.status == .ok)
            await #expect(throws: (any Error).self) { _ = try await status { $0.maximumTLSVersion = .tlsv11 } }
            await #expect(throws: (any Error).self, "who does not know the certificate is not fooled") {
                _ = try await status { $0.trustRoots = .default }
            }
        }
        #expect(throws: (any Error).self, "a key of another certificate is refused at the start") {
            let other = folder.appending(path: "other.pem")
            try Data("no key".utf8).write(to: other)
            _ = try Listening(
                ConnectionLimits(), ConnectionLedger(),
                certificate: .init(chain: certificate.chain, privateKey: other.path), logger: quiet)
        }
    }
}
