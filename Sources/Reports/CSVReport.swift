import Casework
import Foundation

extension ProgressReport {
    /// A table as CSV (RFC 4180): codes, plain numbers and days, the same in every language.
    ///
    /// A share has three columns (part, whole, tenths of a percent), and so has a change (from, to, tenths). What is
    /// hidden is empty, and `c` in a column of its own.
    ///
    /// - Parameters:
    ///   - table: One of the report's.
    ///   - isForExcel: Whether a byte-order mark goes before it, without which Excel reads Chinese wrongly.
    /// - Returns: The file.
    public func csv(_ table: ReportTable, isForExcel: Bool = false) -> String {
        let fields = table.columns.flatMap(\.fields)
        let hasHidden = table.rows.contains { $0.contains(.hidden) }
        var text = (isForExcel ? Self.byteOrderMark : "") + csvLine(fields.map(\.name) + (hasHidden ? ["hidden"] : []))
        for row in table.rows {
            let values = zip(table.columns, row).flatMap { column, cell in column.values(of: cell) }
            let hidden = zip(table.columns, row).filter { $0.1 == .hidden }.map(\.0.code).joined(separator: " ")
            text += csvLine(values + (hasHidden ? [hidden] : []))
        }
        return text
    }

    private static let byteOrderMark = "\u{FEFF}"

    /// The names of codes, as CSV.
    private func csvOfNames(isForExcel: Bool) -> String {
        var text = (isForExcel ? Self.byteOrderMark : "") + csvLine(["code", "en", "zh", "vi"])
        for (code, words) in names.sorted(by: { $0.key < $1.key }) {
            text += csvLine([code, words.en, words.zh, words.vi])
        }
        return text
    }

    /// Every table as a file, the names of codes, and `metadata.json` that says what the columns are.
    ///
    /// - Returns: Names of files with their contents; their digests are for who writes them.
    public func csvFiles(isForExcel: Bool = false) -> [(name: String, content: String)] {
        let metadata = JSON.object([
            "campaign": .string(campaign), "as_of": .string(asOf.description), "known_at": .string(knownAt),
            "period_from": .string(period.from.description), "edition": .string(edition.rawValue),
            "figures_version": .int(figuresVersion), "encoding": .string("utf-8"),
            "profile": .string(isForExcel ? "excel" : "data"),
            "tables": .array(
                tables.map { table in
                    .object([
                        "file": .string("\(table.code).csv"), "title": .string(titles[table.code]?.en ?? table.code),
                        "columns": .array(
                            table.columns.flatMap { column in
                                column.fields.map { field in
                                    .object([
                                        "name": .string(field.name), "type": .string(field.type),
                                        "unit": field.unit.map { .string($0) } ?? .null,
                                        "title": .string(title(of: column, in: table, .en)),
                                        "formula": figure("\(table.code).\(column.code)")?.formula.map {
                                            .string($0.en)
                                        } ?? .null,
                                    ])
                                }
                            }),
                    ])
                }),
        ])
        return tables.map { ("\($0.code).csv", csv($0, isForExcel: isForExcel)) }
            + [("names.csv", csvOfNames(isForExcel: isForExcel)), ("metadata.json", metadata.canonicalText + "\n")]
    }
}

extension ReportColumn {
    fileprivate struct Field {
        let name: String
        let type: String
        var unit: String?
    }

    /// What of a value stands in columns of its own.
    fileprivate var fields: [Field] {
        func parts(_ first: String, _ second: String) -> [Field] {
            [
                Field(name: "\(code)_\(first)", type: "integer", unit: "cases"),
                Field(name: "\(code)_\(second)", type: "integer", unit: "cases"),
                Field(name: "\(code)_tenths", type: "integer", unit: "tenths of a percent"),
            ]
        }
        return switch kind {
        case .code, .text: [Field(name: code, type: "string")]
        case .number: [Field(name: code, type: "integer")]
        case .count: [Field(name: code, type: "integer", unit: "cases")]
        case .days: [Field(name: code, type: "integer", unit: "days, as the formula says")]
        case .percent: [Field(name: code, type: "integer", unit: "percent")]
        case .day: [Field(name: code, type: "date")]
        case .share: parts("part", "whole")
        case .change: parts("from", "to")
        }
    }

    fileprivate func values(of cell: Cell) -> [String] {
        switch cell {
        case .code(let text), .text(let text): [text]
        case .number(let number), .count(let number), .days(let number), .percent(let number): [String(number)]
        case .day(let day): [day.description]
        case .share(let part, let whole, let tenths): [String(part), String(whole), tenths.map(String.init) ?? ""]
        case .change(let from, let to):
            [String(from), String(to), Cell.changeTenths(from: from, to: to).map(String.init) ?? ""]
        case .none, .hidden: fields.map { _ in "" }
        }
    }
}

/// One record, ended by CRLF.
///
/// Decided byte by byte: in Swift, CRLF and a quotation mark with an accent are one character each.
public func csvLine(_ cells: [String]) -> String {
    cells.map(csvCell).joined(separator: ",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection): behind an apostrophe, it is text.
private func csvCell(_ text: String) -> String {
    var bytes = Array(text.utf8)
    let seen = text.unicodeScalars.first { !$0.isInvisible && !$0.properties.isWhitespace && !$0.isControl }
    let isFormula = seen.map { "=+-@＝＋－＠﹢﹣﹦﹫−".unicodeScalars.contains($0) } ?? false
    let isTabbed = text.unicodeScalars.first.map { $0.isControl && $0 != "\n" } ?? false
    if isFormula && Double(text) == nil || isTabbed { bytes.insert(UInt8(ascii: "'"), at: 0) }
    let special = Array("\",\r\n".utf8)
    guard bytes.contains(where: special.contains) else { return String(decoding: bytes, as: UTF8.self) }
    let quote = UInt8(ascii: "\"")
    return "\"" + String(decoding: bytes.flatMap { $0 == quote ? [quote, quote] : [$0] }, as: UTF8.self) + "\""
}
