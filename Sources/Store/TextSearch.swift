import Casework
import Postgres

/// The pairs of neighbouring characters in a text, each once, as the index has them.
///
/// Chinese words are two characters long and nothing stands between them, so pairs are what an index can hold. A pair
/// is two code points in one number; those beyond the basic plane share numbers, which a look at the text sorts out.
func characterPairs(in text: String) -> [Int] {
    var pairs: Set<Int32> = []
    var previous: UInt32?
    for scalar in text.folded.unicodeScalars {
        guard !scalar.properties.isWhitespace else {
            previous = nil
            continue
        }
        if let previous { pairs.insert(Int32(bitPattern: (previous & 0xFFFF) << 16 | (scalar.value & 0xFFFF))) }
        previous = scalar.value
    }
    return pairs.map { Int($0) }.sorted()
}

/// Words to look for: all have to occur.
public struct TextQuery: Sendable, Hashable {
    public let words: [String]
    /// Words that are looked for at the most.
    public static let limit = 8

    /// - Returns: `nil` where there is no word, or one of a single character, which no index can find.
    public init?(_ text: String) {
        words = text.folded.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !words.isEmpty, words.count <= Self.limit, words.allSatisfy({ $0.unicodeScalars.count >= 2 }) else {
            return nil
        }
    }

    var pairs: [Int] { words.reduce(into: Set<Int>()) { $0.formUnion(characterPairs(in: $1)) }.sorted() }

    /// What looks at the text itself, for the alias `c`.
    ///
    /// Chinese characters have neither width nor case. A word of them alone is looked for as it stands, which is many times
    /// faster than folding each text; only texts with odd signs are folded.
    var conditions: [SQL] {
        words.map { word in
            let escaped = word.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
            let pattern = "%" + escaped + "%"
            let isChinese = word.unicodeScalars.allSatisfy { (0x4E00...0x9FFF).contains($0.value) }
            return isChinese
                ? "(c.narrative LIKE \(pattern) OR has_odd_signs(c.narrative) AND folded(c.narrative) LIKE \(pattern))"
                : "folded(c.narrative) LIKE \(pattern)"
        }
    }
}
