import Casework

extension ProgressReport {
    /// The report for a terminal, with bars beside what is counted.
    ///
    /// - Parameters:
    ///   - language: In which words.
    ///   - width: Columns of the terminal, where it is one.
    ///   - isPlain: Whether only ASCII may be used for what is drawn.
    ///   - limit: Lines of one table, at the most; how many more there are is told.
    /// - Returns: Lines without anything that steers a terminal.
    public func terminal(
        _ language: Language = .en, width: Int? = nil, isPlain: Bool = false, limit: Int = .max
    ) -> String {
        func prose(_ text: String, after mark: String = "") -> [String] {
            let space = String(repeating: " ", count: mark.count)
            let lines = width.map { wrapped(text, width: max(20, $0 - mark.count)) } ?? [text]
            return lines.enumerated().map { ($0.offset == 0 ? mark : space) + $0.element }
        }
        var lines = ([title(language)] + preface(language)).flatMap { prose($0) } + ["", Phrase.mainPoints(language)]
        lines += mainPoints(language).flatMap { prose($0, after: isPlain ? "  - " : "  • ") } + [""]
        for table in tables {
            lines += prose(title(of: table, language))
            var shown = withBars(table, isPlain)
            shown.rows = Array(shown.rows.prefix(limit))
            lines += textTable(shown, language).lines(width: width.map { $0 - 2 }).map { "  " + $0 }
            if table.rows.count > limit { lines.append("  " + Phrase.more(language, String(table.rows.count - limit))) }
            lines.append("")
        }
        if hasHidden { lines += prose(Phrase.hiddenNote(language)) }
        let text = lines.joined(separator: "\n")
        return isPlain ? String(text.map { Self.plain[$0] ?? $0 }) : text
    }

    /// What stands between words, in ASCII; words stay as they are.
    private static let plain: [Character: Character] = [
        "–": "-", "—": "-", "−": "-", "…": ".", "“": "\"", "”": "\"",
    ]

    private static let charted: Set = ["intake.week", "handling.funnel", "remediation.funnel"]

    private func withBars(_ table: ReportTable, _ isPlain: Bool) -> ReportTable {
        guard Self.charted.contains(table.code), let index = table.index(of: "count") else { return table }
        let counts = table.rows.map { row -> Int in if case .count(let count) = row[index] { count } else { 0 } }
        let most = counts.max() ?? 0
        var table = table
        table.columns.append(ReportColumn("", .text))
        table.rows = zip(table.rows, counts).map { $0 + [.text(bar($1, of: most, isPlain))] }
        return table
    }

    private func bar(_ count: Int, of most: Int, _ isPlain: Bool) -> String {
        guard most > 0 else { return "" }
        if isPlain { return String(repeating: "#", count: (count * 30 + most - 1) / most) }
        let eighths = count * 30 * 8 / most
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + part
    }
}
