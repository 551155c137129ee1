public import Casework
public import Foundation
public import Postgres

/// What a list of barriers is narrowed to.
public struct BarrierFilter: Sendable, Hashable {
    public var kind: Barrier.Kind?
    public var remediations: [Barrier.Remediation] = []
    public var platform: String?
    public var target: Barrier.Target?
    public var scene: String?
    /// Numbers above this one: the next page.
    public var above: Int?
    /// Whether the public asks, who sees barriers from `confirmed` up.
    public var isPublic = false

    public init() {}

    fileprivate func condition(campaign: Int) -> SQL {
        var parts: [SQL] = ["b.campaign_id = \(campaign)"]
        if let kind { parts.append("b.kind = \(kind)") }
        if !remediations.isEmpty { parts.append("b.remediation = ANY(\(remediations))") }
        if isPublic { parts.append("b.remediation = ANY(\(Barrier.Remediation.allCases.filter(\.isPublic)))") }
        if let platform { parts.append("b.respondent_platform = \(platform)") }
        if let target { parts.append("b.target_key = \(target)") }
        if let scene { parts.append("b.scene = \(scene)") }
        if let above { parts.append("b.number > \(above)") }
        return .joined(parts, separator: " AND ")
    }
}

extension Connection {
    /// A page of the ledger by number, each barrier with what is observed at the end of `day`.
    public func barriers(_ filter: BarrierFilter, campaign: Int, limit: Int) throws -> [BarrierRecord] {
        try all(
            """
            SELECT \(BarrierRecord.columns)
            FROM barrier b JOIN campaign ca ON ca.id = b.campaign_id
            WHERE \(filter.condition(campaign: campaign))
            ORDER BY b.number
            LIMIT \(limit)
            """, as: BarrierRecord.init(row:))
    }

    /// What is observed of each of these barriers at the end of `day`.
    public func observed(
        _ barriers: [UUID], campaign: Int, at day: Day, staleAfterDays: Int
    ) throws -> [UUID: Observed] {
        let rows = try all(
            """
            SELECT DISTINCT ON (barrier_id) barrier_id, observed_on, method, result, coverage, sequence
            FROM observation
            WHERE campaign_id = \(campaign) AND barrier_id = ANY(\(barriers)) AND observed_on <= \(day)
              AND retracted_at IS NULL
            ORDER BY barrier_id, observed_on DESC, sequence DESC
            """
        ) { row in
            (
                try row.read(UUID.self),
                Observation(
                    on: try row.read(), method: try row.read(), result: try row.read(), coverage: try row.read(),
                    sequence: try row.read())
            )
        }
        return Dictionary(uniqueKeysWithValues: rows).mapValues { observation in
            Observed([observation], at: day, staleAfterDays: staleAfterDays)
        }
    }
}
