import Casework
import Foundation
import Postgres

/// Lines of an import that go into one commit, sealed and ready to be numbered.
public struct ImportPart: Sendable {
    let lines: ArraySlice<ImportLine>
    /// By the number of their line; those that were refused have none.
    let filings: [Int: PreparedFiling]
    /// Bytes of the file that came with them.
    let bytes: Int

    /// Some of the lines; those at the beginning have all the bytes.
    func lines(_ range: some RangeExpression<Int>) -> ImportPart {
        let some = lines[range]
        return ImportPart(lines: some, filings: filings, bytes: some.startIndex == lines.startIndex ? bytes : 0)
    }

    func refused(for fault: Fault) -> ImportPart {
        let refused = lines.map { line in
            ImportLine(
                number: line.number, fileLines: line.fileLines, intake: .failure(InvalidDocument(faults: [fault])),
                warnings: line.warnings)
        }
        return ImportPart(lines: refused[...], filings: [:], bytes: bytes)
    }

    var prepared: [(line: Int, filing: PreparedFiling)] {
        lines.compactMap { line in filings[line.number].map { (line.number, $0) } }
    }
}

extension Connection {
    /// - Returns: Numbers that were not needed, and filings that were not stored.
    func store(
        _ part: ImportPart, of whole: Import, attesting barriers: [CampaignBarrier: UUID], numbered free: [Int],
        keeping keptRefusals: Int, _ filerQuota: Int
    ) throws -> (rest: [Int], unused: [PreparedFiling]) {
        let (lines, prepared) = (part.lines, part.prepared)
        guard let first = lines.first?.number, let last = lines.last else { return (free, []) }
        let (standing, kept, isFilers) = try place(of: whole)
        guard standing == first - 1 else { throw ImportError.elsewhere(lines: standing) }
        if isFilers, try storedBytes(of: [whole.filedBy])[whole.filedBy] ?? 0 >= filerQuota {
            throw FilerStorageFull(quota: filerQuota)
        }
        let findings = try findings(of: part)
        let new = prepared.filter { line, _ in if case .new? = findings[line] { true } else { false } }
        let attested = Set(new.compactMap { $0.filing.barrier.flatMap { barriers[$0] } })
        let summaries = try barrierSummaries(attested)
        let moment = try recordingMoment()
        let offices = try offices()
        var (rows, results) = (RowBatch(for: .copy), RowBatch(for: .copy))
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
        var outcomes = PartOutcomes(room: keptRefusals - kept)
        for line in lines {
            let result = line.result(findings[line.number] ?? .new, prefix: whole.prefix, numbers: numbers)
            if outcomes.add(result) { try results.add(result, of: whole.id) }
        }
        try copy(rows)
        try copy(results)
        try add(outcomes.leftOff, to: whole)
        let counts = outcomes.counts
        try run(
            """
            UPDATE filing_import
            SET lines = \(last.number), file_lines = \(last.fileLines?.upperBound),
                filed = filed + \(counts[.filed] ?? 0), known = known + \(counts[.known] ?? 0),
                refused = refused + \(counts[.refused] ?? 0), bytes = bytes + \(part.bytes),
                left_off = left_off + \(outcomes.leftOff.values.reduce(0, +)), changed_at = \(moment)
            WHERE id = \(whole.id)
            """)
        if isFilers {
            let filed = new.reduce(outcomes.bytes) { $0 + $1.filing.storedBytes }
            try addStoredBytes([whole.filedBy: filed])
        }
        return (Array(free), prepared.filter { numbers[$0.line] == nil }.map(\.filing))
    }

    /// How far an import is: its lines, the refused ones whose results are kept, and whether a filer sends it.
    private func place(of whole: Import) throws -> (lines: Int, kept: Int, isFilers: Bool) {
        try first(
            """
            SELECT lines, refused - left_off, EXISTS (SELECT FROM filer WHERE id = filed_by)
            FROM filing_import WHERE id = \(whole.id) FOR UPDATE
            """
        ) { row in (try row.read(), try row.read(), try row.read()) } ?? (0, 0, false)
    }

    /// Counts refused lines whose results are not kept.
    private func add(_ leftOff: [String: Int], to whole: Import) throws {
        for (code, lines) in leftOff.sorted(by: { $0.key < $1.key }) {
            try run(
                """
                INSERT INTO filing_import_fault (import_id, code, lines) VALUES (\(whole.id), \(code), \(lines))
                ON CONFLICT (import_id, code) DO UPDATE SET lines = filing_import_fault.lines + EXCLUDED.lines
                """)
        }
    }

    /// Which lines of a part are new, by their numbers: what stands under their references in the database, and in the lines before.
    private func findings(of part: ImportPart) throws -> [Int: UsedReferences.Finding] {
        let filings = part.filings
        let lines = part.lines.filter { filings[$0.number] != nil }
        let intakes = lines.compactMap { filings[$0.number]?.intake }
        var used = UsedReferences()
        for (intake, before) in zip(intakes, try filedBefore(intakes)) { used.add(intake, filedAs: before) }
        var findings: [Int: UsedReferences.Finding] = [:]
        for line in lines { findings[line.number] = used.finding(line, digest: filings[line.number]?.digest) }
        return findings
    }
}

/// What became of the lines of a part.
private struct PartOutcomes {
    private(set) var counts: [ImportLineResult.Outcome: Int] = [:]
    /// Refused lines whose results are not kept, by the code of their first fault.
    private(set) var leftOff: [String: Int] = [:]
    /// Bytes that the results take.
    private(set) var bytes = 0
    /// How many refused lines may still be kept one by one.
    private var room: Int

    init(room: Int) {
        self.room = room
    }

    /// - Returns: Whether the result of the line is kept by itself.
    mutating func add(_ result: ImportLineResult) -> Bool {
        counts[result.outcome, default: 0] += 1
        if result.outcome == .refused {
            guard room > 0 else {
                leftOff[result.faults?.first?.code ?? "unknown", default: 0] += 1
                return false
            }
            room -= 1
        }
        bytes += RowCost.result
        for fault in result.faults ?? [] {
            bytes += fault.pointer.utf8.count + fault.code.utf8.count + fault.detail.utf8.count + 40
        }
        return true
    }
}

extension ImportLine {
    /// What becomes of the line.
    ///
    /// - Parameters:
    ///   - finding: What stands under its reference.
    ///   - prefix: Of the campaign's references.
    ///   - numbers: Of the complaints that lines of the same part become, by the line.
    /// - Returns: Its outcome, with the complaint where there is one, or why it is refused.
    func result(
        _ finding: UsedReferences.Finding, prefix: String, numbers: [Int: Int] = [:]
    ) -> ImportLineResult {
        func reference(_ number: Int?) -> Reference? { number.map { Reference(prefix: prefix, number: $0) } }
        func result(
            _ outcome: ImportLineResult.Outcome, _ reference: Reference? = nil, _ faults: [Fault]? = nil
        ) -> ImportLineResult {
            ImportLineResult(
                line: number, fileLine: fileLines?.lowerBound, outcome: outcome, reference: reference, faults: faults,
                warnings: warnings.isEmpty ? nil : warnings.map(\.short))
        }
        if case .failure(let invalid) = intake { return result(.refused, nil, invalid.faults.prefix(10).map(\.short)) }
        switch finding {
        case .new: return result(.filed, reference(numbers[number]))
        case .same(.complaint(let before)): return result(.known, reference(before.number))
        case .same(.line(let line, _, _)): return result(.known, reference(numbers[line]))
        case .other(.complaint(let before)):
            let existing = Reference(prefix: prefix, number: before.number)
            return result(.refused, nil, [.referenceConflict(with: "\(existing)")])
        case .other(.line(let line, let fileLine, _)):
            let place = fileLine.map { "line \($0) of the file" } ?? "line \(line)"
            return result(.refused, nil, [.referenceConflict(with: place)])
        }
    }
}

extension Fault {
    fileprivate static func referenceConflict(with other: String) -> Fault {
        Fault(
            pointer: "#/client_reference", code: "reference_conflict",
            detail: "stands for \(other) already, which says something else; if this is another complaint, give it a "
                + "reference of its own")
    }

    /// Without what somebody wrote at length.
    fileprivate var short: Fault {
        Fault(pointer: String(pointer.prefix(200)), code: code, detail: String(detail.prefix(400)))
    }
}

extension RowBatch {
    fileprivate mutating func add(_ result: ImportLineResult, of whole: UUID) throws {
        add(
            "filing_import_line",
            [
                "import_id": .value(whole), "line": .value(result.line), "file_line": .value(result.fileLine),
                "outcome": .value(result.outcome), "number": .value(result.reference?.number),
                "faults": .value(try result.faults.map { try JSONText(encoding: $0) }),
                "warnings": .value(try result.warnings.map { try JSONText(encoding: $0) }),
            ])
    }
}
