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
        for index in labels.indices.reversed() where index > 0 {
            let isLast = index == labels.count - 1
            guard let end = Self.top(labels[index], isLast: isLast, isContinued: isContinued, suffixes) else {
                continue
            }
            if Self.isProse(labels, index, end, suffixes) { continue }
            let isPart = end < labels[index].scalars.count
            if !isLast, !Self.isFollowedByProse(labels, index, isPart: isPart, isContinued) { continue }
            let parts = labels[..<index].map(\.text) + [String(String.UnicodeScalarView(labels[index].scalars[..<end]))]
            // A dot at the very end is part of the name, unless something follows it.
            let isWhole = isLast && end == labels[index].scalars.count
            self.init(
                name: parts.joined(separator: "."), length: isWhole ? text.count : labels[index].start + end,
                isKnown: true)
            return
        }
        self.init(unknown: labels, of: text)
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

    /// Whether a label that begins like a top-level domain is a sentence behind a host that has ended: `jd.com。网络不通`.
    private static func isProse(_ labels: [Label], _ index: Int, _ end: Int, _ suffixes: PublicSuffixes) -> Bool {
        let (label, before) = (labels[index], labels[index - 1])
        guard index > 1, suffixes.isTop(before.text) else { return false }
        let ending = String(String.UnicodeScalarView(label.scalars[..<end]))
        if suffixes.isSuffix("\(before.text).\(ending)".lowercased()) { return false }
        if common.contains(ending.lowercased()), !common.contains(before.text.lowercased()) { return false }
        let isWhole = end == label.scalars.count
        return label.isAfterStop || !isWhole && label.scalars.first?.isASCII == false
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
