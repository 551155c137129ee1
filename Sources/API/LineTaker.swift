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
    /// Columns of a CSV that its mapping does not name, a hundred at the most; `nil` before the header was read.
    private(set) var ignoredColumns: [String]?
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

    /// Says that no more comes.
    ///
    /// - Throws: `InvalidDocument` where nothing has come that an import could begin with.
    func end() throws {
        guard plan.lines == 0, !hasBegun else { return }
        throw InvalidDocument("#/file", "empty", "is empty: it holds no line; was the right file sent?")
    }

    private static let advice = "save it as “CSV UTF-8”, or as UTF-8 in an editor, and send it again"

    // MARK: The header

    /// A header that is no UTF-8 but names the columns of the mapping in GB18030 proves that the file is in GB18030.
    private mutating func readHeader(_ record: Record, _ mapping: CSVMapping) throws {
        func bad(_ detail: String) -> InvalidDocument { InvalidDocument("#/header", "bad_header", detail) }
        guard let bytes = record.bytes else { throw bad("is too long") }
        let utf8 = String(validating: bytes, as: UTF8.self)
        isGB18030 = utf8 == nil
        var text = utf8 ?? textInGB18030(bytes) ?? ""
        if isGB18030, text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let names = csvFields(Array(text.utf8))
        if let found = Self.separator(text, names) {
            throw bad(
                "is one cell that holds “\(found.sign)”: the file is separated by \(found.name), not by commas; \(Self.advice)"
            )
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
        ignoredColumns = Array(mapping.ignored(in: names).prefix(100))
    }

    /// What a header is separated by in place of commas, as some settings of spreadsheets do it; `nil` where it has commas, or one
    /// column alone.
    private static func separator(_ header: String, _ names: [String]?) -> (sign: String, name: String)? {
        guard names.map({ $0.count == 1 }) ?? !header.contains(",") else { return nil }
        let known = [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
        let found = known.first { sign, _ in header.unicodeScalars.contains { String($0) == sign } }
        return found.map { sign, name in (sign == "\t" ? "a tab" : sign, name) }
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
            var warnings: [Fault] = []
            do {
                let intake = try intake(record, reader, &warnings)
                return ImportLine(number: first + index, fileLines: lines, intake: .success(intake), warnings: warnings)
            } catch {
                let problem = Problem(error)
                let invalid = error as? InvalidDocument ?? InvalidDocument("#", problem.code, problem.detail)
                return ImportLine(
                    number: first + index, fileLines: lines,
                    intake: .failure(InvalidDocument(faults: invalid.faults.map(placed))), warnings: warnings)
            }
        }
    }

    /// A fault with words that the maker of the file knows for its place: the column, or the line as a whole.
    private func placed(_ fault: Fault) -> Fault {
        guard fault.pointer != "#" else { return Fault(pointer: .line, code: fault.code, detail: fault.detail) }
        return plan.mapping?.named(fault) ?? fault
    }

    private func intake(_ record: Record, _ reader: FilingReader, _ warnings: inout [Fault]) throws -> Intake {
        guard let bytes = record.bytes else {
            throw InvalidDocument("#", "too_long", "may have \(RecordReader.limit) bytes at the most")
        }
        let faults = FaultList()
        let document = try document(bytes, faults)
        warnings = Self.warnings(of: document).map(placed)
        let filing = ObjectReader(document, faults: faults)
        if !filing.has("client_reference") {
            filing.fault("client_reference", "missing", "is required in an import, so that no line is filed twice")
        }
        let intake = try reader.intake(filing)
        guard intake.campaignID == plan.campaignID else {
            throw InvalidDocument("#/campaign", "other_campaign", "is not the import's, \(plan.campaign)")
        }
        return intake
    }

    /// What is odd about a filing and no fault: a reference is the filer's own, whatever it looks like.
    private static func warnings(of document: JSON) -> [Fault] {
        guard case .object(let members) = document, case .string(let own)? = members["client_reference"],
            SpreadsheetCell(own).isPowerOfTen
        else { return [] }
        return [
            Fault(
                pointer: "#/client_reference", code: "power_of_ten",
                detail:
                    "client_reference \(own) looks like a number whose digits a spreadsheet dropped; format the column as text"
            )
        ]
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

extension String {
    /// The place of a fault of a line as a whole.
    static let line = "#/line"
}

extension [UInt8] {
    /// Whether a file that begins so is in UTF-16: with its byte-order mark, or with half of a sign of ASCII.
    fileprivate var isUTF16: Bool {
        guard count > 1 else { return false }
        return starts(with: [0xFF, 0xFE]) || starts(with: [0xFE, 0xFF]) || (self[0] == 0) != (self[1] == 0)
    }
}
