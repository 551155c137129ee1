public import Casework
public import Foundation
public import Postgres

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

extension Connection {
    /// The one way a barrier changes: lock it, ask the rules, save it, and record what happened.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func perform(
        _ action: Barrier.Action, onBarrier number: Int, of code: String, by actor: Actor, _ terms: ActionTerms,
        book: ReferenceBook, at now: Date
    ) throws -> BarrierRecord {
        try change(number, of: code, terms, book: book, at: now) { barrier, record, campaign, day in
            if case .await(let company) = action, book.directory.company(company) == nil {
                throw Refusal.unknownCode(
                    field: "company", value: company, known: book.directory.registry.companies.map(\.code))
            }
            let observations = try self.observations(of: record.id, campaign: record.campaignID, limit: 1000)
            let event = try barrier.apply(
                action, by: actor, on: day, under: campaign, observations: observations.map(\.observation))
            if case .undertake(let scope, let due) = action, scope != nil || due != nil {
                try run(
                    """
                    INSERT INTO undertaking (campaign_id, barrier_id, sequence, scope, due_on)
                    VALUES (\(record.campaignID), \(record.id), \(barrier.sequence), \(scope), \(due))
                    """)
            }
            return (event, nil)
        }
    }

    /// Stores an observation.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func observe(
        barrier number: Int, of code: String, _ observation: Observation, in setting: ObservationSetting,
        by actor: Actor, _ terms: ActionTerms, book: ReferenceBook, at now: Date
    ) throws -> BarrierRecord {
        try change(number, of: code, terms, book: book, at: now) { barrier, _, _, day in
            var observation = observation
            observation.on = day
            let (event, placed) = try barrier.observe(observation, by: actor)
            return (event, (placed, setting))
        }
    }

    private typealias Change = (inout Barrier, BarrierRecord, Campaign, Day) throws -> (
        event: Event, seen: (Observation, ObservationSetting)?
    )

    private func change(
        _ number: Int, of code: String, _ terms: ActionTerms, book: ReferenceBook, at now: Date, _ change: Change
    ) throws -> BarrierRecord {
        guard let (campaignID, campaign) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        guard let record = try lockedBarrier(number, campaign: campaignID) else {
            throw CaseError.notFound("barrier \(number)")
        }
        guard terms.versions?.contains(record.version) ?? true else {
            throw CaseError.stale(current: record.version)
        }
        let day = try terms.day(today: Day(now, in: campaign.zone()))
        let moment = try recordingMoment(after: record.changedAt)

        var barrier = record.barrier
        let (event, seen) = try change(&barrier, record, campaign, day)
        try self.record(
            event, on: record.id, .barrier, campaign: campaignID, sequence: barrier.sequence, at: moment,
            note: terms.reason)
        if let (observation, setting) = seen {
            try insert(observation, setting, of: record, by: event.actor.id, at: moment)
        }
        try save(barrier, id: record.id, campaign: campaignID, at: moment)
        guard let saved = try self.barrier(number, campaign: campaignID) else {
            throw CaseError.notFound("barrier \(number)")
        }
        return saved
    }

    private func insert(
        _ observation: Observation, _ setting: ObservationSetting, of record: BarrierRecord, by observer: UUID?,
        at moment: Date
    ) throws {
        try run(
            """
            INSERT INTO observation (campaign_id, barrier_id, sequence, observed_on, recorded_at, method, result,
                                     coverage, app_version, os, region, cohort, observer_id)
            VALUES (\(record.campaignID), \(record.id), \(observation.sequence), \(observation.on), \(moment),
                    \(observation.method), \(observation.result), \(observation.coverage), \(setting.appVersion),
                    \(setting.os), \(setting.region), \(setting.cohort), \(observer))
            """)
    }

    private func save(_ barrier: Barrier, id: UUID, campaign: Int, at moment: Date) throws {
        try run(
            """
            UPDATE barrier
            SET version = \(barrier.sequence), remediation = \(barrier.remediation), episode = \(barrier.episode),
                state_before_await = \(barrier.stateBeforeAwait), awaited_company = \(barrier.awaitedCompany),
                coverage = \(barrier.coverage), has_standing_order = \(barrier.hasStandingOrder),
                claimed_at = \(barrier.claimedAt), justified_until = \(barrier.justifiedUntil),
                false_claims = \(barrier.falseClaims), changed_on = \(barrier.changedOn), changed_at = \(moment)
            WHERE campaign_id = \(campaign) AND id = \(id)
            """)
        try saveInterval(of: barrier, id: id, campaign: campaign, at: moment)
    }

    /// What reports see of the barrier from its latest change on.
    func saveInterval(of barrier: Barrier, id: UUID, campaign: Int, at moment: Date) throws {
        try run(
            """
            INSERT INTO barrier_interval (campaign_id, barrier_id, sequence, effective_from, recorded_at, remediation,
                                          episode, coverage, awaited_company, has_standing_order, false_claims)
            VALUES (\(campaign), \(id), \(barrier.sequence), \(barrier.changedOn), \(moment), \(barrier.remediation),
                    \(barrier.episode), \(barrier.coverage), \(barrier.awaitedCompany), \(barrier.hasStandingOrder),
                    \(barrier.falseClaims))
            """)
    }

    /// The observations of a barrier, latest first.
    public func observations(of barrier: UUID, campaign: Int, limit: Int) throws -> [RecordedObservation] {
        try all(
            """
            SELECT observed_on, method, result, coverage, sequence, app_version, os, region, cohort, recorded_at
            FROM observation
            WHERE campaign_id = \(campaign) AND barrier_id = \(barrier) AND retracted_at IS NULL
            ORDER BY observed_on DESC, sequence DESC
            LIMIT \(limit)
            """
        ) { row in
            RecordedObservation(
                observation: Observation(
                    on: try row.read(), method: try row.read(), result: try row.read(), coverage: try row.read(),
                    sequence: try row.read()),
                setting: ObservationSetting(
                    appVersion: try row.read(), os: try row.read(), region: try row.read(), cohort: try row.read()),
                recordedAt: try row.read())
        }
    }
}
