import Casework

extension ProgressReport {
    /// Every cell of every table as one long table: table, row, column, value (RFC 4180).
    public func csv() -> String {
        var text = csvLine(["table", "row", "column", "value"])
        let head = [("campaign", campaign.code), ("as_of", asOf.description), ("known_at", knownAt)]
        for (name, value) in head { text += csvLine(["Report", "1", name, value]) }
        for section in sections {
            for (number, cells) in section.table.rows.enumerated() {
                for (column, cell) in zip(section.table.columns, cells) {
                    text += csvLine([section.title, String(number + 1), column.title, cell])
                }
            }
        }
        return text
    }
}

/// One record, ended by CRLF.
///
/// Decided byte by byte: in Swift, CRLF and a quotation mark with an accent are one character each.
public func csvLine(_ cells: [String]) -> String {
    cells.map(csvCell).joined(separator: ",") + "\r\n"
}

private func csvCell(_ text: String) -> String {
    var bytes = Array(text.utf8)
    // A spreadsheet takes these beginnings for a formula.
    let dangerous = Array("=+-@\t\r\0".utf8)
    if let first = bytes.first, dangerous.contains(first), Double(text) == nil {
        bytes.insert(UInt8(ascii: "'"), at: 0)
    }
    for wide in ["＝", "＋", "－", "＠"] where bytes.starts(with: wide.utf8) {
        bytes.insert(UInt8(ascii: "'"), at: 0)
        break
    }
    let special = Array("\",\r\n".utf8)
    guard bytes.contains(where: special.contains) else { return String(decoding: bytes, as: UTF8.self) }
    let quote = UInt8(ascii: "\"")
    return "\"" + String(decoding: bytes.flatMap { $0 == quote ? [quote, quote] : [$0] }, as: UTF8.self) + "\""
}
