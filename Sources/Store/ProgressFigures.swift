public import Casework
public import Foundation
import Postgres
public import Reports

extension Databases {
    /// The progress of a campaign at the end of a day, as known at a moment.
    ///
    /// - Parameters:
    ///   - code: The campaign.
    ///   - day: `nil` is the day it is now in the campaign's time zone.
    ///   - moment: `nil` is now. An earlier one gives what was known then, the same for ever.
    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: ``MomentError``, or `PostgresError`.
    public func progress(of code: String, asOf day: Day?, knownAt moment: Date?) async throws -> ProgressReport? {
        let cut = try await work.closeCut(through: moment)
        return try await reports.transaction(.snapshot) { db in
            let book = try db.referenceBook(knownAt: cut)
            guard let (id, campaign) = book.campaign(code) else { return nil }
            let today = Day(cut, in: campaign.zone())
            if let day, day > today {
                let detail = "has not come yet; today is \(today)"
                throw InvalidDocument(faults: [Fault(pointer: "?/as_of", code: "in_the_future", detail: detail)])
            }
            let view = ProgressView(
                campaignID: id, campaign: campaign, directory: book.directory, day: day ?? today, cut: cut,
                isIncomplete: (day ?? today) == today)
            return try db.progress(view)
        }
    }
}

/// From where a report looks: one campaign, one day, one moment.
struct ProgressView: Sendable {
    let campaignID: Int
    let campaign: Campaign
    let directory: Directory
    let day: Day
    let cut: Date
    let isIncomplete: Bool

    /// The moment as RFC 3339, to the microsecond.
    var knownAt: String { cut.postgresText.replacing(" ", with: "T").replacing("+00", with: "Z") }

    func named(company code: String) -> Named {
        let company = directory.company(code)
        return Named(code: code, zh: company?.nameZh ?? code, en: company?.nameEn ?? code)
    }

    func named(platform code: String) -> Named {
        let platform = directory.platform(code)
        return Named(code: code, zh: platform?.nameZh ?? code, en: platform?.nameEn ?? code)
    }

    func named(target: Barrier.Target) -> Named {
        var name: Named =
            switch target {
            case .platform(let code): named(platform: code)
            case .company(let code): named(company: code)
            case .host(let host): Named(code: host, zh: host, en: host)
            case .method(let code): named(method: code)
            case .scenario(let code): named(code, in: campaign.scenarios.map(\.label))
            }
        name.code = target.description
        return name
    }

    private func named(method code: String) -> Named {
        let method = directory.method(code)
        return Named(code: code, zh: method?.nameZh ?? code, en: method?.nameEn ?? code)
    }

    func named(_ code: String, in labels: [Label]) -> Named {
        labels.first { $0.code == code }.map(Named.init) ?? Named(code: code, zh: code, en: code)
    }
}

/// One kind of complaint, counted: everything a report groups complaints by.
private struct Cell {
    let kind: Campaign.Kind
    let channel: Channel
    let week: Day
    let status: Complaint.Status
    let category: String?
    let company: String?
    let outcome: Complaint.Outcome?
    let ground: String?
    let wasAccepted: Bool
    let wasForwarded: Bool
    let wasResponded: Bool
    let count: Int
}

extension Connection {
    fileprivate func progress(_ view: ProgressView) throws -> ProgressReport {
        let cells = try cells(view)
        let replies = try deadlineBins(view)
        let barriers = try barrierLines(view)
        return ProgressReport(
            campaign: Named(view.campaign.name), asOf: view.day, knownAt: view.knownAt,
            isIncomplete: view.isIncomplete, intake: intake(cells, view), handling: handling(cells, view),
            timeliness: Deadline.Purpose.ofComplaints.map { purpose in
                let bins = replies.filter { $0.purpose == purpose }.map(\.bins)
                return ProgressReport.Timeliness(purpose: purpose, bins: bins.reduce(ProgressReport.Bins(), +))
            },
            companies: companies(cells, replies, barriers, view),
            barriers: ProgressReport.Ledger(
                byRemediation: ProgressReport.counts(
                    Barrier.Remediation.allCases.map { state in
                        (words(state.rawValue), barriers.count { $0.line.remediation == state })
                    }.filter { $0.1 > 0 }),
                lines: barriers.map(\.line)),
            overdue: try overdue(view))
    }

    /// Rows of an interval table that hold at the end of the day, as known at the cut, are the latest of each case.
    private func visible(_ view: ProgressView) -> SQL {
        """
        campaign_id = \(view.campaignID) AND effective_from <= \(view.day) AND recorded_at <= \(view.cut)
        AND (retracted_at IS NULL OR retracted_at > \(view.cut))
        """
    }

    private func cells(_ view: ProgressView) throws -> [Cell] {
        try all(
            """
            WITH held AS (
                SELECT DISTINCT ON (complaint_id)
                       complaint_id, status, category, respondent_company, outcome, refusal_ground
                FROM complaint_interval WHERE \(visible(view))
                ORDER BY complaint_id, effective_from DESC, sequence DESC
            ), reached AS (
                SELECT complaint_id, bool_or(status = 'accepted') AS accepted,
                       bool_or(status = 'forwarded') AS forwarded, bool_or(status = 'responded') AS responded
                FROM complaint_interval WHERE \(visible(view))
                GROUP BY complaint_id
            )
            SELECT c.kind, c.channel, c.received_on - (extract(isodow FROM c.received_on)::integer - 1), h.status,
                   h.category, h.respondent_company, h.outcome, h.refusal_ground, r.accepted, r.forwarded,
                   r.responded, count(*)
            FROM held h
            JOIN reached r USING (complaint_id)
            JOIN complaint c ON c.campaign_id = \(view.campaignID) AND c.id = h.complaint_id
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
            """
        ) { row in
            Cell(
                kind: try row.read(), channel: try row.read(), week: try row.read(), status: try row.read(),
                category: try row.read(), company: try row.read(), outcome: try row.read(), ground: try row.read(),
                wasAccepted: try row.read(), wasForwarded: try row.read(), wasResponded: try row.read(),
                count: try row.read())
        }
    }

    private func intake(_ cells: [Cell], _ view: ProgressView) -> ProgressReport.Intake {
        let weeks = cells.map(\.week)
        var byWeek: [ProgressReport.WeekCount] = []
        if let first = weeks.min(), let last = weeks.max() {
            byWeek = stride(from: first.number, through: last.number, by: 7).map { number in
                let week = Day(number: number)
                return .init(weekOf: week, count: total(cells) { $0.week == week })
            }
        }
        let none = Named(code: "none", zh: "未定", en: "Not yet categorised")
        let categories = view.campaign.categories.map { label in
            (Named(label), total(cells) { $0.category == label.code })
        }
        let uncategorised = total(cells) { $0.category == nil }
        return ProgressReport.Intake(
            filed: total(cells) { _ in true },
            byCategory: ProgressReport.counts(categories + (uncategorised > 0 ? [(none, uncategorised)] : [])),
            byKind: ProgressReport.counts(
                Campaign.Kind.allCases.map { kind in (words(kind.rawValue), total(cells) { $0.kind == kind }) }),
            byChannel: ProgressReport.counts(
                // Those that came later stand only where something came by them: older reports stay as they were.
                Channel.allCases.map { channel in (channel, total(cells) { $0.channel == channel }) }
                    .filter { $0 != .filer || $1 > 0 }.map { (words($0.rawValue), $1) }),
            byWeek: byWeek)
    }

    private func handling(_ cells: [Cell], _ view: ProgressView) -> ProgressReport.Handling {
        ProgressReport.Handling(
            everAccepted: total(cells, where: \.wasAccepted), everForwarded: total(cells, where: \.wasForwarded),
            everResponded: total(cells, where: \.wasResponded),
            byStatus: ProgressReport.counts(
                Complaint.Status.allCases.map { status in
                    (words(status.rawValue), total(cells) { $0.status == status })
                }.filter { $0.1 > 0 }),
            byRefusalGround: ProgressReport.counts(
                view.campaign.refusalGrounds.map { label in
                    (Named(label), total(cells) { $0.status == .refused && $0.ground == label.code })
                }.filter { $0.1 > 0 }),
            byOutcome: ProgressReport.counts(
                Complaint.Outcome.allCases.map { outcome in
                    (words(outcome.rawValue), total(cells) { $0.outcome == outcome })
                }.filter { $0.1 > 0 }))
    }

    private func companies(
        _ cells: [Cell], _ bins: [CompanyBins], _ barriers: [OwnedBarrier], _ view: ProgressView
    ) -> [ProgressReport.CompanyLine] {
        let codes = Set(cells.compactMap(\.company) + barriers.compactMap(\.company))
        return codes.map { code -> ProgressReport.CompanyLine in
            let own = cells.filter { $0.company == code }
            let ledger = barriers.filter { $0.company == code }
            let forwarded = bins.filter { $0.company == code && $0.purpose == .companyReply }.map(\.bins)
            return ProgressReport.CompanyLine(
                company: view.named(company: code), complaints: total(own) { _ in true },
                accepted: total(own, where: \.wasAccepted), closed: total(own) { $0.status == .closed },
                replies: forwarded.reduce(ProgressReport.Bins(), +),
                barriers: ledger.count, barriersOpen: ledger.count { $0.line.remediation.isOpen },
                falseClaims: ledger.reduce(0) { $0 + $1.falseClaims })
        }
        .sorted { left, right in
            if left.complaints != right.complaints { return left.complaints > right.complaints }
            return left.company.code < right.company.code
        }
    }

    private func total(_ cells: [Cell], where condition: (Cell) -> Bool) -> Int {
        cells.reduce(0) { condition($1) ? $0 + $1.count : $0 }
    }

    /// A code of ours in words.
    private func words(_ code: String) -> Named {
        let english = code.replacing("_", with: " ")
        let sentence = english.prefix(1).uppercased() + english.dropFirst()
        return Named(code: code, zh: chineseWords[code] ?? code, en: sentence)
    }
}

/// What the states, kinds and outcomes of the product are called in Chinese.
///
/// Ours, not the regulator's.
private let chineseWords = [
    "blocked_link": "屏蔽链接", "refused_payment": "拒绝支付方式", "other": "其他", "public": "公众提交", "officer": "人员录入",
    "received": "已收到", "needs_information": "待补充材料", "accepted": "已受理", "forwarded": "已转交企业",
    "responded": "企业已答复", "closed": "已办结", "refused": "不予受理", "withdrawn": "已撤回", "referred": "已移送",
    "duplicate": "重复", "remediated": "已整改", "explained": "已作出说明", "justified_restriction": "限制有正当理由",
    "unsubstantiated": "未查实", "enforced": "依法处置", "alleged": "线索", "confirmed": "已核实", "ordered": "已责令",
    "committed": "已承诺", "in_progress": "整改中", "pending_counterparty": "等待对方", "claimed": "企业称已整改",
    "partially_verified": "部分验证", "verified": "已验证", "dismissed": "已排除", "justified": "有正当理由",
]

/// Deadlines of one purpose and company.
private struct CompanyBins {
    let purpose: Deadline.Purpose
    let company: String?
    let bins: ProgressReport.Bins
}

/// A barrier with the company that runs the respondent platform on the day.
private struct OwnedBarrier {
    let line: ProgressReport.BarrierLine
    let company: String?
    let falseClaims: Int
}

extension Connection {
    /// The latest version of each deadline, with the complaint's company at the time.
    private func heldDeadlines(_ view: ProgressView) -> SQL {
        """
        held AS (
            SELECT DISTINCT ON (complaint_id, purpose) complaint_id, purpose, due_on, state, ended_on
            FROM deadline_interval WHERE \(visible(view))
            ORDER BY complaint_id, purpose, effective_from DESC, sequence DESC
        ), party AS (
            SELECT DISTINCT ON (complaint_id) complaint_id, respondent_company
            FROM complaint_interval WHERE \(visible(view))
            ORDER BY complaint_id, effective_from DESC, sequence DESC
        )
        """
    }

    private func deadlineBins(_ view: ProgressView) throws -> [CompanyBins] {
        try all(
            """
            WITH \(heldDeadlines(view))
            SELECT purpose, respondent_company,
                   count(*) FILTER (WHERE state = 'met' AND ended_on <= due_on),
                   count(*) FILTER (WHERE state = 'met' AND ended_on > due_on),
                   count(*) FILTER (WHERE state = 'running' AND due_on >= \(view.day)),
                   count(*) FILTER (WHERE state = 'running' AND due_on < \(view.day))
            FROM held JOIN party USING (complaint_id)
            GROUP BY purpose, respondent_company
            """
        ) { row in
            CompanyBins(
                purpose: try row.read(), company: try row.read(),
                bins: ProgressReport.Bins(
                    metInTime: try row.read(), metLate: try row.read(), openInTime: try row.read(),
                    openLate: try row.read()))
        }
    }

    private func overdue(_ view: ProgressView) throws -> ProgressReport.Overdue {
        let lines = try all(
            """
            WITH \(heldDeadlines(view))
            SELECT c.number, held.purpose, party.respondent_company, held.due_on, count(*) OVER ()
            FROM held
            JOIN party USING (complaint_id)
            JOIN complaint c ON c.campaign_id = \(view.campaignID) AND c.id = held.complaint_id
            WHERE held.state = 'running' AND held.due_on < \(view.day)
            ORDER BY held.due_on, c.number, held.purpose
            LIMIT \(ProgressReport.Overdue.limit)
            """
        ) { row in
            let reference = Reference(prefix: view.campaign.prefix, number: try row.read())
            let (purpose, company): (Deadline.Purpose, String?) = (try row.read(), try row.read())
            let due: Day = try row.read()
            let line = ProgressReport.OverdueLine(
                reference: reference.description, purpose: purpose, company: company.map(view.named(company:)),
                dueOn: due, daysLate: view.day - due)
            return (line, try row.read(Int.self))
        }
        return ProgressReport.Overdue(total: lines.first?.1 ?? 0, lines: lines.map(\.0))
    }

    private func barrierLines(_ view: ProgressView) throws -> [OwnedBarrier] {
        try all(
            """
            WITH held AS (
                SELECT DISTINCT ON (barrier_id) barrier_id, remediation, episode, coverage, awaited_company, false_claims
                FROM barrier_interval WHERE \(visible(view))
                ORDER BY barrier_id, effective_from DESC, sequence DESC
            ), seen AS (
                SELECT DISTINCT ON (barrier_id) barrier_id, observed_on, method, result, coverage, sequence
                FROM observation
                WHERE campaign_id = \(view.campaignID) AND observed_on <= \(view.day) AND recorded_at <= \(view.cut)
                  AND (retracted_at IS NULL OR retracted_at > \(view.cut))
                ORDER BY barrier_id, observed_on DESC, sequence DESC
            ), tied AS (
                SELECT DISTINCT ON (complaint_id, barrier_id) complaint_id, barrier_id, is_linked
                FROM complaint_barrier_interval WHERE \(visible(view))
                ORDER BY complaint_id, barrier_id, effective_from DESC, sequence DESC
            ), standing AS (
                SELECT DISTINCT ON (complaint_id) complaint_id, status
                FROM complaint_interval WHERE \(visible(view))
                ORDER BY complaint_id, effective_from DESC, sequence DESC
            ), attested AS (
                SELECT barrier_id, count(*) AS complaints
                FROM tied JOIN standing USING (complaint_id)
                WHERE is_linked AND status IN ('accepted', 'forwarded', 'responded', 'closed')
                GROUP BY barrier_id
            )
            SELECT b.number, b.kind, b.respondent_platform, b.target_key, b.scene, held.remediation, held.episode,
                   held.coverage, held.awaited_company, held.false_claims, coalesce(attested.complaints, 0),
                   seen.observed_on, seen.method, seen.result, seen.coverage, seen.sequence
            FROM held
            JOIN barrier b ON b.campaign_id = \(view.campaignID) AND b.id = held.barrier_id
            LEFT JOIN seen USING (barrier_id)
            LEFT JOIN attested USING (barrier_id)
            ORDER BY b.kind, b.respondent_platform, b.target_key, b.scene
            """
        ) { row in try OwnedBarrier(row: &row, view) }
    }
}

extension OwnedBarrier {
    init(row: inout Row, _ view: ProgressView) throws {
        let (number, kind): (Int, Barrier.Kind) = (try row.read(), try row.read())
        let (platform, target): (String, Barrier.Target) = (try row.read(), try row.read())
        let (scene, remediation): (String, Barrier.Remediation) = (try row.read(), try row.read())
        let (episode, coverage): (Int, Int?) = (try row.read(), try row.read())
        let awaited: String? = try row.read()
        falseClaims = try row.read()
        let complaints: Int = try row.read()
        let (seenOn, method): (Day?, Observation.Method?) = (try row.read(), try row.read())
        let (result, seenCoverage): (Observation.Result?, Int?) = (try row.read(), try row.read())
        let sequence: Int? = try row.read()
        var observations: [Observation] = []
        if let seenOn, let method, let result {
            observations = [
                Observation(on: seenOn, method: method, result: result, coverage: seenCoverage, sequence: sequence ?? 0)
            ]
        }
        line = ProgressReport.BarrierLine(
            number: number, kind: kind, respondent: view.named(platform: platform), target: view.named(target: target),
            scene: view.named(
                scene, in: kind == .refusedPayment ? view.campaign.paymentScenes : view.campaign.linkScenes),
            remediation: remediation, episode: episode, coverage: coverage,
            awaitedCompany: awaited.map(view.named(company:)),
            observed: Observed(observations, at: view.day, staleAfterDays: view.campaign.quorum.staleAfterDays),
            complaints: complaints)
        company = view.directory.platform(platform)?.company(on: view.day)
    }
}
