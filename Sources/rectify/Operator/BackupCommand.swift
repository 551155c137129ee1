import ArgumentParser
import Foundation
import Logging
import Postgres
import Store
import Transparency

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the databases while they work: cases into one folder, keys into another.",
        discussion: """
            rectify backup                    # into backup.folder and backup.keys_folder; once a night is usual
            rectify verify-backup             # what is there can be read, and nothing of the log is missing
            rectify verify-backup --drill DIR # … and restored: audited in DIR, which is emptied again
            rectify restore --data DIR        # brings it back, see there

            With `up`, the log is archived beside the backups as long as the setting is there, so that every moment since
            the oldest backup can be restored. With a database of your own, set its archive_command or archive_library to
            FOLDER/log, and name logins that may replicate in backup.url and backup.keys_url.

            Neither holds the key-encryption key and the key of the log: keep copies of those two files elsewhere.
            """)

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let settings = try await options.file.settings()
        let places = try BackupPlaces(settings)
        guard places.cases != nil || places.keys != nil else {
            throw Failure("name a folder in backup.folder, and another one in backup.keys_folder", code: 64)
        }
        try await options.withDeployment { deployment, logger in
            guard try await !isOneCluster(deployment) else {
                throw Failure(
                    """
                    both databases are in one PostgreSQL, so that a backup of the cases would hold the keys too, and what is \
                    erased could be opened from it. Move rectify_keys to a server of its own (pg_dump, pg_restore)
                    """, code: Failure.Code.conflict)
            }
            // Each by itself: what hinders one backup must not keep keys that are to be gone.
            var failures: [Failure] = []
            func attempt(_ name: String, _ body: () async throws -> Void) async {
                do {
                    try await body()
                } catch {
                    failures.append(Failure("\(name): \(Failure(error)?.message ?? "\(error)")"))
                }
            }
            if let keys = places.keys {
                await attempt("keys") { _ = try await keys.expire(.days(BackupPlaces.daysOfKeys)) }
                await attempt("keys") { try await take(keys, of: deployment, logger) }
            } else {
                Terminal.note("the keys have no backup: without them, identities are lost. Set backup.keys_folder")
            }
            if let cases = places.cases {
                await attempt("cases") {
                    var facts = try await facts(deployment, logger)
                    facts["keys"] = try await ClusterIdentity(of: deployment.backupKeysURL).system
                    try tell("cases", cases, await cases.take(from: deployment.backupURL, facts: facts))
                    _ = try await cases.expire(places.keeping)
                }
            } else {
                Terminal.note("the cases have no backup: set backup.folder")
            }
            guard failures.isEmpty else { throw Failure(failures.map(\.message).joined(separator: "\n")) }
            guard places.cases != nil, places.keys != nil else {
                throw Failure("only one of the two was backed up", code: Failure.Code.partial)
            }
        }
    }

    private func take(_ folder: BackupFolder, of deployment: Deployment, _ logger: Logger) async throws {
        let database = deployment.owned(deployment.ownerKeysURL, logger: logger)
        do {
            try await closing(database) { try await database.wipeDeletedKeys() }
        } catch {
            Terminal.note("keys that were deleted could not be wiped from the files, and are in this backup: \(error)")
        }
        try tell("keys", folder, await folder.take(from: deployment.backupKeysURL, facts: ["kind": "keys"]))
    }

    private func tell(_ name: String, _ folder: BackupFolder, _ backup: BackupFolder.Backup) throws {
        let size = try folder.size(of: backup)
        let words = size.formatted(.byteCount(style: .memory).locale(Locale(identifier: "en")))
        Terminal.write(lines: ["\(name): \(backup.name), \(words), in \(folder.folder.path(percentEncoded: false))"])
        if try folder.archivedSegments() == 0 {
            Terminal.note("\(name): the log is not archived there, so that only the moment of a backup can be restored")
        }
    }

    /// What a restore is held against: a checkpoint that was signed before.
    private func facts(_ deployment: Deployment, _ logger: Logger) async throws -> [String: String] {
        let database = deployment.database(logger: logger)
        let note = try await closing(database) {
            try await database.transaction(.readOnly) { db in try db.latestCheckpoint() }
        }
        return ["kind": "cases", "checkpoint": note].compactMapValues(\.self)
    }

    private func isOneCluster(_ deployment: Deployment) async throws -> Bool {
        try await ClusterIdentity(of: deployment.backupURL).system
            == ClusterIdentity(of: deployment.backupKeysURL).system
    }
}

/// Where the settings put backups.
struct BackupPlaces {
    /// A key that was deleted can be had from a backup for so long.
    static let daysOfKeys = 7

    let cases: BackupFolder?
    let keys: BackupFolder?
    let keeping: BackupFolder.Keeping
    let installations: URL

    /// - Throws: ``Failure`` where both are one folder.
    init(_ settings: Settings) throws {
        let installations = URL(filePath: settings["embedded.postgres_folder"])
        func folder(_ key: String) -> BackupFolder? {
            settings[key].isEmpty ? nil : BackupFolder(URL(filePath: settings[key]), installations: installations)
        }
        (cases, keys) = (folder("backup.folder"), folder("backup.keys_folder"))
        keeping = .newest(settings.number("backup.keep"))
        self.installations = installations
        guard let one = cases?.folder.pathComponents, let other = keys?.folder.pathComponents else { return }
        guard !one.starts(with: other), !other.starts(with: one) else {
            throw Failure(
                "backup.folder and backup.keys_folder have to be apart, neither in the other: keys go elsewhere",
                code: 64)
        }
    }
}

struct VerifyBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-backup",
        abstract: "Say whether the backups can be restored.",
        discussion: """
            Holds each file of the newest backup against its digest and looks for gaps in the archived log. With --drill it is
            restored to the end of its log, and the history in it audited as `rectify audit verify` does.

            Ends with 1 where something is wrong. Needs no running server.
            """)

    @Option(
        help: "A folder that is made for the drill and removed after it; as large as the database.",
        completion: .directory)
    var drill: String?

    @Flag(help: "Every backup, not the newest alone.")
    var all = false

    @Option(help: "The log's key as others know it; left out, that of the key file here.")
    var key: String?

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let settings = try await options.file.settings()
        let places = try BackupPlaces(settings)
        guard places.cases != nil || places.keys != nil else {
            throw Failure("backup.folder and backup.keys_folder name no folder", code: 64)
        }
        var faults: [String] = []
        for (name, place) in [("cases", places.cases), ("keys", places.keys)] {
            guard let place else { continue }
            faults += try await look(at: place, name).map { "\(name): \($0)" }
        }
        Terminal.write(lines: faults)
        // What is wrong with the backup that it takes, it says itself.
        if let drill, let cases = places.cases {
            try await self.drill(cases, in: URL(filePath: drill), places, settings)
        }
        guard faults.isEmpty else { throw Failure("\(quantity(faults.count, "fault")) found") }
    }

    private func look(at place: BackupFolder, _ name: String) async throws -> [String] {
        var faults = try place.unusable().map { "\($0) has no about.json that can be read: it is no backup; delete it" }
        let backups = try place.all()
        if backups.isEmpty { faults.append("there is no backup in \(place.folder.path(percentEncoded: false))") }
        faults += try place.gaps().map { "log: \($0); what happened behind it cannot be restored from older backups" }
        for backup in all ? backups : backups.suffix(1) {
            let found = try await place.faults(of: backup)
            if found.isEmpty { Terminal.write(lines: ["\(name): \(backup.name) is whole"]) }
            faults += found.map { "\(backup.name): \($0)" }
        }
        return faults
    }

    private func drill(
        _ cases: BackupFolder, in folder: URL, _ places: BackupPlaces, _ settings: Settings
    ) async throws {
        guard !FileManager.default.fileExists(atPath: folder.path(percentEncoded: false)) else {
            throw Failure("--drill wants a folder that is not there yet: it is removed afterwards", code: 64)
        }
        // The folder is the operator's, who sees what is left in it.
        defer { try? FileManager.default.removeItem(at: folder) }
        let verifier = try LogKey(named: key) { try options.deployment(settings).logSigner(settings)?.verifier }
            .verifier
        let restoration = Restoration(installations: places.installations)
        try await interruptible {
            let restored = try await restoration.cases(cases, until: nil, to: folder.appending(path: "cases")) {
                try await Restoration.look(at: $0, verifier, wholly: true)
            }
            Terminal.write(lines: restored)
            guard let keys = places.keys, try !keys.all().isEmpty else { return }
            Terminal.write(lines: try await restoration.keys(keys, to: folder.appending(path: "keys")))
        }
    }
}
