import Casework

extension ProgressReport {
    /// The report as Markdown, with one table a section and the figures explained at the end.
    public func markdown(_ language: Language = .en) -> String {
        var text = "# \(escaped(title(language)))\n\n\(preface(language).map(escaped).joined(separator: "  \n"))\n"
        text += "\n## \(Phrase.mainPoints(language))\n\n"
        for point in mainPoints(language) { text += "- \(escaped(point))\n" }
        for table in tables {
            let words = textTable(table, language)
            text += "\n## \(escaped(title(of: table, language)))\n\n"
            text += row(words.columns.map { escaped($0.title) })
            text += row(words.columns.map { $0.alignment == .left ? "---" : "---:" })
            for cells in words.rows { text += row(cells.map(escaped)) }
        }
        if hasHidden { text += "\n\(escaped(Phrase.hiddenNote(language)))\n" }
        text += "\n## \(Phrase.annexFigures(language))\n\n\(escaped(Phrase.annexNote(language)))\n\n"
        text += row([Phrase.figure(language), Phrase.meaning(language)]) + row(["---", "---"])
        for figure in figures {
            guard let formula = figure.formula else { continue }
            text += row([escaped(figure.code), escaped(formula[language])])
        }
        return text
    }

    private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

    private func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in printable(text).unicodeScalars {
            if "\\`*_{}[]<>|#&!".unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }
}
