import Casework

extension ProgressReport {
    /// The report as one self-contained page: no script, nothing loaded, every chart beside its table.
    public func html() -> String {
        let body = HTML()
        body.raw("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<main id=\"main\">\n")
        body.raw("<header><h1>").text(title).raw("</h1>\n<p>").text(subtitle).raw("</p></header>\n")
        for (index, section) in sections.enumerated() {
            body.raw("<section aria-labelledby=\"s\(index)\">\n<h2 id=\"s\(index)\">").text(section.title)
            body.raw("</h2>\n<p>").text(section.note).raw("</p>\n")
            if section.title == "Intake by week" { body.raw(weekChart()) }
            if section.title == "Blocked links" { body.raw(heatMap(.blockedLink, id: "links")) }
            if section.title == "Refused payment methods" { body.raw(heatMap(.refusedPayment, id: "payments")) }
            write(section.table, caption: section.title, to: body)
            body.raw("</section>\n")
        }
        body.raw("</main>\n")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(HTML.escaped(title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            \(body.source)</body>
            </html>

            """
    }

    private func write(_ table: TextTable, caption: String, to body: HTML) {
        body.raw("<div class=\"scroll\"><table><caption>").text(caption).raw("</caption>\n<thead><tr>")
        for column in table.columns {
            body.raw("<th scope=\"col\"\(column.alignment == .right ? " class=\"n\"" : "")>").text(column.title)
            body.raw("</th>")
        }
        body.raw("</tr></thead>\n<tbody>\n")
        for row in table.rows {
            body.raw("<tr>")
            for (column, cell) in zip(table.columns, row) {
                body.raw("<td\(column.alignment == .right ? " class=\"n\"" : "")>").text(printable(cell)).raw("</td>")
            }
            body.raw("</tr>\n")
        }
        body.raw("</tbody></table></div>\n")
    }

    // MARK: Charts

    private func weekChart() -> String {
        let weeks = intake.byWeek
        guard let most = weeks.map(\.count).max(), most > 0 else { return "" }
        let (width, height, step) = (760, 220, 700 / max(weeks.count, 1))
        let svg = HTML()
        svg.raw("<svg role=\"img\" aria-labelledby=\"weeks-t weeks-d\" viewBox=\"0 0 \(width) \(height)\">\n")
        svg.raw("<title id=\"weeks-t\">Complaints received by week</title>\n<desc id=\"weeks-d\">")
        svg.text("Bars from \(weeks.first?.weekOf.description ?? "") to \(weeks.last?.weekOf.description ?? ""); ")
        svg.text("the highest is \(most). The table below has every number.").raw("</desc>\n")
        svg.raw("<line class=\"axis\" x1=\"40\" y1=\"180\" x2=\"750\" y2=\"180\"/>\n")
        for (index, week) in weeks.enumerated() {
            let bar = week.count * 150 / most
            let left = 45 + index * step
            svg.raw("<rect class=\"bar\" x=\"\(left)\" y=\"\(180 - bar)\" width=\"\(max(2, step - 3))\" ")
            svg.raw("height=\"\(bar)\"/>\n")
            if week.count > 0 {
                svg.raw("<text class=\"v\" x=\"\(left + step / 2)\" y=\"\(174 - bar)\">\(week.count)</text>\n")
            }
            if index.isMultiple(of: max(1, weeks.count / 8)), left < width - 70 {
                svg.raw("<text class=\"l\" x=\"\(left)\" y=\"198\">\(week.weekOf)</text>\n")
            }
        }
        svg.raw("</svg>\n")
        return svg.source
    }

    /// Respondents down, targets with their scenes across; colour and word say how far the removal has come.
    private func heatMap(_ kind: Barrier.Kind, id: String) -> String {
        let lines = barriers.lines.filter { $0.kind == kind }
        let rows = unique(lines.map(\.respondent))
        let columns = unique(lines.map { Column(target: $0.target, scene: $0.scene) })
            .sorted { ($0.target.en, $0.scene.en) < ($1.target.en, $1.scene.en) }
        guard !rows.isEmpty else { return "" }
        // Labels slant upwards over the columns: the longest says how much room they take, above and to the right.
        let slant = 20 + (columns.map { displayWidth("\($0.target.en), \($0.scene.en)") }.max() ?? 0) * 5
        let (left, top, cell) = (150, slant, 34)
        let (width, height) = (left + columns.count * cell + slant, top + rows.count * cell + 10)
        let svg = HTML()
        svg.raw("<div class=\"scroll\"><svg role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\" ")
        svg.raw(
            "class=\"map\" width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\">\n<title id=\"\(id)-t\">"
        )
        svg.text("Barriers by respondent, target and scene").raw("</title>\n<desc id=\"\(id)-d\">")
        svg.text("\(lines.count) barriers of \(rows.count) respondents. The table below has every cell.")
        svg.raw("</desc>\n")
        for (index, column) in columns.enumerated() {
            let x = left + index * cell + cell / 2 + 4
            svg.raw("<text class=\"c\" transform=\"translate(\(x) \(top - 8)) rotate(-45)\">")
            svg.text("\(column.target.en), \(column.scene.en)").raw("</text>\n")
        }
        for (rowIndex, row) in rows.enumerated() {
            let y = top + rowIndex * cell
            svg.raw("<text class=\"r\" x=\"\(left - 8)\" y=\"\(y + 21)\">").text(row.en).raw("</text>\n")
            for (index, column) in columns.enumerated() {
                let line = lines.first {
                    $0.respondent == row && $0.target == column.target && $0.scene == column.scene
                }
                guard let line else { continue }
                let x = left + index * cell
                svg.raw("<g><title>").text("\(line.number): \(line.remediation.words), observed \(line.observed.words)")
                svg.raw("</title><rect class=\"m \(line.remediation.rawValue)\" x=\"\(x)\" y=\"\(y)\" ")
                svg.raw("width=\"\(cell - 3)\" height=\"\(cell - 3)\"/>")
                svg.raw("<text class=\"s \(line.remediation.rawValue)\" x=\"\(x + cell / 2 - 2)\" y=\"\(y + 20)\">")
                svg.text(line.remediation.letter).raw("</text></g>\n")
            }
        }
        svg.raw("</svg></div>\n<p class=\"key\">")
        svg.text(Barrier.Remediation.allCases.map { "\($0.letter) \($0.words)" }.joined(separator: " · "))
        svg.raw("</p>\n")
        return svg.source
    }

    private struct Column: Hashable {
        var target: Named
        var scene: Named
    }

    private func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#0b0c0c;--paper:#fff;--line:#b1b4b6;--bar:#12436d}
        @media(prefers-color-scheme:dark){:root{--ink:#f3f2f1;--paper:#121314;--line:#505a5f;--bar:#7fb8e6}}
        body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:var(--ink);background:var(--paper);
        margin:0 auto;max-width:72rem;padding:1.5rem}
        .skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
        h2{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem}
        .scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0}caption{text-align:left;font-weight:600}
        th,td{border-bottom:1px solid var(--line);padding:.25rem .75rem;text-align:left;vertical-align:top}
        th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
        svg{max-width:100%;height:auto}svg.map{max-width:none}svg text{fill:var(--ink);font-size:12px}
        .axis{stroke:var(--line)}.bar{fill:var(--bar)}.v{text-anchor:middle}.r{text-anchor:end}
        .s{text-anchor:middle;font-weight:700}
        .m{stroke:var(--line)}.alleged,.confirmed,.ordered{fill:#801650}.committed,.in_progress{fill:#f46a25}
        .pending_counterparty{fill:#6b3fa0}.claimed,.partially_verified{fill:#28a197}.verified{fill:#12436d}
        .dismissed,.justified{fill:#505a5f}
        svg text.s{fill:#fff}svg text.s.committed,svg text.s.in_progress,svg text.s.claimed,
        svg text.s.partially_verified{fill:#0b0c0c}
        .key{font-size:.875rem}
        @page{size:A4 landscape;margin:18mm}
        @media print{.scroll{overflow:visible}section{break-inside:avoid-page}thead{display:table-header-group}
        .m,.bar{print-color-adjust:exact}}
        """
}

extension Barrier.Remediation {
    /// One letter for a cell, so that colour is never alone.
    fileprivate var letter: String {
        switch self {
        case .alleged: "A"
        case .confirmed: "C"
        case .ordered: "O"
        case .committed: "U"
        case .inProgress: "P"
        case .pendingCounterparty: "W"
        case .claimed: "K"
        case .partiallyVerified: "½"
        case .verified: "✓"
        case .dismissed: "–"
        case .justified: "J"
        }
    }
}

/// HTML written piece by piece: what is not our own source goes through ``text(_:)``.
private final class HTML {
    private(set) var source = ""

    @discardableResult
    func raw(_ source: String) -> HTML {
        self.source += source
        return self
    }

    @discardableResult
    func text(_ text: String) -> HTML { raw(Self.escaped(text)) }

    static func escaped(_ text: String) -> String { htmlEscaped(text) }
}

/// A text as HTML shows it, in content and in quoted attributes.
///
/// Escapes scalar by scalar: a quotation mark with an accent behind it is one character in Swift.
public func htmlEscaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
