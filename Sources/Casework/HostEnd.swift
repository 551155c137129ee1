import Foundation

/// Where a host ends in the letters, digits and dots after a scheme.
///
/// It ends with the last label, or beginning of a label, that is a top-level domain: `www.taobao.com打不开。请处理`. Where
/// none is, the whole name is the host, since its ending may be one that the list does not know: `invented.example`.
struct HostEnd {
    /// Its labels, with ordinary full stops between.
    let name: String
    /// How many scalars of the text belong to it.
    let length: Int
    /// Whether it ends with a top-level domain.
    let isKnown: Bool

    private struct Label {
        var start: Int
        /// In ordinary width.
        var scalars: [Unicode.Scalar]
        /// Whether the sign before it may be the end of a sentence.
        var isAfterStop: Bool

        var text: String { String(String.UnicodeScalarView(scalars)) }
        var isASCII: Bool { scalars.allSatisfy(\.isASCII) }
    }

    /// No label has more, and no top-level domain comes near it.
    private static let longest = 63
    /// Endings that no registry has or will have (RFC 2606, RFC 6762, RFC 7686, RFC 8375), and those of inner networks.
    private static let reserved: Set<String> = [
        "example", "test", "invalid", "localhost", "local", "onion", "internal", "intranet", "lan", "home", "corp",
    ]

    /// Endings that follow a name which is one itself, as in `taobao.com`, and begin no sentence.
    private static let common: Set<String> = ["com", "cn", "net", "org", "hk", "tw"]

    /// - Parameters:
    ///   - text: Letters, digits, hyphens and full stops.
    ///   - isContinued: Whether a path, a query or a port follows.
    ///   - suffixes: Tells top-level domains.
    init(_ text: ArraySlice<Unicode.Scalar>, isContinued: Bool, _ suffixes: PublicSuffixes) {
        var labels = Self.labels(text)
        while labels.count > 1, labels.last?.scalars.isEmpty == true { labels.removeLast() }
        if let (index, end) = Self.endBeforeSentence(labels, suffixes) {
            self.init(labels, index, end)
            return
        }
        for index in labels.indices.reversed() where index > 0 {
            let isLast = index == labels.count - 1
            guard let end = Self.top(labels[index], isLast: isLast, isContinued: isContinued, suffixes) else {
                continue
            }
            if Self.isProse(labels, index, end, suffixes) { continue }
            let isPart = end < labels[index].scalars.count
            if !isLast, !Self.isFollowedByProse(labels, index, isPart: isPart, isContinued) { continue }
            self.init(labels, index, end, whole: isLast && !isPart ? text.count : nil)
            return
        }
        self.init(unknown: labels, of: text)
    }

    /// `whole` is the length of a text that is a name from its beginning to its end; a dot there is part of it.
    private init(_ labels: [Label], _ index: Int, _ end: Int, whole: Int? = nil) {
        let last = String(String.UnicodeScalarView(labels[index].scalars[..<end]))
        self.init(
            name: (labels[..<index].map(\.text) + [last]).joined(separator: "."),
            length: whole ?? labels[index].start + end, isKnown: true)
    }

    private init(name: String, length: Int, isKnown: Bool) {
        (self.name, self.length, self.isKnown) = (name, length, isKnown)
    }

    /// No top-level domain is there: the whole name, but for prose in other letters behind a name in ASCII.
    private init(unknown labels: [Label], of text: ArraySlice<Unicode.Scalar>) {
        let start = text.prefix { $0.inNormalWidth.isASCII || $0.isDot }
        let kept = Self.labels(start).filter { !$0.scalars.isEmpty }
        if kept.count > 1, let end = kept.last, Self.isProse(behind: end, labels) {
            self.init(
                name: kept.map(\.text).joined(separator: "."), length: end.start + end.scalars.count, isKnown: false)
        } else {
            self.init(name: labels.map(\.text).joined(separator: "."), length: text.count, isKnown: false)
        }
    }

    /// Whether the text behind the part in ASCII is prose: it ends in other letters, or goes on with a sentence.
    private static func isProse(behind end: Label, _ labels: [Label]) -> Bool {
        guard let last = labels.last else { return false }
        return !last.isASCII || reserved.contains(end.text.lowercased()) && end.start < last.start
            || labels.contains { $0.isAfterStop && $0.start > end.start }
    }

    private static func labels(_ text: ArraySlice<Unicode.Scalar>) -> [Label] {
        var labels = [Label(start: 0, scalars: [], isAfterStop: false)]
        for (place, scalar) in text.enumerated() {
            if scalar.isDot {
                labels.append(Label(start: place + 1, scalars: [], isAfterStop: scalar.isIdeographicStop))
            } else {
                labels[labels.count - 1].scalars.append(scalar.inNormalWidth)
            }
        }
        return labels
    }

    /// How many scalars at the beginning of a label are a top-level domain; all of them, if they can be.
    private static func top(
        _ label: Label, isLast: Bool, isContinued: Bool, _ suffixes: PublicSuffixes
    ) -> Int? {
        let scalars = label.scalars
        func isTop(_ count: Int) -> Bool {
            suffixes.isTop(String(String.UnicodeScalarView(scalars[..<count])))
        }
        if !scalars.isEmpty, scalars.count <= longest, isTop(scalars.count) { return scalars.count }
        guard let first = scalars.first else { return nil }
        if !first.isASCII {
            return (1..<min(scalars.count, longest)).reversed().first(where: isTop)
        }
        let isEncoded = label.text.lowercased().hasPrefix("xn--")
        let run = scalars.prefix { isEncoded ? $0.isPlain || $0 == "-" : $0.isPlain && $0.properties.isAlphabetic }
            .count
        guard run <= longest else { return nil }
        if run < scalars.count, isTop(run) {
            // `com%2eevil` is one name; `com%E6%89%93` is prose that a program escaped.
            if scalars[run] == "%",
                !scalars[(run + 1)...].prefix(1).allSatisfy({ "89abcdefABCDEF".unicodeScalars.contains($0) })
            {
                return nil
            }
            // `com打不开` is glued anywhere; `com618` and `com-x` only at the end: `cn-north.example` is a name.
            return !scalars[run].isASCII || isLast && !isContinued ? run : nil
        }
        guard isLast, !isContinued, label.isASCII else { return nil }
        // `comPlease`: a sentence that begins right behind the host.
        let small = scalars.prefix { $0.properties.isLowercase }.count
        guard small < scalars.count - 1, scalars[small].properties.isUppercase, isTop(small) else { return nil }
        return scalars[small + 1].properties.isLowercase ? small : nil
    }

    /// Where a host ends before a sentence that names other hosts: `taobao.com打不开。www.jd.com也是`.
    ///
    /// What follows `com打不开` or `com。` has to be no suffix in which that label could have been registered.
    private static func endBeforeSentence(
        _ labels: [Label], _ suffixes: PublicSuffixes
    ) -> (index: Int, end: Int)? {
        for index in labels.indices.dropFirst().dropLast() {
            let (label, next) = (labels[index], labels[index + 1])
            let isComplete = isComplete(labels, index, suffixes)
            let found =
                top(label, isLast: false, isContinued: true, suffixes) ?? (isComplete ? label.scalars.count : nil)
            guard let end = found else { continue }
            let rest = labels[(index + 1)...]
            let suffix = rest.map(\.text).joined(separator: ".").lowercased()
            if suffixes.isTop(suffix) || suffixes.isSuffix(WebHost.ascii(suffix) ?? suffix) { continue }
            let isSentence = rest.contains { $0.isAfterStop || $0.text == "www" }
            if end < label.scalars.count {
                if isSentence, !suffixes.isTop(next.text) { return (index, end) }
                continue
            }
            guard next.isAfterStop else { continue }
            if let ending = top(next, isLast: false, isContinued: true, suffixes),
                goesOn(label, with: next.scalars[..<ending], suffixes)
            {
                continue
            }
            let isNoName = next.scalars.first?.isASCII == false || next.text == "www"
            if isNoName || !label.isAfterStop { return (index, end) }
        }
        return nil
    }

    /// Whether a label that begins like a top-level domain is a sentence behind a host that has ended: `jd.com。网络不通`.
    private static func isProse(_ labels: [Label], _ index: Int, _ end: Int, _ suffixes: PublicSuffixes) -> Bool {
        let (label, before) = (labels[index], labels[index - 1])
        guard index > 1, isComplete(labels, index - 1, suffixes) else { return false }
        if goesOn(before, with: label.scalars[..<end], suffixes) { return false }
        let isWhole = end == label.scalars.count
        return label.isAfterStop || !isWhole && label.scalars.first?.isASCII == false
    }

    /// Whether a host may end with this label: a top-level domain, or an ending that no registry has, or four numbers.
    private static func isComplete(_ labels: [Label], _ index: Int, _ suffixes: PublicSuffixes) -> Bool {
        let text = labels[index].text.lowercased()
        if suffixes.isTop(text) || reserved.contains(text) { return true }
        return index == 3 && labels[...3].allSatisfy { $0.text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// Whether the next label makes a longer ending, as in `com.cn`, or shows that this one was a name, as in `taobao.com`.
    private static func goesOn(
        _ label: Label, with next: ArraySlice<Unicode.Scalar>, _ suffixes: PublicSuffixes
    ) -> Bool {
        let (label, next) = (label.text.lowercased(), String(String.UnicodeScalarView(next)).lowercased())
        return suffixes.isSuffix("\(label).\(next)") || common.contains(next) && !common.contains(label)
    }

    /// Whether the text behind a top-level domain is prose, and not the rest of a longer name that the list does not
    /// know.
    private static func isFollowedByProse(
        _ labels: [Label], _ index: Int, isPart: Bool, _ isContinued: Bool
    ) -> Bool {
        let next = labels[index + 1]
        if isPart || next.isAfterStop && next.scalars.first?.isASCII == false { return true }
        if reserved.contains(labels[labels.count - 1].text.lowercased()) { return false }
        if next.isAfterStop { return true }
        let start = String(String.UnicodeScalarView(next.scalars.prefix { $0.isASCII }))
        if start.isEmpty { return !WebHost.isMixedScript(next.text) }
        return !isContinued && !reserved.contains(start.lowercased())
    }
}
