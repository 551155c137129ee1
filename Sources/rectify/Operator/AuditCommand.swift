import ArgumentParser
import Casework
import Contract
import Foundation
import Postgres
import Reports
import Store
import Transparency

/// The log that proves history.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove that history is what it was: check the log, show its key, check a receipt.",
        subcommands: [AuditVerify.self, AuditKey.self, AuditReceipt.self])
}

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Work the whole log out anew from the events, and hold it against what was signed.",
        discussion: """
            Finds events, notes, leaves and kept roots that were changed, deleted, put in or reordered, checkpoints that were
            changed, published reports that are not what was published, and cases that say something else than their events:
            what was filed, how it stands, its limits, what reports read of it, and what is sealed about it.

            That the database was put back to an earlier state, or that history was told anew and signed anew, is found by
            checkpoints that were kept elsewhere: --saved names their folder.

            Writes nothing. Ends with 1 where something was found.
            """)

    @Option(
        help: "Folder with checkpoints that were kept elsewhere (history.checkpoints_folder).", completion: .directory)
    var saved: String?

    @Option(help: "The log's key as others know it; left out, that of the key file here.")
    var key: String?

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let settings = try await options.file.settings()
        try await options.withDatabases { databases, deployment in
            let verifier = try LogKey(named: key) { try deployment.logSigner(settings)?.verifier }.verifier
            let kept = try saved.map { try CheckpointFolder(URL(filePath: $0)).all() } ?? []
            if saved != nil, kept.isEmpty { throw Failure("there are no checkpoints in the folder that --saved names") }
            let audit = try await databases.auditLog(verifier, saved: kept) { count in
                if Terminal.showsProgress { Terminal.progress(quantity(count, "leaf", "leaves")) }
            }
            try tell(audit, kept.count)
        }
    }

    private func tell(_ audit: LogAudit, _ kept: Int) throws {
        Terminal.write(lines: audit.findings.map { printable("\($0)") })
        guard audit.isSound else {
            let more = audit.count > audit.findings.count ? ", the first \(audit.findings.count) above" : ""
            throw Failure("history is not what was signed: \(quantity(audit.count, "finding"))\(more)")
        }
        Terminal.write(lines: [
            "\(audit.sizeInWords), root \(audit.root.base64EncodedString())",
            "\(quantity(audit.checkpoints, "checkpoint fits", "checkpoints fit")); "
                + "\(quantity(audit.unsigned, "event is", "events are")) not signed yet",
        ])
        if audit.waiting > 0 {
            Terminal.note("\(quantity(audit.waiting, "event is", "events are")) not in the log yet")
        }
        if kept == 0 {
            Terminal.note(
                "no checkpoints from elsewhere were looked at (--saved): a database put back whole would not show")
        }
    }
}

extension LogAudit {
    /// How many events the log holds.
    var sizeInWords: String {
        quantity(size, "event is in the log as it was recorded", "events are in the log as they were recorded")
    }
}

/// The key that a log is checked with.
///
/// Who checks need not be able to read the one that signs.
struct LogKey {
    let verifier: NoteVerifier

    /// - Parameters:
    ///   - named: As others know it; `nil` takes the one that is at hand.
    ///   - own: The one that is at hand.
    /// - Throws: ``Failure`` where there is none, or what `own` throws.
    init(named: String?, _ own: () throws -> NoteVerifier?) throws {
        guard let named else {
            guard let own = try own() else {
                throw Failure("history.key_file names no key; give the log's key with --key")
            }
            verifier = own
            return
        }
        guard let known = NoteVerifier(named) else {
            throw ValidationError("--key is no key of a log: name+hash+base64, as `rectify audit key` prints it.")
        }
        verifier = known
    }
}

struct AuditKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Print the key that the log's signatures are checked with; it is for everyone.")

    @OptionGroup var options: OperatorOptions

    func run() async throws {
        let settings = try await options.file.settings()
        guard let signer = try options.deployment(settings).logSigner(settings) else {
            throw Failure("history.key_file names no key")
        }
        Terminal.write(lines: ["\(signer.verifier)"])
    }
}

struct AuditReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Check a proof (.tlog-proof) without a server, and show the event that it proves.",
        discussion: """
            curl -s http://127.0.0.1:8080/v1/tracking/receipt -H 'Tracking-Code: …' >filing.tlog-proof
            rectify audit receipt filing.tlog-proof --key "$(curl -s http://127.0.0.1:8080/v1/log/key)"

            The key has to come from somewhere that is trusted: a printed report, an earlier visit, another person.
            """)

    @Argument(help: "The proof's file.", completion: .file())
    var file: String

    @Option(help: "The log's key.")
    var key: String

    func run() async throws {
        guard let verifier = NoteVerifier(key.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ValidationError("--key is no key of a log: name+hash+base64, as `rectify audit key` prints it.")
        }
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
        } catch {
            throw Failure("\(file) cannot be read: \(error.systemReason)", code: Failure.Code.notFound)
        }
        guard let proof = LogProof(text) else {
            // What `curl` writes there where the filing is not signed yet; anything else is the failure below.
            if let problem = try? Coding.decoder.decode(ProblemBody.self, from: Data(text.utf8)) { throw problem }
            throw Failure("\(file) is no proof of a log", code: Failure.Code.invalid)
        }
        let checkpoint: Checkpoint?
        do {
            checkpoint = try proof.checkpoint(including: LoggedEvent.entry(of: proof.extra), verifier)
        } catch {
            throw Failure("the checkpoint in it is not good: \(error)")
        }
        guard let checkpoint else { throw Failure("the event in it is not in the log that was signed") }
        Terminal.write(lines: [
            printable(String(decoding: proof.extra.dropFirst(LoggedEvent.saltLength), as: UTF8.self)),
            "event \(proof.index + 1) of the \(checkpoint.size) in the log \(checkpoint.origin)",
        ])
    }
}
