import Casework

/// One value that two reports have differently.
public struct ReportDifference: Sendable, Hashable {
    /// `table.column`.
    public let figure: String
    /// What the row begins with, in the reader's language.
    public let row: String
    /// `nil` where there is no such row.
    public let before: String?
    public let after: String?
    /// The version of the figures that first works it out otherwise than the older of the two reports did.
    public let sinceVersion: Int?
}

/// What a new version of the figures works out otherwise.
private let versions: [(version: Int, tables: Set<String>, why: String)] = [
    (
        3, ["timeliness", "companies", "overdue"],
        "limits are counted by run: what was missed stays missed, whatever happens to the case later"
    ),
    (
        3, ["handling.confirmation", "handling.rating"],
        "what complainants say of each ending is counted"
    ),
    (
        3, ["remediation.funnel", "remediation.scene", "claims"],
        "“claimed” leaves out what is partly verified, and “committed” means that an undertaking stands"
    ),
    (
        3,
        [
            "intake.total", "intake.category", "intake.scenario", "intake.kind", "intake.region", "intake.channel",
            "companies",
        ],
        "a period of whole months is compared with as many whole months before, and with those of the year before"
    ),
]

extension ProgressReport {
    /// What is different in another report, table by table.
    ///
    /// Rows are the same where they begin with the same codes, texts, numbers and days; a row that has only moved is no
    /// difference.
    public func differences(to other: ProgressReport, _ language: Language = .en) -> [ReportDifference] {
        let codes = tables.map(\.code) + other.tables.map(\.code).filter { code in table(code) == nil }
        return codes.flatMap { code -> [ReportDifference] in
            let (mine, theirs) = (rows(code), other.rows(code))
            let keys = mine.map(\.key) + theirs.map(\.key).filter { key in !mine.contains { $0.key == key } }
            let (before, after) = (Dictionary(mine) { first, _ in first }, Dictionary(theirs) { first, _ in first })
            let columns = (table(code) ?? other.table(code))?.columns ?? []
            return keys.flatMap { key -> [ReportDifference] in
                let name = key.map { cell in
                    if case .code(let code) = cell {
                        return names[code]?[language] ?? other.name(of: code, in: language)
                    }
                    return text(cell, language)
                }.joined(separator: ", ")
                return columns.enumerated().compactMap { index, column in
                    let (old, new) = (before[key]?[index], after[key]?[index])
                    // What names a row is no difference where the row comes or goes; nor is what is written the same.
                    let isName = (old ?? new).map(key.contains) ?? false
                    guard old != new, !isName || old != nil && new != nil,
                        old.map({ text($0, language) }) != new.map({ other.text($0, language) })
                    else { return nil }
                    return ReportDifference(
                        figure: "\(code).\(column.code)", row: name, before: old.map { text($0, language) },
                        after: new.map { other.text($0, language) }, sinceVersion: version(of: code, until: other))
                }
            }
        }
    }

    /// Why values may differ though the same was known: what versions of the figures between the two worked out otherwise.
    public func versionsBetween(_ other: ProgressReport) -> [String] {
        let (old, new) = (min(figuresVersion, other.figuresVersion), max(figuresVersion, other.figuresVersion))
        return versions.filter { old < $0.version && $0.version <= new }.map { "version \($0.version): \($0.why)" }
    }

    private func version(of table: String, until other: ProgressReport) -> Int? {
        let (old, new) = (min(figuresVersion, other.figuresVersion), max(figuresVersion, other.figuresVersion))
        return versions.first { old < $0.version && $0.version <= new && $0.tables.contains(table) }?.version
    }

    private func rows(_ code: String) -> [(key: [Cell], value: [Cell])] {
        guard let table = table(code) else { return [] }
        let width = max(1, table.columns.prefix { [.code, .text, .number, .day].contains($0.kind) }.count)
        // Of a barrier the number alone names it: its states are what may differ.
        let isNumbered = table.columns.first?.kind == .number
        // The running number of the annex is no name.
        if code == "annex" { return table.rows.map { ([$0[1], $0[3], $0[5]], [.none] + $0.dropFirst()) } }
        return table.rows.map { (Array($0.prefix(isNumbered ? 1 : code == "overdue" ? 2 : width)), $0) }
    }
}
