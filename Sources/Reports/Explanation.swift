import Casework

/// What a complaint has to count for to stand behind a number.
public struct SlotFilter: Sendable {
    /// Which days of receipt, or due days, are meant.
    private enum Days {
        case any
        case period
        case previous
        case lastYear
        /// Due, and not past it; or past it.
        case due(isLate: Bool)
    }

    private let measure: Measure
    private var company: String?
    private var value: String?
    /// Whether the value only has to begin so.
    private var isPrefix = false
    private var days = Days.any

    public func matches(_ slot: Slot, in period: ReportPeriod) -> Bool {
        guard slot.measure == measure, company == nil || slot.company == company else { return false }
        if let value, !(isPrefix ? slot.value.hasPrefix(value) : slot.value == value) { return false }
        return switch days {
        case .any: true
        case .period: period.contains(slot.day)
        case .previous: period.previous().contains(slot.day)
        case .lastYear: period.lastYear().contains(slot.day)
        case .due(let isLate): (slot.day < period.to) == isLate
        }
    }

    /// What stands behind a figure in one row; `nil` where the figure does not count complaints by such a row.
    ///
    /// - Parameters:
    ///   - figure: `table.column`.
    ///   - row: The code of the row, such as `status:closed`; of a barrier its number.
    ///   - company: The company, where the table is of companies' outcomes.
    public init?(behind figure: String, row: String, company: String? = nil) {
        let parts = figure.split(separator: ".")
        guard parts.count >= 2, company == nil || figure.hasPrefix("companies.outcome.") else { return nil }
        let (table, column) = (parts.dropLast().joined(separator: "."), String(parts[parts.count - 1]))
        let value = String(row.drop { $0 != ":" }.dropFirst())
        guard !value.isEmpty || table.hasPrefix("barriers.") else { return nil }
        let received: [String: Days] = [
            "period": .period, "previous": .previous, "last_year": .lastYear, "cumulative": .any, "count": .any,
        ]
        let plain: [String: Measure] = [
            "intake.category": .category, "intake.scenario": .scenario, "intake.kind": .kind, "intake.region": .region,
            "intake.channel": .channel, "handling.status": .status, "handling.refusal": .ground,
            "handling.outcome": .outcome, "handling.confirmation": .confirmation, "handling.rating": .rating,
        ]
        switch (table, column) {
        case ("intake.total", _) where received[column] != nil:
            (measure, days) = (.kind, received[column] ?? .any)
        case ("handling.funnel", "count") where value == "received": measure = .kind
        case ("handling.funnel", "count"): (measure, self.value) = (.reached, value)
        case ("timeliness", _), ("companies", "in_time"), ("companies", "late"), ("companies", "open"),
            ("companies", "overdue"):
            let bins: [String: (String, Days)] = [
                "in_time": ("met", .any), "late": ("late", .any), "open": ("running", .due(isLate: false)),
                "overdue": ("running", .due(isLate: true)), "back_entered": ("back_entered", .any),
            ]
            guard let (bin, days) = bins[column] else { return nil }
            let isOfCompany = table == "companies"
            (measure, self.days) = (.deadline, days)
            self.value = "\(isOfCompany ? Deadline.Purpose.companyReply.rawValue : value)/\(bin)"
            self.company = isOfCompany ? value : nil
        case ("steps", "count") where CaseFacts.Step(rawValue: value) != nil:
            (measure, self.value, isPrefix) = (.step, value + "/", true)
        case ("companies", "accepted"): (measure, self.company, self.value) = (.companyReached, value, "accepted")
        case ("companies", "closed"): (measure, self.company, self.value) = (.companyStatus, value, "closed")
        case ("companies", _) where received[column] != nil && column != "count":
            (measure, self.company, days) = (.companyReceived, value, received[column] ?? .any)
        case ("companies.outcome", "count") where company != nil:
            (measure, self.company, self.value) = (.companyOutcome, company, value)
        case ("barriers.links", "complaints"), ("barriers.payments", "complaints"),
            ("barriers.practices", "complaints"):
            (measure, self.value) = (.attests, row)
        default:
            guard let known = plain[table], let days = received[column] else { return nil }
            (measure, self.value, self.days) = (known, value, days)
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
        // Where one code does not tell the rows apart, the second does.
        if table.columns.count > 1, index != 1, table.columns[1].kind == .code {
            values.columns.insert(
                contentsOf: [.init(title(of: table.columns[1], in: table, language)), .init("Code")], at: 2)
            values.rows = zip(values.rows, table.rows).map { cells, row in
                var code = ""
                if case .code(let found) = row[1] { code = found }
                return cells[..<2] + [text(row[1], language), code] + cells[2...]
            }
        }
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
