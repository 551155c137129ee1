import Crypto
public import Foundation

/// A text with signatures beneath it, as C2SP's signed-note has it.
///
/// The text ends with a line break; an empty line parts it from the signatures, each `— name base64`.
public struct SignedNote: Sendable, Equatable {
    public struct Signature: Sendable, Equatable {
        public let name: String
        /// The first four bytes of the key's hash.
        public let keyHash: Data
        public let bytes: Data
    }

    public let text: String
    public let signatures: [Signature]

    /// Reads a note.
    ///
    /// - Returns: `nil` where it is none.
    public init?(_ note: String) {
        guard let gap = note.range(of: "\n\n", options: .backwards), note.hasSuffix("\n") else { return nil }
        text = String(note[..<gap.lowerBound]) + "\n"
        var signatures: [Signature] = []
        for line in note[gap.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == "—", let bytes = Data(base64Encoded: parts[2]), bytes.count > 4 else {
                return nil
            }
            signatures.append(
                Signature(name: parts[1], keyHash: Data(bytes.prefix(4)), bytes: Data(bytes.dropFirst(4))))
        }
        guard !signatures.isEmpty else { return nil }
        self.signatures = signatures
    }
}

/// The key that a log signs with (Ed25519).
public struct NoteSigner: Sendable {
    public let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

    /// - Parameters:
    ///   - name: Of the log; without blanks and plus signs.
    ///   - seed: The private key, 32 bytes.
    /// - Throws: `CryptoKitError` where the seed has another length.
    public init(name: String, seed: Data) throws {
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        verifier = NoteVerifier(name: name, publicKey: key.publicKey)
    }

    /// A new private key.
    public static func newSeed() -> Data { Curve25519.Signing.PrivateKey().rawRepresentation }

    /// The note with this key's signature.
    ///
    /// - Parameter text: Ends with a line break.
    /// - Returns: Text and signature.
    /// - Throws: `CryptoKitError`.
    public func sign(_ text: String) throws -> String {
        let signature = verifier.keyHash + (try key.signature(for: Data(text.utf8)))
        return "\(text)\n— \(verifier.name) \(signature.base64EncodedString())\n"
    }
}

/// What a log's signatures are checked with.
public struct NoteVerifier: Sendable, CustomStringConvertible {
    public let name: String
    let keyHash: Data
    private let key: Curve25519.Signing.PublicKey
    /// Ed25519, as signed-note numbers the kinds of signatures.
    private static let algorithm: UInt8 = 1

    init(name: String, publicKey: Curve25519.Signing.PublicKey) {
        self.name = name
        key = publicKey
        let bytes = Data("\(name)\n".utf8) + [Self.algorithm] + publicKey.rawRepresentation
        keyHash = Data(SHA256.hash(data: bytes).prefix(4))
    }

    /// Reads a key as it is passed on: `name+hash+base64`.
    ///
    /// - Returns: `nil` where it is none, or its parts do not fit.
    public init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[0].isEmpty, let bytes = Data(base64Encoded: parts[2]), bytes.count == 33,
            bytes.first == Self.algorithm,
            // What is no key is `nil`.
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst())
        else { return nil }
        self.init(name: parts[0], publicKey: key)
        guard keyHash.hexadecimal == parts[1] else { return nil }
    }

    public var description: String {
        "\(name)+\(keyHash.hexadecimal)+\((Data([Self.algorithm]) + key.rawRepresentation).base64EncodedString())"
    }

    /// Whether this key has signed the note.
    public func hasSigned(_ note: SignedNote) -> Bool {
        note.signatures.contains { signature in
            signature.name == name && signature.keyHash == keyHash
                && key.isValidSignature(signature.bytes, for: Data(note.text.utf8))
        }
    }
}

extension Data {
    fileprivate var hexadecimal: String {
        map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
