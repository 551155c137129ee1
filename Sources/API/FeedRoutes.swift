import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Everything that happens, in the order of recording, for other systems.
///
/// A reader keeps the cursor of its last page and goes on there, today or in a year; `wait` holds the answer until
/// something happens.
struct FeedRoutes {
    let service: Service

    var routes: [Route] {
        [Route(.get, "/v1/events", events)]
    }

    @Sendable func events(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let query = try ObjectReader(query: request)
        let code = query.requiredText("campaign", limit: 60)
        let pageSize = query.pageSize(default: 100, limit: 500)
        let wait = query.number("wait", in: 0...30) ?? 0
        let cursor = query.text("cursor", limit: 200)
        query.finish()
        try query.faults.finish()
        guard let (id, campaign) = try await service.references.book().campaign(code) else {
            throw Problem.notFound("campaign \(code)")
        }
        let name = "feed|\(code)"
        let position = try service.cursor.place(cursor, of: name)
        let deadline = ContinuousClock.now + .seconds(wait)
        var found: [FeedEvent] = []
        while true {
            found = try await service.databases.work.feed(
                id, code: code, prefix: campaign.prefix, after: position, limit: pageSize)
            guard found.isEmpty, ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .seconds(1))
        }
        let items = found.map { one in
            FeedEventBody(
                caseKind: one.caseKind.rawValue, subject: one.subject, campaign: one.campaign,
                event: EventBody(one.event))
        }
        // The cursor is given also at the end: that is where the reader goes on.
        let next = found.last.map { last in
            FeedPosition(recordedAt: last.event.recordedAt, caseID: last.caseID, sequence: last.event.sequence)
        }
        return try .json(
            Page(items: items, next: next.map { service.cursor.text(after: $0.numbers, of: name) } ?? cursor))
    }
}

extension FeedPosition {
    /// As a cursor holds it: the moment in microseconds, the two halves of the id, the sequence.
    var numbers: [Int] {
        let bytes = withUnsafeBytes(of: caseID.uuid) { Array($0) }
        func half(_ range: Range<Int>) -> Int {
            Int(truncatingIfNeeded: bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        return [Int((recordedAt.timeIntervalSince1970 * 1_000_000).rounded()), half(0..<8), half(8..<16), sequence]
    }

    init(_ numbers: [Int]) throws {
        let halves = [numbers[1], numbers[2]].flatMap { number in
            withUnsafeBytes(of: UInt64(bitPattern: Int64(number)).bigEndian) { Array($0) }
        }
        let id = halves.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
        self.init(
            recordedAt: Date(timeIntervalSince1970: Double(numbers[0]) / 1_000_000), caseID: UUID(uuid: id),
            sequence: numbers[3])
    }
}
