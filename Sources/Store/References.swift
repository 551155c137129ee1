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
    private typealias Instant = ContinuousClock.Instant

    private struct State {
        var kept: (book: ReferenceBook, stamp: String)?
        /// When the database was last asked whether that is the latest; not when it answered.
        var asked: Instant?
        /// The question under way: everyone who comes meanwhile gets its answer.
        var asking: (since: Instant, task: Task<ReferenceBook, any Error>)?
    }

    private let database: Database
    private let suffixes: PublicSuffixes
    private let state = Mutex(State())
    private let now: @Sendable () -> ContinuousClock.Instant

    /// How long a server may go on with reference data that somebody has changed since.
    public static let patience: Duration = .seconds(1)

    public init(
        _ database: Database, suffixes: PublicSuffixes,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.database = database
        self.suffixes = suffixes
        self.now = now
    }

    /// The latest reference data, or what was the latest within the last second.
    ///
    /// A caller that keeps to one book judges by one version alone.
    ///
    /// - Throws: `PostgresError`, or `InvalidDocument` where the database holds what no file may say.
    public func book() async throws -> ReferenceBook {
        let now = now()
        let known = state.withLock { state -> ReferenceBook? in
            guard let asked = state.asked, Self.isRecent(asked, at: now) else { return nil }
            return state.kept?.book
        }
        if let known { return known }
        return try await question(at: now).value
    }

    /// Asks again at the next use: this process itself has just changed something.
    public func forget() {
        let now = now()
        state.withLock { $0 = State(asked: now) }
    }

    private static func isRecent(_ asked: Instant, at now: Instant) -> Bool { asked.duration(to: now) < patience }

    /// The question under way, or a new one.
    private func question(at now: Instant) -> Task<ReferenceBook, any Error> {
        state.withLock { state in
            if let asking = state.asking, Self.isRecent(asking.since, at: now) { return asking.task }
            let task = Task { [kept = state.kept] in try await ask(at: now, knowing: kept) }
            state.asking = (now, task)
            return task
        }
    }

    private func ask(
        at asked: Instant, knowing known: (book: ReferenceBook, stamp: String)?
    ) async throws -> ReferenceBook {
        defer { state.withLock { state in if state.asking?.since == asked { state.asking = nil } } }
        let stamp = try await database.transaction(.readOnly) { db in try db.referenceStamp() }
        var latest = known?.book
        if known?.stamp != stamp {
            latest = try await database.transaction(.snapshot) { [suffixes] db in
                try db.referenceBook(suffixes: suffixes)
            }
        }
        guard let latest else { throw PostgresError.unexpectedRow("no reference data") }
        state.withLock { state in
            // A slower question of before does not take the place of a later answer.
            guard state.asked.map({ $0 <= asked }) ?? true else { return }
            (state.kept, state.asked) = ((latest, stamp), asked)
        }
        return latest
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
