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
            signedAt.withLock { $0 = .now }
            await sign()
        }
        guard every > .zero else { return }
        // What was acknowledged last is signed before the server ends.
        await bringUp()
        await sign()
    }

    private func bringUp() async {
        do {
            try await log.bringUp()
        } catch  where !(error is CancellationError) {
            logger.warning("the log of history is behind; it is tried again", metadata: ["error": "\(error)"])
        } catch {}
    }

    private func sign() async {
        do {
            guard let note = try await log.sign() else { return }
            try folder?.keep(note)
        } catch  where !(error is CancellationError) {
            logger.error("no checkpoint of history; it is tried again", metadata: ["error": "\(error)"])
        } catch {}
    }

    /// Refuses a database that knows less than a checkpoint that was kept elsewhere: it was put back to an earlier state.
    ///
    /// - Throws: ``Failure``, or `PostgresError`.
    func refuseEarlierState(of databases: Databases, _ verifier: NoteVerifier?) async throws {
        guard let folder, let verifier, let saved = try folder.latest() else { return }
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(signed: saved.note, by: verifier)
        } catch {
            throw Failure("\(saved.name): \(error)")
        }
        let root = try await databases.reports.transaction(.readOnly) { db in try db.logRoot(ofSize: checkpoint.size) }
        guard root == checkpoint.root else {
            let what = root == nil ? "knows less of history than" : "tells history otherwise than"
            throw Failure(
                """
                the database \(what) the checkpoint \(saved.name) (\(checkpoint.size) events): it was put back, or changed. \
                Look with: rectify audit verify. If an earlier state is meant, move that folder's files elsewhere first
                """, code: Failure.Code.conflict)
        }
    }
}

/// A folder that keeps checkpoints, one file each.
struct CheckpointFolder {
    private let folder: URL
    private static let ending = ".checkpoint"

    init(_ folder: URL) {
        self.folder = folder
    }

    /// Puts a checkpoint there, on disk before it has its name.
    ///
    /// - Throws: `CocoaError`.
    func keep(_ note: String) throws {
        guard let size = SignedNote(note).flatMap({ Checkpoint($0.text) })?.size else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = String(repeating: "0", count: max(0, 16 - String(size).count)) + String(size) + Self.ending
        let file = folder.appending(path: name)
        guard !FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return }
        let draft = folder.appending(path: ".\(name)")
        try Data(note.utf8).write(to: draft)
        let handle = try FileHandle(forWritingTo: draft)
        try handle.synchronize()
        try handle.close()
        try FileManager.default.moveItem(at: draft, to: file)
    }

    /// All that are kept, the smallest first.
    ///
    /// - Throws: ``Failure`` where the folder or a file cannot be read.
    func all() throws -> [(name: String, note: String)] {
        let path = folder.path(percentEncoded: false)
        do {
            guard FileManager.default.fileExists(atPath: path) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(Self.ending) && !$0.hasPrefix(".") }
                .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
        } catch {
            throw Failure("\(path) cannot be read: \(error.systemReason)")
        }
    }

    func latest() throws -> (name: String, note: String)? { try all().last }
}
