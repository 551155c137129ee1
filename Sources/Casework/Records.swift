public import Foundation

/// One record of a file: a line, or a record of a CSV, whose fields may hold line breaks in quotation marks (RFC 4180).
public struct Record: Sendable, Equatable {
    /// `nil` where it is longer than ``RecordReader/limit``.
    public let bytes: [UInt8]?
    /// The lines it begins and ends on, counted from 1, as an editor shows them.
    public let lines: ClosedRange<Int>

    public init(bytes: [UInt8]?, lines: ClosedRange<Int>) {
        self.bytes = bytes
        self.lines = lines
    }
}

extension Data {
    /// Without the byte-order mark that editors put at the beginning of a file.
    public var withoutByteOrderMark: Data {
        starts(with: RecordReader.byteOrderMark) ? Data(dropFirst(RecordReader.byteOrderMark.count)) : self
    }
}

/// Cuts what comes in pieces into records.
///
/// A quotation mark opens a field only where the field begins, so that a stray one in a text takes no neighbour with it.
/// A record that has grown longer than the limit ends at the next line break, quoted or not: a mark that never ends
/// takes only its own record with it. Bytes are read one after another, so it does not matter how the stream is cut into
/// pieces. GB18030 is cut like UTF-8: in both, line breaks, commas and quotation marks are never part of another sign.
public struct RecordReader: Sendable {
    private enum Place {
        case fieldStart
        case plain
        case quoted
        /// After a mark in a quoted field: its end, or the first of two that mean one.
        case mark
    }

    /// Bytes of one record, at the most.
    public static let limit = 256 * 1024

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let isCSV: Bool
    private var place = Place.fieldStart
    private var open: [UInt8] = []
    /// Bytes since the last record ended.
    private var count = 0
    /// Line breaks so far, and how many of them were there when the open record began.
    private var (breaks, breaksBefore) = (0, 0)
    /// How many bytes of a byte-order mark the stream began with; `nil` once that is decided.
    private var markBytes: Int?

    /// - Parameters:
    ///   - isCSV: Whether quoted fields may hold line breaks.
    ///   - isBeginning: Whether the stream begins where the file begins: a byte-order mark there is no text.
    public init(isCSV: Bool, isBeginning: Bool = true) {
        self.isCSV = isCSV
        markBytes = isBeginning ? 0 : nil
    }

    /// The records that end in this piece; those that hold nothing are left out.
    public mutating func records(in piece: some Sequence<UInt8>) -> [Record] {
        piece.compactMap { record(endingWith: $0) }
    }

    /// The record that ends with this byte, which follows the one before; `nil` where none does, or it holds nothing.
    public mutating func record(endingWith byte: UInt8) -> Record? {
        if let taken = markBytes, passesMark(byte, after: taken) { return nil }
        count += 1
        if byte == 0x0A {
            breaks += 1
            if place != .quoted || count > Self.limit { return finish(onLine: breaks) }
        }
        // One more than the limit tells that it is too long; no more is kept.
        if open.count <= Self.limit { open.append(byte) }
        if isCSV { move(by: byte) }
        return nil
    }

    /// The record at the end of the file, where it has no line break.
    public mutating func last() -> Record? {
        if let taken = markBytes, taken > 0, taken < 3 { open = Array(Self.byteOrderMark.prefix(taken)) }
        markBytes = nil
        return open.isEmpty ? nil : finish(onLine: breaks + 1)
    }

    /// Whether the byte belongs to the mark at the beginning; where the mark breaks off, its bytes are text.
    private mutating func passesMark(_ byte: UInt8, after taken: Int) -> Bool {
        if byte == Self.byteOrderMark[taken] {
            markBytes = taken == 2 ? nil : taken + 1
            return true
        }
        markBytes = nil
        guard taken > 0 else { return false }
        (open, count, place) = (Array(Self.byteOrderMark.prefix(taken)), taken, .plain)
        return false
    }

    private mutating func move(by byte: UInt8) {
        let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
        switch place {
        case .fieldStart: place = byte == quote ? .quoted : byte == comma ? .fieldStart : .plain
        case .plain: if byte == comma { place = .fieldStart }
        case .quoted: if byte == quote { place = .mark }
        case .mark: place = byte == quote ? .quoted : byte == comma ? .fieldStart : .plain
        }
    }

    private mutating func finish(onLine last: Int) -> Record? {
        let (record, lines) = (open, (breaksBefore + 1)...last)
        (open, count, place, breaksBefore) = ([], 0, .fieldStart, breaks)
        guard record.count <= Self.limit else { return Record(bytes: nil, lines: lines) }
        return holdsNothing(record, isCSV: isCSV) ? nil : Record(bytes: record, lines: lines)
    }
}

/// Whether a record is blank: of a CSV, whether all its cells are, quoted or not.
private func holdsNothing(_ record: [UInt8], isCSV: Bool) -> Bool {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    // Nearly every record shows at a glance that it is not.
    let isFilled = record.contains { byte in
        (0x21...0x7E).contains(byte) && !(isCSV && (byte == quote || byte == comma))
    }
    guard !isFilled else { return false }
    guard isCSV else { return String(validating: record, as: UTF8.self).map { SpreadsheetCell($0).isEmpty } ?? false }
    let fields = csvFields(record) ?? textInGB18030(record).flatMap { csvFields(Array($0.utf8)) }
    return fields?.allSatisfy { SpreadsheetCell($0).isEmpty } ?? false
}

/// The fields of one record of a CSV (RFC 4180); `nil` where quotation marks do not fit, or it is not UTF-8.
public func csvFields(_ record: [UInt8]) -> [String]? {
    let quote = UInt8(ascii: "\"")
    var record = record[...]
    if record.last == 0x0D { record.removeLast() }
    var fields: [String] = []
    var field: [UInt8] = []
    var place = record.startIndex
    while true {
        if place < record.endIndex, record[place] == quote {
            place += 1
            while true {
                guard place < record.endIndex else { return nil }
                if record[place] == quote {
                    place += 1
                    guard place < record.endIndex, record[place] == quote else { break }
                }
                field.append(record[place])
                place += 1
            }
        } else {
            while place < record.endIndex, record[place] != UInt8(ascii: ",") {
                guard record[place] != quote else { return nil }
                field.append(record[place])
                place += 1
            }
        }
        guard let text = String(validating: field, as: UTF8.self) else { return nil }
        fields.append(text)
        field = []
        guard place < record.endIndex else { return fields }
        guard record[place] == UInt8(ascii: ",") else { return nil }
        place += 1
    }
}
