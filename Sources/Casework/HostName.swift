/// What may be the name of a host, label by label, with prose glued to it perhaps.
struct HostName {
    struct Label {
        /// Where it begins in the text.
        var start: Int
        /// In ordinary width.
        var scalars: [Unicode.Scalar]
        /// Whether the sign before it may be the end of a sentence.
        var isAfterStop: Bool

        var text: String { text(scalars.count) }
        var isASCII: Bool { scalars.allSatisfy(\.isASCII) }
        var beginsInASCII: Bool { scalars.first?.isASCII == true }

        func text(_ count: Int) -> String { String(String.UnicodeScalarView(scalars[..<count])) }
    }

    private(set) var labels: [Label]
    /// Whether a path, a query or a port follows.
    let isContinued: Bool
    private let suffixes: PublicSuffixes

    /// No label has more, and no top-level domain comes near it.
    private static let longest = 63
    /// Endings that no registry has or will have (RFC 2606, RFC 6762, RFC 7686, RFC 8375), and those of inner networks.
    private static let reserved: Set<String> = [
        "example", "test", "invalid", "localhost", "local", "onion", "internal", "intranet", "lan", "home", "corp",
    ]
    /// Endings that follow a name which is one itself, as in `taobao.com`, and begin no sentence.
    private static let common: Set<String> = ["com", "cn", "net", "org", "hk", "tw"]

    init(_ text: ArraySlice<Unicode.Scalar>, isContinued: Bool, _ suffixes: PublicSuffixes) {
        (self.isContinued, self.suffixes) = (isContinued, suffixes)
        labels = Self.labels(text)
        while labels.count > 1, labels.last?.scalars.isEmpty == true { labels.removeLast() }
    }

    static func labels(_ text: ArraySlice<Unicode.Scalar>) -> [Label] {
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

    /// The name up to so many scalars of a label, with ordinary full stops.
    func text(through index: Int, _ end: Int) -> String {
        (labels[..<index].map(\.text) + [labels[index].text(end)]).joined(separator: ".")
    }

    // MARK: Endings

    /// How many scalars at the beginning of a label are an ending of hosts; all of them, if they can be.
    func ending(at index: Int) -> Int? { numbers(at: index) ?? top(labels[index], isLast: index == labels.count - 1) }

    private func isTop(_ text: String) -> Bool { suffixes.isTop(text) || Self.reserved.contains(text.lowercased()) }

    /// The last of four numbers: `192.0.2.7打不开`.
    private func numbers(at index: Int) -> Int? {
        func digits(_ label: Label) -> Int { label.scalars.prefix { (0x30...0x39).contains($0.value) }.count }
        let isThere = labels[..<index].allSatisfy { !$0.scalars.isEmpty && digits($0) == $0.scalars.count }
        guard index == 3, isThere else { return nil }
        let count = digits(labels[3])
        let isWhole = count == labels[3].scalars.count
        return (1...3).contains(count) && (isWhole || !labels[3].scalars[count].isASCII) ? count : nil
    }

    /// How many scalars at the beginning of a label are a top-level domain.
    private func top(_ label: Label, isLast: Bool) -> Int? {
        let scalars = label.scalars
        if !scalars.isEmpty, scalars.count <= Self.longest, isTop(label.text) { return scalars.count }
        if !label.beginsInASCII {
            guard scalars.count > 1 else { return nil }
            return (1..<min(scalars.count, Self.longest)).reversed().first { isTop(label.text($0)) }
        }
        let isEncoded = label.text.lowercased().hasPrefix("xn--")
        let run = scalars.prefix {
            isEncoded ? $0.isPlain || $0 == "-" : $0.isPlain && $0.properties.isAlphabetic
        }.count
        if run < scalars.count, run <= Self.longest, isTop(label.text(run)) {
            // `com%2eevil` is one name; `com%E6%89%93` is prose that a program escaped.
            if scalars[run] == "%", run + 1 < scalars.count, (0x30...0x37).contains(scalars[run + 1].value) {
                return nil
            }
            // `com打不开` is glued anywhere; `com618` and `com-x` only at the end: `cn-north.example` is a name.
            return !scalars[run].isASCII || isLast && !isContinued ? run : nil
        }
        guard isLast, !isContinued, label.isASCII else { return nil }
        // `comPlease`: a sentence that begins right behind the host.
        let small = scalars.prefix { $0.properties.isLowercase }.count
        guard small < scalars.count - 1, small <= Self.longest, scalars[small].properties.isUppercase else {
            return nil
        }
        return scalars[small + 1].properties.isLowercase && isTop(label.text(small)) ? small : nil
    }

    /// Whether so much of a label makes a longer ending with the label before it, as in `com.cn`, or shows that that one
    /// was a name, as in `taobao.com`.
    func goesOn(at index: Int, _ end: Int) -> Bool {
        let (before, ending) = (labels[index - 1].text.lowercased(), labels[index].text(end).lowercased())
        if Self.common.contains(ending), !Self.common.contains(before) { return true }
        let isWhole = end == labels[index].scalars.count
        return isWhole ? suffixes.isSuffix("\(before).\(ending)") : suffixes.isListed("\(before).\(ending)")
    }

    /// Whether a host may end with the whole of this label.
    func isComplete(_ index: Int) -> Bool { ending(at: index) == labels[index].scalars.count }

    /// Whether what follows this label is a suffix in which it may have been registered.
    func isBeforeSuffix(_ index: Int) -> Bool {
        let rest = labels[(index + 1)...].map(\.text).joined(separator: ".")
        return isTop(rest) || suffixes.isSuffix(rest.lowercased())
    }

    /// Whether a sentence is glued to the ending with which this label begins: `com打不开`, but not `it之家.com`.
    func isBeforeSentence(_ index: Int, _ end: Int) -> Bool {
        let (label, next) = (labels[index], labels[index + 1])
        let isCommon = Self.common.contains(label.text(end).lowercased())
        // `com打不开jd`: the sentence has come to another host.
        if label.scalars.last?.isASCII == true, label.scalars[end...].contains(where: { !$0.isASCII }) {
            return index > 1 || isCommon || !isBeforeSuffix(index)
        }
        if label.beginsInASCII, index > 1 { return true }
        if isBeforeSuffix(index) {
            return next.isAfterStop && !label.isAfterStop && !Self.common.contains(next.text.lowercased())
        }
        if isCommon, labels[0].text.lowercased() != "www" { return true }
        return !isComplete(index + 1) && labels[(index + 1)...].contains { $0.isAfterStop || $0.text == "www" }
    }

    /// Whether a label that begins like an ending is a sentence behind a host that has ended: `jd.com。网络不通`.
    func isProse(_ index: Int, _ end: Int) -> Bool {
        guard index > 1, isComplete(index - 1), !goesOn(at: index, end) else { return false }
        let isWhole = end == labels[index].scalars.count
        return labels[index].isAfterStop || !isWhole && !labels[index].beginsInASCII
    }

    /// Whether what comes behind an ending is prose, and not the rest of a longer name that the list does not know.
    func isFollowedByProse(_ index: Int, _ end: Int) -> Bool {
        let next = labels[index + 1]
        if end < labels[index].scalars.count || next.isAfterStop { return true }
        if !next.beginsInASCII { return !WebHost.isMixedScript(next.text) }
        let isNumber = next.scalars.first.map { (0x30...0x39).contains($0.value) } == true
        return !isContinued && !isNumber
    }
}
