import Casework
import Foundation
import Postgres

/// A complaint on its way from one version to the next, within one transaction.
struct ComplaintChange {
    let record: ComplaintRecord
    let actor: Actor
    let day: Day
    var rules: Complaint.Rules
    let onBehalfOf: Actor.Kind?
    let moment: Date
    var complaint: Complaint
    /// The place of the latest event.
    var sequence: Int
    var remarks: Int
    /// Digests that the next event holds beside what its action says, by their names.
    var digests: [String: String] = [:]
    /// What it means for the officer of the case.
    var notice: Complaint.Notice?
    /// Where a correction changed what a merged complaint was owed when it was merged: what the one that goes on carries.
    var renewal: (on: Day, runs: [Deadline])?

    init(
        record: ComplaintRecord, actor: Actor, day: Day, rules: Complaint.Rules, onBehalfOf: Actor.Kind?, moment: Date
    ) {
        self.record = record
        self.actor = actor
        self.day = day
        self.rules = rules
        self.onBehalfOf = onBehalfOf
        self.moment = moment
        complaint = record.complaint
        sequence = record.sequence
        remarks = record.remarks
    }
}

/// What a complaint became by one step, beside what it became by it before a correction.
private struct Revision {
    let sequence: Int
    let on: Day
    /// Before and after the step, as it is told now.
    let new: (before: Complaint?, after: Complaint)
    /// The same as it was told so far; `nil` for a new step.
    let old: (before: Complaint?, after: Complaint)?
}

extension Connection {
    /// Lets one action happen: at the end of the case's history, or, where its day is earlier, in its place there.
    func advance(_ change: inout ComplaintChange, _ action: Complaint.Action, note: Note?) throws {
        let old = change.complaint
        try old.authorize(action, by: change.actor)
        let step = Step(sequence: change.sequence + 1, action: action, actor: change.actor, on: change.day)
        var event: Event
        var revisions: [Revision] = []
        if action.name.isRemark || change.day >= old.changedOn {
            event = try change.complaint.apply(step, under: change.rules)
            if !action.name.isRemark {
                revisions = [
                    Revision(sequence: step.sequence, on: step.on, new: (old, change.complaint), old: nil)
                ]
            }
        } else {
            change.rules.earlierCalendars = try earlierCalendars(change)
            let initial = try initialComplaint(change)
            let steps = try steps(of: old.id, campaign: change.record.campaignID) { name, details, _, _ in
                Complaint.Action(name: name, details: details)
            }
            let told = try Complaint.correct(with: step, among: steps, from: initial, under: change.rules)
            revisions = compare(told.before, told.after, from: initial)
            guard let own = revisions.first(where: { $0.sequence == step.sequence }),
                let last = told.after.last?.state
            else { throw PostgresError.unexpectedRow("a correction without its own step") }
            event = own.new.after.event(step, from: own.new.before ?? initial)
            change.complaint = last
            let carried = Complaint.runsCarried(in: told.before, from: initial)?.runs
            if let now = Complaint.runsCarried(in: told.after, from: initial), now.runs != carried {
                change.renewal = now
            }
        }
        change.sequence += 1
        if action.name.isRemark { change.remarks += 1 }
        event.onBehalfOf = change.onBehalfOf
        event.details.merge(change.digests) { $1 }
        change.digests = [:]
        try record(
            event, on: old.id, .complaint, campaign: change.record.campaignID, sequence: change.sequence,
            at: change.moment, note: note)
        for revision in revisions { try save(revision, change) }
    }

    /// The calendars that were replaced since the complaint was recorded, with the last event recorded under each.
    private func earlierCalendars(
        _ change: ComplaintChange
    ) throws -> [(through: Int, calendar: WorkingCalendar)] {
        let campaign = change.rules.campaign
        let loads = try all(
            """
            SELECT v.recorded_at, (
                SELECT coalesce(max(sequence), 0) FROM event
                WHERE campaign_id = \(change.record.campaignID) AND case_id = \(change.complaint.id)
                  AND recorded_at < v.recorded_at)
            FROM reference_version v
            WHERE v.kind = 'calendar' AND v.document ->> 'region' = \(campaign.calendarRegion)
              AND v.recorded_at > \(change.record.recordedAt)
            GROUP BY v.recorded_at ORDER BY v.recorded_at
            """
        ) { row in (at: try row.read(Date.self), through: try row.read(Int.self)) }
        var (since, earlier) = (change.record.recordedAt, [(through: Int, calendar: WorkingCalendar)]())
        for load in loads {
            if load.through > earlier.last?.through ?? 0 {
                let data = try referenceBook(knownAt: since).data
                earlier.append((load.through, data.rules(for: campaign).calendar))
            }
            since = load.at
        }
        return earlier
    }

    /// The complaint as it was filed.
    private func initialComplaint(_ change: ComplaintChange) throws -> Complaint {
        let now = change.complaint
        let row = try first(
            """
            SELECT category, scenario, respondent_platform, respondent_company, target_platform, target_company,
                   payment_method, office,
                   (SELECT coalesce(array_agg(b.number), '{}')
                    FROM complaint_barrier_interval l
                    JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
                    WHERE l.campaign_id = i.campaign_id AND l.complaint_id = i.complaint_id AND l.sequence = 1)
            FROM complaint_interval i
            WHERE campaign_id = \(change.record.campaignID) AND complaint_id = \(now.id) AND sequence = 1
            ORDER BY written_by LIMIT 1
            """
        ) { row in
            var filed = Complaint.received(
                id: now.id, kind: now.kind, category: try row.read(), scenario: try row.read(),
                respondent: Complaint.Party(platform: try row.read(), company: try row.read()),
                target: Complaint.Target(
                    platform: try row.read(), company: try row.read(), host: now.target.host,
                    paymentMethod: try row.read()),
                office: try row.read(), on: now.receivedOn, under: change.rules.asOf(sequence: 1))
            filed.barriers = Set(try row.read([Int].self))
            return filed
        }
        guard let row else { throw PostgresError.unexpectedRow("a complaint without its first interval") }
        return row
    }

    private func compare(
        _ before: Complaint.Revisions, _ after: Complaint.Revisions, from initial: Complaint
    ) -> [Revision] {
        func pairs(_ revisions: Complaint.Revisions) -> [Int: (before: Complaint?, after: Complaint)] {
            var previous = initial
            return Dictionary(
                uniqueKeysWithValues: revisions.map { revision in
                    defer { previous = revision.state }
                    return (revision.step.sequence, (previous, revision.state))
                })
        }
        let (old, new) = (pairs(before), pairs(after))
        return after.compactMap { revision in
            guard !revision.step.action.name.isRemark else { return nil }
            let sequence = revision.step.sequence
            return new[sequence].map { pair in
                Revision(sequence: sequence, on: revision.step.on, new: pair, old: old[sequence])
            }
        }
    }
}

// MARK: Saving

extension Connection {
    /// The complaint as it is now; what it was from which day on is written step by step.
    func save(_ change: ComplaintChange) throws {
        let complaint = change.complaint
        let campaign = change.record.campaignID
        if complaint.office != change.record.complaint.office { try reach(office: complaint.office) }
        try run(
            """
            UPDATE complaint
            SET version = \(change.sequence), remarks = \(change.remarks), status = \(complaint.status),
                status_before_gap = \(complaint.statusBeforeGap),
                status_before_duplicate = \(complaint.statusBeforeDuplicate), category = \(complaint.category),
                scenario = \(complaint.scenario), respondent_platform = \(complaint.respondent.platform),
                respondent_company = \(complaint.respondent.company), target_platform = \(complaint.target.platform),
                target_company = \(complaint.target.company), target_host = \(complaint.target.host),
                payment_method = \(complaint.target.paymentMethod), office = \(complaint.office),
                officer_id = \(complaint.officer), priority = \(complaint.priority), outcome = \(complaint.outcome),
                refusal_ground = \(complaint.refusalGround), information_gap = \(complaint.informationGap),
                agency = \(complaint.agency), duplicate_of = \(complaint.duplicateOf), answer = \(complaint.answer),
                answer_ground = \(complaint.answerGround), ending = \(complaint.ending),
                absorbed = \(try JSONText(encoding: complaint.absorbed)), news_at = \(change.newsAt),
                materials_on = \(complaint.materialsOn), changed_on = \(complaint.changedOn),
                ended_on = \(complaint.endedOn), changed_at = \(change.moment), due_on = \(complaint.nextDueDay),
                forwarded_to = \(complaint.forwardedTo), forwarded_on = \(complaint.forwardedOn),
                has_suspected_duplicate = has_suspected_duplicate AND \(complaint.status.isOpen),
                data_state = CASE WHEN \(complaint.status.isOpen) AND data_state = 'restricted' THEN 'active'
                                  ELSE data_state END
            WHERE campaign_id = \(campaign) AND id = \(complaint.id)
            """)
        let before = change.record.complaint
        for deadline in complaint.deadlines where !before.deadlines.contains(deadline) {
            try save(deadline, of: complaint.id, campaign: campaign)
        }
        try saveTies(of: complaint, before: before, campaign: campaign)
    }

    /// The barriers it attests and the complaints it stands to, as they are now.
    private func saveTies(of complaint: Complaint, before: Complaint, campaign: Int) throws {
        for number in complaint.barriers.subtracting(before.barriers).sorted() {
            try run(
                """
                INSERT INTO complaint_barrier (campaign_id, complaint_id, barrier_id, number, received_on)
                SELECT b.campaign_id, c.id, b.id, c.number, c.received_on
                FROM barrier b JOIN complaint c ON c.campaign_id = b.campaign_id AND c.id = \(complaint.id)
                WHERE b.campaign_id = \(campaign) AND b.number = \(number)
                ON CONFLICT DO NOTHING
                """)
        }
        let untied = Array(before.barriers.subtracting(complaint.barriers))
        if !untied.isEmpty {
            try run(
                """
                DELETE FROM complaint_barrier l USING barrier b
                WHERE l.campaign_id = \(campaign) AND l.complaint_id = \(complaint.id)
                  AND b.campaign_id = l.campaign_id AND b.id = l.barrier_id AND b.number = ANY(\(untied))
                """)
        }
        for tie in complaint.relations.subtracting(before.relations) {
            try run(
                """
                INSERT INTO complaint_relation (campaign_id, complaint_id, other_id, relation)
                VALUES (\(campaign), \(complaint.id), \(tie.complaint), \(tie.relation)) ON CONFLICT DO NOTHING
                """)
        }
        for tie in before.relations.subtracting(complaint.relations) {
            try run(
                """
                DELETE FROM complaint_relation
                WHERE campaign_id = \(campaign) AND complaint_id = \(complaint.id) AND other_id = \(tie.complaint)
                  AND relation = \(tie.relation)
                """)
        }
    }

    func save(_ deadline: Deadline, of complaint: UUID, campaign: Int) throws {
        try run(
            """
            INSERT INTO deadline (campaign_id, complaint_id, purpose, origin_id, run, company, rule, started_on, began_on,
                                  pauses, extensions, back_entered, due_on, is_provisional, state, ended_on, missed_from)
            VALUES (\(campaign), \(complaint), \(deadline.purpose), \(deadline.origin ?? complaint), \(deadline.run),
                    \(deadline.company), \(try JSONText(encoding: deadline.rule)), \(deadline.startedOn),
                    \(deadline.beganOn), \(try JSONText(encoding: deadline.pauses)),
                    \(try JSONText(encoding: deadline.extensions)), \(deadline.backEntered), \(deadline.dueOn),
                    \(deadline.isProvisional), \(deadline.state), \(deadline.endedOn), \(deadline.missedFrom))
            ON CONFLICT (campaign_id, complaint_id, purpose, origin_id, run) DO UPDATE
            SET company = excluded.company, rule = excluded.rule, started_on = excluded.started_on,
                began_on = excluded.began_on, pauses = excluded.pauses, extensions = excluded.extensions,
                back_entered = excluded.back_entered, due_on = excluded.due_on,
                is_provisional = excluded.is_provisional, state = excluded.state, ended_on = excluded.ended_on,
                missed_from = excluded.missed_from,
                warned_on = CASE WHEN deadline.due_on = excluded.due_on THEN deadline.warned_on END,
                missed_on = CASE WHEN deadline.due_on = excluded.due_on OR excluded.missed_from IS NOT NULL
                                 THEN deadline.missed_on END
            """)
    }

    /// Writes what a step made of the case, for reports; where it was told otherwise before, that is retracted.
    private func save(_ revision: Revision, _ change: ComplaintChange) throws {
        let place = StepPlace(
            campaign: change.record.campaignID, case: change.complaint.id, sequence: revision.sequence,
            writtenBy: change.sequence, on: revision.on, moment: change.moment)
        var rows = RowBatch()
        if revision.old.map({ !$0.after.looksLike(revision.new.after) }) ?? true {
            if revision.old != nil { try retract("complaint_interval", place) }
            rows.addInterval(of: revision.new.after, place)
        }
        let deadlines = revision.new.after.changedDeadlines(since: revision.new.before)
        let oldDeadlines = revision.old.map { $0.after.changedDeadlines(since: $0.before) }
        if oldDeadlines ?? [] != deadlines {
            if oldDeadlines?.isEmpty == false { try retract("deadline_interval", place) }
            rows.addIntervals(of: deadlines, place)
        }
        let ties = revision.new.after.changedBarriers(since: revision.new.before)
        let oldTies = revision.old.map { $0.after.changedBarriers(since: $0.before) }
        if oldTies ?? [:] != ties {
            if oldTies?.isEmpty == false { try retract("complaint_barrier_interval", place) }
            try saveIntervals(ofBarriers: ties, place)
        }
        let verdicts = revision.new.after.newVerdicts(since: revision.new.before)
        let oldVerdicts = revision.old.map { $0.after.newVerdicts(since: $0.before) }
        if oldVerdicts ?? [] != verdicts {
            if oldVerdicts?.isEmpty == false { try retract("verdict_interval", place) }
            rows.addIntervals(of: verdicts, place)
        }
        try insert(rows)
    }

    private func retract(_ table: SQL, _ place: StepPlace) throws {
        try run(
            """
            UPDATE \(table) SET retracted_at = \(place.moment)
            WHERE campaign_id = \(place.campaign) AND complaint_id = \(place.case)
              AND sequence = \(place.sequence) AND retracted_at IS NULL
            """)
    }
}

extension Connection {
    func saveIntervals(ofBarriers ties: [Int: Bool], _ place: StepPlace) throws {
        for (number, isLinked) in ties.sorted(by: { $0.key < $1.key }) {
            try run(
                """
                INSERT INTO complaint_barrier_interval (campaign_id, complaint_id, barrier_id, sequence, written_by,
                                                        effective_from, recorded_at, is_linked)
                SELECT campaign_id, \(place.case), id, \(place.sequence), \(place.writtenBy), \(place.on),
                       \(place.moment), \(isLinked)
                FROM barrier WHERE campaign_id = \(place.campaign) AND number = \(number)
                """)
        }
    }
}

extension Complaint {
    /// The earliest day on which something running falls due.
    var nextDueDay: Day? { deadlines.filter { $0.state == .running }.map(\.owedBy).min() }

    /// Whether reports could not tell the two apart.
    func looksLike(_ other: Complaint) -> Bool {
        status == other.status && category == other.category && scenario == other.scenario
            && respondent == other.respondent && target == other.target && office == other.office
            && officer == other.officer && outcome == other.outcome && refusalGround == other.refusalGround
    }

    func changedDeadlines(since old: Complaint?) -> [Deadline] {
        deadlines.filter { !(old?.deadlines.contains($0) ?? false) }
    }

    /// The barriers that were tied or untied.
    func changedBarriers(since old: Complaint?) -> [Int: Bool] {
        let before = old?.barriers ?? []
        let tied = barriers.subtracting(before).map { ($0, true) }
        let untied = before.subtracting(barriers).map { ($0, false) }
        return Dictionary(uniqueKeysWithValues: tied + untied)
    }
}
