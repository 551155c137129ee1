/// What people copy out of an app: prose with a web address in it, a code in place of one, or both.
///
/// Signs that nobody sees are as if they were not there, and entities of HTML are read.
struct ShareText {
    /// The addresses in their order, as they were written but in ordinary letters.
    private(set) var addresses: [(text: String, cut: AddressScan.Cut?)] = []
    private var prose: [Unicode.Scalar] = []
    /// The text without its addresses, and without what looked like one.
    var words: String { String(String.UnicodeScalarView(prose)) }

    init(_ text: String, suffixes: PublicSuffixes) {
        let scalars = Array(text.withoutInvisible.withoutEntities.withoutInvisible.unicodeScalars)
        var index = 0
        while index < scalars.count {
            guard let found = AddressScan(scalars, at: index, suffixes) else {
                prose.append(scalars[index])
                index += 1
                continue
            }
            if let address = found.address { addresses.append((address, found.isCut)) }
            prose.append(" ")
            index = found.end
        }
    }

    // MARK: Passphrases

    /// The code that opens the page in another app, without its signs; looked for outside addresses.
    ///
    /// Taobao puts eleven letters and digits between two of the same sign, JD ten to fourteen between several. Signs that
    /// turn up in prose as well count only around what no one would write by hand.
    var passphrase: String? {
        var index = 0
        while index < prose.count {
            guard prose[index].isPlain else {
                index += 1
                continue
            }
            var end = index
            while end < prose.count, prose[end].isPlain { end += 1 }
            if isPassphrase(index..<end) { return String(String.UnicodeScalarView(prose[index..<end])) }
            index = end
        }
        return nil
    }

    private func isPassphrase(_ range: Range<Int>) -> Bool {
        guard (10...14).contains(range.count), range.lowerBound > 0, range.upperBound < prose.count else {
            return false
        }
        let code = prose[range]
        guard code.contains(where: { $0.properties.isAlphabetic }) else { return false }
        let (before, after) = (prose[range.lowerBound - 1], prose[range.upperBound])
        let currency: Set<Unicode.Scalar> = ["￥", "¥", "€", "₤", "₴", "$"]
        if before == after, currency.contains(before), range.count == 11 { return true }
        let isRandom = Self.changes(in: code) >= 6
        let pairs: [Unicode.Scalar: Unicode.Scalar] = ["(": ")", "（": "）", "《": "》"]
        if range.count == 11, pairs[before] == after || before == after && pairs[before] != nil { return isRandom }
        let left = prose[..<range.lowerBound].reversed().prefix { Self.jdSigns.contains($0) }
        let right = prose[range.upperBound...].prefix { Self.jdSigns.contains($0) }
        guard !left.isEmpty, !right.isEmpty else { return false }
        return isRandom || left.count > 1 && right.count > 1 && Self.changes(in: code) >= 3
    }

    private static let jdSigns: Set<Unicode.Scalar> = [
        "(", "|", ")", "#", "@", "$", "%", "¥", "￥", "!", "！", "（", "）",
    ]

    /// How often small letters, capitals and digits give way to each other.
    private static func changes(in code: ArraySlice<Unicode.Scalar>) -> Int {
        let kinds = code.map { $0.value < 0x3A ? 0 : $0.value < 0x5B ? 1 : 2 }
        return zip(kinds, kinds.dropFirst()).count { $0 != $1 }
    }
}
