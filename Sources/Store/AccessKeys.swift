public import Casework
public import Foundation
import Postgres

/// A secret that was just made: this is the only time it is seen.
public struct IssuedToken: Sendable {
    public let id: UUID
    public let secret: String
    public let expiresAt: Date

    /// 256 random bits behind a prefix that tells whose kind it is.
    init(prefix: String, lasting days: Int, at now: Date) {
        self.init(prefix: prefix, lastingSeconds: days * 86_400, at: now)
    }

    init(prefix: String, lastingSeconds seconds: Int, at now: Date) {
        id = .v7(at: now)
        secret = prefix + Data(randomBytes(32)).base64URL
        expiresAt = now.addingTimeInterval(Double(seconds))
    }
}

/// A key of a company or a filer, as it is listed: never the secret.
public struct AccessKey: Sendable {
    public let id: UUID
    /// The company's code, or the filer's name.
    public let holder: String
    /// What it is called; filers' keys have no names.
    public let name: String?
    public let scopes: [String]
    public let expiresAt: Date
    public let isRevoked: Bool
    public let lastUsedOn: Day?

    init(row: inout Row) throws {
        id = try row.read()
        holder = try row.read()
        name = try row.read()
        scopes = try row.read()
        expiresAt = try row.read()
        isRevoked = try row.read()
        lastUsedOn = try row.read()
    }
}

/// Why a key cannot be made or ended.
public enum AccessKeyError: Error, Equatable, CustomStringConvertible {
    case unknownCompany(String)
    case unknownKey(String)
    case badName

    public var description: String {
        switch self {
        case .unknownCompany(let code): "there is no company \(code) in the registry"
        case .badName: "a name is one to forty lower-case letters, digits, “.”, “_” or “-”, beginning with a letter"
        case .unknownKey(let id): "there is no such key: \(id); the command “list” has them"
        }
    }

    /// - Throws: ``badName``.
    static func check(name: String) throws(AccessKeyError) {
        guard name.wholeMatch(of: /[a-z][a-z0-9_.\-]{0,39}/) != nil else { throw .badName }
    }
}
