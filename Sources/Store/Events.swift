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
    public internal(set) var details: [String: String]
    public internal(set) var changes: [String: Event.Change]
    public let effectiveOn: Day
    public let recordedAt: Date
    public let note: String?
    public let audience: Complaint.Audience?
}

/// What an event happened to.
public enum CaseKind: String, Sendable, CaseIterable, Codable, PostgresValue {
    case complaint
    case barrier
    case order
    case campaign
}

/// Words that go with an event, and who may read them.
struct Note {
    var text: String
    var audience: Complaint.Audience = .internal
}

/// Where in the history of a case a row for reports belongs, and which step wrote it.
struct StepPlace {
    let campaign: Int
    let `case`: UUID
    let sequence: Int
    let writtenBy: Int
    let on: Day
    let moment: Date
}

extension RowBatch {
    mutating func add(
        _ event: Event, on caseID: UUID, _ kind: CaseKind, campaign: Int, sequence: Int, at moment: Date,
        salt: Data = Data(randomBytes(16))
    ) throws {
        add(
            "event",
            [
                "campaign_id": .value(campaign), "case_id": .value(caseID), "sequence": .value(sequence),
                "case_kind": .value(kind), "actor_kind": .value(event.actor.kind),
                "actor_role": .value(event.actor.role), "actor_id": .value(event.actor.id),
                "on_behalf_of": .value(event.onBehalfOf), "action": .value(event.action),
                "details": .value(try JSONText(encoding: event.details)),
                "changes": .value(event.changes.isEmpty ? JSONText("{}") : try JSONText(encoding: event.changes)),
                "effective_on": .value(event.effectiveOn),
                "recorded_at": .value(moment), "salt": .value(salt), "schema_version": .value(2),
            ])
    }
}

extension Connection {
    /// Writes one line of history, in the transaction that does what it says.
    func record(
        _ event: Event, on caseID: UUID, _ kind: CaseKind, campaign: Int, sequence: Int, at moment: Date,
        note: Note? = nil
    ) throws {
        var rows = RowBatch()
        try rows.add(event, on: caseID, kind, campaign: campaign, sequence: sequence, at: moment)
        try insert(rows)
        guard let note else { return }
        try run(
            """
            INSERT INTO note (campaign_id, case_id, sequence, text, audience)
            VALUES (\(campaign), \(caseID), \(sequence), \(note.text), \(note.audience))
            """)
    }

    /// The history of one case from its beginning, `limit` lines at the most.
    public func events(of caseID: UUID, campaign: Int, after sequence: Int = 0, limit: Int) throws -> [RecordedEvent] {
        let events = try all(
            """
            SELECT e.sequence, e.actor_kind, coalesce(o.name, k.company || '/' || k.name, f.name), e.on_behalf_of, e.action, \(FilingDigest.shownDetails), e.changes,
                   e.effective_on, e.recorded_at, n.text, n.audience
            FROM event e
            LEFT JOIN officer o ON o.id = e.actor_id
            LEFT JOIN company_key k ON k.id = e.actor_id
            LEFT JOIN filer f ON f.id = e.actor_id
            LEFT JOIN note n USING (campaign_id, case_id, sequence)
            WHERE e.campaign_id = \(campaign) AND e.case_id = \(caseID) AND e.sequence > \(sequence)
            ORDER BY e.sequence
            LIMIT \(limit)
            """
        ) { row in
            RecordedEvent(
                sequence: try row.read(), actorKind: try row.read(), actorName: try row.read(),
                onBehalfOf: try row.read(), action: try row.read(),
                details: try row.read(JSONText.self).decoded(), changes: try row.read(JSONText.self).decoded(),
                effectiveOn: try row.read(), recordedAt: try row.read(), note: try row.read(),
                audience: try row.read())
        }
        return try naming(idsIn: events, campaign: campaign)
    }

    /// History keeps ids, since names may change; people read the names of today.
    func naming(idsIn events: [RecordedEvent], campaign: Int) throws -> [RecordedEvent] {
        let values = events.flatMap { event in
            event.details.values.map(\.self) + event.changes.values.flatMap { [$0.old, $0.new].compactMap(\.self) }
        }
        let ids = Set(values.flatMap { $0.ids.map { UUID(uuidString: $0) } }.compactMap(\.self))
        guard !ids.isEmpty else { return events }
        let rows = try all(
            """
            SELECT id, name, NULL::bigint FROM officer WHERE id = ANY(\(Array(ids)))
            UNION ALL
            SELECT c.id, ca.prefix, c.number
            FROM complaint c JOIN campaign ca ON ca.id = c.campaign_id
            WHERE c.campaign_id = \(campaign) AND c.id = ANY(\(Array(ids)))
            """
        ) { row in
            let (id, name, number): (UUID, String, Int?) = (try row.read(), try row.read(), try row.read())
            return (id.text, number.map { Reference(prefix: name, number: $0).description } ?? name)
        }
        let names = [String: String](uniqueKeysWithValues: rows)
        return events.map { event in
            var event = event
            event.details = event.details.mapValues { $0.naming(names) }
            event.changes = event.changes.mapValues { change in
                Event.Change(old: change.old?.naming(names), new: change.new?.naming(names))
            }
            return event
        }
    }

    /// What changed of a complaint since it was read, by the name of the fact.
    public func changes(
        since before: ComplaintRecord, of record: ComplaintRecord
    ) throws -> [String: Event.Change] {
        let events = try events(
            of: record.complaint.id, campaign: record.campaignID, after: before.sequence, limit: 100)
        return events.reduce(into: [:]) { changes, event in
            changes.merge(event.changes) { first, last in Event.Change(old: first.old, new: last.new) }
        }
    }

    /// What happened to a case, in a form in which it can happen again; remarks and what began the case left out.
    ///
    /// - Throws: `Refusal.notReplayable` where an older version of the program wrote something that cannot be read back,
    ///   or `PostgresError`.
    func steps<Action: Sendable>(
        of caseID: UUID, campaign: Int, _ read: (_ name: String, _ details: [String: String], Day, Int) -> Action?
    ) throws -> [Step<Action>] {
        let rows = try all(
            """
            SELECT sequence, actor_role, actor_id, action, details, effective_on
            FROM event
            WHERE campaign_id = \(campaign) AND case_id = \(caseID) AND action <> 'file'
            ORDER BY sequence
            """
        ) { row in
            (
                try row.read(Int.self), Actor(try row.read(), id: try row.read()), try row.read(String.self),
                try row.read(JSONText.self).decoded(as: [String: String].self), try row.read(Day.self)
            )
        }
        return try rows.map { sequence, actor, name, details, day in
            guard let action = read(name, details, day, sequence) else {
                let reason = "step \(sequence) (\(name)) was written by an older version and cannot be told again"
                throw Refusal.notReplayable(because: .invalid(field: "history", reason: reason))
            }
            return Step(sequence: sequence, action: action, actor: actor, on: day)
        }
    }
}

extension String {
    /// The ids that stand in it.
    fileprivate var ids: [String] {
        guard utf8.count >= 36 else { return [] }
        return matches(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/).map { String($0.output.0) }
    }

    fileprivate func naming(_ names: [String: String]) -> String {
        ids.reduce(self) { text, id in names[id].map { text.replacing(id, with: $0) } ?? text }
    }
}
