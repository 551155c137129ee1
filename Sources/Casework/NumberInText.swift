/// Telephone and identity numbers in a story, however their digits are parted.
struct NumberInText {
    private let signs: [Unicode.Scalar]
    /// The digits that stand together, as places in the text.
    private let groups: [Range<Int>]

    /// The places of all numbers that tell who someone is, in their order.
    static func all(in signs: [Unicode.Scalar]) -> [Range<Int>] {
        let text = NumberInText(signs)
        var found: [Range<Int>] = []
        var group = 0
        while group < text.groups.count {
            if let (count, range) = text.number(from: group) {
                found.append(range)
                group += count
            } else {
                group += 1
            }
        }
        return found
    }

    private init(_ signs: [Unicode.Scalar]) {
        let signs = Self.withNumerals(signs)
        var groups: [Range<Int>] = []
        for (place, sign) in signs.enumerated() where sign.isDigit {
            if let last = groups.last, last.upperBound == place {
                groups[groups.count - 1] = last.lowerBound..<place + 1
            } else {
                groups.append(place..<place + 1)
            }
        }
        (self.signs, self.groups) = (signs, groups)
    }

    /// With Chinese numerals as digits where eleven or more stand together, as nobody writes anything but a number.
    private static func withNumerals(_ signs: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let values: [Unicode.Scalar: Unicode.Scalar] = [
            "〇": "0", "零": "0", "一": "1", "幺": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7",
            "八": "8", "九": "9",
        ]
        var signs = signs
        var start = 0
        while start < signs.count {
            var end = start
            while end < signs.count, values[signs[end]] != nil { end += 1 }
            if end - start >= 11 { for place in start..<end { signs[place] = values[signs[place]] ?? signs[place] } }
            start = max(end, start + 1)
        }
        return signs
    }

    // MARK: One number

    /// Digits of a number with its country code and extension.
    private static let lengths = 8...21

    /// Groups of digits in one number, and signs between two of them, at the most.
    private static let (groupLimit, gapLimit) = (20, 3)

    /// The longest number that begins with a group: of how many groups it is made, and where it stands.
    private func number(from first: Int) -> (count: Int, range: Range<Int>)? {
        var last = first
        while last + 1 < groups.count, last - first < Self.groupLimit, isGap(groups[last], groups[last + 1]) {
            last += 1
        }
        for end in (first...last).reversed() where isNumber(first...end) {
            var range = groups[first].lowerBound..<groups[end].upperBound
            if range.upperBound < signs.count, signs[range.upperBound] == "x", digits(first...end).count == 17 {
                range = range.lowerBound..<range.upperBound + 1
            }
            while range.upperBound < signs.count, signs[range.upperBound].properties.generalCategory == .enclosingMark {
                range = range.lowerBound..<range.upperBound + 1
            }
            let isInBrackets = signs[range].contains(")") && !signs[range].contains("(")
            while let before = sign(before: range.lowerBound), before == "+" || before == "(" && isInBrackets {
                range = range.lowerBound - 1..<range.upperBound
            }
            return (end - first + 1, range)
        }
        return nil
    }

    private func sign(before place: Int) -> Unicode.Scalar? { place > 0 ? signs[place - 1] : nil }

    /// Whether what stands between two groups of digits may be within a number: a few signs, and no letter.
    private func isGap(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        let gap = signs[left.upperBound..<right.lowerBound]
        return gap.count <= Self.gapLimit && (!gap.contains { $0.properties.isAlphabetic } || gap.elementsEqual(["转"]))
    }

    private func digits(_ range: ClosedRange<Int>) -> String {
        String(String.UnicodeScalarView(groups[range].flatMap { signs[$0] }))
    }

    private func isNumber(_ range: ClosedRange<Int>) -> Bool {
        guard Self.lengths.contains(groups[range].reduce(0) { $0 + $1.count }) else { return false }
        let digits = digits(range)
        var sizes = groups[range].map(\.count)[...]
        if isIdentity(digits, groups[range.upperBound].upperBound, Array(sizes)) { return true }
        let isInternational = sign(before: groups[range.lowerBound].lowerBound) == "+" || digits.hasPrefix("00")
        if isInternational, !digits.drop(while: { $0 == "0" }).hasPrefix("86") {
            return digits.count >= 8 && Telephone("+" + digits) != nil
        }
        var national = digits[...]
        for code in ["0086", "086", "86"] where digits.hasPrefix(code) && (sizes.first ?? 0) != 11 {
            national = digits.dropFirst(code.count)
            let rest = sizes.removeFirst() - code.count
            guard rest >= 0 else { return false }
            if rest > 0 { sizes = [rest] + sizes }
            if national.hasPrefix("0"), sizes.first == 1 {
                (national, sizes) = (national.dropFirst(), sizes.dropFirst())
            }
            break
        }
        if Telephone.isMobile(national) {
            return Self.mobile.contains(Array(sizes)) && !isPriceOrOrder(range)
        }
        let hasCode = national.count < digits.count
        return (hasCode || national.hasPrefix("0")) && isLandline(national, sizes, hasCode: hasCode)
    }

    /// How people part the eleven digits of a mobile number.
    private static let mobile: Set<[Int]> = [
        [11], [3, 4, 4], [3, 8], [7, 4], [4, 4, 3], [4, 3, 4], [3, 3, 5], [3, 5, 3], [5, 6], [6, 5],
        [1, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 1], [1, 2, 4, 4], [3, 2, 2, 2, 2], Array(repeating: 1, count: 11),
    ]

    /// An area code, alone or not, and the seven or eight digits of a telephone, with an extension or not.
    private func isLandline(_ digits: Substring, _ sizes: ArraySlice<Int>, hasCode: Bool) -> Bool {
        let area = digits.hasPrefix("0") ? 3...4 : 2...3
        let local: Set<[Int]> = [[8], [7], [4, 4], [3, 4], [4, 3]]
        let whole = area.lowerBound + 8...area.upperBound + 8
        if sizes.count == 1 { return whole.contains(digits.count) && Telephone((hasCode ? "+86" : "") + digits) != nil }
        guard let first = sizes.first else { return false }
        let rest = Array(sizes.dropFirst())
        if area.contains(first) {
            return local.contains(rest) || local.contains(Array(rest.dropLast())) && (rest.last ?? 9) <= 6
        }
        return whole.contains(first) && rest.count == 1 && (rest.first ?? 9) <= 6
    }

    /// An identity number of the mainland (GB 11643): a place, a day of birth, three digits and a check digit or X.
    private func isIdentity(_ digits: String, _ end: Int, _ sizes: [Int]) -> Bool {
        let hasX = digits.count == 17 && end < signs.count && signs[end] == "x"
        guard hasX || digits.count == 18, sizes.allSatisfy({ $0 > 2 }) else { return false }
        return digits.wholeMatch(of: /[1-9]\d{5}(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3,4}/) != nil
    }

    /// Whether eleven digits in a row are called an order or an amount.
    private func isPriceOrOrder(_ range: ClosedRange<Int>) -> Bool {
        guard range.count == 1, let group = groups[range].first else { return false }
        let before = String(String.UnicodeScalarView(signs[max(0, group.lowerBound - 10)..<group.lowerBound]))
        let after = String(String.UnicodeScalarView(signs[group.upperBound...].prefix(4)))
        return before.firstMatch(of: /((订单|单|编|流水)号?|order( ?(no|number|id)\.?)?|[¥￥$])[是为:#\s]{0,3}$/) != nil
            || after.prefixMatch(of: /(\.\d+)?\s?(元($|[^旦宵月])|块钱|rmb)/) != nil
    }
}

extension Unicode.Scalar {
    /// Whether it is one of the ten ordinary digits.
    var isDigit: Bool { (0x30...0x39).contains(value) }
}
