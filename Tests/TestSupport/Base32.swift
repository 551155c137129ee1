public import Foundation

extension Data {
    /// Base 32 (RFC 4648), as secrets of second factors are typed.
    public init?(base32 text: String) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bytes, bits, count) = ([UInt8](), 0, 0)
        for character in text {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            (bits, count) = (bits << 5 | value, count + 5)
            if count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> (count - 8)))
                count -= 8
                bits &= 1 << count - 1
            }
        }
        self.init(bytes)
    }
}
