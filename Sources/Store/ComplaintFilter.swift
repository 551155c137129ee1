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
        add("c.officer_id", officers, rank: 0)
        if isUnassigned {
            conditions.append(Condition(sql: "c.officer_id IS NULL AND \(Self.openStatus)", rank: 1))
        } else if isOpen {
            // Spelled out, so that the partial indexes are seen to fit.
            conditions.append(Condition(sql: Self.openStatus, rank: nil))
        }
        if let isSuspected {
            let sql: SQL = isSuspected ? "c.has_suspected_duplicate" : "NOT c.has_suspected_duplicate"
            conditions.append(Condition(sql: sql, rank: isSuspected ? 2 : nil))
        }
        add("c.scenario", scenarios, rank: 3)
        add("c.outcome", outcomes, rank: 4)
        add("c.priority", priorities, rank: priorities?.values == [.normal] ? 12 : 5)
        add("c.payment_method", methods, rank: 6)
        add("c.target_platform", targets, rank: 7)
        add("c.region", regions, rank: 8)
        add("c.status", statuses, rank: 9)
        add("c.respondent_platform", platforms, rank: 10)
        add("c.respondent_company", companies, rank: 11)
        add("c.office", offices, rank: 13)
        add("c.category", categories, rank: 14)
        add("c.kind", kinds, rank: 15)
        add("c.channel", channels, rank: 16)
        if order == .due { conditions += received(in: "c").map { Condition(sql: $0, rank: nil) } }
        if let dueFrom { conditions.append(Condition(sql: "c.due_on >= \(dueFrom)", rank: nil)) }
        if let dueTo { conditions.append(Condition(sql: "c.due_on <= \(dueTo)", rank: nil)) }
        return conditions
    }

    private static let openStatus: SQL = """
        c.status IN ('received', 'needs_information', 'accepted', 'forwarded', 'responded')
        """

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
