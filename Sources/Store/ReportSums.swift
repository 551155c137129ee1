import Casework
public import Foundation
public import Postgres
import Reports
import Synchronization

/// Keeps the sums that reports are made of: adds what was recorded since, from closed cuts, one server at a time.
public struct ReportSums: Sendable {
    private let databases: Databases
    private let references: ReferenceCache
    private let calendars = Calendars()

    /// Steps taken in, and complaints read for the first time, in one transaction.
    static let batch = 5000

    public init(_ databases: Databases, references: ReferenceCache) {
        self.databases = databases
        self.references = references
    }

    /// Brings the sums of every campaign up to now.
    ///
    /// - Returns: How many complaints were counted anew.
    /// - Throws: `PostgresError`, ``MomentError``, or what reading reference data throws; of several campaigns the last,
    ///   after the others were done.
    @discardableResult
    public func bringUp() async throws -> Int {
        var (count, failure) = (0, nil as (any Error)?)
        for (code, _) in try await references.book().data.campaigns {
            do {
                // One cut a round: what comes meanwhile is for the next.
                let cut = try await databases.work.closeCut()
                while let done = try await step(code, cut) {
                    count += done
                    try Task.checkCancellation()
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return count
    }

    /// One transaction's worth.
    ///
    /// - Returns: `nil` where nothing is left to do up to the cut, or another server is at it or was.
    private func step(_ code: String, _ cut: Date) async throws -> Int? {
        try await databases.sums.transaction { [calendars] db in
            let found = try db.first("SELECT id FROM campaign WHERE code = \(code)") { row in try row.read(Int.self) }
            guard let campaign = found else { return nil }
            let calendarAt = try db.calendarMoment(knownAt: cut)
            try db.run(
                """
                INSERT INTO report_cut (campaign_id, known_at, calendar_at, built_through)
                VALUES (\(campaign), \(cut), \(calendarAt), 0) ON CONFLICT DO NOTHING
                """)
            let locked = try db.first(
                """
                SELECT known_at, calendar_at, built_through FROM report_cut WHERE campaign_id = \(campaign)
                FOR UPDATE SKIP LOCKED
                """
            ) { row in ReportBase(knownAt: try row.read(), calendarAt: try row.read(), builtThrough: try row.read()) }
            guard let base = locked else { return nil }
            let workingDays = try calendars.calendar(of: code, at: calendarAt, db).workingDays
            if let through = base.builtThrough {
                guard base.calendarAt == calendarAt else {
                    try db.forgetSums(of: campaign)
                    return 0
                }
                return try db.buildSums(of: campaign, after: through, knownAt: base.knownAt, workingDays)
            }
            // Another server went further while this one waited.
            guard base.knownAt < cut else { return nil }
            guard base.calendarAt == calendarAt else {
                try db.forgetSums(of: campaign)
                return 0
            }
            let touched = try db.complaintsTouched(
                of: campaign, after: base.knownAt, through: cut, limit: ReportSums.batch)
            try db.recount(touched.ids, of: campaign, from: base.knownAt, to: touched.through, workingDays)
            try db.run("UPDATE report_cut SET known_at = \(touched.through) WHERE campaign_id = \(campaign)")
            return touched.through == cut ? nil : touched.ids.count
        }
    }
}

/// The calendars that lengths are counted by, as of the moment of the newest one.
private final class Calendars: Sendable {
    private let known = Mutex<[String: (at: Date, calendar: WorkingCalendar)]>([:])

    func calendar(of code: String, at moment: Date, _ db: isolated Connection) throws -> WorkingCalendar {
        if let found = known.withLock({ $0[code] }), found.at == moment { return found.calendar }
        let book = try db.referenceBook(knownAt: moment)
        guard let campaign = book.campaign(code)?.campaign else { throw CaseError.notFound("campaign \(code)") }
        let calendar = book.data.rules(for: campaign).calendar
        known.withLock { $0[code] = (moment, calendar) }
        return calendar
    }
}

/// Up to where the sums of a campaign are complete.
struct ReportBase: Sendable {
    let knownAt: Date
    let calendarAt: Date
    let builtThrough: Int?
}

extension Connection {
    /// Lets the sums of a campaign be made anew.
    ///
    /// - Returns: Whether there is such a campaign.
    /// - Throws: `PostgresError`.
    public func forgetSums(of code: String) throws -> Bool {
        let id = try first("SELECT id FROM campaign WHERE code = \(code)") { row in try row.read(Int.self) }
        if let id { try forgetSums(of: id) }
        return id != nil
    }

    /// Up to when the sums are complete.
    ///
    /// - Returns: Campaigns whose sums were begun, by code; while they are made for the first time they are as of 1970.
    /// - Throws: `PostgresError`.
    public func momentsOfSums() throws -> [(campaign: String, knownAt: Date)] {
        try all(
            """
            SELECT c.code, CASE WHEN r.built_through IS NULL THEN r.known_at ELSE 'epoch' END
            FROM report_cut r JOIN campaign c ON c.id = r.campaign_id ORDER BY 1
            """
        ) { row in (campaign: try row.read(), knownAt: try row.read()) }
    }

    /// Everything the sums hold is gone; they are made anew with the next round.
    func forgetSums(of campaign: Int) throws {
        // Whoever adds to them holds this row; it comes first.
        try run("DELETE FROM report_cut WHERE campaign_id = \(campaign)")
        try clearSums(of: campaign)
    }

    private func clearSums(of campaign: Int) throws {
        for statement: SQL in [
            "DELETE FROM report_change WHERE campaign_id = \(campaign)",
            "DELETE FROM report_total WHERE campaign_id = \(campaign)",
            "DELETE FROM report_late WHERE campaign_id = \(campaign)",
        ] { try run(statement) }
    }

    /// Takes in the next complaints; all of them are known at one moment.
    fileprivate func buildSums(
        of campaign: Int, after number: Int, knownAt moment: Date, _ workingDays: (Day, Day) -> Int
    ) throws -> Int {
        if number == 0 { try clearSums(of: campaign) }
        let next = try complaintIDs(of: campaign, after: number, limit: ReportSums.batch)
        let facts = try caseFacts(next.map(\.id), campaign: campaign, knownAt: [moment])[0]
        var sums = SumsOfChanges()
        for fact in facts.values {
            sums.add(fact, 1, workingDays)
        }
        try add(sums, to: campaign)
        let isLast = next.count < ReportSums.batch
        try run(
            """
            UPDATE report_cut SET built_through = \(isLast ? nil : next.last?.number)::bigint
            WHERE campaign_id = \(campaign)
            """)
        return next.count
    }

    /// Counts complaints as known at one moment instead of another.
    fileprivate func recount(
        _ ids: [UUID], of campaign: Int, from old: Date, to new: Date, _ workingDays: (Day, Day) -> Int
    ) throws {
        guard !ids.isEmpty else { return }
        let facts = try caseFacts(ids, campaign: campaign, knownAt: [old, new])
        var sums = SumsOfChanges()
        for fact in facts[0].values { sums.add(fact, -1, workingDays) }
        for fact in facts[1].values { sums.add(fact, 1, workingDays) }
        try run("DELETE FROM report_late WHERE campaign_id = \(campaign) AND number = ANY(\(Array(facts[1].keys)))")
        sums.late = facts[1].values.map { ($0.number, $0.lateSpells) }
        try add(sums, to: campaign)
    }

    func add(_ sums: SumsOfChanges, to campaign: Int) throws {
        let changes = sums.changes.filter { $0.value != 0 }.map { ($0.key, $0.value) }
        for part in stride(from: 0, to: changes.count, by: 20_000).map({ changes[$0..<min($0 + 20_000, changes.count)] }
        ) {
            let slots = part.map(\.0.slot)
            try run(
                """
                INSERT INTO report_change AS c (campaign_id, measure, company, value, day, effective_on, count)
                SELECT \(campaign), * FROM unnest(
                    \(slots.map(\.measure.rawValue)), \(slots.map(\.company)), \(slots.map(\.value)),
                    \(slots.map(\.day)), \(part.map(\.0.on)), \(part.map(\.1)))
                ON CONFLICT (campaign_id, measure, company, value, day, effective_on)
                DO UPDATE SET count = c.count + excluded.count
                """)
        }
        let totals = changes.reduce(into: [Slot: Int]()) { $0[$1.0.slot, default: 0] += $1.1 }.filter { $0.value != 0 }
        let slots = Array(totals.keys)
        try run(
            """
            INSERT INTO report_total AS t (campaign_id, measure, company, value, day, count)
            SELECT \(campaign), * FROM unnest(
                \(slots.map(\.measure.rawValue)), \(slots.map(\.company)), \(slots.map(\.value)), \(slots.map(\.day)),
                \(slots.map { totals[$0] ?? 0 }))
            ON CONFLICT (campaign_id, measure, company, value, day) DO UPDATE SET count = t.count + excluded.count
            """)
        let spells = sums.late.flatMap { number, spells in
            spells.compactMap { spell in spell.run.origin.map { (number, spell, $0) } }
        }
        try run(
            """
            INSERT INTO report_late (campaign_id, number, purpose, origin_id, run, company, due_on, late_from, late_until)
            SELECT \(campaign), number, purpose, origin_id, run, nullif(company, ''), due_on, late_from, late_until
            FROM unnest(
                \(spells.map(\.0)), \(spells.map(\.1.run.purpose.rawValue)), \(spells.map(\.2)),
                \(spells.map(\.1.run.run)), \(spells.map { $0.1.company ?? "" }), \(spells.map(\.1.dueOn)),
                \(spells.map(\.1.from)), \(spells.map { $0.1.until ?? .last }))
                AS s (number, purpose, origin_id, run, company, due_on, late_from, late_until)
            ON CONFLICT DO NOTHING
            """)
    }
}

/// What many complaints change in the sums.
struct SumsOfChanges {
    var changes: [SlotChange: Int] = [:]
    var late: [(number: Int, spells: [LateSpell])] = []

    /// Counts a complaint with everything that ever held of it.
    ///
    /// - Parameters:
    ///   - facts: The complaint.
    ///   - sign: 1 to count it, -1 to count it no more.
    ///   - workingDays: From one day to another, the first not counted.
    mutating func add(_ facts: CaseFacts, _ sign: Int, _ workingDays: (Day, Day) -> Int) {
        for (change, count) in facts.changes(workingDays: workingDays) { changes[change, default: 0] += sign * count }
        if sign > 0 { late.append((facts.number, facts.lateSpells)) }
    }
}
