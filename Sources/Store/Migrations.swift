import Crypto
public import Foundation
public import Postgres

/// The numbered SQL files of one folder.
public struct Migrations: Sendable {
    public struct File: Sendable {
        public let number: Int
        public let name: String
        let script: String
        let checksum: Data
    }

    /// What is wrong with the files, or with them and what was applied.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(String)
        case misnumbered(String)
        case changed(String)
        case missing(String)
        case busy

        public var description: String {
            switch self {
            case .unreadable(let path): "the migrations cannot be read at \(path)"
            case .misnumbered(let name): "\(name) does not follow the migration before it: numbers have no gaps"
            case .changed(let name): "\(name) was changed after it was applied; put it back and write a new migration"
            case .missing(let name):
                "\(name) was applied but its file is missing; this program is older than the database"
            case .busy: "another runner holds the lock on schema_migration_lock; wait until it is done"
            }
        }
    }

    public let files: [File]

    /// - Throws: ``Failure``.
    public init(in folder: URL) throws(Failure) {
        // The failure names the folder.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        else {
            throw .unreadable(folder.path(percentEncoded: false))
        }
        var files: [File] = []
        for name in names.filter({ $0.hasSuffix(".sql") }).sorted() {
            guard let number = Int(name.prefix(4)), number == files.count + 1 else { throw .misnumbered(name) }
            // The failure names the file.
            guard let script = try? String(contentsOf: folder.appending(path: name), encoding: .utf8) else {
                throw .unreadable(name)
            }
            files.append(
                File(number: number, name: name, script: script, checksum: Data(SHA256.hash(data: Data(script.utf8)))))
        }
        self.files = files
    }

    /// Applies what is not applied yet, each file in a transaction of its own.
    ///
    /// - Returns: The names applied, in order.
    /// - Throws: ``Failure``, or `PostgresError`.
    public func apply(to database: Database) async throws -> [String] {
        try await makeLedger(in: database)
        var applied: [String] = []
        for file in try await pending(in: database) {
            do {
                let isNew = try await database.transaction { db in try db.apply(file) }
                if isNew { applied.append(file.name) }
            } catch PostgresError.server(let error) where error.state == "55P03" {
                throw Failure.busy
            }
        }
        return applied
    }

    /// What waits to be applied.
    ///
    /// - Throws: ``Failure`` where what was applied differs from the files, or `PostgresError`.
    public func pending(in database: Database) async throws -> [File] {
        let applied = try await database.transaction(.readOnly) { db in try db.appliedMigrations() }
        for (number, entry) in applied.sorted(by: { $0.key < $1.key }) {
            guard let file = files.first(where: { $0.number == number }) else { throw Failure.missing(entry.name) }
            guard file.name == entry.name, file.checksum == entry.checksum else { throw Failure.changed(file.name) }
        }
        return files.filter { applied[$0.number] == nil }
    }

    /// Two runners that both find no ledger may trip over each other once: over the row in the catalogue, the table, its
    /// type, or by waiting too long for each other.
    ///
    /// The other has committed by then, so the second try finds it.
    private func makeLedger(in database: Database) async throws {
        do {
            try await database.withConnection { db in try db.run(script: Self.ledger) }
        } catch let error as PostgresError where ["23505", "42P07", "42710", "55P03"].contains(error.state) {
            try await database.withConnection { db in try db.run(script: Self.ledger) }
        }
    }

    private static let ledger = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number     integer     PRIMARY KEY,
            name       text        NOT NULL,
            checksum   bytea       NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE IF NOT EXISTS schema_migration_lock (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
        INSERT INTO schema_migration_lock VALUES (true) ON CONFLICT DO NOTHING;
        """
}

extension Connection {
    fileprivate func appliedMigrations() throws -> [Int: (name: String, checksum: Data)] {
        let isThere = try first("SELECT to_regclass('schema_migration') IS NOT NULL") { row in try row.read(Bool.self) }
        guard isThere == true else { return [:] }
        let rows = try all("SELECT number, name, checksum FROM schema_migration") { row in
            (try row.read(Int.self), try row.read(String.self), try row.read(Data.self))
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, ($0.1, $0.2)) })
    }

    /// - Returns: Whether it was applied now, and not by another runner just before.
    fileprivate func apply(_ file: Migrations.File) throws -> Bool {
        try run(script: "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0")
        _ = try first("SELECT only_row FROM schema_migration_lock FOR UPDATE") { row in try row.read(Bool.self) }
        guard try appliedMigrations()[file.number] == nil else { return false }
        try run(script: file.script)
        try run(
            """
            INSERT INTO schema_migration (number, name, checksum)
            VALUES (\(file.number), \(file.name), \(file.checksum))
            """)
        return true
    }
}
