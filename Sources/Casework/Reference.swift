/// The number a person reads, types and dictates: `IR21-0000123-4`.
///
/// The last digit is a Luhn check over the number, so that a slip is caught before a search. A reference is public and
/// never a credential.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// The campaign's prefix, such as `IR21`.
    public let prefix: String
    public let number: Int

    public init(prefix: String, number: Int) {
        self.prefix = prefix
        self.number = number
    }

    /// Reads a reference as people write it, in any case and with or without full-width letters.
    ///
    /// - Returns: `nil` where it is none, or its check digit does not fit.
    public init?(_ text: String) {
        let parts = text.folded.uppercased().split(separator: "-")
        guard parts.count == 3, !parts[0].isEmpty, (7...15).contains(parts[1].utf8.count), let number = Int(parts[1]),
            number > 0, let digit = Int(parts[2]), parts[2].utf8.count == 1
        else { return nil }
        self.init(prefix: String(parts[0]), number: number)
        guard digit == checkDigit else { return nil }
    }

    public var description: String {
        let digits = String(number)
        return "\(prefix)-\(String(repeating: "0", count: max(0, 7 - digits.count)))\(digits)-\(checkDigit)"
    }

    /// The digit that makes the sum by Luhn's rule a multiple of ten.
    private var checkDigit: Int {
        var sum = 0
        var (rest, isDoubled) = (number, true)
        while rest > 0 {
            let digit = isDoubled ? rest % 10 * 2 : rest % 10
            sum += digit > 9 ? digit - 9 : digit
            (rest, isDoubled) = (rest / 10, !isDoubled)
        }
        return (10 - sum % 10) % 10
    }
}
