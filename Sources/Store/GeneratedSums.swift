import Casework
import Foundation
import Postgres
import Reports

extension Generator {
    /// Writes what reports are made of, as if there were so many complaints, and none of the complaints themselves: ten
    /// million of these fit a disk that a million complaints would fill.
    ///
    /// - Parameters:
    ///   - count: How many are meant.
    ///   - code: Of which campaign.
    ///   - progress: Told how many are counted so far.
    /// - Throws: ``NotEmpty``, ``CaseError``, or `PostgresError`.
    public func fillSums(_ count: Int, of code: String, progress: @Sendable (Int) -> Void) async throws {
        let (id, campaign) = try await emptyCampaign(code)
        let rules = book.data.rules(for: campaign)
        try await database.transaction { db in try db.forgetSums(of: id) }
        var numbers: [BarrierKey: Int] = [:]
        let part = 20_000
        for start in stride(from: 0, to: count, by: part) {
            let range = start..<min(start + part, count)
            // Each processor invents a half.
            let middle = range.lowerBound + range.count / 2
            async let first = sums(of: range.lowerBound..<middle, rules)
            let second = await sums(of: middle..<range.upperBound, rules)
            let halves = [await first, second]
            numbers = try await database.transaction { [numbers] db in
                var numbers = numbers
                for half in halves {
                    var sums = half.sums
                    for (key, changes) in half.attests {
                        let number: Int
                        if let known = numbers[key] {
                            number = known
                        } else {
                            number = try db.findOrRecordBarrier(
                                key, campaign: id, by: Actor(.complainant), on: campaign.launchedOn
                            ).number
                            numbers[key] = number
                        }
                        for (day, count) in changes {
                            sums.changes[SlotChange(slot: Slot(.attests, String(number)), on: day), default: 0] += count
                        }
                    }
                    try db.add(sums, to: id)
                }
                return numbers
            }
            progress(range.upperBound)
        }
        try await database.transaction { db in
            let now = try db.first("SELECT clock_timestamp()") { row in try row.read(Date.self) } ?? Date()
            try db.run(
                """
                INSERT INTO report_cut (campaign_id, known_at, calendar_at, built_through)
                VALUES (\(id), \(now), \(try db.calendarMoment(knownAt: now)), NULL)
                """)
        }
        try await database.withConnection { db in
            try db.run(script: "VACUUM (ANALYZE) report_change, report_total, report_late")
        }
    }

    private struct Half: Sendable {
        var sums = SumsOfChanges()
        /// By the barrier, which has no number yet.
        var attests: [BarrierKey: [Day: Int]] = [:]
    }

    private func sums(of range: Range<Int>, _ rules: Complaint.Rules) async -> Half {
        var half = Half()
        for number in range {
            let story = GeneratedStory(
                seed: seed, number: number, rules: rules, directory: book.directory, officers: [])
            let key = BarrierKey(story.complaint, scene: story.filing.scene)
            var facts = CaseFacts(story, number: number + 1)
            if key != nil { facts.ties = [.init(barrier: 0, on: story.complaint.receivedOn, isLinked: true)] }
            for (change, count) in facts.changes(workingDays: rules.calendar.workingDays) {
                if change.slot.measure == .attests, let key {
                    half.attests[key, default: [:]][change.on, default: 0] += count
                } else {
                    half.sums.changes[change, default: 0] += count
                }
            }
            half.sums.late.append((facts.number, facts.lateSpells))
        }
        return half
    }
}

extension CaseFacts {
    /// What is known of an invented complaint.
    fileprivate init(_ story: GeneratedStory, number: Int) {
        let complaint = story.complaint
        self.init(
            number: number, kind: complaint.kind, channel: story.channel, region: story.filing.region,
            receivedOn: complaint.receivedOn)
        var before: [Deadline] = []
        for (event, state) in story.steps {
            states.append(
                State(
                    on: event.effectiveOn, status: state.status, category: state.category, scenario: state.scenario,
                    company: state.respondent.company, outcome: state.outcome, ground: state.refusalGround))
            for deadline in state.deadlines where !before.contains(deadline) {
                terms.append(Term(deadline, of: complaint.id, on: event.effectiveOn))
            }
            before = state.deadlines
        }
    }
}
