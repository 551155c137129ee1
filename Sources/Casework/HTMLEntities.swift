extension String {
    /// With the entities of HTML that mean signs of an address, or for signs that end one, as those signs.
    ///
    /// An address copied from the source of a page has them. Only what ends with a semicolon is an entity: `&copy=2` is a
    /// parameter. A page within a page has its ampersands escaped twice, so an escaped ampersand is read up to three times.
    var withoutEntities: String {
        guard utf8.contains(0x26) || unicodeScalars.contains("＆") else { return self }
        var text = Array(unicodeScalars)
        for _ in 0..<3 {
            let (read, isChanged) = HTMLEntities.read(text)
            text = read
            if !isChanged { break }
        }
        return String(String.UnicodeScalarView(text))
    }
}

private enum HTMLEntities {
    /// The longest that is looked at: `&#x0000000026;` and the names below are shorter.
    private static let longest = 16

    /// Reads each entity once, and says whether there was one.
    static func read(_ text: [Unicode.Scalar]) -> ([Unicode.Scalar], isChanged: Bool) {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var index = 0
        var isChanged = false
        while index < text.count {
            if text[index].inNormalWidth == "&", let (sign, length) = entity(text[index...]) {
                result.append(sign)
                index += length
                isChanged = true
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return (result, isChanged)
    }

    private static func entity(_ text: ArraySlice<Unicode.Scalar>) -> (Unicode.Scalar, length: Int)? {
        let body = text.dropFirst().prefix(longest).map(\.inNormalWidth)
        guard let end = body.firstIndex(of: ";"), end > 0 else { return nil }
        let name = String(String.UnicodeScalarView(body[..<end]))
        guard let sign = numbered(name) ?? named[name] ?? (name.lowercased() == "amp" ? "&" : nil) else { return nil }
        return (sign, end + 2)
    }

    /// `#38`, `#x26`.
    private static func numbered(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
        let number = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init)
    }

    private static let named: [String: Unicode.Scalar] = [
        "AMP": "&", "lt": "<", "LT": "<", "gt": ">", "GT": ">", "quot": "\"", "QUOT": "\"", "apos": "'",
        "colon": ":", "sol": "/", "bsol": "\\", "period": ".", "quest": "?", "equals": "=", "num": "#", "percnt": "%",
        "lowbar": "_", "commat": "@", "excl": "!", "plus": "+", "ast": "*", "comma": ",", "semi": ";", "lpar": "(",
        "rpar": ")", "lsqb": "[", "lbrack": "[", "rsqb": "]", "rbrack": "]", "lcub": "{", "rcub": "}", "verbar": "|",
        "vert": "|", "nbsp": "\u{a0}", "ensp": "\u{2002}", "emsp": "\u{2003}", "thinsp": "\u{2009}", "Tab": "\t",
        "NewLine": "\n", "zwnj": "\u{200c}", "zwj": "\u{200d}", "lrm": "\u{200e}", "rlm": "\u{200f}", "shy": "\u{ad}",
        "ZeroWidthSpace": "\u{200b}", "NoBreak": "\u{2060}", "ldquo": "“", "rdquo": "”", "lsquo": "‘", "rsquo": "’",
        "laquo": "«", "raquo": "»", "hellip": "…", "mdash": "—", "ndash": "–", "middot": "·", "bull": "•", "copy": "©",
        "reg": "®", "trade": "™", "yen": "¥",
    ]
}
