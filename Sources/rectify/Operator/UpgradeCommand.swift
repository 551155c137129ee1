import ArgumentParser
import Foundation
import Postgres
import Store

struct Upgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take an embedded database to a newer major version of PostgreSQL.",
        discussion: """
            Install the new version beside the old one (Debian: apt-get install postgresql-17), stop the server, take a
            backup, and run this. It needs as much space again as the data take, and copies them; the old ones stay beside
            the new, as DIR/postgres.15 and DIR/keys/postgres.15, until you delete them. Changes that you made in
            postgresql.conf are to be made again. Delete DIR/keys/postgres.15 within a week: keys of what is erased later
            are in it still.

            Backups of the old version cannot be gone on with: name new, empty folders in backup.folder and
            backup.keys_folder, start the server, take one, and delete the old backups of the keys within a week: nobody
            else does any more.
            """)

    @Option(help: "The version, such as 17; left out, the newest that is installed.")
    var to: Int?

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let settings = try await options.file.settings()
        guard settings["database.url"].isEmpty else {
            throw Failure(
                "database.url names a database of your own: upgrade that with PostgreSQL's pg_upgrade", code: 64)
        }
        let directory = options.data.directory
        let installations = URL(filePath: settings["embedded.postgres_folder"])
        let before = try await state()
        for (name, place) in [
            ("keys", EmbeddedClusters.keysDirectory(in: directory)), ("cases", directory),
        ] {
            guard let upgrade = try ClusterUpgrade(of: place, to: to.map(String.init), installations: installations)
            else {
                Terminal.write(lines: ["\(name): nothing to do: of that version already, or no newer one is installed"])
                continue
            }
            try await interruptible { try await upgrade.run() }
            let kept = upgrade.kept.path(percentEncoded: false)
            Terminal.write(lines: [
                "\(name): from PostgreSQL \(upgrade.from) to \(upgrade.to); the old data are in \(kept)"
            ])
        }
        let after = try await state()
        guard before == after else {
            throw Failure(
                "not everything has come along: \(before) before, \(after) now; the old data are beside the new")
        }
        let cases = after.cases
        Terminal.write(lines: [
            "\(cases.complaints) complaints, \(cases.events) events, \(after.keys) keys in use; history is the same"
        ])
        if try EmbeddedServer.archive(of: directory) == nil, !settings["backup.folder"].isEmpty {
            Terminal.note(
                "name new folders in backup.folder and backup.keys_folder, take a backup, and delete the old ones of the keys"
            )
        }
    }

    /// What has to be the same before and after.
    private func state() async throws -> (cases: Inventory, keys: Int) {
        try await options.withDeployment { deployment, logger in
            let (cases, keys) = (
                deployment.owned(deployment.ownerURL, logger: logger),
                deployment.owned(deployment.ownerKeysURL, logger: logger)
            )
            let count = try await closing(keys) { try await keys.withConnection { db in try db.keysInUse() } }
            return try await closing(cases) {
                (try await cases.transaction(.readOnly) { db in try db.inventory() }, count)
            }
        }
    }
}
