import AsyncHTTPClient
import Casework
import Crypto
import Foundation
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Postgres
public import Store
import Synchronization

/// Sends filers what has changed, signed as Standard Webhooks (version 1) has it.
///
/// Several servers may have one each: a message is taken on by one at a time. It arrives at least once; its id tells a
/// second time from a first. A filer that is slow keeps nobody else waiting.
public final class WebhookSender: Sendable {
    /// Filers attended to at once, and messages to each.
    private static let (filersAtOnce, messagesAtOnce) = (16, 8)
    /// How long an answer may take.
    private static let patience = TimeAmount.seconds(15)

    private let databases: Databases
    private let keys: CaseKeys
    private let allowed: NetworkList
    private let millisecondsPerSecond: Int
    private let logger: Logger
    private let busy = Mutex<Set<UUID>>([])
    /// Looking a host up blocks; each filer has a thread for it, so that none waits for another's name server.
    private let resolvers = NIOThreadPool(numberOfThreads: filersAtOnce)

    /// - Parameters:
    ///   - databases: Where the messages are.
    ///   - keys: What opens the secrets they are signed with.
    ///   - allowed: Networks beside the public internet that messages may go to.
    ///   - millisecondsPerSecond: How long a second of the schedule takes; tests do not wait for days.
    ///   - logger: Told of what is given up.
    public init(
        _ databases: Databases, keys: CaseKeys, allowing allowed: NetworkList, millisecondsPerSecond: Int = 1000,
        logger: Logger
    ) {
        self.databases = databases
        self.keys = keys
        self.allowed = allowed
        self.millisecondsPerSecond = millisecondsPerSecond
        self.logger = logger
    }

    /// Sends until the task is cancelled, looking for what is due every `pause`.
    public func run(every pause: Duration) async {
        resolvers.start()
        defer { resolvers.shutdownGracefully { _ in } }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                do {
                    for filer in try await filersToTell() {
                        group.addTask { await self.attend(to: filer) }
                    }
                } catch {
                    if !Task.isCancelled {
                        logger.warning("messages to filers wait", metadata: ["error": "\(error)"])
                    }
                }
                // Cancelled, the loop ends by its condition.
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func filersToTell() async throws -> [UUID] {
        let attended = busy.withLock { Array($0) }
        guard attended.count < Self.filersAtOnce else { return [] }
        let filers = try await databases.work.transaction(.readOnly) { db in
            try db.filersToTell(except: attended, limit: Self.filersAtOnce - attended.count)
        }
        return busy.withLock { busy in filers.filter { busy.insert($0).inserted } }
    }

    /// Sends what is due to one filer, until nothing is.
    private func attend(to filer: UUID) async {
        defer { _ = busy.withLock { $0.remove(filer) } }
        while !Task.isCancelled {
            do {
                let claimed = try await databases.work.transaction { db in
                    try db.claimDeliveries(to: filer, limit: Self.messagesAtOnce)
                }
                guard let first = claimed.first else { return }
                let outcomes = try await outcomes(of: claimed, to: first.url)
                for case (let delivery, let outcome?) in zip(claimed, outcomes) { try await end(delivery, outcome) }
            } catch {
                if !Task.isCancelled { logger.warning("messages to a filer wait", metadata: ["error": "\(error)"]) }
                return
            }
        }
    }

    private func end(_ delivery: ClaimedDelivery, _ outcome: DeliveryOutcome) async throws {
        var wait: Int?
        if case .failed = outcome {
            // Spread, so that those that failed together do not come back together.
            wait = DeliverySchedule.wait(after: delivery.attempts).map { seconds in
                Int(Double(seconds * millisecondsPerSecond) * Double.random(in: 0.9...1.1))
            }
        }
        try await databases.work.transaction { [wait] db in try db.end(delivery, outcome, wait: wait) }
        if case .delivered = outcome { return }
        if wait == nil {
            logger.warning(
                "a message to a filer was given up",
                metadata: ["delivery": "\(delivery.id)", "attempts": "\(delivery.attempts)", "outcome": "\(outcome)"])
        }
    }

    /// What became of each attempt; `nil` where that is not known.
    private func outcomes(of claimed: [ClaimedDelivery], to url: String) async throws -> [DeliveryOutcome?] {
        guard let secret = try await keys.secret(of: claimed[0]) else {
            return claimed.map { _ in .failed(status: nil, "the secret was erased; set the webhook again") }
        }
        let (target, address): (WebhookTarget, String)
        do {
            target = try WebhookTarget(url, allowing: allowed)
            address = try await target.resolved(on: resolvers)
        } catch {
            let reason = (error as? WebhookTarget.Unreachable)?.reason ?? "the address is not allowed any more"
            return claimed.map { _ in .failed(status: nil, reason) }
        }
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: Self.patience, read: Self.patience))
        configuration.dnsOverride = [target.host: address]
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcomes = await withTaskGroup(of: (Int, DeliveryOutcome?).self) { group in
            for (index, delivery) in claimed.enumerated() {
                group.addTask { (index, await self.send(delivery, signedWith: secret, by: client)) }
            }
            return await group.reduce(into: [Int: DeliveryOutcome?]()) { $0[$1.0] = $1.1 }
        }
        try await client.shutdown()
        return claimed.indices.map { outcomes[$0] ?? nil }
    }

    private func send(
        _ delivery: ClaimedDelivery, signedWith secret: Data, by client: HTTPClient
    ) async -> DeliveryOutcome? {
        let (id, moment) = (delivery.id.text, Int(Date().timeIntervalSince1970))
        var request = HTTPClientRequest(url: delivery.url)
        request.method = .POST
        request.headers.add(contentsOf: [
            "content-type": "application/json", "user-agent": "rectify", "webhook-id": id,
            "webhook-timestamp": String(moment),
            "webhook-signature": Self.signature(of: delivery.body, id: id, at: moment, with: secret),
        ])
        request.body = .bytes(ByteBuffer(string: delivery.body))
        do {
            // What else it says is nobody's concern and not waited for.
            let status = Int(try await client.execute(request, timeout: Self.patience).status.code)
            return switch status {
            case 200..<300: .delivered(status: status)
            case 300..<400: .failed(status: status, "a redirect; none is followed, set the webhook to where it leads")
            case 410: .refused(status: status, "gone: no more of it is wanted there")
            default: .failed(status: status, "the answer was \(status)")
            }
        } catch  where Task.isCancelled {
            // The server stops: whether it arrived is not known, and after a minute it is sent again.
            return nil
        } catch let error as HTTPClientError
            where [.deadlineExceeded, .connectTimeout, .readTimeout].contains(error)
        {
            return .failed(status: nil, "no answer within \(Self.patience.nanoseconds / 1_000_000_000) seconds")
        } catch {
            return .failed(status: nil, "no connection, or it broke off")
        }
    }

    /// `v1,` and the HMAC-SHA256 of id, moment and body with dots between.
    static func signature(of body: String, id: String, at moment: Int, with secret: Data) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(id).\(moment).\(body)".utf8), using: SymmetricKey(data: secret))
        return "v1," + Data(code).base64EncodedString()
    }
}
