import Foundation
import Hummingbird
public import HummingbirdCore
import HummingbirdTLS
public import Logging
public import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
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
    private let ledger: ConnectionLedger
    private let logger: Logger
    private let tls: TLSConfiguration?

    /// - Parameters:
    ///   - limits: How long a client may take.
    ///   - ledger: Counts the connections; the same for all listeners of a process.
    ///   - certificate: `nil` listens in the clear.
    ///   - turnstile: Turns filings away while too many are under way.
    ///   - logger: Gets a line where connections are refused or have to wait.
    /// - Throws: `NIOSSLError`, or an error of the file system, where the certificate cannot be used.
    public init(
        _ limits: ConnectionLimits, _ ledger: ConnectionLedger, certificate: Certificate? = nil,
        turnstile: Turnstile? = nil, logger: Logger
    ) throws {
        (self.limits, self.ledger) = (limits, ledger)
        (self.turnstile, self.logger) = (turnstile, logger)
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
        HTTPServerBuilder { [limits, turnstile, tls] responder in
            let plain = Connections(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: .init(additionalChannelHandlers: [ConnectionGuard(limits, turnstile)])))
            guard let tls else { return plain }
            return try TLSChannel(plain, tlsConfiguration: tls)
        }
    }

    /// Lets the ledger decide about each connection to a listener; called once, when the listener is there.
    public func admit(at listener: any Channel) async {
        // A listener that was closed in between takes no connections.
        try? await listener.eventLoop.submit { [ledger, logger] in
            try listener.pipeline.syncOperations.addHandler(Admission(ledger, logger), position: .first)
        }.get()
    }
}

/// Requests are worked on by the thread that reads their connection, so that nothing is handed over and back; measured, a
/// short answer is half as dear again otherwise.
private struct Connections: ServerChildChannel {
    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let line = RequestLineWatch()
            let parser = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(line, position: .before(parser.handler))
            let codec = try pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(MessageRules(line), position: .before(codec.handler))
            return value
        }
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
