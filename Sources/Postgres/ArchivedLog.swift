import Foundation

/// The archived log (WAL) of one cluster, in `log` below a folder of backups.
struct ArchivedLog {
    let folder: URL
    private let backups: URL

    /// - Parameter backups: The folder of backups.
    init(_ backups: URL) {
        self.backups = backups
        folder = backups.appending(path: "log")
    }

    /// The identifier that a cluster has from its making, as `pg_controldata` prints it.
    static func system(in control: String) -> String {
        control.firstMatch(of: /system identifier: +(\d+)/).map { String($0.1) } ?? ""
    }

    /// Makes the folder for a cluster, unless it is another's: two logs in one folder would spoil each other.
    ///
    /// That of the backups has to be there: one that is made where another machine's should be mounted would lie on the
    /// disk whose loss it is for.
    ///
    /// - Throws: ``EmbeddedServer/Failure``.
    func claim(for system: String, _ programs: ServerPrograms) throws {
        let owner = backups.appending(path: "system")
        let files = FileManager.default
        guard files.fileExists(atPath: backups.plainPath) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "the folder for backups \(backups.plainPath) is not there; mount it, or make it")
        }
        try backups.refuseOddName()
        do {
            if files.fileExists(atPath: owner.plainPath) {
                let holder = try String(contentsOf: owner, encoding: .utf8)
                guard holder.trimmingCharacters(in: .whitespacesAndNewlines) == system else {
                    throw EmbeddedServer.Failure.archiveOfAnother(backups.plainPath)
                }
            } else {
                try Data((system + "\n").utf8).write(to: owner, options: .atomic)
            }
        } catch let failure as EmbeddedServer.Failure {
            throw failure
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(owner.plainPath) cannot be used: \(error.systemReason)")
        }
        try programs.makeOwned(folder)
    }

    /// The command by which a server archives its log here.
    ///
    /// What is not used of a segment that was closed early takes no space. One that is there already has to be the same.
    var command: String {
        let (there, part) = ("\"\(folder.plainPath)/%f\"", "\"\(folder.plainPath)/.%f.part\"")
        #if os(Linux)
        let copy = "cp --sparse=always \"%p\" \(part) && sync \(part)"
        #else
        let copy = "cp \"%p\" \(part) && sync"
        #endif
        let place = "mv \(part) \(there) && sync \"\(folder.plainPath)\""
        return "if test -f \(there); then cmp -s \"%p\" \(there); else \(copy) && \(place); fi"
    }

    /// Takes in the histories of a cluster's timelines: where it was recovered, they were not archived, and a later recovery
    /// would not know that the log goes on.
    ///
    /// - Throws: ``EmbeddedServer/Failure``, or ``UnreadableFile``.
    func takeHistories(of data: URL, _ programs: ServerPrograms) async throws {
        let wal = data.appending(path: "pg_wal")
        for name in try wal.namesIfThere() ?? []
        where name.hasSuffix(".history")
            && !FileManager.default.fileExists(atPath: folder.appending(path: name).plainPath)
        {
            let part = folder.appending(path: ".\(name).part")
            try await programs.run("cp", [wal.appending(path: name).plainPath, part.plainPath], at: folder)
            do {
                try FileManager.default.moveItem(at: part, to: folder.appending(path: name))
            } catch {
                throw EmbeddedServer.Failure.cannotPrepare("\(part.plainPath): \(error.systemReason)")
            }
        }
    }

    // MARK: What is there

    /// The segments that are there, in order; nothing where the log is not archived.
    ///
    /// - Throws: ``UnreadableFile`` where the folder is there and cannot be read.
    func segments() throws(UnreadableFile) -> [LogSegment] { try names().compactMap { LogSegment($0) }.sorted() }

    private func names() throws(UnreadableFile) -> [String] { try folder.namesIfThere() ?? [] }

    /// The command by which a recovering server gets it back: what is not there is its end, and anything else stops it.
    var commandBack: String {
        let there = "\"\(folder.plainPath)/%f\""
        return "test -d \"\(folder.plainPath)\" || exit 255; test -f \(there) || exit 1; cp \(there) \"%p\" || exit 255"
    }

    /// Whether nothing was ever archived here.
    ///
    /// - Throws: ``UnreadableFile`` where the folder is there and cannot be read.
    func isEmpty() throws(UnreadableFile) -> Bool {
        let names = try names()
        return !names.contains { LogSegment($0) != nil || $0.hasSuffix(".history") }
    }

    /// The timelines that led to the newest, each with the place where the next one left it.
    ///
    /// - Throws: ``UnreadableFile``.
    func history() throws(UnreadableFile) -> TimelineHistory {
        let newest = try names().filter { $0.count == 16 && $0.hasSuffix(".history") }.max()
        guard let newest else { return TimelineHistory(timeline: try segments().last?.timeline ?? 1, "") }
        let text = try folder.appending(path: newest).textIfThere() ?? ""
        return TimelineHistory(timeline: Int(newest.prefix(8), radix: 16) ?? 1, text)
    }

    /// What is missing behind a place, or has another size than it should: moments behind the first cannot be restored.
    ///
    /// - Throws: ``UnreadableFile``.
    func gaps(from first: LogSegment) throws(UnreadableFile) -> [String] {
        guard try !isEmpty() else { return [] }
        let (here, history) = (try segments(), try history())
        var missing: [String] = []
        for (timeline, end) in history.timelines where timeline >= first.timeline {
            let found = here.filter { $0.timeline == timeline }
            let begin = timeline == first.timeline ? first.number : history.begin(of: timeline)?.number
            // Where the next one left it, the rest of the segment is in that one too.
            guard let begin else { continue }
            // Of a later timeline the first has to be there: without it, recovery would go on in what was set aside.
            let least = timeline == first.timeline ? begin - 1 : begin
            let last = end.map { $0.number - 1 } ?? max(found.last?.number ?? least, least)
            guard begin <= last else { continue }
            let numbers = Set(found.map(\.number))
            missing += (begin...last).filter { !numbers.contains($0) }.map {
                LogSegment(timeline: timeline, number: $0).name + " is missing"
            }
            missing += found.filter { (begin...last).contains($0.number) && size(of: $0) != LogSegment.size }.map {
                "\($0.name) is cut short"
            }
        }
        return missing
    }

    private func size(of segment: LogSegment) -> Int {
        // A file whose size is not known counts as cut short, which is a fault.
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: folder.appending(path: segment.name).plainPath)
        return (attributes?[.size] as? Int) ?? 0
    }

    /// Reads the log from a segment on, record by record.
    ///
    /// - Returns: What is damaged, in the words of `pg_waldump`.
    /// - Throws: ``EmbeddedServer/Failure`` where it cannot be run, or ``UnreadableFile``.
    func damage(from first: LogSegment, _ programs: ServerPrograms) async throws -> [String] {
        let history = try history()
        var damage: [String] = []
        for (timeline, left) in history.timelines where timeline >= first.timeline {
            // What a timeline had behind the place where the next one left it is nobody's concern.
            let here = try segments().filter {
                $0.timeline == timeline && $0 >= first && $0.number <= left?.number ?? .max
            }
            guard let begin = here.first, let end = here.last else { continue }
            do {
                try await programs.run(
                    "pg_waldump", ["--quiet", "--path", folder.plainPath, begin.name, end.name], at: folder)
            } catch EmbeddedServer.Failure.commandFailed(_, let output) {
                // The last record may go on in a segment that is still being written, or the last segment be one that was.
                let next = LogSegment(timeline: timeline, number: end.number + 1).name
                let isEnd = left == nil && output.contains("wanted 24, got 0")
                if !output.contains("could not find file \"\(next)\""), !isEnd {
                    damage.append("log: " + output.trimmingCharacters(in: .whitespacesAndNewlines))
                }
            }
        }
        return damage
    }

    // MARK: Deleting

    /// Deletes what no backup that is kept needs, of whichever timeline.
    ///
    /// - Throws: What deleting throws.
    func expire(before segment: LogSegment) throws {
        for name in try names() {
            guard let other = LogSegment(String(name.prefix(24))), other.number < segment.number else { continue }
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    /// Deletes what a crash left half written before a moment.
    ///
    /// - Throws: What deleting throws.
    func expireParts(writtenBefore moment: Date) throws {
        try expire(names().filter { $0.hasSuffix(".part") }, writtenBefore: moment)
    }

    /// Deletes everything that was written before a moment, also what a crash left half written.
    ///
    /// - Throws: What deleting throws.
    func expire(writtenBefore moment: Date) throws {
        try expire(names().filter { !$0.hasSuffix(".history") }, writtenBefore: moment)
    }

    private func expire(_ names: [String], writtenBefore moment: Date) throws {
        for name in names { try folder.appending(path: name).remove(ifWrittenBefore: moment) }
    }
}

extension URL {
    /// What PostgreSQL's settings and a shell would both have to be protected from.
    ///
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)``.
    func refuseOddName() throws {
        guard !plainPath.contains(/["$`\\%'\n]/) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "\(plainPath): quotes, backslashes, dollar and percent signs cannot be in its name")
        }
    }

    /// Deletes it, where nothing was written to it since a moment.
    ///
    /// - Throws: What deleting throws.
    func remove(ifWrittenBefore moment: Date) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: plainPath)
        guard let written = attributes[.modificationDate] as? Date, written < moment else { return }
        try FileManager.default.removeItem(at: self)
    }
}
