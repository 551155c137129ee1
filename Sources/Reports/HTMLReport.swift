import Casework

extension ProgressReport {
    /// The report as one page that needs nothing from elsewhere: no script, no image, no font.
    ///
    /// - Parameters:
    ///   - language: In which words.
    ///   - links: Shown at the top, as address and text; none in a file.
    /// - Returns: The page.
    public func html(_ language: Language = .en, links: [(address: String, text: String)] = []) -> String {
        let body = HTML()
        body.raw("<a class=\"skip\" href=\"#main\">").text(Phrase.skip(language)).raw("</a>\n")
        body.raw("<header><h1>").text(title(language)).raw("</h1>\n")
        for line in preface(language) { body.raw("<p>").text(line).raw("</p>\n") }
        if !links.isEmpty {
            body.raw("<p class=\"links\">")
            for link in links { body.raw("<a href=\"").text(link.address).raw("\">").text(link.text).raw("</a> ") }
            body.raw("</p>\n")
        }
        body.raw("</header>\n<main id=\"main\">\n<section>\n<h2 id=\"points\">")
        body.text(Phrase.mainPoints(language)).raw("</h2>\n<ul>\n")
        for point in mainPoints(language) { body.raw("<li>").text(point).raw("</li>\n") }
        body.raw("</ul>\n</section>\n")
        contents(language, to: body)
        for table in tables { section(table, language, to: body) }
        if hasHidden { body.raw("<p>").text(Phrase.hiddenNote(language)).raw("</p>\n") }
        figures(language, to: body)
        body.raw("</main>\n")
        return """
            <!DOCTYPE html>
            <html lang="\(language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(htmlEscaped(printable(title(language))))</title>
            <style>\(HTML.style)\(foot(language))</style>
            </head>
            <body>
            \(body.source)</body>
            </html>

            """
    }

    /// On paper each page says what it is part of.
    private func foot(_ language: Language) -> String {
        let words = ([title(language)] + preface(language).prefix(issue == nil ? 1 : 2)).joined(separator: " · ")
        // A name may hold anything; in a string of CSS only letters, digits and blanks stand for themselves.
        let string = words.unicodeScalars.map { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == " "
                ? String(scalar) : "\\\(String(scalar.value, radix: 16)) "
        }.joined()
        return """

            @page{@bottom-left{content:"\(string)";font-size:8pt}@bottom-right{content:counter(page) " / " counter(pages);font-size:8pt}}
            """
    }

    private func contents(_ language: Language, to body: HTML) {
        body.raw("<nav aria-labelledby=\"contents\">\n<h2 id=\"contents\">").text(Phrase.contents(language))
        body.raw("</h2>\n<ol>\n")
        for table in tables {
            body.raw("<li><a href=\"#\(table.anchor)\">").text(title(of: table, language)).raw("</a></li>\n")
        }
        body.raw("<li><a href=\"#figures\">").text(Phrase.annexFigures(language)).raw("</a></li>\n</ol>\n</nav>\n")
    }

    private func section(_ table: ReportTable, _ language: Language, to body: HTML) {
        body.raw("<section>\n<h2 id=\"\(table.anchor)\">")
        body.text(title(of: table, language)).raw("</h2>\n")
        if let chart = chart(of: table, language) {
            // A heat map may fill a page of its own; other charts stand on the page of their table.
            let style = table.code.hasPrefix("barriers.") ? " class=\"page\"" : ""
            body.raw("<figure\(style)>\n\(chart)</figure>\n")
        }
        write(textTable(table, language), named: table.anchor, caption: title(of: table, language), to: body)
        body.raw("</section>\n")
    }

    /// How each figure is worked out.
    private func figures(_ language: Language, to body: HTML) {
        body.raw("<section>\n<h2 id=\"figures\">").text(Phrase.annexFigures(language))
        body.raw("</h2>\n<p>").text(Phrase.annexNote(language)).raw("</p>\n")
        let table = TextTable(
            [.init(Phrase.figure(language)), .init(""), .init(Phrase.meaning(language))],
            figures.compactMap { figure in
                figure.formula.map { [figure.code, figure.title[language], $0[language]] }
            })
        var named = table
        named.columns[1].title = Figures.title("*", "what")[language]
        write(named, named: "figures", caption: Phrase.annexFigures(language), to: body)
        body.raw("</section>\n")
    }

    private func write(_ table: TextTable, named name: String, caption: String, to body: HTML) {
        // On paper a short table is not torn apart.
        let isShort = table.rows.count <= 16
        body.raw("<div class=\"scroll\(isShort ? " whole" : "")\" tabindex=\"0\" role=\"region\" ")
        body.raw("aria-labelledby=\"\(name)-c\"><table>")
        body.raw("<caption id=\"\(name)-c\">").text(caption).raw("</caption>\n<thead><tr>")
        for column in table.columns {
            body.raw("<th scope=\"col\"\(column.alignment == .right ? " class=\"n\"" : "")>").text(column.title)
            body.raw("</th>")
        }
        body.raw("</tr></thead>\n<tbody>\n")
        for row in table.rows {
            body.raw("<tr>")
            for (index, (column, cell)) in zip(table.columns, row).enumerated() {
                let tag = index == 0 ? "th scope=\"row\"" : "td"
                let style = column.alignment == .right ? " class=\"n\"" : Day(cell) != nil ? " class=\"d\"" : ""
                body.raw("<\(tag)\(style)>").text(cell)
                body.raw(index == 0 ? "</th>" : "</td>")
            }
            body.raw("</tr>\n")
        }
        body.raw("</tbody></table></div>\n")
    }
}

extension ReportTable {
    /// The table's code as an id of a page.
    var anchor: String { "t-" + code.replacing(".", with: "-") }
}

/// HTML written piece by piece: what is not our own source goes through ``text(_:)``.
final class HTML {
    private(set) var source = ""

    @discardableResult
    func raw(_ source: String) -> HTML {
        self.source += source
        return self
    }

    @discardableResult
    func text(_ text: String) -> HTML { raw(htmlEscaped(printable(text, as: .lines))) }

    /// Colours of the Government Analysis Function's palette, at least 3:1 against the paper and their neighbours.
    static let style = """
        :root{--ink:#0b0c0c;--paper:#fff;--line:#b1b4b6;--soft:#f3f2f1;--link:#12436d;
        --c1:#12436d;--c2:#28a197;--c3:#801650;--c4:#f46a25;--c5:#6b3fa0;--c6:#505a5f;--c7:#2073bc}
        @media(prefers-color-scheme:dark){:root{--ink:#f3f2f1;--paper:#121314;--line:#505a5f;--soft:#1f2225;--link:#7fb8e6;
        --c1:#5694ca;--c2:#28a197;--c3:#d53880;--c4:#f46a25;--c5:#a285d1;--c6:#8a9299}}
        body{font:16px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;color:var(--ink);background:var(--paper);
        margin:0 auto;max-width:76rem;padding:1.5rem}
        a{color:var(--link)}.skip{position:absolute;left:-99rem}.skip:focus{position:static}
        h1{line-height:1.2}header p{margin:.2rem 0}nav ol{columns:18rem;padding-left:2.2rem}
        h2{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem}
        .scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0}
        caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        th,td{border-bottom:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top}
        tbody th{font-weight:400}thead th{background:var(--soft);word-break:keep-all}
        th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.d,th.d{white-space:nowrap}
        tbody th[scope=row]:not(.n):not(.d){min-width:9rem}
        figure{margin:1rem 0}svg{max-width:100%;height:auto}svg.map{max-width:none}svg text{fill:var(--ink);font-size:12px}
        .axis{stroke:var(--line)}.v{text-anchor:middle}.r{text-anchor:end}.s{text-anchor:middle;font-weight:700}
        .f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}.f7{fill:var(--c7)}
        svg text.s{fill:#fff}svg text.dark{fill:#0b0c0c}.key{font-size:.875rem}
        .many{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}.many p{margin:0}
        @page{size:A4 landscape;margin:15mm}
        @media print{:root{--ink:#000;--paper:#fff;--soft:#eee;--c1:#12436d;--c2:#28a197;--c3:#801650;--c5:#6b3fa0;--c6:#505a5f}
        body{font-size:10pt;max-width:none;padding:0}nav,.skip,.links{display:none}.scroll{overflow:visible}
        h2{break-after:avoid}figure,tr,li,.whole{break-inside:avoid}figure:not(.page){break-after:avoid}
        thead{display:table-header-group;break-after:avoid}tbody tr:nth-child(-n+3){break-before:avoid}
        th,td{padding:.15rem .4rem}svg,svg.map{max-width:100%;max-height:150mm}
        svg *,thead th{-webkit-print-color-adjust:exact}a{color:inherit;text-decoration:none}}
        """
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
