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

/// Stores filings: one transaction each, everything or nothing.
public final class Intaker: Sendable {
    private let databases: Databases
    private let keys: CaseKeys
    private let contactKey: SymmetricKey
    private let numbers = Mutex<[Int: (left: Range<Int>, taken: ContinuousClock.Instant)]>([:])

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
    }

    /// Stores `intake`; with a key, at most once.
    ///
    /// - Parameters:
    ///   - intake: What is filed.
    ///   - request: The key of the request, if it has one.
    ///   - answer: Makes the answer that is stored for whoever asks again with the same key.
    /// - Returns: The answer, and whether it had been given before.
    /// - Throws: ``IntakeError``, ``IdempotencyError``, ``MomentError``, or `PostgresError`.
    public func file(
        _ intake: Intake, request: IdempotentRequest?, answer: @escaping @Sendable (Receipt) throws -> StoredAnswer
    ) async throws -> (answer: StoredAnswer, isReplay: Bool) {
        if let request, let known = try await replay(request) { return (known, true) }
        if let existing = try await filedBefore(intake) { throw IntakeError.alreadyFiled(existing: existing) }
        let barrier = try await barrier(for: intake)
        let number = try await nextNumber(of: intake.campaignID)
        let caseKey = try await keys.take()
        let code = TrackingCode.generate()
        let reference = Reference(prefix: intake.prefix, number: number)
        do {
            return try await databases.filing.transaction { [contactKey] db in
                try db.run(script: "SET LOCAL lock_timeout = '250ms'")
                let moment = try db.recordingMoment()
                let receipt = Receipt(
                    reference: reference, trackingCode: code, recordedAt: moment, complaint: intake.complaint,
                    barrier: barrier)
                let made = try answer(receipt)
                if let request, try !db.keep(made, for: request, at: moment) { throw IdempotencyError.raced }
                try db.insert(intake, receipt, key: caseKey, contactKey: contactKey)
                return (made, false)
            }
        } catch IdempotencyError.raced {
            guard let request, let known = try await replay(request) else { throw IdempotencyError.inFlight }
            return (known, true)
        } catch let error as PostgresError where error.constraint == "complaint_is_filed_once" {
            throw IntakeError.alreadyFiled(existing: try await filedBefore(intake) ?? "")
        }
    }

    private func replay(_ request: IdempotentRequest) async throws -> StoredAnswer? {
        try await databases.filing.transaction(.readOnly) { db in try db.answer(to: request) }
    }

    /// The complaint that this filer has sent under the same reference before.
    private func filedBefore(_ intake: Intake) async throws -> String? {
        guard let filer = intake.filedBy, let own = intake.filing.clientReference else { return nil }
        let number = try await databases.filing.transaction(.readOnly) { db in
            try db.first(
                """
                SELECT number FROM complaint
                WHERE campaign_id = \(intake.campaignID) AND filed_by = \(filer) AND client_reference = \(own)
                """
            ) { row in try row.read(Int.self) }
        }
        return number.map { Reference(prefix: intake.prefix, number: $0).description }
    }

    /// Found or entered in the ledger in a short transaction of its own, so that filings never wait for each other.
    private func barrier(for intake: Intake) async throws -> BarrierSummary? {
        guard let key = BarrierKey(intake.complaint, scene: intake.filing.scene) else { return nil }
        return try await databases.filing.transaction { db in
            try db.findOrRecordBarrier(
                key, campaign: intake.campaignID, by: intake.actor, on: intake.complaint.receivedOn)
        }
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
            blocks[campaign] = ((end - Self.block + 1)..<end, .now)
        }
        return end - Self.block
    }

    private func takeNumber(of campaign: Int) -> Int? {
        numbers.withLock { blocks in
            guard let block = blocks[campaign], let number = block.left.first,
                block.taken.duration(to: .now) < Self.patience
            else { return nil }
            blocks[campaign]?.left = block.left.dropFirst()
            return number
        }
    }
}
