import Casework

/// Pictures of tables, as SVG that a page holds. Each says what it shows; the table beside it has every number.
extension ProgressReport {
    func chart(of table: ReportTable, _ language: Language) -> String? {
        // What is hidden cannot be drawn, and must not look like nothing.
        guard !table.rows.contains(where: { $0.contains(.hidden) }) || table.code.hasPrefix("barriers.") else {
            return nil
        }
        return switch table.code {
        case "intake.week": weekChart(table, language)
        case "handling.funnel", "remediation.funnel": barChart(table, language)
        case "timeliness": stackedChart(table, language)
        case "companies": companyCharts(table, language)
        case "barriers.links", "barriers.payments": heatMap(table, language)
        default: nil
        }
    }

    private func counts(_ table: ReportTable, _ column: String) -> [Int] {
        guard let index = table.index(of: column) else { return [] }
        return table.rows.map { row in if case .count(let count) = row[index] { count } else { 0 } }
    }

    /// Begins a picture that says what it shows.
    func open(
        _ svg: HTML, _ name: String, _ title: String, _ description: String, width: Int, height: Int,
        isMap: Bool = false
    ) {
        svg.raw("<svg role=\"img\" aria-labelledby=\"\(name)-t \(name)-d\"\(isMap ? " class=\"map\"" : "") ")
        svg.raw("width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\">\n<title id=\"\(name)-t\">")
        svg.text(title).raw("</title>\n<desc id=\"\(name)-d\">").text(description).raw("</desc>\n")
    }

    // MARK: Weeks

    /// Up to a year of weeks that end with the last one with a complaint; a week without any is a gap.
    private func weekChart(_ table: ReportTable, _ language: Language) -> String? {
        let weeks = zip(table.rows, counts(table, "count")).compactMap { row, count -> (Day, Int)? in
            if case .day(let week)? = row.first { (week, count) } else { nil }
        }
        guard let last = weeks.last?.0, let most = weeks.map(\.1).max(), most > 0 else { return nil }
        let shown = weeks.filter { last - $0.0 < 53 * 7 }
        guard let first = shown.first?.0 else { return nil }
        let places = (last - first) / 7 + 1
        let (width, height, step) = (760, 220, min(40, 700 / places))
        let svg = HTML()
        open(
            svg, table.anchor, title(of: table, language),
            "\(first) – \(last): \(shown.map { String($0.1) }.joined(separator: ", ")). \(Phrase.chart(language))",
            width: width, height: height)
        svg.raw("<line class=\"axis\" x1=\"40\" y1=\"180\" x2=\"750\" y2=\"180\"/>\n")
        for (week, count) in shown {
            let place = (week - first) / 7
            let (bar, left) = (count * 150 / most, 45 + place * step)
            svg.raw(
                "<rect class=\"f1\" x=\"\(left)\" y=\"\(180 - bar)\" width=\"\(max(2, step - 2))\" height=\"\(bar)\"/>\n"
            )
            if step >= 18 || count == most {
                svg.raw("<text class=\"v\" x=\"\(left + step / 2)\" y=\"\(174 - bar)\">\(count)</text>\n")
            }
        }
        for place in stride(from: 0, to: places, by: max(1, (places + 7) / 8)) where 45 + place * step < width - 70 {
            svg.raw("<text x=\"\(45 + place * step)\" y=\"198\">\(first + place * 7)</text>\n")
        }
        return svg.raw("</svg>\n").source
    }

    // MARK: Bars

    private func barChart(_ table: ReportTable, _ language: Language) -> String? {
        let counts = counts(table, "count")
        guard let most = counts.max(), most > 0 else { return nil }
        let (width, left, row) = (760, 230, 26)
        let svg = HTML()
        let names = table.rows.map { text($0[0], language) }
        open(
            svg, table.anchor, title(of: table, language),
            zip(names, counts).map { "\($0): \($1)" }.joined(separator: "; ") + ". \(Phrase.chart(language))",
            width: width,
            height: counts.count * row + 10)
        for (index, (name, count)) in zip(names, counts).enumerated() {
            let (top, bar) = (index * row + 5, count * (width - left - 70) / most)
            svg.raw("<text class=\"r\" x=\"\(left - 8)\" y=\"\(top + 15)\">").text(name).raw("</text>\n")
            svg.raw("<rect class=\"f1\" x=\"\(left)\" y=\"\(top)\" width=\"\(bar)\" height=\"\(row - 6)\"/>\n")
            svg.raw("<text x=\"\(left + bar + 6)\" y=\"\(top + 15)\">\(count)</text>\n")
        }
        return svg.raw("</svg>\n").source
    }

    private static let bins = [("in_time", "f1"), ("late", "f4"), ("open", "f2"), ("overdue", "f3")]

    /// The four bins of deadlines beside one another, as wide as their part of all.
    private func stack(_ table: ReportTable, _ row: Int, to svg: HTML, left: Int, top: Int, width: Int, height: Int) {
        let parts = Self.bins.map { (counts(table, $0.0)[row], $0.1) }
        let total = parts.reduce(0) { $0 + $1.0 }
        guard total > 0 else { return }
        var sum = 0
        for (count, style) in parts where count > 0 {
            let (begin, end) = (left + sum * width / total, left + (sum + count) * width / total)
            sum += count
            svg.raw(
                "<rect class=\"\(style)\" x=\"\(begin)\" y=\"\(top)\" width=\"\(max(1, end - begin - 1))\" height=\"\(height)\"/>"
            )
            if end - begin > 8 * String(count).count + 4 {
                svg.raw("<text class=\"s\(style == "f4" || style == "f2" ? " dark" : "")\" x=\"\((begin + end) / 2)\" ")
                svg.raw("y=\"\(top + height / 2 + 4)\">\(count)</text>\n")
            }
        }
    }

    private func key(_ table: ReportTable, _ language: Language) -> String {
        let html = HTML()
        html.raw("<p class=\"key\">")
        for (code, style) in Self.bins {
            html.raw(
                "<svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"\(style)\" width=\"12\" height=\"12\"/></svg> "
            )
            html.text(title(of: ReportColumn(code, .count), in: table, language)).raw(" &#160; ")
        }
        return html.raw("</p>\n").source
    }

    private func stackedChart(_ table: ReportTable, _ language: Language) -> String? {
        let (width, left, row) = (760, 230, 32)
        let svg = HTML()
        let names = table.rows.map { text($0[0], language) }
        let all = Self.bins.map { counts(table, $0.0) }
        guard all.contains(where: { $0.contains { $0 > 0 } }) else { return nil }
        open(
            svg, table.anchor, title(of: table, language), Phrase.chart(language), width: width,
            height: table.rows.count * row + 5)
        for (index, name) in names.enumerated() {
            svg.raw("<text class=\"r\" x=\"\(left - 8)\" y=\"\(index * row + 18)\">").text(name).raw("</text>\n")
            stack(table, index, to: svg, left: left, top: index * row + 2, width: width - left - 10, height: row - 8)
        }
        return svg.raw("</svg>\n").source + key(table, language)
    }

    /// One small picture a company, all to the same measure, the largest first.
    private func companyCharts(_ table: ReportTable, _ language: Language) -> String? {
        let totals = table.rows.indices.map { row in Self.bins.reduce(0) { $0 + counts(table, $1.0)[row] } }
        let shown = table.rows.indices.filter { totals[$0] > 0 }.prefix(12)
        guard !shown.isEmpty else { return nil }
        let html = HTML()
        html.raw("<div class=\"many\">\n")
        for row in shown {
            let name = text(table.rows[row][0], language)
            let timely = table.index(of: "timely").map { text(table.rows[row][$0], language) } ?? ""
            html.raw("<div><p>").text("\(name) · \(timely)").raw("</p>")
            open(
                html, "\(table.anchor)-\(row)", name,
                Self.bins.map { code, _ in
                    "\(title(of: ReportColumn(code, .count), in: table, language)): \(counts(table, code)[row])"
                }.joined(separator: "; "), width: 240, height: 24)
            stack(table, row, to: html, left: 0, top: 2, width: 240, height: 20)
            html.raw("</svg></div>\n")
        }
        return html.raw("</div>\n").source + key(table, language)
    }
}
