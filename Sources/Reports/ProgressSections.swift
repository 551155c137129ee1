import Casework

/// A table of the report, ready for any rendering: every format prints these same cells.
struct Section {
    var title: String
    /// What the figures mean, in a sentence.
    var note: String
    var table: TextTable
}

extension ProgressReport {
    var title: String { "\(campaign.en) — progress as of \(asOf)" }

    var subtitle: String {
        let incomplete = isIncomplete ? " The day was not over then: its figures are incomplete." : ""
        return
            "Campaign \(campaign.code) (\(campaign.zh)). As known at \(knownAt). Figures \(figuresVersion).\(incomplete)"
    }

    /// The tables of the report, in the order of reading.
    var sections: [Section] {
        [
            summary, categories, kinds, weeks, statuses, refusals, outcomes, deadlines, league, ledger,
            matrix(
                .blockedLink, "Blocked links",
                "Who blocks whom, scene by scene; with the accepted complaints that attest it."),
            matrix(.refusedPayment, "Refused payment methods", "Which platform refuses which method."),
            matrix(.practice, "Practices", "Practices against users, data and connections."), late,
        ].filter { !$0.table.rows.isEmpty }
    }

    private var summary: Section {
        let open = handling.byStatus.filter { Complaint.Status(rawValue: $0.of.code)?.isOpen ?? false }
        let closed = handling.byStatus.first { $0.of.code == Complaint.Status.closed.rawValue }?.count ?? 0
        let rows: [(String, Int)] = [
            ("Filed", intake.filed), ("Ever accepted", handling.everAccepted),
            ("Ever forwarded to the company", handling.everForwarded),
            ("Ever answered by the company", handling.everResponded), ("Closed", closed),
            ("Open", open.reduce(0) { $0 + $1.count }), ("Barriers in the ledger", barriers.lines.count),
            ("Deadlines overdue", overdue.total),
        ]
        return Section(
            title: "Summary", note: "Complaints and barriers at the end of the day.",
            table: TextTable([.init("Figure"), .init("Number", .right)], rows.map { [$0.0, String($0.1)] }))
    }

    private func counted(_ title: String, _ note: String, _ name: String, _ counts: [Count]) -> Section {
        Section(
            title: title, note: note,
            table: TextTable(
                [.init(name), .init("Number", .right), .init("Share", .right)],
                counts.map { [$0.of.en, String($0.count), percent($0.shareTenths)] }))
    }

    private var categories: Section {
        counted("Intake by category", "Complaints filed, by the category they have now.", "Category", intake.byCategory)
    }

    private var kinds: Section {
        counted("Intake by kind", "Complaints filed, by what they are about.", "Kind", intake.byKind)
    }

    private var weeks: Section {
        Section(
            title: "Intake by week", note: "Complaints by the week in which they were received.",
            table: TextTable(
                [.init("Week of"), .init("Number", .right)],
                intake.byWeek.map { [$0.weekOf.description, String($0.count)] }))
    }

    private var statuses: Section {
        counted("Complaints by status", "Where each complaint stood.", "Status", handling.byStatus)
    }

    private var refusals: Section {
        counted("Refusals by ground", "Refused complaints.", "Ground", handling.byRefusalGround)
    }

    private var outcomes: Section {
        counted("Closures by outcome", "Closed complaints.", "Outcome", handling.byOutcome)
    }

    private var deadlines: Section {
        Section(
            title: "Timeliness",
            note:
                "In time: of what is done or overdue, the share done within its limit. Paused deadlines do not count.",
            table: TextTable(
                [
                    .init("Deadline"), .init("Done in time", .right), .init("Done late", .right),
                    .init("Running", .right), .init("Overdue", .right), .init("In time", .right),
                ],
                timeliness.map { line in
                    [
                        line.purpose.words, String(line.bins.metInTime), String(line.bins.metLate),
                        String(line.bins.openInTime), String(line.bins.openLate), percent(line.bins.timelyTenths),
                    ]
                }))
    }

    private var league: Section {
        let unknown = intake.filed - companies.reduce(0) { $0 + $1.complaints }
        return Section(
            title: "Companies",
            note: "Volume follows a company's size and says nothing about its conduct; the line for replies is 95 %. "
                + "Complaints whose company is not known are not in this table: \(unknown).",
            table: TextTable(
                [
                    .init("Company"), .init("Complaints", .right), .init("Accepted", .right), .init("Closed", .right),
                    .init("Replies in time", .right), .init("Barriers", .right), .init("Not yet gone", .right),
                    .init("False claims", .right),
                ],
                companies.map { line in
                    [
                        line.company.en, String(line.complaints), String(line.accepted), String(line.closed),
                        percent(line.replies.timelyTenths), String(line.barriers), String(line.barriersOpen),
                        String(line.falseClaims),
                    ]
                }))
    }

    private var ledger: Section {
        counted(
            "Barriers by remediation", "How far the removal of each barrier had come.", "State", barriers.byRemediation)
    }

    private func matrix(_ kind: Barrier.Kind, _ title: String, _ note: String) -> Section {
        Section(
            title: title, note: note,
            table: TextTable(
                [
                    .init("No.", .right), .init("Respondent"), .init("Target"), .init("Scene"), .init("Remediation"),
                    .init("Observed"), .init("Seen on"), .init("Accepted", .right), .init("Remarks"),
                ],
                barriers.lines.filter { $0.kind == kind }.map(\.cells)))
    }

    private var late: Section {
        Section(
            title: "Overdue",
            note: "What was owed and had not come, the oldest first: \(overdue.lines.count) of \(overdue.total).",
            table: TextTable(
                [.init("Complaint"), .init("Owed"), .init("Company"), .init("Due on"), .init("Days late", .right)],
                overdue.lines.map { line in
                    [
                        line.reference, line.purpose.words, line.company?.en ?? "", line.dueOn.description,
                        String(line.daysLate),
                    ]
                }))
    }
}

extension ProgressReport.BarrierLine {
    fileprivate var cells: [String] {
        var remarks: [String] = []
        if let coverage { remarks.append("\(coverage) % covered") }
        if let awaitedCompany { remarks.append("waits for \(awaitedCompany.en)") }
        if episode > 1 { remarks.append("episode \(episode)") }
        if isStale { remarks.append("stale") }
        return [
            String(number), respondent.en, target.en, scene.en, remediation.words, observed.words,
            observedOn?.description ?? "", String(complaints), remarks.joined(separator: "; "),
        ]
    }
}

extension Deadline.Purpose {
    var words: String {
        switch self {
        case .acceptance: "Decision on acceptance"
        case .companyReply: "Company's reply"
        case .answer: "Answer to the complainant"
        case .order: "Compliance with the order"
        case .counterparty: "Counterparty's part"
        }
    }
}

extension Barrier.Remediation {
    var words: String { rawValue.replacing("_", with: " ") }
}

extension Observed.State {
    var words: String { rawValue.replacing("_", with: " ") }
}
