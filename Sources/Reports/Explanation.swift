import Casework

/// What a complaint has to count for to stand behind a number.
public struct SlotFilter: Sendable {
    let measure: Measure
    var company: String?
    var value: String?
    /// Whether the value only has to begin so.
    var isPrefix = false

    public func matches(_ slot: Slot) -> Bool {
        guard slot.measure == measure, company == nil || slot.company == company else { return false }
        guard let value else { return true }
        return isPrefix ? slot.value.hasPrefix(value) : slot.value == value
    }

    /// What stands behind a row of a table; `nil` where the table does not count complaints by such a row.
    ///
    /// - Parameters:
    ///   - table: Of the report.
    ///   - row: The code of the row, such as `status:closed`; of a barrier its number.
    ///   - company: The company, where the table is of companies' outcomes.
    public init?(behind table: String, row: String, company: String? = nil) {
        let value = String(row.drop { $0 != ":" }.dropFirst())
        let plain: [String: Measure] = [
            "intake.category": .category, "intake.scenario": .scenario, "intake.kind": .kind, "intake.region": .region,
            "intake.channel": .channel, "handling.status": .status, "handling.refusal": .ground,
            "handling.outcome": .outcome,
        ]
        switch table {
        case "handling.funnel" where value == "received": measure = .kind
        case "handling.funnel": (measure, self.value) = (.reached, value)
        case "timeliness": (measure, self.value, isPrefix) = (.deadline, value + "/", true)
        case "steps" where CaseFacts.Step(rawValue: value) != nil:
            (measure, self.value, isPrefix) = (.step, value + "/", true)
        case "companies": (measure, self.company) = (.companyReceived, value)
        case "companies.outcome" where company != nil:
            (measure, self.company, self.value) = (.companyOutcome, company, value)
        case "barriers.links", "barriers.payments", "barriers.practices": (measure, self.value) = (.attests, row)
        default:
            guard let known = plain[table] else { return nil }
            (measure, self.value) = (known, value)
        }
    }
}

extension ProgressReport {
    /// What a figure means, for people: its name, how it is worked out, and its values.
    ///
    /// - Returns: `nil` where the report has no such figure.
    public func explanation(of code: String, _ language: Language = .en) -> String? {
        guard let figure = figure(code), let table = table(self.table(of: code)),
            let index = table.index(of: String(code.dropFirst(table.code.count + 1)))
        else { return nil }
        var lines = ["\(code): \(figure.title[language])", figure.formula?[language] ?? "", ""]
        var values = TextTable(
            [
                .init(title(of: table.columns[0], in: table, language)), .init("Code"),
                .init(figure.title[language], .right),
            ],
            table.rows.map { row in
                var code = ""
                if case .code(let found) = row[0] { code = found }
                return [text(row[0], language), code, text(row[index], language)]
            })
        if figure.kind == .share {
            values.columns += [.init("Numerator", .right), .init("Denominator", .right)]
            values.rows = zip(values.rows, table.rows).map { cells, row in
                guard case .share(let part, let whole, _) = row[index] else { return cells + ["", ""] }
                return cells + [String(part), String(whole)]
            }
        }
        lines += values.lines()
        return lines.joined(separator: "\n")
    }

    private func table(of figure: String) -> String {
        // The longest code fits: `companies.outcome` is no column of `companies`.
        tables.map(\.code).filter { figure.hasPrefix($0 + ".") }.max { $0.count < $1.count } ?? ""
    }
}
