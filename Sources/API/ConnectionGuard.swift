import HTTPTypes
public import NIOCore
public import NIOHTTPTypes
import Synchronization

/// How long a client may take over each part of a request, and how many connections it may have.
public struct ConnectionLimits: Sendable {
    /// From the opening of a connection to the end of its first request's head.
    public var head: TimeAmount
    /// Between the end of an answer and the end of the next request's head.
    public var idle: TimeAmount
    /// For a body; one that is long gets as much again, as long as it comes at the least rate.
    public var body: TimeAmount
    /// Bytes of a body that have to come in a second once its time is over.
    public var leastRate = 8192
    /// For taking the answer.
    public var answer: TimeAmount
    /// What is still read of a body after it was refused.
    public var afterRefusal = 64 * 1024
    /// Connections of one address; 0 is no limit.
    public var perAddress: Int

    public init(
        head: TimeAmount = .seconds(5), idle: TimeAmount = .seconds(15), body: TimeAmount = .seconds(10),
        answer: TimeAmount = .seconds(30), perAddress: Int = 512
    ) {
        self.head = head
        self.idle = idle
        self.body = body
        self.answer = answer
        self.perAddress = perAddress
    }
}

/// Connections of each address.
public final class ConnectionLedger: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    public init() {}

    fileprivate func add(_ address: String) -> Int {
        counts.withLock { counts in
            counts[address, default: 0] += 1
            return counts[address] ?? 0
        }
    }

    fileprivate func remove(_ address: String) {
        counts.withLock { counts in
            let left = (counts[address] ?? 1) - 1
            counts[address] = left > 0 ? left : nil
        }
    }
}

/// Ends connections whose client takes too long, sends on after a refusal, or has too many of them, and answers by itself
/// what is turned away at the head.
///
/// It stands between the HTTP codec and the requests: what has not come whole, or is not taken, is its business.
public final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let ledger: ConnectionLedger
    private let turnstile: Turnstile?
    private var address: String?
    /// When the time is up for what comes next; moved often, and looked at when the timer rings.
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var rings = NIODeadline.distantFuture
    private var received = 0
    /// Of the body, when its time was last looked at.
    private var receivedBefore = 0
    private var isReadingBody = false
    /// The answer says that nothing more is wanted.
    private var isClosing = false
    /// Nothing of an earlier request waits for its answer.
    private var isAnswered = true
    /// What comes belongs to a request that was turned away: nobody else gets to see it.
    private var isTurnedAway = false

    public init(_ limits: ConnectionLimits, _ ledger: ConnectionLedger, _ turnstile: Turnstile? = nil) {
        self.limits = limits
        self.ledger = ledger
        self.turnstile = turnstile
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        guard let address = context.remoteAddress?.ipAddress else { return wait(limits.head, context) }
        self.address = address
        let count = ledger.add(address)
        if limits.perAddress > 0, count > limits.perAddress { return context.close(promise: nil) }
        wait(limits.head, context)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        (timer, deadline) = (nil, .distantFuture)
        if let address { ledger.remove(address) }
        address = nil
        context.fireChannelInactive()
    }

    // MARK: Time

    /// Sets how long is waited.
    ///
    /// A timer is only made anew where it would ring too late: to set one for each part of each request costs more than
    /// the rest of this guard.
    private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline = .now() + time
        if timer == nil || rings > deadline { ring(at: deadline, context) }
    }

    private func ring(at moment: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        rings = moment
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: moment) {
            let (guarding, context) = bound.value
            guarding.timer = nil
            guarding.rang(context)
        }
    }

    private func rang(_ context: ChannelHandlerContext) {
        guard deadline <= .now() else {
            if deadline < .distantFuture { ring(at: deadline, context) }
            return
        }
        guard isReadingBody else { return context.close(promise: nil) }
        // What came fast at first earns nothing for later: a connection that stands still is let go.
        let least = Double(limits.leastRate) * Double(limits.body.nanoseconds) / 1e9
        guard Double(received - receivedBefore) >= least else { return context.close(promise: nil) }
        receivedBefore = received
        wait(limits.body, context)
    }

    // MARK: Requests

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isTurnedAway { return passOver(part, context) }
        switch part {
        case .head(let head):
            if isAnswered, let answer = turnstile?.answer(to: head) { return turnAway(head, answer, context) }
            (isReadingBody, isClosing, isAnswered, received, receivedBefore) = (true, false, false, 0, 0)
            wait(limits.body, context)
            if head.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let bytes):
            received += bytes.readableBytes
            guard isClosing else { break }
            // It was refused: a little more is let pass by, so that the client gets to read why.
            if received > limits.afterRefusal { context.close(promise: nil) }
            return
        case .end:
            isReadingBody = false
            deadline = .distantFuture
            if isAnswered {
                // The answer did not wait for the body; what comes next is another request, or nothing.
                guard !isClosing else { return context.close(promise: nil) }
                wait(limits.idle, context)
            }
        }
        context.fireChannelRead(data)
    }

    private func turnAway(
        _ head: HTTPRequest, _ answer: (head: HTTPResponse, body: ByteBuffer), _ context: ChannelHandlerContext
    ) {
        (isTurnedAway, isReadingBody, received, receivedBefore) = (true, true, 0, 0)
        isClosing = [head.headerFields, answer.head.headerFields].contains { $0[.connection]?.lowercased() == "close" }
        wait(limits.body, context)
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The rest of what was turned away: a little is let pass by, so that the connection can be used again.
    private func passOver(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head: break
        case .body(let bytes):
            received += bytes.readableBytes
            if received > limits.afterRefusal { context.close(promise: nil) }
        case .end:
            (isTurnedAway, isReadingBody) = (false, false)
            if isClosing { return context.close(promise: nil) }
            wait(limits.idle, context)
        }
    }

    // MARK: Answers

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection]?.lowercased() == "close" {
                (isClosing, received) = (true, 0)
            }
            if !isReadingBody { wait(limits.answer, context) }
            context.write(data, promise: promise)
        case .body:
            // An answer may be long, as long as each part of it is taken in time.
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let place = NIOLoopBound(context, eventLoop: context.eventLoop)
            taken.futureResult.whenSuccess { bound.value.partTaken(place.value) }
            context.write(data, promise: taken)
        case .end:
            isAnswered = true
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let place = NIOLoopBound(context, eventLoop: context.eventLoop)
            taken.futureResult.whenSuccess { bound.value.answered(place.value) }
            context.write(data, promise: taken)
        }
    }

    private func partTaken(_ context: ChannelHandlerContext) {
        guard !isReadingBody, !isAnswered else { return }
        wait(limits.answer, context)
    }

    private func answered(_ context: ChannelHandlerContext) {
        guard !isReadingBody else { return }
        if isClosing { return context.close(promise: nil) }
        wait(limits.idle, context)
    }
}
