public import Foundation

/// The secret that lets a complainant follow the case: 128 random bits, shown once.
public struct TrackingCode: Sendable {
    /// Crockford's alphabet: no letter that is taken for a digit.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// In groups of five, as it is shown.
    public let text: String

    public static func generate() -> TrackingCode {
        var bits = 0
        var buffer = 0
        var letters: [Character] = []
        for byte in randomBytes(16) {
            buffer = buffer << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                letters.append(alphabet[buffer >> bits & 31])
            }
            buffer &= 1 << bits - 1
        }
        letters.append(alphabet[buffer << (5 - bits) & 31])
        return TrackingCode(letters: letters)
    }

    private init(letters: [Character]) {
        text = stride(from: 0, to: letters.count, by: 5).map { start in
            String(letters[start..<min(start + 5, letters.count)])
        }.joined(separator: "-")
    }

    /// Reads a code as people type it: any case, O for 0, I and L for 1, with or without the hyphens.
    public init?(_ typed: String) {
        var letters: [Character] = []
        for character in typed.uppercased() where character != "-" && character != " " {
            let read: Character =
                switch character {
                case "O": "0"
                case "I", "L": "1"
                default: character
                }
            guard Self.alphabet.contains(read) else { return nil }
            letters.append(read)
        }
        guard letters.count == 26 else { return nil }
        self.init(letters: letters)
    }

    /// What is stored of it.
    public var hash: Data { sha256(text) }
}
