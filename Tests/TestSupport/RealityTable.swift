import Foundation

/// A row of a table under `Tests/Fixtures/reality`, whose README says what the columns mean.
public struct RealityRow: Sendable, CustomStringConvertible {
    private let cells: [String: String]

    fileprivate init(_ columns: [String], _ line: Substring) {
        let values = line.split(separator: "\t", omittingEmptySubsequences: false).map { Self.text(String($0)) }
        cells = Dictionary(zip(columns, values)) { first, _ in first }
    }

    public var description: String { "\(self["role"]) \(self["id"])" }

    /// A cell's text; empty where nothing stands there.
    public subscript(_ column: String) -> String {
        guard let cell = cells[column], cell != "-" else { return "" }
        return cell
    }

    /// The values of a cell that holds several.
    public func values(_ column: String) -> [String] { self[column].split(separator: "|").map(String.init) }

    /// `\u200b` is a code point, `\n` a line end, `\t` a tab, `\\` a backslash.
    private static func text(_ cell: String) -> String {
        let signs: [Substring: String] = ["\\n": "\n", "\\t": "\t", "\\\\": "\\"]
        return cell.replacing(/\\u([0-9a-f]{4})|\\[nt\\]/) { match in
            match.output.1.flatMap { UInt32($0, radix: 16) }.flatMap(Unicode.Scalar.init).map(String.init)
                ?? signs[match.output.0] ?? ""
        }
    }
}

/// The rows of a table; a missing one ends the test run.
public func realityTable(_ name: String) -> [RealityRow] {
    guard let text = try? String(decoding: fixture("reality/\(name).tsv"), as: UTF8.self) else {
        preconditionFailure("\(name).tsv cannot be read")
    }
    let lines = text.split(separator: "\n")
    let columns = lines.first?.split(separator: "\t").map(String.init) ?? []
    return lines.dropFirst().map { RealityRow(columns, $0) }
}
