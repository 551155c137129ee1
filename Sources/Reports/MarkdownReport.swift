import Casework

extension ProgressReport {
    /// The report as Markdown, with one table a section and the figures explained at the end.
    public func markdown(_ language: Language = .en) -> String {
        var text =
            "# \(Reports.markdown(title(language)))\n\n\(preface(language).map { Reports.markdown($0) }.joined(separator: "  \n"))\n"
        text += "\n## \(Phrase.mainPoints(language))\n\n"
        for point in mainPoints(language) { text += "- \(Reports.markdown(point))\n" }
        for table in tables {
            let words = textTable(table, language)
            text += "\n## \(Reports.markdown(title(of: table, language)))\n\n"
            text += row(words.columns.map { Reports.markdown($0.title) })
            text += row(words.columns.map { $0.alignment == .left ? "---" : "---:" })
            for cells in words.rows { text += row(cells.map { Reports.markdown($0) }) }
        }
        if hasHidden { text += "\n\(Reports.markdown(Phrase.hiddenNote(language)))\n" }
        text += "\n## \(Phrase.annexFigures(language))\n\n\(Reports.markdown(Phrase.annexNote(language)))\n\n"
        text += row([Phrase.figure(language), Phrase.meaning(language)]) + row(["---", "---"])
        for figure in figures {
            guard let formula = figure.formula else { continue }
            text += row([Reports.markdown(figure.code), Reports.markdown(formula[language])])
        }
        return text
    }

    private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
}
