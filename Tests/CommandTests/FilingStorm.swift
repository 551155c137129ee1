import Casework
import Client
import Contract
import Foundation
import Postgres
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Filings by several clients at a time, and a ledger of those that were acknowledged.
final class FilingStorm: Sendable {
    private let entries = Mutex<[String: String]>([:])
    private let server: Mutex<String>
    private let task = Mutex<Task<Void, any Error>?>(nil)

    /// - Parameter address: Of the server that is filed at first.
    init(at address: String) { server = Mutex(address) }

    /// Tracking codes of what was acknowledged, by reference.
    var codes: [String: String] { entries.withLock { $0 } }

    /// Files at another address from now on.
    func move(to address: String) { server.withLock { $0 = address } }

    /// Begins to file with so many clients; what fails is tried again with the same key.
    func begin(clients: Int) {
        let task = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<clients { group.addTask { try await self.keepFiling() } }
                try await group.waitForAll()
            }
        }
        self.task.withLock { $0 = task }
    }

    /// Ends it, once the filings under way are answered or have failed.
    func end() async {
        let task = task.withLock { $0 }
        task?.cancel()
        _ = try? await task?.value
    }

    func untilMore(_ count: Int) async throws {
        let before = codes.count
        try await until("\(count) more filings are acknowledged") { codes.count >= before + count }
    }

    private func keepFiling() async throws {
        while !Task.isCancelled {
            let key = UUID().uuidString
            // The key in the story tells a filing that is there twice.
            let body = Data(try anonymousFiling(telling: key).utf8)
            while !Task.isCancelled {
                let client = Client(server: server.withLock { $0 }, token: nil)
                let filed = try? await client.file(body, key: key)
                try? await client.close()
                if let filed {
                    entries.withLock { $0[filed.reference] = filed.trackingCode }
                    break
                }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Lets `Tests/Recount/ledger.py` compare the ledger with what the server and its database have.
    ///
    /// - Returns: What it says, which ends with “sound” where nothing is lost and nothing doubled.
    func audit(_ program: Program, at address: String) async throws -> String {
        let ledger = codes.map { "\($0.key)\t\($0.value)\n" }.sorted().joined()
        let script = repository.appending(path: "Tests/Recount/ledger.py").path(percentEncoded: false)
        let result = try await Subprocess.run(
            .name("python3"), arguments: [script, address, program.conninfo("rectify", "rectify")],
            input: .string(ledger), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return result.standardOutput + result.standardError
    }
}

/// What anyone may file, with a story of one's own.
func anonymousFiling(telling story: String? = nil) throws -> String {
    var document = try JSON(parsing: try sampleLine(1).utf8)
    document.remove("received_on")
    document.remove("client_reference")
    if let story { document.set("narrative", .string(story)) }
    return document.canonicalText
}

extension JSON {
    mutating func set(_ name: String, _ value: JSON) {
        guard case .object(var members) = self else { return }
        members[name] = value
        self = .object(members)
    }
}
