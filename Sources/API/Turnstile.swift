import Casework
import Foundation
import HTTPTypes
public import Logging
import NIOCore
import Store
import Synchronization

/// Turns filings away while as many are under way as may be.
///
/// It stands where heads are read, before a task, a route or a body: when three times as many come as can be taken, what
/// a refusal costs is taken from those that were let in. The place itself is taken once a body is there, so that who
/// dawdles over one keeps nobody out.
public final class Turnstile: Sendable {
    private let service: Service
    private let logger: Logger
    private let state = Mutex((turnedAway: 0, told: ContinuousClock.Instant.now - .seconds(60)))
    /// The answer, made once: the same for all but for the request id, which parts its body.
    private let fields: HTTPFields
    private let parts: (before: [UInt8], after: [UInt8])

    /// - Parameters:
    ///   - service: Whose filings are counted.
    ///   - logger: Told once in ten seconds, at the most, how many were turned away.
    public init(_ service: Service, logger: Logger) {
        self.service = service
        self.logger = logger
        let problem = Problem.tooManyFilings
        let id = UUID()
        let answer = problem.answer(to: id, isEncrypted: service.isEncrypted)
        let body = Array(answer.body.readableBytesView)
        let place = body.firstRange(of: id.text.utf8) ?? body.endIndex..<body.endIndex
        fields = answer.head.headerFields
        parts = (Array(body[..<place.lowerBound]), Array(body[place.upperBound...]))
    }

    var isEncrypted: Bool { service.isEncrypted }

    /// Counts what could not be read as a request.
    func noteRefusal(status: Int) { service.metrics.note("other", nil, status: status, took: nil) }

    static func isFiling(_ request: HTTPRequest) -> Bool {
        guard request.method == .post, let path = request.path else { return false }
        let end = path.utf8.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex
        return path[..<end] == "/v1/complaints" || path[..<end] == "/v1/complaint-batches"
    }

    /// - Returns: What a request is answered with at once, or `nil` where it may go on.
    func answer(to request: HTTPRequest) -> (head: HTTPResponse, body: ByteBuffer)? {
        guard service.filings.count >= service.filingsAtOnce, Self.isFiling(request) else { return nil }
        let requestID = UUID.v7(at: Date()).text
        var fields = fields
        fields[.requestID] = requestID
        if service.departure.isAnnounced { fields[.connection] = "close" }
        let isBatch = request.path?.hasPrefix("/v1/complaint-batches") == true
        service.metrics.note("POST", isBatch ? "/v1/complaint-batches" : "/v1/complaints", status: 503, took: nil)
        count()
        var body = ByteBufferAllocator().buffer(capacity: parts.before.count + requestID.utf8.count + parts.after.count)
        body.writeBytes(parts.before)
        body.writeString(requestID)
        body.writeBytes(parts.after)
        return (HTTPResponse(status: .serviceUnavailable, headerFields: fields), body)
    }

    /// A line for each would be one more load on those that are busy.
    private func count() {
        let told = state.withLock { state -> Int? in
            state.turnedAway += 1
            guard state.told.duration(to: .now) > .seconds(10) else { return nil }
            defer { state = (0, .now) }
            return state.turnedAway
        }
        if let told { logger.warning("filings are turned away", metadata: ["since_the_last_line": "\(told)"]) }
    }
}
