import Casework
import Foundation
import Postgres

extension Connection {
    /// Complaints that say something else than was filed, or than their events make of it.
    ///
    /// What was filed is held against the digest in the latest event that has one. The case, its limits and every row that
    /// reports read are held against a replay of the events. Complaints that were filed before there were digests are left
    /// out: what is known of them is compared by ``compareCases(_:)``. So is what was filed about those whose data are
    /// erased, since the salt went with the data.
    ///
    /// - Throws: `PostgresError`.
    func compareFilings(_ audit: inout LogAudit) throws {
        var past = try PastRules(self)
        let campaigns = try all("SELECT id, code FROM campaign") { row in
            (try row.read(Int.self), try row.read(String.self))
        }
        for (campaign, code) in campaigns {
            var after = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            while true {
                let ids = try all(
                    """
                    SELECT id FROM complaint WHERE campaign_id = \(campaign) AND id > \(after) ORDER BY id LIMIT 500
                    """
                ) { row in try row.read(UUID.self) }
                guard let last = ids.last else { break }
                try compareFilings(ids, campaign, code, &past, &audit)
                after = last
            }
        }
        try compareVersions(&audit)
    }

    private func compareFilings(
        _ ids: [UUID], _ campaign: Int, _ code: String, _ past: inout PastRules, _ audit: inout LogAudit
    ) throws {
        let histories = try histories(of: ids, campaign).filter { $0.value.isProved }
        guard !histories.isEmpty else { return }
        let proved = Array(histories.keys)
        let records = try readable(proved, campaign, &audit)
        let digests = try filingDigests(of: records)
        let rows = try historyRows(of: proved, campaign)
        for record in records {
            guard let history = histories[record.complaint.id] else { continue }
            if !record.dataState.isGone, history.isDigestLatest {
                let digest = digests[record.complaint.id].map { $0.digest.text($0.salt) }
                if digest != history.digest {
                    audit.found(.filingChanged, "\(record.reference): what was filed is not what its event says")
                }
            }
            if history.number != record.reference.number {
                audit.found(
                    .caseDiffers, "\(record.reference): its event says that it has the number \(history.number)")
            }
            let found = rows[record.complaint.id] ?? []
            guard let filed = digests[record.complaint.id]?.digest.complaint ?? filed(record, found) else {
                audit.found(.caseDiffers, "\(record.reference): its first interval is missing")
                continue
            }
            let differences = try replayed(record, filed, history, found, code, &past)
            for text in differences { audit.found(.caseDiffers, "\(record.reference): \(text)") }
        }
    }

    /// The complaints, but those that say what no complaint can say, which are found.
    private func readable(_ ids: [UUID], _ campaign: Int, _ audit: inout LogAudit) throws -> [ComplaintRecord] {
        do {
            return try all(
                """
                SELECT \(ComplaintRecord.columns) FROM \(ComplaintRecord.tables)
                WHERE c.campaign_id = \(campaign) AND c.id = ANY(\(ids))
                """, as: ComplaintRecord.init(row:))
        } catch PostgresError.unexpectedRow(let why) {
            guard let id = ids.first, ids.count == 1 else {
                return try ids.flatMap { try readable([$0], campaign, &audit) }
            }
            audit.found(.caseDiffers, "complaint \(id.text) cannot be read: \(why)")
            return []
        }
    }

    /// What is otherwise than the events make it; nothing where all is as it has to be.
    ///
    /// What is judged by rules that are replaced before it is recorded is right as it is: so the rules of shortly before are
    /// tried, too.
    private func replayed(
        _ record: ComplaintRecord, _ filed: Complaint, _ history: ProvedHistory, _ found: Set<HistoryRow>,
        _ code: String,
        _ past: inout PastRules
    ) throws -> [String] {
        var first: [String] = []
        for lag in [0, PastRules.lag] where lag == 0 || past.changed(within: lag, of: history) {
            var filed = filed
            filed.barriers = history.barriers
            do {
                var told = ReplayedComplaint(
                    filed, at: history.filedAt, under: try past.rules(of: code, at: history.filedAt - lag, db: self))
                for event in history.events {
                    var rules = try past.rules(of: code, at: event.at - lag, db: self)
                    rules.earlierCalendars = try past.calendars(of: code, for: history, until: event.at, lag, db: self)
                    // What barriers were when it was closed is not judged once more.
                    for number in told.state.barriers.union(event.step.action.bringsBarriers) {
                        rules.ledger.add(number, from: .earliest, .verified)
                    }
                    try told.take(event, filed: filed, under: rules)
                }
                let differences = record.differences(from: told, found)
                if differences.isEmpty { return [] }
                if lag == 0 { first = differences }
            } catch let refusal as Refusal {
                if lag == 0 { first = ["its events cannot have happened: \(refusal)"] }
            }
        }
        return first
    }

    /// What was filed, where its digest is gone with the data.
    private func filed(_ record: ComplaintRecord, _ rows: Set<HistoryRow>) -> Complaint? {
        let row = rows.first { $0.table == "complaint_interval" && $0.sequence == 1 && $0.writtenBy == 1 }
        guard let values = row?.values else { return nil }
        var filed = Complaint(
            id: record.complaint.id, kind: record.complaint.kind, receivedOn: record.complaint.receivedOn)
        (filed.category, filed.scenario) = (values[1], values[2])
        filed.respondent = Complaint.Party(platform: values[3], company: values[4])
        filed.target = Complaint.Target(
            platform: values[5], company: values[6], host: record.complaint.target.host, paymentMethod: values[7])
        filed.office = values[8] ?? Office.central
        return filed
    }

    /// Cases whose version is not the number of their events.
    private func compareVersions(_ audit: inout LogAudit) throws {
        for (kind, table) in [("complaint", "complaint"), ("barrier", "barrier"), ("order", "rectification_order")]
            as [(String, SQL)]
        {
            let differing = try all(
                """
                SELECT c.id, c.version, e.count FROM \(table) c
                CROSS JOIN LATERAL (SELECT count(*) FROM event WHERE campaign_id = c.campaign_id AND case_id = c.id) e
                WHERE c.version <> e.count LIMIT \(LogAudit.limit)
                """
            ) { row in
                let (id, version): (UUID, Int) = (try row.read(), try row.read())
                return "\(kind) \(id.text): its version is \(version), and it has \(try row.read(Int.self)) events"
            }
            for text in differing { audit.found(.caseDiffers, text) }
        }
    }
}

// MARK: Reading

/// The events of a complaint whose filing has a digest.
struct ProvedHistory {
    fileprivate(set) var filedAt = Date.distantPast
    fileprivate(set) var number = 0
    fileprivate(set) var barriers: Set<Int> = []
    fileprivate(set) var digest: String?
    /// Whether nothing changed what was filed since the event with the digest; a server of before there were digests may.
    fileprivate(set) var isDigestLatest = true
    fileprivate(set) var events: [ReplayedComplaint.Recorded] = []

    fileprivate var isProved: Bool { digest != nil && filedAt > .distantPast }
}

extension Connection {
    private func histories(of ids: [UUID], _ campaign: Int) throws -> [UUID: ProvedHistory] {
        var histories: [UUID: ProvedHistory] = [:]
        let rows = try all(
            """
            SELECT case_id, sequence, actor_role, actor_id, action, details, effective_on, recorded_at FROM event
            WHERE campaign_id = \(campaign) AND case_id = ANY(\(ids)) ORDER BY case_id, sequence
            """
        ) { row in
            (
                id: try row.read(UUID.self), sequence: try row.read(Int.self),
                // A role that is none is not what was recorded, which the log says.
                actor: Actor(Role(rawValue: try row.read()) ?? .system, id: try row.read()),
                name: try row.read(String.self),
                details: try row.read(JSONText.self), on: try row.read(Day.self), at: try row.read(Date.self)
            )
        }
        for row in rows {
            // What is no dictionary of texts is no event of ours, which the log says.
            let details = (try? row.details.decoded(as: [String: String].self)) ?? [:]
            var history = histories[row.id] ?? ProvedHistory()
            let digest = details[FilingDigest.Member.filing]
            if let digest { history.digest = digest }
            if row.name == "file" {
                // Without one the complaint is of before there were digests.
                guard digest != nil else { continue }
                history.filedAt = row.at
                history.number = details[FilingDigest.Member.number].flatMap { Int($0) } ?? 0
                history.barriers = Set(details["barrier"].flatMap { Int($0) }.map { [$0] } ?? [])
            } else if let action = Complaint.Action(name: row.name, details: details) {
                let step = Step(sequence: row.sequence, action: action, actor: row.actor, on: row.on)
                history.events.append(ReplayedComplaint.Recorded(step: step, at: row.at))
                if [.correctIdentity, .setConsent].contains(action.name) { history.isDigestLatest = digest != nil }
            }
            histories[row.id] = history
        }
        return histories
    }

    private func historyRows(of ids: [UUID], _ campaign: Int) throws -> [UUID: Set<HistoryRow>] {
        let tables: [(name: String, table: SQL, values: SQL)] = [
            (
                "complaint_interval", "complaint_interval i",
                """
                i.status, i.category, i.scenario, i.respondent_platform, i.respondent_company, i.target_platform,
                i.target_company, i.payment_method, i.office, i.officer_id::text, i.outcome, i.refusal_ground
                """
            ),
            (
                "deadline_interval", "deadline_interval i",
                """
                i.purpose, i.origin_id::text, i.run::text, i.company, i.started_on::text, i.due_on::text, i.state,
                i.ended_on::text, i.missed_from::text, i.back_entered::text
                """
            ),
            (
                "complaint_barrier_interval",
                "complaint_barrier_interval i JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id",
                "b.number::text, i.is_linked::text"
            ),
        ]
        var rows: [UUID: Set<HistoryRow>] = [:]
        for (name, table, values) in tables {
            let found = try all(
                """
                SELECT i.complaint_id, i.sequence, i.written_by, i.effective_from, i.recorded_at, i.retracted_at,
                       to_jsonb(ARRAY[\(values)])
                FROM \(table) WHERE i.campaign_id = \(campaign) AND i.complaint_id = ANY(\(ids))
                """
            ) { row in
                (
                    try row.read(UUID.self),
                    HistoryRow(
                        table: name, sequence: try row.read(), writtenBy: try row.read(), on: try row.read(),
                        recordedAt: try row.read(), retractedAt: try row.read(),
                        values: try row.read(JSONText.self).decoded(as: [String?].self))
                )
            }
            for (id, row) in found { rows[id, default: []].insert(row) }
        }
        return rows
    }
}

extension ComplaintRecord {
    /// What of the stored complaint is otherwise than its events make it.
    fileprivate func differences(from told: ReplayedComplaint, _ found: Set<HistoryRow>) -> [String] {
        var (mine, its) = (complaint, told.state)
        let (myLimits, itsLimits) = (Set(mine.deadlines), Set(its.deadlines))
        var texts: [String] = []
        for limit in myLimits.subtracting(itsLimits) {
            texts.append(
                "its limit \(limit.purpose.rawValue) (run \(limit.run)) is not what its events make it (due on \(limit.dueOn))"
            )
        }
        for limit in itsLimits.subtracting(myLimits) where texts.isEmpty {
            texts.append(
                "its limit \(limit.purpose.rawValue) (run \(limit.run)) is missing or another (its events make it due on \(limit.dueOn))"
            )
        }
        (mine.deadlines, its.deadlines) = ([], [])
        if mine != its {
            let (facts, wanted) = (mine.facts, its.facts)
            let names = Set(facts.keys).union(wanted.keys).filter { facts[$0] != wanted[$0] }.sorted()
            texts.append(
                "\(names.isEmpty ? "what it is" : names.joined(separator: ", ")) is not what its events make it")
        }
        if dueOn != told.state.nextDueDay { texts.append("its next due day is not that of its limits") }
        for row in found.symmetricDifference(told.rows).sorted(by: { ($0.table, $0.sequence) < ($1.table, $1.sequence) }
        ) {
            let what = found.contains(row) ? "does not follow from its events" : "is missing or was changed"
            texts.append("\(row.table), step \(row.sequence) as written by step \(row.writtenBy): \(what)")
        }
        return texts
    }
}
