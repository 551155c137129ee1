import ArgumentParser
import Casework
import Foundation
import Logging
import Postgres
import Store
import Transparency

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the databases back from a backup: to the end of the archived log, or to a moment.",
        discussion: """
            rectify restore --data DIR                             # what is missing in DIR: cases, keys, or both
            rectify restore --data DIR --at 2021-10-08T09:30:00Z   # cases as they were then; keys as they are last known
            rectify restore --into PGDATA --from FOLDER            # one data directory, for a PostgreSQL of your own

            Nothing is overwritten: stop the server and move DIR/postgres away first (mv DIR/postgres DIR/postgres.lost).
            Keys that are in DIR stay. The key-encryption key and the key of the log are in no backup: put your copies of
            `key-encryption-key` and `log-signing-key` into DIR. Where the key of the log is there before, the signature in the backup is
            checked with it; a key that cannot be used ends the restore before anything is done.

            A server that keeps checkpoints elsewhere (history.checkpoints_folder) does not start on an earlier state until
            those of later states were moved away: so nobody puts a database back unnoticed. What a restored server does goes
            on in the same folder of backups; the one it replaces must never run again.
            """)

    @Option(help: "The moment, such as 2021-10-08T09:30:00Z; left out, the end of the log.", transform: moment)
    var at: Date?

    @Option(help: "Folder of backups; left out, backup.folder.", completion: .directory)
    var from: String?

    @Option(help: "Folder of backups of the keys; left out, backup.keys_folder.", completion: .directory)
    var keysFrom: String?

    @Option(help: "A data directory to make, in place of an embedded one.", completion: .directory)
    var into: String?

    @Flag(help: "Where there is no backup of the keys: what is sealed stays sealed for ever.")
    var withoutKeys = false

    @Flag(help: "Even where files of the backup or of the log are damaged or missing: as far as it goes.")
    var despiteFaults = false

    @OptionGroup var options: OperatorOptions

    func validate() throws {
        guard into == nil || (from != nil && keysFrom == nil && !withoutKeys) else {
            throw ValidationError("--into makes one data directory: of the folder that --from names.")
        }
    }

    func run() async throws {
        let settings = try await options.file.settings()
        let restoration = Restoration(
            installations: URL(filePath: settings["embedded.postgres_folder"]), acceptsFaults: despiteFaults)
        if let into, let from {
            return try await interruptible {
                let lines = try await restoration.anything(
                    restoration.folder(from), until: at, to: URL(filePath: into))
                Terminal.write(lines: lines)
            }
        }
        guard settings["database.url"].isEmpty else {
            throw Failure("database.url names a database of your own: make its data directories with --into", code: 64)
        }
        try await interruptible { try await restoreEmbedded(restoration, settings) }
    }

    private func restoreEmbedded(_ restoration: Restoration, _ settings: Settings) async throws {
        let places = try BackupPlaces(settings)
        let directory = options.data.directory
        let keysDirectory = EmbeddedClusters.keysDirectory(in: directory)
        let (needsCases, lacksKeys) = (
            !EmbeddedServer.exists(in: directory), !EmbeddedServer.exists(in: keysDirectory)
        )
        guard needsCases || lacksKeys else {
            throw Failure(
                """
                cases and keys are both in \(directory.path(percentEncoded: false)): stop the server and move away what is \
                to be replaced (postgres, or keys)
                """, code: Failure.Code.conflict)
        }
        let (cases, keys) = (
            from.map(restoration.folder) ?? places.cases, keysFrom.map(restoration.folder) ?? places.keys
        )
        guard cases != nil || !needsCases else {
            throw Failure("name the backups with --from, or in backup.folder", code: 64)
        }
        if at != nil, !needsCases {
            throw Failure("--at is for the cases, and those are there: move postgres away", code: 64)
        }
        Terminal.write(lines: ["into \(directory.path(percentEncoded: false))"])
        try tellUnarchived(directory)
        // Before anything is done: a key that is there has to be usable.
        let verifier = needsCases ? try logVerifier(settings, directory) : nil
        if needsCases, let cases {
            try restoration.check(cases, until: at, against: lacksKeys && !withoutKeys ? keys : nil)
        }
        // The keys first: where they cannot be had, nothing was done yet.
        if lacksKeys, !withoutKeys {
            guard let keys else {
                throw Failure(
                    "name the backups of the keys with --keys-from, or say --without-keys where there are none",
                    code: 64)
            }
            Terminal.write(lines: try await restoration.keys(keys, to: EmbeddedServer.data(in: keysDirectory)))
        } else if !lacksKeys {
            Terminal.write(lines: ["keys: those in \(keysDirectory.path(percentEncoded: false)) stay"])
        }
        if needsCases, let cases {
            let lines = try await restoration.cases(cases, until: at, to: EmbeddedServer.data(in: directory)) {
                try await Restoration.look(at: $0, verifier, wholly: false)
            }
            Terminal.write(lines: lines)
        } else {
            Terminal.write(lines: ["cases: those in \(directory.path(percentEncoded: false)) stay"])
        }
        try EmbeddedClusters.archiveLogs(of: directory, settings, serverLogger(.warning))
        if lacksKeys, withoutKeys {
            try await EmbeddedClusters.start(in: directory, settings, losingKeys: true).stop()
        }
        try await tellWhatIsLeft(directory)
    }

    /// What the signature in the backup is checked with; `nil` where no key is at hand, which the result says.
    ///
    /// The embedded server's own key file may be put back after the restore. One that the settings name has to be there.
    ///
    /// - Throws: `KeyFile.Failure`, or ``Failure``.
    private func logVerifier(_ settings: Settings, _ directory: URL) throws -> NoteVerifier? {
        let file = Deployment.logKeyFile(in: directory).path(percentEncoded: false)
        guard !settings["history.key_file"].isEmpty || FileManager.default.fileExists(atPath: file) else { return nil }
        return try options.deployment(settings).logSigner(settings)?.verifier
    }

    /// What was committed last may be in a cluster that was moved away, and nowhere else.
    ///
    /// - Throws: `UnreadableFile` where that cannot be seen.
    private func tellUnarchived(_ directory: URL) throws {
        let files = FileManager.default
        func names(_ folder: String) throws -> [String] { (try URL(filePath: folder).namesIfThere() ?? []).sorted() }
        let root = directory.path(percentEncoded: false)
        let clusters = try names(root).filter { $0.hasPrefix("postgres.") || $0.hasPrefix("keys.") }
            .map { "\(root)/\($0)" + ($0.hasPrefix("keys.") ? "/postgres" : "") }
        for cluster in clusters {
            let waits = try names("\(cluster)/pg_wal/archive_status").contains { $0.hasSuffix(".ready") }
            guard waits || files.fileExists(atPath: "\(cluster)/postmaster.pid") else { continue }
            Terminal.note(
                """
                \(cluster) did not stop as it should, or could not archive all of its log: what it did last is only there. If \
                it can, let it run once more where it was (rectify up) and stop it, and restore after that
                """)
        }
    }

    private func tellWhatIsLeft(_ directory: URL) async throws {
        for file in [Deployment.keyFile(in: directory), Deployment.logKeyFile(in: directory)]
        where !FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) {
            Terminal.note("put your copy of \(file.lastPathComponent) into \(directory.path(percentEncoded: false))")
        }
        Terminal.note("take a backup when the server runs again: earlier ones reach up to this restore only")
        let (count, first, all) = try await options.withDatabases { databases, _ in
            let (count, first) = try await databases.complaintsWithoutKeys(first: 20)
            return (
                count, first, try await databases.work.transaction(.readOnly) { db in try db.inventory().complaints }
            )
        }
        guard count > 0 else { return }
        guard count * 2 < all || count < 10 else {
            return Terminal.note(
                "\(count) of \(quantity(all, "complaint")) \(count == 1 ? "has" : "have") no key: are these the keys that belong to them? They can be opened no more"
            )
        }
        Terminal.note(
            """
            \(quantity(count, "complaint has", "complaints have")) no key: they were erased after that moment, or their keys are lost. Of what was erased, \
            words that are not sealed are back: erase it again (\(first.map(\.description).joined(separator: ", "))\
            \(count > first.count ? ", …" : ""))
            """)
    }

    @Sendable private static func moment(_ text: String) throws -> Date {
        // As this program prints it, too: 2021-10-08 09:30:00+00.
        let text = text.replacing(" ", with: "T").replacing(/\+00(:?00)?$/, with: "Z")
        for style in [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)] {
            // What neither style reads is the error below.
            if let date = try? style.parse(text) { return date }
        }
        throw ValidationError("is no moment in UTC, such as 2021-10-08T09:30:00Z.")
    }
}

/// Recovers clusters, and looks at what is in them.
struct Restoration {
    let installations: URL
    var acceptsFaults = false

    func folder(_ path: String) -> BackupFolder { BackupFolder(URL(filePath: path), installations: installations) }

    /// Looks whether the cases can be had, and belong together with the keys, before anything is done.
    ///
    /// - Throws: ``Failure``, or `EmbeddedServer.Failure`.
    func check(_ cases: BackupFolder, until moment: Date?, against keys: BackupFolder?) throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "rectify-\(UUID())")
        let about = try Recovery(from: cases, until: moment, to: place, installations: installations).source.about
        try refuse(about, otherThan: "cases", cases)
        guard let system = about.facts["keys"], let other = try keys?.all().last?.about.system, system != other else {
            return
        }
        throw Failure("the backups of the keys belong to another database", code: Failure.Code.conflict)
    }

    private func refuse(_ about: BackupFolder.About, otherThan kind: String, _ folder: BackupFolder) throws {
        guard let found = about.facts["kind"], found != kind else { return }
        throw Failure("\(folder.folder.path(percentEncoded: false)) holds \(found), not \(kind)", code: 64)
    }

    /// The cases, looked at while the recovered server still runs.
    ///
    /// - Parameters:
    ///   - backups: Where they are.
    ///   - moment: Up to which; `nil` is all.
    ///   - target: The data directory that is made.
    ///   - look: Says what is in the database.
    /// - Returns: What came of it, for people.
    /// - Throws: `EmbeddedServer.Failure`, or what `look` throws.
    func cases(
        _ backups: BackupFolder, until moment: Date?, to target: URL,
        _ look: (Found) async throws -> [String]
    ) async throws -> [String] {
        let recovery = try Recovery(from: backups, until: moment, to: target, installations: installations)
        let about = recovery.source.about
        try refuse(about, otherThan: "cases", backups)
        let (outcome, lines) = try await recovery.run(despiteFaults: acceptsFaults) { copy in
            try await opened(copy.conninfo(database: about.database)) { database in
                try await look(Found(copy: copy, database: database, checkpoint: about.facts["checkpoint"]))
            }
        }
        return tell("cases", recovery, outcome, moment) + lines
    }

    /// The keys, to the end of their log.
    func keys(_ backups: BackupFolder, to target: URL) async throws -> [String] {
        let recovery = try Recovery(from: backups, until: nil, to: target, installations: installations)
        try refuse(recovery.source.about, otherThan: "keys", backups)
        let (outcome, count) = try await recovery.run(despiteFaults: acceptsFaults) { copy in
            try await opened(copy.conninfo(database: recovery.source.about.database)) { database in
                try await database.withConnection { db in try db.keysInUse() }
            }
        }
        return tell("keys", recovery, outcome, nil) + ["keys: \(count) in use"]
    }

    /// Whatever a folder holds.
    func anything(_ backups: BackupFolder, until moment: Date?, to target: URL) async throws -> [String] {
        let recovery = try Recovery(from: backups, until: moment, to: target, installations: installations)
        let (outcome, ()) = try await recovery.run(despiteFaults: acceptsFaults) { _ in }
        return tell("restored", recovery, outcome, moment) + [
            "give \(target.path(percentEncoded: false)) to PostgreSQL \(recovery.source.about.version), and copy "
                + "\(target.path(percentEncoded: false))/pg_wal/*.history into the folder of the archived log before"
        ]
    }

    private func opened<Value>(_ conninfo: String, _ body: (Database) async throws -> Value) async throws -> Value {
        let settings = ConnectionSettings(
            conninfo: conninfo, applicationName: "rectify-restore", statementTimeout: .seconds(3600))
        let database = Database(
            settings, limits: PoolLimits(connections: 1), logger: serverLogger(.warning))
        return try await closing(database) { try await body(database) }
    }

    private func tell(
        _ name: String, _ recovery: Recovery, _ outcome: Recovery.Outcome, _ moment: Date?
    ) -> [String] {
        var lines = ["\(name): from the backup of \(recovery.source.about.takenAt.ISO8601Format())"]
        lines[0] += outcome.lastTransaction.map { ", with the log up to \($0)" } ?? ""
        if let moment, !outcome.reachedMoment {
            let all = outcome.faults.isEmpty ? "; this is all of it" : ""
            lines.append("\(name): nothing behind \(moment.ISO8601Format()) was found in the log\(all)")
        }
        return lines + outcome.faults.map { "\(name): less may be here than there was: \($0)" }
    }
}

extension Restoration {
    /// A recovered database, and the checkpoint that was signed before its backup was taken.
    struct Found {
        let copy: Recovery.Copy
        let database: Database
        let checkpoint: String?
    }

    /// Counts rows and holds the log of history against the checkpoint of before the backup.
    ///
    /// - Parameters:
    ///   - found: What was recovered.
    ///   - verifier: The log's key; without it the checkpoint is only what the backup says.
    ///   - isWhole: Whether all of history is audited, and every table read.
    /// - Returns: What was seen, for people.
    /// - Throws: ``Failure`` where history is not what was signed, or `PostgresError`.
    static func look(
        at found: Found, _ verifier: NoteVerifier?, wholly isWhole: Bool
    ) async throws -> [String] {
        let counts = try await found.database.transaction(.readOnly) { db in try db.inventory() }
        var lines = [
            "cases: \(quantity(counts.complaints, "complaint")), \(quantity(counts.events, "event"))"
                + (counts.lastRecordedAt.map { ", the last of \($0.ISO8601Format())" } ?? "")
        ]
        // What the backup remembers, or else what the database itself says it has signed.
        let own = try await found.database.transaction(.readOnly) { db in try db.latestCheckpoint() }
        if let note = found.checkpoint ?? own {
            guard let checkpoint = SignedNote(note).flatMap({ Checkpoint($0.text) }) else {
                throw Failure("the checkpoint of history in the backup cannot be read: it was changed")
            }
            do {
                _ = try verifier.map { try Checkpoint(signed: note, by: $0) }
            } catch {
                throw Failure("the checkpoint of history in the backup is not signed by this log's key: \(error)")
            }
            let root = try await found.database.transaction(.readOnly) { db in try db.logRoot(ofSize: checkpoint.size) }
            guard root == checkpoint.root else {
                throw Failure(
                    "history is not what it was when the backup was taken (\(quantity(checkpoint.size, "event")))")
            }
            let whose = verifier == nil ? "the backup says it was" : "it was signed when the backup was taken"
            lines.append("history: as \(whose) (\(quantity(checkpoint.size, "event")))")
        } else {
            lines.append("history: nothing of it was signed yet, so that nothing could be compared")
        }
        guard isWhole, let verifier else { return lines }
        let audit = try await found.database.transaction(.snapshot) { db in try db.auditLog(verifier, ofCopy: true) }
        guard audit.isSound else {
            throw Failure(
                "history is not what was signed: \(audit.findings.map(\.description).joined(separator: "\n"))")
        }
        if let damage = try await found.copy.damage() { throw Failure("tables or indexes are damaged:\n\(damage)") }
        lines.append("tables and indexes: all read, none damaged")
        return lines + ["history: \(audit.sizeInWords), \(audit.waiting) \(audit.waiting == 1 ? "waits" : "wait")"]
    }
}
