/// The unified social credit code of a company (GB 32100-2015).
///
/// A valid check character does not prove whose code it is.
public enum SocialCreditCode {
    private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

    /// Whether length, alphabet, the last character and the inner check of the organisation code agree.
    public static func isValid(_ code: String) -> Bool {
        let bytes = Array(code.utf8)
        let values = bytes.compactMap { alphabet.firstIndex(of: $0) }
        guard bytes.count == 18, values.count == 18 else { return false }
        var weight = 1
        var sum = 0
        for value in values.dropLast() {
            sum += value * weight
            weight = weight * 3 % 31
        }
        return values[17] == (31 - sum % 31) % 31 && bytes[16] == organisationCheck(bytes[8..<16])
    }

    /// The ninth character of an organisation code (GB 11714), modulo 11 with X for ten.
    private static func organisationCheck(_ code: ArraySlice<UInt8>) -> UInt8 {
        let weights = [3, 7, 9, 10, 5, 8, 4, 2]
        var sum = 0
        for (byte, weight) in zip(code, weights) {
            let isLetter = byte >= UInt8(ascii: "A")
            sum += weight * Int(isLetter ? byte - UInt8(ascii: "A") + 10 : byte - UInt8(ascii: "0"))
        }
        let check = (11 - sum % 11) % 11
        return check == 10 ? UInt8(ascii: "X") : UInt8(ascii: "0") + UInt8(check)
    }
}
