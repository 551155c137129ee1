import Casework
import Crypto
import Foundation
import Subprocess
import Synchronization
import TestSupport
import Testing

/// Every 201 that filers got, a line of JSON each, on disk before the filer sends its next request.
///
/// `Tests/Recount/acknowledged.py` compares it with the databases; it shares no code with the product.
final class AcknowledgementLedger: Sendable {
    /// One acknowledgement.
    struct Entry: Sendable {
        let reference: String
        let trackingCode: String
        let clientReference: String?
        let narrative: String
    }

    /// What the checker found.
    struct Verdict: Sendable {
        let acknowledged: Int
        let stored: Int
        /// References that nothing is stored under.
        let lost: [String]
        /// References, tracking codes or digests of narratives that are there twice.
        let doubled: [String]
        /// What is there and is not what was filed, or does not open.
        let wrong: [String]

        var isSound: Bool { lost.isEmpty && doubled.isEmpty && wrong.isEmpty }
    }

    private struct State {
        let descriptor: Int32
        var lines = 0
    }

    private let file: String
    private let state: Mutex<State>

    /// Begins an empty one in the program's folder.
    init(of program: Program) throws {
        file = program.path("acknowledged.ndjson")
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0, "\(file) cannot be made: \(String(cString: strerror(errno)))")
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { close(state.withLock { $0.descriptor }) }

    var count: Int { state.withLock { $0.lines } }

    /// Writes one down, and returns when it is on disk.
    func add(_ entry: Entry) throws {
        let digest = SHA256.hash(data: Data(entry.narrative.utf8)).map { String(format: "%02x", $0) }.joined()
        let line = JSON.object([
            "reference": .string(entry.reference), "tracking_code": .string(entry.trackingCode),
            "client_reference": entry.clientReference.map(JSON.string) ?? .null, "narrative_sha256": .string(digest),
        ])
        let bytes = Array((line.canonicalText + "\n").utf8)
        try state.withLock { state in
            guard write(state.descriptor, bytes, bytes.count) == bytes.count, fsync(state.descriptor) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            state.lines += 1
        }
    }

    /// Lets the checker read the databases.
    ///
    /// - Parameters:
    ///   - program: Whose databases they are; they have to run.
    ///   - address: A server at which each acknowledgement is opened too.
    ///   - token: Of an officer there.
    ///   - first: The first acknowledgement that is opened, counted from 0.
    /// - Returns: What it found.
    /// - Throws: Where it could not compare them.
    func check(
        _ program: Program, at address: String, officer token: String, openingFrom first: Int = 0
    ) async throws -> Verdict {
        let script = repository.appending(path: "Tests/Recount/acknowledged.py").path(percentEncoded: false)
        let result = try await Subprocess.run(
            .name("python3"),
            arguments: [
                script, file, program.conninfo("rectify", "rectify"), program.conninfo("rectify_keys", "rectify"),
                address, token, "\(first)",
            ],
            environment: .inherit.updating(["PYTHONDONTWRITEBYTECODE": "1"]),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        let found = try JSON(parsing: result.standardOutput.utf8)
        func list(_ name: String) -> [String] { found[name]?.array.compactMap(\.string) ?? [] }
        return Verdict(
            acknowledged: try #require(found["acknowledged"]?.int), stored: try #require(found["stored"]?.int),
            lost: list("lost"), doubled: list("doubled"), wrong: list("wrong"))
    }
}
