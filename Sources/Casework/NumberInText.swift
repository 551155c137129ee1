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

    /// With the digits of all scripts as ordinary ones, and Chinese numerals as digits where eleven or more of both stand
    /// together or with blanks and lines between, as nobody writes anything but a number.
    private static func withNumerals(_ signs: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var signs = signs.map { $0.decimal ?? $0 }
        var start = 0
        while start < signs.count {
            guard signs[start].isDigit || numerals[signs[start]] != nil else {
                start += 1
                continue
            }
            var (end, next, count) = (start, start, 0)
            while next < signs.count, next - end <= gapLimit {
                if signs[next].isDigit || numerals[signs[next]] != nil {
                    (end, count) = (next + 1, count + 1)
                } else if signs[next].properties.isAlphabetic {
                    break
                }
                next += 1
            }
            if count >= 11 { for place in start..<end { signs[place] = numerals[signs[place]] ?? signs[place] } }
            start = end
        }
        return signs
    }

    /// Numerals as they are written, spoken on the telephone (幺, 洞, 拐, 勾) and used in contracts.
    private static let numerals: [Unicode.Scalar: Unicode.Scalar] = {
        let digits = ["〇零○洞", "一幺壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒拐", "八捌", "九玖勾"]
        return digits.enumerated().reduce(into: [:]) { table, digit in
            for sign in digit.element.unicodeScalars { table[sign] = Unicode.Scalar(UInt8(0x30 + digit.offset)) }
        }
    }()

    // MARK: One number

    /// Digits of a number with its country code and extension.
    private static let lengths = 8...21

    /// Groups of digits in one number, and signs between two of them, at the most.
    ///
    /// A longer gap has to be made of one sign and blanks, such as a row of dots.
    private static let (groupLimit, gapLimit, rowLimit) = (20, 3, 12)

    /// The longest number that begins with a group: of how many groups it is made, and where it stands.
    private func number(from first: Int) -> (count: Int, range: Range<Int>)? {
        var last = first
        while last + 1 < groups.count, last - first < Self.groupLimit, isGap(groups[last], groups[last + 1]) {
            last += 1
        }
        for end in (first...last).reversed() where isNumber(first...end) {
            var range = groups[first].lowerBound..<groups[end].upperBound
            if digits(first...end).count == 17, let cross = cross(behind: range.upperBound) {
                range = range.lowerBound..<cross + 1
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
        guard !gap.contains(where: \.properties.isAlphabetic) else { return gap.elementsEqual(["转"]) }
        return gap.count <= Self.gapLimit
            || gap.count <= Self.rowLimit && Set(gap.filter { !$0.isBlank }).count <= 1
    }

    /// Whether the same blanks or lines part a few groups, as nobody parts a date from a version, or all digits.
    private func isEvenlyParted(_ range: ClosedRange<Int>) -> Bool {
        guard range.count <= 5 || groups[range].allSatisfy({ $0.count == 1 }) else { return false }
        let gaps = zip(groups[range], groups[range].dropFirst()).map { signs[$0.upperBound..<$1.lowerBound] }
        return gaps.allSatisfy { gap in
            gap.elementsEqual(gaps[0])
                && gap.allSatisfy { $0.isBlank || $0.properties.generalCategory == .dashPunctuation || $0 == "_" }
        }
    }

    /// Where the X of an identity number stands: right behind its digits, or apart from the next word too.
    private func cross(behind end: Int) -> Int? {
        let place = signs[end...].prefix(Self.gapLimit + 1).firstIndex { $0 == "x" }
        guard let place, signs[end..<place].allSatisfy({ $0.isBlank || $0 == "-" }) else { return nil }
        guard place + 1 < signs.count else { return place }
        let isWord = place == end ? signs[place + 1].isPlain : signs[place + 1].properties.isAlphabetic
        return isWord ? nil : place
    }

    private func digits(_ range: ClosedRange<Int>) -> String {
        String(String.UnicodeScalarView(groups[range].flatMap { signs[$0] }))
    }

    private func isNumber(_ range: ClosedRange<Int>) -> Bool {
        guard Self.lengths.contains(groups[range].reduce(0) { $0 + $1.count }) else { return false }
        let digits = digits(range)
        var sizes = groups[range].map(\.count)[...]
        if isPriceOrOrder(range) { return false }
        if isIdentity(digits, range) || isBankCard(digits, range) { return true }
        let isInternational = sign(before: groups[range.lowerBound].lowerBound) == "+" || beginsWithExit(range)
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
            return Self.mobile.contains(Array(sizes)) || isEvenlyParted(range)
        }
        let hasCode = national.count < digits.count
        return (hasCode || national.hasPrefix("0")) && isLandline(national, sizes, hasCode: hasCode, range)
    }

    /// Whether `00` is dialed before a country: not the hour of `00:30`, and no part of an address of a machine.
    private func beginsWithExit(_ range: ClosedRange<Int>) -> Bool {
        let first = groups[range.lowerBound]
        guard first.count >= 2, signs[first.lowerBound] == "0", signs[first.lowerBound + 1] == "0" else { return false }
        guard first.count == 2 else { return true }
        let next = first.upperBound < signs.count ? signs[first.upperBound] : nil
        return next.map { $0.isBlank || $0 == "-" } ?? false
    }

    /// Whether the last group is dialed behind a switchboard, and begins no number of its own.
    private func isExtension(_ range: ClosedRange<Int>) -> Bool {
        let (left, last) = (groups[range.upperBound - 1], groups[range.upperBound])
        let gap = signs[left.upperBound..<last.lowerBound].filter { !$0.isBlank }
        guard last.count <= 6, gap.count == 1, "-转x#".unicodeScalars.contains(gap[0]) else { return false }
        let next = range.upperBound + 1
        return next >= groups.count || !isGap(last, groups[next]) || groups[next].count < 7
    }

    /// How people part the eleven digits of a mobile number.
    private static let mobile: Set<[Int]> = [
        [11], [3, 4, 4], [3, 8], [7, 4], [4, 7], [4, 4, 3], [4, 3, 4], [3, 3, 5], [3, 5, 3], [5, 6], [6, 5],
        [1, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 1], [1, 2, 4, 4], [3, 2, 2, 2, 2], Array(repeating: 1, count: 11),
    ]

    /// How people part the seven or eight digits behind an area code.
    private static let local: Set<[Int]> = [
        [8], [7], [4, 4], [3, 4], [4, 3], [2, 2, 2, 2], [3, 2, 2], [2, 2, 3], [2, 3, 3], [3, 3, 2], [1, 3, 4],
        [4, 2, 2],
        Array(repeating: 1, count: 8), Array(repeating: 1, count: 7),
    ]

    /// An area code, alone or not, and the seven or eight digits of a telephone, with an extension or not.
    private func isLandline(
        _ digits: Substring, _ sizes: ArraySlice<Int>, hasCode: Bool, _ range: ClosedRange<Int>
    ) -> Bool {
        let area = digits.hasPrefix("0") ? 3...4 : 2...3
        let whole = area.lowerBound + 8...area.upperBound + 8
        if sizes.count == 1 { return whole.contains(digits.count) && Telephone((hasCode ? "+86" : "") + digits) != nil }
        guard let first = sizes.first else { return false }
        let rest = Array(sizes.dropFirst())
        if area.contains(first) {
            return Self.local.contains(rest) || Self.local.contains(Array(rest.dropLast())) && isExtension(range)
        }
        if sizes.allSatisfy({ $0 == 1 }) { return whole.contains(digits.count) && Telephone(String(digits)) != nil }
        return whole.contains(first) && rest.count == 1 && isExtension(range)
    }

    /// An identity number of the mainland (GB 11643): a place, a day of birth, three digits and a check digit or X; or one
    /// of fifteen digits, as they were until 1999, where the words before say so.
    private func isIdentity(_ digits: String, _ range: ClosedRange<Int>) -> Bool {
        let values = digits.utf8.map { Int($0) - 0x30 }
        if values.count == 15 {
            return Self.isDay(month: values[8] * 10 + values[9], day: values[10] * 10 + values[11])
                && isCalled(Self.identityWords, range)
        }
        let hasX = values.count == 17 && cross(behind: groups[range.upperBound].upperBound) != nil
        guard hasX || values.count == 18, [19, 20].contains(values[6] * 10 + values[7]), values[0] > 0,
            Self.isDay(month: values[10] * 10 + values[11], day: values[12] * 10 + values[13])
        else { return false }
        return groups[range].allSatisfy { $0.count > 2 } || isEvenlyParted(range)
            || isCalled(Self.identityWords, range)
    }

    private static let identityWords = ["身份证", "身份证号", "证件", "证件号"]

    private static func isDay(month: Int, day: Int) -> Bool { (1...12).contains(month) && (1...31).contains(day) }

    /// The number of a bank card (ISO/IEC 7812-1), where the words before say that it is one.
    private func isBankCard(_ digits: String, _ range: ClosedRange<Int>) -> Bool {
        (16...19).contains(digits.utf8.count)
            && isCalled(["银行卡", "信用卡", "储蓄卡", "借记卡", "卡号", "银行账号", "银行帐号"], range)
    }

    /// Whether one of these words is right before a number: 身份证号码是, 证件号：, 银行卡（, 卡号.
    private func isCalled(_ words: [String], _ range: ClosedRange<Int>) -> Bool {
        let start = groups[range.lowerBound].lowerBound
        let before = signs[max(0, start - 10)..<start]
        let end = before.lastIndex { !"码是为:( ".unicodeScalars.contains($0) }.map { $0 + 1 } ?? before.startIndex
        let name = String(String.UnicodeScalarView(before[..<end]))
        return words.contains { name.hasSuffix($0) }
    }

    /// Whether eleven digits are called an order or an amount.
    private func isPriceOrOrder(_ range: ClosedRange<Int>) -> Bool {
        let (start, end) = (groups[range.lowerBound].lowerBound, groups[range.upperBound].upperBound)
        let before = String(String.UnicodeScalarView(signs[max(0, start - 10)..<start]))
        let after = String(String.UnicodeScalarView(signs[end...].prefix(4)))
        return before.firstMatch(
            of: /((订单|运单|快递单|交易单|流水)(编?号|号码)?|[单编]号|order( ?(no|number|id)\.?)?|[¥￥$])[是为:#\s]{0,3}$/) != nil
            || after.prefixMatch(of: /(\.\d+)?\s?(元($|[^旦宵月])|块钱|rmb)/) != nil
    }
}

extension Unicode.Scalar {
    /// Whether it is one of the ten ordinary digits.
    var isDigit: Bool { (0x30...0x39).contains(value) }

    /// The ordinary digit for a decimal digit of any script.
    var decimal: Unicode.Scalar? {
        guard !isASCII, properties.numericType == .decimal, let value = properties.numericValue else { return nil }
        return Unicode.Scalar(UInt8(0x30 + Int(value)))
    }
}
