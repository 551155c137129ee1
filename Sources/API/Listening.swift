import Foundation
import Hummingbird
public import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// How the server listens: in the clear behind a proxy, or with a certificate of its own.
public struct Listening: Sendable {
    /// A certificate with its chain, and its private key, as PEM files.
    public struct Certificate: Sendable {
        public let chain: String
        public let privateKey: String

        public init(chain: String, privateKey: String) {
            self.chain = chain
            self.privateKey = privateKey
        }
    }

    private let limits: ConnectionLimits
    private let turnstile: Turnstile?
    private let ledger = ConnectionLedger()
    private let tls: TLSConfiguration?

    /// - Throws: `NIOSSLError`, or an error of the file system, where the certificate cannot be used.
    public init(_ limits: ConnectionLimits, certificate: Certificate? = nil, turnstile: Turnstile? = nil) throws {
        self.limits = limits
        self.turnstile = turnstile
        tls = try certificate.map { certificate in
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain)
            let key = try NIOSSLPrivateKey(file: certificate.privateKey, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            // What is wrong with key and certificate is found now and not by the first client.
            _ = try NIOSSLContext(configuration: tls)
            return tls
        }
    }

    public var server: HTTPServerBuilder {
        HTTPServerBuilder { [limits, ledger, turnstile, tls] responder in
            let plain = Connections(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: .init(additionalChannelHandlers: [ConnectionGuard(limits, ledger, turnstile)])))
            guard let tls else { return plain }
            return try TLSChannel(plain, tlsConfiguration: tls)
        }
    }
}

/// Requests are worked on by the thread that reads their connection, so that nothing is handed over and back; measured, a
/// short answer is half as dear again otherwise.
private struct Connections: ServerChildChannel {
    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on one event loop.
private final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
