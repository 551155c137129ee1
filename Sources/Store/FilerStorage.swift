import Casework
import Foundation
import Postgres

/// What an import may be.
///
/// Beyond it the rest goes into another one.
public struct ImportLimits: Sendable {
    /// Lines of one import.
    public var lines: Int
    /// Bytes of its file, sent in however many streams.
    public var bytes: Int
    /// How long after its beginning lines are taken.
    public var age: Duration
    /// How long one stream of lines may last.
    public var stream: Duration
    /// Refused lines whose results are kept one by one; those beyond are counted by fault.
    public var keptRefusals: Int

    public init(
        lines: Int = 1_000_000, bytes: Int = 1 << 30, age: Duration = .seconds(7 * 86_400),
        stream: Duration = .seconds(3600), keptRefusals: Int = 10_000
    ) {
        self.lines = lines
        self.bytes = bytes
        self.age = age
        self.stream = stream
        self.keptRefusals = keptRefusals
    }
}

/// Everything a filer may store is stored.
public struct FilerStorageFull: Error, Equatable {
    /// Bytes that it may store.
    public let quota: Int
}

/// What rows take of the disk beside the text in them, with their indexes, in bytes: estimates, on the high side.
enum RowCost {
    /// Of a complaint with its events, deadlines, intervals and idempotency key.
    static let filing = 8192
    /// Of the result of a line.
    static let result = 160
}

extension PreparedFiling {
    /// The filer whose quota it uses up; `nil` for officers and the public.
    var filer: UUID? { intake.channel == .filer ? intake.filedBy : nil }

    /// Bytes that it takes, by and large.
    var storedBytes: Int {
        // A text takes its place again in the index of words.
        let texts = intake.filing.narrative.utf8.count + (intake.filing.remedySought?.utf8.count ?? 0)
        return RowCost.filing + 2 * texts + sealed.reduce(0) { $0 + $1.1.count }
    }
}

extension Connection {
    /// Bytes that filers have stored.
    func storedBytes(of filers: Set<UUID>) throws -> [UUID: Int] {
        guard !filers.isEmpty else { return [:] }
        let rows = try all("SELECT filer_id, bytes FROM filer_storage WHERE filer_id = ANY(\(Array(filers)))") { row in
            (try row.read(UUID.self), try row.read(Int.self))
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Adds to what filers have stored; always in the same order, so that two transactions do not wait for each other.
    func addStoredBytes(_ bytes: [UUID: Int]) throws {
        for (filer, bytes) in bytes.sorted(by: { $0.key.uuidString < $1.key.uuidString }) {
            try run(
                """
                INSERT INTO filer_storage (filer_id, bytes) VALUES (\(filer), \(bytes))
                ON CONFLICT (filer_id) DO UPDATE SET bytes = filer_storage.bytes + EXCLUDED.bytes
                """)
        }
    }
}
