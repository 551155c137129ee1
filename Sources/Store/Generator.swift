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
        /// Events that are in the log; what is invented is recorded on days before them.
        public var events = 0

        public var description: String {
            complaints > 0
                ? "the campaign holds \(complaints) complaints; invented ones are put into an empty campaign only"
                : "\(events) events are in the log of history; invented ones are put into a new database only"
        }
    }

    let database: Database
    let book: ReferenceBook
    let seed: UInt64
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
        let (id, campaign) = try await emptyCampaign(code)
        try await pauseLog()
        let rules = book.data.rules(for: campaign)
        var barriers: [BarrierKey: UUID] = [:]
        for start in stride(from: 0, to: count, by: Self.batch) {
            let stories = (start..<min(start + Self.batch, count)).map { number in
                GeneratedStory(
                    seed: seed, number: number, rules: rules, directory: book.directory, officers: officers)
            }
            barriers = try await database.transaction { [barriers] db in
                var barriers = barriers
                var rows = RowBatch(for: .copy)
                for (index, story) in stories.enumerated() {
                    let key = BarrierKey(story.complaint, scene: story.filing.scene)
                    if let key, barriers[key] == nil {
                        barriers[key] = try db.findOrRecordBarrier(
                            key, campaign: id, by: Actor(.complainant), on: campaign.launchedOn
                        ).id
                    }
                    var random = SeededRandom(seed: seed &+ UInt64(start + index))
                    try rows.add(
                        story, campaign: id, number: start + index + 1, barrier: key.flatMap { barriers[$0] }, &random)
                }
                try db.copy(rows)
                return barriers
            }
            progress(min(start + Self.batch, count))
        }
        try await finish(id, code, count)
        try await endLogPause()
    }

    func emptyCampaign(_ code: String) async throws -> (id: Int, campaign: Campaign) {
        guard let (id, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        let present = try await database.transaction(.readOnly) { db in
            try db.first("SELECT count(*) FROM complaint WHERE campaign_id = \(id)") { row in try row.read(Int.self) }
        }
        guard present == 0 else { throw NotEmpty(complaints: present ?? 0) }
        return (id, campaign)
    }

    /// Keeps the log from going past days on which something is still to be recorded.
    private func pauseLog() async throws {
        _ = try await database.transaction { db in
            let logged = try db.first("SELECT size FROM log_place FOR UPDATE") { row in try row.read(Int.self) }
            guard logged == 0 else { throw NotEmpty(complaints: 0, events: logged ?? 0) }
            return try db.run("DELETE FROM log_place")
        }
    }

    private func endLogPause() async throws {
        _ = try await database.transaction { db in
            try db.run(
                """
                INSERT INTO log_place (size, recorded_at, case_id, sequence)
                VALUES (0, '-infinity', '00000000-0000-0000-0000-000000000000', 0)
                """)
        }
    }

    private func finish(_ campaign: Int, _ code: String, _ count: Int) async throws {
        _ = try await database.transaction { db in
            // Their words are written with them.
            try db.setWorkerMark("text|\(code)", Date())
            // They are recorded on their days, long before the sums of reports were begun.
            try db.forgetSums(of: campaign)
            return try db.run(
                """
                UPDATE campaign_counter SET next_complaint = greatest(next_complaint, \(count + 1))
                WHERE campaign_id = \(campaign)
                """)
        }
        try await database.withConnection { db in try db.run(script: "VACUUM (ANALYZE)") }
    }
}

extension RowBatch {
    /// Everything a story leaves behind; recorded on its days, each step a moment after the one before.
    mutating func add(
        _ story: GeneratedStory, campaign: Int, number: Int, barrier: UUID?, _ random: inout SeededRandom
    ) throws {
        let complaint = story.complaint
        func moment(_ step: Int, _ day: Day) -> Date {
            Date(timeIntervalSince1970: Double(day.number) * 86_400 + 14_400 + Double(number % 30_000) + Double(step))
        }
        let places = story.steps.enumerated().map { index, step in
            StepPlace(
                campaign: campaign, case: complaint.id, sequence: index + 1, writtenBy: index + 1,
                on: step.event.effectiveOn, moment: moment(index, step.event.effectiveOn))
        }
        addComplaint(
            story, campaign: campaign, number: number, recorded: moment(0, complaint.receivedOn),
            changed: places.map(\.moment).max() ?? moment(0, complaint.receivedOn), hash: random.bytes(32))
        var before: [Deadline] = []
        for (place, step) in zip(places, story.steps) {
            try add(
                step.event, on: complaint.id, .complaint, campaign: campaign, sequence: place.sequence,
                at: place.moment, salt: random.bytes(16))
            addInterval(of: step.state, place)
            addIntervals(of: step.state.deadlines.filter { !before.contains($0) }, place)
            before = step.state.deadlines
        }
        for deadline in complaint.deadlines { try add(deadline, of: complaint.id, campaign: campaign) }
        if let barrier, let filed = places.first { addTie(to: barrier, number: number, filed) }
        addText(of: complaint.id, story.filing.narrative, campaign: campaign)
    }

    private mutating func addComplaint(
        _ story: GeneratedStory, campaign: Int, number: Int, recorded: Date, changed: Date, hash: Data
    ) {
        let (complaint, filing) = (story.complaint, story.filing)
        add(
            "complaint",
            [
                "campaign_id": .value(campaign), "id": .value(complaint.id), "number": .value(number),
                "version": .value(story.steps.count), "kind": .value(complaint.kind),
                "status": .value(complaint.status), "status_before_gap": .value(complaint.statusBeforeGap),
                "category": .value(complaint.category), "scenario": .value(complaint.scenario),
                "respondent_platform": .value(complaint.respondent.platform),
                "respondent_company": .value(complaint.respondent.company),
                "target_platform": .value(complaint.target.platform),
                "target_company": .value(complaint.target.company), "target_host": .value(complaint.target.host),
                "payment_method": .value(complaint.target.paymentMethod), "scene": .value(filing.scene),
                "manner": .value(filing.manner), "office": .value(complaint.office),
                "officer_id": .value(complaint.officer), "outcome": .value(complaint.outcome),
                "refusal_ground": .value(complaint.refusalGround),
                "information_gap": .value(complaint.informationGap), "received_on": .value(complaint.receivedOn),
                "materials_on": .value(complaint.materialsOn), "changed_on": .value(complaint.changedOn),
                "due_on": .value(complaint.nextDueDay), "recorded_at": .value(recorded),
                "changed_at": .value(changed), "narrative": .value(filing.narrative),
                "language": .value(filing.language), "region": .value(filing.region),
                "channel": .value(story.channel), "tracking_hash": .value(hash),
                "priority": .value(complaint.priority), "answer": .value(complaint.answer),
                "answer_ground": .value(complaint.answerGround), "ended_on": .value(complaint.endedOn),
                "ending": .value(complaint.ending), "forwarded_to": .value(complaint.forwardedTo),
                "forwarded_on": .value(complaint.forwardedOn),
            ])
    }
}
