import AsyncHTTPClient
import Casework
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import TestSupport
import Testing

/// Folders of a test, and the settings that name them.
struct Places {
    let program: Program
    let settings: [String: String]

    init(_ program: Program) throws {
        self.program = program
        settings = [
            "RECTIFY_BACKUP_FOLDER": program.folder.appending(path: "cases").path(percentEncoded: false),
            "RECTIFY_BACKUP_KEYS_FOLDER": program.folder.appending(path: "keys").path(percentEncoded: false),
            "RECTIFY_HISTORY_CHECKPOINTS_FOLDER": program.folder.appending(path: "kept").path(
                percentEncoded: false),
            // Where a start is to be refused, it is not let to listen either.
            "RECTIFY_SAFETY_ACCEPTED": "open_without_tls", "RECTIFY_HISTORY_SECONDS": "1",
            "RECTIFY_HISTORY_CHECKPOINT_SECONDS": "1",
        ]
        for name in ["kept", "later", "cases", "keys"] {
            try FileManager.default.createDirectory(
                at: program.folder.appending(path: name), withIntermediateDirectories: true)
        }
    }

    func run(_ arguments: String..., input: String = "") async throws -> Program.Outcome {
        try await program.run(
            arguments + ["--data", program.data], input: input,
            environment: Dictionary(uniqueKeysWithValues: settings.map { (.init(stringLiteral: $0), $1) }))
    }

    func server() async throws -> ServerProcess { try await ServerProcess(program, settings: settings) }

    /// Checkpoints kept so far.
    func checkpoints() throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: program.folder.appending(path: "kept").path(percentEncoded: false)
        ).filter { $0.hasSuffix(".checkpoint") }.sorted()
    }

    /// Waits until one more is kept.
    func waitForCheckpoint(after known: Int) async throws {
        try await until("one more is kept") { try checkpoints().count > known }
    }
}

extension Program {
    private func filing(_ words: String) -> String {
        #"{"campaign":"internet-2021","kind":"other","category":"user_rights","respondent":{"platform":"wechat"},"#
            + #""narrative":"\#(words)","complainant":{"kind":"individual","name":"金丝雀甲","phone":"13912345678"}}"#
    }

    /// Files with a key of idempotency, and gives the reference, or the problem's code.
    func file(_ words: String, _ key: Int, _ address: String) async throws -> String {
        var request = HTTPClientRequest(url: address + "/v1/complaints")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: "\"0197a2b4-6c1e-7d3f-9a5b-c8e2f104\(4000 + key)\"")
        request.body = .bytes(ByteBuffer(string: filing(words)))
        let bytes = try await HTTPClient.shared.execute(request, timeout: .seconds(300)).body.collect(upTo: 1 << 20)
        let answer = try JSON(parsing: Data(String(buffer: bytes).utf8))
        return answer["reference"]?.string ?? answer["code"]?.string ?? "nothing"
    }

    /// Where something of the test's folder is.
    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    func move(_ name: String, _ other: String) throws {
        try FileManager.default.moveItem(atPath: path(name), toPath: path(other))
    }
}
