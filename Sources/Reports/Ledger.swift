import Casework

/// The barriers of a report, as they stood at the end of its day.
struct Ledger {
    struct Entry {
        let facts: BarrierFacts
        let state: BarrierFacts.State
        /// At the end of the day before the period; `nil` where it did not stand in the ledger yet.
        let before: Barrier.Remediation?
        let observed: Observed
        /// Who runs the respondent platform on the day.
        let company: String?
        /// Accepted complaints that attest it.
        let complaints: Int

        /// The states seen so far.
        var seen: ArraySlice<BarrierFacts.State> { facts.states.prefix { $0.on <= day } }
        fileprivate let day: Day
    }

    let entries: [Entry]

    /// - Parameters:
    ///   - facts: What is known.
    ///   - isPublic: Whether only what is confirmed, or further, may be seen.
    init(_ facts: ReportFacts, isPublic: Bool) {
        let counts = Counts(facts.tally)
        let attested = counts.byValue(.attests)
        let (day, eve) = (facts.period.to, facts.period.from + -1)
        let standing = facts.barriers.compactMap { barrier -> Entry? in
            guard let state = barrier.state(asOf: day), !isPublic || state.remediation.isPublic else { return nil }
            return Entry(
                facts: barrier, state: state,
                before: barrier.state(asOf: eve).flatMap {
                    !isPublic || $0.remediation.isPublic ? $0.remediation : nil
                },
                observed: Observed(
                    barrier.observations.filter { $0.on <= day }, at: day,
                    staleAfterDays: facts.campaign.quorum.staleAfterDays),
                company: facts.directory.platform(barrier.platform)?.company(on: day),
                complaints: attested[String(barrier.number)] ?? 0, day: day)
        }
        let keyed = standing.map { entry -> (key: [String], entry: Entry) in
            let facts = entry.facts
            return ([facts.kind.rawValue, facts.platform, facts.target.description, facts.scene], entry)
        }
        entries = keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.entry)
    }

    /// How long barriers took from one point to the next, in working days.
    func steps(_ workingDays: (Day, Day) -> Int) -> [(String, Histogram)] {
        var lengths: [String: [Int]] = [:]
        for entry in entries {
            func first(_ matches: (BarrierFacts.State) -> Bool) -> Day? { entry.seen.first(where: matches)?.on }
            let points: [(String, Day?, Day?)] = [
                ("confirmation", entry.seen.first?.on, first { $0.remediation == .confirmed }),
                ("ordering", first { $0.remediation == .confirmed }, first { $0.hasStandingOrder }),
                ("claim", first { $0.hasStandingOrder }, first { $0.remediation == .claimed }),
                ("proof", first { $0.remediation == .claimed }, first { $0.remediation == .verified }),
            ]
            for (step, begin, end) in points {
                guard let begin, let end, begin <= end else { continue }
                lengths[step, default: []].append(workingDays(begin, end))
            }
        }
        return ["confirmation", "ordering", "claim", "proof"].map { ($0, Histogram(lengths[$0] ?? [])) }
    }
}

extension Ledger.Entry {
    /// How often the company said that it was done, and for each what came of it.
    var claims: [(on: Day, provedOn: Day?)] {
        var claims: [(on: Day, provedOn: Day?)] = []
        var before: Barrier.Remediation?
        for state in seen where state.remediation != before {
            if state.remediation == .claimed { claims.append((state.on, nil)) }
            if state.remediation == .verified, !claims.isEmpty { claims[claims.count - 1].provedOn = state.on }
            before = state.remediation
        }
        return claims
    }

    func everReached(_ state: Barrier.Remediation) -> Bool { seen.contains { $0.remediation == state } }
}

// MARK: Tables

extension ReportBuilder {
    mutating func barrierTables(_ ledger: Ledger) -> [ReportTable] {
        let kinds: [(Barrier.Kind, String)] = [
            (.blockedLink, "barriers.links"), (.refusedPayment, "barriers.payments"), (.practice, "barriers.practices"),
        ]
        return kinds.map { kind, code in
            ReportTable(
                code,
                [
                    .init("number", .number), .init("respondent", .code), .init("target", .code), .init("scene", .code),
                    .init("remediation", .code), .init("before", .code), .init("coverage", .percent),
                    .init("awaited", .code), .init("observed", .code), .init("observed_on", .day),
                    .init("stale", .code), .init("episode", .number), .init("complaints", .count),
                ],
                ledger.entries.filter { $0.facts.kind == kind }.map { row(of: $0) })
        }
    }

    private mutating func row(of entry: Ledger.Entry) -> [Cell] {
        let (facts, state, observed) = (entry.facts, entry.state, entry.observed)
        return [
            .number(facts.number), platform(facts.platform), target(facts.target), scene(facts.scene, facts.kind),
            own(state.remediation.rawValue, "remediation"),
            entry.before.map { own($0.rawValue, "remediation") } ?? .none,
            state.coverage.map(Cell.percent) ?? .none, company(state.awaitedCompany),
            own(observed.state.rawValue, "observed"), observed.on.map(Cell.day) ?? .none,
            own(observed.isStale ? "yes" : "no", "answer"), .number(state.episode), .count(entry.complaints),
        ]
    }

    mutating func remediation(_ ledger: Ledger) -> [ReportTable] {
        [funnel(ledger), byScene(ledger), claims(ledger), waits(ledger), reciprocity(ledger), observations(ledger)]
    }

    private mutating func funnel(_ ledger: Ledger) -> ReportTable {
        let all = ledger.entries
        let points: [(String, Int)] = [
            ("ledger", all.count), ("confirmed", all.count { $0.everReached(.confirmed) }),
            ("ordered", all.count { entry in entry.seen.contains { $0.hasStandingOrder } }),
            ("committed", all.count { $0.everReached(.committed) }),
            ("claimed", all.count { !$0.claims.isEmpty }), ("verified", all.count { $0.everReached(.verified) }),
            ("verified_now", all.count { $0.state.remediation == .verified }),
            ("regressed", all.count { $0.state.episode > 1 }),
            ("justified_now", all.count { $0.state.remediation == .justified }),
            ("dismissed_now", all.count { $0.state.remediation == .dismissed }),
        ]
        return ReportTable(
            "remediation.funnel", [.init("what", .code), .init("count", .count), .init("share", .share)],
            points.map { [own($0.0, "funnel"), .count($0.1), .share($0.1, of: all.count)] })
    }

    private mutating func byScene(_ ledger: Ledger) -> ReportTable {
        let groups = Dictionary(grouping: ledger.entries) { [$0.facts.kind.rawValue, $0.facts.scene] }
        let rows = groups.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map { _, entries -> [Cell] in
            let first = entries[0].facts
            let verified = entries.count { $0.state.remediation == .verified }
            let stated = entries.compactMap(\.state.coverage)
            return [
                own(first.kind.rawValue, "kind"), scene(first.scene, first.kind), .count(entries.count),
                .count(entries.count { $0.state.remediation.isOpen }),
                .count(entries.count { $0.state.remediation == .claimed }),
                .count(verified), .share(verified, of: entries.count),
                Histogram(stated).percentile(50).map(Cell.percent) ?? .none,
            ]
        }
        return ReportTable(
            "remediation.scene",
            [
                .init("kind", .code), .init("scene", .code), .init("ledger", .count), .init("open", .count),
                .init("claimed", .count), .init("verified", .count), .init("verified_share", .share),
                .init("coverage", .percent),
            ], rows)
    }

    private mutating func claims(_ ledger: Ledger) -> ReportTable {
        let groups = Dictionary(grouping: ledger.entries.filter { !$0.claims.isEmpty }) { $0.company ?? "" }
        let rows = groups.sorted { $0.key < $1.key }.map { code, entries -> [Cell] in
            let claims = entries.flatMap(\.claims)
            let gaps = claims.compactMap { claim in claim.provedOn.map { workingDays(claim.on, $0) } }
            let refuted = entries.reduce(0) { $0 + $1.state.falseClaims }
            return [
                company(code.isEmpty ? nil : code), .count(claims.count), .count(gaps.count), .count(refuted),
                .share(refuted, of: claims.count), .count(max(0, claims.count - gaps.count - refuted)),
                Histogram(gaps).percentile(50).map(Cell.days) ?? .none,
            ]
        }
        return ReportTable(
            "claims",
            [
                .init("company", .code), .init("claims", .count), .init("proved", .count), .init("false", .count),
                .init("false_rate", .share), .init("unproved", .count), .init("gap", .days),
            ], rows)
    }

    private mutating func waits(_ ledger: Ledger) -> ReportTable {
        let waiting = ledger.entries.filter { $0.state.awaitedCompany != nil }
        let groups = Dictionary(grouping: waiting) { [$0.state.awaitedCompany ?? "", $0.company ?? ""] }
        let rows = groups.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map { pair, entries -> [Cell] in
            let longest = entries.compactMap { entry -> Int? in
                let begin = entry.seen.reversed().prefix { $0.awaitedCompany == pair[0] }.last
                return begin.map { day - $0.on }
            }.max()
            return [
                company(pair[0]), company(pair[1].isEmpty ? nil : pair[1]), .count(entries.count),
                longest.map(Cell.days) ?? .none,
            ]
        }
        return ReportTable(
            "waits",
            [.init("awaited", .code), .init("waiting", .code), .init("barriers", .count), .init("longest", .days)],
            rows)
    }

    /// Pairs of companies of which at least one bars the other, the smaller code first.
    private mutating func reciprocity(_ ledger: Ledger) -> ReportTable {
        struct Side {
            var open = 0
            var verified = 0
        }
        var pairs: [[String]: (Side, Side)] = [:]
        for entry in ledger.entries {
            guard let from = entry.company, let to = company(barredBy: entry.facts.target), from != to else { continue }
            let isFirst = from < to
            var sides = pairs[[min(from, to), max(from, to)]] ?? (Side(), Side())
            func count(_ side: inout Side) {
                if entry.state.remediation == .verified { side.verified += 1 }
                if entry.state.remediation.isOpen { side.open += 1 }
            }
            if isFirst { count(&sides.0) } else { count(&sides.1) }
            pairs[[min(from, to), max(from, to)]] = sides
        }
        let rows = pairs.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map { pair, sides -> [Cell] in
            [
                company(pair[0]), company(pair[1]), .count(sides.0.open), .count(sides.0.verified),
                .count(sides.1.open), .count(sides.1.verified),
            ]
        }
        return ReportTable(
            "reciprocity",
            [
                .init("first", .code), .init("second", .code), .init("first_open", .count),
                .init("first_verified", .count), .init("second_open", .count), .init("second_verified", .count),
            ], rows)
    }

    private func company(barredBy target: Barrier.Target) -> String? {
        switch target {
        case .platform(let code): facts.directory.platform(code)?.company(on: day)
        case .company(let code): code
        case .method(let code): facts.directory.method(code)?.company
        case .host, .scenario: nil
        }
    }

    private mutating func observations(_ ledger: Ledger) -> ReportTable {
        let groups = Dictionary(grouping: ledger.entries, by: \.observed.state)
        let present = Observed.State.allCases.filter { groups[$0] != nil }
        let tenths = shares(of: present.map { groups[$0]?.count ?? 0 })
        let rows = zip(present, tenths).map { state, tenths -> [Cell] in
            let entries = groups[state] ?? []
            return [
                own(state.rawValue, "observed"), .count(entries.count),
                .share(part: entries.count, whole: ledger.entries.count, tenths: tenths),
                .count(entries.count { $0.observed.isStale }),
            ]
        }
        return ReportTable(
            "observations",
            [.init("what", .code), .init("count", .count), .init("share", .share), .init("stale", .count)], rows)
    }

    /// The barriers that are still open, in the ministry's six columns.
    mutating func annex(_ ledger: Ledger) -> ReportTable {
        let open = ledger.entries.filter { $0.state.remediation.isOpen && $0.state.remediation != .alleged }
        let rows = open.enumerated().map { index, entry -> [Cell] in
            [
                .number(index + 1), platform(entry.facts.platform), company(entry.company),
                scene(entry.facts.scene, entry.facts.kind), entry.facts.version.map(Cell.text) ?? .none,
                target(entry.facts.target),
                own(entry.state.remediation.rawValue, "remediation"),
            ]
        }
        return ReportTable(
            "annex",
            [
                .init("serial", .number), .init("app", .code), .init("operator", .code), .init("source", .code),
                .init("version", .text), .init("problem", .code), .init("state", .code),
            ], rows)
    }

    mutating func justified(_ ledger: Ledger) -> ReportTable {
        let rows = ledger.entries.filter { $0.state.remediation == .justified }.map { entry -> [Cell] in
            let reason = entry.facts.justifications.last { $0.on <= day }
            return [
                .number(entry.facts.number), platform(entry.facts.platform), target(entry.facts.target),
                scene(entry.facts.scene, entry.facts.kind),
                reason.map { labelled($0.ground, "justification", facts.campaign.justificationGrounds) } ?? .none,
                reason?.until.map(Cell.day) ?? .none,
            ]
        }
        return ReportTable(
            "justified",
            [
                .init("number", .number), .init("respondent", .code), .init("target", .code), .init("scene", .code),
                .init("ground", .code), .init("until", .day),
            ], rows)
    }
}
