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
    /// Whether the filing itself says when it was received; else that is the day on which it came.
    public var namesReceivedOn: Bool
    /// The page of the pasted link, by which filings are compared.
    public var linkPage: String?

    public init(
        campaignID: Int, campaign: String, prefix: String, complaint: Complaint, filing: Filing, sealed: SealedParts,
        actor: Actor, channel: Channel, filedBy: UUID? = nil, namesReceivedOn: Bool = false,
        linkPage: String? = nil
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
        self.namesReceivedOn = namesReceivedOn
        self.linkPage = linkPage
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
    /// This filer has sent the same under this reference before.
    case alreadyFiled(existing: String)
    /// This filer has sent something else under this reference before.
    case referenceConflict(existing: String)
}

/// A filing with everything made that needs no database: what is left is to number it and write it down.
struct PreparedFiling: Sendable {
    private(set) var intake: Intake
    let request: IdempotentRequest?
    let key: CaseKey
    let trackingCode: TrackingCode
    let sealed: [(SealedField, Data)]
    let contacts: [(kind: String, digest: Data)]
    /// Of the digest by which the log of history commits to it.
    let salt = Data(randomBytes(FilingDigest.saltLength))
    /// What tells whether another filing under the same reference says the same.
    let digest: ReferenceDigest?
    /// Makes the answer that is stored for whoever asks again with the same key.
    let answer: @Sendable (Receipt) throws -> StoredAnswer

    /// What the barrier it attests is known by.
    var barrier: CampaignBarrier? {
        BarrierKey(intake.complaint, scene: intake.filing.scene).map { key in
            CampaignBarrier(campaign: intake.campaignID, key: key)
        }
    }

    /// Sends it to the office that has its region.
    ///
    /// The offices are those of the transaction that stores the filing, read after its moment of recording: an office
    /// that was set up before that moment gets it, whatever the server knew when it read the filing.
    mutating func assignOffice(among offices: [Office]) {
        intake.complaint.office = Office.having(region: intake.filing.region, among: offices)
    }
}

/// Stores filings: everything of one, or nothing.
public final class Intaker: Sendable {
    private let keys: CaseKeys
    private let contactKey: SymmetricKey
    private let filingKey: SymmetricKey
    private let lane: FilingLane

    /// - Parameters:
    ///   - databases: Where filings go.
    ///   - keys: What they are sealed with.
    ///   - patience: How long a filing may wait for its turn; then ``FilingLane/Full``.
    ///   - filerQuota: Bytes that each filer may store.
    public init(
        _ databases: Databases, keys: CaseKeys, patience: Duration = .seconds(5), filerQuota: Int = .max
    ) {
        self.keys = keys
        (contactKey, filingKey) = (keys.named.contactIndex, keys.named.filingDigest)
        lane = FilingLane(databases, patience: patience, filerQuota: filerQuota)
    }

    /// How busy the way of filings is.
    public var laneState: FilingLaneState { lane.state }

    /// Stores `intake`; with a key, at most once.
    ///
    /// - Parameters:
    ///   - intake: What is filed.
    ///   - request: The key of the request, if it has one.
    ///   - answer: Makes the answer that is stored for whoever asks again with the same key.
    /// - Returns: The answer, and whether it had been given before.
    /// - Throws: ``IntakeError``, ``IdempotencyError``, ``MomentError``, ``FilingLane/Full``, ``FilerStorageFull``, or
    ///   `PostgresError`.
    public func file(
        _ intake: Intake, request: IdempotentRequest?, answer: @escaping @Sendable (Receipt) throws -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        let filing = try await prepared(intake, request, answer)
        do {
            let (answer, isReplay) = try await lane.store(filing)
            if isReplay { await keys.giveBack(filing.key) }
            return (answer, isReplay)
        } catch let error
            where error is IntakeError || error is IdempotencyError || error is FilingLane.Full
            || error is FilerStorageFull
        {
            await keys.giveBack(filing.key)
            throw error
        }
    }

    /// Stores several filings in one transaction, all or none.
    ///
    /// - Parameters:
    ///   - intakes: What is filed.
    ///   - request: The key of the request they came in.
    ///   - answers: Make the answer to each.
    ///   - whole: Makes the answer to the request from them.
    /// - Returns: The answer to the request, and whether it had been given before.
    /// - Throws: ``IntakeError``, ``IdempotencyError``, ``MomentError``, or `PostgresError`; nothing is stored then.
    public func fileTogether(
        _ intakes: [Intake], request: IdempotentRequest, answer answers: [@Sendable (Receipt) throws -> StoredAnswer],
        _ whole: @escaping @Sendable ([StoredAnswer]) -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        var filings: [PreparedFiling] = []
        for (intake, answer) in zip(intakes, answers) { filings.append(try await prepared(intake, nil, answer)) }
        return try await lane.storeTogether(filings, request, whole)
    }

    /// Looks whether the same filer has sent it before under a reference of their own.
    ///
    /// - Throws: ``IntakeError``, or `PostgresError`.
    public func check(_ intake: Intake) async throws {
        guard let existing = try await lane.existing(intake) else { return }
        throw existing.error(for: intake, digest: digest(of: intake))
    }

    func digest(of intake: Intake) -> ReferenceDigest? { ReferenceDigest(of: intake, key: filingKey) }

    /// What the filings were sealed with serves others: nothing of them was kept.
    func giveBackKeys(of filings: [PreparedFiling]) async {
        for filing in filings { await keys.giveBack(filing.key) }
    }

    /// Everything made that needs no database of cases; without a request, the answer to one is not asked for.
    func prepared(
        _ intake: Intake, _ request: IdempotentRequest? = nil,
        _ answer: @escaping @Sendable (Receipt) throws -> StoredAnswer = { _ in
            StoredAnswer(status: 201, location: "", version: 1, body: Data())
        }
    ) async throws -> PreparedFiling {
        let key = try await keys.take()
        return PreparedFiling(
            intake: intake, request: request, key: key, trackingCode: .generate(),
            sealed: try intake.sealed.sealed(with: key, of: intake.complaint.id),
            contacts: intake.sealed.identity?.contactDigests(key: contactKey) ?? [],
            digest: digest(of: intake), answer: answer)
    }
}
