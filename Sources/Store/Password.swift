import Crypto
import CryptoExtras
import Foundation

/// A password as it is kept: by scrypt at the cost that OWASP's Password Storage Cheat Sheet names (N = 2^15, r = 8, p = 3,
/// which takes 32 MiB), in the form of PHC strings.
public struct PasswordHash: Sendable, Equatable {
    /// The string that is kept.
    public let text: String

    private static let (logRounds, blockSize, parallelism) = (15, 8, 3)
    /// Characters of a password.
    public static let length = 12...256

    public init(text: String) {
        self.text = text
    }

    /// Hashes a password; takes a quarter of a second or so.
    ///
    /// - Throws: `CryptoKitError`.
    init(of password: String) throws {
        let salt = Data(randomBytes(16))
        let hash = try Self.derive(password, salt, Self.logRounds, Self.blockSize, Self.parallelism)
        text =
            "$scrypt$ln=\(Self.logRounds),r=\(Self.blockSize),p=\(Self.parallelism)$\(salt.unpadded)$\(hash.unpadded)"
    }

    /// What is compared where there is no password, so that nobody learns from the time it takes who has one.
    static let nobodys = PasswordHash(
        text:
            "$scrypt$ln=\(logRounds),r=\(blockSize),p=\(parallelism)$\(Data(count: 16).unpadded)$\(Data(count: 32).unpadded)"
    )

    /// Whether this is the password; takes as long as hashing it.
    func matches(_ password: String) -> Bool {
        let parts = text.split(separator: "$").map(String.init)
        guard parts.count == 4, parts[0] == "scrypt", let salt = Data(unpadded: parts[2]),
            let kept = Data(unpadded: parts[3])
        else { return false }
        let cost = parts[1].split(separator: ",").compactMap { Int($0.drop { $0 != "=" }.dropFirst()) }
        guard cost.count == 3, (10...20).contains(cost[0]), (1...32).contains(cost[1]), (1...16).contains(cost[2]),
            // What cannot be worked out matches no password.
            let hash = try? Self.derive(password, salt, cost[0], cost[1], cost[2])
        else { return false }
        return hash.isSame(as: kept)
    }

    private static func derive(
        _ password: String, _ salt: Data, _ logRounds: Int, _ blockSize: Int, _ parallelism: Int
    ) throws -> Data {
        // One form for what looks the same (NIST SP 800-63B, 3.1.1.2).
        let bytes = Data(password.precomposedStringWithCompatibilityMapping.utf8)
        return try KDF.Scrypt.deriveKey(
            from: bytes, salt: salt, outputByteCount: 32, rounds: 1 << logRounds, blockSize: blockSize,
            parallelism: parallelism
        ).withUnsafeBytes { Data($0) }
    }

    /// Why a password cannot be taken.
    ///
    /// - Returns: `nil` where it can; it need not have signs of any kind, but be long, and not be its owner's name.
    public static func fault(in password: String, of name: String) -> String? {
        guard length.contains(password.unicodeScalars.count) else {
            return "has to have \(length.lowerBound) to \(length.upperBound) characters"
        }
        let plain = password.lowercased()
        if Set(plain).count < 4 { return "repeats too few characters" }
        if plain.contains(name.lowercased()), plain.count < name.count + 8 { return "is mostly the officer's name" }
        // What is left without the words that everyone tries first has to be something.
        let rest = usual.reduce(plain) { $0.replacing($1, with: "") }.filter { !$0.isNumber }
        if rest.count < 6, rest.count < plain.count { return "is among those that are tried first" }
        return nil
    }

    private static let usual = [
        "password", "passwort", "passw0rd", "qwertyuiop", "qwerty", "asdfghjkl", "zxcvbnm", "letmein", "welcome",
        "admin",
        "iloveyou", "monkey", "dragon", "rectify", "woaini", "mima", "matkhau", "changeme", "secret",
    ]
}

extension Data {
    fileprivate var unpadded: String { base64EncodedString().replacing("=", with: "") }

    fileprivate init?(unpadded text: String) {
        self.init(base64Encoded: text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }

    /// Compares without telling by the time how much is equal.
    func isSame(as other: Data) -> Bool {
        count == other.count && zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
