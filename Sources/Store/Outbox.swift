import Casework
public import Foundation
public import Postgres

/// Something an officer is to be told.
public struct Reminder: Sendable {
    public let id: UUID
    /// In one word, such as `deadline_missed`, `barrier_review` or `company_silent`.
    public let topic: String
    public let caseKind: CaseKind
    /// The case by the name people use.
    public let subject: String
    public let details: [String: String]
    /// `nil` where nobody has the case and all are told.
    public let officerName: String?
    public let recordedAt: Date
}

/// A reminder on its way into the outbox.
struct NewReminder {
    var topic: String
    /// Says the same only once.
    var onceKey: String
    var officer: UUID?
    var office: String?
    var caseKind: CaseKind
    var caseID: UUID
    var subject: String
    var details: [String: String]
}

extension Connection {
    /// Puts a reminder into the outbox, unless it is there already.
    ///
    /// - Returns: Whether it is new.
    @discardableResult
    func remind(_ reminder: NewReminder, campaign: Int, at moment: Date) throws -> Bool {
        try run(
            """
            INSERT INTO outbox (id, campaign_id, topic, once_key, officer_id, office, case_kind, case_id, subject,
                                details, recorded_at)
            VALUES (\(UUID.v7(at: moment)), \(campaign), \(reminder.topic), \(reminder.onceKey), \(reminder.officer),
                    \(reminder.office), \(reminder.caseKind), \(reminder.caseID), \(reminder.subject),
                    \(try JSONText(encoding: reminder.details)), \(moment))
            ON CONFLICT DO NOTHING
            """) == 1
    }

    func remind(ofBarrier change: BarrierChange, topic: String, details: [String: String]) throws {
        let number = change.record.barrier.number
        try remind(
            NewReminder(
                topic: topic, onceKey: "\(topic)|\(number)|\(change.sequence)", officer: nil, office: nil,
                caseKind: .barrier, caseID: change.record.id, subject: String(number), details: details),
            campaign: change.record.campaignID, at: change.moment)
    }

    /// What an officer is to be told and has not seen: of the officer's own cases, and of those that are nobody's.
    ///
    /// - Parameters:
    ///   - officer: Whose reminders; `nil` is everyone's.
    ///   - campaign: Of which campaign.
    ///   - offices: Of the offices the officer works for; `nil` is all.
    ///   - position: Where the page before ended.
    ///   - limit: How many at the most.
    /// - Returns: The reminders, latest first.
    /// - Throws: `PostgresError`.
    public func reminders(
        for officer: UUID?, campaign: Int, offices: Set<String>?, after position: (Date, UUID)? = nil, limit: Int
    ) throws -> [Reminder] {
        let below: SQL = position.map { "AND (r.recorded_at, r.id) < (\($0.0), \($0.1))" } ?? ""
        return try all(
            """
            SELECT r.id, r.topic, r.case_kind, r.subject, r.details, o.name, r.recorded_at
            FROM outbox r LEFT JOIN officer o ON o.id = r.officer_id
            WHERE r.campaign_id = \(campaign) AND r.seen_at IS NULL \(scope(officer, offices)) \(below)
            ORDER BY r.recorded_at DESC, r.id DESC LIMIT \(limit)
            """
        ) { row in
            Reminder(
                id: try row.read(), topic: try row.read(), caseKind: try row.read(), subject: try row.read(),
                details: try row.read(JSONText.self).decoded(), officerName: try row.read(),
                recordedAt: try row.read())
        }
    }

    /// Whose reminders: the officer's own and nobody's, of the offices the officer works for.
    private func scope(_ officer: UUID?, _ offices: Set<String>?) -> SQL {
        let own: SQL = officer.map { "AND (r.officer_id = \($0) OR r.officer_id IS NULL)" } ?? ""
        let office: SQL = offices.map { "AND (r.office IS NULL OR r.office = ANY(\($0.sorted())))" } ?? ""
        return "\(own) \(office)"
    }

    /// Marks an officer's own and nobody's reminders as seen; others, and those that were, stay as they are.
    ///
    /// - Returns: How many were new.
    /// - Throws: `PostgresError`.
    public func markSeen(
        _ reminders: [UUID], by officer: UUID, offices: Set<String>?, campaign: Int, at now: Date
    ) throws -> Int {
        try run(
            """
            UPDATE outbox r SET seen_at = \(now)
            WHERE r.campaign_id = \(campaign) AND r.id = ANY(\(reminders)) AND r.seen_at IS NULL
              \(scope(officer, offices))
            """)
    }
}
