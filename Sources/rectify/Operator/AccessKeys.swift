import ArgumentParser
import Casework
import Foundation
import Reports
import Store

// What keys of companies and of filers have in common on the command line.

/// The scopes written in an option, with commas between.
///
/// - Throws: `ValidationError` that names those there are.
func keyScopes<Scope: RawRepresentable<String> & CaseIterable & Hashable>(
    _ text: String, as type: Scope.Type = Scope.self
) throws -> Set<Scope> {
    let names = text.split(separator: ",").map(String.init)
    let scopes = names.compactMap(Scope.init)
    guard scopes.count == names.count, !scopes.isEmpty else {
        let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--scopes are of: \(known).")
    }
    return Set(scopes)
}

/// The id of a key, as it was typed.
///
/// - Throws: `AccessKeyError` where it is none.
func keyID(_ text: String) throws -> UUID {
    guard let id = UUID(uuidString: text) else { throw AccessKeyError.unknownKey(text) }
    return id
}

/// Prints keys as a table.
func printKeys(_ keys: [AccessKey], of holder: String) {
    let rows = keys.map { key in
        [
            key.id.text, key.holder, key.name ?? "–", key.scopes.joined(separator: ","),
            key.isRevoked ? "revoked" : "until \(key.expiresAt.formatted(.iso8601))",
            key.lastUsedOn?.description ?? "never",
        ]
    }
    let columns = ["Id", holder, "Name", "Scopes", "Good", "Last used"].map { TextTable.Column($0) }
    Terminal.write(lines: TextTable(columns, rows).lines())
}
