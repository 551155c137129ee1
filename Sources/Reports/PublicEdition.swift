import Casework

/// Leaves out of tables the small numbers behind which somebody could be made out.
///
/// A count from 1 to 4 is hidden. Where the lines of a column add to a sum that is shown, more are hidden until the sum no
/// longer tells what they are; with a count go the shares, changes and lengths that are made of it. Tables that split up a
/// hidden number are left out whole.
enum Suppression {
    static func applied(to tables: [ReportTable]) -> [ReportTable] {
        var tables = tables.map { isOfPeople($0) ? $0.hidingSmall() : $0 }
        // These split up two lines of the statuses.
        for (status, parts) in [
            ("refused", ["handling.refusal"]), ("closed", ["handling.outcome", "companies.outcome"]),
        ] {
            let isHidden = tables.first { $0.code == "handling.status" }?["status:\(status)", "count"] == .hidden
            if isHidden { tables.removeAll { parts.contains($0.code) } }
        }
        return tables
    }

    /// Barriers and orders are no people; everything else counts complaints.
    private static func isOfPeople(_ table: ReportTable) -> Bool {
        let others = ["remediation.", "orders"]
        let exempt: Set = ["claims", "waits", "reciprocity", "observations", "justified", "enforcement", "annex"]
        return !exempt.contains(table.code) && !others.contains { table.code.hasPrefix($0) }
    }

    /// Whether the lines of a table's columns add to a sum that is told somewhere.
    fileprivate static func adds(_ table: ReportTable) -> Bool {
        table.code.hasPrefix("intake.") || table.code.hasPrefix("companies")
            || table.code.hasPrefix("handling.") && table.code != "handling.funnel"
    }

    /// Which of some counts that add to a known sum have to be hidden, beside those from 1 to 4.
    static func hidden(among counts: [Int]) -> Set<Int> {
        let small = counts.indices.filter { (1..<ProgressReport.leastShown).contains(counts[$0]) }
        guard !small.isEmpty else { return [] }
        var others = counts.indices.filter { counts[$0] >= ProgressReport.leastShown }.sorted {
            counts[$0] < counts[$1]
        }
        var more: [Int] = []
        while !isAmbiguous(small.map { counts[$0] }, more.map { counts[$0] }), !others.isEmpty {
            more.append(others.removeFirst())
        }
        return Set(small + more)
    }

    /// Whether what is left of the sum can be several things: at least three for each that is hidden.
    private static func isAmbiguous(_ small: [Int], _ more: [Int]) -> Bool {
        let left = (small + more).reduce(0, +)
        let least = small.count + more.count * ProgressReport.leastShown
        if more.isEmpty {
            let most = small.count * (ProgressReport.leastShown - 1)
            return small.count >= 2 && left - least >= 2 && most - left >= 2
        }
        return left - least >= 3
    }
}

extension ReportTable {
    /// Columns that count complaints, or what is owed about them.
    private static let ofPeople: Set = [
        "period", "previous", "last_year", "cumulative", "count", "in_time", "late", "open", "overdue", "accepted",
        "closed", "complaints", "back_entered",
    ]

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
        let counts = group.map { row -> Int in if case .count(let count) = rows[row][column] { count } else { 0 } }
        let hidden =
            Suppression.adds(self) && group.count > 1
            ? Suppression.hidden(among: counts)
            : Set(counts.indices.filter { (1..<ProgressReport.leastShown).contains(counts[$0]) })
        for index in hidden { rows[group[index]][column] = .hidden }
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
