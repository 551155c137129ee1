import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Store
import Synchronization
import Transparency

/// Keeps the log of history up to date, signs it, and puts a copy of what was signed elsewhere.
struct LogKeeping: ServiceLifecycle.Service {
    private let log: EventLog
    private let every: Duration
    private let signEvery: Duration
    private let folder: CheckpointFolder?
    private let logger: Logger

    init(_ log: EventLog, _ settings: Settings, _ logger: Logger) {
        self.log = log
        every = .seconds(settings.number("history.seconds"))
        signEvery = .seconds(settings.number("history.checkpoint_seconds"))
        let path = settings["history.checkpoints_folder"]
        folder = path.isEmpty ? nil : CheckpointFolder(URL(filePath: path))
        self.logger = logger
    }

    func run() async throws {
        let signedAt = Mutex(ContinuousClock.now - signEvery)
        await repeatedly(every: every) {
            await bringUp()
            guard signedAt.withLock({ $0.duration(to: .now) }) >= signEvery else { return }
            let now = ContinuousClock.now
            // What failed is tried again in the next round: where the database comes and goes, each try may meet it away.
            if await sign() { signedAt.withLock { $0 = now } }
        }
        guard every > .zero else { return }
        // What was acknowledged last is signed before the server ends, also where the others took all the time there was.
        await Task {
            await bringUp()
            _ = await sign()
        }.value
    }

    private func bringUp() async {
        do {
            try await log.bringUp()
        } catch  where !(error is CancellationError) {
            logger.warning("the log of history is behind; it is tried again", metadata: ["error": "\(error)"])
        } catch {}  // Cancelled: the server ends.
    }

    /// - Returns: Whether it was signed, and what was signed is kept elsewhere too.
    private func sign() async -> Bool {
        do {
            try await log.sign()
            // Also those that could not be copied before, or that another server signed.
            if let folder { try await folder.keep(log.checkpoints(after: folder.latestSize())) }
            return true
        } catch  where !(error is CancellationError) {
            logger.error("no checkpoint of history; it is tried again", metadata: ["error": "\(error)"])
        } catch {}  // Cancelled: the server ends.
        return false
    }

    /// Refuses a database whose log was signed by another key, or that knows less than a checkpoint that was kept elsewhere:
    /// it was put back to an earlier state, or changed.
    ///
    /// - Throws: ``Failure``, or `PostgresError`.
    func refuseStrangeHistory(_ databases: Databases, _ verifier: NoteVerifier?) async throws {
        guard let verifier else {
            guard folder == nil else { throw Failure("history.checkpoints_folder needs history.key_file") }
            return
        }
        let own = try await databases.reports.transaction(.readOnly) { db in try db.latestCheckpoint() }
        if let own {
            do {
                _ = try Checkpoint(signed: own, by: verifier)
            } catch {
                throw Failure(
                    """
                    the log of history was signed by another key, or under another name than “\(verifier.name)” \
                    (\(error)): a log has one key and one history.origin from its beginning; put them back
                    """, code: Failure.Code.conflict)
            }
        }
        guard let saved = try folder?.latest() else { return }
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(signed: saved.note, by: verifier)
        } catch {
            throw Failure("\(saved.name): \(error)", code: Failure.Code.conflict)
        }
        let root = try await databases.reports.transaction(.readOnly) { db -> Data? in
            do {
                return try db.logRoot(ofSize: checkpoint.size)
            } catch is MissingNode {
                return Data()
            }
        }
        guard root == checkpoint.root else {
            let known = try await databases.reports.transaction(.readOnly) { db in try db.inventory().leaves }
            let later = try folder?.count(after: known) ?? 0
            let what = root == nil ? "knows less of history than" : "tells history otherwise than"
            throw Failure(
                """
                the database \(what) the checkpoint \(saved.name) (\(checkpoint.size) events): it was put back, or changed. \
                Look with: rectify audit verify. If an earlier state is meant, move the files of more than \(known) events, of \
                which there are \(later), elsewhere first
                """, code: Failure.Code.conflict)
        }
        log.remember(checkpoint)
    }
}

/// A folder that keeps checkpoints, one file each.
struct CheckpointFolder {
    private let folder: URL
    private static let ending = ".checkpoint"

    init(_ folder: URL) {
        self.folder = folder
    }

    /// Puts checkpoints there, each on disk before it has its name.
    ///
    /// The folder has to be there: one that is made where another machine's should be mounted would keep nothing.
    ///
    /// - Throws: ``Failure`` where the folder is missing or cannot be written.
    func keep(_ notes: [String]) throws {
        for note in notes {
            guard let size = SignedNote(note).flatMap({ Checkpoint($0.text) })?.size else { continue }
            let name = String(repeating: "0", count: max(0, 16 - String(size).count)) + String(size) + Self.ending
            let (file, draft) = (folder.appending(path: name), folder.appending(path: ".\(UUID())"))
            do {
                try Data(note.utf8).write(to: draft)
                let handle = try FileHandle(forWritingTo: draft)
                try handle.synchronize()
                try handle.close()
                try FileManager.default.moveItem(at: draft, to: file)
            } catch {
                // Its name begins with a dot, so that it is taken for no checkpoint.
                try? FileManager.default.removeItem(at: draft)
                // Another server was faster.
                if FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) { continue }
                throw Failure("\(folder.path(percentEncoded: false)) cannot be written: \(error.systemReason)")
            }
        }
    }

    /// Leaves of the largest that is kept; 0 where none is.
    func latestSize() throws -> Int {
        try names().last.flatMap { Int($0.dropLast(Self.ending.count)) } ?? 0
    }

    /// How many are kept of more leaves than a size.
    func count(after size: Int) throws -> Int {
        try names().count { Int($0.dropLast(Self.ending.count)) ?? 0 > size }
    }

    /// All that are kept, the smallest first.
    ///
    /// - Throws: ``Failure`` where the folder or a file cannot be read.
    func all() throws -> [(name: String, note: String)] { try names().map { ($0, try read($0)) } }

    func latest() throws -> (name: String, note: String)? { try names().last.map { ($0, try read($0)) } }

    private func names() throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
                .filter { $0.hasSuffix(Self.ending) && !$0.hasPrefix(".") }
        } catch {
            throw Failure(
                "the folder of checkpoints \(folder.path(percentEncoded: false)) cannot be read: \(error.systemReason)")
        }
    }

    private func read(_ name: String) throws -> String {
        do {
            return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        } catch {
            throw Failure("\(name) cannot be read: \(error.systemReason)")
        }
    }
}
