/// A telephone number in its one form, however it was written.
///
/// It is the international number (ITU-T E.164) with the extension behind a switchboard, if there is one. Numbers without
/// a country code are numbers of the Chinese mainland.
public struct Telephone: Sendable, Hashable {
    /// `+`, country code and number: digits only.
    public let e164: String
    /// Digits to dial behind a switchboard.
    public let innerNumber: String?

    /// Reads a number in any width and punctuation.
    ///
    /// - Returns: `nil` for what is no number, for several numbers, for a local number without its area code, and for a
    ///   number written as a power of ten, whose digits are gone.
    public init?(_ typed: String) {
        let text = Self.plain(typed)
        let whole = Self.international(text)
        let split = text.wholeMatch(of: /(.*\d\)?)\s*(?:-|转|轉|分机|分機|ext\.?|;ext=|x|#|\*|,)\s*(\d{1,6})/)
        let head = split.flatMap { Self.international(String($0.output.1)) }
        // `0310-1234567-8`: where the first part is a whole number of the mainland, the rest is an extension.
        if let split, let head, whole == nil || head.hasPrefix("+86") {
            (e164, innerNumber) = (head, String(split.output.2))
        } else if let whole {
            (e164, innerNumber) = (whole, nil)
        } else {
            return nil
        }
    }

    /// What a number is found by.
    ///
    /// A number of the mainland is written as people dial it there, as the first version kept mobile numbers and those that
    /// were typed with their area code: these are found in filings of that time too, other spellings are not.
    public var key: String {
        let inner = innerNumber.map { "-" + $0 } ?? ""
        guard e164.hasPrefix("+86") else { return e164 + inner }
        let national = e164.dropFirst(3)
        let isDialedAsItIs = Self.isMobile(national) || Self.isService(national)
        return (isDialedAsItIs ? "" : "0") + national + inner
    }

    /// The digits by which people name it: with the area code, and of a landline of the mainland without it too.
    var spoken: [Substring] {
        guard e164.hasPrefix("+86") else { return [e164.dropFirst()] }
        let national = e164.dropFirst(3)
        guard !Self.isMobile(national), !Self.isService(national) else { return [national] }
        let hasShortArea = national.hasPrefix("10") || national.hasPrefix("2")
        return [national, national.dropFirst(hasShortArea ? 2 : 3)]
    }

    // MARK: Reading

    /// In ordinary signs, without what stands before and after the number: “手机：”, `tel:`, the apostrophe and the `.0`
    /// of a spreadsheet.
    private static func plain(_ typed: String) -> String {
        var text = typed.folded.replacing(/[\p{Pd}\u{2212}\u{30FC}_·]/, with: "-").replacing(/\s+/, with: " ")
        if let label = text.prefixMatch(of: /[^\d+(]*\p{L}[^\d+(]*/) { text.removeSubrange(label.range) }
        text.removeFirst(of: "'")
        text = text.replacing(/^\s+|\s+$/, with: "")
        return text.replacing(/^(\d{7,})\.0+$/) { $0.output.1 }
    }

    /// The number with `+` and country code; `nil` where it is none.
    private static func international(_ text: String) -> String? {
        guard text.wholeMatch(of: /[\d+() .\-]+/) != nil else { return nil }
        let isInternational = text.prefixMatch(of: /[( ]*(\+|00)/) != nil
        // Italy alone keeps the zero behind its country code.
        let isItalian = text.prefixMatch(of: /[( ]*(\+|00)[) (]*39/) != nil
        let written = isInternational && !isItalian ? text.replacing("(0)", with: "") : text
        var digits = written.filter { $0.isASCII && $0.isNumber }[...]
        guard written.filter({ $0 == "+" }).count <= 1, !written.dropFirst(2).contains("+") else { return nil }
        guard isInternational else {
            if let number = mainland(digits) { return number }
            for code in ["86", "086"] where digits.hasPrefix(code) {
                if let number = withCode(digits.dropFirst(code.count)) { return number }
            }
            return nil
        }
        digits = digits.drop { $0 == "0" }
        if digits.hasPrefix("86") { return withCode(digits.dropFirst(2)) }
        // Where a trunk zero is dialed within the country and no number begins with one.
        let code = ["886", "81", "82", "84", "60", "61", "62", "63", "66", "91", "44", "49", "33"].first {
            digits.hasPrefix($0 + "0")
        }
        if let code { digits.remove(at: digits.index(digits.startIndex, offsetBy: code.count)) }
        return (7...15).contains(digits.count) ? "+" + digits : nil
    }

    /// A number of the mainland behind its country code, where nobody has to dial the trunk zero.
    private static func withCode(_ digits: Substring) -> String? {
        mainland(digits) ?? (digits.hasPrefix("0") ? nil : mainland("0" + digits))
    }

    /// A number of the mainland, with or without the trunk zero (MIIT, numbering plan of the telephone network).
    ///
    /// Without it, only Beijing's area code and those that begin with 2 are told from numbers of other countries.
    private static func mainland(_ digits: Substring) -> String? {
        if isMobile(digits) || isService(digits) { return "+86" + digits }
        let hasTrunk = digits.hasPrefix("0")
        let national = hasTrunk ? digits.dropFirst() : digits
        if hasTrunk, isMobile(national) { return "+86" + national }
        let isOfLargeCity = national.wholeMatch(of: /(10|2\d)\d{8}/) != nil
        let isOfArea = hasTrunk && national.wholeMatch(of: /[3-9]\d{9,10}/) != nil
        return isOfLargeCity || isOfArea ? "+86" + national : nil
    }

    static func isMobile(_ digits: Substring) -> Bool {
        digits.utf8.count == 11 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } && digits.hasPrefix("1")
            && digits.utf8.dropFirst().first.map { $0 >= 0x33 } == true
    }

    /// Numbers without an area: 400 and 800, and the short ones of companies and authorities.
    private static func isService(_ digits: Substring) -> Bool {
        digits.wholeMatch(of: /[48]00\d{7}|9[56]\d{3,4}|123\d\d/) != nil
    }
}

extension String {
    fileprivate mutating func removeFirst(of character: Character) {
        if first == character { removeFirst() }
    }
}
