import Casework
import Foundation
import Postgres

/// The rules as they were at any moment, for what has to be judged as it was judged then.
struct PastRules {
    /// Seconds between the moment at which something is judged and that at which it is recorded, at the most: rules are kept for
    /// a second, and a filing may wait for its turn.
    static let lag = 60.0

    /// When reference data were loaded, in order.
    private let loads: [Date]
    private var known: [String: Complaint.Rules] = [:]

    /// - Throws: `PostgresError`.
    init(_ db: isolated Connection) throws {
        loads = try db.all("SELECT DISTINCT recorded_at FROM reference_version ORDER BY 1") { row in
            try row.read(Date.self)
        }
    }

    /// Of one campaign.
    ///
    /// - Throws: `PostgresError`, or what reading reference data throws.
    mutating func rules(of code: String, at moment: Date, db: isolated Connection) throws -> Complaint.Rules {
        let place = loads.lastIndex { $0 <= moment } ?? 0
        // Nothing was judged before the campaign was loaded: the first load that has it is the one.
        for load in loads[place...] {
            let key = "\(code) \(load.timeIntervalSince1970)"
            if let rules = known[key] { return rules }
            let data = try db.referenceBook(knownAt: load).data
            guard let campaign = data.campaigns[code] else { continue }
            let rules = data.rules(for: campaign)
            known[key] = rules
            return rules
        }
        throw CaseError.notFound("campaign \(code)")
    }

    /// The calendars that were replaced between the filing and a moment, each with the last event recorded under it.
    mutating func calendars(
        of code: String, for history: ProvedHistory, until moment: Date, _ lag: Double, db: isolated Connection
    ) throws -> [(through: Int, calendar: WorkingCalendar)] {
        var (since, earlier) = (history.filedAt, [(through: Int, calendar: WorkingCalendar)]())
        for load in loads where load > history.filedAt && load < moment {
            let through = history.events.last { $0.at < load }?.step.sequence ?? 1
            if through > earlier.last?.through ?? 0 {
                earlier.append((through, try rules(of: code, at: since - lag, db: db).calendar))
            }
            since = load
        }
        return earlier
    }

    /// Whether reference data were loaded so shortly before one of the events.
    func changed(within seconds: Double, of history: ProvedHistory) -> Bool {
        let moments = [history.filedAt] + history.events.map(\.at)
        return moments.contains { moment in loads.contains { $0 <= moment && moment - seconds < $0 } }
    }
}
