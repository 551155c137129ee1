public import Foundation

/// A folder with base backups of one cluster and, where its log is archived too, all that happened since.
///
/// Each backup is a data directory as PostgreSQL's own `pg_basebackup` writes it, with its manifest, beside a file that tells
/// of it; what is being made has another name until it is whole.
public struct BackupFolder: Sendable {
    /// What is known of a backup without opening it.
    public struct About: Codable, Sendable {
        /// When it was whole; moments from then on can be restored from it.
        public let takenAt: Date
        /// Major version of PostgreSQL.
        public let version: String
        /// Identifier of the cluster.
        public let system: String
        /// Who may do everything in the cluster.
        public let administrator: String
        /// The database that was named when it was taken.
        public let database: String
        /// What whoever took it wanted to be remembered.
        public let facts: [String: String]
    }

    /// One base backup.
    public struct Backup: Sendable {
        /// Of its folder below `base`.
        public let name: String
        public let about: About
        let folder: URL
        var data: URL { folder.appending(path: "data") }
    }

    /// Which backups stay.
    public enum Keeping: Sendable {
        case newest(Int)
        case days(Int)
    }

    /// Where all of it is.
    public let folder: URL
    private let installations: URL
    private var bases: URL { folder.appending(path: "base") }
    var log: ArchivedLog { ArchivedLog(folder) }

    /// - Parameters:
    ///   - folder: Where backups are, or will be.
    ///   - installations: A folder with a folder for each installed version of PostgreSQL.
    public init(_ folder: URL, installations: URL = ServerPrograms.standardInstallations) {
        self.folder = folder.standardizedFileURL
        self.installations = installations
    }

    /// The backups that can be used, the oldest first.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)`` where the folder cannot be read.
    public func all() throws -> [Backup] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try names().compactMap { name in
            let folder = bases.appending(path: name)
            // What has no about.json that can be read is named by unusable().
            guard let bytes = try? Data(contentsOf: folder.appending(path: "about.json")),
                // As above.
                let about = try? decoder.decode(About.self, from: bytes)
            else { return nil }
            return Backup(name: name, about: about, folder: folder)
        }
    }

    /// What lies among the backups and cannot be used, since nothing tells of it.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)`` where the folder cannot be read.
    public func unusable() throws -> [String] {
        let usable = Set(try all().map(\.name))
        return try names().filter { !usable.contains($0) }
    }

    private func leftovers() throws -> [String] {
        guard FileManager.default.fileExists(atPath: bases.plainPath) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: bases.plainPath).filter { $0.hasSuffix(Self.draft) }
    }

    private func names() throws -> [String] {
        let files = FileManager.default
        guard files.fileExists(atPath: folder.plainPath) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "the folder for backups \(folder.plainPath) is not there; mount it, or name another")
        }
        guard files.fileExists(atPath: bases.plainPath) else { return [] }
        do {
            return try files.contentsOfDirectory(atPath: bases.plainPath).filter { !$0.hasSuffix(Self.draft) }.sorted()
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(bases.plainPath) cannot be read: \(error.systemReason)")
        }
    }

    private static let draft = ".part"

    // MARK: Taking one

    /// Copies a running cluster.
    ///
    /// - Parameters:
    ///   - conninfo: A database of it, as a login that may replicate; PostgreSQL's own programs get it by their environment.
    ///   - facts: What is to be remembered of it.
    /// - Returns: The backup, on disk.
    /// - Throws: ``EmbeddedServer/Failure``, or ``PostgresError``.
    public func take(from conninfo: String, facts: [String: String]) async throws -> Backup {
        let cluster = try await ClusterIdentity(of: conninfo)
        let programs = try ServerPrograms(version: cluster.version, in: installations)
        try log.claim(for: cluster.system, programs)
        let lock = try DirectoryLock(folder)
        defer { withExtendedLifetime(lock) {} }
        try programs.makeOwned(bases)
        for left in try leftovers() { try FileManager.default.removeItem(at: bases.appending(path: left)) }
        let draft = bases.appending(path: UUID().uuidString + Self.draft)
        try programs.makeOwned(draft)
        do {
            try await programs.run(
                "pg_basebackup",
                [
                    "-D", draft.appending(path: "data").plainPath, "--wal-method=stream", "--checkpoint=fast",
                    "--manifest-checksums=SHA256", "--no-password",
                ], environment: try environment(of: conninfo), at: folder)
            // Whole seconds, not earlier than it was.
            let end = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.up))
            let about = About(
                takenAt: end, version: cluster.version, system: cluster.system, administrator: cluster.administrator,
                database: cluster.database, facts: facts)
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            let file = draft.appending(path: "about.json")
            try encoder.encode(about).write(to: file)
            let handle = try FileHandle(forUpdating: file)
            try handle.synchronize()
            try handle.close()
            let name = try newName(for: end)
            try FileManager.default.moveItem(at: draft, to: bases.appending(path: name))
            return Backup(name: name, about: about, folder: bases.appending(path: name))
        } catch {
            // The next backup deletes what is left, too.
            try? FileManager.default.removeItem(at: draft)
            throw error
        }
    }

    /// Names sort in the order in which backups were taken, also where two are of one second.
    ///
    /// The folder is locked meanwhile.
    private func newName(for moment: Date) throws -> String {
        let second = moment.formatted(Self.nameStyle) + "-"
        let last = try names().last { $0.hasPrefix(second) }?.dropFirst(second.count).prefix(4)
        let number = last.flatMap { Int($0, radix: 16) }.map { $0 + 1 } ?? 0
        let digits = String(number, radix: 16)
        return second + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static let nameStyle = Date.VerbatimFormatStyle(
        format:
            "\(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)T\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)Z",
        timeZone: .gmt, calendar: Calendar(identifier: .gregorian))

    // MARK: Looking after them

    /// What is wrong with a backup, and with the log behind it; nothing where all of it can be restored.
    ///
    /// Every file is held against the manifest, and the log is read record by record.
    ///
    /// - Throws: ``EmbeddedServer/Failure`` where the programs to do it with are missing.
    public func faults(of backup: Backup) async throws -> [String] {
        let programs = try ServerPrograms(version: backup.about.version, in: installations)
        do {
            try await programs.run("pg_verifybackup", ["--exit-on-error", backup.data.plainPath], at: folder)
        } catch EmbeddedServer.Failure.commandFailed(_, let output) {
            return [output.trimmingCharacters(in: .whitespacesAndNewlines)]
        }
        // The fault that is returned says so.
        guard let extent = try? manifest(of: backup).extent else { return ["backup_manifest cannot be read"] }
        guard try goesOn(from: backup) else {
            return ["the log went on from an earlier place: a restore has set aside what this backup holds"]
        }
        // What it needs by itself it has by itself.
        let begin = LogSegment(timeline: extent.first.timeline, extent.end)
        let gaps = try log.gaps(from: begin).map {
            "log: \($0); what happened behind it cannot be restored from here"
        }
        return gaps.isEmpty ? try await log.damage(from: begin, programs) : gaps
    }

    /// Files of the log that are missing behind the oldest backup that can be used.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)`` where the folder cannot be read.
    public func gaps() throws -> [String] {
        guard let oldest = try all().first(where: { try goesOn(from: $0) }),
            let extent = try manifest(of: oldest).extent
        else { return [] }
        return try log.gaps(from: LogSegment(timeline: extent.first.timeline, extent.end))
    }

    /// Whether the archived log goes on from a backup, and was not set aside by a restore to an earlier moment.
    ///
    /// - Throws: ``UnreadableFile`` where the archived log cannot be read.
    func goesOn(from backup: Backup) throws(UnreadableFile) -> Bool {
        guard try !log.isEmpty() else { return true }
        // What cannot be read is not restored from; faults(of:) names it.
        guard let extent = try? manifest(of: backup).extent else { return false }
        return try log.history().goesOn(from: extent.first.timeline, extent.end)
    }

    /// Bytes of a backup, as its manifest has them.
    ///
    /// - Throws: What reading the manifest throws.
    public func size(of backup: Backup) throws -> Int { try manifest(of: backup).size }

    /// Segments of the log archived so far.
    ///
    /// - Throws: ``UnreadableFile``.
    public func archivedSegments() throws -> Int { try log.segments().count }

    private func manifest(of backup: Backup) throws -> (extent: (first: LogSegment, end: LogPlace)?, size: Int) {
        struct Manifest: Decodable {
            struct File: Decodable {
                let size: Int
                enum CodingKeys: String, CodingKey { case size = "Size" }
            }
            struct Range: Decodable {
                let timeline: Int
                let start: String
                let end: String
                enum CodingKeys: String, CodingKey {
                    case timeline = "Timeline"
                    case start = "Start-LSN"
                    case end = "End-LSN"
                }
            }
            let files: [File]
            let ranges: [Range]
            enum CodingKeys: String, CodingKey {
                case files = "Files"
                case ranges = "WAL-Ranges"
            }
        }
        let bytes = try Data(contentsOf: backup.data.appending(path: "backup_manifest"))
        let manifest = try JSONDecoder().decode(Manifest.self, from: bytes)
        let extent = manifest.ranges.first.flatMap { range in
            LogPlace(range.start).flatMap { start in
                LogPlace(range.end).map { (LogSegment(timeline: range.timeline, start), $0) }
            }
        }
        return (extent, manifest.files.reduce(0) { $0 + $1.size })
    }

    /// Deletes the backups that need not stay, and the log that only they needed.
    ///
    /// - Parameters:
    ///   - keeping: Which stay. Counted by days, even the last one goes when its time is over.
    ///   - now: The moment.
    /// - Returns: How many were deleted.
    /// - Throws: ``EmbeddedServer/Failure``, also where another process takes or deletes one, or what deleting throws.
    @discardableResult
    public func expire(_ keeping: Keeping, at now: Date = Date()) async throws -> Int {
        let lock = try DirectoryLock(folder)
        defer { withExtendedLifetime(lock) {} }
        let backups = try all()
        let (begin, kept): (Date, ArraySlice<Backup>)
        switch keeping {
        case .newest(let count):
            // What a restore has set aside does not count, and goes when it is older than those that do.
            let first = try backups.filter { try goesOn(from: $0) }.suffix(max(1, count)).first
            kept = backups.drop { $0.name < first?.name ?? "" }
            begin = first?.about.takenAt.addingTimeInterval(-1) ?? .distantPast
        case .days(let days):
            begin = now - Double(days) * 86_400
            kept = backups.filter { $0.about.takenAt > begin }[...]
            for name in try unusable() { try bases.appending(path: name).remove(ifWrittenBefore: begin) }
        }
        for left in try leftovers() { try FileManager.default.removeItem(at: bases.appending(path: left)) }
        let names = Set(kept.map(\.name))
        for backup in backups where !names.contains(backup.name) {
            // A name of its own first: what is deleted by half is no backup any more.
            let gone = bases.appending(path: backup.name + Self.draft)
            try FileManager.default.moveItem(at: backup.folder, to: gone)
            try FileManager.default.removeItem(at: gone)
        }
        if kept.isEmpty { try log.expire(writtenBefore: begin) }
        try log.expireParts(writtenBefore: begin)
        // Where it is not known what one of them needs, all stays.
        let firsts = kept.map { try? manifest(of: $0).extent?.first }
        if !kept.isEmpty, !firsts.contains(where: { $0 == nil }),
            let first = firsts.compactMap(\.self).min(by: { $0.number < $1.number })
        {
            try log.expire(before: first)
        }
        return backups.count - kept.count
    }
}
