import HTTPTypes
import NIOCore
import NIOHTTP1

/// A request that is not taken, with what is answered; nothing after it is read.
struct RefusedRequest: Error {
    let problem: Problem
    /// Whether the answer has no body, as that to HEAD.
    let isHead: Bool
}

/// Sees the bytes before the parser does, so that it can be said what the parser has stumbled over.
final class RequestLineWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The beginning of the line; enough for every method.
    private(set) var line: [UInt8] = []
    /// Bytes of it so far.
    private(set) var length = 0
    /// Whether its end has not come yet.
    private var isOpen = true

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOpen {
            // Empty lines before a request are passed over (RFC 9112, 2.2).
            var bytes = unwrapInboundIn(data).readableBytesView[...]
            if line.isEmpty { bytes = bytes.drop { $0 == 0x0D || $0 == 0x0A } }
            let end = bytes.firstIndex(of: 0x0A)
            line += bytes[..<(end ?? bytes.endIndex)].prefix(32 - min(line.count, 32))
            length += bytes.distance(from: bytes.startIndex, to: end ?? bytes.endIndex)
            isOpen = end == nil
        }
        context.fireChannelRead(data)
    }

    /// The request has been read to its end; the next line is another's.
    ///
    /// Of requests that come close together the beginning of a later one may be missed.
    func begin() { (line, length, isOpen) = ([], 0, true) }
}

/// Keeps to RFC 9112 where the version of HTTP and the form of the head still can be seen: between the parser and the codec.
final class MessageRules: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let line: RequestLineWatch
    /// Requests that have not been answered to the end.
    private var exchanges = CircularBuffer<(isHead: Bool, isHTTP10: Bool)>()
    /// The request being read is the last of the connection.
    private var isLast = false
    /// Nothing that comes is read any more.
    private var isOver = false
    /// The answer being written can only be ended by closing.
    private var closesAtEnd = false

    init(_ line: RequestLineWatch) {
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            do {
                let rules = try RequestHeadRules(head)
                isLast = rules.isLast
                exchanges.append((head.method == .HEAD, rules.isHTTP10))
                context.fireChannelRead(wrapInboundOut(.head(rules.head)))
            } catch {
                isOver = true
                context.fireErrorCaught(RefusedRequest(problem: error, isHead: head.method == .HEAD))
            }
        case .body: context.fireChannelRead(data)
        case .end:
            line.begin()
            isOver = isLast
            context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let refused = error as? HTTPParserError else {
            // What comes after a refusal is not parsed; that is no news.
            if !isOver || !(error is ByteToMessageDecoderError) { context.fireErrorCaught(error) }
            return
        }
        guard !isOver else { return }
        isOver = true
        let problem = Problem(refused, line: line.line, length: line.length)
        context.fireErrorCaught(RefusedRequest(problem: problem, isHead: false))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            let exchange = exchanges.first ?? (isHead: false, isHTTP10: false)
            let isFramed = head.headers.contains(name: "content-length") || !head.status.mayHaveResponseBody
            guard exchange.isHead || exchange.isHTTP10, head.status.code >= 200, !isFramed else {
                return context.write(data, promise: promise)
            }
            // Chunks are nothing for HTTP/1.0 (RFC 9112, 6.1), and an answer to HEAD has not even the last one.
            head.version = .http1_0
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            closesAtEnd = true
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            if !exchanges.isEmpty { exchanges.removeFirst() }
            context.write(data, promise: promise)
            guard closesAtEnd else { return }
            context.flush()
            context.close(promise: nil)
        }
    }
}
