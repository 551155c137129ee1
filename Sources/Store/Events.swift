public import Casework
public import Foundation
public import Postgres

/// One line of history, as it is read back.
public struct RecordedEvent: Sendable {
    public let sequence: Int
    public let actorKind: Actor.Kind
    public let actorName: String?
    public let onBehalfOf: Actor.Kind?
    public let action: String
    public let details: [String: String]
    public let effectiveOn: Day
    public let recordedAt: Date
    public let note: String?
}

/// What an event happened to.
enum CaseKind: String, PostgresValue {
    case complaint
    case barrier
    case campaign
}

extension Connection {
    /// Writes one line of history, in the transaction that does what it says.
    func record(
        _ event: Event, on caseID: UUID, _ kind: CaseKind, campaign: Int, sequence: Int, at moment: Date,
        note: String? = nil
    ) throws {
        try run(
            """
            INSERT INTO event (campaign_id, case_id, sequence, case_kind, actor_kind, actor_role, actor_id,
                               on_behalf_of, action, details, effective_on, recorded_at, salt, schema_version)
            VALUES (\(campaign), \(caseID), \(sequence), \(kind), \(event.actor.kind), \(event.actor.role),
                    \(event.actor.id), \(event.onBehalfOf), \(event.action), \(try JSONText(encoding: event.details)),
                    \(event.effectiveOn), \(moment), \(Data(randomBytes(16))), 1)
            """)
        guard let note else { return }
        try run(
            """
            INSERT INTO note (campaign_id, case_id, sequence, text)
            VALUES (\(campaign), \(caseID), \(sequence), \(note))
            """)
    }

    /// The history of one case from its beginning, `limit` lines at the most.
    public func events(of caseID: UUID, campaign: Int, after sequence: Int = 0, limit: Int) throws -> [RecordedEvent] {
        try all(
            """
            SELECT e.sequence, e.actor_kind, o.name, e.on_behalf_of, e.action, e.details, e.effective_on,
                   e.recorded_at, n.text
            FROM event e
            LEFT JOIN officer o ON o.id = e.actor_id
            LEFT JOIN note n USING (campaign_id, case_id, sequence)
            WHERE e.campaign_id = \(campaign) AND e.case_id = \(caseID) AND e.sequence > \(sequence)
            ORDER BY e.sequence
            LIMIT \(limit)
            """
        ) { row in
            RecordedEvent(
                sequence: try row.read(), actorKind: try row.read(), actorName: try row.read(),
                onBehalfOf: try row.read(), action: try row.read(),
                details: try row.read(JSONText.self).decoded(), effectiveOn: try row.read(),
                recordedAt: try row.read(), note: try row.read())
        }
    }
}
