import Casework
import Contract
import Foundation
import Reports

/// A column of a list as CSV, whose cells hold one value each.
///
/// The table for people may join values in a cell, such as a day and whether it is past; here each has its own column.
enum CSVColumn<Item> {
    case one(String, (Item) -> String?)
    /// A column for each of several values, `barrier_1`, `barrier_2`, as many as the item with the most has.
    case each(String, (Item) -> [String])
    /// A column for each name that an item has a value for, such as `details_ground`.
    case named(String, (Item) -> [String: String])

    /// The columns that these items need.
    fileprivate func columns(for items: [Item]) -> [(title: String, value: (Item) -> String)] {
        switch self {
        case .one(let title, let value): [(title, { value($0) ?? "" })]
        case .each(let title, let values):
            (0..<max(1, items.map { values($0).count }.max() ?? 0)).map { index in
                ("\(title)_\(index + 1)", { Array(values($0).dropFirst(index)).first ?? "" })
            }
        case .named(let title, let values):
            Set(items.flatMap { values($0).keys }).sorted().map { name in
                ("\(title)_\(name)", { values($0)[name] ?? "" })
            }
        }
    }

    /// The list with its header.
    static func text(_ items: [Item], _ columns: [CSVColumn]) -> String {
        let columns = columns.flatMap { $0.columns(for: items) }
        return csvLine(columns.map(\.title)) + items.map { item in csvLine(columns.map { $0.value(item) }) }.joined()
    }
}

extension JSON {
    /// The members of one thing as columns, those of its parts by both names: `observed_state`.
    func csvCells(named name: String = "") -> [(name: String, value: String)] {
        switch self {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { $1.csvCells(named: name.isEmpty ? $0 : "\(name)_\($0)") }
        case .array(let elements): elements.enumerated().flatMap { $1.csvCells(named: "\(name)_\($0 + 1)") }
        case .string(let text): [(name, text)]
        case .null: [(name, "")]
        default: [(name, canonicalText)]
        }
    }
}

// MARK: Lists whose tables join values

extension ComplaintLineBody {
    static var csv: [CSVColumn<ComplaintLineBody>] {
        [
            .one("reference", \.reference), .one("status", \.status.rawValue),
            .one("received", \.receivedOn.description),
            .one("due", \.dueOn?.description), .one("late", \.isOverdue.description),
            .one("respondent") { $0.respondent.platform ?? $0.respondent.company }, .one("target", \.target.known),
            .one("officer", \.officer), .one("office", \.office), .one("priority", \.priority.rawValue),
            .one("news", \.isNews.description), .one("suspected", \.isSuspected.description), .one("text", \.excerpt),
            .each("barrier") { $0.barriers.map(String.init) },
        ]
    }
}

extension TargetBody {
    /// What is barred, in a word, where it is known.
    fileprivate var known: String? { paymentMethod ?? platform ?? company ?? host }
}

extension EventBody {
    static var csv: [CSVColumn<EventBody>] {
        [
            .one("no.", \.sequence.description), .one("on", \.effectiveOn.description),
            .one("recorded", { $0.recordedAt.formatted(.iso8601) }), .one("who_kind", \.actorKind.rawValue),
            .one("who", \.actor), .one("for", \.onBehalfOf?.rawValue), .one("did", \.action), .one("note", \.note),
            .named("details", \.shownDetails), .named("before") { $0.changes.compactMapValues(\.old) },
            .named("after") { $0.changes.compactMapValues(\.new) },
        ]
    }
}

extension BarrierBody {
    static var csv: [CSVColumn<BarrierBody>] {
        [
            .one("no.", \.number.description), .one("respondent", \.respondentPlatform), .one("target", \.target),
            .one("scene", \.scene), .one("remediation", \.remediation.rawValue), .one("episode", \.episode.description),
            .one("observed", \.observed.state.rawValue), .one("observed_on", \.observed.on?.description),
            .one("stale", \.observed.isStale.description), .one("accepted", \.complaints?.description),
            .one("changed", \.changedOn.description),
        ]
    }
}

extension OrderBody {
    static var csv: [CSVColumn<OrderBody>] {
        [
            .one("no.", \.number.description), .one("company", \.company), .one("status", \.status.rawValue),
            .one("rung", \.rung), .one("issued", \.issuedOn.description), .one("due", \.dueOn.description),
            .each("barrier") { $0.items.map { String($0.barrier) } },
        ]
    }
}

extension SuspectedDuplicateBody {
    static var csv: [CSVColumn<SuspectedDuplicateBody>] {
        [
            .one("reference", \.reference), .one("status", \.status.rawValue),
            .one("received", \.receivedOn.description),
            .each("why", \.reasons), .one("text_percent", \.similarityPercent.description), .one("excerpt", \.excerpt),
        ]
    }
}

extension EvidenceBody {
    static var csv: [CSVColumn<EvidenceBody>] {
        [
            .one("digest", \.sha256), .one("kind", \.kind.rawValue), .one("bytes", \.bytes.description),
            .one("from", \.sentBy.rawValue), .one("taken", \.capturedOn?.description),
            .one("stale", \.isStale.description), .one("name", \.name),
        ]
    }
}

extension CompanyBody {
    static var csv: [CSVColumn<CompanyBody>] {
        [
            .one("code", \.code), .one("name", \.name.en), .one("中文", \.name.zh), .each("platform", \.platforms),
        ]
    }
}

extension QueueBody {
    static var csv: [CSVColumn<QueueBody>] {
        [
            .one("queue", \.name), .one("count", \.count.description), .one("more", \.isMore.description),
            .one("of", \.kind), .one("what_is_in_it", \.title),
        ]
    }
}

extension WorkloadBody {
    static var csv: [CSVColumn<WorkloadBody>] {
        [
            .one("officer", \.officer), .each("office", \.offices), .one("open", \.open.description),
            .one("late", \.overdue.description), .one("urgent", \.urgent.description),
            .one("next_due", \.nextDueOn?.description),
        ]
    }
}

extension ReminderBody {
    static var csv: [CSVColumn<ReminderBody>] {
        [
            .one("what", \.topic), .one("kind", \.caseKind), .one("case", \.subject), .one("for", \.officer),
            .one("since", { $0.recordedAt.formatted(.iso8601) }), .named("details", \.details),
        ]
    }
}

extension FiledBody {
    static var csv: [CSVColumn<FiledBody>] {
        [
            .one("reference", \.reference), .one("tracking_code", \.trackingCode),
            .one("respondent") { $0.respondent.platform ?? $0.respondent.company }, .one("target", \.target.known),
            .each("barrier") { $0.barriers.map { String($0.number) } },
        ]
    }
}

extension UnsealingBody {
    static var csv: [CSVColumn<UnsealingBody>] {
        [
            .one("reference", \.reference), .one("request", \.request.description), .one("state", \.state.rawValue),
            .each("field") { $0.fields.map(\.rawValue) }, .one("by", \.requestedBy), .one("decided_by", \.decidedBy),
            .one("until", { $0.expiresAt.formatted(.iso8601) }), .one("reason", \.reason),
        ]
    }
}

extension ContactSearchBody {
    static var csv: [CSVColumn<ContactSearchBody>] {
        [
            .one("at", { $0.at.formatted(.iso8601) }), .one("by", \.by), .each("opened", \.opened),
            .one("reason", \.reason),
        ]
    }
}

extension BulkResultBody {
    static var csv: [CSVColumn<BulkResultBody>] {
        [
            .one("reference", \.reference), .one("outcome", \.outcome), .one("status", \.status?.rawValue),
            .one("problem", \.problem?.detail), .named("before") { $0.changes.compactMapValues(\.old) },
            .named("after") { $0.changes.compactMapValues(\.new) },
        ]
    }
}

extension LineResultBody {
    static var csv: [CSVColumn<LineResultBody>] {
        [
            .one("line", \.line.description), .one("file_line", \.fileLine?.description), .one("probe", \.id),
            .one("outcome", \.outcome),
            .one("problem", \.problem?.detail),
            .each("fault") { ($0.problem?.errors ?? []).map { "\($0.pointer) \($0.detail)" } },
        ]
    }
}

extension IssueBody {
    static var csv: [CSVColumn<IssueBody>] {
        [
            .one("issue", \.number.description), .one("year", \.year.description),
            .one("of_year", \.ofYear.description),
            .one("from", \.periodFrom.description), .one("to", \.asOf.description),
            .one("corrects", \.corrects?.description), .one("corrected_by", \.correctedBy?.description),
            .one("by", \.publishedBy), .one("known_at", \.knownAt), .one("sha-256", \.sha256),
        ]
    }
}

extension ExplanationBody {
    static var csv: [CSVColumn<ExplanationBody>] {
        [
            .one("subject", \.subject), .one("purpose", \.purpose.rawValue), .one("run", \.run.description),
            .one("carried_from", \.carriedFrom), .one("company", \.company), .one("rule", \.rule.code),
            .one("state", \.state.rawValue), .one("missed", \.isMissed.description),
            .one("missed_from", \.missedFrom?.description),
            .one("started", \.startedOn.description), .one("due", \.dueOn.description),
            .one("provisional", \.isProvisional.description), .one("ended", \.endedOn?.description),
        ]
    }
}
