public import Casework
public import Foundation
public import Postgres
import Synchronization

/// All reference data as the database had it at one moment.
public struct ReferenceBook: Sendable {
    public let data: ReferenceData
    let campaignIDs: [String: Int]
    /// The campaigns that take no more filings, and since when.
    public let closedOn: [String: Day]
    /// The authority's offices, by code.
    public let offices: [Office]

    public var directory: Directory { data.directory }

    /// The campaign with this code and its number in the database.
    public func campaign(_ code: String) -> (id: Int, campaign: Campaign)? {
        guard let id = campaignIDs[code], let campaign = data.campaigns[code] else { return nil }
        return (id, campaign)
    }
}

/// What `load` did to one entity.
public struct ReferenceChange: Sendable, Equatable, CustomStringConvertible {
    public let item: String
    public let isNew: Bool

    public var description: String { "\(isNew ? "added" : "changed") \(item)" }
}

/// Reference data kept in memory and asked for again when it has changed.
public final class ReferenceCache: Sendable {
    private let database: Database
    private let suffixes: PublicSuffixes
    private let kept = Mutex<(book: ReferenceBook, stamp: String, checked: ContinuousClock.Instant)?>(nil)
    /// How long a change by `load` may go unnoticed.
    private static let patience: Duration = .seconds(2)

    public init(_ database: Database, suffixes: PublicSuffixes) {
        self.database = database
        self.suffixes = suffixes
    }

    /// - Throws: `PostgresError`, or `InvalidDocument` where the database holds what no file may say.
    public func book() async throws -> ReferenceBook {
        let known = kept.withLock { $0 }
        if let known, known.checked.duration(to: .now) < Self.patience { return known.book }
        let stamp = try await database.transaction(.readOnly) { db in try db.referenceStamp() }
        if let known, known.stamp == stamp {
            kept.withLock { $0?.checked = .now }
            return known.book
        }
        let book = try await database.transaction(.snapshot) { [suffixes] db in
            try db.referenceBook(suffixes: suffixes)
        }
        kept.withLock { $0 = (book, stamp, .now) }
        return book
    }
}

extension Connection {
    fileprivate func referenceStamp() throws -> String {
        try first(
            """
            SELECT (SELECT count(*) || ' ' || coalesce(max(recorded_at)::text, '') FROM reference_version)
                || ' ' || coalesce((SELECT string_agg(code || closed_on, ' ' ORDER BY code) FROM campaign), '')
                || ' ' || coalesce((SELECT string_agg(o::text, ' ' ORDER BY code) FROM office o), '')
            """
        ) { row in try row.read() } ?? ""
    }

    /// Reference data as known at `moment`, or now.
    ///
    /// - Throws: `PostgresError`, or `InvalidDocument`.
    public func referenceBook(
        knownAt moment: Date? = nil, suffixes: PublicSuffixes = PublicSuffixes()
    ) throws -> ReferenceBook {
        let items = try referenceItems(knownAt: moment)
        let campaigns = try all("SELECT id, code, closed_on FROM campaign") { row in
            (try row.read(Int.self), try row.read(String.self), try row.read(Day?.self))
        }
        return ReferenceBook(
            data: try ReferenceData(items, suffixes: suffixes),
            campaignIDs: Dictionary(uniqueKeysWithValues: campaigns.map { ($0.1, $0.0) }),
            closedOn: Dictionary(uniqueKeysWithValues: campaigns.compactMap { row in row.2.map { (row.1, $0) } }),
            offices: try offices())
    }

    private func referenceItems(knownAt moment: Date?) throws -> [ReferenceItem] {
        try all(
            """
            SELECT DISTINCT ON (kind, code) kind, code, document
            FROM reference_version
            WHERE \(moment)::timestamptz IS NULL OR recorded_at <= \(moment)
            ORDER BY kind, code, recorded_at DESC
            """
        ) { row in
            let (kind, code): (ReferenceItem.Kind, String) = (try row.read(), try row.read())
            return ReferenceItem(
                kind: kind, code: code, document: try JSON(parsing: row.read(JSONText.self).text.utf8))
        }
    }

    /// Whether any reference data were ever loaded.
    public func hasReferenceData() throws -> Bool {
        try first("SELECT EXISTS (SELECT FROM reference_version)") { row in try row.read(Bool.self) } ?? false
    }

    /// Appends a version of each entity that differs from what is there, and brings the tables up to date.
    ///
    /// Loading the same again changes nothing.
    ///
    /// - Throws: `PostgresError`, or `InvalidDocument`.
    public func load(_ items: [ReferenceItem]) throws -> [ReferenceChange] {
        let known = Dictionary(
            uniqueKeysWithValues: try referenceItems(knownAt: nil).map { ("\($0.kind.rawValue) \($0.code)", $0) })
        let changed = items.filter { known["\($0.kind.rawValue) \($0.code)"]?.document != $0.document }
        guard !changed.isEmpty else { return [] }
        let moment = try recordingMoment()
        for item in changed {
            try run(
                """
                INSERT INTO reference_version (kind, code, recorded_at, document)
                VALUES (\(item.kind), \(item.code), \(moment), \(JSONText(item.document.canonicalText)))
                """)
        }
        try project(try ReferenceData(try referenceItems(knownAt: nil)))
        return changed.map { item in
            let name = "\(item.kind.rawValue) \(item.code)"
            return ReferenceChange(item: name, isNew: known[name] == nil)
        }
    }
}
