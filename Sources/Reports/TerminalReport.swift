extension ProgressReport {
    /// The report for a terminal, with bars beside the weeks.
    public func terminal(width: Int? = nil) -> String {
        var lines = [title, subtitle, ""]
        let mostInAWeek = intake.byWeek.map(\.count).max() ?? 0
        for section in sections {
            lines.append(section.title)
            lines.append(section.note)
            var table = section.table
            if section.title == "Intake by week" {
                table.columns.append(.init(""))
                table.rows = zip(table.rows, intake.byWeek).map { $0 + [bar($1.count, of: mostInAWeek)] }
            }
            lines += table.lines(width: width).map { "  " + $0 }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    private func bar(_ count: Int, of most: Int) -> String {
        guard most > 0 else { return "" }
        let eighths = count * 30 * 8 / most
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + part
    }
}
