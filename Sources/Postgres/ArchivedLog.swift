import Foundation

/// The archived log (WAL) of one cluster, in `log` below a folder of backups.
struct ArchivedLog {
    let folder: URL
    private let owner: URL

    /// - Parameter backups: The folder of backups.
    init(_ backups: URL) {
        folder = backups.appending(path: "log")
        owner = backups.appending(path: "system")
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
        let backups = owner.deletingLastPathComponent()
        guard FileManager.default.fileExists(atPath: backups.plainPath) else {
            throw EmbeddedServer.Failure.cannotPrepare(
                "the folder for backups \(backups.plainPath) is not there; mount it, or make it")
        }
        do {
            if let holder = try? String(contentsOf: owner, encoding: .utf8) {
                guard holder.trimmingCharacters(in: .whitespacesAndNewlines) == system else {
                    throw EmbeddedServer.Failure.archiveOfAnother(backups.plainPath)
                }
            } else {
                try Data((system + "\n").utf8).write(to: owner, options: .atomic)
            }
        } catch let failure as EmbeddedServer.Failure {
            throw failure
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(backups.plainPath) cannot be written: \(error.systemReason)")
        }
        try programs.makeOwned(folder)
    }

    /// One file of the log: its timeline, and its number among the segments of 16 MiB.
    struct Segment: Comparable {
        let timeline: Int
        let number: Int

        /// - Returns: `nil` for what is no whole segment, such as the history of a timeline.
        init?(_ name: String) {
            guard name.count == 24, let timeline = Int(name.prefix(8), radix: 16),
                let high = Int(name.dropFirst(8).prefix(8), radix: 16), let low = Int(name.suffix(8), radix: 16)
            else { return nil }
            (self.timeline, number) = (timeline, high << 8 | low)
        }

        /// The segment that holds a place in the log, such as `0/2000028`.
        init?(timeline: Int, place: String) {
            let parts = place.split(separator: "/").compactMap { Int($0, radix: 16) }
            guard parts.count == 2 else { return nil }
            (self.timeline, number) = (timeline, parts[0] << 8 | parts[1] >> 24)
        }

        init(timeline: Int, number: Int) {
            (self.timeline, self.number) = (timeline, number)
        }

        var name: String {
            [timeline, number >> 8, number & 0xFF].map {
                let digits = String($0, radix: 16, uppercase: true)
                return String(repeating: "0", count: 8 - digits.count) + digits
            }.joined()
        }

        static func < (one: Segment, other: Segment) -> Bool {
            (one.timeline, one.number) < (other.timeline, other.number)
        }
    }

    /// What is there, in order; nothing where the log is not archived.
    func segments() -> [Segment] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.plainPath)) ?? []).compactMap { Segment($0) }
            .sorted()
    }

    /// What is missing behind a segment or has another size than it should: moments behind the first cannot be restored.
    func gaps(from first: Segment) -> [String] {
        var byTimeline = Dictionary(grouping: segments(), by: \.timeline).filter { $0.key >= first.timeline }
        byTimeline[first.timeline] = byTimeline[first.timeline]?.filter { $0.number >= first.number }
        var (missing, reached) = ([String](), first.number - 1)
        for (timeline, found) in byTimeline.sorted(by: { $0.key < $1.key }) {
            guard let last = found.last?.number, let own = found.first?.number else { continue }
            // A timeline begins in a segment that the one before it had, or in the next.
            let begin = timeline == first.timeline ? first.number : min(reached + 1, own)
            let here = Set(found.map(\.number))
            missing += (begin...last).filter { !here.contains($0) }.map {
                Segment(timeline: timeline, number: $0).name
            }
            missing += found.filter { size(of: $0) != 1 << 24 }.map { "\($0.name) (cut short)" }
            reached = last
        }
        return missing
    }

    private func size(of segment: Segment) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: folder.appending(path: segment.name).plainPath)
        return (attributes?[.size] as? Int) ?? 0
    }

    /// Deletes one segment, where it was written before a moment.
    ///
    /// - Throws: What deleting throws.
    func remove(_ segment: Segment, olderThan moment: Date) throws {
        let file = folder.appending(path: segment.name)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.plainPath)
        guard let written = attributes[.modificationDate] as? Date, written < moment else { return }
        try FileManager.default.removeItem(at: file)
    }

    /// Deletes what no backup that is kept needs.
    ///
    /// - Throws: ``EmbeddedServer/Failure``.
    func expire(before segment: Segment, _ programs: ServerPrograms) async throws {
        guard FileManager.default.fileExists(atPath: folder.plainPath) else { return }
        try await programs.run("pg_archivecleanup", [folder.plainPath, segment.name], at: folder)
    }
}
