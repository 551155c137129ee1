import Casework
import Crypto
public import Foundation
public import Postgres

/// Fills a campaign with invented complaints: realistic in their skew, the same for the same seed, by the same rules.
///
/// For measuring and for looking around; nothing of it is sealed, and nobody can track it.
public struct Generator: Sendable {
    /// The campaign holds complaints already.
    public struct NotEmpty: Error, CustomStringConvertible {
        public let complaints: Int
        public var description: String {
            "the campaign holds \(complaints) complaints; invented ones are put into an empty campaign only"
        }
    }

    private let database: Database
    private let book: ReferenceBook
    private let seed: UInt64
    /// Complaints written in one transaction.
    private static let batch = 5000

    public init(_ database: Database, book: ReferenceBook, seed: UInt64) {
        self.database = database
        self.book = book
        self.seed = seed
    }

    /// Writes `count` complaints.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - code: Into which campaign.
    ///   - officers: Among whom most of them are divided.
    ///   - progress: Told how many are written so far.
    /// - Throws: ``NotEmpty``, ``CaseError``, or `PostgresError`.
    public func fill(
        _ count: Int, of code: String, officers: [UUID], progress: @Sendable (Int) -> Void
    ) async throws {
        guard let (id, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        let present = try await database.transaction(.readOnly) { db in
            try db.first("SELECT count(*) FROM complaint WHERE campaign_id = \(id)") { row in try row.read(Int.self) }
        }
        guard present == 0 else { throw NotEmpty(complaints: present ?? 0) }
        let rules = book.data.rules(for: campaign)
        var barriers: [BarrierKey: (id: UUID, number: Int)] = [:]
        for start in stride(from: 0, to: count, by: Self.batch) {
            let stories = (start..<min(start + Self.batch, count)).map { number in
                GeneratedStory(
                    seed: seed, number: number, rules: rules, directory: book.directory, officers: officers)
            }
            barriers = try await database.transaction { [barriers] db in
                var barriers = barriers
                var rows = GeneratedRows(campaign: id)
                for (index, story) in stories.enumerated() {
                    var barrier: (id: UUID, number: Int)?
                    if let key = BarrierKey(story.complaint, scene: story.filing.scene) {
                        if barriers[key] == nil {
                            let summary = try db.findOrRecordBarrier(
                                key, campaign: id, by: Actor(.complainant), on: campaign.launchedOn)
                            barriers[key] = (summary.id, summary.number)
                        }
                        barrier = barriers[key]
                    }
                    var random = SeededRandom(seed: seed &+ UInt64(start + index))
                    rows.add(story, number: start + index + 1, barrier: barrier, &random)
                }
                try db.copy(rows)
                return barriers
            }
            progress(min(start + Self.batch, count))
        }
        try await finish(id, code, count)
    }

    private func finish(_ campaign: Int, _ code: String, _ count: Int) async throws {
        _ = try await database.transaction { db in
            // Their words are written with them.
            try db.setWorkerMark("text|\(code)", Date())
            return try db.run(
                """
                UPDATE campaign_counter SET next_complaint = greatest(next_complaint, \(count + 1))
                WHERE campaign_id = \(campaign)
                """)
        }
        try await database.withConnection { db in try db.run(script: "VACUUM (ANALYZE)") }
    }
}

/// The rows of many stories, table by table, as `COPY` takes them.
struct GeneratedRows {
    let campaign: Int
    private(set) var complaints: [UInt8] = []
    private(set) var intervals: [UInt8] = []
    private(set) var deadlines: [UInt8] = []
    private(set) var deadlineIntervals: [UInt8] = []
    private(set) var ties: [UInt8] = []
    private(set) var tieIntervals: [UInt8] = []
    private(set) var texts: [UInt8] = []
    private(set) var events: [UInt8] = []

    init(campaign: Int) {
        self.campaign = campaign
    }

    mutating func add(
        _ story: GeneratedStory, number: Int, barrier: (id: UUID, number: Int)?, _ random: inout SeededRandom
    ) {
        let complaint = story.complaint
        let id = complaint.id
        // Recorded on its day, each a moment after the one before.
        func moment(_ step: Int, _ day: Day) -> Date {
            Date(timeIntervalSince1970: Double(day.number) * 86_400 + 14_400 + Double(number % 30_000) + Double(step))
        }
        let recorded = moment(0, complaint.receivedOn)
        let changed = story.steps.indices.map { moment($0, story.steps[$0].event.effectiveOn) }.max() ?? recorded
        addComplaint(story, number, recorded, changed, random.bytes(32))
        var before: Complaint?
        for (index, step) in story.steps.enumerated() {
            let (sequence, at) = (index + 1, moment(index, step.event.effectiveOn))
            addEvent(step.event, id, sequence, at, random.bytes(16))
            addInterval(step.state, sequence, step.event.effectiveOn, at)
            for deadline in step.state.deadlines where !(before?.deadlines.contains(deadline) ?? false) {
                deadlineIntervals.row(
                    campaign, id, deadline.purpose.rawValue, sequence, step.event.effectiveOn, at, nil,
                    deadline.startedOn, deadline.dueOn, deadline.state.rawValue, deadline.endedOn, sequence)
            }
            before = step.state
        }
        for deadline in complaint.deadlines {
            deadlines.row(
                campaign, id, deadline.purpose.rawValue, json(deadline.rule), deadline.startedOn,
                json(deadline.pauses), deadline.dueOn, deadline.isProvisional, deadline.state.rawValue,
                deadline.endedOn)
        }
        if let barrier {
            ties.row(campaign, id, barrier.id, number)
            tieIntervals.row(campaign, id, barrier.id, 1, complaint.receivedOn, recorded, nil, true, 1)
        }
        let pairs = characterPairs(in: story.filing.narrative).map { String($0) }.joined(separator: ",")
        texts.row(campaign, id, "{\(pairs)}")
    }

    private mutating func addComplaint(
        _ story: GeneratedStory, _ number: Int, _ recorded: Date, _ changed: Date, _ hash: Data
    ) {
        let (complaint, filing) = (story.complaint, story.filing)
        complaints.row(
            campaign, complaint.id, number, story.steps.count, complaint.kind.rawValue, complaint.status.rawValue,
            complaint.statusBeforeGap?.rawValue, complaint.category, complaint.scenario,
            complaint.respondent.platform, complaint.respondent.company, complaint.target.platform,
            complaint.target.company, complaint.target.host, complaint.target.paymentMethod, filing.scene,
            filing.manner, complaint.office, complaint.officer, complaint.outcome?.rawValue, complaint.refusalGround,
            complaint.informationGap, complaint.receivedOn, complaint.materialsOn, complaint.changedOn,
            complaint.nextDueDay, recorded, changed, filing.narrative, filing.language, filing.region,
            story.channel.rawValue, hash, complaint.priority.rawValue, complaint.answer?.rawValue,
            complaint.answerGround, complaint.endedOn, complaint.forwardedTo, complaint.forwardedOn)
    }

    private mutating func addEvent(_ event: Event, _ id: UUID, _ sequence: Int, _ at: Date, _ salt: Data) {
        events.row(
            campaign, id, sequence, "complaint", event.actor.kind.rawValue, event.actor.role.rawValue, event.action,
            json(event.details), event.effectiveOn, at, salt, 2, json(event.changes))
    }

    private mutating func addInterval(_ state: Complaint, _ sequence: Int, _ day: Day, _ at: Date) {
        intervals.row(
            campaign, state.id, sequence, day, at, nil, state.status.rawValue, state.category, state.scenario,
            state.respondent.platform, state.respondent.company, state.target.platform, state.target.company,
            state.target.paymentMethod, state.office, state.officer, state.outcome?.rawValue, state.refusalGround,
            sequence)
    }

    private func json(_ value: some Encodable) -> String { (try? JSONText(encoding: value).text) ?? "{}" }
}

extension [UInt8] {
    /// Appends a row in the text format of `COPY`.
    fileprivate mutating func row(_ fields: (any PostgresValue)?...) {
        for (index, field) in fields.enumerated() {
            if index > 0 { append(0x09) }
            guard let text = field?.postgresText else {
                append(contentsOf: [0x5C, 0x4E])
                continue
            }
            for byte in text.utf8 {
                switch byte {
                case 0x5C: append(contentsOf: [0x5C, 0x5C])
                case 0x09: append(contentsOf: [0x5C, 0x74])
                case 0x0A: append(contentsOf: [0x5C, 0x6E])
                case 0x0D: append(contentsOf: [0x5C, 0x72])
                default: append(byte)
                }
            }
        }
        append(0x0A)
    }
}

extension Connection {
    fileprivate func copy(_ rows: GeneratedRows) throws {
        _ = try copy(
            in: """
                COPY complaint (campaign_id, id, number, version, kind, status, status_before_gap, category, scenario,
                    respondent_platform, respondent_company, target_platform, target_company, target_host,
                    payment_method, scene, manner, office, officer_id, outcome, refusal_ground, information_gap,
                    received_on, materials_on, changed_on, due_on, recorded_at, changed_at, narrative, language,
                    region, channel, tracking_hash, priority, answer, answer_ground, ended_on, forwarded_to,
                    forwarded_on)
                FROM STDIN
                """, [rows.complaints])
        _ = try copy(
            in: """
                COPY complaint_interval (campaign_id, complaint_id, sequence, effective_from, recorded_at,
                    retracted_at, status, category, scenario, respondent_platform, respondent_company,
                    target_platform, target_company, payment_method, office, officer_id, outcome, refusal_ground,
                    written_by)
                FROM STDIN
                """, [rows.intervals])
        _ = try copy(
            in: """
                COPY deadline (campaign_id, complaint_id, purpose, rule, started_on, pauses, due_on, is_provisional,
                    state, ended_on)
                FROM STDIN
                """, [rows.deadlines])
        _ = try copy(
            in: """
                COPY deadline_interval (campaign_id, complaint_id, purpose, sequence, effective_from, recorded_at,
                    retracted_at, started_on, due_on, state, ended_on, written_by)
                FROM STDIN
                """, [rows.deadlineIntervals])
        _ = try copy(
            in: "COPY complaint_barrier (campaign_id, complaint_id, barrier_id, number) FROM STDIN", [rows.ties])
        _ = try copy(
            in: """
                COPY complaint_barrier_interval (campaign_id, complaint_id, barrier_id, sequence, effective_from,
                    recorded_at, retracted_at, is_linked, written_by)
                FROM STDIN
                """, [rows.tieIntervals])
        _ = try copy(in: "COPY complaint_text (campaign_id, complaint_id, pairs) FROM STDIN", [rows.texts])
        _ = try copy(
            in: """
                COPY event (campaign_id, case_id, sequence, case_kind, actor_kind, actor_role, action, details,
                    effective_on, recorded_at, salt, schema_version, changes)
                FROM STDIN
                """, [rows.events])
    }
}
