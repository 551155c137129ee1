public import Casework
public import Foundation
public import Postgres

/// An order as it is stored.
public struct OrderRecord: Sendable {
    public let id: UUID
    public let campaignID: Int
    public let campaign: String
    /// Counts the changes, remarks left out; the entity tag.
    public let version: Int
    let sequence: Int
    let remarks: Int
    public let order: Order
    public let recordedAt: Date
    public let changedAt: Date
}

/// What a list of orders is narrowed to; what is `nil` or empty does not narrow.
public struct OrderFilter: Sendable, Hashable {
    public var company: String?
    public var statuses: [Order.Status] = []
    public var barrier: Int?
    /// Only those that were served: what the company was told.
    public var isServed = false
    /// Numbers below this one: the next page.
    public var below: Int?

    public init() {}

    fileprivate func condition(campaign: Int) -> SQL {
        var parts: [SQL] = ["r.campaign_id = \(campaign)"]
        if let company { parts.append("r.company = \(company)") }
        if !statuses.isEmpty { parts.append("r.status = ANY(\(statuses))") }
        if isServed { parts.append("r.served_on IS NOT NULL") }
        if let below { parts.append("r.number < \(below)") }
        if let barrier {
            parts.append(
                """
                EXISTS (SELECT FROM order_barrier i JOIN barrier b ON b.campaign_id = i.campaign_id
                        AND b.id = i.barrier_id
                        WHERE i.campaign_id = r.campaign_id AND i.order_id = r.id AND b.number = \(barrier))
                """)
        }
        return .joined(parts, separator: " AND ")
    }
}

extension OrderRecord {
    static let columns: SQL = """
        r.id, r.campaign_id, ca.code, r.version, r.remarks, r.number, r.company, r.status, r.rungs,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('barrier', b.number, 'deadline', i.deadline)
                                   ORDER BY b.number), '[]')
         FROM order_barrier i JOIN barrier b ON b.campaign_id = i.campaign_id AND b.id = i.barrier_id
         WHERE i.campaign_id = r.campaign_id AND i.order_id = r.id),
        r.issued_on, r.issued_by, r.served_on, r.acknowledged_on, r.ended_on, r.changed_on, r.recorded_at, r.changed_at
        """

    init(row: inout Row) throws {
        id = try row.read()
        campaignID = try row.read()
        campaign = try row.read()
        sequence = try row.read()
        remarks = try row.read()
        version = sequence - remarks
        let (number, company): (Int, String) = (try row.read(), try row.read())
        let status: Order.Status = try row.read()
        let rungs: [Order.Rung] = try row.read(JSONText.self).decoded()
        let items: [StoredItem] = try row.read(JSONText.self).decoded()
        guard let first = rungs.first else { throw PostgresError.unexpectedRow("an order without a rung") }
        var order = Order(
            number: number, company: company, rung: first,
            items: items.map { Order.Item(barrier: $0.barrier, deadline: $0.deadline) }, issuedOn: try row.read(),
            issuedBy: try row.read())
        (order.status, order.rungs) = (status, rungs)
        order.servedOn = try row.read()
        order.acknowledgedOn = try row.read()
        order.endedOn = try row.read()
        order.changedOn = try row.read()
        self.order = order
        recordedAt = try row.read()
        changedAt = try row.read()
    }

    private struct StoredItem: Decodable {
        let barrier: Int
        let deadline: Deadline
    }
}

extension Connection {
    public func order(_ number: Int, campaign: Int) throws -> OrderRecord? {
        try first(
            """
            SELECT \(OrderRecord.columns) FROM rectification_order r JOIN campaign ca ON ca.id = r.campaign_id
            WHERE r.campaign_id = \(campaign) AND r.number = \(number)
            """, as: OrderRecord.init(row:))
    }

    /// The same, and nobody else changes it until this transaction ends; its items as they are once it is locked.
    func lockedOrder(_ number: Int, campaign: Int) throws -> OrderRecord? {
        try run(
            """
            SELECT FROM rectification_order WHERE campaign_id = \(campaign) AND number = \(number) FOR UPDATE
            """)
        return try order(number, campaign: campaign)
    }

    /// A page of orders, newest first.
    public func orders(_ filter: OrderFilter, campaign: Int, limit: Int) throws -> [OrderRecord] {
        try all(
            """
            SELECT \(OrderRecord.columns) FROM rectification_order r JOIN campaign ca ON ca.id = r.campaign_id
            WHERE \(filter.condition(campaign: campaign))
            ORDER BY r.number DESC LIMIT \(limit)
            """, as: OrderRecord.init(row:))
    }
}
