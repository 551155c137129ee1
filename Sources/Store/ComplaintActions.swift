public import Casework
import Crypto
public import Foundation
public import Postgres

/// Why a case was not changed, where no rule of casework is to blame.
public enum CaseError: Error, Equatable {
    /// Someone else changed it since the version the caller saw.
    case stale(current: Int)
    case notFound(String)
}

/// What goes with an action: when it takes effect, and the words that belong to it.
public struct ActionTerms: Sendable {
    /// `nil` is today.
    public var effectiveOn: Day?
    /// The versions the caller would change, usually the one it saw; `nil` takes whatever there is.
    public var versions: [Int]?
    public var reason: String?
    /// A message to or from the complainant, kept sealed.
    public var message: String?
    public var onBehalfOf: Actor.Kind?

    public init(
        effectiveOn: Day? = nil, versions: [Int]? = nil, reason: String? = nil, message: String? = nil,
        onBehalfOf: Actor.Kind? = nil
    ) {
        self.effectiveOn = effectiveOn
        self.versions = versions
        self.reason = reason
        self.message = message
        self.onBehalfOf = onBehalfOf
    }

    /// The day it takes effect: today, or an earlier one with a reason.
    func day(today: Day) throws(Refusal) -> Day {
        guard let effectiveOn, effectiveOn != today else { return today }
        guard effectiveOn < today else { throw .inTheFuture(on: effectiveOn, today: today) }
        guard reason != nil else { throw .reasonMissing }
        return effectiveOn
    }
}

extension Connection {
    /// The one way a complaint changes: lock it, ask the rules, save it, and record what happened.
    ///
    /// - Parameters:
    ///   - action: What is to be done.
    ///   - reference: To which complaint.
    ///   - actor: Who does it.
    ///   - terms: When it takes effect, and what was seen and said.
    ///   - book: The reference data that hold.
    ///   - now: The moment, for the day it is in the campaign's time zone.
    ///   - key: The key of the complaint, needed where a message comes along.
    /// - Returns: The complaint as it is then.
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func perform(
        _ action: Complaint.Action, on reference: Reference, by actor: Actor, _ terms: ActionTerms,
        book: ReferenceBook, at now: Date, key: CaseKey? = nil
    ) throws -> ComplaintRecord {
        guard let record = try lockedComplaint(reference), let campaign = book.campaign(record.campaign)?.campaign
        else {
            throw CaseError.notFound(reference.description)
        }
        guard terms.versions?.contains(record.version) ?? true else {
            throw CaseError.stale(current: record.version)
        }
        if case .markDuplicate(let original) = action { try checkOriginal(original, of: record) }
        if case .assign(let officer?) = action { try checkAssignee(officer) }
        let day = try terms.day(today: Day(now, in: campaign.zone()))
        let rules = book.data.rules(for: campaign)
        // Closing judges the barriers: none may change before it is done.
        let isClosing = action.name == .close
        let linked = try linkedBarriers(of: record.complaint.id, campaign: record.campaignID, locked: isClosing)
        let moment = try recordingMoment(after: record.changedAt)

        let action = action.completed(for: record.complaint, by: book.directory)
        var change = ComplaintChange(record: record, moment: moment, actor: actor, day: day)
        var event = try change.complaint.apply(action, by: actor, on: day, under: rules, barriers: linked.map(\.rule))
        event.onBehalfOf = terms.onBehalfOf
        try write(event, of: &change, note: terms.reason)
        if let message = terms.message {
            guard let key else {
                throw Refusal.invalid(
                    field: "message", reason: "cannot be sealed: the key of this complaint was erased")
            }
            try insertSealed(
                message, field: .message(event: change.version), of: record.complaint.id,
                campaign: record.campaignID, key: key)
        }
        try follow(action, linked, &change)
        try save(change)
        guard let saved = try complaint(reference) else { throw CaseError.notFound(reference.description) }
        return saved
    }

    /// Carries out on the links what the action means for them.
    private func follow(_ action: Complaint.Action, _ linked: [LinkedBarrier], _ change: inout ComplaintChange) throws {
        switch action {
        case .link(let number), .unlink(let number):
            guard let barrier = try barrier(number, campaign: change.record.campaignID) else {
                throw CaseError.notFound("barrier \(number)")
            }
            try setLink(to: barrier.id, isLinked: action.name == .link, change)
        case .resolve:
            let scene = change.record.filing.scene
            let old = BarrierKey(change.record.complaint, scene: scene)
            let new = BarrierKey(change.complaint, scene: scene)
            guard old != new else { return }
            if let old, let stale = linked.first(where: { $0.key == old }) {
                try relink(stale.id, number: stale.rule.number, isLinked: false, &change)
            }
            if let new {
                let barrier = try findOrRecordBarrier(
                    new, campaign: change.record.campaignID, by: change.actor, on: change.record.complaint.receivedOn)
                guard !linked.contains(where: { $0.id == barrier.id }) else { return }
                try relink(barrier.id, number: barrier.number, isLinked: true, &change)
            }
        default: break
        }
    }

    /// Ties or unties a barrier because the resolution says so, as a line of history of its own.
    private func relink(_ barrier: UUID, number: Int, isLinked: Bool, _ change: inout ComplaintChange) throws {
        let name: Complaint.ActionName = isLinked ? .link : .unlink
        let event = Event(
            actor: change.actor, action: name.rawValue, details: ["barrier": String(number)], effectiveOn: change.day)
        try write(event, of: &change)
        try setLink(to: barrier, isLinked: isLinked, change)
    }

    private func write(_ event: Event, of change: inout ComplaintChange, note: String? = nil) throws {
        change.version += 1
        try record(
            event, on: change.complaint.id, .complaint, campaign: change.record.campaignID, sequence: change.version,
            at: change.moment, note: note)
    }

    private func setLink(to barrier: UUID, isLinked: Bool, _ change: ComplaintChange) throws {
        if isLinked {
            try link(
                change.complaint.id, to: barrier, campaign: change.record.campaignID, sequence: change.version,
                on: change.day, at: change.moment)
        } else {
            try unlink(
                change.complaint.id, from: barrier, campaign: change.record.campaignID, sequence: change.version,
                on: change.day, at: change.moment)
        }
    }

    private func checkAssignee(_ officer: UUID) throws {
        let isThere = try first("SELECT disabled_at IS NULL FROM officer WHERE id = \(officer)") { row in
            try row.read(Bool.self)
        }
        guard isThere == true else { throw Refusal.invalid(field: "officer", reason: "is no officer in service") }
    }

    /// The original is locked: two officers who mark each other's complaint wait for each other, and one is told.
    private func checkOriginal(_ original: UUID, of record: ComplaintRecord) throws {
        let status = try first(
            "SELECT status FROM complaint WHERE campaign_id = \(record.campaignID) AND id = \(original) FOR UPDATE"
        ) { row in try row.read(Complaint.Status.self) }
        guard let status else { throw Refusal.notADuplicate("the other complaint belongs to another campaign") }
        guard status != .duplicate else {
            throw Refusal.notADuplicate("the other complaint is a duplicate itself; name the one it duplicates")
        }
        let hasDuplicates = try first(
            """
            SELECT true FROM complaint
            WHERE campaign_id = \(record.campaignID) AND duplicate_of = \(record.complaint.id) LIMIT 1
            """
        ) { row in try row.read(Bool.self) }
        guard hasDuplicates == nil else {
            throw Refusal.notADuplicate("other complaints are marked as duplicates of this one; undo that first")
        }
    }
}

/// A complaint on its way from one version to the next.
private struct ComplaintChange {
    let record: ComplaintRecord
    let moment: Date
    let actor: Actor
    let day: Day
    var complaint: Complaint
    var version: Int

    init(record: ComplaintRecord, moment: Date, actor: Actor, day: Day) {
        self.record = record
        self.moment = moment
        self.actor = actor
        self.day = day
        complaint = record.complaint
        version = record.version
    }
}

extension Connection {
    private func save(_ change: ComplaintChange) throws {
        let complaint = change.complaint
        let campaign = change.record.campaignID
        try run(
            """
            UPDATE complaint
            SET version = \(change.version), status = \(complaint.status),
                status_before_gap = \(complaint.statusBeforeGap),
                status_before_duplicate = \(complaint.statusBeforeDuplicate), category = \(complaint.category),
                scenario = \(complaint.scenario), respondent_platform = \(complaint.respondent.platform),
                respondent_company = \(complaint.respondent.company), target_platform = \(complaint.target.platform),
                target_company = \(complaint.target.company), target_host = \(complaint.target.host),
                payment_method = \(complaint.target.paymentMethod), officer_id = \(complaint.officer),
                outcome = \(complaint.outcome), refusal_ground = \(complaint.refusalGround),
                information_gap = \(complaint.informationGap), agency = \(complaint.agency),
                duplicate_of = \(complaint.duplicateOf), materials_on = \(complaint.materialsOn),
                changed_on = \(complaint.changedOn), changed_at = \(change.moment), due_on = \(complaint.nextDueDay)
            WHERE campaign_id = \(campaign) AND id = \(complaint.id)
            """)
        try saveInterval(
            of: complaint, office: change.record.office, campaign: campaign, sequence: change.version,
            at: change.moment)
        try save(
            complaint.deadlines, of: complaint, before: change.record.complaint.deadlines, campaign: campaign,
            sequence: change.version, at: change.moment)
    }

    /// What reports see of the complaint from its latest change on.
    func saveInterval(of complaint: Complaint, office: String, campaign: Int, sequence: Int, at moment: Date) throws {
        try run(
            """
            INSERT INTO complaint_interval (
                campaign_id, complaint_id, sequence, effective_from, recorded_at, status, category, scenario,
                respondent_platform, respondent_company, target_platform, target_company, payment_method, office,
                officer_id, outcome, refusal_ground)
            VALUES (
                \(campaign), \(complaint.id), \(sequence), \(complaint.changedOn), \(moment), \(complaint.status),
                \(complaint.category), \(complaint.scenario), \(complaint.respondent.platform),
                \(complaint.respondent.company), \(complaint.target.platform), \(complaint.target.company),
                \(complaint.target.paymentMethod), \(office), \(complaint.officer), \(complaint.outcome),
                \(complaint.refusalGround))
            """)
    }

    /// Saves the deadlines that changed, as they are now and as reports see them.
    func save(
        _ deadlines: [Deadline], of complaint: Complaint, before: [Deadline], campaign: Int, sequence: Int,
        at moment: Date
    ) throws {
        for deadline in deadlines where !before.contains(deadline) {
            try run(
                """
                INSERT INTO deadline (campaign_id, complaint_id, purpose, rule, started_on, pauses, due_on,
                                      is_provisional, state, ended_on)
                VALUES (\(campaign), \(complaint.id), \(deadline.purpose), \(try JSONText(encoding: deadline.rule)),
                        \(deadline.startedOn), \(try JSONText(encoding: deadline.pauses)), \(deadline.dueOn),
                        \(deadline.isProvisional), \(deadline.state), \(deadline.endedOn))
                ON CONFLICT (campaign_id, complaint_id, purpose) DO UPDATE
                SET rule = excluded.rule, started_on = excluded.started_on, pauses = excluded.pauses,
                    due_on = excluded.due_on, is_provisional = excluded.is_provisional, state = excluded.state,
                    ended_on = excluded.ended_on
                """)
            try run(
                """
                INSERT INTO deadline_interval (campaign_id, complaint_id, purpose, sequence, effective_from,
                                               recorded_at, started_on, due_on, state, ended_on)
                VALUES (\(campaign), \(complaint.id), \(deadline.purpose), \(sequence), \(complaint.changedOn),
                        \(moment), \(deadline.startedOn), \(deadline.dueOn), \(deadline.state), \(deadline.endedOn))
                """)
        }
    }
}

extension Complaint.Action {
    /// A resolution names platforms; their companies on the day of receipt follow.
    ///
    /// The host stays as it was pasted.
    fileprivate func completed(for complaint: Complaint, by directory: Directory) -> Complaint.Action {
        guard case .resolve(var resolution) = self else { return self }
        if let platform = resolution.respondent?.platform {
            resolution.respondent = directory.party(platform: platform, on: complaint.receivedOn)
        }
        if resolution.target != nil {
            resolution.target?.host = complaint.target.host
            if let platform = resolution.target?.platform {
                resolution.target?.company = directory.platform(platform)?.company(on: complaint.receivedOn)
            }
        }
        return .resolve(resolution)
    }
}

extension Complaint {
    /// The earliest day on which something running falls due.
    var nextDueDay: Day? { deadlines.filter { $0.state == .running }.map(\.dueOn).min() }
}
