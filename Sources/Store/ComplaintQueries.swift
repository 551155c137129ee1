public import Casework
public import Foundation
public import Postgres

/// A complaint as a list shows it.
public struct ComplaintLine: Sendable {
    public let id: UUID
    public let reference: Reference
    public let version: Int
    public let kind: Campaign.Kind
    public let status: Complaint.Status
    public let category: String?
    public let respondent: Complaint.Party
    public let target: Complaint.Target
    public let officerName: String?
    public let office: String
    public let priority: Complaint.Priority
    public let receivedOn: Day
    public let dueOn: Day?
    public let isSuspected: Bool
    /// Whether something came from outside that its officer has not seen.
    public let isNews: Bool
    public let excerpt: String
    /// The numbers of the barriers it attests.
    public let barriers: [Int]
}

/// A page of complaints.
public struct ComplaintPage: Sendable {
    public var lines: [ComplaintLine]
    /// Where the next page begins; `nil` at the end.
    public var next: ComplaintFilter.Position?
    /// Whether more was looked at than one question may, so that the list should be narrowed.
    public var asksToNarrow = false
}

extension Connection {
    /// Rows that one page looks at, at the most.
    public static var walkLimit: Int { 20_000 }
    /// Rows that a search for text looks at, at the most.
    public static var textLimit: Int { 10_000 }

    /// A page of complaints.
    ///
    /// It walks along one index in the order of the list and looks at a limited number of rows; a page may then have
    /// fewer lines than asked for and still go on.
    ///
    /// - Throws: `PostgresError`, 57014 where the time of the pool was not enough.
    public func complaints(
        _ filter: ComplaintFilter, campaign: Int, prefix: String, after position: ComplaintFilter.Position? = nil,
        limit: Int
    ) throws -> ComplaintPage {
        var filter = filter
        if filter.isUnassigned { filter.leavers = try leavers(campaign: campaign) }
        guard let text = filter.text else {
            return try walk(filter, campaign, prefix, after: position, limit: limit, rows: Self.walkLimit, rest: [])
        }
        let matches = text.conditions
        // A common word is soon met on the way from the newest to the oldest.
        let walked = try walk(
            filter, campaign, prefix, after: position, limit: limit, rows: Self.textLimit, rest: matches)
        if walked.next == nil || walked.lines.count == limit { return walked }
        // A rare one is found by its pairs of characters; what the worker has not come to yet is looked at.
        let found = try all(
            """
            (SELECT complaint_id FROM complaint_text
             WHERE campaign_id = \(campaign) AND pairs @> \(text.pairs)::integer[]
             LIMIT \(Self.textLimit + 1))
            UNION ALL
            (SELECT id FROM complaint
             WHERE campaign_id = \(campaign) AND recorded_at > coalesce(
                 (SELECT moment FROM worker_mark m JOIN campaign ca ON m.name = 'text|' || ca.code
                  WHERE ca.id = \(campaign)), '2000-01-01')
             LIMIT \(Self.textLimit + 1))
            """
        ) { row in try row.read(UUID.self) }
        // One that the worker has come to meanwhile stands in both.
        guard found.count <= Self.textLimit else {
            var page = walked
            page.asksToNarrow = true
            return page
        }
        let plan = filter.plan(campaign: campaign)
        let conditions = plan.lead + plan.rest + matches + [filter.after(position)].compactMap(\.self)
        return try page(
            """
            SELECT \(ComplaintLine.columns) FROM \(filter.source) LEFT JOIN officer o ON \(ComplaintRecord.isHolder)
            WHERE c.id = ANY(\(found)) AND \(.joined(conditions, separator: " AND "))
            ORDER BY \(filter.ordering()) LIMIT \(limit + 1)
            """, filter, prefix, limit: limit)
    }

    private func walk(
        _ filter: ComplaintFilter, _ campaign: Int, _ prefix: String, after position: ComplaintFilter.Position?,
        limit: Int, rows: Int, rest more: [SQL]
    ) throws -> ComplaintPage {
        var found = try page(
            filter.pageQuery(campaign: campaign, after: position, limit: limit, rows: rows, rest: more), filter, prefix,
            limit: limit)
        if filter.plan(campaign: campaign).rest.isEmpty, more.isEmpty { return found }
        if found.next == nil {
            // Was that the end of the list, or of what one page may look at?
            found.next = try first(
                """
                SELECT \(filter.order == .due ? "c.due_on" : "c.received_on" as SQL), c.number FROM \(filter.source)
                WHERE \(filter.lead(campaign: campaign, after: position))
                ORDER BY \(filter.ordering(isWalk: true)) OFFSET \(written(rows - 1)) LIMIT 1
                """
            ) { row in ComplaintFilter.Position(day: try row.read(), number: try row.read()) }
        }
        return found
    }

    private func page(_ query: SQL, _ filter: ComplaintFilter, _ prefix: String, limit: Int) throws -> ComplaintPage {
        let lines = try all(query) { row in try ComplaintLine(row: &row, prefix: prefix) }
        let shown = Array(lines.prefix(limit))
        let next = lines.count > limit ? shown.last : nil
        return ComplaintPage(
            lines: shown,
            next: next.map { line in
                let day = filter.order == .due ? line.dueOn ?? .last : line.receivedOn
                return ComplaintFilter.Position(day: day, number: line.reference.number)
            })
    }

    /// How many complaints a filter lets through, counted no further than `limit`.
    public func count(_ filter: ComplaintFilter, campaign: Int, limit: Int) throws -> Int {
        var filter = filter
        if filter.isUnassigned { filter.leavers = try leavers(campaign: campaign) }
        let plan = filter.plan(campaign: campaign)
        let inner: SQL = """
            SELECT \(ComplaintLine.walked) FROM \(filter.source)
            WHERE \(.joined(plan.lead, separator: " AND ")) ORDER BY \(filter.ordering(isWalk: true))
            LIMIT \(written(Self.walkLimit))
            """
        let condition: SQL = plan.rest.isEmpty ? "true" : .joined(plan.rest, separator: " AND ")
        return try first(
            "SELECT count(*) FROM (SELECT FROM (\(inner)) c WHERE \(condition) LIMIT \(limit)) counted"
        ) { row in try row.read(Int.self) } ?? 0
    }
}

/// A number of ours as it stands, for the planner to see: a statement's plan is made once, before its parameters are known.
private func written(_ number: Int) -> SQL { SQL(stringLiteral: "\(number)") }

extension ComplaintFilter {
    /// What leads the walk, from a position on.
    fileprivate func lead(campaign: Int, after position: Position?) -> SQL {
        .joined(plan(campaign: campaign).lead + [after(position, isWalk: true)].compactMap(\.self), separator: " AND ")
    }

    /// The statement for one page: a walk along one index, and what is looked at row by row on the way.
    func pageQuery(
        campaign: Int, after position: Position? = nil, limit: Int, rows: Int = Connection.walkLimit,
        rest more: [SQL] = []
    ) -> SQL {
        let lead = lead(campaign: campaign, after: position)
        let rest = plan(campaign: campaign).rest + more
        guard !rest.isEmpty else {
            return """
                SELECT \(ComplaintLine.columns) FROM \(source) LEFT JOIN officer o ON \(ComplaintRecord.isHolder)
                WHERE \(lead) ORDER BY \(ordering(isWalk: true)) LIMIT \(limit + 1)
                """
        }
        return """
            SELECT \(ComplaintLine.columns)
            FROM (SELECT \(ComplaintLine.walked) FROM \(source)
                  WHERE \(lead) ORDER BY \(ordering(isWalk: true)) LIMIT \(written(rows))) c
            LEFT JOIN officer o ON \(ComplaintRecord.isHolder)
            WHERE \(.joined(rest, separator: " AND "))
            ORDER BY \(ordering()) LIMIT \(limit + 1)
            """
    }
}

extension ComplaintLine {
    /// The columns `init(row:prefix:)` reads, in its order.
    fileprivate static let columns: SQL = """
        c.id, c.number, c.version - c.remarks, c.kind, c.status, c.category, c.respondent_platform,
        c.respondent_company, c.target_platform, c.target_company, c.target_host, c.payment_method, o.name, c.office,
        c.priority, c.received_on, c.due_on, c.has_suspected_duplicate, c.news_at IS NOT NULL, left(c.narrative, 80),
        ARRAY(SELECT b.number FROM complaint_barrier l JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
              WHERE l.campaign_id = c.campaign_id AND l.complaint_id = c.id)
        """

    /// What a walk takes along: what is shown, and what conditions look at.
    fileprivate static let walked: SQL = """
        c.campaign_id, c.id, c.number, c.version, c.remarks, c.kind, c.status, c.category, c.scenario,
        c.respondent_platform, c.respondent_company, c.target_platform, c.target_company, c.target_host,
        c.payment_method, c.officer_id, c.office, c.priority, c.outcome, c.region, c.channel, c.received_on, c.due_on,
        c.has_suspected_duplicate, c.news_at, c.narrative
        """

    fileprivate init(row: inout Row, prefix: String) throws {
        id = try row.read()
        reference = Reference(prefix: prefix, number: try row.read())
        version = try row.read()
        kind = try row.read()
        status = try row.read()
        category = try row.read()
        respondent = Complaint.Party(platform: try row.read(), company: try row.read())
        target = Complaint.Target(
            platform: try row.read(), company: try row.read(), host: try row.read(), paymentMethod: try row.read())
        officerName = try row.read()
        office = try row.read()
        priority = try row.read()
        receivedOn = try row.read()
        dueOn = try row.read()
        isSuspected = try row.read()
        isNews = try row.read()
        excerpt = try row.read()
        barriers = try row.read([Int].self).sorted()
    }
}

extension Connection {
    /// The numbers of other complaints with the same phone number or mail address, lowest first, `limit` of each.
    ///
    /// Of someone who has filed hundreds, 200 are looked at.
    public func complaintsOfSameContact(as complaints: Cases, limit: Int = 20) throws -> [UUID: [Int]] {
        let rows = try all(
            """
            SELECT w.id, found.number
            FROM unnest(\(complaints.campaigns)::bigint[], \(complaints.ids)::uuid[]) AS w(campaign, id)
            CROSS JOIN LATERAL (
                SELECT DISTINCT c.number
                FROM contact_digest mine
                CROSS JOIN LATERAL (
                    SELECT campaign_id, complaint_id FROM contact_digest
                    WHERE campaign_id = mine.campaign_id AND digest = mine.digest LIMIT 200) theirs
                JOIN complaint c ON c.campaign_id = theirs.campaign_id AND c.id = theirs.complaint_id
                WHERE mine.campaign_id = w.campaign AND mine.complaint_id = w.id
                  AND theirs.complaint_id <> mine.complaint_id
                ORDER BY c.number LIMIT \(limit)) found
            """
        ) { row in (try row.read(UUID.self), try row.read(Int.self)) }
        return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
    }

    /// Complaints that point at these, and how; 200 for each.
    public func relationsPointing(
        at complaints: Cases
    ) throws -> [UUID: [(complaint: UUID, relation: Complaint.Relation)]] {
        let rows = try all(
            """
            SELECT w.id, found.complaint_id, found.relation
            FROM unnest(\(complaints.campaigns)::bigint[], \(complaints.ids)::uuid[]) AS w(campaign, id)
            CROSS JOIN LATERAL (
                SELECT complaint_id, relation FROM complaint_relation
                WHERE campaign_id = w.campaign AND other_id = w.id ORDER BY complaint_id LIMIT 200) found
            """
        ) { row in
            (
                try row.read(UUID.self),
                (complaint: try row.read(UUID.self), relation: try row.read(Complaint.Relation.self))
            )
        }
        return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
    }

    /// The references of other complaints of the same campaign, by their ids.
    public func references(of ids: [UUID], in record: ComplaintRecord) throws -> [UUID: Reference] {
        var cases = Cases()
        for id in ids { cases.add(id, of: record.campaignID) }
        return try numbers(of: cases).mapValues { Reference(prefix: record.reference.prefix, number: $0) }
    }

    /// The numbers of complaints by their ids.
    public func numbers(of complaints: Cases) throws -> [UUID: Int] {
        guard !complaints.isEmpty else { return [:] }
        let rows = try all(
            """
            SELECT c.id, c.number FROM unnest(\(complaints.campaigns)::bigint[], \(complaints.ids)::uuid[]) AS w(campaign, id)
            JOIN complaint c ON c.campaign_id = w.campaign AND c.id = w.id
            """
        ) { row in (try row.read(UUID.self), try row.read(Int.self)) }
        return Dictionary(rows) { first, _ in first }
    }
}

/// Cases of several campaigns, as statements take them.
public struct Cases: Sendable {
    fileprivate(set) var campaigns: [Int] = []
    fileprivate(set) var ids: [UUID] = []

    var isEmpty: Bool { ids.isEmpty }

    public init() {}

    public init(_ records: [ComplaintRecord]) {
        for record in records { add(record.complaint.id, of: record.campaignID) }
    }

    public mutating func add(_ id: UUID, of campaign: Int) {
        campaigns.append(campaign)
        ids.append(id)
    }
}
