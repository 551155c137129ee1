import Casework

/// Where a text that someone wrote is printed.
public enum PrintedForm: Sendable {
    /// A cell or a line: line breaks and tabs become blanks.
    case cell
    /// Whole lines, such as CSV or Markdown: line breaks and tabs stay.
    case lines
    /// JSON: what is escaped is escaped as JSON does it, and says the same text.
    case json
}

/// A text made safe for a terminal: control and direction-changing characters are shown, not obeyed.
///
/// Controls are C0, delete and C1 (ECMA-48), and the marks of direction of Unicode (UAX #9).
public func printable(_ text: String, as form: PrintedForm = .cell) -> String {
    var result = String.UnicodeScalarView()
    let scalars = text.unicodeScalars
    for index in scalars.indices {
        let scalar = scalars[index]
        switch scalar {
        case "\n", "\t": result.append(form == .cell ? " " : scalar)
        case "\r" where form == .cell: result.append(" ")
        case "\r" where scalars[scalars.index(after: index)...].first == "\n": result.append(scalar)
        case "\u{2028}" where form == .cell, "\u{2029}" where form == .cell: result.append(" ")
        case _ where scalar.isControl || scalar.turnsDirection || ["\u{200E}", "\u{200F}", "\u{61C}"].contains(scalar):
            let digits = String(scalar.value, radix: 16)
            let shown = String(repeating: "0", count: 4 - digits.count) + digits
            result.append(contentsOf: (form == .json ? "\\u\(shown)" : "\\u{\(digits)}").unicodeScalars)
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// A text as Markdown that shows it and obeys nothing of it: no emphasis, link, heading, list, table or HTML.
///
/// Signs that Markdown or HTML would read stand behind a backslash (CommonMark 0.31, 2.4), and so do those that would turn
/// an address into a link (GitHub Flavored Markdown, 6.9). Controls and marks of direction are shown as ``printable(_:as:)``
/// shows them, and line breaks become blanks.
public func markdown(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    let scalars = Array(printable(text).unicodeScalars)
    let digits = scalars.prefix { ("0"..."9").contains($0) }.count
    for (index, scalar) in scalars.enumerated() {
        let isRead: Bool =
            switch scalar {
            case _ where "\\`*_{}[]<>|#&!~@".unicodeScalars.contains(scalar): true
            case "-", "+", "=": index == 0
            case ".":
                index == digits && digits > 0
                    || scalars[..<index].suffix(3).allSatisfy { $0 == "w" || $0 == "W" } && index > 2
            case ")": index == digits && digits > 0
            case ":": scalars[(index + 1)...].starts(with: "//".unicodeScalars)
            default: false
            }
        if isRead { result.append("\\") }
        result.append(scalar)
    }
    return String(result)
}
