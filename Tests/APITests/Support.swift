import API
import AsyncHTTPClient
import Casework
import Client
import Crypto
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing
import Transparency

/// A server of a test's own, on a real port and a real database.
struct TestServing: Sendable {
    let store: TestStore
    let address: String
    /// Of the listener of the metrics.
    let metricsAddress: String
    /// Tokens of an officer, a supervisor, an auditor and an administrator.
    let tokens: [Role: String]

    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let bytes: Data

        /// The body as JSON; `null` where it is none.
        var json: JSON { (try? JSON(parsing: bytes)) ?? .null }
        var code: String? { json["code"]?.string }
        /// The places of the faults, with their codes.
        var faults: [String] {
            guard case .array(let errors)? = json["errors"] else { return [] }
            return errors.map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
        }
    }

    func client(_ role: Role? = .officer) -> Client {
        Client(server: address, token: role.flatMap { tokens[$0] })
    }

    /// One request over HTTP, as it is written here.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, as role: Role? = .officer,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = headers
        if body != nil, headers["Content-Type"] == nil { fields["Content-Type"] = "application/json" }
        if method == "POST", path.hasSuffix("/orders"), headers["Idempotency-Key"] == nil {
            fields["Idempotency-Key"] = UUID().uuidString
        }
        return try await send(method, path, bytes: body.map { Array($0.utf8) }, as: role, headers: fields)
    }

    /// One request with a body of any kind.
    func send(
        _ method: String, _ path: String, bytes: [UInt8]?, as role: Role?, headers: [String: String]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address + path)
        request.method = .RAW(value: method)
        if let token = role.flatMap({ tokens[$0] }) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let bytes { request.body = .bytes(ByteBuffer(bytes: bytes)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let answer = Data(try await response.body.collect(upTo: 16 << 20).readableBytesView)
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), headers: Dictionary(fields) { _, last in last }, bytes: answer)
    }

    /// Files a complaint and gives its reference.
    @discardableResult
    func file(
        _ changes: [String: JSON] = [:], key: String = UUID().uuidString, as role: Role? = .officer
    ) async throws -> Answer {
        try await send(
            "POST", "/v1/complaints", filing(changes), as: role, headers: ["Idempotency-Key": "\"\(key)\""])
    }

    /// The page of figures.
    func metrics() async throws -> String {
        let request = HTTPClientRequest(url: metricsAddress + "/metrics")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    func filed(_ changes: [String: JSON] = [:]) async throws -> String {
        let answer = try await file(changes)
        #expect(answer.status == 201, "\(String(decoding: answer.bytes, as: UTF8.self))")
        return answer.json["reference"]?.string ?? ""
    }
}

/// A good filing, with some members changed; a member that is `null` is left out.
func filing(_ changes: [String: JSON] = [:]) -> String {
    var members: [String: JSON] = [
        "campaign": .string("internet-2021"), "kind": .string("blocked_link"),
        "respondent": .object(["platform": .string("wechat")]),
        "blocked_link": .object([
            "text": .string("https://item.taobao.com/item.htm?id=1"), "scene": .string("group"),
            "block": .string("interstitial_hard"),
        ]),
        "narrative": .string("群里的淘宝链接打不开。"), "occurred_on": .string("2021-08-18"),
        "complainant": .object([
            "kind": .string("individual"), "name": .string("张小禾"), "phone": .string("13800000001"),
            "email": .string("xiaohe@example.cn"), "age_band": .string("adult"),
        ]),
    ]
    for (name, value) in changes { members[name] = value }
    return JSON.object(members.filter { $0.value != .null }).canonicalText
}

/// Runs `body` against a server of its own.
func withServer(
    now: @escaping @Sendable () -> Date = Date.init, limits: RateLimits = RateLimits(), requestsAtOnce: Int = 1024,
    filingsAtOnce: Int = 128, logger: Logger = quiet,
    connections: ConnectionLimits = ConnectionLimits(), ledger: ConnectionLedger = ConnectionLedger(),
    proxies: TrustedProxies = TrustedProxies(),
    certificate: Listening.Certificate? = nil, evidence: EvidenceQuota = EvidenceQuota(bytesOfAll: 1 << 30),
    imports: ImportLimits = ImportLimits(), filerQuota: Int = .max, directory: PeopleDirectory? = nil,
    ownClock: @escaping @Sendable () -> Date = Date.init,
    _ body: @escaping @Sendable (TestServing) async throws -> Void
) async throws {
    try await withStore(clock: ownClock) { store in
        let letters = try ["zh", "en"].reduce(into: [String: String]()) { letters, language in
            let file = repository.appending(path: "Config/letters/order.\(language).md")
            letters[language] = try String(contentsOf: file, encoding: .utf8)
        }
        let service = Service(
            databases: store.databases, references: store.references, keys: store.keys, letters: letters,
            contract: try Data(contentsOf: repository.appending(path: "Config/openapi.json")), limits: limits,
            requestsAtOnce: requestsAtOnce, filingsAtOnce: filingsAtOnce, connections: ledger, evidenceQuota: evidence,
            proxies: proxies, imports: imports, filerQuota: filerQuota, webhookNetworks: try NetworkList("127.0.0.0/8"),
            isEncrypted: certificate != nil, logKey: try logSigner().verifier, directory: directory, now: now)
        let (ports, started) = AsyncStream<Int>.makeStream()
        let listening = try Listening(
            connections, ledger, certificate: certificate, turnstile: Turnstile(service, logger: logger), logger: logger
        )
        let application = Application(
            router: router(service), server: listening.server,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                await listening.admit(at: channel)
                started.yield(channel.localAddress?.port ?? 0)
            }, logger: logger)
        let (metricsPorts, metricsStarted) = AsyncStream<Int>.makeStream()
        let metricsListening = try Listening(connections, ledger, logger: quiet)
        let metrics = Application(
            router: metricsRouter(service), server: metricsListening.server,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in metricsStarted.yield(channel.localAddress?.port ?? 0) }, logger: quiet)
        let tokens = try await store.officers()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let lifecycle = ServiceGroup(configuration: .init(services: [application, metrics], logger: quiet))
            group.addTask { try await lifecycle.run() }
            let port = await ports.first { _ in true } ?? 0
            let metricsPort = await metricsPorts.first { _ in true } ?? 0
            let serving = TestServing(
                store: store, address: "\(certificate == nil ? "http" : "https")://127.0.0.1:\(port)",
                metricsAddress: "http://127.0.0.1:\(metricsPort)", tokens: tokens)
            do {
                try await body(serving)
            } catch {
                await lifecycle.triggerGracefulShutdown()
                throw error
            }
            await lifecycle.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}

/// Signs the logs of these tests.
func logSigner() throws -> NoteSigner { try NoteSigner(name: "test/log", seed: Data(repeating: 5, count: 32)) }

extension TestStore {
    fileprivate func officers() async throws -> [Role: String] {
        var tokens: [Role: String] = [:]
        for role in Role.ofOfficers {
            tokens[role] = try await databases.work.transaction { db in
                _ = try db.addOfficer(named: "test-\(role.rawValue)", role: role, at: Date())
                return try db.issueToken(toOfficerNamed: "test-\(role.rawValue)", lasting: 1, at: Date()).secret
            }
        }
        return tokens
    }
}

/// Keeps what was logged.
struct Pages: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let words = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        lines.all.withLock { $0.append("\(event.level) \(event.message) \(words)") }
    }

    var all: [String] { lines.all.withLock { $0 } }
}

/// SHA-256 in hexadecimal digits.
func hexadecimal(sha256 bytes: Data) -> String { hexadecimal(Data(SHA256.hash(data: bytes))) }
