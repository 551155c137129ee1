import Foundation

/// What people write of themselves in a story they tell, taken out before others read it.
///
/// It finds numbers of mobile telephones, landlines and the mainland's identity cards, in the ways people are known to part
/// their digits, numbers of bank cards and accounts of messengers where the words before name them, and mail addresses. What
/// it is given, it hides in any of its forms. Dates, versions, prices, orders and links stay: a company needs them. A name
/// it is not given it cannot know: an officer who forwards a story should have read it.
public func redacted(_ text: String, of known: [String]) -> String {
    var story = Story(text)
    story.hide(known)
    story.keepLinks()
    story.hideMailAddresses()
    story.hideAccounts()
    for number in NumberInText.all(in: story.signs) { story.hide(number) }
    return story.told
}

extension String {
    /// With an ellipsis in the place of each of the words, in whatever form they stand there.
    ///
    /// A word of fewer than two characters may be anything, and stays.
    public func without(_ words: [String]) -> String {
        var story = Story(self)
        story.hide(words)
        return story.told
    }
}

extension Substring {
    fileprivate var range: Range<Index> { startIndex..<endIndex }
}

/// A text beside its plain form, in which each sign has its ordinary width and invisible signs are left out.
private struct Story {
    private let scalars: [Unicode.Scalar]
    let signs: [Unicode.Scalar]
    /// Where a sign stands in the text.
    private let places: [Int]
    private var hidden: [Range<Int>] = []
    /// Whether a sign is part of a link.
    private var isKept: [Bool]

    init(_ text: String) {
        // Composed, as names are that are looked for: some systems part a letter from its marks.
        scalars = Array(text.precomposedStringWithCanonicalMapping.unicodeScalars)
        var (signs, places) = ([Unicode.Scalar](), [Int]())
        for (place, scalar) in scalars.enumerated() where !scalar.isInvisible {
            for sign in String(scalar).folded.unicodeScalars {
                signs.append(sign)
                places.append(place)
            }
        }
        (self.signs, self.places) = (signs, places)
        isKept = Array(repeating: false, count: signs.count)
    }

    /// The text with an ellipsis in the place of what is hidden.
    var told: String {
        var told = String.UnicodeScalarView()
        var next = 0
        for range in hidden.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound > next {
            if range.lowerBound >= next {
                told.append(contentsOf: scalars[next..<range.lowerBound])
                told.append("…")
            }
            next = range.upperBound
        }
        told.append(contentsOf: scalars[next...])
        return String(told)
    }

    /// The place in the text of a range of signs.
    private func inText(_ range: Range<Int>) -> Range<Int> {
        places[range.lowerBound]..<places[range.upperBound - 1] + 1
    }

    mutating func hide(_ range: Range<Int>) {
        if !isKept[range].contains(true) { hidden.append(inText(range)) }
    }

    mutating func hide(_ find: (String) -> [Range<String.Index>]) { for range in found(find) { hide(range) } }

    /// Web addresses stay as they are: with a gap in it, an address would be another one.
    ///
    /// A link ends with the first sign that is not written in ASCII, and with a comma or semicolon: what follows is a story.
    mutating func keepLinks() {
        let ends = ",;\"'<>".unicodeScalars
        var place = 0
        while place < signs.count {
            let head = String(String.UnicodeScalarView(signs[place..<min(place + 8, signs.count)]))
            guard head.hasPrefix("http://") || head == "https://" else {
                place += 1
                continue
            }
            while place < signs.count, (0x21...0x7E).contains(scalars[places[place]].value),
                !ends.contains(signs[place])
            {
                isKept[place] = true
                place += 1
            }
            place += 1
        }
    }

    private func found(_ find: (String) -> [Range<String.Index>]) -> [Range<Int>] {
        let plain = String(String.UnicodeScalarView(signs))
        let view = plain.unicodeScalars
        var (place, index) = (0, view.startIndex)
        return find(plain).map { range in
            place += view.distance(from: index, to: range.lowerBound)
            index = range.lowerBound
            return place..<place + view.distance(from: range.lowerBound, to: range.upperBound)
        }
    }

    // MARK: Accounts

    /// Hides the accounts of messengers: behind a word that says number or id, a colon, or in brackets.
    ///
    /// Names of systems and versions stand in the same places: without such a word an account has a digit or a line in it.
    mutating func hideAccounts() {
        let isNamed =
            /(微信|wx|vx|v信|wechat|抖音|快手|小红书|支付宝)\s?(号|id|[账帐]号|账户)(码|是|为)?([:\s(]*)([a-z0-9_][a-z0-9_\-]{4,19})/
        let isGiven = /(微信|wx|vx|v信|wechat)\s?(:\s?|是|\(\s?)([a-z][a-z0-9_\-]{5,19})(?![a-z0-9._\-])/
        let isQQ = /(qq|扣扣)\s?群?(号码|号)?(是|为)?[:\s(]*([1-9][0-9]{4,10})(?!\.?[0-9])/
        hide { plain in
            plain.matches(of: isNamed).map(\.output)
                .filter {
                    Self.isAccount(plain[$0.5.range]) || !$0.4.isEmpty && !$0.4.allSatisfy(\.isWhitespace)
                        || $0.4.isEmpty
                }
                .map(\.5.range)
        }
        hide { plain in plain.matches(of: isGiven).map(\.output.3.range).filter { Self.isAccount(plain[$0]) } }
        hide { $0.matches(of: isQQ).map(\.output.4.range) }
    }

    private static func isAccount(_ name: Substring) -> Bool {
        name.contains { $0.isNumber || $0 == "_" || $0 == "-" }
            && name.prefixMatch(
                of:
                    /(android|iphone|ipad|ios|v\d|v?ersion|windows|mac|pc|harmony|huawei|miui|xiaomi|oppo|vivo|code|error|http)/
            ) == nil
    }

    // MARK: Mail addresses

    /// Signs of a name before the at sign, and of a host behind it, at the most (RFC 5321, 4.5.3.1).
    private static let (nameLimit, hostLimit) = (64, 255)

    /// Hides what stands around each at sign, as far as it can be an address.
    mutating func hideMailAddresses() {
        for at in signs.indices where signs[at] == "@" {
            var start = at
            while start > 0, at - start < Self.nameLimit, isOfName(signs[start - 1]) { start -= 1 }
            if start == at { start = chineseNameStart(before: at) }
            if start < at, let end = hostEnd(from: at + 1) { hide(start..<end) }
        }
    }

    private func isOfName(_ sign: Unicode.Scalar) -> Bool { sign.isPlain || "._%+-".unicodeScalars.contains(sign) }

    /// Where a name in Chinese before the at sign begins: two to four signs, and no verb before them.
    private func chineseNameStart(before at: Int) -> Int {
        let verbs = "是为叫到给箱址".unicodeScalars
        var start = at
        while start > 0, at - start < 4, signs[start - 1].properties.isIdeographic, !verbs.contains(signs[start - 1]) {
            start -= 1
        }
        return start
    }

    /// Where a host in ASCII ends, or one in Chinese under an ending that is in use.
    private func hostEnd(from start: Int) -> Int? {
        let limit = min(signs.count, start + Self.hostLimit)
        var end = start
        var lastDot: Int?
        while end < limit {
            if signs[end] == "." || signs[end] == "。" {
                guard end + 1 < limit, signs[end + 1].isPlain else { break }
                lastDot = end
            } else if !signs[end].isPlain, signs[end] != "-" {
                break
            }
            end += 1
        }
        while let dot = lastDot {
            let label = signs[(dot + 1)..<end]
            let letters = label.prefix { $0.isPlain && !$0.isDigit }.count
            if label.starts(with: "xn--".unicodeScalars) { return end }
            if letters >= 2 { return dot + 1 + letters }
            // `cn。1个月`: what follows this dot is a sentence.
            end = dot
            lastDot = signs[start..<end].lastIndex { $0 == "." || $0 == "。" }
        }
        let text = String(String.UnicodeScalarView(signs[start..<limit]))
        let host = text.prefixMatch(of: /[\p{Han}a-z0-9\-]{1,63}[.。](中国|公司|网络|网址|商城|集团)/)
        return host.map { start + $0.output.0.unicodeScalars.count }
    }

    // MARK: What is known

    /// Hides names, telephone numbers and mail addresses, however they are written here.
    mutating func hide(_ words: [String]) {
        for word in words.sorted(by: { $0.count > $1.count }) where word.count >= 2 {
            if let number = Telephone(word) {
                for digits in number.spoken {
                    // A short number is known, and its digits are everywhere.
                    let isShort = digits.count < 7
                    hide(Array(digits.unicodeScalars)) { !isShort && !$0.properties.isAlphabetic && !$0.isDigit }
                }
            }
            if let address = MailAddress(word) { hide(Array(address.description.unicodeScalars)) { _ in false } }
            hide(word.folded.unicodeScalars.filter { !Self.partsNames($0) }, skipping: Self.partsNames)
        }
    }

    /// Hides each place where these signs stand, with no more than three others between two of them.
    private mutating func hide(_ word: [Unicode.Scalar], skipping isSkipped: (Unicode.Scalar) -> Bool) {
        guard let first = word.first, let last = word.last else { return }
        var start = 0
        while start < signs.count {
            if Self.isSame(signs[start], first), let end = end(of: word, from: start, skipping: isSkipped),
                !Self.continues(start > 0 ? signs[start - 1] : nil, first),
                !Self.continues(end < signs.count ? signs[end] : nil, last)
            {
                hide(start..<end)
                start = end
            } else {
                start += 1
            }
        }
    }

    private func end(
        of word: [Unicode.Scalar], from start: Int, skipping isSkipped: (Unicode.Scalar) -> Bool
    ) -> Int? {
        var place = start
        for sign in word {
            var skipped = 0
            while place < signs.count, !Self.isSame(signs[place], sign), skipped < 3, isSkipped(signs[place]) {
                (place, skipped) = (place + 1, skipped + 1)
            }
            guard place < signs.count, Self.isSame(signs[place], sign) else { return nil }
            place += 1
        }
        return place
    }

    /// Blanks, dots and strokes within names, which people write or leave out.
    private static func partsNames(_ sign: Unicode.Scalar) -> Bool {
        sign.properties.isWhitespace || "·•・‧∙'’-".unicodeScalars.contains(sign)
    }

    /// An ideographic full stop is a dot in an address.
    private static func isSame(_ sign: Unicode.Scalar, _ wanted: Unicode.Scalar) -> Bool {
        sign == wanted || wanted == "." && sign == "。"
    }

    /// Whether a Latin word or a number goes on here: “An” is not meant by “Android”, nor 12315 by 2021123150.
    private static func continues(_ neighbour: Unicode.Scalar?, _ edge: Unicode.Scalar) -> Bool {
        if edge.isDigit { return neighbour?.isDigit == true }
        guard let neighbour, edge.value < 0x250, edge.properties.isAlphabetic else { return false }
        return neighbour.value < 0x250 && neighbour.properties.isAlphabetic
    }
}
