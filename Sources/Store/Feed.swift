import Casework
public import Foundation
public import Postgres

/// One line of history in the feed of all cases.
public struct FeedEvent: Sendable {
    /// The case by the name people use: a reference, a number of the campaign.
    public let subject: String
    public let caseKind: CaseKind
    public let caseID: UUID
    public let campaign: String
    public fileprivate(set) var event: RecordedEvent
}

/// A place in the feed: after this event.
public struct FeedPosition: Sendable, Hashable {
    public var recordedAt: Date
    public var caseID: UUID
    public var sequence: Int

    public init(recordedAt: Date, caseID: UUID, sequence: Int) {
        self.recordedAt = recordedAt
        self.caseID = caseID
        self.sequence = sequence
    }
}

extension Database {
    /// What happened in a campaign after a place, in the order in which it was recorded.
    ///
    /// It reads up to a closed cut only, so that nothing appears later before a place that was read.
    ///
    /// - Parameters:
    ///   - campaign: Whose cases.
    ///   - code: Its code.
    ///   - prefix: Of its references.
    ///   - position: Where to go on; `nil` begins at the beginning.
    ///   - limit: How many events at the most.
    /// - Returns: The events; without any, nothing has happened since.
    /// - Throws: ``MomentError``, or `PostgresError`.
    public func feed(
        _ campaign: Int, code: String, prefix: String, after position: FeedPosition?, limit: Int
    ) async throws -> [FeedEvent] {
        let cut = try await closeCut()
        return try await transaction(.readOnly) { db in
            let after: SQL =
                position.map {
                    "AND (e.recorded_at, e.case_id, e.sequence) > (\($0.recordedAt), \($0.caseID), \($0.sequence))"
                } ?? ""
            var found = try db.all(
                """
                SELECT coalesce(c.number, b.number, r.number), e.case_kind, e.case_id, e.sequence, e.actor_kind,
                       coalesce(o.name, k.company || '/' || k.name, f.name), e.on_behalf_of, e.action, \(FilingDigest.shownDetails),
                       e.changes, e.effective_on,
                       e.recorded_at
                FROM event e
                LEFT JOIN officer o ON o.id = e.actor_id
                LEFT JOIN company_key k ON k.id = e.actor_id
                LEFT JOIN filer f ON f.id = e.actor_id
                LEFT JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
                LEFT JOIN barrier b ON b.campaign_id = e.campaign_id AND b.id = e.case_id
                LEFT JOIN rectification_order r ON r.campaign_id = e.campaign_id AND r.id = e.case_id
                WHERE e.campaign_id = \(campaign) AND e.recorded_at <= \(cut) \(after)
                ORDER BY e.recorded_at, e.case_id, e.sequence LIMIT \(limit)
                """
            ) { row in
                let (number, kind, id): (Int?, CaseKind, UUID) = (try row.read(), try row.read(), try row.read())
                let event = RecordedEvent(
                    sequence: try row.read(), actorKind: try row.read(), actorName: try row.read(),
                    onBehalfOf: try row.read(), action: try row.read(),
                    details: try row.read(JSONText.self).decoded(), changes: try row.read(JSONText.self).decoded(),
                    effectiveOn: try row.read(), recordedAt: try row.read(), note: nil, audience: nil)
                let subject =
                    kind == .complaint
                    ? number.map { Reference(prefix: prefix, number: $0).description }
                    : number.map { "\($0)" }
                return FeedEvent(
                    subject: subject ?? code, caseKind: kind, caseID: id, campaign: code, event: event)
            }
            let named = try db.naming(idsIn: found.map(\.event), campaign: campaign)
            for index in found.indices { found[index].event = named[index] }
            return found
        }
    }
}
