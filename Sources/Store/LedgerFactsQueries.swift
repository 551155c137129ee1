import Casework
import Foundation
import Postgres
import Reports

extension Connection {
    /// Every barrier that stood in the ledger by the end of the day, as known at the cut.
    func barrierFacts(_ view: ReportView) throws -> [BarrierFacts] {
        var barriers: [UUID: BarrierFacts] = [:]
        _ = try all(
            """
            SELECT id, number, kind, respondent_platform, target_key, scene FROM barrier
            WHERE campaign_id = \(view.campaignID)
            """
        ) { row in
            let id: UUID = try row.read()
            barriers[id] = BarrierFacts(
                number: try row.read(), kind: try row.read(), platform: try row.read(), target: try row.read(),
                scene: try row.read())
        }
        _ = try all(
            """
            SELECT barrier_id, effective_from, remediation, episode, coverage, awaited_company, has_standing_order,
                   false_claims
            FROM barrier_interval
            WHERE \(seen(view)) AND effective_from <= \(view.day) ORDER BY barrier_id, effective_from, sequence
            """
        ) { row in
            let id: UUID = try row.read()
            let state = BarrierFacts.State(
                on: try row.read(), remediation: try row.read(), episode: try row.read(), coverage: try row.read(),
                awaitedCompany: try row.read(), hasStandingOrder: try row.read(), falseClaims: try row.read())
            barriers[id]?.states.append(state)
        }
        try readObservations(view, into: &barriers)
        try readJustifications(view, into: &barriers)
        return barriers.values.filter { !$0.states.isEmpty }.sorted { $0.number < $1.number }
    }

    /// What was recorded by the cut and not taken back by then.
    private func seen(_ view: ReportView) -> SQL {
        """
        campaign_id = \(view.campaignID) AND recorded_at <= \(view.cut)
        AND (retracted_at IS NULL OR retracted_at > \(view.cut))
        """
    }

    private func readObservations(_ view: ReportView, into barriers: inout [UUID: BarrierFacts]) throws {
        // Only the latest decides, and the latest version that was noted.
        _ = try all(
            """
            SELECT DISTINCT ON (barrier_id) barrier_id, observed_on, method, result, coverage, sequence FROM observation
            WHERE \(seen(view)) AND observed_on <= \(view.day) ORDER BY barrier_id, observed_on DESC, sequence DESC
            """
        ) { row in
            let (id, on): (UUID, Day) = (try row.read(), try row.read())
            let observation = Observation(
                on: on, method: try row.read(), result: try row.read(), coverage: try row.read(),
                sequence: try row.read())
            barriers[id]?.observations = [observation]
        }
        _ = try all(
            """
            SELECT DISTINCT ON (barrier_id) barrier_id, app_version FROM observation
            WHERE \(seen(view)) AND observed_on <= \(view.day) AND app_version IS NOT NULL
            ORDER BY barrier_id, observed_on DESC, sequence DESC
            """
        ) { row in
            let id: UUID = try row.read()
            barriers[id]?.version = try row.read()
        }
    }

    private func readJustifications(_ view: ReportView, into barriers: inout [UUID: BarrierFacts]) throws {
        let justified = barriers.filter { $0.value.states.last?.remediation == .justified }.map(\.key)
        _ = try all(
            """
            SELECT case_id, effective_on, details->>'ground', details->>'until' FROM event
            WHERE campaign_id = \(view.campaignID) AND case_id = ANY(\(justified)) AND recorded_at <= \(view.cut)
              AND action = 'justify' AND effective_on <= \(view.day)
            ORDER BY case_id, effective_on, sequence
            """
        ) { row in
            let (id, on): (UUID, Day) = (try row.read(), try row.read())
            let (ground, until): (String?, String?) = (try row.read(), try row.read())
            barriers[id]?.justifications.append(.init(on: on, ground: ground ?? "", until: until.flatMap { Day($0) }))
        }
    }

    /// Every order issued by the end of the day, as known at the cut.
    func orderFacts(_ view: ReportView) throws -> [OrderFacts] {
        var orders: [UUID: OrderFacts] = [:]
        _ = try all("SELECT id, number, company FROM rectification_order WHERE campaign_id = \(view.campaignID)") {
            row in
            let id: UUID = try row.read()
            orders[id] = OrderFacts(number: try row.read(), company: try row.read())
        }
        _ = try all(
            """
            SELECT order_id, effective_from, status, rung, due_on FROM order_interval
            WHERE \(seen(view)) AND effective_from <= \(view.day) ORDER BY order_id, effective_from, sequence
            """
        ) { row in
            let id: UUID = try row.read()
            let state = OrderFacts.State(
                on: try row.read(), status: try row.read(), rung: try row.read(), dueOn: try row.read())
            orders[id]?.states.append(state)
        }
        return orders.values.filter { !$0.states.isEmpty }.sorted { $0.number < $1.number }
    }
}
