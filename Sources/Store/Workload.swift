public import Casework
public import Foundation
public import Postgres

/// How much an officer has open.
public struct Workload: Sendable {
    public let officerName: String
    public let offices: [String]
    public let open: Int
    public let overdue: Int
    public let urgent: Int
    /// The earliest day on which something falls due.
    public let nextDueOn: Day?
}

/// A filter an officer keeps under a name.
public struct SavedFilter: Sendable {
    public let name: String
    /// The parameters of the list, as they are typed.
    public let query: [String: String]

    public init(name: String, query: [String: String]) {
        self.name = name
        self.query = query
    }
}

extension Connection {
    /// What each officer in service has open, and what is nobody's, under an empty name.
    public func workload(campaign: Int, on day: Day) throws -> [Workload] {
        try all(
            """
            SELECT coalesce(o.name, ''), coalesce(
                       (SELECT array_agg(DISTINCT r.office) FROM officer_role r
                        WHERE r.officer_id = o.id AND r.valid_from <= current_date
                          AND (r.valid_to IS NULL OR r.valid_to > current_date)), '{}'),
                   coalesce(w.open, 0), coalesce(w.overdue, 0), coalesce(w.urgent, 0), w.next
            FROM (SELECT id, name FROM officer WHERE disabled_at IS NULL) o
            FULL JOIN (
                -- What officers hold who have left is nobody's.
                SELECT CASE WHEN NOT has_left(officer_id, office) THEN officer_id END AS officer_id,
                       sum(open)::bigint AS open, sum(overdue)::bigint AS overdue, sum(urgent)::bigint AS urgent,
                       min(next) AS next
                -- A merged complaint is not open, and a reply that stayed with it may be owed and late all the same.
                FROM (SELECT c.officer_id, c.office, count(*) FILTER (WHERE \(ComplaintFilter.openStatus)) AS open,
                             count(*) FILTER (WHERE c.due_on < \(day)) AS overdue,
                             count(*) FILTER (WHERE \(ComplaintFilter.openStatus) AND c.priority = 'urgent') AS urgent,
                             min(c.due_on) AS next
                      FROM complaint c
                      WHERE c.campaign_id = \(campaign)
                        AND (\(ComplaintFilter.openStatus) OR c.due_on IS NOT NULL)
                      GROUP BY c.officer_id, c.office) held
                GROUP BY 1) w ON w.officer_id = o.id
            ORDER BY 1
            """
        ) { row in
            Workload(
                officerName: try row.read(), offices: try row.read(), open: try row.read(), overdue: try row.read(),
                urgent: try row.read(), nextDueOn: try row.read())
        }
    }

    public func savedFilters(of officer: UUID) throws -> [SavedFilter] {
        try all("SELECT name, query FROM saved_filter WHERE officer_id = \(officer) ORDER BY name LIMIT 200") { row in
            SavedFilter(name: try row.read(), query: try row.read(JSONText.self).decoded())
        }
    }

    /// Keeps a filter; one of the same name is replaced.
    ///
    /// - Throws: `Refusal` for a bad name, or `PostgresError`.
    public func save(_ filter: SavedFilter, of officer: UUID) throws {
        guard filter.name.wholeMatch(of: /[a-z][a-z0-9_\-]{0,39}/) != nil else {
            throw Refusal.invalid(
                field: "name", reason: "is one to forty lower-case letters, digits, “-” or “_”, beginning with a letter"
            )
        }
        try run(
            """
            INSERT INTO saved_filter (officer_id, name, query)
            VALUES (\(officer), \(filter.name), \(try JSONText(encoding: filter.query)))
            ON CONFLICT (officer_id, name) DO UPDATE SET query = excluded.query
            """)
    }

    /// - Throws: ``CaseError/notFound(_:)``, or `PostgresError`.
    public func removeFilter(_ name: String, of officer: UUID) throws {
        let removed = try run("DELETE FROM saved_filter WHERE officer_id = \(officer) AND name = \(name)")
        guard removed == 1 else { throw CaseError.notFound("filter \(name)") }
    }
}
