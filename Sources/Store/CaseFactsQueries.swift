import Casework
import Foundation
import Postgres
import Reports

/// Which rows of an interval table held as known at a moment.
private struct Seen {
    let recordedAt: Date
    let retractedAt: Date?

    init(row: inout Row) throws {
        recordedAt = try row.read()
        retractedAt = try row.read()
    }

    func isVisible(at moment: Date) -> Bool { recordedAt <= moment && retractedAt.map { $0 > moment } ?? true }
}

extension Connection {
    /// What reports need to know of some complaints, as known at each of several moments.
    ///
    /// - Parameters:
    ///   - ids: Which; those with nothing known by then have no states.
    ///   - campaign: Of which campaign.
    ///   - moments: As known when; the latest last.
    /// - Returns: For every moment, one each, by number.
    /// - Throws: `PostgresError`.
    func caseFacts(_ ids: [UUID], campaign: Int, knownAt moments: [Date]) throws -> [[Int: CaseFacts]] {
        let empty = CaseFacts(number: 0, kind: .other, channel: .public, region: nil, receivedOn: .earliest)
        var places: [UUID: Int] = [:]
        var bare: [Int: CaseFacts] = [:]
        _ = try all(
            """
            SELECT id, number, kind, channel, region, received_on FROM complaint
            WHERE campaign_id = \(campaign) AND id = ANY(\(ids))
            """
        ) { row in
            let (id, number): (UUID, Int) = (try row.read(), try row.read())
            places[id] = number
            bare[number] = CaseFacts(
                number: number, kind: try row.read(), channel: try row.read(), region: try row.read(),
                receivedOn: try row.read())
        }
        var facts = moments.map { _ in bare }
        let latest = moments.last ?? .distantPast
        func add(_ id: UUID, _ seen: Seen, _ change: (inout CaseFacts) -> Void) {
            guard let number = places[id] else { return }
            for (index, moment) in moments.enumerated() where seen.isVisible(at: moment) {
                if facts[index][number] != nil { change(&facts[index][number, default: empty]) }
            }
        }
        try eachInterval(ids, campaign, latest) { id, seen, change in add(id, seen, change) }
        return facts
    }

    /// Hands every row about the complaints to `add`, in the order in which they took effect.
    private func eachInterval(
        _ ids: [UUID], _ campaign: Int, _ latest: Date, _ add: (UUID, Seen, (inout CaseFacts) -> Void) -> Void
    ) throws {
        _ = try all(
            """
            SELECT complaint_id, recorded_at, retracted_at, effective_from, status, category, scenario,
                   respondent_company, outcome, refusal_ground
            FROM complaint_interval
            WHERE campaign_id = \(campaign) AND complaint_id = ANY(\(ids)) AND recorded_at <= \(latest)
            ORDER BY complaint_id, effective_from, sequence
            """
        ) { row in
            let (id, seen): (UUID, Seen) = (try row.read(), try Seen(row: &row))
            let state = CaseFacts.State(
                on: try row.read(), status: try row.read(), category: try row.read(), scenario: try row.read(),
                company: try row.read(), outcome: try row.read(), ground: try row.read())
            add(id, seen) { $0.states.append(state) }
        }
        _ = try all(
            """
            SELECT complaint_id, recorded_at, retracted_at, purpose, origin_id, run, effective_from, due_on, state,
                   missed_from, company, back_entered > 0
            FROM deadline_interval
            WHERE campaign_id = \(campaign) AND complaint_id = ANY(\(ids)) AND recorded_at <= \(latest)
            ORDER BY complaint_id, effective_from, sequence
            """
        ) { row in
            let (id, seen): (UUID, Seen) = (try row.read(), try Seen(row: &row))
            let run = Deadline.Identity(purpose: try row.read(), origin: try row.read(UUID.self), run: try row.read())
            let term = CaseFacts.Term(
                run: run, on: try row.read(), dueOn: try row.read(), state: try row.read(),
                missedFrom: try row.read(), company: try row.read(), isBackEntered: try row.read())
            add(id, seen) { $0.terms.append(term) }
        }
        _ = try all(
            """
            SELECT i.complaint_id, i.recorded_at, i.retracted_at, b.number, i.effective_from, i.is_linked
            FROM complaint_barrier_interval i
            JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
            WHERE i.campaign_id = \(campaign) AND i.complaint_id = ANY(\(ids)) AND i.recorded_at <= \(latest)
            ORDER BY i.complaint_id, i.effective_from, i.sequence
            """
        ) { row in
            let (id, seen): (UUID, Seen) = (try row.read(), try Seen(row: &row))
            let tie = CaseFacts.Tie(barrier: try row.read(), on: try row.read(), isLinked: try row.read())
            add(id, seen) { $0.ties.append(tie) }
        }
        try eachVerdict(ids, campaign, latest, add)
    }

    private func eachVerdict(
        _ ids: [UUID], _ campaign: Int, _ latest: Date, _ add: (UUID, Seen, (inout CaseFacts) -> Void) -> Void
    ) throws {
        _ = try all(
            """
            SELECT complaint_id, recorded_at, retracted_at, effective_from, ending, complainant_id, is_fixed, rating
            FROM verdict_interval
            WHERE campaign_id = \(campaign) AND complaint_id = ANY(\(ids)) AND recorded_at <= \(latest)
            ORDER BY complaint_id, effective_from, sequence
            """
        ) { row in
            let (id, seen): (UUID, Seen) = (try row.read(), try Seen(row: &row))
            let said = CaseFacts.Said(
                on: try row.read(),
                verdict: Complaint.Verdict(
                    ending: try row.read(), complaint: try row.read(), isConfirmedFixed: try row.read(),
                    rating: try row.read()))
            add(id, seen) { $0.said.append(said) }
        }
    }

    /// The next complaints by number.
    func complaintIDs(of campaign: Int, after number: Int, limit: Int) throws -> [(id: UUID, number: Int)] {
        try all(
            """
            SELECT id, number FROM complaint WHERE campaign_id = \(campaign) AND number > \(number)
            ORDER BY number LIMIT \(limit)
            """
        ) { row in (try row.read(UUID.self), try row.read(Int.self)) }
    }

    /// The complaints about which something was recorded between two moments, the first not included.
    ///
    /// - Parameters:
    ///   - campaign: Of which campaign.
    ///   - begin: What was recorded later than this.
    ///   - end: And not later than this.
    ///   - limit: Of steps, at the most.
    /// - Returns: The complaints, and up to which moment they are all: the second one, or an earlier one at the limit.
    /// - Throws: `PostgresError`.
    func complaintsTouched(
        of campaign: Int, after begin: Date, through end: Date, limit: Int
    ) throws -> (ids: [UUID], through: Date) {
        let found = try all(
            """
            SELECT case_id, recorded_at FROM event
            WHERE campaign_id = \(campaign) AND recorded_at > \(begin) AND recorded_at <= \(end)
              AND case_kind = 'complaint'
            ORDER BY recorded_at, case_id, sequence LIMIT \(limit + 1)
            """
        ) { row in (try row.read(UUID.self), try row.read(Date.self)) }
        guard found.count > limit, let last = found.last?.1 else { return (Array(Set(found.map(\.0))), end) }
        // What was recorded at one moment goes together.
        let whole = found.filter { $0.1 < last }
        guard let through = whole.last?.1 else {
            return try complaintsTouched(of: campaign, after: begin, through: end, limit: limit * 8)
        }
        return (Array(Set(whole.map(\.0))), through)
    }

    /// When the newest calendar, or campaign that names one, was loaded, as known at a moment.
    func calendarMoment(knownAt moment: Date) throws -> Date {
        try first(
            """
            SELECT coalesce(max(recorded_at), '2000-01-01T00:00:00Z') FROM reference_version
            WHERE kind IN ('calendar', 'campaign') AND recorded_at <= \(moment)
            """
        ) { row in try row.read(Date.self) } ?? .distantPast
    }
}
