/// Tells where the records of a stream end: its lines, or the records of a CSV, whose fields may hold line breaks in
/// quotation marks (RFC 4180).
///
/// A quotation mark opens a field only where the field begins, so that a stray one in a text takes no neighbour with it.
/// What has grown longer than a record may be ends at the next line break, whatever it is in: a mark that never ends
/// takes only its own record with it. One byte after another, it does not matter how the stream is cut into pieces.
public struct RecordEnds: Sendable {
    private enum Place {
        case fieldStart
        case plain
        case quoted
        /// After a mark in a quoted field: its end, or one of two that stand for one.
        case mark
    }

    private let isCSV: Bool
    private var place = Place.fieldStart
    private var count = 0
    /// Whether the record that ended last held nothing but space.
    public private(set) var wasBlank = true
    private var isBlank = true

    /// Bytes of one record.
    public static let limit = 256 * 1024

    public init(isCSV: Bool) {
        self.isCSV = isCSV
    }

    /// Whether a record ends with this byte, which follows the one before.
    public mutating func ends(with byte: UInt8) -> Bool {
        count += 1
        if byte > 0x20 { isBlank = false }
        if byte == 0x0A, place != .quoted || count > Self.limit {
            (wasBlank, isBlank, place, count) = (isBlank, true, .fieldStart, 0)
            return true
        }
        guard isCSV else { return false }
        let quote = UInt8(ascii: "\"")
        switch place {
        case .fieldStart: place = byte == quote ? .quoted : byte == UInt8(ascii: ",") ? .fieldStart : .plain
        case .plain: if byte == UInt8(ascii: ",") { place = .fieldStart }
        case .quoted: if byte == quote { place = .mark }
        case .mark: place = byte == quote ? .quoted : byte == UInt8(ascii: ",") ? .fieldStart : .plain
        }
        return false
    }
}

/// Cuts what comes in pieces into records.
public struct RecordReader: Sendable {
    /// One record; one that is too long is told without its bytes.
    public enum Record: Sendable, Equatable {
        case bytes([UInt8])
        case tooLong
    }

    private var ends: RecordEnds
    private var open: [UInt8] = []
    private var isTooLong = false

    public init(isCSV: Bool) {
        ends = RecordEnds(isCSV: isCSV)
    }

    /// The records that end in this piece; blank lines are none.
    public mutating func records(in piece: some Sequence<UInt8>) -> [Record] {
        var records: [Record] = []
        for byte in piece {
            if ends.ends(with: byte) {
                if let record = finish() { records.append(record) }
            } else if open.count < RecordEnds.limit, !isTooLong {
                open.append(byte)
            } else {
                (isTooLong, open) = (true, [])
            }
        }
        return records
    }

    /// What is left at the end, where the last record had no line break.
    public mutating func last() -> Record? { finish() }

    private mutating func finish() -> Record? {
        defer { (open, isTooLong) = ([], false) }
        if isTooLong { return .tooLong }
        return open.contains { $0 > 0x20 } ? .bytes(open) : nil
    }
}

/// The fields of one record of a CSV (RFC 4180); `nil` where quotation marks do not fit.
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
