import Foundation
import Logging
import NIOCore
import Synchronization

/// Counts the connections of a server, in all and of each client, and decides whether one more is taken.
///
/// All listeners of a process share one ledger, because they share its file descriptors. A client is an IPv4 address, or
/// an IPv6 network of 64 bits: a single subscriber has at least that many addresses (RFC 6177).
public final class ConnectionLedger: Sendable {
    private struct State {
        /// Sockets that are open, with those that are refused and not yet closed.
        var open = 0
        var admitted = 0
        var refused = 0
        var counts: [[UInt8]: Int] = [:]
    }

    /// Connections at a time, at the most.
    let atOnce: Int
    private let perClient: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - atOnce: Connections of all clients at a time, at the most.
    ///   - perClient: Connections of one client; 0 is no limit but `atOnce`, as behind a proxy. With a limit, a client
    ///     also has no more connections than are still free, so that a few clients cannot take them all.
    public init(atOnce: Int = 100_000, perClient: Int = 512) {
        self.atOnce = atOnce
        self.perClient = perClient
    }

    /// Connections that were admitted and are open, and those refused since the start.
    var figures: (admitted: Int, refused: Int) { state.withLock { ($0.admitted, $0.refused) } }

    /// Whether even a connection that is only taken to be refused has to wait.
    var isFull: Bool { state.withLock { $0.open >= atOnce + 2 + atOnce / 32 } }

    /// - Returns: Whether the connection is taken; either way ``leave(_:wasAdmitted:)`` follows when it is closed.
    func enter(_ client: [UInt8]) -> Bool {
        state.withLock { state in
            state.open += 1
            let (free, own) = (atOnce - state.admitted, state.counts[client] ?? 0)
            guard free > 0, perClient == 0 || own < min(perClient, free) else {
                state.refused += 1
                return false
            }
            state.admitted += 1
            state.counts[client] = own + 1
            return true
        }
    }

    func leave(_ client: [UInt8], wasAdmitted: Bool) {
        state.withLock { state in
            state.open -= 1
            guard wasAdmitted else { return }
            state.admitted -= 1
            let left = (state.counts[client] ?? 1) - 1
            state.counts[client] = left > 0 ? left : nil
        }
    }

    /// The client of an address: all of IPv4, the first 64 bits of IPv6.
    static func client(at address: String?) -> [UInt8] {
        guard let bytes = address.flatMap(addressBytes) else { return [] }
        return bytes.count == 16 ? Array(bytes.prefix(8)) : bytes
    }
}

/// Takes or refuses the connections of one listener.
///
/// It is the first handler of the listener's channel: a refused connection costs one accepted socket and nothing else.
/// Where the system has no file descriptor or memory left, the listener waits a moment; connections queue in the kernel
/// until then.
final class Admission: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    /// How long the listener waits before it looks again.
    private static let pause = TimeAmount.milliseconds(10)
    private static let shortages = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private let ledger: ConnectionLedger
    private let logger: Logger
    private var isWaiting = false
    /// When the log was last told, so that it gets at most one line of a kind in ten seconds.
    private var told: [String: NIODeadline] = [:]

    init(_ ledger: ConnectionLedger, _ logger: Logger) {
        self.ledger = ledger
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        let client = ConnectionLedger.client(at: connection.remoteAddress?.ipAddress)
        let isAdmitted = ledger.enter(client)
        connection.closeFuture.whenComplete { [ledger] _ in ledger.leave(client, wasAdmitted: isAdmitted) }
        guard isAdmitted else {
            connection.close(promise: nil)
            return tell("connections are refused: all that may be open are taken, or all of one client")
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        guard !isWaiting else { return }
        guard ledger.isFull else { return context.read() }
        isWaiting = true
        later(context) { handler, context in
            handler.isWaiting = false
            handler.read(context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? IOError)?.errnoCode, Self.shortages.contains(code) else {
            return context.fireErrorCaught(error)
        }
        tell("connections wait: \(String(cString: strerror(code)))")
        // The socket stays readable: without this the loop would try again at once and without end.
        setReading(false, context)
        later(context) { handler, context in handler.setReading(true, context) }
    }

    private func setReading(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // A listener that is closed reads no more, and has no option to set.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    private func later(
        _ context: ChannelHandlerContext, _ body: @escaping @Sendable (Admission, ChannelHandlerContext) -> Void
    ) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) { body(bound.value.0, bound.value.1) }
    }

    private func tell(_ what: String) {
        if let before = told[what], .now() - before < .seconds(10) { return }
        told[what] = .now()
        logger.warning("\(what)", metadata: ["open": "\(ledger.figures.admitted)", "at_most": "\(ledger.atOnce)"])
    }
}
