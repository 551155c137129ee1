import Casework

extension ProgressReport {
    /// Numbers of people below this are left out of the public edition.
    public static let leastShown = 5

    /// The edition for everyone: no single complaint, nothing only alleged or dismissed, no number behind which somebody
    /// could be made out.
    ///
    /// A count from 1 to 4 is hidden; where it could be worked out from the sum of its column, the next smallest is hidden
    /// too. With a count, every share made of it is hidden.
    public func publicEdition() -> ProgressReport {
        var report = self
        report.edition = .public
        report.tables = tables.filter { $0.code != "overdue" }.map { table in
            switch table.code {
            case "barriers.links", "barriers.payments", "barriers.practices": table.withoutAllegations().hidingSmall()
            case _
            where table.code.hasPrefix("intake.") || table.code.hasPrefix("handling.")
                || ["timeliness", "steps", "companies", "companies.outcome"].contains(table.code):
                table.hidingSmall()
            default: table
            }
        }.filter { !$0.rows.isEmpty }
        let kept = Set(report.tables.map(\.code))
        report.titles = titles.filter { kept.contains($0.key) }
        report.figures = figures.filter { figure in
            kept.contains { table in
                figure.code.hasPrefix(table + ".")
                    && report.table(table)?.index(of: String(figure.code.dropFirst(table.count + 1))) != nil
            }
        }
        let used = Set(
            report.tables.flatMap(\.rows).joined().compactMap { cell in
                if case .code(let code) = cell { code } else { nil }
            })
        report.names = names.filter { used.contains($0.key) }
        return report
    }
}

extension ReportTable {
    /// Columns that count complaints, or what is owed about them; barriers are no people.
    private static let ofPeople: Set = [
        "period", "previous", "last_year", "cumulative", "count", "in_time", "late", "open", "overdue", "accepted",
        "closed", "complaints",
    ]

    fileprivate func withoutAllegations() -> ReportTable {
        guard let state = index(of: "remediation") else { return self }
        var table = self
        table.rows = rows.filter {
            ![.code("remediation:alleged"), .code("remediation:dismissed")].contains($0[state])
        }
        return table
    }

    fileprivate func hidingSmall() -> ReportTable {
        var table = self
        // Rows of one company add to its sum; all other tables are one group.
        let groups = Dictionary(grouping: rows.indices) { code == "companies.outcome" ? rows[$0].first : nil }
        for (index, column) in columns.enumerated() where Self.ofPeople.contains(column.code) && column.kind == .count {
            for group in groups.values { table.hide(index, in: group) }
        }
        table.hideWhatTells()
        return table
    }

    private mutating func hide(_ column: Int, in group: [Int]) {
        func count(_ row: Int) -> Int { if case .count(let count) = rows[row][column] { count } else { 0 } }
        var hidden = group.filter { (1..<ProgressReport.leastShown).contains(count($0)) }
        let others = group.filter { !hidden.contains($0) && count($0) > 0 }.sorted { count($0) < count($1) }
        // One alone is what is left of the sum.
        if hidden.count == 1, group.count > 1, let next = others.first { hidden.append(next) }
        for row in hidden { rows[row][column] = .hidden }
    }

    /// Hides shares, changes and lengths that are made of something hidden in their row.
    private mutating func hideWhatTells() {
        for row in rows.indices {
            for (index, column) in columns.enumerated() {
                let sources: [String] =
                    switch (column.kind, column.code) {
                    case (.share, "timely"): ["in_time", "late", "overdue"]
                    case (.share, _): ["count", "cumulative"]
                    case (.change, "year_change"): ["period", "last_year"]
                    case (.change, _): ["period", "previous"]
                    case (.days, _): ["count"]
                    case (.code, "growing"): ["period", "previous"]
                    case (.code, "line"): ["in_time", "late", "overdue"]
                    default: []
                    }
                let isTold = sources.contains { source in
                    self.index(of: source).map { rows[row][$0] == .hidden } ?? false
                }
                if isTold { rows[row][index] = column.kind == .code ? .none : .hidden }
            }
        }
    }
}
