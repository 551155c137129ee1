public import Casework
public import Foundation
import Postgres
public import Reports
import Synchronization

/// Where the figures of a report may come from.
public enum FiguresSource: Sendable {
    /// From the sums where they can tell, else from all complaints.
    case any
    /// From the sums, or not at all: for those who may not ask for what is dear.
    case sums
    /// From all complaints, to check the sums.
    case allComplaints
}

/// The reports that were asked for last, a few of them.
final class ToldReports: Sendable {
    struct Key: Hashable {
        let campaign: String
        let edition: ProgressReport.Edition
        let period: ReportPeriod
        let knownAt: String
        let source: FiguresSource
    }

    /// A report with a thousand barriers takes a megabyte.
    private static let limit = 4
    private let reports = Mutex<[(key: Key, report: ProgressReport)]>([])

    subscript(_ key: Key) -> ProgressReport? {
        get { reports.withLock { $0.first { $0.key == key }?.report } }
        set {
            guard let newValue else { return }
            reports.withLock { $0 = [(key, newValue)] + $0.filter { $0.key != key }.prefix(Self.limit - 1) }
        }
    }
}

/// Which report is asked for.
struct ReportQuestion: Hashable {
    let campaign: String
    let day: Day?
    let moment: Date?
    let begin: Day?
    let edition: ProgressReport.Edition
    let source: FiguresSource
}

/// The sums of a campaign are not there yet.
public struct NotSummed: Error {
    public init() {}
}

extension Databases {
    /// The progress of a campaign at the end of a day, as known at a moment.
    ///
    /// - Parameters:
    ///   - code: The campaign.
    ///   - day: `nil` is the day it is now in the campaign's time zone.
    ///   - moment: `nil` is now. An earlier one gives what was known then, the same for ever.
    ///   - begin: The first day of the period; `nil` is the first of the month.
    ///   - edition: For whom.
    ///   - source: Where the figures may come from; they are the same.
    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: ``MomentError``, ``NotSummed``, `InvalidDocument` for days that cannot be, or `PostgresError`.
    public func progress(
        of code: String, asOf day: Day? = nil, knownAt moment: Date? = nil, from begin: Day? = nil,
        edition: ProgressReport.Edition = .internal, source: FiguresSource = .any
    ) async throws -> ProgressReport? {
        let question = ReportQuestion(
            campaign: code, day: day, moment: moment, begin: begin, edition: edition, source: source)
        return try await reportWork.value(question, isTimeless: moment != nil) { try await report(question) }
    }

    /// Reports made since the beginning; equal requests at the same time share one.
    public var reportsMade: Int { get async { await reportWork.begun } }

    private func report(_ asked: ReportQuestion) async throws -> ProgressReport? {
        let (code, edition, source) = (asked.campaign, asked.edition, asked.source)
        let cut = try await work.closeCut(through: asked.moment)
        return try await reports.transaction(.snapshot) { [told] db in
            let newest = asked.moment == nil ? try db.presentCut(of: code, closed: cut, isExact: false) : cut
            guard let view = try db.view(of: code, asOf: asked.day, cut: newest, from: asked.begin) else { return nil }
            // What is known at one moment never changes: whoever asks for the same again gets the same.
            let key = ToldReports.Key(
                campaign: code, edition: edition, period: view.period, knownAt: view.knownAt, source: source)
            if let report = told[key] { return report }
            let report = ProgressReport(try db.reportFacts(view, source), edition)
            told[key] = report
            return report
        }
    }

    /// What a report that is published is made of: everything recorded by now, and not only what the sums of a few seconds
    /// ago have.
    ///
    /// What is known now is made of sums that a worker keeps, and of what was recorded since; what was known at an
    /// earlier moment, of all complaints anew. Both come to the same figures.
    func facts(of code: String, asOf day: Day, from begin: Day?) async throws -> ReportFacts? {
        let cut = try await work.closeCut()
        return try await reports.transaction(.snapshot) { db -> ReportFacts? in
            let newest = try db.presentCut(of: code, closed: cut, isExact: true)
            guard let view = try db.view(of: code, asOf: day, cut: newest, from: begin) else { return nil }
            return try db.reportFacts(view, .any)
        }
    }

    /// The complaints behind a number of a report, the smallest numbers first.
    ///
    /// - Parameters:
    ///   - filter: What a complaint has to count for.
    ///   - code: The campaign.
    ///   - day: As in ``progress(of:asOf:knownAt:from:edition:source:)``.
    ///   - moment: As there.
    ///   - begin: As there.
    ///   - limit: How many, at the most.
    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: As there.
    public func references(
        behind filter: SlotFilter, in code: String, asOf day: Day?, knownAt moment: Date?,
        from begin: Day?, limit: Int
    ) async throws -> [Reference]? {
        let cut = try await work.closeCut(through: moment)
        return try await reports.transaction(.snapshot) { db in
            guard let view = try db.view(of: code, asOf: day, cut: cut, from: begin) else { return nil }
            var found: [Reference] = []
            try db.eachCase(view) { facts in
                let slots = facts.slots(asOf: view.period.to, workingDays: view.calendar.workingDays)
                if slots.contains(where: { filter.matches($0, in: view.period) }) {
                    found.append(Reference(prefix: view.campaign.prefix, number: facts.number))
                }
                return found.count < limit
            }
            return found
        }
    }
}

extension Date {
    /// RFC 3339 in UTC, to the microsecond.
    var reportText: String { postgresText.replacing(" ", with: "T").replacing("+00", with: "Z") }
}

/// From where a report looks: one campaign, one period, one moment.
struct ReportView: Sendable {
    let campaignID: Int
    let campaign: Campaign
    let directory: Directory
    let calendar: WorkingCalendar
    let period: ReportPeriod
    let cut: Date
    /// The day it was at the cut.
    let today: Day

    var day: Day { period.to }

    /// The moment as RFC 3339, to the microsecond.
    var knownAt: String { cut.reportText }
}

extension Connection {
    func view(of code: String, asOf day: Day?, cut: Date, from begin: Day?) throws -> ReportView? {
        let book = try referenceBook(knownAt: cut)
        guard let (id, campaign) = book.campaign(code) else { return nil }
        let today = Day(cut, in: campaign.zone())
        let last = day ?? today
        func refuse(_ name: String, _ code: String, _ detail: String) -> InvalidDocument {
            InvalidDocument(faults: [Fault(pointer: "?/\(name)", code: code, detail: detail)])
        }
        guard last <= today else { throw refuse("as_of", "in_the_future", "has not come yet; today is \(today)") }
        if let begin, begin > last { throw refuse("from", "out_of_range", "lies after the last day, \(last)") }
        if let begin, last - begin > 3660 { throw refuse("from", "out_of_range", "lies over ten years before \(last)") }
        return ReportView(
            campaignID: id, campaign: campaign, directory: book.directory,
            calendar: book.data.rules(for: campaign).calendar, period: ReportPeriod(from: begin, to: last), cut: cut,
            today: today)
    }

    /// The moment as which a report of now is known.
    ///
    /// Where the sums went on meanwhile, that is as far as they went, which is closed too. Where a good deal was recorded
    /// in the few seconds since they did, it is as far as they went as well: the report says so, and is there at once.
    fileprivate func presentCut(of code: String, closed cut: Date, isExact: Bool) throws -> Date {
        let base = try first(
            """
            SELECT r.campaign_id, r.known_at FROM report_cut r JOIN campaign c ON c.id = r.campaign_id
            WHERE c.code = \(code) AND r.built_through IS NULL
            """
        ) { row in (campaign: try row.read(Int.self), knownAt: try row.read(Date.self)) }
        guard let base, base.knownAt < cut else { return base?.knownAt ?? cut }
        guard !isExact, cut.timeIntervalSince(base.knownAt) < 10 else { return cut }
        let touched = try complaintsTouched(of: base.campaign, after: base.knownAt, through: cut, limit: 500)
        return touched.through == cut ? cut : base.knownAt
    }

    fileprivate func reportFacts(_ view: ReportView, _ source: FiguresSource) throws -> ReportFacts {
        let summed = source == .allComplaints ? nil : try sumsUpToDate(view)
        if summed == nil, source == .sums { throw NotSummed() }
        let (tally, late) = try summed ?? tallyAnew(view)
        return ReportFacts(
            campaign: view.campaign, directory: view.directory, calendar: view.calendar, knownAt: view.knownAt,
            isIncomplete: view.day == view.today, period: view.period, tally: tally, barriers: try barrierFacts(view),
            orders: try orderFacts(view), late: late)
    }

    // MARK: From the sums

    /// Steps recorded since the sums, beyond which everything is counted anew.
    private static let tailLimit = 200_000

    /// - Returns: `nil` where the sums cannot say what was known then.
    private func sumsUpToDate(_ view: ReportView) throws -> (Tally, [LateLine])? {
        let base = try first(
            "SELECT known_at, calendar_at, built_through FROM report_cut WHERE campaign_id = \(view.campaignID)"
        ) { row in ReportBase(knownAt: try row.read(), calendarAt: try row.read(), builtThrough: try row.read()) }
        guard let base, base.builtThrough == nil, base.knownAt <= view.cut,
            try calendarMoment(knownAt: view.cut) == base.calendarAt
        else { return nil }
        let touched = try complaintsTouched(
            of: view.campaignID, after: base.knownAt, through: view.cut, limit: Self.tailLimit)
        guard touched.through == view.cut else { return nil }
        var tally = try storedTally(view)
        var recent: [Int: CaseFacts] = [:]
        for part in stride(from: 0, to: touched.ids.count, by: 5000) {
            let ids = Array(touched.ids[part..<min(part + 5000, touched.ids.count)])
            let facts = try caseFacts(ids, campaign: view.campaignID, knownAt: [base.knownAt, view.cut])
            for (facts, sign) in zip(facts, [-1, 1]) {
                for fact in facts.values {
                    for slot in fact.slots(asOf: view.day, workingDays: view.calendar.workingDays) {
                        tally.add(sign, to: slot)
                    }
                }
            }
            recent.merge(facts[1]) { _, new in new }
        }
        return (tally, try lateLines(view, recent))
    }

    private func storedTally(_ view: ReportView) throws -> Tally {
        // Nothing takes effect later than today: then the day need not be looked at.
        let source: SQL =
            view.day == view.today
            ? "SELECT measure, company, value, day, count FROM report_total WHERE campaign_id = \(view.campaignID)"
            : """
            SELECT measure, company, value, day, sum(count)::bigint FROM report_change
            WHERE campaign_id = \(view.campaignID) AND effective_on <= \(view.day)
            GROUP BY measure, company, value, day HAVING sum(count) <> 0
            """
        var tally = Tally()
        _ = try all(source) { row in
            let (measure, company): (Measure, String) = (try row.read(), try row.read())
            let slot = Slot(measure, try row.read(), company: company, day: try row.read())
            tally.add(try row.read(Int.self), to: slot)
        }
        return tally
    }

    /// Of the sums, and of the complaints that were touched since.
    private func lateLines(_ view: ReportView, _ recent: [Int: CaseFacts]) throws -> [LateLine] {
        let limit = ProgressReport.lateLimit
        let stored = try all(
            """
            SELECT l.number, l.purpose, l.due_on, coalesce(l.company, p.respondent_company)
            FROM (
                SELECT number, purpose, due_on, company FROM report_late
                WHERE campaign_id = \(view.campaignID) AND due_on < \(view.day) AND late_from <= \(view.day)
                  AND late_until > \(view.day) AND number <> ALL (\(Array(recent.keys)))
                ORDER BY due_on, number, purpose LIMIT \(limit)
            ) l
            LEFT JOIN LATERAL (
                SELECT i.respondent_company FROM complaint c JOIN complaint_interval i
                    ON i.campaign_id = c.campaign_id AND i.complaint_id = c.id
                WHERE c.campaign_id = \(view.campaignID) AND c.number = l.number AND i.effective_from <= \(view.day)
                  AND i.recorded_at <= \(view.cut) AND (i.retracted_at IS NULL OR i.retracted_at > \(view.cut))
                ORDER BY i.effective_from DESC, i.sequence DESC LIMIT 1
            ) p ON true
            """
        ) { row in
            let (number, purpose): (Int, Deadline.Purpose) = (try row.read(), try row.read())
            let due: Day = try row.read()
            return LateLine(number: number, purpose: purpose, company: try row.read(), dueOn: due)
        }
        let fresh = recent.values.flatMap { $0.lateLines(asOf: view.day) }
        return Array((stored + fresh).sorted(by: LateLine.precedes).prefix(limit))
    }

    // MARK: Anew

    /// Counts every complaint.
    private func tallyAnew(_ view: ReportView) throws -> (Tally, [LateLine]) {
        var (tally, late) = (Tally(), [LateLine]())
        let limit = ProgressReport.lateLimit
        try eachCase(view) { facts in
            for slot in facts.slots(asOf: view.day, workingDays: view.calendar.workingDays) { tally.add(1, to: slot) }
            late += facts.lateLines(asOf: view.day)
            if late.count > limit * 20 { late = Array(late.sorted(by: LateLine.precedes).prefix(limit)) }
            return true
        }
        return (tally, Array(late.sorted(by: LateLine.precedes).prefix(limit)))
    }

    /// Hands each complaint to `body`, by number, until it says that it has enough.
    fileprivate func eachCase(_ view: ReportView, _ body: (CaseFacts) throws -> Bool) throws {
        var after = 0
        while true {
            let next = try complaintIDs(of: view.campaignID, after: after, limit: ReportSums.batch)
            let facts = try caseFacts(next.map(\.id), campaign: view.campaignID, knownAt: [view.cut])[0]
            for (_, number) in next {
                if let fact = facts[number], try !body(fact) { return }
            }
            guard let last = next.last, next.count == ReportSums.batch else { return }
            after = last.number
        }
    }
}

extension CaseFacts {
    /// Its deadlines that were late at the end of a day.
    fileprivate func lateLines(asOf day: Day) -> [LateLine] {
        lateSpells.filter { $0.from <= day && ($0.until ?? .last) > day }.map { spell in
            LateLine(
                number: number, purpose: spell.run.purpose, company: spell.company ?? company(asOf: day),
                dueOn: spell.dueOn)
        }
    }
}
