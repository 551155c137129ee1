public import Casework
import Crypto
public import Foundation
import Postgres
import Synchronization

/// What is kept sealed about a filing.
public struct SealedParts: Sendable {
    public var identity: Identity?
    public var linkText: String?
    /// The code in the pasted text that opens the page in another app.
    public var passphrase: String?
    public var controlText: String?

    public init(
        identity: Identity? = nil, linkText: String? = nil, passphrase: String? = nil, controlText: String? = nil
    ) {
        self.identity = identity
        self.linkText = linkText
        self.passphrase = passphrase
        self.controlText = controlText
    }
}

/// A filing, understood and ready to be stored.
public struct Intake: Sendable {
    public var campaignID: Int
    public var campaign: String
    public var prefix: String
    public var complaint: Complaint
    public var filing: Filing
    public var sealed: SealedParts
    public var actor: Actor
    public var channel: Channel
    /// The officer who files with a reference of their own; the public's references are not held against anyone.
    public var filedBy: UUID?

    public init(
        campaignID: Int, campaign: String, prefix: String, complaint: Complaint, filing: Filing, sealed: SealedParts,
        actor: Actor, channel: Channel, filedBy: UUID? = nil
    ) {
        self.campaignID = campaignID
        self.campaign = campaign
        self.prefix = prefix
        self.complaint = complaint
        self.filing = filing
        self.sealed = sealed
        self.actor = actor
        self.channel = channel
        self.filedBy = filedBy
    }
}

/// What became of a filing, before it is committed.
public struct Receipt: Sendable {
    public let reference: Reference
    public let trackingCode: TrackingCode
    public let recordedAt: Date
    public let complaint: Complaint
    public let barrier: BarrierSummary?
}

/// A barrier, as a complaint shows it.
public struct BarrierSummary: Sendable, Equatable {
    public let number: Int
    public let remediation: Barrier.Remediation
    public let observed: Observed.State
    let recordedOn: Day
    let id: UUID
}

/// Why a filing was not stored.
public enum IntakeError: Error, Equatable {
    /// This filer has sent this reference before.
    case alreadyFiled(existing: String)
}

/// A filing with everything made that needs no database: what is left is to write it down.
struct PreparedFiling: Sendable {
    let intake: Intake
    let request: IdempotentRequest?
    let key: CaseKey
    let number: Int
    let trackingCode: TrackingCode
    /// The barrier it attests.
    let barrier: UUID?
    let sealed: [(SealedField, Data)]
    let contacts: [(kind: String, digest: Data)]
    let pairs: [Int]
    /// Makes the answer that is stored for whoever asks again with the same key.
    let answer: @Sendable (Receipt) throws -> StoredAnswer

    var reference: Reference { Reference(prefix: intake.prefix, number: number) }
}

/// Stores filings: everything of one, or nothing.
public final class Intaker: Sendable {
    private let databases: Databases
    private let keys: CaseKeys
    private let contactKey: SymmetricKey
    private let lane: FilingLane
    private let numbers = Mutex<[Int: Numbers]>([:])

    private struct Numbers {
        var left: Range<Int>
        var returned: [Int] = []
        let taken: ContinuousClock.Instant
    }

    /// Barriers that are known: their ids never change, and the day they stand in the ledger from only goes back.
    private let barriers = Mutex<[KnownBarrier: (id: UUID, recordedOn: Day)]>([:])

    private struct KnownBarrier: Hashable {
        let campaign: Int
        let key: BarrierKey
    }

    /// Barriers remembered at the most; beyond that all are asked for again.
    private static let remembered = 50_000
    /// Numbers taken from the campaign's counter at a time.
    ///
    /// A restart leaves a gap of what was not used.
    private static let block = 20
    /// How long numbers are kept for filings to come, so that a low number is an old one by and large.
    private static let patience: Duration = .seconds(24 * 3600)

    public init(_ databases: Databases, keys: CaseKeys) {
        self.databases = databases
        self.keys = keys
        contactKey = keys.encryptionKey.derived(for: "contact digest")
        lane = FilingLane(databases.filing)
    }

    /// Stores `intake`; with a key, at most once.
    ///
    /// - Parameters:
    ///   - intake: What is filed.
    ///   - request: The key of the request, if it has one.
    ///   - answer: Makes the answer that is stored for whoever asks again with the same key.
    /// - Returns: The answer, and whether it had been given before.
    /// - Throws: ``IntakeError``, ``IdempotencyError``, ``MomentError``, ``FilingLane/Full``, or `PostgresError`.
    public func file(
        _ intake: Intake, request: IdempotentRequest?, answer: @escaping @Sendable (Receipt) throws -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        let id = intake.complaint.id
        let barrier = try await barrier(for: intake)
        let number = try await nextNumber(of: intake.campaignID)
        let key = try await keys.take()
        let filing = PreparedFiling(
            intake: intake, request: request, key: key, number: number, trackingCode: .generate(), barrier: barrier,
            sealed: try intake.sealed.sealed(with: key, of: id),
            contacts: intake.sealed.identity?.contactDigests(key: contactKey) ?? [],
            pairs: characterPairs(in: intake.filing.narrative), answer: answer)
        do {
            let (answer, isReplay) = try await lane.store(filing)
            if isReplay { await giveBack(filing) }
            return (answer, isReplay)
        } catch let error where error is IntakeError || error is IdempotencyError || error is FilingLane.Full {
            await giveBack(filing)
            throw error
        }
    }

    /// Number and key of a filing that was not written serve the next.
    private func giveBack(_ filing: PreparedFiling) async {
        numbers.withLock { $0[filing.intake.campaignID]?.returned.append(filing.number) }
        await keys.giveBack(filing.key)
    }

    /// Found or entered in the ledger in a short transaction of its own, so that filings never wait for each other.
    private func barrier(for intake: Intake) async throws -> UUID? {
        guard let key = BarrierKey(intake.complaint, scene: intake.filing.scene) else { return nil }
        let (known, day) = (KnownBarrier(campaign: intake.campaignID, key: key), intake.complaint.receivedOn)
        if let found = barriers.withLock({ $0[known] }), found.recordedOn <= day { return found.id }
        let summary = try await databases.filing.transaction { db in
            try db.findOrRecordBarrier(key, campaign: intake.campaignID, by: intake.actor, on: day)
        }
        barriers.withLock { barriers in
            if barriers.count >= Self.remembered { barriers.removeAll() }
            barriers[known] = (summary.id, min(summary.recordedOn, day))
        }
        return summary.id
    }

    private func nextNumber(of campaign: Int) async throws -> Int {
        if let number = takeNumber(of: campaign) { return number }
        let end = try await databases.filing.transaction { db in
            try db.first(
                """
                UPDATE campaign_counter SET next_complaint = next_complaint + \(Self.block)
                WHERE campaign_id = \(campaign)
                RETURNING next_complaint
                """
            ) { row in try row.read(Int.self) }
        }
        guard let end else { throw PostgresError.unexpectedRow("campaign \(campaign) has no counter") }
        numbers.withLock { blocks in
            // Where two filings fetched at once, the earlier block's rest is a gap.
            blocks[campaign] = Numbers(left: (end - Self.block + 1)..<end, taken: .now)
        }
        return end - Self.block
    }

    private func takeNumber(of campaign: Int) -> Int? {
        numbers.withLock { blocks in
            guard let block = blocks[campaign], block.taken.duration(to: .now) < Self.patience else { return nil }
            if let number = blocks[campaign]?.returned.popLast() { return number }
            guard let number = block.left.first else { return nil }
            blocks[campaign]?.left = block.left.dropFirst()
            return number
        }
    }
}
