import Casework
import Foundation
import Postgres
import Synchronization

/// A barrier of one campaign.
struct CampaignBarrier: Hashable, Sendable {
    let campaign: Int
    let key: BarrierKey
}

/// What filings need beside their own rows: numbers for their references, and the barriers they attest.
///
/// Both are kept in memory as far as they never change, and made in short transactions of their own, so that no filing
/// waits for another's.
final class FilingNumbers: Sendable {
    private let filing: Database
    private let work: Database
    private let numbers = Mutex<[Int: Numbers]>([:])
    /// Ids never change, and the day a barrier stands in the ledger from only goes back.
    private let barriers = Mutex<[CampaignBarrier: (id: UUID, recordedOn: Day)]>([:])

    private struct Numbers {
        var free: [Int] = []
        var taken: ContinuousClock.Instant = .now
    }

    /// Numbers taken from the campaign's counter at a time.
    ///
    /// A restart leaves a gap of what was not used.
    private static let block = 20
    /// How long numbers are kept for filings to come, so that a low number is an old one by and large.
    private static let patience: Duration = .seconds(24 * 3600)
    /// Barriers remembered at the most; beyond that all are asked for again.
    private static let remembered = 50_000

    init(_ databases: Databases) {
        (filing, work) = (databases.filing, databases.work)
    }

    // MARK: Numbers

    /// So many numbers that no complaint of the campaign has, lowest first.
    func take(_ count: Int, of campaign: Int) async throws -> [Int] {
        let found = numbers.withLock { numbers -> [Int] in
            guard let kept = numbers[campaign], kept.taken.duration(to: .now) < Self.patience else {
                numbers[campaign] = nil
                return []
            }
            let found = Array(kept.free.prefix(count))
            numbers[campaign]?.free.removeFirst(found.count)
            return found
        }
        guard found.count < count else { return found }
        let size = max(Self.block, count - found.count)
        let end = try await filing.transaction { db in
            try db.first(
                """
                UPDATE campaign_counter SET next_complaint = next_complaint + \(size)
                WHERE campaign_id = \(campaign) RETURNING next_complaint
                """
            ) { row in try row.read(Int.self) }
        }
        guard let end else { throw PostgresError.unexpectedRow("campaign \(campaign) has no counter") }
        let block = Array((end - size)..<end)
        numbers.withLock { $0[campaign] = $0[campaign] ?? Numbers() }
        giveBack(Array(block.dropFirst(count - found.count)), of: campaign)
        return found + block.prefix(count - found.count)
    }

    /// What was not used serves the next.
    func giveBack(_ rest: some Collection<Int>, of campaign: Int) {
        guard !rest.isEmpty else { return }
        numbers.withLock { numbers in
            numbers[campaign]?.free.append(contentsOf: rest)
            numbers[campaign]?.free.sort()
        }
    }

    // MARK: Barriers

    /// The barriers that the filings attest: found, or entered in the ledger.
    func barriers(of filings: [PreparedFiling]) async throws -> [CampaignBarrier: UUID] {
        var found: [CampaignBarrier: UUID] = [:]
        for filing in filings {
            guard let barrier = filing.barrier else { continue }
            let day = filing.intake.complaint.receivedOn
            if let known = barriers.withLock({ $0[barrier] }), known.recordedOn <= day {
                found[barrier] = known.id
                continue
            }
            let actor = filing.intake.actor
            let summary = try await self.filing.transaction { db in
                try db.findOrEnterBarrier(barrier.key, campaign: barrier.campaign, by: actor, on: day)
            }
            if day < summary.recordedOn {
                // An earlier first day rewrites the barrier's history. The rule reads complaints and orders, which the
                // role that files may not.
                try await work.transaction(as: .system) { db in
                    try db.extend(summary, backTo: day, campaign: barrier.campaign, by: actor, reason: nil)
                }
            }
            found[barrier] = summary.id
            barriers.withLock { barriers in
                if barriers.count >= Self.remembered { barriers.removeAll() }
                barriers[barrier] = (summary.id, min(summary.recordedOn, day))
            }
        }
        return found
    }
}
