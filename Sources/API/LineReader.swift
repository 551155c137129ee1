import NIOCore

/// Cuts what comes in pieces into records: lines, or the records of a CSV, which may hold line breaks in quotation marks.
struct LineReader {
    /// Bytes of one record.
    static let limit = 256 * 1024

    /// One record; one that is too long is told without its bytes.
    enum Record: Equatable {
        case bytes([UInt8])
        case tooLong
    }

    private let isQuoting: Bool
    private var open: [UInt8] = []
    private var isTooLong = false
    private var isInQuotes = false

    /// - Parameter isCSV: Whether quotation marks keep a record together.
    init(isCSV: Bool) {
        isQuoting = isCSV
    }

    /// The records that end in this piece; blank lines are none.
    mutating func records(in piece: ByteBuffer) -> [Record] {
        var records: [Record] = []
        piece.readableBytesView.withContiguousStorageIfAvailable { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() {
                if isQuoting, byte == UInt8(ascii: "\"") { isInQuotes.toggle() }
                // After a mark that never ends, what follows the longest record begins anew.
                guard byte == 0x0A, !isInQuotes || isTooLong else { continue }
                append(bytes[start..<index])
                if let record = finish() { records.append(record) }
                start = index + 1
            }
            append(bytes[start...])
        }
        return records
    }

    /// What is left at the end, where the last record had no line break.
    mutating func last() -> Record? { finish() }

    private mutating func append(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        guard !isTooLong else { return }
        guard open.count + bytes.count <= Self.limit else {
            (isTooLong, open) = (true, [])
            return
        }
        open.append(contentsOf: bytes)
    }

    private mutating func finish() -> Record? {
        defer { (open, isTooLong, isInQuotes) = ([], false, false) }
        if isTooLong { return .tooLong }
        return open.contains { $0 > 0x20 } ? .bytes(open) : nil
    }
}

/// The fields of one record of a CSV (RFC 4180); `nil` where quotation marks do not fit.
func csvFields(_ record: [UInt8]) -> [String]? {
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
