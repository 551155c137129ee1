/// Where a host ends in the letters, digits and dots after a scheme.
///
/// It ends with the last label, or beginning of a label, that is a top-level domain: `www.taobao.com打不开。请处理`. Where
/// none is, the whole name is the host, since its ending may be one that the list does not know: `invented.example`.
struct HostEnd {
    /// Its labels, with ordinary full stops between.
    let name: String
    /// How many scalars of the text belong to it.
    let length: Int
    /// Whether it ends with a top-level domain or another ending that is known.
    let isKnown: Bool

    /// - Parameters:
    ///   - text: Letters, digits, hyphens and full stops.
    ///   - isContinued: Whether a path, a query or a port follows.
    ///   - suffixes: Tells top-level domains.
    init(_ text: ArraySlice<Unicode.Scalar>, isContinued: Bool, _ suffixes: PublicSuffixes) {
        let host = HostName(text, isContinued: isContinued, suffixes)
        if let (index, end) = Self.endBeforeSentence(host) ?? Self.lastEnding(host) {
            name = host.text(through: index, end)
            let label = host.labels[index]
            // A dot at the very end is part of the name.
            let isWhole = index == host.labels.count - 1 && end == label.scalars.count
            length = isWhole ? text.count : label.start + end
            isKnown = true
            return
        }
        isKnown = false
        // The whole name, but for prose in other letters behind a name in ASCII.
        let start = HostName.labels(text.prefix { $0.inNormalWidth.isASCII || $0.isDot }).filter { !$0.scalars.isEmpty }
        if start.count > 1, let end = start.last, Self.isProse(behind: end, host) {
            name = start.map(\.text).joined(separator: ".")
            length = end.start + end.scalars.count
        } else {
            name = host.labels.map(\.text).joined(separator: ".")
            length = text.count
        }
    }

    private static func lastEnding(_ host: HostName) -> (index: Int, end: Int)? {
        for index in host.labels.indices.dropFirst().reversed() {
            guard let end = host.ending(at: index), !host.isProse(index, end) else { continue }
            if index == host.labels.count - 1 || host.isFollowedByProse(index, end) { return (index, end) }
        }
        return nil
    }

    /// Where a host ends before a sentence that names other hosts: `taobao.com打不开。www.jd.com也是`.
    ///
    /// What follows `com打不开` or `com。` has to be no suffix in which that label could have been registered.
    private static func endBeforeSentence(_ host: HostName) -> (index: Int, end: Int)? {
        for index in host.labels.indices.dropFirst().dropLast() {
            guard let end = host.ending(at: index) else { continue }
            let (label, next) = (host.labels[index], host.labels[index + 1])
            if end < label.scalars.count {
                if host.isBeforeSentence(index, end) { return (index, end) }
                continue
            }
            guard next.isAfterStop, !host.isBeforeSuffix(index) else { continue }
            if let ending = host.ending(at: index + 1), host.goesOn(at: index + 1, ending) { continue }
            // In a name that an input method wrote, its dots are no ends of sentences.
            if !label.isAfterStop || !next.beginsInASCII || next.text == "www" { return (index, end) }
        }
        return nil
    }

    /// Whether the text behind the part in ASCII is prose: it ends in other letters, or goes on with a sentence.
    private static func isProse(behind end: HostName.Label, _ host: HostName) -> Bool {
        host.labels.last?.isASCII == false || host.labels.contains { $0.isAfterStop && $0.start > end.start }
    }
}
