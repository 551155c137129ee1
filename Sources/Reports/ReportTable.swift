public import Casework

/// A language that reports come in.
public enum Language: String, Sendable, CaseIterable, Codable {
    case en
    case zh = "zh-CN"
    case vi
}

/// What something is called.
public struct Words: Sendable, Hashable {
    public var en: String
    public var zh: String
    public var vi: String

    public init(en: String, zh: String, vi: String? = nil) {
        self.en = en
        self.zh = zh
        self.vi = vi ?? en
    }

    public init(_ label: Label) {
        self.init(en: label.en, zh: label.zh, vi: label.vi)
    }

    public subscript(_ language: Language) -> String {
        switch language {
        case .en: en
        case .zh: zh
        case .vi: vi
        }
    }
}

/// One value of a table.
///
/// What it means is told by its column.
public enum Cell: Sendable, Hashable {
    /// A code whose name stands in the report.
    case code(String)
    /// A text that is the same in every language, such as a reference.
    case text(String)
    /// What numbers a thing, and counts nothing.
    case number(Int)
    case count(Int)
    /// Days, counted as the column says.
    case days(Int)
    case percent(Int)
    case day(Day)
    /// A part of a whole, in tenths of a percent; `nil` where the whole is 0.
    case share(part: Int, whole: Int, tenths: Int?)
    /// From one count to a later one, in tenths of a percent of the first; `nil` where that is 0.
    case change(from: Int, to: Int)
    /// There is nothing to say: a denominator of 0, an unknown day.
    case none
    /// Left out, so that nobody can be made out behind a small number.
    case hidden

    /// The share of a part by itself, rounded half up.
    static func share(_ part: Int, of whole: Int) -> Cell {
        .share(part: part, whole: whole, tenths: whole == 0 ? nil : (part * 2000 + whole) / (whole * 2))
    }

    /// Tenths of a percent; `nil` where there was nothing before.
    static func changeTenths(from: Int, to: Int) -> Int? {
        guard from > 0 else { return nil }
        let twice = (to - from) * 2000
        return (twice + (twice < 0 ? -from : from)) / (from * 2)
    }
}

/// What the values of a column are.
public enum ColumnKind: String, Sendable, CaseIterable {
    case code, text, number, count, days, percent, day, share, change

    /// Whether it is lined up at the right.
    var isNumeric: Bool { ![.code, .text, .day].contains(self) }
}

public struct ReportColumn: Sendable, Hashable {
    /// Within its table; `table.column` is the code of the figure.
    public var code: String
    public var kind: ColumnKind

    public init(_ code: String, _ kind: ColumnKind) {
        self.code = code
        self.kind = kind
    }
}

/// One table of a report: codes and numbers, without a language.
public struct ReportTable: Sendable, Equatable {
    public var code: String
    public var columns: [ReportColumn]
    public var rows: [[Cell]]

    public init(_ code: String, _ columns: [ReportColumn], _ rows: [[Cell]]) {
        self.code = code
        self.columns = columns
        self.rows = rows
    }

    public func index(of column: String) -> Int? { columns.firstIndex { $0.code == column } }

    /// The value of a column in the first row that begins with a code.
    public subscript(_ row: String, _ column: String) -> Cell? {
        guard let index = index(of: column) else { return nil }
        return rows.first { $0.first == .code(row) }?[index]
    }

    /// A count by row and column; 0 where there is none.
    public func count(_ row: String, _ column: String = "count") -> Int {
        if case .count(let count)? = self[row, column] { count } else { 0 }
    }
}

/// Tenths of a percent that add to 1000: each is rounded down, and what is left goes to the largest remainders, the
/// earlier first among equals.
public func shares(of counts: [Int]) -> [Int] {
    let total = counts.reduce(0, +)
    guard total > 0 else { return counts.map { _ in 0 } }
    var shares = counts.map { $0 * 1000 / total }
    let remainders = counts.indices.sorted { left, right in
        let (first, second) = (counts[left] * 1000 % total, counts[right] * 1000 % total)
        return first == second ? left < right : first > second
    }
    for index in remainders.prefix(1000 - shares.reduce(0, +)) { shares[index] += 1 }
    return shares
}
