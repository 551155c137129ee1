/// Who is who: companies, their platforms, hosts and payment methods.
public struct Registry: Sendable, Hashable {
    public struct Company: Sendable, Hashable {
        public var code: String
        public var nameZh: String
        public var nameEn: String
        public var parent: String?
        /// The unified social credit code, where it is known.
        public var uscc: String?
        public var aliases: [String]
    }

    public struct Platform: Sendable, Hashable {
        public var code: String
        public var nameZh: String
        public var nameEn: String
        public var aliases: [String]
        /// Lower-case A-labels; a host belongs to the platform of its longest matching suffix.
        public var hosts: [String]
        public var ownership: [Ownership]

        public func company(on day: Day) -> String? {
            ownership.first { ($0.from.map { day >= $0 } ?? true) && ($0.to.map { day < $0 } ?? true) }?.company
        }
    }

    public struct Ownership: Sendable, Hashable {
        public var company: String
        public var from: Day?
        /// The first day on which it no longer holds.
        public var to: Day?
    }

    public struct PaymentMethod: Sendable, Hashable {
        public enum Kind: String, Sendable, CaseIterable {
            case wallet
            case card
            case creditLine = "credit_line"
            case cbdc
            case deviceWallet = "device_wallet"
        }

        public var code: String
        public var nameZh: String
        public var nameEn: String
        public var aliases: [String]
        public var company: String
        public var kind: Kind
    }

    /// A host that tells the company but not the platform, or, as a generic short link, neither.
    public struct SharedHost: Sendable, Hashable {
        public var host: String
        public var company: String?
    }

    /// A page that stands between a link and its target, and may carry the target in a parameter.
    public struct Interstitial: Sendable, Hashable {
        public var host: String
        public var pathPrefix: String
        /// `nil` where the address does not carry the target.
        public var parameter: String?
        public var platform: String?

        var address: String { host + pathPrefix }
    }

    /// Parameters of addresses that only tell who shared a page, from where or when, and exceptions that make the page.
    ///
    /// Names are in any case, with `*` at either end for anything; `name=value` means this value alone.
    public struct LinkRule: Sendable, Hashable {
        public var code: String
        /// Hosts with their subdomains, or with the beginning of a path: `i.y.qq.com/v8/playsong.html`.
        ///
        /// Empty means every page.
        public var places: [String]
        public var dropped: [String]
        public var kept: [String]
    }

    public var companies: [Company] = []
    public var platforms: [Platform] = []
    public var paymentMethods: [PaymentMethod] = []
    public var sharedHosts: [SharedHost] = []
    public var interstitials: [Interstitial] = []
    public var linkRules: [LinkRule] = []

    public init() {}
}

/// A registry made ready for look-ups.
///
/// What is not certain stays unresolved: nothing here guesses.
public struct Directory: Sendable {
    public let registry: Registry
    public let suffixes: PublicSuffixes
    let linkRules: LinkRules
    private let platforms: [String: Registry.Platform]
    private let companies: [String: Registry.Company]
    private let methods: [String: Registry.PaymentMethod]
    let platformsByName: [String: Set<String>]
    let companiesByName: [String: Set<String>]
    let methodsByName: [String: Set<String>]
    /// Names of platforms that do not turn up by accident, and whose they are.
    private let tellingNames: [(name: [UInt8], owners: Set<String>)]
    private let hosts: [String: HostOwner]

    /// Whom a host names.
    public enum HostOwner: Sendable, Hashable {
        case platform(String)
        case company(String)
        case nobody
    }

    public init(_ registry: Registry, suffixes: PublicSuffixes = PublicSuffixes()) {
        self.registry = registry
        self.suffixes = suffixes
        linkRules = LinkRules(registry.linkRules)
        platforms = Dictionary(registry.platforms.map { ($0.code, $0) }) { first, _ in first }
        companies = Dictionary(registry.companies.map { ($0.code, $0) }) { first, _ in first }
        methods = Dictionary(registry.paymentMethods.map { ($0.code, $0) }) { first, _ in first }
        platformsByName = index(registry.platforms.map { ($0.code, [$0.code, $0.nameZh, $0.nameEn] + $0.aliases) })
        tellingNames = platformsByName.filter { Self.isTelling($0.key) }.map { (Array($0.key.utf8), $0.value) }
        companiesByName = index(registry.companies.map { ($0.code, [$0.code, $0.nameZh, $0.nameEn] + $0.aliases) })
        methodsByName = index(registry.paymentMethods.map { ($0.code, [$0.code, $0.nameZh, $0.nameEn] + $0.aliases) })
        var hosts: [String: HostOwner] = [:]
        for shared in registry.sharedHosts { hosts[shared.host] = shared.company.map { .company($0) } ?? .nobody }
        for platform in registry.platforms {
            for host in platform.hosts { hosts[host] = .platform(platform.code) }
        }
        self.hosts = hosts
    }

    public func platform(_ code: String) -> Registry.Platform? { platforms[code] }
    public func company(_ code: String) -> Registry.Company? { companies[code] }
    public func method(_ code: String) -> Registry.PaymentMethod? { methods[code] }

    /// The platform, with its owner on `day`.
    public func party(platform code: String, on day: Day) -> Complaint.Party {
        Complaint.Party(platform: code, company: platforms[code]?.company(on: day))
    }

    /// Who is meant by a name as people write it; empty where no name fits whole, or two owners share it.
    public func party(named name: String, on day: Day) -> Complaint.Party {
        let key = Self.key(name)
        if let platform = uniquePlatform(key) { return party(platform: platform, on: day) }
        if let owners = companiesByName[key], owners.count == 1, let company = owners.first {
            return Complaint.Party(company: company)
        }
        if platformsByName[key] == nil, let platform = misspelt(key, among: platformsByName) {
            return party(platform: platform, on: day)
        }
        return Complaint.Party()
    }

    /// A whole name; else one with a bare `app` added; else two names of one platform side by side.
    private func uniquePlatform(_ key: String) -> String? {
        if let found = only(platformsByName[key]) { return found }
        if companiesByName[key] != nil { return nil }
        if key.hasSuffix("app"), let found = only(platformsByName[String(key.dropLast(3))]) { return found }
        let characters = Array(key)
        guard characters.count >= 2 else { return nil }
        for cut in 1..<characters.count {
            let (head, tail) = (String(characters[..<cut]), String(characters[cut...]))
            if let first = only(platformsByName[head]), first == only(platformsByName[tail]) { return first }
        }
        return nil
    }

    /// The payment method meant by a code or a name.
    public func method(named name: String) -> Registry.PaymentMethod? {
        if let method = methods[name] { return method }
        let key = Self.key(name)
        let code = methodsByName[key].map { only($0) } ?? misspelt(key, among: methodsByName)
        return code.flatMap { methods[$0] }
    }

    /// Whom the longest registry suffix of `host` names, and that suffix; `nil` where none fits.
    public func owner(ofHost host: String) -> (suffix: String, owner: HostOwner)? {
        var labels = host.split(separator: ".")[...]
        while !labels.isEmpty {
            let suffix = labels.joined(separator: ".")
            if let owner = hosts[suffix] { return (suffix, owner) }
            labels = labels.dropFirst()
        }
        return nil
    }

    /// The one platform, the respondent left aside, that a text names; `nil` for none or several.
    ///
    /// Only names long enough not to turn up by accident count.
    public func platform(namedIn text: String, excluding respondent: String?) -> String? {
        let text = Self.key(text)
        var found: Set<String> = []
        let bytes = Array(text.utf8)
        for (name, owners) in tellingNames where bytes.contains(name) { found.formUnion(owners) }
        // A longer name wins over one inside it: 淘宝特价版 is not 淘宝 as well.
        let covered = found.filter { code in
            guard let platform = platforms[code] else { return false }
            let own = names(of: platform).filter { text.contains($0) }
            let others = found.subtracting([code]).compactMap { platforms[$0] }.flatMap(names)
            return own.allSatisfy { name in others.contains { $0 != name && $0.contains(name) && text.contains($0) } }
        }
        found.subtract(covered)
        if let respondent { found.remove(respondent) }
        return only(found)
    }

    private func names(of platform: Registry.Platform) -> [String] {
        ([platform.nameZh, platform.nameEn] + platform.aliases).map(Self.key).filter(Self.isTelling)
    }

    private static func isTelling(_ name: String) -> Bool {
        let isLatin = name.utf8.allSatisfy { $0 < 0x80 }
        return isLatin ? name.count >= 5 : name.count >= 2
    }

    /// A name without what people vary: width, case, spaces and punctuation.
    public static func key(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.folded.unicodeScalars.filter { scalar in
                    switch scalar.properties.generalCategory {
                    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                        .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
                        true
                    default: false
                    }
                }))
    }
}

extension [UInt8] {
    /// Whether the other occurs in it, byte for byte.
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard let first = other.first, other.count <= count else { return false }
        return (0...(count - other.count)).contains { start in
            self[start] == first && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}

private func only(_ owners: Set<String>?) -> String? {
    owners?.count == 1 ? owners?.first : nil
}

private func index(_ entries: [(code: String, names: [String])]) -> [String: Set<String>] {
    var owners: [String: Set<String>] = [:]
    for entry in entries {
        for name in entry.names { owners[Directory.key(name), default: []].insert(entry.code) }
    }
    return owners
}
