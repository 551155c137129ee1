import Casework

/// Makes the tables of a report from what is known.
///
/// Every table is worked out here and nowhere else; how each column is worked out in words stands in `Figures`.
struct ReportBuilder {
    let facts: ReportFacts
    let counts: Counts
    let day: Day
    /// Whether it is for everyone: without what is only alleged, and without single complaints.
    let isPublic: Bool
    private let bins: [BinsKey: Bins]
    /// What codes are called, as far as the tables use them.
    var names: [String: Words] = [:]

    init(_ facts: ReportFacts, isPublic: Bool) {
        self.facts = facts
        self.isPublic = isPublic
        let counts = Counts(facts.tally)
        let day = facts.period.to
        (self.counts, self.day) = (counts, day)
        bins = counts.entries(.deadline).reduce(into: [:]) { bins, entry in
            let parts = entry.value.split(separator: "/")
            guard parts.count == 2, let purpose = Deadline.Purpose(rawValue: String(parts[0])) else { return }
            for company in [entry.company, nil] {
                bins[BinsKey(purpose: purpose, company: company), default: Bins()].add(entry, parts[1], day)
            }
        }
    }

    mutating func tables() -> [ReportTable] {
        let ledger = Ledger(facts, isPublic: isPublic)
        return intake() + handling() + [timeliness(), steps(ledger)] + companies(ledger)
            + barrierTables(ledger) + remediation(ledger) + orderTables(ledger) + (isPublic ? [] : [overdue()]) + [
                annex(ledger)
            ]
    }

    func workingDays(_ from: Day, _ to: Day) -> Int { facts.calendar.workingDays(after: from, through: to) }

    // MARK: Names

    /// The code as a cell; it gets its name.
    mutating func code(_ code: String, _ words: Words) -> Cell {
        names[code] = words
        return .code(code)
    }

    mutating func company(_ code: String?) -> Cell {
        guard let code else { return .none }
        let company = facts.directory.company(code)
        return self.code("company:\(code)", Words(en: company?.nameEn ?? code, zh: company?.nameZh ?? code))
    }

    mutating func platform(_ code: String) -> Cell {
        let platform = facts.directory.platform(code)
        return self.code("platform:\(code)", Words(en: platform?.nameEn ?? code, zh: platform?.nameZh ?? code))
    }

    mutating func target(_ target: Barrier.Target) -> Cell {
        switch target {
        case .platform(let code): return platform(code)
        case .company(let code): return company(code)
        case .host(let host): return code("host:\(host)", Words(en: host, zh: host))
        case .method(let code):
            let method = facts.directory.method(code)
            return self.code("method:\(code)", Words(en: method?.nameEn ?? code, zh: method?.nameZh ?? code))
        case .scenario(let code): return labelled(code, "scenario", facts.campaign.scenarios.map(\.label))
        }
    }

    mutating func labelled(_ code: String, _ kind: String, _ labels: [Label]) -> Cell {
        let label = labels.first { $0.code == code }
        return self.code("\(kind):\(code)", label.map(Words.init) ?? Words(en: code, zh: code))
    }

    /// A code of the product's own.
    mutating func own(_ code: String, _ kind: String) -> Cell {
        self.code("\(kind):\(code)", Terms.word("\(kind):\(code)"))
    }

    mutating func scene(_ code: String, _ kind: Barrier.Kind) -> Cell {
        labelled(
            code, "scene", kind == .refusedPayment ? facts.campaign.paymentScenes : facts.campaign.linkScenes)
    }

    // MARK: Intake

    private mutating func intake() -> [ReportTable] {
        var tables = [totals()]
        let campaign = facts.campaign
        tables.append(
            received(
                .category, "intake.category",
                campaign.categories.map(\.code) + ["none"]
            ) { builder, code in
                code == "none"
                    ? builder.own("none", "category") : builder.labelled(code, "category", campaign.categories)
            })
        let scenarios = campaign.scenarios.map(\.label)
        tables.append(
            received(.scenario, "intake.scenario", scenarios.map(\.code) + ["none"]) { builder, code in
                code == "none" ? builder.own("none", "scenario") : builder.labelled(code, "scenario", scenarios)
            })
        tables.append(
            received(.kind, "intake.kind", Campaign.Kind.allCases.map(\.rawValue)) { builder, code in
                builder.own(code, "kind")
            })
        let regions = Set(counts.entries(.region).map(\.value)).sorted {
            ($0 == "none" ? 1 : 0, $0) < ($1 == "none" ? 1 : 0, $1)
        }
        tables.append(
            received(.region, "intake.region", regions) { builder, code in
                code == "none"
                    ? builder.own("none", "region") : builder.code("region:\(code)", Terms.region(code))
            })
        tables.append(
            received(.channel, "intake.channel", Channel.allCases.map(\.rawValue)) { builder, code in
                builder.own(code, "channel")
            })
        tables.append(weeks())
        return tables
    }

    /// Of what one measure counts by the day of receipt: in the period, the one before, the same of last year, and all.
    private func cells(_ entries: [Counts.Entry]) -> (now: Int, before: Int, lastYear: Int, all: Int) {
        let (before, year) = (facts.period.previous(), facts.period.lastYear())
        return entries.reduce(into: (0, 0, 0, 0)) { sums, entry in
            if facts.period.contains(entry.day) { sums.0 += entry.count }
            if before.contains(entry.day) { sums.1 += entry.count }
            if year.contains(entry.day) { sums.2 += entry.count }
            sums.3 += entry.count
        }
    }

    private mutating func totals() -> ReportTable {
        let sums = cells(counts.entries(.kind))
        return ReportTable(
            "intake.total",
            [
                .init("what", .code), .init("period", .count), .init("previous", .count), .init("change", .change),
                .init("last_year", .count), .init("year_change", .change), .init("cumulative", .count),
            ],
            [
                [
                    own("received", "status"), .count(sums.now), .count(sums.before),
                    .change(from: sums.before, to: sums.now), .count(sums.lastYear),
                    .change(from: sums.lastYear, to: sums.now), .count(sums.all),
                ]
            ])
    }

    /// The counts of one dimension; a code under which nothing ever came is left out.
    private mutating func received(
        _ measure: Measure, _ code: String, _ values: [String], _ name: (inout ReportBuilder, String) -> Cell
    ) -> ReportTable {
        let groups = Dictionary(grouping: counts.entries(measure), by: \.value)
        let present = values.filter { groups[$0] != nil } + groups.keys.filter { !values.contains($0) }.sorted()
        let sums = present.map { cells(groups[$0] ?? []) }
        let tenths = shares(of: sums.map(\.all))
        let total = sums.reduce(0) { $0 + $1.all }
        let rows = zip(present, zip(sums, tenths)).map { value, figures -> [Cell] in
            let (sum, tenths) = figures
            return [
                name(&self, value), .count(sum.now), .count(sum.before), .change(from: sum.before, to: sum.now),
                .count(sum.lastYear), .count(sum.all),
                .share(part: sum.all, whole: total, tenths: total == 0 ? nil : tenths),
            ]
        }
        return ReportTable(
            code,
            [
                .init("what", .code), .init("period", .count), .init("previous", .count), .init("change", .change),
                .init("last_year", .count), .init("cumulative", .count), .init("share", .share),
            ], rows)
    }

    private func weeks() -> ReportTable {
        var sums: [Day: Int] = [:]
        for entry in counts.entries(.kind) { sums[entry.day.monday, default: 0] += entry.count }
        let rows = sums.sorted { $0.key < $1.key }.filter { $0.value > 0 }.map { [Cell.day($0.key), .count($0.value)] }
        return ReportTable("intake.week", [.init("week", .day), .init("count", .count)], rows)
    }

    // MARK: Handling

    /// Counts with shares that add to 1000; a code without any is left out.
    mutating func shared(_ code: String, _ counted: [(Cell, Int)]) -> ReportTable {
        let present = counted.filter { $0.1 > 0 }
        let total = present.reduce(0) { $0 + $1.1 }
        let rows = zip(present, shares(of: present.map(\.1))).map { entry, tenths -> [Cell] in
            [entry.0, .count(entry.1), .share(part: entry.1, whole: total, tenths: tenths)]
        }
        return ReportTable(code, [.init("what", .code), .init("count", .count), .init("share", .share)], rows)
    }

    private mutating func handling() -> [ReportTable] {
        let filed = counts.sum(.kind)
        let reached = counts.byValue(.reached)
        let steps = [("received", filed)] + CaseFacts.reachedStatuses.map { ($0.rawValue, reached[$0.rawValue] ?? 0) }
        let funnel = ReportTable(
            "handling.funnel", [.init("what", .code), .init("count", .count), .init("share", .share)],
            steps.map { [own($0.0, "reached"), .count($0.1), .share($0.1, of: filed)] })
        let (statuses, grounds, outcomes) = (
            counts.byValue(.status), counts.byValue(.ground), counts.byValue(.outcome)
        )
        let labels = facts.campaign.refusalGrounds
        let groundCodes =
            labels.map(\.code) + grounds.keys.filter { key in !labels.contains { $0.code == key } }.sorted()
        return [
            funnel,
            shared(
                "handling.status",
                Complaint.Status.allCases.map { (own($0.rawValue, "status"), statuses[$0.rawValue] ?? 0) }),
            shared("handling.refusal", groundCodes.map { (labelled($0, "ground", labels), grounds[$0] ?? 0) }),
            shared(
                "handling.outcome",
                Complaint.Outcome.allCases.map { (own($0.rawValue, "outcome"), outcomes[$0.rawValue] ?? 0) }),
        ] + verdicts()
    }

    /// What complainants say of endings.
    private mutating func verdicts() -> [ReportTable] {
        let (confirmations, ratings) = (counts.byValue(.confirmation), counts.byValue(.rating))
        return [
            shared(
                "handling.confirmation",
                ["fixed", "not_fixed"].map { (own($0, "confirmation"), confirmations[$0] ?? 0) }),
            shared("handling.rating", (1...5).map { (own("\($0)", "rating"), ratings["\($0)"] ?? 0) }),
        ]
    }

    /// Where the runs of one limit stand; those that one company owes where it is named.
    func bins(_ purpose: Deadline.Purpose, company: String? = nil) -> Bins {
        bins[BinsKey(purpose: purpose, company: company)] ?? Bins()
    }

    /// Met in time; met late, or ended after it was missed; owed in time; owed and late.
    struct Bins {
        var met = 0
        var late = 0
        var open = 0
        var overdue = 0
        var backEntered = 0

        fileprivate mutating func add(_ entry: Counts.Entry, _ bin: Substring, _ day: Day) {
            switch bin {
            case "met": met += entry.count
            case "late": late += entry.count
            case "back_entered": backEntered += entry.count
            default: if entry.day < day { overdue += entry.count } else { open += entry.count }
            }
        }
    }

    private struct BinsKey: Hashable {
        let purpose: Deadline.Purpose
        /// `nil` for all of them together.
        let company: String?
    }

    private mutating func timeliness() -> ReportTable {
        ReportTable(
            "timeliness",
            [
                .init("what", .code), .init("in_time", .count), .init("late", .count), .init("open", .count),
                .init("overdue", .count), .init("timely", .share), .init("back_entered", .count),
            ],
            Deadline.Purpose.ofComplaints.map { purpose in
                let bins = bins(purpose)
                return [
                    own(purpose.rawValue, "deadline"), .count(bins.met), .count(bins.late), .count(bins.open),
                    .count(bins.overdue), .share(bins.met, of: bins.met + bins.late + bins.overdue),
                    .count(bins.backEntered),
                ]
            })
    }

    private mutating func steps(_ ledger: Ledger) -> ReportTable {
        let complaints = CaseFacts.Step.allCases.map { ("step:\($0.rawValue)", counts.lengths(of: $0)) }
        let barriers = ledger.steps(workingDays).map { ("step:\($0.0)", $0.1) }
        let rows = (complaints + barriers).map { code, lengths -> [Cell] in
            [
                self.code(code, Terms.word(code)), .count(lengths.total),
                lengths.percentile(50).map(Cell.days) ?? .none,
                lengths.percentile(90).map(Cell.days) ?? .none,
            ]
        }
        return ReportTable(
            "steps", [.init("what", .code), .init("count", .count), .init("median", .days), .init("p90", .days)], rows)
    }

    // MARK: Lists

    private mutating func overdue() -> ReportTable {
        ReportTable(
            "overdue",
            [
                .init("complaint", .text), .init("what", .code), .init("company", .code), .init("due", .day),
                .init("days_late", .days),
            ],
            facts.late.map { line in
                [
                    .text(Reference(prefix: facts.campaign.prefix, number: line.number).description),
                    own(line.purpose.rawValue, "deadline"), company(line.company), .day(line.dueOn),
                    .days(day - line.dueOn),
                ]
            })
    }
}
