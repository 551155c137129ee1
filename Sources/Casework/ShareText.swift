/// What people copy out of an app: prose with a web address in it, a code in place of one, or both.
struct ShareText {
    private let scalars: [Unicode.Scalar]
    /// The addresses in their order, as they were written but in ordinary letters.
    private(set) var addresses: [String] = []
    private var prose: [Unicode.Scalar] = []

    init(_ text: String, suffixes: PublicSuffixes) {
        scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            guard let length = schemeLength(at: index) else {
                prose.append(scalars[index])
                index += 1
                continue
            }
            let (address, end) = address(from: index, afterScheme: index + length, suffixes)
            addresses.append(address)
            prose.append(" ")
            index = max(end, index + length)
        }
    }

    /// Full-width letters, digits and signs as their ordinary forms.
    private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        default: scalar
        }
    }

    private func schemeLength(at start: Int) -> Int? {
        for scheme in ["https://", "http://"] {
            let end = start + scheme.utf8.count
            guard end <= scalars.count else { continue }
            let isThere = zip(scalars[start..<end], scheme.unicodeScalars).allSatisfy { found, wanted in
                let narrow = Self.narrow(found).value
                return narrow == wanted.value || (0x41...0x5A).contains(narrow) && narrow + 32 == wanted.value
            }
            if isThere { return scheme.utf8.count }
        }
        return nil
    }

    // MARK: Where an address ends

    /// The host may be in any script; after it an address is ASCII, and prose goes on with the first other letter.
    private func address(from start: Int, afterScheme: Int, _ suffixes: PublicSuffixes) -> (String, end: Int) {
        var end = afterScheme
        while end < scalars.count, isOfHost(scalars[end]) { end += 1 }
        var text = String.UnicodeScalarView(scalars[start..<end].map(Self.narrow))
        let whole = end
        let host = Self.withoutProse(String(text.dropFirst(afterScheme - start)), suffixes)
        text = String.UnicodeScalarView(String(text.prefix(afterScheme - start)).unicodeScalars)
        text.append(contentsOf: host.text.unicodeScalars)
        end = host.isCut ? afterScheme + host.text.unicodeScalars.count : whole
        if !host.isCut {
            while end < scalars.count, let scalar = ofPath(scalars[end]) {
                text.append(scalar)
                end += 1
            }
        }
        while let last = text.last, Self.endsSentence(last, in: text) {
            text.removeLast()
            end -= 1
        }
        return (String(text), end)
    }

    /// Letters, digits and marks of any script, and the signs of user, port and number.
    private func isOfHost(_ scalar: Unicode.Scalar) -> Bool {
        let narrow = Self.narrow(scalar)
        if narrow.value < 0x80 {
            return narrow.properties.isAlphabetic || (0x30...0x39).contains(narrow.value)
                || "-._~:@%[]".unicodeScalars.contains(narrow)
        }
        if ["。", "｡"].contains(scalar) { return true }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber:
            return true
        default: return false
        }
    }

    /// A label that is no top-level name is prose glued to the address: `m.tb.cn点击`, `腾讯.中国打开`.
    private static func withoutProse(_ host: String, _ suffixes: PublicSuffixes) -> (text: String, isCut: Bool) {
        guard !host.utf8.allSatisfy({ $0 < 0x80 }) else { return (host, false) }
        let dots: Set<Unicode.Scalar> = [".", "。", "｡"]
        let labels = host.unicodeScalars.split(omittingEmptySubsequences: false) { dots.contains($0) }
        var kept = labels.map { String($0) }
        var isCut = false
        while let last = kept.last, !last.isEmpty, !last.utf8.allSatisfy({ $0 < 0x80 }) {
            if isTop(last, suffixes) { break }
            isCut = true
            let scalars = Array(last.unicodeScalars)
            let ascii = scalars.prefix { $0.value < 0x80 }
            let cuts = ascii.isEmpty ? Array(1..<scalars.count).reversed() : [ascii.count]
            let prefixes = cuts.map { String(String.UnicodeScalarView(scalars[..<$0])) }
            if let name = prefixes.first(where: { !ascii.isEmpty || isTop($0, suffixes) }), kept.count > 1 {
                kept[kept.count - 1] = name
                break
            }
            kept.removeLast()
            // Only behind a top-level name is it prose; else it may be one the list does not know.
            guard kept.count > 1, let end = kept.last, isTop(end, suffixes) else { return (host, false) }
        }
        return isCut ? (kept.joined(separator: "."), true) : (host, false)
    }

    private static func isTop(_ label: String, _ suffixes: PublicSuffixes) -> Bool {
        WebHost.ascii(label).map(suffixes.isSuffix) ?? false
    }

    private func ofPath(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0x21...0x7E: "\"<>\\^`{|}".unicodeScalars.contains(scalar) ? nil : scalar
        // Full-width letters, digits, stop and stroke go on with an address; other full-width signs end it.
        case 0xFF0E, 0xFF0F, 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A: Self.narrow(scalar)
        default: nil
        }
    }

    private static func endsSentence(_ scalar: Unicode.Scalar, in text: String.UnicodeScalarView) -> Bool {
        switch scalar {
        case ")": text.count { $0 == "(" } < text.count { $0 == ")" }
        case "]": text.count { $0 == "[" } < text.count { $0 == "]" }
        case ",", ".", ";", "!", "?", "'", ":", "*", "。", "｡": true
        default: false
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
            guard Self.isAlphanumeric(prose[index]) else {
                index += 1
                continue
            }
            var end = index
            while end < prose.count, Self.isAlphanumeric(prose[end]) { end += 1 }
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

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// How often small letters, capitals and digits give way to each other.
    private static func changes(in code: ArraySlice<Unicode.Scalar>) -> Int {
        let kinds = code.map { $0.value < 0x3A ? 0 : $0.value < 0x5B ? 1 : 2 }
        return zip(kinds, kinds.dropFirst()).count { $0 != $1 }
    }
}
