import Foundation
import HTTPTypes
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Store

/// How long a client may take over each part of a request.
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

    public init(
        head: TimeAmount = .seconds(5), idle: TimeAmount = .seconds(15), body: TimeAmount = .seconds(10),
        answer: TimeAmount = .seconds(30)
    ) {
        self.head = head
        self.idle = idle
        self.body = body
        self.answer = answer
    }
}

/// Ends connections whose client takes too long or sends on after a refusal, and answers by itself what is turned away at
/// the head.
///
/// It stands between the HTTP codec and the requests: what has not come whole, or is not taken, is its business.
public final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let turnstile: Turnstile?
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
    /// Requests that wait for their answer or its end; a client may send the next before.
    private var unanswered = 0
    /// The request read last is the last: the connection ends with its answer.
    private var isLast = false
    /// The client waits for leave to send its body, which it gets when the requests before are answered.
    private var owesContinue = false
    /// What could not be read, and is answered when the requests before are.
    private var refused: RefusedRequest?
    /// What comes belongs to a request that was turned away: nobody else gets to see it.
    private var isTurnedAway = false

    public init(_ limits: ConnectionLimits, _ turnstile: Turnstile? = nil) {
        self.limits = limits
        self.turnstile = turnstile
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        wait(limits.head, context)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        (timer, deadline) = (nil, .distantFuture)
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
            isLast = head.headerFields[.connection] == "close"
            if unanswered == 0, let answer = turnstile?.answer(to: head) { return turnAway(answer, context) }
            unanswered += 1
            (isReadingBody, isClosing, received, receivedBefore) = (true, false, 0, 0)
            wait(limits.body, context)
            owesContinue = head.headerFields[.expect] == "100-continue"
            if unanswered == 1 { giveLeave(context) }
        case .body(let bytes):
            owesContinue = false
            received += bytes.readableBytes
            guard isClosing else { break }
            // It was refused: a little more is let pass by, so that the client gets to read why.
            if received > limits.afterRefusal { context.close(promise: nil) }
            return
        case .end:
            isReadingBody = false
            deadline = .distantFuture
            if unanswered == 0 {
                // The answer did not wait for the body; what comes next is another request, or nothing.
                guard !isClosing else { return context.close(promise: nil) }
                wait(limits.idle, context)
            }
        }
        context.fireChannelRead(data)
    }

    /// Lets a client that waits for it send its body (RFC 9110, 10.1.1).
    private func giveLeave(_ context: ChannelHandlerContext) {
        guard owesContinue else { return }
        owesContinue = false
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }

    private func turnAway(_ answer: (head: HTTPResponse, body: ByteBuffer), _ context: ChannelHandlerContext) {
        (isTurnedAway, isReadingBody, received, receivedBefore) = (true, true, 0, 0)
        var head = answer.head
        if isLast { head.headerFields[.connection] = "close" }
        isClosing = head.headerFields[.connection] == "close"
        wait(limits.body, context)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
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

    // MARK: Refusals of the parser

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let refused = error as? RefusedRequest ?? Self.unconvertible(error) else {
            return context.fireErrorCaught(error)
        }
        guard self.refused == nil else { return }
        let wasReadingBody = isReadingBody
        // Nothing more can be read, of a body neither.
        (isReadingBody, isLast) = (false, true)
        // The body of a request that was answered already: there is nobody left to be answered.
        if wasReadingBody, unanswered == 0 || isTurnedAway { return context.close(promise: nil) }
        if !wasReadingBody { self.refused = refused }
        // Those who answer requests learn it in their order, and their word for it is written in ours.
        context.fireErrorCaught(HTTPParserError.unknown)
    }

    /// What the parser takes and the types of this server cannot say, such as a method with odd letters.
    private static func unconvertible(_ error: any Error) -> RefusedRequest? {
        guard error is HTTP1TypeConversionError else { return nil }
        return RefusedRequest(
            problem: .malformed("Its method or a header field has a name it cannot have."), isHead: false)
    }

    /// Writes the answer to what could not be read, and ends the connection soon.
    private func refuse(_ refused: RefusedRequest, _ context: ChannelHandlerContext) {
        let answer = refused.problem.answer(to: UUID.v7(at: Date()), isEncrypted: turnstile?.isEncrypted ?? false)
        turnstile?.noteRefusal(status: answer.head.status.code)
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        if !refused.isHead { context.write(wrapOutboundOut(.body(answer.body)), promise: nil) }
        // What the client still sends is taken from it for a second: closed at once, it would not get to read why.
        wait(.seconds(1), context)
    }

    // MARK: Answers

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if unanswered == 0, let refused {
                refuse(refused, context)
                promise?.succeed()
                return
            }
            if unanswered == 1, isLast, head.status.kind != .informational {
                head.headerFields[.connection] = "close"
            }
            if head.headerFields[.connection] == "close" { (isClosing, received) = (true, 0) }
            if !isReadingBody { wait(limits.answer, context) }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            // An answer may be long, as long as each part of it is taken in time.
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let place = NIOLoopBound(context, eventLoop: context.eventLoop)
            taken.futureResult.whenSuccess { bound.value.partTaken(place.value) }
            context.write(data, promise: taken)
        case .end:
            guard unanswered > 0 else { return context.write(data, promise: promise) }
            unanswered -= 1
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let place = NIOLoopBound(context, eventLoop: context.eventLoop)
            taken.futureResult.whenSuccess { bound.value.answered(place.value) }
            context.write(data, promise: taken)
            if unanswered == 1, isReadingBody { giveLeave(context) }
        }
    }

    private func partTaken(_ context: ChannelHandlerContext) {
        guard !isReadingBody, unanswered > 0 else { return }
        wait(limits.answer, context)
    }

    private func answered(_ context: ChannelHandlerContext) {
        guard !isReadingBody, refused == nil else { return }
        if isClosing { return context.close(promise: nil) }
        if unanswered == 0 { wait(limits.idle, context) }
    }
}
