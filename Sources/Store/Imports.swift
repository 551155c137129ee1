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
    /// Lines that the same filer had sent before, under the same `client_reference`.
    public let known: Int
    public let refused: Int
    /// Bytes of the file that are in.
    public let bytes: Int
    /// Refused lines whose results are not kept one by one, by the code of their first fault.
    public let leftOff: [String: Int]
    /// Lines of the file, as an editor counts them, up to the end of the last line that is in; `nil` where that is not known.
    public let fileLines: Int?
    /// Columns of a CSV that its mapping does not name; `nil` before a header was read.
    public let ignoredColumns: [String]?
    public let createdAt: Date
    public let changedAt: Date
}

/// One line of an import, understood or refused.
public struct ImportLine: Sendable {
    /// Its place among the lines that hold something, counted from 1.
    public let number: Int
    /// The lines of the file that it begins and ends on, as an editor counts them; `nil` where that is not known.
    public let fileLines: ClosedRange<Int>?
    public let intake: Result<Intake, InvalidDocument>
    /// What is odd about it and no reason to refuse it.
    public let warnings: [Fault]

    public init(
        number: Int, fileLines: ClosedRange<Int>? = nil, intake: Result<Intake, InvalidDocument>, warnings: [Fault] = []
    ) {
        self.number = number
        self.fileLines = fileLines
        self.intake = intake
        self.warnings = warnings
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
    /// The line of the file, as an editor counts; `nil` where that is not known.
    public let fileLine: Int?
    public let outcome: Outcome
    public let reference: Reference?
    public let faults: [Fault]?
    /// What is odd about it and was no reason to refuse it; `nil` where nothing is.
    public let warnings: [Fault]?
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
    public let limits: ImportLimits
    private let filerQuota: Int

    /// - Parameters:
    ///   - databases: Where imports go.
    ///   - intaker: Prepares their filings.
    ///   - limits: What an import may be.
    ///   - filerQuota: Bytes that each filer may store.
    public init(
        _ databases: Databases, intaker: Intaker, limits: ImportLimits = ImportLimits(), filerQuota: Int = .max
    ) {
        database = databases.imports
        self.intaker = intaker
        self.limits = limits
        self.filerQuota = filerQuota
        numbers = FilingNumbers(databases)
    }

    /// Makes everything that needs no look at what is there: what may be done while the part before is written.
    ///
    /// - Parameters:
    ///   - lines: The next lines of a file.
    ///   - bytes: Of the file, that came with them.
    /// - Returns: The lines, sealed.
    /// - Throws: `PostgresError`.
    public func prepare(_ lines: [ImportLine], bytes: Int) async throws -> ImportPart {
        var filings: [Int: PreparedFiling] = [:]
        for line in lines {
            if case .success(let intake) = line.intake { filings[line.number] = try await intaker.prepared(intake) }
        }
        return ImportPart(lines: lines[...], filings: filings, bytes: bytes)
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
    /// - Throws: ``ImportError``, ``FilerStorageFull``, `MomentError`, or `PostgresError` where the database is not able to store anything;
    ///   what was stored before stays.
    public func store(
        _ part: ImportPart, of whole: Import, refusing fault: @Sendable (_ line: Int, any Error) -> Fault
    ) async throws {
        do {
            try await attempt(part, of: whole)
        } catch let error where mayBeOfOneFiling(error) {
            if part.lines.count == 1, let line = part.lines.first {
                // The same filer has used its reference by another way meanwhile: now that is found.
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
            let (rest, unused) = try await database.transaction { [limits, filerQuota] db in
                try db.store(
                    part, of: whole, attesting: barriers, numbered: free, keeping: limits.keptRefusals, filerQuota)
            }
            numbers.giveBack(rest, of: whole.campaignID)
            await intaker.giveBackKeys(of: unused)
        } catch {
            if case PostgresError.commitOutcomeUnknown = error { throw error }
            numbers.giveBack(free, of: whole.campaignID)
            throw error
        }
    }

    /// Looks what would become of lines, were they sent now; nothing is stored, and no number is used.
    ///
    /// - Parameters:
    ///   - lines: The next lines of a file.
    ///   - used: The references in the lines before them; those of these lines are added.
    ///   - prefix: Of the campaign's references.
    /// - Returns: What would become of each, in their order.
    /// - Throws: `PostgresError`.
    public func check(
        _ lines: [ImportLine], _ used: inout UsedReferences, prefix: String
    ) async throws -> [ImportLineResult] {
        // A refused line has its faults for a result.
        let intakes = lines.compactMap { try? $0.intake.get() }
        let before = try await database.transaction(.readOnly) { db in try db.filedBefore(intakes) }
        for (intake, before) in zip(intakes, before) { used.add(intake, filedAs: before) }
        return lines.map { line in
            // As above.
            let digest = (try? line.intake.get()).flatMap { intaker.digest(of: $0) }
            return line.result(used.finding(line, digest: digest), prefix: prefix)
        }
    }
}

extension Connection {
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
                   i.refused, i.bytes,
                   coalesce((SELECT jsonb_object_agg(f.code, f.lines) FROM filing_import_fault f WHERE f.import_id = i.id),
                            '{}'),
                   CASE WHEN i.lines = 0 THEN 0 ELSE i.file_lines END, i.ignored_columns, i.created_at, i.changed_at
            FROM filing_import i JOIN campaign ca ON ca.id = i.campaign_id
            WHERE i.id = \(id) AND i.filed_by = \(filer)
            """
        ) { row in
            Import(
                id: try row.read(), campaignID: try row.read(), campaign: try row.read(), prefix: try row.read(),
                filedBy: try row.read(), format: try row.read(), mapping: try row.read(), lines: try row.read(),
                filed: try row.read(), known: try row.read(), refused: try row.read(), bytes: try row.read(),
                leftOff: try row.read(JSONText.self).decoded(), fileLines: try row.read(),
                ignoredColumns: try row.read(),
                createdAt: try row.read(), changedAt: try row.read())
        }
    }

    /// Notes which columns of its CSV an import does not take.
    public func setIgnoredColumns(_ columns: [String], of whole: Import) throws {
        try run("UPDATE filing_import SET ignored_columns = \(columns) WHERE id = \(whole.id)")
    }

    /// What became of the lines after `line`, in their order.
    public func results(of whole: Import, after line: Int, limit: Int) throws -> [ImportLineResult] {
        try all(
            """
            SELECT line, file_line, outcome, number, faults, warnings FROM filing_import_line
            WHERE import_id = \(whole.id) AND line > \(line) ORDER BY line LIMIT \(limit)
            """
        ) { row in
            ImportLineResult(
                line: try row.read(), fileLine: try row.read(), outcome: try row.read(),
                reference: try row.read(Int?.self).map { Reference(prefix: whole.prefix, number: $0) },
                faults: try row.read(JSONText?.self).map { try $0.decoded() },
                warnings: try row.read(JSONText?.self).map { try $0.decoded() })
        }
    }
}
