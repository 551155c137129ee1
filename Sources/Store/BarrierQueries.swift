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
    /// Of the respondent's company, by the platforms it runs.
    public var platforms: [String]?
    /// Whether it is asked if the barrier has come back.
    public var isUnderReview = false
    /// Whether it came back after it was verified, and is open again.
    public var isRegressed = false
    /// Open barriers last observed before this day, or never.
    public var staleBefore: Day?
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
        if let platforms { parts.append("b.respondent_platform = ANY(\(platforms))") }
        if isUnderReview { parts.append("b.review_opened_on IS NOT NULL") }
        if isRegressed {
            parts.append("b.episode > 1 AND b.remediation = ANY(\(Barrier.Remediation.open))")
        }
        if let staleBefore {
            parts.append(
                """
                b.remediation = ANY(\(Barrier.Remediation.open)) AND NOT EXISTS (
                    SELECT FROM observation x
                    WHERE x.campaign_id = b.campaign_id AND x.barrier_id = b.id AND x.retracted_at IS NULL
                      AND x.observed_on >= \(staleBefore))
                """)
        }
        if let above { parts.append("b.number > \(above)") }
        return .joined(parts, separator: " AND ")
    }
}

extension Connection {
    /// How many barriers a filter lets through, counted no further than `limit`.
    public func count(_ filter: BarrierFilter, campaign: Int, limit: Int) throws -> Int {
        try first(
            """
            SELECT count(*) FROM (
                SELECT FROM barrier b WHERE \(filter.condition(campaign: campaign)) LIMIT \(limit)) counted
            """
        ) { row in try row.read(Int.self) } ?? 0
    }

    /// A page of the ledger by number.
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
            SELECT DISTINCT ON (barrier_id) barrier_id, \(Observation.columns)
            FROM observation
            WHERE campaign_id = \(campaign) AND barrier_id = ANY(\(barriers)) AND observed_on <= \(day)
              AND retracted_at IS NULL
            ORDER BY barrier_id, observed_on DESC, sequence DESC
            """
        ) { row in (try row.read(UUID.self), try Observation(row: &row)) }
        return Dictionary(uniqueKeysWithValues: rows).mapValues { observation in
            Observed([observation], at: day, staleAfterDays: staleAfterDays)
        }
    }

    /// All observations of a barrier that a decision may rest on, those taken back among them.
    func knownObservations(of barrier: UUID, campaign: Int) throws -> [Observation] {
        try all(
            """
            SELECT \(Observation.columns) FROM observation
            WHERE campaign_id = \(campaign) AND barrier_id = \(barrier)
            ORDER BY sequence
            """, as: Observation.init(row:))
    }

    /// The observations of a barrier, latest first, from a place on.
    public func observations(
        of barrier: UUID, campaign: Int, below mark: Barrier.Mark? = nil, limit: Int
    ) throws -> [RecordedObservation] {
        let after: SQL = mark.map { "AND (observed_on, sequence) < (\($0.on), \($0.sequence))" } ?? ""
        return try all(
            """
            SELECT \(Observation.columns), app_version, os, region, cohort, recorded_at
            FROM observation
            WHERE campaign_id = \(campaign) AND barrier_id = \(barrier) AND retracted_at IS NULL \(after)
            ORDER BY observed_on DESC, sequence DESC
            LIMIT \(limit)
            """
        ) { row in
            RecordedObservation(
                observation: try Observation(row: &row),
                setting: ObservationSetting(
                    appVersion: try row.read(), os: try row.read(), region: try row.read(), cohort: try row.read()),
                recordedAt: try row.read())
        }
    }

    /// What companies undertook about a barrier, latest first.
    public func undertakings(of barrier: UUID, campaign: Int) throws -> [RecordedUndertaking] {
        try all(
            """
            SELECT u.undertaking_id, u.scope, u.due_on, u.waits_for, e.effective_on
            FROM undertaking u JOIN event e ON e.campaign_id = u.campaign_id AND e.case_id = u.barrier_id
                 AND e.sequence = u.sequence
            WHERE u.campaign_id = \(campaign) AND u.barrier_id = \(barrier)
            ORDER BY u.sequence DESC LIMIT 100
            """
        ) { row in
            RecordedUndertaking(
                id: try row.read(), scope: try row.read(), dueOn: try row.read(), waitsFor: try row.read(),
                givenOn: try row.read())
        }
    }
}

/// An undertaking as it is stored, as far as it is about one barrier.
public struct RecordedUndertaking: Sendable {
    /// The same for all stages; `nil` for those of the first version of the program.
    public let id: UUID?
    public let scope: String?
    public let dueOn: Day?
    public let waitsFor: String?
    public let givenOn: Day
}

/// Where and with what an observation was made.
public struct ObservationSetting: Sendable, Equatable {
    public var appVersion: String?
    public var os: String?
    public var region: String?
    public var cohort: String?

    public init(appVersion: String? = nil, os: String? = nil, region: String? = nil, cohort: String? = nil) {
        self.appVersion = appVersion
        self.os = os
        self.region = region
        self.cohort = cohort
    }
}

/// An observation as it is stored.
public struct RecordedObservation: Sendable {
    public let observation: Observation
    public let setting: ObservationSetting
    public let recordedAt: Date
}

extension Observation {
    /// The columns `init(row:)` reads, in its order.
    fileprivate static let columns: SQL = """
        observed_on, method, result, coverage, control_target, control_result, tests, observer_id, sequence,
        retracted_by
        """

    fileprivate init(row: inout Row) throws {
        self.init(on: try row.read(), method: try row.read(), result: try row.read(), coverage: try row.read())
        let (target, seen): (Barrier.Target?, Result?) = (try row.read(), try row.read())
        control = target.flatMap { target in seen.map { Control(target: target, result: $0) } }
        tests = try row.read(JSONText.self).decoded()
        observer = try row.read()
        sequence = try row.read()
        retractedBy = try row.read()
    }
}
