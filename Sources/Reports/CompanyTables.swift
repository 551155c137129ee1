import Casework

extension ReportBuilder {
    /// Fewer answers than this say nothing about a company's timeliness.
    static let leastAnswers = 10
    /// The share of answers in time below which a company is named, in tenths of a percent.
    static let timelyLine = 950

    /// Whether complaints about a company grow faster than chance explains: at least ten in the period, and more than in
    /// the one before by over twice the square root of both together (two standard deviations of a difference of counts).
    static func isGrowing(from before: Int, to now: Int) -> Bool {
        now >= 10 && now > before && (now - before) * (now - before) > 4 * (now + before)
    }

    mutating func companies(_ ledger: Ledger) -> [ReportTable] {
        let received = Dictionary(grouping: counts.entries(.companyReceived), by: \.company)
        let owing = counts.entries(.deadline).map(\.company).filter { !$0.isEmpty }
        let codes = Set(received.keys).union(owing).union(ledger.entries.compactMap(\.company))
        let accepted = counts.byCompany(.companyReached)
        let closed = counts.byCompany(.companyStatus) { $0.value == Complaint.Status.closed.rawValue }
        let rows = codes.map { code -> (String, Int, [Cell]) in
            let own = received[code] ?? []
            func sum(_ period: ReportPeriod) -> Int { own.reduce(0) { period.contains($1.day) ? $0 + $1.count : $0 } }
            let (now, before, all) = (sum(facts.period), sum(facts.period.previous()), own.reduce(0) { $0 + $1.count })
            let bins = bins(.companyReply, company: code)
            let decided = bins.met + bins.late + bins.overdue
            let barriers = ledger.entries.filter { $0.company == code }
            return (
                code, all,
                [
                    company(code), .count(now), .count(before),
                    self.own(Self.isGrowing(from: before, to: now) ? "yes" : "no", "answer"), .count(all),
                    .count(accepted[code] ?? 0), .count(closed[code] ?? 0), .count(bins.met), .count(bins.late),
                    .count(bins.open), .count(bins.overdue), .share(bins.met, of: decided),
                    self.own(below(bins.met, of: decided), "line"), .count(barriers.count),
                    .count(barriers.count { $0.state.remediation.isOpen }),
                ]
            )
        }
        let league = ReportTable(
            "companies",
            [
                .init("company", .code), .init("period", .count), .init("previous", .count), .init("growing", .code),
                .init("cumulative", .count), .init("accepted", .count), .init("closed", .count),
                .init("in_time", .count), .init("late", .count), .init("open", .count), .init("overdue", .count),
                .init("timely", .share), .init("line", .code), .init("barriers", .count),
                .init("open_barriers", .count),
            ],
            rows.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.2))
        return [league, outcomes()]
    }

    private func below(_ met: Int, of decided: Int) -> String {
        if decided < Self.leastAnswers { return "too_few" }
        return met * 1000 < decided * Self.timelyLine ? "below" : "kept"
    }

    private mutating func outcomes() -> ReportTable {
        let groups = Dictionary(grouping: counts.entries(.companyOutcome), by: \.company)
        let rows = groups.sorted { $0.key < $1.key }.flatMap { code, entries -> [[Cell]] in
            let sums = entries.reduce(into: [:]) { $0[$1.value, default: 0] += $1.count }
            let present = Complaint.Outcome.allCases.map(\.rawValue).filter { (sums[$0] ?? 0) > 0 }
            let tenths = shares(of: present.map { sums[$0] ?? 0 })
            let total = present.reduce(0) { $0 + (sums[$1] ?? 0) }
            return zip(present, tenths).map { outcome, tenths in
                [
                    company(code), own(outcome, "outcome"), .count(sums[outcome] ?? 0),
                    .share(part: sums[outcome] ?? 0, whole: total, tenths: tenths),
                ]
            }
        }
        return ReportTable(
            "companies.outcome",
            [.init("company", .code), .init("what", .code), .init("count", .count), .init("share", .share)], rows)
    }

    // MARK: Orders

    mutating func orderTables(_ ledger: Ledger) -> [ReportTable] {
        let standing = facts.orders.compactMap { order in
            order.states.last { $0.on <= day }.map { (order: order, state: $0) }
        }
        let byStatus = Order.Status.allCases.map { status -> [Cell] in
            let held = standing.filter { $0.state.status == status }
            let isOpen = status != .complied && status != .rescinded
            return [
                own(status.rawValue, "order"), .count(held.count),
                .count(isOpen ? held.count { $0.state.dueOn < day } : 0),
            ]
        }
        let rungs = facts.campaign.ladder.map { label in
            [
                labelled(label.code, "rung", facts.campaign.ladder),
                Cell.count(standing.count { $0.state.rung == label.code }),
            ]
        }
        return [
            ReportTable(
                "orders", [.init("what", .code), .init("count", .count), .init("overdue", .count)],
                standing.isEmpty ? [] : byStatus),
            ReportTable(
                "orders.ladder", [.init("what", .code), .init("count", .count)], standing.isEmpty ? [] : rungs),
            justified(ledger), enforcement(),
        ]
    }

    private mutating func enforcement() -> ReportTable {
        func seen(_ order: OrderFacts) -> ArraySlice<OrderFacts.State> { order.states.prefix { $0.on <= day } }
        let statuses = counts.byValue(.status)
        let outcomes = counts.byValue(.outcome)
        let orders = facts.orders.filter { !seen($0).isEmpty }
        let points: [(String, Int)] = [
            ("orders", orders.count), ("companies", Set(orders.map(\.company)).count),
            ("breached", orders.count { seen($0).contains { $0.status == .breached } }),
            ("escalated", orders.count { Set(seen($0).map(\.rung)).count > 1 }),
            ("complied", orders.count { seen($0).last?.status == .complied }),
            ("referred", statuses[Complaint.Status.referred.rawValue] ?? 0),
            ("enforced", outcomes[Complaint.Outcome.enforced.rawValue] ?? 0),
        ]
        return ReportTable(
            "enforcement", [.init("what", .code), .init("count", .count)],
            points.filter { !isPublic || !["referred", "enforced"].contains($0.0) }.map {
                [own($0.0, "enforcement"), .count($0.1)]
            })
    }
}
