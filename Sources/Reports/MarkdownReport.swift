extension ProgressReport {
    /// The report as Markdown, with one table a section.
    public func markdown() -> String {
        var text = "# \(escaped(title))\n\n\(escaped(subtitle))\n"
        for section in sections {
            text += "\n## \(escaped(section.title))\n\n\(escaped(section.note))\n\n"
            text += row(section.table.columns.map { escaped($0.title) })
            text += row(section.table.columns.map { $0.alignment == .left ? "---" : "---:" })
            for cells in section.table.rows { text += row(cells.map(escaped)) }
        }
        return text
    }

    private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

    private func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in printable(text).unicodeScalars {
            if "\\`*_{}[]<>|#".unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }
}
