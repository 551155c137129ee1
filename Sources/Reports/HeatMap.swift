import Casework

extension ProgressReport {
    /// Respondents down, targets with their scenes across; colour and letter say how far the removal has come.
    func heatMap(_ table: ReportTable, _ language: Language) -> String? {
        guard let respondent = table.index(of: "respondent"), let target = table.index(of: "target"),
            let scene = table.index(of: "scene"), let state = table.index(of: "remediation"), !table.rows.isEmpty
        else { return nil }
        var cells: [[Cell]: [[Cell]: String]] = [:]
        for row in table.rows {
            guard case .code(let code) = row[state] else { continue }
            cells[[row[respondent]], default: [:]][[row[target], row[scene]]] = code
        }
        func name(_ key: [Cell]) -> String { key.map { text($0, language) }.joined(separator: ", ") }
        let rows = cells.keys.sorted { name($0) < name($1) }
        let columns = Set(cells.values.flatMap(\.keys)).sorted { name($0) < name($1) }
        // Labels slant upwards over the columns: the longest says how much room they take, above and to the right.
        let slant = 20 + (columns.map { displayWidth(name($0)) }.max() ?? 0) * 5
        let (left, cell) = (30 + (rows.map { displayWidth(name($0)) }.max() ?? 0) * 7, 34)
        let (width, height) = (left + columns.count * cell + slant, slant + rows.count * cell + 10)
        let svg = HTML()
        svg.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"\(table.anchor)-t\">")
        open(
            svg, table.anchor, Phrase.picture(language, title(of: table, language)), Phrase.chart(language),
            width: width,
            height: height, isMap: true)
        for (index, column) in columns.enumerated() {
            let x = left + index * cell + cell / 2 + 4
            svg.raw("<text transform=\"translate(\(x) \(slant - 8)) rotate(-45)\">").text(name(column)).raw("</text>\n")
        }
        for (place, row) in rows.enumerated() {
            let y = slant + place * cell
            svg.raw("<text class=\"r\" x=\"\(left - 8)\" y=\"\(y + 21)\">").text(name(row)).raw("</text>\n")
            for (index, column) in columns.enumerated() {
                guard let code = cells[row]?[column] else { continue }
                let mark = Mark(code)
                let x = left + index * cell
                svg.raw("<g><title>").text("\(name(row)) – \(name(column)): \(self.name(of: code, in: language))")
                svg.raw("</title><rect class=\"\(mark.style)\" x=\"\(x)\" y=\"\(y)\" width=\"\(cell - 3)\" ")
                svg.raw("height=\"\(cell - 3)\"/><text class=\"s\(mark.isLight ? " dark" : "")\" ")
                svg.raw("x=\"\(x + cell / 2 - 2)\" y=\"\(y + 20)\">").text(mark.letter).raw("</text></g>\n")
            }
        }
        svg.raw("</svg></div>\n<p class=\"key\">")
        let present = Set(cells.values.flatMap(\.values))
        let known = Barrier.Remediation.allCases.map { "remediation:\($0.rawValue)" }.filter(present.contains)
        svg.text(known.map { "\(Mark($0).letter) \(self.name(of: $0, in: language))" }.joined(separator: " · "))
        return svg.raw("</p>\n").source
    }

    /// A letter and a colour for a state, so that colour is never alone.
    private struct Mark {
        let letter: String
        let style: String
        let isLight: Bool

        init(_ code: String) {
            switch Barrier.Remediation(rawValue: String(code.drop { $0 != ":" }.dropFirst())) {
            case .alleged: (letter, style, isLight) = ("A", "f3", false)
            case .confirmed: (letter, style, isLight) = ("C", "f3", false)
            case .ordered: (letter, style, isLight) = ("O", "f3", false)
            case .committed: (letter, style, isLight) = ("U", "f4", true)
            case .inProgress: (letter, style, isLight) = ("P", "f4", true)
            case .pendingCounterparty: (letter, style, isLight) = ("W", "f5", false)
            case .claimed: (letter, style, isLight) = ("K", "f2", true)
            case .partiallyVerified: (letter, style, isLight) = ("½", "f7", false)
            case .verified: (letter, style, isLight) = ("✓", "f1", false)
            case .dismissed: (letter, style, isLight) = ("–", "f6", false)
            case .justified: (letter, style, isLight) = ("J", "f6", false)
            case nil: (letter, style, isLight) = ("?", "f6", false)
            }
        }
    }
}
