import ArgumentParser
import Foundation
import Postgres
import Store

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change the key-encryption key, under which the keys of complaints are kept.",
        discussion: """
            rectify keys new        # where `up` keeps the key: a new one beside the old, used from the next start on
            rectify keys rewrap     # while servers work: everything under the new one
            rectify keys status     # once nothing is under the old one, destroy its file

            With a database of your own, make the new file yourself, name it in keys.file and the old one in
            keys.previous_files, and restart all servers before `rewrap`. Backups of the keys database made before need
            the old key.
            """,
        subcommands: [KeysStatus.self, KeysNew.self, KeysRewrap.self])
}

struct KeysStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how many keys are under which key-encryption key.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabases { databases, deployment in
            let ring = try await deployment.keyRing()
            for (id, count) in try await databases.keyCounts() {
                let what =
                    id == ring.current.id ? "current" : ring.ids.contains(id) ? "previous" : "not at hand"
                Terminal.write(line: "\(id)  \(count)  \(what)")
            }
        }
    }
}

struct KeysNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a new key-encryption key for an embedded database; the old one stays beside it.")

    @OptionGroup var data: DataOptions

    func run() async throws {
        let files = FileManager.default
        let (current, previous) = (
            Deployment.keyFile(in: data.directory), Deployment.previousKeyFile(in: data.directory)
        )
        func path(_ file: URL) -> String { file.path(percentEncoded: false) }
        guard files.fileExists(atPath: path(current)) else {
            throw Failure("there is no key at \(path(current)); name the directory with --data", code: 5)
        }
        guard !files.fileExists(atPath: path(previous)) else {
            throw Failure(
                "\(path(previous)) is there still: first `rectify keys rewrap`, then remove it",
                code: Failure.Code.conflict)
        }
        let draft = data.directory.appending(path: "key-encryption-key.new")
        if files.fileExists(atPath: path(draft)) { try files.removeItem(at: draft) }
        try makeSecret(draft)
        // The old one has its second name before the first is taken from it: a crash in between loses neither.
        try files.linkItem(at: current, to: previous)
        guard rename(path(draft), path(current)) == 0 else {
            throw Failure("\(path(current)) cannot be replaced: \(String(cString: strerror(errno)))")
        }
        Terminal.write(line: "a new key is in \(path(current)); restart the server, then: rectify keys rewrap")
    }
}

struct KeysRewrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrap",
        abstract: "Wrap every key again, under the current key-encryption key, while servers work."
    )

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        try await options.withDatabases { databases, deployment in
            let ring = try await deployment.keyRing()
            let others = try await databases.serversWithout(ring)
            guard others == 0 else {
                throw Failure(
                    """
                    \(others) running server\(others == 1 ? "" : "s") still use\(others == 1 ? "s" : "") another key, and \
                    could open nothing then; restart first (one that was killed counts for a minute)
                    """, code: Failure.Code.conflict)
            }
            let count = try await databases.rewrap(ring) { count in
                if Terminal.showsProgress { Terminal.progress(quantity(count, "key")) }
            }
            let left = try await databases.keyCounts().filter { $0.keyID != ring.current.id }
            guard left.isEmpty else {
                throw Failure(
                    "\(quantity(left.reduce(0) { $0 + $1.count }, "key is", "keys are")) not under \(ring.current.id) yet; run it again"
                )
            }
            Terminal.write(line: "\(quantity(count, "key")) wrapped again; all are under \(ring.current.id)")
            for file in deployment.previousKeyFiles {
                Terminal.note(
                    "nothing needs \(file.path(percentEncoded: false)) any more but earlier backups of the keys")
            }
        }
    }
}
