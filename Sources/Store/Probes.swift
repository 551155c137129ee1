public import Casework
import Crypto
public import Foundation
public import Postgres

/// The result of one automatic test, on its way into the ledger.
public struct ProbeResult: Sendable {
    /// The tester's own name for it: sent twice, it is entered once.
    public var id: String
    public var barrier: Int
    public var observation: Observation
    public var setting: ObservationSetting
    /// The line as it was sent, in canonical form: the same id with another line is a mistake.
    public var line: String

    public init(id: String, barrier: Int, observation: Observation, setting: ObservationSetting, line: String) {
        self.id = id
        self.barrier = barrier
        self.observation = observation
        self.setting = setting
        self.line = line
    }

    fileprivate var fingerprint: Data { Data(SHA256.hash(data: Data(line.utf8))) }
}

/// What became of a probe's result.
public enum ProbeOutcome: Sendable, Equatable {
    case entered
    /// The same had been entered before.
    case known
    /// The barrier had been verified, and its next episode began.
    case regressed
}

extension Connection {
    /// Enters the result of a probe, once.
    ///
    /// - Throws: `Refusal` where the same id came with another result before, or the rules refuse it; ``CaseError``,
    ///   ``MomentError``, or `PostgresError`.
    public func enter(
        _ probe: ProbeResult, of code: String, by actor: Actor, book: ReferenceBook, at now: Date
    ) throws -> ProbeOutcome {
        guard let (campaignID, _) = book.campaign(code) else { throw CaseError.notFound("campaign \(code)") }
        // The barrier's lock makes two deliveries of one result wait for each other.
        guard let before = try lockedBarrier(probe.barrier, campaign: campaignID) else {
            throw CaseError.notFound("barrier \(probe.barrier)")
        }
        let known = try first(
            """
            SELECT fingerprint FROM probe_result
            WHERE campaign_id = \(campaignID) AND probe_id = \(probe.id)
            """
        ) { row in try row.read(Data.self) }
        if let known {
            guard known == probe.fingerprint else {
                throw Refusal.invalid(field: "probe_id", reason: "“\(probe.id)” came with another result before")
            }
            return .known
        }
        let terms = ActionTerms(effectiveOn: probe.observation.on, reason: "probe \(probe.id)")
        let after = try perform(
            .observe(probe.observation), onBarrier: probe.barrier, of: code, by: actor, terms,
            .observation(probe.setting), book: book, at: now)
        try run(
            """
            INSERT INTO probe_result (campaign_id, probe_id, barrier_id, sequence, fingerprint)
            VALUES (\(campaignID), \(probe.id), \(before.id), \(before.sequence + 1), \(probe.fingerprint))
            """)
        return after.barrier.episode > before.barrier.episode ? .regressed : .entered
    }
}
