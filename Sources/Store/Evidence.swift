public import Casework
import Crypto
public import Foundation
public import Postgres

/// What files may take: a stated end instead of a full disk.
public struct EvidenceQuota: Sendable {
    /// Files of one complaint.
    public static let files = 20
    /// Bytes of one complaint's files.
    public static let bytesOfOne = 100 * 1024 * 1024
    /// Bytes of all complaints' files.
    public var bytesOfAll: Int

    public init(bytesOfAll: Int) {
        self.bytesOfAll = bytesOfAll
    }
}

/// Why a file was not kept though it is fit.
public enum EvidenceError: Error, Equatable {
    /// This complaint has as many files, or bytes, as it may have.
    case complaintIsFull
    /// All complaints together have.
    case noRoom
    /// The same sender has sent the same file already.
    case known
}

/// A file, encrypted in parts, ready to be written.
public struct SealedEvidence: Sendable {
    let file: EvidenceFile
    let digest: Data
    let capturedOn: Day?
    let name: Data
    let parts: [(rendition: SealedField.Rendition, position: Int, sealed: Data)]

    /// Bytes of one part.
    static let partSize = 256 * 1024

    /// - Throws: `CryptoKitError`.
    public init(_ file: EvidenceFile, capturedOn: Day?, with key: CaseKey, of complaint: UUID) throws {
        self.file = file
        self.capturedOn = capturedOn
        digest = Data(SHA256.hash(data: file.bytes))
        let hex = digest.hex
        name = try key.seal(file.name, field: .evidenceName(hex), of: complaint)
        let forms = [(SealedField.Rendition.original, file.bytes)] + (file.stripped.map { [(.stripped, $0)] } ?? [])
        parts = try forms.flatMap { rendition, bytes in
            try stride(from: 0, to: bytes.count, by: Self.partSize).enumerated().map { position, start in
                let part = Data(bytes[start..<min(start + Self.partSize, bytes.count)])
                let field = SealedField.evidence(hex, rendition, position: position)
                return (rendition, position, try key.seal(part, field: field, of: complaint))
            }
        }
    }

    /// In hexadecimal digits.
    public var sha256: String { digest.hex }

    public var action: Complaint.Action { .attach(file.kind, sha256: sha256, bytes: file.bytes.count) }
}

/// A file as it is listed.
public struct EvidenceRecord: Sendable {
    public let digest: Data
    public let kind: EvidenceFile.Kind
    public let bytes: Int
    /// Of the rendition without what was written beside the image.
    public let strippedBytes: Int?
    public let capturedOn: Day?
    public let recordedAt: Date
    /// Whether the complainant sent it, or someone at their wish.
    public let isComplainants: Bool
    fileprivate let sealedName: Data

    /// In hexadecimal digits.
    public var sha256: String { digest.hex }
}

extension Connection {
    /// The files of a complaint, in the order in which they came.
    public func evidence(of record: ComplaintRecord) throws -> [EvidenceRecord] {
        try all(
            """
            SELECT sha256, kind, bytes, stripped_bytes, captured_on, recorded_at, is_complainants, sealed_name
            FROM evidence_file
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id)
            ORDER BY sequence LIMIT \(EvidenceQuota.files)
            """
        ) { row in
            EvidenceRecord(
                digest: try row.read(), kind: try row.read(), bytes: try row.read(), strippedBytes: try row.read(),
                capturedOn: try row.read(), recordedAt: try row.read(), isComplainants: try row.read(),
                sealedName: try row.read())
        }
    }

    /// One part of a file, still sealed; `nil` behind its end.
    public func evidencePart(
        _ position: Int, of file: EvidenceRecord, _ rendition: SealedField.Rendition, _ record: ComplaintRecord
    ) throws -> Data? {
        try first(
            """
            SELECT sealed FROM evidence_chunk
            WHERE campaign_id = \(record.campaignID) AND complaint_id = \(record.complaint.id)
              AND sha256 = \(file.digest) AND is_complainants = \(file.isComplainants)
              AND rendition = \(rendition) AND position = \(position)
            """
        ) { row in try row.read() }
    }

    /// Writes a file beside the event that tells of it; the case is locked, so nobody else takes its last place.
    func insert(_ evidence: SealedEvidence, within quota: EvidenceQuota, of change: ComplaintChange) throws {
        let (campaign, complaint) = (change.record.campaignID, change.complaint.id)
        let isComplainants = (change.onBehalfOf ?? change.actor.kind) == .complainant
        let bytes = evidence.file.bytes.count + (evidence.file.stripped?.count ?? 0)
        let isKnown = try first(
            """
            SELECT true FROM evidence_file
            WHERE campaign_id = \(campaign) AND complaint_id = \(complaint) AND sha256 = \(evidence.digest)
              AND is_complainants = \(isComplainants)
            """
        ) { row in try row.read(Bool.self) }
        guard isKnown == nil else { throw EvidenceError.known }
        let taken = try first(
            """
            SELECT count(*), coalesce(sum(bytes + coalesce(stripped_bytes, 0)), 0)::bigint FROM evidence_file
            WHERE campaign_id = \(campaign) AND complaint_id = \(complaint)
            """
        ) { row in (files: try row.read(Int.self), bytes: try row.read(Int.self)) }
        guard let taken, taken.files < EvidenceQuota.files, taken.bytes + bytes <= EvidenceQuota.bytesOfOne else {
            throw EvidenceError.complaintIsFull
        }
        try run(
            """
            INSERT INTO evidence_file (campaign_id, complaint_id, sha256, is_complainants, sequence, kind, bytes,
                stripped_bytes, captured_on, sealed_name, recorded_at)
            VALUES (\(campaign), \(complaint), \(evidence.digest), \(isComplainants), \(change.sequence),
                    \(evidence.file.kind), \(evidence.file.bytes.count), \(evidence.file.stripped?.count),
                    \(evidence.capturedOn), \(evidence.name), \(change.moment))
            """)
        // One statement a part, so that no more than one is written out as text at a time.
        for part in evidence.parts {
            try run(
                """
                INSERT INTO evidence_chunk (campaign_id, complaint_id, sha256, is_complainants, rendition, position,
                    sealed)
                VALUES (\(campaign), \(complaint), \(evidence.digest), \(isComplainants), \(part.rendition),
                        \(part.position), \(part.sealed))
                """)
        }
        // Last, since other uploads wait for this row.
        let counted = try run(
            "UPDATE evidence_total SET bytes = bytes + \(bytes) WHERE bytes + \(bytes) <= \(quota.bytesOfAll)")
        guard counted == 1 else { throw EvidenceError.noRoom }
    }
}

extension CaseKeys {
    /// The names of files; without one where the key of the complaint is gone.
    ///
    /// - Throws: `PostgresError`, or ``DamagedSeal`` where something was tampered with.
    public nonisolated func names(of files: [EvidenceRecord], _ record: ComplaintRecord) async throws -> [String?] {
        guard !files.isEmpty, let key = try await key(of: record) else { return files.map { _ in nil } }
        return try files.map { file in
            try key.open(file.sealedName, field: .evidenceName(file.sha256), of: record.complaint.id)
        }
    }

    /// A part of a file.
    ///
    /// - Returns: `nil` where the key of the complaint is gone.
    /// - Throws: `PostgresError`, or ``DamagedSeal`` where something was tampered with.
    public nonisolated func open(
        part: Data, _ position: Int, of file: EvidenceRecord, _ rendition: SealedField.Rendition,
        _ record: ComplaintRecord
    ) async throws -> Data? {
        let field = SealedField.evidence(file.sha256, rendition, position: position)
        return try await key(of: record)?.openBytes(part, field: field, of: record.complaint.id)
    }
}

extension EvidenceFile.Kind: PostgresValue {}

extension Data {
    /// In hexadecimal digits, lower case.
    public var hex: String { String(postgresText.dropFirst(2)) }
}

extension SealedField.Rendition: PostgresValue {}
