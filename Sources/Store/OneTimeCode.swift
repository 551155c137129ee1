import Crypto
public import Foundation

/// The codes of a second factor: six digits for each half minute (RFC 6238, with SHA-1 as every application has it).
public struct OneTimeCode: Sendable {
    let secret: Data

    private static let seconds = 30

    public init(secret: Data) {
        self.secret = secret
    }

    static func newSecret() -> Data { Data(randomBytes(20)) }

    /// The half minute of a moment.
    public static func step(of moment: Date) -> Int { Int(moment.timeIntervalSince1970) / seconds }

    /// The code of a half minute.
    public func code(at step: Int) -> String {
        let counter = withUnsafeBytes(of: UInt64(truncatingIfNeeded: step).bigEndian) { Data($0) }
        let mac = Data(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(mac[19] & 0x0F)
        let number = mac[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The half minute that a code is of: this one, the one before or the one after, as clocks differ.
    ///
    /// - Returns: `nil` where it is of none of them.
    func step(of code: String, at moment: Date) -> Int? {
        let typed = Data(code.filter { $0 != " " }.utf8)
        let now = Self.step(of: moment)
        var found: Int?
        for step in now - 1...now + 1 where Data(self.code(at: step).utf8).isSame(as: typed) { found = step }
        return found
    }

    /// The address that an application reads, usually as a picture.
    public func uri(of name: String, issuer: String) -> String {
        let label = "\(issuer):\(name)".addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
        return "otpauth://totp/\(label)?secret=\(secretText)&issuer=\(issuer)&digits=6&period=\(Self.seconds)"
    }

    /// The secret as people type it (base 32, RFC 4648).
    public var secretText: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (text, bits, count) = ("", 0, 0)
        for byte in secret {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 5 {
                text.append(alphabet[bits >> (count - 5) & 31])
                count -= 5
            }
            bits &= 1 << count - 1
        }
        return text
    }
}
