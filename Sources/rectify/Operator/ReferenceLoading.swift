import Casework
import Foundation
import Postgres
import Store

extension Database {
    /// Loads files of reference data, one transaction for all: either every file is good and loaded, or none is.
    ///
    /// - Parameters:
    ///   - files: What is loaded, in this order.
    ///   - isConfirmed: Whether a calendar that looks like no year's notice is loaded all the same.
    /// - Returns: What changed.
    /// - Throws: ``Failure`` naming the file and every fault in it, or `PostgresError`.
    func load(_ files: [URL], isConfirmed: Bool = false) async throws -> [ReferenceChange] {
        let documents = try files.map { file in
            let name = file.lastPathComponent
            let bytes: Data
            do {
                bytes = try Data(contentsOf: file)
            } catch {
                throw Failure(
                    "\(file.path(percentEncoded: false)) cannot be read: \(error.systemReason)",
                    code: Failure.Code.notFound)
            }
            do {
                return (file, try JSON(parsing: bytes))
            } catch let error as JSON.SyntaxError {
                throw Failure("\(name): at byte \(error.offset): \(error.reason)", code: Failure.Code.invalid)
            }
        }
        return try await transaction { db in
            var changes: [ReferenceChange] = []
            var (faults, unusual): ([String], [String]) = ([], [])
            for (file, document) in documents {
                do {
                    let known = try db.referenceBook().data
                    changes += try db.load(
                        ReferenceFile.items(in: document, knowing: known, isConfirmed: isConfirmed))
                } catch let invalid as InvalidDocument {
                    faults += invalid.faults.map { "  \(file.lastPathComponent): \($0.pointer) \($0.detail)" }
                    if invalid.faults.contains(where: { $0.code == "unusual" }) {
                        unusual.append(file.path(percentEncoded: false))
                    }
                }
            }
            guard faults.isEmpty else {
                let advice =
                    unusual.isEmpty
                    ? "" : "\nif that is right: rectify load --confirm-unusual \(unusual.joined(separator: " "))"
                throw Failure(
                    "nothing is loaded:\n\(faults.joined(separator: "\n"))\(advice)", code: Failure.Code.invalid)
            }
            return changes
        }
    }
}

extension ReferenceCache {
    /// How long it takes at the most until a server that runs works with changed reference data.
    static let delay = "within \(patience.components.seconds) second"

    /// What an operator is told who has changed reference data.
    static let notice = "servers that run work with it \(delay); their public pages show it within two minutes"
}
