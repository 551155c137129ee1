/// A part of a country, by its code (ISO 3166-2), such as `CN-GD`.
public struct Region: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// Reads a code in any case and width, with any mark or none between its parts, or a name of a region of China in Chinese or English; everything
    /// else, a bare country too, is `nil`.
    ///
    /// - Parameters:
    ///   - typed: What someone wrote.
    ///   - countries: The countries whose regions count (ISO 3166-1); any where left out.
    public init?(_ typed: String, of countries: [String]? = nil) {
        let key = Directory.key(typed)
        let letters = typed.folded.uppercased().filter { $0.isLetter || $0.isNumber }
        // With any mark or none between, `CN` and two letters can only be a region of China.
        let code =
            Self.names["CN-" + letters.dropFirst(2)] != nil && letters.hasPrefix("CN")
            ? "CN-" + letters.dropFirst(2)
            : typed.folded.uppercased().filter { !$0.isWhitespace }.replacing(/[\p{Pd}_\u{2212}]/, with: "-")
        let named = Self.codes[key] ?? Self.codes[Self.bare(key)]
        let isForeign = code.wholeMatch(of: /[A-Z]{2}-[A-Z0-9]{1,3}/) != nil && !code.hasPrefix("CN-")
        guard let found = Self.names[code] != nil || isForeign ? code : named else { return nil }
        guard countries?.contains(String(found.prefix(2))) ?? true else { return nil }
        description = found
    }

    /// What the region of a code is called; `nil` where it is none of China.
    public static func name(of code: String) -> (zh: String, en: String)? { names[code] }

    /// A name without its country and what kind of region it is.
    private static func bare(_ key: String) -> String {
        key.replacing(/^(中[国國]|china)/, with: "").replacing(/(省|市|(壮族|壯族|回族|维吾尔|維吾爾)?自治[区區]|特[别別]行政[区區])$/, with: "")
            .replacing(/(province|municipality|(zhuang|hui|uyghur|uygur)?autonomousregion|sar)$/, with: "")
    }

    private static let names: [String: (zh: String, en: String)] = table.mapValues { (zh: $0[1], en: $0[0]) }

    private static let codes: [String: String] = table.reduce(into: [:]) { codes, row in
        for name in row.value { codes[Directory.key(name)] = row.key }
    }

    /// The regions of China with their names in English and Chinese, and other spellings.
    private static let table: [String: [String]] = {
        let lines = """
            CN-BJ | Beijing | 北京
            CN-TJ | Tianjin | 天津
            CN-HE | Hebei | 河北
            CN-SX | Shanxi | 山西
            CN-NM | Inner Mongolia | 内蒙古 | 內蒙古, Neimenggu, Nei Mongol
            CN-LN | Liaoning | 辽宁 | 遼寧
            CN-JL | Jilin | 吉林
            CN-HL | Heilongjiang | 黑龙江 | 黑龍江
            CN-SH | Shanghai | 上海
            CN-JS | Jiangsu | 江苏 | 江蘇
            CN-ZJ | Zhejiang | 浙江
            CN-AH | Anhui | 安徽
            CN-FJ | Fujian | 福建
            CN-JX | Jiangxi | 江西
            CN-SD | Shandong | 山东
            CN-HA | Henan | 河南
            CN-HB | Hubei | 湖北
            CN-HN | Hunan | 湖南
            CN-GD | Guangdong | 广东 | 廣東
            CN-GX | Guangxi | 广西 | 廣西
            CN-HI | Hainan | 海南
            CN-CQ | Chongqing | 重庆 | 重慶
            CN-SC | Sichuan | 四川
            CN-GZ | Guizhou | 贵州 | 貴州
            CN-YN | Yunnan | 云南 | 雲南
            CN-XZ | Tibet | 西藏 | Xizang
            CN-SN | Shaanxi | 陕西 | 陝西
            CN-GS | Gansu | 甘肃 | 甘肅
            CN-QH | Qinghai | 青海
            CN-NX | Ningxia | 宁夏 | 寧夏
            CN-XJ | Xinjiang | 新疆
            CN-HK | Hong Kong | 香港 | HK, Xianggang
            CN-MO | Macao | 澳门 | MO, 澳門, Macau, Aomen
            CN-TW | Taiwan | 台湾 | TW, 臺灣, 台灣
            """
        return lines.split(separator: "\n").reduce(into: [:]) { table, line in
            let cells = line.split(separator: "|").map { String($0).replacing(/^ +| +$/, with: "") }
            table[cells[0]] = cells[1...2] + (cells.count > 3 ? cells[3].split(separator: ", ").map(String.init) : [])
        }
    }()
}

extension Campaign {
    /// The countries in whose regions complaints of the campaign arise (ISO 3166-1): that of its calendar.
    public var countries: [String] { [String(calendarRegion.prefix(2))] }
}
