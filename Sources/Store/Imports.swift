public import Casework
public import Foundation
public import Postgres

/// A file of filings on its way in.
public struct Import: Sendable {
    public enum Format: String, Sendable, CaseIterable, Codable, PostgresValue {
        case ndjson
        case csv
    }

    public let id: UUID
    public let campaignID: Int
    public let campaign: String
    public let prefix: String
    public let filedBy: UUID
    public let format: Format
    /// Which column of a CSV is which member, as it was sent.
    public let mapping: JSONText
    /// Lines whose outcome is committed; the next one to be sent is the one after.
    public let lines: Int
    public let filed: Int
    /// Lines whose `client_reference` the same filer had used before.
    public let known: Int
    public let refused: Int
    public let createdAt: Date
    public let changedAt: Date
}

/// One line of an import, understood or refused.
public struct ImportLine: Sendable {
    public let number: Int
    public let intake: Result<Intake, InvalidDocument>

    public init(number: Int, intake: Result<Intake, InvalidDocument>) {
        self.number = number
        self.intake = intake
    }
}

/// What became of a line.
public struct ImportLineResult: Sendable, Equatable {
    public enum Outcome: String, Sendable, CaseIterable, Codable, PostgresValue {
        case filed
        case known
        case refused
    }

    public let line: Int
    public let outcome: Outcome
    public let reference: Reference?
    public let faults: [Fault]?
}

/// Why lines were not taken.
public enum ImportError: Error, Equatable {
    /// The import stands somewhere else: another sender was faster, or what is sent does not follow.
    case elsewhere(lines: Int)
}

/// Writes imports, part by part: every part in one commit, with the outcome of each of its lines.
///
/// A part first looks which of its lines are there already, then goes in through `COPY`. What was committed is never
/// written twice, since the part's place in the file is checked and moved in the same transaction.
public final class Importer: Sendable {
    private let database: Database
    private let intaker: Intaker
    private let numbers: FilingNumbers

    public init(_ databases: Databases, intaker: Intaker) {
        database = databases.imports
        self.intaker = intaker
        numbers = FilingNumbers(databases)
    }

    /// Makes everything that needs no look at what is there: what may be done while the part before is written.
    ///
    /// - Throws: `PostgresError`.
    public func prepare(_ lines: [ImportLine]) async throws -> ImportPart {
        var filings: [Int: PreparedFiling] = [:]
        for line in lines {
            if case .success(let intake) = line.intake { filings[line.number] = try await intaker.prepared(intake) }
        }
        return ImportPart(lines: lines[...], filings: filings)
    }

    /// Stores the next part of an import.
    ///
    /// Where it fails, its halves are stored one after the other, down to single lines, so that only a line that fails
    /// by itself is refused.
    ///
    /// - Parameters:
    ///   - part: The lines.
    ///   - whole: What they belong to.
    ///   - fault: What is told of a line that could not be stored, by its error.
    /// - Throws: ``ImportError``, `MomentError`, or `PostgresError` where the database is not able to store anything;
    ///   what was stored before stays.
    public func store(
        _ part: ImportPart, of whole: Import, refusing fault: @Sendable (_ line: Int, any Error) -> Fault
    ) async throws {
        do {
            try await attempt(part, of: whole)
        } catch let error where mayBeOfOneFiling(error) {
            if part.lines.count == 1, let line = part.lines.first {
                // The same filer has sent it by another way meanwhile: it is known now.
                if (error as? PostgresError)?.constraint == "complaint_is_filed_once" {
                    return try await attempt(part, of: whole)
                }
                await intaker.giveBackKeys(of: part.prepared.map(\.filing))
                return try await attempt(part.refused(for: fault(line.number, error)), of: whole)
            }
            let middle = part.lines.startIndex + part.lines.count / 2
            try await store(part.lines(..<middle), of: whole, refusing: fault)
            try await store(part.lines(middle...), of: whole, refusing: fault)
        }
    }

    private func attempt(_ part: ImportPart, of whole: Import) async throws {
        let barriers = try await numbers.barriers(of: part.prepared.map(\.filing))
        let free = try await numbers.take(part.prepared.count, of: whole.campaignID)
        do {
            let (rest, unused) = try await database.transaction { db in
                try db.store(part, of: whole, attesting: barriers, numbered: free)
            }
            numbers.giveBack(rest, of: whole.campaignID)
            await intaker.giveBackKeys(of: unused)
        } catch {
            if case PostgresError.commitOutcomeUnknown = error { throw error }
            numbers.giveBack(free, of: whole.campaignID)
            throw error
        }
    }
}

/// Lines of an import that go into one commit, sealed and ready to be numbered.
public struct ImportPart: Sendable {
    fileprivate let lines: ArraySlice<ImportLine>
    /// By the number of their line; those that were refused have none.
    fileprivate let filings: [Int: PreparedFiling]

    fileprivate func lines(_ range: some RangeExpression<Int>) -> ImportPart {
        ImportPart(lines: lines[range], filings: filings)
    }

    fileprivate func refused(for fault: Fault) -> ImportPart {
        let refused = lines.map { line in
            ImportLine(number: line.number, intake: .failure(InvalidDocument(faults: [fault])))
        }
        return ImportPart(lines: refused[...], filings: [:])
    }

    fileprivate var prepared: [(line: Int, filing: PreparedFiling)] {
        lines.compactMap { line in filings[line.number].map { (line.number, $0) } }
    }
}

extension Connection {
    /// - Returns: Numbers that were not needed, and filings that were there already.
    fileprivate func store(
        _ part: ImportPart, of whole: Import, attesting barriers: [CampaignBarrier: UUID], numbered free: [Int]
    ) throws -> (rest: [Int], unused: [PreparedFiling]) {
        let (lines, prepared) = (part.lines, part.prepared)
        guard let first = lines.first?.number, let last = lines.last?.number else { return (free, []) }
        let standing = try self.first("SELECT lines FROM filing_import WHERE id = \(whole.id) FOR UPDATE") { row in
            try row.read(Int.self)
        }
        guard standing == first - 1 else { throw ImportError.elsewhere(lines: standing ?? 0) }
        var known: [Int: Int] = [:]
        for ((line, _), number) in zip(prepared, try numbersFiledBefore(prepared.map(\.filing.intake))) {
            known[line] = number
        }
        // A reference that stands in an earlier line of the part is known as well, by that line's number.
        var firstLines: [String: Int] = [:]
        var repeated: [Int: Int] = [:]
        for (line, filing) in prepared where known[line] == nil {
            guard let own = filing.intake.filing.clientReference else { continue }
            if let earlier = firstLines[own] { repeated[line] = earlier } else { firstLines[own] = line }
        }
        let new = prepared.filter { known[$0.line] == nil && repeated[$0.line] == nil }
        let attested = Set(new.compactMap { $0.filing.barrier.flatMap { barriers[$0] } })
        let summaries = try barrierSummaries(attested)
        let moment = try recordingMoment()
        let offices = try offices()
        var rows = RowBatch(for: .copy)
        var results = RowBatch(for: .copy)
        var (numbers, free) = ([Int: Int](), free[...])
        for (line, var filing) in new {
            filing.assignOffice(among: offices)
            guard let number = free.popFirst() else { throw PostgresError.unexpectedRow("too few numbers were taken") }
            numbers[line] = number
            let receipt = Receipt(
                reference: Reference(prefix: whole.prefix, number: number), trackingCode: filing.trackingCode,
                recordedAt: moment, complaint: filing.intake.complaint,
                barrier: filing.barrier.flatMap { barriers[$0] }.flatMap { summaries[$0] })
            try rows.add(filing, receipt)
        }
        for (line, earlier) in repeated { known[line] = numbers[earlier] }
        for line in lines {
            try results.add(line, filed: numbers[line.number], known: known[line.number], of: whole.id)
        }
        try copy(rows)
        try copy(results)
        try run(
            """
            UPDATE filing_import
            SET lines = \(last), filed = filed + \(new.count), known = known + \(known.count),
                refused = refused + \(lines.count - prepared.count), changed_at = \(moment)
            WHERE id = \(whole.id)
            """)
        return (Array(free), prepared.filter { known[$0.line] != nil }.map(\.filing))
    }

    // MARK: Reading

    /// Begins an import.
    public func beginImport(
        into campaign: Int, by filer: UUID, _ format: Import.Format, mapping: JSONText, at now: Date
    ) throws -> UUID {
        let id = UUID.v7(at: now)
        try run(
            """
            INSERT INTO filing_import (id, campaign_id, filed_by, format, mapping, created_at, changed_at)
            VALUES (\(id), \(campaign), \(filer), \(format), \(mapping), \(now), \(now))
            """)
        return id
    }

    /// An import of this filer; `nil` where there is none.
    public func filingImport(_ id: UUID, of filer: UUID) throws -> Import? {
        try first(
            """
            SELECT i.id, i.campaign_id, ca.code, ca.prefix, i.filed_by, i.format, i.mapping, i.lines, i.filed, i.known,
                   i.refused, i.created_at, i.changed_at
            FROM filing_import i JOIN campaign ca ON ca.id = i.campaign_id
            WHERE i.id = \(id) AND i.filed_by = \(filer)
            """
        ) { row in
            Import(
                id: try row.read(), campaignID: try row.read(), campaign: try row.read(), prefix: try row.read(),
                filedBy: try row.read(), format: try row.read(), mapping: try row.read(), lines: try row.read(),
                filed: try row.read(), known: try row.read(), refused: try row.read(), createdAt: try row.read(),
                changedAt: try row.read())
        }
    }

    /// What became of the lines after `line`, in their order.
    public func results(of whole: Import, after line: Int, limit: Int) throws -> [ImportLineResult] {
        try all(
            """
            SELECT line, outcome, number, faults FROM filing_import_line
            WHERE import_id = \(whole.id) AND line > \(line) ORDER BY line LIMIT \(limit)
            """
        ) { row in
            ImportLineResult(
                line: try row.read(), outcome: try row.read(),
                reference: try row.read(Int?.self).map { Reference(prefix: whole.prefix, number: $0) },
                faults: try row.read(JSONText?.self).map { try $0.decoded() })
        }
    }
}

extension Fault {
    /// Without what somebody wrote at length.
    fileprivate var short: Fault {
        Fault(pointer: String(pointer.prefix(200)), code: code, detail: String(detail.prefix(400)))
    }
}

extension RowBatch {
    fileprivate mutating func add(_ line: ImportLine, filed: Int?, known: Int?, of whole: UUID) throws {
        var (outcome, faults): (ImportLineResult.Outcome, JSONText?) = (filed == nil ? .known : .filed, nil)
        if case .failure(let invalid) = line.intake {
            outcome = .refused
            faults = try JSONText(encoding: invalid.faults.prefix(10).map(\.short))
        }
        add(
            "filing_import_line",
            [
                "import_id": .value(whole), "line": .value(line.number), "outcome": .value(outcome),
                "number": .value(filed ?? known), "faults": .value(faults),
            ])
    }
}
