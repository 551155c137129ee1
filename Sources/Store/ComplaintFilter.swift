public import Casework
public import Foundation
import Postgres

/// Values a column may have, or may not.
public struct Choice<Value: Hashable & Sendable>: Sendable, Hashable {
    public var values: [Value]
    public var isNegated: Bool

    public init(_ values: [Value], isNegated: Bool = false) {
        self.values = values
        self.isNegated = isNegated
    }
}

/// What a list of complaints is narrowed to; what is `nil` does not narrow.
public struct ComplaintFilter: Sendable, Hashable {
    public enum Order: String, Sendable, CaseIterable, Codable {
        /// By the day of receipt, the latest first; of one day by number.
        case newest
        case oldest
        /// By the day something falls due; what has nothing due is left out.
        case due
    }

    public var statuses: Choice<Complaint.Status>?
    /// Whether it is open, whatever the status.
    public var isOpen = false
    public var categories: Choice<String>?
    public var scenarios: Choice<String>?
    public var kinds: Choice<Campaign.Kind>?
    public var companies: Choice<String>?
    public var platforms: Choice<String>?
    public var targets: Choice<String>?
    public var methods: Choice<String>?
    public var officers: Choice<UUID>?
    public var isUnassigned = false
    /// Officers who have left and on whom open cases stand, which are nobody's; the store looks them up where it matters.
    var leavers: [Leaver] = []
    /// Whether something came from outside that its officer has not seen.
    public var isNews = false
    public var offices: Choice<String>?
    public var priorities: Choice<Complaint.Priority>?
    public var outcomes: Choice<Complaint.Outcome>?
    public var regions: Choice<String>?
    public var channels: Choice<Channel>?
    public var barrier: Int?
    public var isSuspected: Bool?
    public var receivedFrom: Day?
    public var receivedTo: Day?
    /// Something owed falls due on this day or later.
    public var dueFrom: Day?
    /// Something owed falls due on this day or before.
    public var dueTo: Day?
    public var text: TextQuery?
    public var order = Order.newest

    public init() {}

    /// Where a list goes on: after this complaint.
    public struct Position: Sendable, Hashable {
        /// Of receipt, or on which something falls due, as the list is ordered.
        public var day: Day
        public var number: Int

        public init(day: Day, number: Int) {
            self.day = day
            self.number = number
        }
    }
}

/// A condition, and whether an index has its rows in the order of the list.
struct Condition {
    var sql: SQL
    /// How well it narrows: the lowest leads the walk; `nil` where it cannot lead one.
    var rank: Int?
}

extension ComplaintFilter {
    /// The conditions but the text's, for the alias `c`.
    func conditions(campaign: Int) -> [Condition] {
        var conditions: [Condition] = []
        func add<Value: PostgresValue & Hashable & Sendable>(_ column: SQL, _ choice: Choice<Value>?, rank: Int) {
            guard let choice else { return }
            if choice.isNegated {
                conditions.append(
                    Condition(sql: "(\(column) IS NULL OR \(column) <> ALL(\(choice.values)))", rank: nil))
            } else if choice.values.count == 1, let value = choice.values.first {
                conditions.append(Condition(sql: "\(column) = \(value)", rank: rank))
            } else {
                conditions.append(Condition(sql: "\(column) = ANY(\(choice.values))", rank: nil))
            }
        }
        conditions += holding()
        if isOpen, !isUnassigned {
            // Spelled out, so that the partial indexes are seen to fit.
            conditions.append(Condition(sql: Self.openStatus, rank: nil))
        }
        if isNews { conditions.append(Condition(sql: "c.news_at IS NOT NULL", rank: 2)) }
        if let isSuspected {
            let sql: SQL = isSuspected ? "c.has_suspected_duplicate" : "NOT c.has_suspected_duplicate"
            conditions.append(Condition(sql: sql, rank: isSuspected ? 3 : nil))
        }
        add("c.scenario", scenarios, rank: 4)
        add("c.outcome", outcomes, rank: 5)
        add("c.priority", priorities, rank: priorities?.values == [.normal] ? 13 : 6)
        add("c.payment_method", methods, rank: 7)
        add("c.target_platform", targets, rank: 8)
        add("c.region", regions, rank: 9)
        add("c.status", statuses, rank: 10)
        add("c.respondent_platform", platforms, rank: 11)
        add("c.respondent_company", companies, rank: 12)
        add("c.office", offices, rank: 14)
        add("c.category", categories, rank: 15)
        add("c.kind", kinds, rank: 16)
        add("c.channel", channels, rank: 17)
        if order == .due { conditions += received(in: "c").map { Condition(sql: $0, rank: nil) } }
        if let dueFrom { conditions.append(Condition(sql: "c.due_on >= \(dueFrom)", rank: nil)) }
        if let dueTo { conditions.append(Condition(sql: "c.due_on <= \(dueTo)", rank: nil)) }
        return conditions
    }

    /// The complaint `c` is open.
    static let openStatus: SQL = """
        c.status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded')
        """

    /// Who has the complaint: what an officer who has left still stands on is nobody's.
    private func holding() -> [Condition] {
        var conditions: [Condition] = []
        let isLeft: SQL = "\(Self.openStatus) AND has_left(c.officer_id, c.office)"
        if let officers, officers.isNegated {
            conditions.append(
                Condition(
                    sql: "(c.officer_id IS NULL OR c.officer_id <> ALL(\(officers.values)) OR \(isLeft))", rank: nil))
        } else if let officers {
            let isOne = officers.values.count == 1
            let sql: SQL =
                isOne ? "c.officer_id = \(officers.values[0])" : "c.officer_id = ANY(\(officers.values))"
            conditions.append(Condition(sql: sql, rank: isOne ? 0 : nil))
            conditions.append(Condition(sql: "NOT (\(isLeft))", rank: nil))
        }
        if isUnassigned {
            let sql: SQL =
                leavers.isEmpty
                ? "c.officer_id IS NULL AND \(Self.openStatus)"
                : "(c.officer_id IS NULL OR \(isLeavers)) AND \(Self.openStatus)"
            conditions.append(Condition(sql: sql, rank: 1))
        }
        return conditions
    }

    /// An officer who has left stands on the complaint `c`.
    private var isLeavers: SQL {
        "(c.officer_id, c.office) IN (SELECT * FROM unnest(\(leavers.map(\.officer)), \(leavers.map(\.office))))"
    }

    /// The days of receipt that are asked for, as conditions for an alias.
    private func received(in table: SQL) -> [SQL] {
        let from = receivedFrom.map { "\(table).received_on >= \($0)" as SQL }
        return [from, receivedTo.map { "\(table).received_on <= \($0)" as SQL }].compactMap(\.self)
    }

    /// What leads the walk along an index, and what is looked at row by row.
    func plan(campaign: Int) -> (lead: [SQL], rest: [SQL]) {
        let conditions = conditions(campaign: campaign)
        var lead: [SQL] = ["c.campaign_id = \(campaign)"]
        if let barrier {
            lead.append("l.campaign_id = \(campaign)")
            lead.append(
                "l.barrier_id = (SELECT id FROM barrier WHERE campaign_id = \(campaign) AND number = \(barrier))")
            if order != .due { lead += received(in: "l") }
            return (lead, conditions.map(\.sql) + (order == .due ? ["c.due_on IS NOT NULL"] : []))
        }
        if order == .due {
            lead.append("c.due_on IS NOT NULL")
            let isOwn = officers.map { !$0.isNegated && $0.values.count == 1 } ?? false
            let leads = conditions.filter { isOwn && $0.rank == 0 }.map(\.sql)
            let due = [dueFrom.map { "c.due_on >= \($0)" as SQL }, dueTo.map { "c.due_on <= \($0)" as SQL }]
            let rest = conditions.filter { !(isOwn && $0.rank == 0) }.map(\.sql)
            return (lead + leads + due.compactMap(\.self), rest)
        }
        // The indexes are in the order of receipt, and a walk can begin and end at a day.
        lead += received(in: "c")
        guard let first = conditions.filter({ $0.rank != nil }).min(by: { ($0.rank ?? 0) < ($1.rank ?? 0) }) else {
            return (lead, conditions.map(\.sql))
        }
        lead.append(first.sql)
        // An officer's open cases have an index of their own.
        if first.rank == 0, isOpen { lead.append(Self.openStatus) }
        return (lead, conditions.filter { $0.rank != first.rank }.map(\.sql))
    }

    /// The table the walk goes along; the complaints of one barrier are walked in the order of their receipt too.
    var source: SQL {
        if isUnassigned, !leavers.isEmpty, barrier == nil {
            return """
                (SELECT c.* FROM complaint c WHERE c.officer_id IS NULL AND \(Self.openStatus)
                 UNION ALL
                 SELECT c.* FROM complaint c WHERE \(isLeavers) AND \(Self.openStatus)) c
                """
        }
        guard barrier != nil else { return "complaint c" }
        return """
            complaint_barrier l JOIN complaint c ON c.campaign_id = l.campaign_id AND c.id = l.complaint_id
            """
    }

    /// How rows are ordered: in a walk by what its index holds, else by the complaint itself.
    func ordering(isWalk: Bool = false) -> SQL {
        let (day, number) = place(isWalk: isWalk)
        return switch order {
        case .newest: "\(day) DESC, \(number) DESC"
        case .oldest, .due: "\(day), \(number)"
        }
    }

    /// What comes after a position, in a walk or not.
    func after(_ position: Position?, isWalk: Bool = false) -> SQL? {
        guard let position else { return nil }
        let (day, number) = place(isWalk: isWalk)
        return switch order {
        case .newest: "(\(day), \(number)) < (\(position.day), \(position.number))"
        case .oldest, .due: "(\(day), \(number)) > (\(position.day), \(position.number))"
        }
    }

    /// The columns that a list is in the order of.
    private func place(isWalk: Bool) -> (day: SQL, number: SQL) {
        if order == .due { return ("c.due_on", "c.number") }
        return isWalk && barrier != nil ? ("l.received_on", "l.number") : ("c.received_on", "c.number")
    }
}
