import Foundation

/// One web address in a text, from its scheme to where it ends.
struct AddressScan {
    private let scalars: [Unicode.Scalar]
    private let suffixes: PublicSuffixes
    /// Where the text goes on after it.
    private(set) var end: Int
    private var written = String.UnicodeScalarView()
    private var isBroken = false
    private var isQuery = false
    private var openBraces = 0
    /// Whether letters of another script follow right behind a slash or an equals sign, and may be part of the page.
    private(set) var isCut: Cut?
    /// The host was written with ideographic full stops, as some input methods have them.
    private var hasIdeographicStops = false

    /// Where an address was cut off before letters of another script.
    enum Cut { case path, value }

    /// The address in ordinary letters; `nil` where what was pasted can be none.
    var address: String? { isBroken ? nil : String(written) }

    /// - Returns: `nil` where no scheme begins at `start`.
    init?(_ scalars: [Unicode.Scalar], at start: Int, _ suffixes: PublicSuffixes) {
        guard var after = Self.schemeEnd(scalars, start) else { return nil }
        (self.scalars, self.suffixes) = (scalars, suffixes)
        var begin = start
        // A scheme before a scheme is a slip of pasting: the inner address is meant.
        while let inner = Self.schemeEnd(scalars, after) { (begin, after) = (after, inner) }
        end = after
        written.append(contentsOf: scalars[begin..<after].map(\.inNormalWidth))
        guard scanAuthority() else { return }
        scanTail()
        isCut = cut
        dropSentenceEnd()
    }

    /// What may have been cut off.
    ///
    /// `/搜索` may be a page, or a sentence behind a slash. `?q=手机` is a value, since nobody copies a parameter without one;
    /// `?q=iphone手机` is one where no digit says that the value was an identifier.
    private var cut: Cut? {
        guard end < scalars.count, !scalars[end].isASCII, !scalars[end].isBlank, !written.isEmpty else { return nil }
        let isLetter = scalars[end].isWordPart
        switch written.last {
        case "/": return isLetter ? .path : nil
        case "=": return isQuery ? .value : .path
        case "-", "_": return isLetter ? .path : nil
        default:
            guard isQuery, isLetter, let sign = written.lastIndex(of: "=") else { return nil }
            let value = written[written.index(after: sign)...]
            return value.allSatisfy { $0.properties.isAlphabetic } ? .value : nil
        }
    }

    private static func schemeEnd(_ scalars: [Unicode.Scalar], _ start: Int) -> Int? {
        guard start < scalars.count, ["h", "H"].contains(scalars[start].inNormalWidth) else { return nil }
        for scheme in ["https://", "http://"] {
            let end = start + scheme.utf8.count
            guard end <= scalars.count else { continue }
            let isThere = zip(scalars[start..<end], scheme.unicodeScalars).allSatisfy { found, wanted in
                let sign = found.inNormalWidth.value
                return sign == wanted.value || (0x41...0x5A).contains(sign) && sign + 32 == wanted.value
            }
            if isThere { return end }
        }
        return nil
    }

    private func scalar(_ index: Int) -> Unicode.Scalar? { index < scalars.count ? scalars[index].inNormalWidth : nil }

    // MARK: Host and port

    private func isOfHost(_ index: Int) -> Bool {
        let sign = scalars[index].inNormalWidth
        return sign.isWordPart || sign.isDot || "-_%".unicodeScalars.contains(sign)
    }

    /// - Returns: Whether a path or a query follows.
    private mutating func scanAuthority() -> Bool {
        let signs = "!$&'()*+,;=~:@[]".unicodeScalars
        var stop = end
        var inner: Int?
        while stop < scalars.count {
            let isPart = isOfHost(stop) || signs.contains(scalars[stop]) || scalars[stop] == "＠" || scalars[stop] == "："
            guard isPart else { break }
            inner = Self.schemeEnd(scalars, stop)
            if inner != nil { break }
            stop += 1
        }
        var start = end
        if let at = scalars[end..<stop].lastIndex(where: { $0.inNormalWidth == "@" }) {
            let isASCII = scalars[end..<at].allSatisfy { $0.isASCII && $0 != "[" && $0 != "]" }
            written.append(contentsOf: "user@".unicodeScalars)
            start = at + 1
            // Nobody can tell prose with a mail address from a user's name before a host.
            isBroken = !isASCII
        }
        end = start
        if scalar(start) == "[" { return scanLiteral(until: stop) }
        var last = start
        while last < stop, isOfHost(last) { last += 1 }
        return scanHost(start..<last, isBeforeScheme: inner != nil && last == stop)
    }

    /// An address of the sixth version, in brackets.
    private mutating func scanLiteral(until stop: Int) -> Bool {
        guard let close = scalars[end..<stop].firstIndex(of: "]") else { return fail() }
        written.append(contentsOf: scalars[end...close])
        end = close + 1
        return scanPort()
    }

    private mutating func scanHost(_ range: Range<Int>, isBeforeScheme: Bool) -> Bool {
        // No host has more than 253 signs (RFC 1035, 2.3.4); the rest is a sentence, and looking at all of it takes long.
        let text = scalars[range].prefix(512)
        let host = HostEnd(text, isContinued: isContinued(at: range.upperBound), suffixes)
        if isBeforeScheme, !host.isKnown {
            // `https://www.https://…`: the inner address is meant.
            isBroken = true
            end = range.upperBound
            return false
        }
        hasIdeographicStops = scalars[range].prefix(host.length).contains(where: \.isIdeographicStop)
        written.append(contentsOf: host.name.unicodeScalars)
        end = range.lowerBound + host.length
        guard end == range.upperBound, !isBeforeScheme else { return false }
        if isBlankWithin(range, host) { return fail() }
        return scanPort(isKnown: host.isKnown)
    }

    /// Whether a path, a query or a port begins there.
    private func isContinued(at index: Int) -> Bool {
        switch scalar(index) {
        case "/": true
        case "?", "#": continuation(at: index) != nil
        case ":": scalar(index + 1).map { $0 == "/" || (0x30...0x39).contains($0.value) } == true
        default: false
        }
    }

    /// - Parameter isKnown: Whether the host ends with a top-level domain, so that any sign may follow.
    /// - Returns: Whether a path or a query follows.
    private mutating func scanPort(isKnown: Bool = true) -> Bool {
        guard let next = scalar(end) else { return false }
        if next == ":" {
            guard scanPortDigits() else { return false }
        } else if !isKnown, !Self.endsUnknownHost(scalars[end]) {
            return fail()
        }
        guard let next = scalar(end) else { return false }
        if next == "/" { return true }
        if next == "?" || next == "#" { return continuation(at: end) != nil }
        let glue = scalars[end...].prefix { "\\~*^|$+=&`".unicodeScalars.contains($0) || $0.isControl && !$0.isBlank }
        if !glue.isEmpty, scalar(glue.endIndex)?.isPlain == true, !isEscape(end) { return fail() }
        return false
    }

    private mutating func scanPortDigits() -> Bool {
        let digits = scalars[(end + 1)...].prefix(10).map(\.inNormalWidth).prefix { (0x30...0x39).contains($0.value) }
        let after = end + 1 + digits.count
        let next = scalar(after)
        let isEnd = next == nil || next == "/" || next == "?" || next == "#" || scalars[after].isBlank
        if digits.isEmpty, next?.isPlain != true { return skipColon(isEmptyPort: next == "/") }
        // `：618活动` is prose; `:8080` is a port.
        if scalars[end] != ":", !isEnd { return false }
        if next?.isPlain == true || next == "." && scalar(after + 1)?.isPlain == true { return fail() }
        written.append(":")
        written.append(contentsOf: digits)
        end = after
        return true
    }

    private mutating func skipColon(isEmptyPort: Bool) -> Bool {
        if isEmptyPort { end += 1 }
        return isEmptyPort
    }

    /// A host whose ending is unknown may be a stump of something else: only a blank or punctuation ends it.
    private static func endsUnknownHost(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isBlank || "/?#:".unicodeScalars.contains(scalar.inNormalWidth) { return true }
        switch scalar.properties.generalCategory {
        case .otherPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .dashPunctuation:
            return !"*\\".unicodeScalars.contains(scalar)
        default: return scalar == "<" || scalar == ">"
        }
    }

    /// Whether a blank, a line end or a control sign got into the host: `item.taobao .com`, `item.tao bao.com/x`.
    private func isBlankWithin(_ range: Range<Int>, _ host: HostEnd) -> Bool {
        var index = range.upperBound
        while index < scalars.count, scalars[index].isBlank || scalars[index].isControl { index += 1 }
        guard index > range.upperBound, index < scalars.count else { return false }
        let rest = scalars[index...].prefix(100)
        let part = rest.prefix { $0.inNormalWidth.isPlain || $0.isDot || $0.inNormalWidth == "-" }
        guard let first = part.first else { return false }
        if !scalars[range.upperBound].isBlank { return true }
        if first.isDot { return part.count > 1 }
        let next = scalar(index + part.count)
        let isName = next == nil || next == "/" || next == "?" || next == "#" || next == ":"
        let isSingle = !part.contains(where: \.isDot)
        let joined = Array(scalars[range]) + Array(part)
        let whole = HostEnd(joined[...], isContinued: false, suffixes)
        let isJoined = whole.isKnown && whole.length == joined.count
        let endsWithDot = scalars[range.upperBound - 1].isDot
        if host.isKnown { return isSingle && isName && isJoined && (!endsWithDot || next == "/") }
        return isJoined
    }

    private mutating func fail() -> Bool {
        isBroken = true
        // What follows belongs to it, too: nothing in it is taken for an address of its own.
        scanTail()
        return false
    }

    // MARK: Path, query and fragment

    private mutating func scanTail() {
        while end < scalars.count {
            if Self.schemeEnd(scalars, end) != nil, !isBroken, !isWithinAddress { return }
            guard let found = continuation(at: end) else {
                // Where an input method made the dots of the host, nobody can tell a dot of the path from a full stop.
                let isInside =
                    scalars[end].isControl && !scalars[end].isBlank || scalars[end] == "\\"
                    || scalars[end].isIdeographicStop && hasIdeographicStops
                if isInside, end + 1 < scalars.count, scalar(end + 1)?.isPlain == true, !isEscape(end) {
                    isBroken = true
                    end += 1
                    continue
                }
                return
            }
            for sign in found {
                if sign == "?" { isQuery = true }
                if sign == "#" { isQuery = false }
                if sign == "{" { openBraces += 1 }
                if sign == "}" { openBraces -= 1 }
            }
            written.append(contentsOf: found)
            end += found.count
        }
    }

    /// Whether a scheme that begins here is part of the address, as in `/https://…` and `?url=https://…`.
    ///
    /// Behind a letter, a comma or a bracket another address begins.
    private var isWithinAddress: Bool {
        guard let last = written.last else { return false }
        return "/=?&#:@!-_.~$+*%".unicodeScalars.contains(last)
    }

    /// `\n` and the like, as programs write a line end.
    private func isEscape(_ index: Int) -> Bool {
        guard scalars[index] == "\\", let next = scalar(index + 1) else { return false }
        return "nrt".unicodeScalars.contains(next) && scalar(index + 2)?.isPlain != true
    }

    /// The next signs of the address, in ordinary width; `nil` where it ends.
    private func continuation(at index: Int) -> [Unicode.Scalar]? {
        let sign = scalars[index]
        switch sign.value {
        case 0x21...0x7E: return ascii(sign, index)
        // Full-width letters, digits, stop, stroke and lines go on with an address.
        case 0xFF0D...0xFF0F, 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF3F, 0xFF41...0xFF5A: return [sign.inNormalWidth]
        case 0xFF03, 0xFF05, 0xFF06, 0xFF1D, 0xFF1F: return fullWidth(sign.inNormalWidth, index)
        case 0x3002, 0xFF61: return isDotOfPath(index) ? ["."] : nil
        // Dashes and the apostrophe within a name, as in titles of articles.
        case 0x2010...0x2013, 0x2019:
            return written.last?.isPlain == true && scalar(index + 1)?.isPlain == true ? [sign] : nil
        default:
            if Self.continuesPath(sign) { return [sign] }
            return isQuery ? foreignValue(index) : nil
        }
    }

    private func ascii(_ sign: Unicode.Scalar, _ index: Int) -> [Unicode.Scalar]? {
        switch sign {
        case "<", ">", "\\", "`": return nil
        case "\"": return openBraces > 0 && isQuery ? [sign] : nil
        case "{", "}", "|", "^":
            let next = scalar(index + 1)
            let isInside =
                next?.isPlain == true || isQuery && next.map { $0.isASCII && !$0.isBlank && $0 != "<" } == true
            return isInside && Self.schemeEnd(scalars, index + 1) == nil ? [sign] : nil
        default: return [sign]
        }
    }

    /// Letters of scripts that are written with blanks between words: Latin with its marks, Greek, Cyrillic, Arabic.
    ///
    /// Without a blank they are part of the path. Chinese, Japanese and Thai have no blanks, so prose is glued to an
    /// address; Korean has blanks, but puts particles right behind a word (`…/abc에서`). These end the address.
    private static func continuesPath(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xC0...0xDFF, 0x10A0...0x10FF, 0x1E00...0x1FFF: scalar.isWordPart
        default: false
        }
    }

    /// What an input method made of `?`, `&`, `=`, `%` and `#`: part of the address where a parameter follows.
    private func fullWidth(_ sign: Unicode.Scalar, _ index: Int) -> [Unicode.Scalar]? {
        let isPart: Bool
        switch sign {
        case "?", "&": isPart = isParameter(index + 1) && (sign == "?" || isQuery)
        case "=": isPart = isQuery && scalar(index + 1).map { $0.isPlain || $0 == "%" } == true
        case "%": isPart = [1, 2].allSatisfy { scalar(index + $0)?.properties.isASCIIHexDigit == true }
        default: isPart = scalar(index + 1) == "!" || scalar(index + 1) == "/"
        }
        return isPart ? [sign] : nil
    }

    /// Whether `name=` follows.
    private func isParameter(_ index: Int) -> Bool {
        let name = scalars[min(index, scalars.count)...].prefix(60).prefix {
            $0.inNormalWidth.isPlain || "_-.$".unicodeScalars.contains($0.inNormalWidth)
        }
        return !name.isEmpty && scalar(index + name.count) == "="
    }

    /// Whether an ideographic full stop is a dot: an ending of pages follows.
    private func isDotOfPath(_ index: Int) -> Bool {
        guard !isQuery else { return false }
        let ending = scalars[(index + 1)...].prefix(6).map(\.inNormalWidth).prefix(while: \.isPlain)
        return ["htm", "html", "shtml", "php", "jsp", "asp", "aspx", "do"].contains(
            String(String.UnicodeScalarView(ending)).lowercased())
    }

    /// A value in another script that some browsers copy as it is shown, where the next parameter proves that it is one.
    private func foreignValue(_ index: Int) -> [Unicode.Scalar]? {
        let value = scalars[index...].prefix(100).prefix { sign in
            sign.isWordPart || "%+-_.".unicodeScalars.contains(sign)
                || !sign.isASCII && !sign.isBlank && !Self.endsSentence(sign)
        }
        guard !value.isEmpty, index + value.count < scalars.count, scalars[index + value.count] == "&",
            isParameter(index + value.count + 1)
        else { return nil }
        return Array(value)
    }

    // MARK: What ends a sentence

    private mutating func dropSentenceEnd() {
        // `/..` is a way up, and no sentence.
        while let last = written.last, !written.suffix(3).elementsEqual("/..".unicodeScalars),
            Self.endsSentence(last, in: written)
        {
            written.removeLast()
            end -= 1
        }
    }

    /// Whether it ends a sentence in Chinese, so that what follows is no value.
    private static func endsSentence(_ scalar: Unicode.Scalar) -> Bool { "。，；！？、".unicodeScalars.contains(scalar) }

    private static func endsSentence(_ scalar: Unicode.Scalar, in text: String.UnicodeScalarView) -> Bool {
        switch scalar {
        case ")": text.count { $0 == "(" } < text.count { $0 == ")" }
        case "]": text.count { $0 == "[" } < text.count { $0 == "]" }
        case "}": text.count { $0 == "{" } < text.count { $0 == "}" }
        case ",", ".", ";", "!", "?", "'", ":", "*", "~", "|", "\"": true
        default: false
        }
    }
}
