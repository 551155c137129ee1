public import Foundation

/// Under which names anyone can register a domain (publicsuffix.org).
///
/// The first part of the list tells what registries sell: there the owner of a domain is whoever registered it. The
/// second part names hosts whose customers have sites of their own.
public struct PublicSuffixes: Sendable {
    /// Which edition of the list it is.
    public let version: String
    private var registries: Rules
    private var all: Rules
    /// The last labels of all names that registries sell, in Unicode and as A-labels.
    private var tops: Set<String> = []

    private struct Rules {
        var names: Set<String> = []
        /// `*.ck`: whatever stands before it belongs to the suffix.
        var wildcards: Set<String> = []
        /// `!www.ck`: a name that a wildcard does not mean.
        var exceptions: Set<String> = []

        mutating func add(_ rule: String) {
            if rule.hasPrefix("*.") {
                wildcards.insert(WebHost.ascii(String(rule.dropFirst(2))) ?? "")
            } else if rule.hasPrefix("!") {
                exceptions.insert(WebHost.ascii(String(rule.dropFirst())) ?? "")
            } else if let name = WebHost.ascii(rule) {
                names.insert(name)
            }
        }

        /// How many labels the longest suffix of the labels has; 1 where no rule fits.
        func length(of labels: [Substring]) -> Int {
            for start in labels.indices {
                let name = labels[start...].joined(separator: ".")
                if exceptions.contains(name) { return labels.count - start - 1 }
                if names.contains(name) { return labels.count - start }
                let rest = labels[(start + 1)...].joined(separator: ".")
                if !rest.isEmpty, wildcards.contains(rest) { return labels.count - start }
            }
            return 1
        }
    }

    /// Reads the list as it is published.
    public init(list: Data, version: String) {
        self.version = version
        (registries, all) = (Rules(), Rules())
        var isPrivate = false
        for line in String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("//") {
                if line.contains("===BEGIN PRIVATE DOMAINS===") { isPrivate = true }
                continue
            }
            guard let rule = line.split(separator: " ").first.map(String.init) else { continue }
            all.add(rule)
            guard !isPrivate else { continue }
            registries.add(rule)
            let top = rule.hasPrefix("*.") ? String(rule.dropFirst(2)) : rule
            if !top.contains("."), let encoded = WebHost.ascii(top) { tops.formUnion([top.lowercased(), encoded]) }
        }
    }

    /// Knows no list: the last label alone is a suffix.
    public init() {
        self.init(list: Data(), version: "none")
    }

    /// Whether it is a name in which registries or hosts give out others.
    public func isSuffix(_ host: String) -> Bool {
        let labels = host.split(separator: ".")
        return registries.names.contains(host) || labels.count > 1 && registries.length(of: labels) == labels.count
    }

    /// Whether registries give out names in it, as the list says by its name and not by a wildcard.
    func isListed(_ host: String) -> Bool { registries.names.contains(host) }

    /// Whether a label, in Unicode or as an A-label, is a top-level domain.
    func isTop(_ label: String) -> Bool {
        if tops.contains(label) { return true }
        return tops.contains(label.precomposedStringWithCompatibilityMapping.lowercased())
    }

    /// Whether something on the public net can have this name: an address in numbers, or a name that somebody registered
    /// in a suffix, or might have in one that the list does not know.
    ///
    /// A label that was registered has no underscore (RFC 1123, 2.1).
    func canHold(_ host: String) -> Bool {
        if WebHost.isNumeric(host) { return true }
        guard host.utf8.contains(0x2E), !isSuffix(host) else { return false }
        return !registrable(host).contains("_")
    }

    /// What its owner registered; the host itself where it is a suffix or an address in numbers.
    public func registrable(_ host: String) -> String { shortened(host, by: registries) }

    /// The site a host belongs to: as ``registrable(_:)``, but customers of a host of sites each have their own.
    public func site(_ host: String) -> String { shortened(host, by: all) }

    private func shortened(_ host: String, by rules: Rules) -> String {
        guard !WebHost.isNumeric(host) else { return host }
        let labels = host.split(separator: ".")
        return labels.suffix(rules.length(of: labels) + 1).joined(separator: ".")
    }
}
