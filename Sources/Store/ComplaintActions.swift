public import Casework
public import Foundation
public import Postgres

/// Why a case was not changed, where no rule of casework is to blame.
public enum CaseError: Error, Equatable {
    /// Someone else changed it since the version the caller saw.
    case stale(current: Int, by: String?)
    case notFound(String)
}

extension Connection {
    /// The one way a complaint changes: lock it, ask the rules, save it, and record what happened.
    ///
    /// An action dated before the latest change is a correction: the case is told anew with it in its place.
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
        let pairChangedAt = try lockPair(action, reference, isBackdated: terms.effectiveOn != nil)
        guard var record = try lockedComplaint(reference), let campaign = book.campaign(record.campaign)?.campaign
        else {
            throw CaseError.notFound(reference.description)
        }
        try record.complaint.admit(actor, to: action.name)
        guard terms.versions?.contains(record.version) ?? true else {
            throw CaseError.stale(
                current: record.version, by: try lastActor(on: record.complaint.id, campaign: record.campaignID))
        }
        if action.isVerdict, let original = record.duplicateOf {
            return try perform(action, of: record, on: original, by: actor, terms, book: book, at: now, key: key)
        }
        if record.isLeft { record = try unassign(record, book: book, at: now) }
        try check(action, of: record, book)
        let today = Day(now, in: campaign.zone())
        let day = try terms.day(today: today)
        let isBackEntry = try record.complaint.isBackEntry(
            action, by: actor, on: day, recordedOn: Day(record.recordedAt, in: campaign.zone()), today: today)
        var rules = book.data.rules(for: campaign)
        if action.name == .close || day < record.complaint.changedOn {
            // Closing judges the barriers: none may change before it is done.
            rules.ledger = try ledger(ofBarriersOf: record, and: action.bringsBarriers)
        }
        let action = try completed(action, for: record, isBackEntry: isBackEntry, book.directory)
        var change = ComplaintChange(
            record: record, actor: actor, day: day, rules: rules, onBehalfOf: terms.onBehalfOf,
            moment: try recordingMoment(after: max(record.changedAt, pairChangedAt)))
        change.notice = Complaint.notice(
            of: action, by: actor, onBehalfOf: terms.onBehalfOf, holder: record.complaint.officer)
        change.digests = terms.digests
        let message = try sealedMessage(terms, event: change.sequence + 1, of: record, key)
        change.digests[FilingDigest.Member.message] = message.map { hexadecimal(sha256($0)) }
        try advance(&change, action, note: terms.note(for: action, by: actor))
        try keep(terms, message, of: change)
        try follow(action, &change)
        try save(change)
        try tellNews(of: action, change)
        guard let saved = try complaint(reference) else { throw CaseError.notFound(reference.description) }
        return saved
    }

    /// The message that came along, sealed for the event that it comes with.
    private func sealedMessage(
        _ terms: ActionTerms, event sequence: Int, of record: ComplaintRecord, _ key: CaseKey?
    ) throws -> Data? {
        guard let message = terms.message else { return nil }
        guard let key else {
            throw Refusal.invalid(field: "message", reason: "cannot be sealed: the key of this complaint was erased")
        }
        return try key.seal(message, field: .message(event: sequence), of: record.complaint.id)
    }

    /// The message and the evidence that came along, beside the event they came with.
    private func keep(_ terms: ActionTerms, _ message: Data?, of change: ComplaintChange) throws {
        let (id, campaign) = (change.complaint.id, change.record.campaignID)
        if let message {
            var rows = RowBatch()
            rows.addSealed(message, field: .message(event: change.sequence), of: id, campaign: campaign)
            try insert(rows)
        }
        try insert(terms.evidence, of: id, campaign: campaign, sequence: change.sequence)
        if let (sealed, quota) = terms.file { try insert(sealed, within: quota, of: change) }
    }

    /// Carries out on other cases what the action means for them.
    private func follow(_ action: Complaint.Action, _ change: inout ComplaintChange) throws {
        try followMerger(action, &change)
        guard let renewal = change.renewal, let original = change.complaint.duplicateOf,
            action.name != .markDuplicate
        else { return }
        let renewed = Complaint.Action.renewAbsorbed(change.complaint.id, runs: renewal.runs)
        try carryOver(renewed, to: original, on: renewal.on, from: change)
    }

    private func followMerger(_ action: Complaint.Action, _ change: inout ComplaintChange) throws {
        let old = change.record.complaint
        switch action {
        case .resolve, .accept: try relink(&change)
        case .markDuplicate(let original, let company):
            let taken = Complaint.Action.absorb(
                old.id, barriers: old.barriers.sorted(), runs: old.runsCarried(into: company))
            try carryOver(taken, to: original, on: change.day, from: change)
        case .undoDuplicate:
            guard let original = old.duplicateOf else { return }
            try carryOver(.release(old.id), to: original, on: change.day, from: change)
        default: break
        }
    }

    /// Ties the barrier that the settled respondent and target attest, and unties the one they no longer do.
    private func relink(_ change: inout ComplaintChange) throws {
        let scene = change.record.filing.scene
        let old = BarrierKey(change.record.complaint, scene: scene)
        let new = BarrierKey(change.complaint, scene: scene)
        guard old != new else { return }
        let campaign = change.record.campaignID
        if let old, let stale = try barrierSummary(old, campaign: campaign),
            change.complaint.barriers.contains(stale.number)
        {
            try advance(&change, .unlink(barrier: stale.number), note: nil)
        }
        if let new {
            let barrier = try findOrRecordBarrier(
                new, campaign: campaign, by: change.actor, on: change.record.complaint.receivedOn)
            let isBorrowed = change.complaint.absorbed.contains { $0.added.contains(barrier.number) }
            guard isBorrowed || !change.complaint.barriers.contains(barrier.number) else { return }
            if change.day < change.complaint.changedOn {
                change.rules.ledger = try ledger(ofBarriersOf: change.record, and: [barrier.number])
            }
            try advance(&change, .link(barrier: barrier.number), note: nil)
        }
    }

    /// What the case that is merged, or let go again, means for the one that goes on.
    private func carryOver(
        _ action: Complaint.Action, to id: UUID, on day: Day, from change: ComplaintChange
    ) throws {
        guard let record = try lockedComplaint(id: id, campaign: change.record.campaignID) else {
            throw Refusal.notADuplicate("the other complaint belongs to another campaign")
        }
        var rules = change.rules
        rules.earlierCalendars = []
        if day < record.complaint.changedOn {
            rules.ledger = try ledger(ofBarriersOf: record, and: action.bringsBarriers)
        }
        if action.name != .renewAbsorbed { try change.actor.check(office: record.complaint.office) }
        var other = ComplaintChange(
            record: record, actor: change.actor, day: max(day, record.complaint.receivedOn), rules: rules,
            onBehalfOf: nil, moment: change.moment)
        do {
            try advance(&other, action, note: nil)
        } catch Refusal.outOfOrder(_, let state, _) {
            throw Refusal.notADuplicate(
                state == Complaint.Status.duplicate.rawValue
                    ? "the other complaint is a duplicate itself; name the one it duplicates"
                    : "the other complaint is “\(state)” and takes no other in")
        }
        try save(other)
    }
}

// MARK: Looking before acting

extension Connection {
    /// Locks both complaints of a merger in one order, so that two who change both wait for each other.
    ///
    /// So does a correction of a complaint that was merged: what it was owed then may become another. Both are recorded at
    /// one moment, so that no report is known as of a moment at which only one of them had happened.
    ///
    /// - Returns: When the later of the two was changed last.
    @discardableResult
    func lockPair(_ action: Complaint.Action, _ reference: Reference, isBackdated: Bool = false) throws -> Date {
        let other: SQL
        switch action {
        case .markDuplicate(let original, _): other = "\(original)"
        // What is said about a complaint that was merged concerns the case that goes on.
        case .undoDuplicate, .confirmFixed, .denyFixed, .rate, .message, .attach, .setConsent, .requestRight,
            .correctIdentity:
            other = "c.duplicate_of"
        default:
            guard isBackdated else { return .distantPast }
            other = "c.duplicate_of"
        }
        return try all(
            """
            SELECT changed_at FROM complaint
            WHERE (campaign_id, id) IN (
                SELECT c.campaign_id, unnest(ARRAY[c.id, \(other)])
                FROM complaint c JOIN campaign ca ON ca.id = c.campaign_id
                WHERE ca.prefix = \(reference.prefix) AND c.number = \(reference.number))
            ORDER BY id FOR UPDATE
            """
        ) { row in try row.read(Date.self) }.max() ?? .distantPast
    }

    /// Who made a colleague's version stale.
    func lastActor(on caseID: UUID, campaign: Int) throws -> String? {
        try first(
            """
            SELECT coalesce(o.name, e.actor_kind) FROM event e LEFT JOIN officer o ON o.id = e.actor_id
            WHERE e.campaign_id = \(campaign) AND e.case_id = \(caseID)
              AND e.action <> ALL(\(Complaint.ActionName.remarks.map(\.rawValue)))
            ORDER BY e.sequence DESC LIMIT 1
            """
        ) { row in try row.read() }
    }

    /// The action with what follows from reference data and from other cases, so that it can be replayed without them.
    ///
    /// A resolution names platforms; their companies on the day of receipt follow. The host stays as it was pasted.
    private func completed(
        _ action: Complaint.Action, for record: ComplaintRecord, isBackEntry: Bool, _ directory: Directory
    ) throws -> Complaint.Action {
        let complaint = record.complaint
        switch action {
        case .resolve(var resolution):
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
        case .markDuplicate(let original, _):
            let company = try first(
                """
                SELECT respondent_company FROM complaint
                WHERE campaign_id = \(record.campaignID) AND id = \(original)
                """
            ) { row in try row.read(String?.self) }
            return .markDuplicate(of: original, company: company ?? nil)
        case .requestInformation(let gap, _): return .requestInformation(gap: gap, isBackEntered: isBackEntry)
        case .extendDeadline(let purpose, let units, _):
            return .extendDeadline(purpose, by: units, isBackEntered: isBackEntry)
        default: return action
        }
    }

    private func check(_ action: Complaint.Action, of record: ComplaintRecord, _ book: ReferenceBook) throws {
        switch action {
        case .assign(let officer?):
            try checkAssignee(officer, office: record.complaint.office)
        case .relate(let other, _):
            let isThere = try first(
                "SELECT true FROM complaint WHERE campaign_id = \(record.campaignID) AND id = \(other)"
            ) { row in try row.read(Bool.self) }
            guard isThere == true else {
                throw Refusal.invalid(field: "to", reason: "belongs to another campaign")
            }
        case .transfer(let office):
            guard book.offices.contains(where: { $0.code == office }) else {
                throw Refusal.unknownCode(field: "office", value: office, known: book.offices.map(\.code))
            }
        case .forward:
            guard record.complaint.respondent.company != nil else {
                throw Refusal.invalid(
                    field: "respondent", reason: "names no company yet that it could be forwarded to; resolve it first")
            }
        case .reopen, .denyFixed:
            guard !record.dataState.isGone else { throw Refusal.dataNotUsable(record.dataState) }
        case .link(let number):
            guard try barrier(number, campaign: record.campaignID) != nil else {
                throw CaseError.notFound("barrier \(number)")
            }
        default: break
        }
    }

    /// - Throws: `Refusal` where the officer could not work on a case of the office.
    private func checkAssignee(_ id: UUID, office: String) throws {
        guard let officer = try officers().first(where: { $0.id == id }), !officer.isDisabled,
            officer.role == .officer || officer.role == .supervisor
        else { throw Refusal.invalid(field: "officer", reason: "is no officer in service") }
        guard officer.scope?.contains(office) ?? true else {
            throw Refusal.invalid(field: "officer", reason: "does not work for the office “\(office)”")
        }
    }

    /// What the barriers were that the complaint attests, ever did, or is about to.
    private func ledger(ofBarriersOf record: ComplaintRecord, and others: [Int]) throws -> Complaint.Ledger {
        let ever = try all(
            """
            SELECT DISTINCT b.number FROM complaint_barrier_interval i
            JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
            WHERE i.campaign_id = \(record.campaignID) AND i.complaint_id = \(record.complaint.id)
            """
        ) { row in try row.read(Int.self) }
        let numbers = record.complaint.barriers.union(ever).union(others)
        return try ledger(ofBarriers: numbers, campaign: record.campaignID)
    }

    /// What the barriers were from which day on; nobody changes them until this transaction ends.
    func ledger(
        ofBarriers numbers: some Collection<Int> & Sendable, campaign: Int, willChange: Bool = false
    ) throws -> Complaint.Ledger {
        var ledger = Complaint.Ledger()
        guard !numbers.isEmpty else { return ledger }
        let ids = try all(
            """
            SELECT id FROM barrier WHERE campaign_id = \(campaign) AND number = ANY(\(Array(numbers)))
            ORDER BY number \(willChange ? "FOR UPDATE" as SQL : "FOR SHARE")
            """
        ) { row in try row.read(UUID.self) }
        let rows = try all(
            """
            SELECT b.number, i.effective_from, i.remediation
            FROM barrier_interval i JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
            WHERE i.campaign_id = \(campaign) AND i.barrier_id = ANY(\(ids)) AND i.retracted_at IS NULL
            ORDER BY b.number, i.effective_from, i.sequence
            """
        ) { row in (try row.read(Int.self), try row.read(Day.self), try row.read(Barrier.Remediation.self)) }
        for (number, day, remediation) in rows { ledger.add(number, from: day, remediation) }
        return ledger
    }

    func insert(_ evidence: [ActionTerms.Evidence], of caseID: UUID, campaign: Int, sequence: Int) throws {
        for (position, item) in evidence.enumerated() {
            try run(
                """
                INSERT INTO company_evidence (campaign_id, case_id, sequence, position, description, sha256)
                VALUES (\(campaign), \(caseID), \(sequence), \(position + 1), \(item.description), \(item.sha256))
                """)
        }
    }
}

extension ActionTerms {
    /// The words for history; what a company answers, and what is meant for others, they may read.
    fileprivate func note(for action: Complaint.Action, by actor: Actor) -> Note? {
        reason.map { reason in
            switch action {
            case .note(let audience): Note(text: reason, audience: audience)
            case .respond where actor.kind == .company: Note(text: reason, audience: .company)
            default: Note(text: reason)
            }
        }
    }
}

extension Complaint.Action {
    /// The barriers a complaint attests after it, as far as the action says them.
    var bringsBarriers: [Int] {
        switch self {
        case .link(let number): [number]
        case .absorb(_, let numbers, _): numbers
        default: []
        }
    }
}
