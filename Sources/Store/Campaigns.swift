public import Casework
import Foundation
public import Postgres

extension Connection {
    /// Takes no more filings from the day after `day`.
    ///
    /// Done once, and recorded.
    ///
    /// - Throws: `Refusal` where it is closed already, ``MomentError``, or `PostgresError`, with the constraint
    ///   `campaign_closes_after_launch` where the day is too early.
    public func closeCampaign(_ campaign: Int, on day: Day, by actor: Actor) throws {
        let isClosed = try first("SELECT closed_on IS NOT NULL FROM campaign WHERE id = \(campaign) FOR UPDATE") {
            row in
            try row.read(Bool.self)
        }
        guard isClosed == false else {
            throw Refusal.outOfOrder(action: "close_campaign", state: "closed", allowed: [])
        }
        try run("UPDATE campaign SET closed_on = \(day) WHERE id = \(campaign)")
        let event = Event(actor: actor, action: "close_campaign", effectiveOn: day)
        try record(
            event, on: UUID(campaign: campaign), .campaign, campaign: campaign,
            sequence: try nextSequence(ofCampaign: campaign), at: try recordingMoment())
    }

    /// The place of the campaign's own next event; its row is locked.
    func nextSequence(ofCampaign campaign: Int) throws -> Int {
        try first(
            """
            SELECT coalesce(max(sequence), 0) + 1 FROM event
            WHERE campaign_id = \(campaign) AND case_id = \(UUID(campaign: campaign))
            """
        ) { row in try row.read(Int.self) } ?? 1
    }
}

extension UUID {
    /// A campaign's place among the cases of history: its number, in an id that no other case has.
    init(campaign: Int) {
        let (high, low) = (UInt8(truncatingIfNeeded: campaign >> 8), UInt8(truncatingIfNeeded: campaign))
        self.init(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low))
    }
}
