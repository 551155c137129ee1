import Foundation

extension Unicode.Scalar {
    /// Whether nothing of it is seen, and nothing is between its neighbours: joiners, marks of direction, soft hyphens,
    /// byte-order marks, selectors of variants (Unicode, UAX #44: Default_Ignorable_Code_Point).
    public var isInvisible: Bool {
        properties.isDefaultIgnorableCodePoint || (0xFFF9...0xFFFB).contains(value)
    }

    /// Whether it says nothing: it is a blank, a control sign or not seen at all.
    fileprivate var saysNothing: Bool {
        properties.isWhitespace || isControl || isInvisible || value == 0x2800
    }

    /// Whether it commands a device and is no sign: C0, delete and C1 (Unicode, general category Cc).
    public var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

    /// Whether it turns the direction of what follows, so that a text can look like another one (Unicode, UAX #9:
    /// embeddings, overrides, isolates).
    public var turnsDirection: Bool { (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value) }
}

extension String {
    /// Without the signs that nobody sees.
    var withoutInvisible: String {
        unicodeScalars.contains { $0.isInvisible }
            ? String(String.UnicodeScalarView(unicodeScalars.filter { !$0.isInvisible })) : self
    }

    /// Whether it says nothing: it has no sign that is seen.
    public var isBlank: Bool { unicodeScalars.allSatisfy(\.saysNothing) }

    /// The one form in which texts are compared and looked for: what looks the same is the same.
    ///
    /// Width, ligatures and doubled code points are resolved (Unicode, NFKC), radicals are the characters that they look
    /// like, capitals are small letters, and invisible signs are left out. The database's function `folded` does the
    /// same.
    public var folded: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return lowercased() }
        let seen = unicodeScalars.lazy.filter { !$0.isInvisible }.map { radicals[$0] ?? $0 }
        let composed = String(String.UnicodeScalarView(seen)).precomposedStringWithCompatibilityMapping
        // The small form of İ would have a second dot.
        return composed.replacing("\u{130}", with: "I").lowercased()
    }
}

/// Radicals that NFKC leaves, and the characters they look like (Unicode, EquivalentUnifiedIdeograph.txt, version 14).
private let radicals: [Unicode.Scalar: Unicode.Scalar] = {
    let pairs = """
        ⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺇𠘨 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 ⺎兀 ⺏尣 ⺐尢 ⺑𡯂 ⺒巳 ⺓幺 ⺔彑 ⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月
        ⺞歺 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 ⺦丬 ⺧牛 ⺨犭 ⺩王 ⺪𤴔 ⺫目 ⺬示 ⺭礻 ⺮𥫗 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺳㓁 ⺴冗 ⺵𦉫 ⺶羊 ⺷𦍌 ⺸𦍋 ⺹耂 ⺺肀
        ⺻聿 ⺼肉 ⺽𦥑 ⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆角 ⻇𧢲 ⻈讠 ⻉贝 ⻊𧾷 ⻋车 ⻌辶 ⻍辶 ⻎辶 ⻏邑 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻕𨸏 ⻖阝
        ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞𩙿 ⻟飠 ⻠饣 ⻡𩠐 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 ⻲亀
        """
    return pairs.split(whereSeparator: \.isWhitespace).reduce(into: [:]) { table, pair in
        let scalars = Array(pair.unicodeScalars)
        if scalars.count == 2 { table[scalars[0]] = scalars[1] }
    }
}()
