import Foundation

/// What a cell says, as spreadsheets and people write it.
public struct SpreadsheetCell: Sendable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    /// Whether nothing is seen in it: blanks of any kind, control characters, invisible signs.
    public var isEmpty: Bool { text.isBlank }

    private var folded: String { text.folded.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// The truth that it is: `TRUE`, `yes`, `Y`, `是`, `真`, or the opposite; `nil` where it is none.
    ///
    /// `1` and `0` are none: they may count something.
    public var truth: Bool? {
        switch folded {
        case "true", "yes", "y", "是", "真": true
        case "false", "no", "n", "否", "假": false
        default: nil
        }
    }

    /// The forms of ``truth``, for messages.
    public static let truthForms = "TRUE or FALSE, or 是 or 否"

    // MARK: Days

    /// The day that it can only be; `nil` where it is none, or could be another.
    ///
    /// The year comes first and has four digits: `2021/9/1`, `2021.9.1`, `2021年9月1日`, `20210901`. Midnight may follow, as
    /// spreadsheets append it; another time may not, since it would be lost.
    public var day: Day? {
        if let day = Day(text) { return day }
        var text = String(String.UnicodeScalarView(folded.unicodeScalars.map { Self.dashes.contains($0) ? "-" : $0 }))
        let midnight = /(?:\s+|t|日\s*|号\s*)00?:00(?::00(?:\.0+)?)?\s*(?:z|[+-][0-9]{2}:?[0-9]{2})?$/
        if let time = text.firstMatch(of: midnight) { text = String(text[..<time.range.lowerBound]) }
        if let found = text.wholeMatch(of: /([0-9]{4})\s*([\-\/.。])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,2})/) {
            return Self.day(found.output.1, found.output.3, found.output.4)
        }
        if let found = text.wholeMatch(of: /([0-9]{4})\s*年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]?/) {
            return Self.day(found.output.1, found.output.2, found.output.3)
        }
        if let found = text.wholeMatch(of: /([0-9]{4})([0-9]{2})([0-9]{2})/) {
            return Self.day(found.output.1, found.output.2, found.output.3)
        }
        return nil
    }

    /// What input methods write for a hyphen.
    private static let dashes: Set<Unicode.Scalar> = [
        "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "\u{2212}",
    ]

    private static func day(_ year: Substring, _ month: Substring, _ day: Substring) -> Day? {
        guard let year = Int(year), let month = Int(month), let day = Int(day) else { return nil }
        return Day(year: year, month: month, day: day)
    }

    /// What is wrong where ``day`` is `nil`, and what would be right.
    public var whyNoDay: String {
        let right = "has to be a date that exists, such as 2021-09-01"
        if folded.wholeMatch(of: /[0-9]{1,7}(?:\.[0-9]+)?/) != nil {
            return "\(right); a bare number is how a spreadsheet counts days: format the column as yyyy-mm-dd"
        }
        return "\(right), with the year first in four digits and no time; format the column as yyyy-mm-dd"
    }

    // MARK: No value

    /// Why it says nothing that a text, a name or a reference could be, and what to do about it; `nil` where it may.
    ///
    /// `TRUE` and `FALSE` are what a formula or a check box leaves in a column of texts, `#REF!` and the like what a spreadsheet
    /// writes for an error, and a row of `#` what it shows where a column is too narrow (Excel, LibreOffice and WPS).
    public var whyNoValue: String? {
        let seen = text.trimmingCharacters(in: .whitespacesAndNewlines).prefix(24)
        switch folded {
        case "true", "false":
            return
                "holds “\(seen)”, which is a truth of a spreadsheet and no text; enter the text, or leave the cell empty"
        case let text where text.wholeMatch(of: /#{2,}/) != nil:
            return
                "holds “\(seen)”, which a spreadsheet shows where a column is too narrow; widen it and save the file again"
        case let text where text.wholeMatch(of: Self.errors) != nil:
            return
                "holds “\(seen)”, which is an error of a spreadsheet and no text; mend the formula, or leave the cell empty"
        default:
            return nil
        }
    }

    /// The errors of Excel and WPS, and those of LibreOffice that have a number.
    private static var errors: Regex<Substring> {
        /#(?:n\/a|name\?|getting_data|(?:ref|value|div\/0|null|num|spill|calc|field|busy|connect|blocked|unknown|error)!)|err:[0-9]{3}/
    }

    // MARK: Identifiers

    /// Whether it is a number as a power of ten, such as `1.38E+10`: what spreadsheets make of long identifiers.
    public var isPowerOfTen: Bool {
        guard text.unicodeScalars.contains(where: { "eEｅＥ".unicodeScalars.contains($0) }) else { return false }
        guard let found = folded.wholeMatch(of: /[+-]?[0-9]([.,][0-9]+)?e([+-])?[0-9]{1,3}/) else { return false }
        // `2E5` may be a name.
        return found.output.1 != nil || found.output.2 != nil
    }
}
