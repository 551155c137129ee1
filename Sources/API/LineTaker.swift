import Casework
import Foundation
import Postgres
import Store

/// Makes filings of records, part by part.
struct LineTaker {
    private let service: Service
    private let plan: ImportPlan
    private let party: FilingParty
    private var header: [String]?
    private var isGB18030 = false
    private var hasBegun = false
    private var records: [Record] = []
    private var bytes = 0
    /// Records before the next part.
    private(set) var lines: Int
    /// Lines of the file before the stream, as an editor counts them; `nil` where that is not known.
    private var linesBefore: Int?

    init(service: Service, plan: ImportPlan, party: FilingParty) {
        (self.service, self.plan, self.party) = (service, plan, party)
        (lines, linesBefore) = (plan.lines, plan.fileLines)
    }

    var isFull: Bool { records.count >= ImportRoutes.part || bytes >= ImportRoutes.partBytes }

    /// - Throws: `InvalidDocument` where the file is in UTF-16, or the first record of a CSV is no header, or lacks a column of the
    ///   mapping.
    mutating func add(_ record: Record) throws {
        if !hasBegun, record.bytes?.isUTF16 == true {
            throw InvalidDocument("#/file", "not_utf8", "is in UTF-16 (“Unicode text”); \(Self.advice)")
        }
        hasBegun = true
        guard let mapping = plan.mapping, header == nil else {
            records.append(record)
            bytes += record.bytes?.count ?? 0
            return
        }
        try readHeader(record, mapping)
        // What is gone on with has the header once more, which was counted at the beginning.
        if plan.lines > 0 { linesBefore = linesBefore.map { $0 - record.lines.upperBound } }
    }

    private static let advice = "save it as “CSV UTF-8”, or as UTF-8 in an editor, and send it again"

    // MARK: The header

    /// A header that is no UTF-8 but names the columns of the mapping in GB18030 proves that the file is in GB18030.
    private mutating func readHeader(_ record: Record, _ mapping: CSVMapping) throws {
        func bad(_ detail: String) -> InvalidDocument { InvalidDocument("#/header", "bad_header", detail) }
        guard let bytes = record.bytes else { throw bad("is too long") }
        isGB18030 = String(validating: bytes, as: UTF8.self) == nil
        var names = csvFields(bytes)
        if isGB18030 {
            var text = textInGB18030(bytes) ?? ""
            if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
            names = csvFields(Array(text.utf8))
        }
        guard let names else { throw bad("cannot be read as CSV: quotation marks do not fit") }
        // A file of old Macs would be one record, and all its lines would be taken for a header.
        guard !names.contains(where: { $0.contains("\r") }) else {
            throw bad("has line ends of the sign CR alone; \(Self.advice)")
        }
        let missing = mapping.missing(in: names)
        guard missing.isEmpty, !isGB18030 || mapping.isProved(by: names) else {
            let columns = missing.map { "“\($0)”" }.joined(separator: ", ")
            guard !isGB18030 else {
                throw bad("is not in UTF-8, nor do its columns show that it is in GB18030; \(Self.advice)")
            }
            throw bad("has no column \(columns)")
        }
        let doubled = mapping.doubled(in: names)
        guard doubled.isEmpty else {
            throw bad("has more than one column \(doubled.map { "“\($0)”" }.joined(separator: ", "))")
        }
        header = names
    }

    // MARK: Lines

    /// The lines that were added since the last part, understood; on as many processors as there are.
    mutating func part() async throws -> [ImportLine] {
        let reader = FilingReader(book: try await service.references.book(), party: party, now: service.now())
        let (records, first) = (self.records, lines + 1)
        (self.records, bytes) = ([], 0)
        lines += records.count
        let half = records.count / 2
        async let front = understood(records[..<half], from: first, reader)
        async let back = understood(records[half...], from: first + half, reader)
        return await front + back
    }

    private func understood(
        _ records: ArraySlice<Record>, from first: Int, _ reader: FilingReader
    ) async -> [ImportLine] {
        records.enumerated().map { index, record in
            let lines = linesBefore.map { (record.lines.lowerBound + $0)...(record.lines.upperBound + $0) }
            do {
                let intake = try intake(record, reader)
                return ImportLine(number: first + index, fileLines: lines, intake: .success(intake))
            } catch {
                let invalid = error as? InvalidDocument
                let problem = Problem(error)
                return ImportLine(
                    number: first + index, fileLines: lines,
                    intake: .failure(invalid ?? InvalidDocument("#", problem.code, problem.detail)))
            }
        }
    }

    private func intake(_ record: Record, _ reader: FilingReader) throws -> Intake {
        guard let bytes = record.bytes else {
            throw InvalidDocument("#", "too_long", "may have \(RecordReader.limit) bytes at the most")
        }
        let faults = FaultList()
        let filing = ObjectReader(try document(bytes, faults), faults: faults)
        if !filing.has("client_reference") {
            filing.fault("client_reference", "missing", "is required in an import, so that no line is filed twice")
        }
        let intake = try reader.intake(filing)
        guard intake.campaignID == plan.campaignID else {
            throw InvalidDocument("#/campaign", "other_campaign", "is not the import's, \(plan.campaign)")
        }
        return intake
    }

    private func document(_ bytes: [UInt8], _ faults: FaultList) throws -> JSON {
        let text = isGB18030 ? textInGB18030(bytes) : String(validating: bytes, as: UTF8.self)
        guard let text else {
            let encoding = isGB18030 ? "GB18030, as the header is" : "UTF-8"
            throw InvalidDocument("#", "not_utf8", "is not in \(encoding); open the file and \(Self.advice)")
        }
        guard let mapping = plan.mapping, let header else { return try JSON(parsing: bytes) }
        guard let fields = csvFields(Array(text.utf8)) else {
            throw InvalidDocument("#", "bad_record", "cannot be read as CSV: quotation marks do not fit")
        }
        guard fields.count == header.count else {
            let detail = "has \(fields.count) cells, and the header \(header.count)"
            throw InvalidDocument("#", "bad_record", detail)
        }
        return mapping.filing(fields, under: header, faults)
    }
}

/// What an import was begun with, and how far it has come.
struct ImportPlan: Sendable {
    let campaignID: Int
    let campaign: String
    /// Of the campaign's references.
    let prefix: String
    let format: Import.Format
    /// Of a CSV.
    let mapping: CSVMapping?
    /// Lines that are in.
    var lines = 0
    /// Lines of the file up to there, as an editor counts them; `nil` where that is not known.
    var fileLines: Int? = 0
}

extension ImportPlan {
    /// - Throws: `JSON.SyntaxError` where the mapping that was stored cannot be read.
    init(_ whole: Import) throws {
        let document = try JSON(parsing: whole.mapping.text.utf8)
        self.init(
            campaignID: whole.campaignID, campaign: whole.campaign, prefix: whole.prefix, format: whole.format,
            mapping: whole.format == .csv ? CSVMapping(ObjectReader(document, faults: FaultList())) : nil,
            lines: whole.lines, fileLines: whole.fileLines)
    }

    /// Reads the records of a stream that goes on with the import.
    var records: RecordReader { RecordReader(isCSV: format == .csv, isBeginning: format == .csv || lines == 0) }

    var contentType: String { format == .csv ? "text/csv" : "application/x-ndjson" }
}

extension InvalidDocument {
    fileprivate init(_ pointer: String, _ code: String, _ detail: String) {
        self.init(faults: [Fault(pointer: pointer, code: code, detail: detail)])
    }
}

extension [UInt8] {
    /// Whether a file that begins so is in UTF-16: with its byte-order mark, or with half of a sign of ASCII.
    fileprivate var isUTF16: Bool {
        guard count > 1 else { return false }
        return starts(with: [0xFF, 0xFE]) || starts(with: [0xFE, 0xFF]) || (self[0] == 0) != (self[1] == 0)
    }
}
