import Casework
import Foundation
import Postgres

/// What a filer has sent under one of its references before.
struct FiledBefore: Sendable, Equatable {
    let number: Int
    /// Of what was sent, as ``ReferenceDigest/stored``; `nil` where that is not known any more.
    let digest: Data?

    func error(for intake: Intake, digest other: ReferenceDigest?) -> IntakeError {
        let existing = Reference(prefix: intake.prefix, number: number).description
        return other?.isSame(as: digest) ?? true
            ? .alreadyFiled(existing: existing) : .referenceConflict(existing: existing)
    }
}

/// What stands under the references of one filer: in the database, or earlier in the same file.
public struct UsedReferences: Sendable {
    enum Place: Sendable, Equatable {
        case complaint(FiledBefore)
        /// A line of the same file.
        case line(number: Int, fileLine: Int?, digest: ReferenceDigest?)
    }

    enum Finding: Sendable {
        case new
        case same(Place)
        /// Something else stands under the reference.
        case other(Place)
    }

    private var places: [String: Place] = [:]

    public init() {}

    mutating func add(_ intake: Intake, filedAs before: FiledBefore?) {
        guard let before, let reference = intake.filing.clientReference, places[reference] == nil else { return }
        places[reference] = .complaint(before)
    }

    /// Looks whether the line's reference is new, and notes it; a line without a reference, or that is refused, is new.
    mutating func finding(_ line: ImportLine, digest: ReferenceDigest?) -> Finding {
        // A refused line has its faults for a result.
        guard let reference = (try? line.intake.get())?.filing.clientReference else { return .new }
        guard let place = places[reference] else {
            places[reference] = .line(number: line.number, fileLine: line.fileLines?.lowerBound, digest: digest)
            return .new
        }
        let isSame =
            switch place {
            case .complaint(let before): digest?.isSame(as: before.digest) ?? true
            case .line(_, _, let earlier): digest?.isSame(as: earlier?.stored) ?? true
            }
        return isSame ? .same(place) : .other(place)
    }
}

extension Connection {
    /// What the same filers have sent under the same references before.
    func filedBefore(_ intakes: [Intake]) throws -> [FiledBefore?] {
        let marked = intakes.filter { $0.filedBy != nil && $0.filing.clientReference != nil }
        guard !marked.isEmpty else { return intakes.map { _ in nil } }
        let rows = try all(
            """
            SELECT c.campaign_id, c.filed_by, c.client_reference, c.number, c.filing_digest
            FROM unnest(\(marked.map(\.campaignID)), \(marked.compactMap(\.filedBy)),
                        \(marked.compactMap(\.filing.clientReference))) AS w(campaign, filer, own)
            CROSS JOIN LATERAL (
                SELECT campaign_id, filed_by, client_reference, number, filing_digest FROM complaint
                WHERE campaign_id = w.campaign AND filed_by = w.filer AND client_reference = w.own LIMIT 1) c
            """
        ) { row in
            (
                "\(try row.read(Int.self)) \(try row.read(UUID.self)) \(try row.read(String.self))",
                FiledBefore(number: try row.read(), digest: try row.read())
            )
        }
        let found = Dictionary(rows) { first, _ in first }
        return intakes.map { intake in
            guard let filer = intake.filedBy, let own = intake.filing.clientReference else { return nil }
            return found["\(intake.campaignID) \(filer) \(own)"]
        }
    }
}
