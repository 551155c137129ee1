/// What a text copied from an app points to.
///
/// Nothing is ever fetched.
public struct SharedLink: Sendable, Hashable {
    /// What is odd about an address, for the officer to see.
    public enum Oddity: String, Sendable, CaseIterable, Codable {
        /// A user name before the host, which some take for the host.
        case userInfo = "user_info"
        case mixedScript = "mixed_script"
        /// A host that is not a known one but looks like it.
        case lookAlike = "look_alike"
        case numericAddress = "numeric_address"
        case port
        /// Letters of another script follow right behind a slash or an equals sign: they may be part of the page.
        case cutOff = "cut_off"
    }

    /// The registry host that fits, else the registrable domain or the address.
    public var host: String?
    /// What belongs together on the web: finer than ``host`` where customers of a host have sites of their own.
    public var site: String?
    public var platform: String?
    public var company: String?
    /// The notice page around the target, which proves the blocking.
    public var wrappedBy: String?
    /// The address itself, in a form in which the same page has the same text; `nil` where there is none, or where its
    /// last value was cut off.
    public var address: String?
    /// The code that stands in for an address, or beside it.
    public var passphrase: String?
    public var oddities: Set<Oddity> = []

    private var isOnlyPage = true

    /// Notice pages around notice pages, at the most.
    private static let depth = 3

    /// Reads the first web address in `text` that leads somewhere, through the notice page around it where it carries
    /// its target.
    ///
    /// The host decides. Only where no usable address is left does an app named in the words around it count, the
    /// respondent left aside.
    public init(_ text: String, in directory: Directory, excluding respondent: String?, on day: Day) {
        let shared = ShareText(text, suffixes: directory.suffixes)
        passphrase = shared.passphrase
        for (text, cut) in shared.addresses {
            guard let address = unwrap(text, directory) else { continue }
            if cut != nil { oddities.insert(.cutOff) }
            let isWhole = cut == nil && shared.addresses.count == 1
            // Without the value that a parameter had, it would be another page; but for one that is dropped anyway.
            let rule = directory.linkRules.rule(host: address.host, path: address.path)
            let isDropped = wrappedBy == nil && address.parameters.last.map { rule.drops($0) } == true
            isOnlyPage = isWhole || cut == .value && isDropped
            if cut != .value || isDropped {
                self.address = address.normalized(by: directory.linkRules, directory.suffixes)
            }
            resolve(address, in: directory, on: day)
            return
        }
        if let platform = directory.platform(namedIn: shared.words, excluding: respondent) {
            (self.platform, company) = (platform, directory.platform(platform)?.company(on: day))
        }
    }

    public var target: Complaint.Target {
        Complaint.Target(platform: platform, company: company, host: host)
    }

    /// The address without its scheme: two links with the same lead to one page.
    ///
    /// The search for duplicates compares the same part of `complaint.link_url`.
    ///
    /// `nil` where the text names other pages too, or where something of the address may be missing.
    public var page: String? {
        guard isOnlyPage else { return nil }
        return address.map { address in String(address.drop { $0 != ":" }) }
    }

    /// The target that a notice page carries, or the address itself; `nil` where the page does not carry it.
    private mutating func unwrap(_ text: String, _ directory: Directory) -> WebAddress? {
        guard var address = WebAddress(text, directory.suffixes) else { return nil }
        for _ in 0..<Self.depth {
            let page = directory.registry.interstitials.filter {
                $0.host == address.host && address.path.hasPrefix($0.pathPrefix)
            }
            .max { $0.pathPrefix.utf8.count < $1.pathPrefix.utf8.count }
            guard let page else { return address }
            wrappedBy = wrappedBy ?? page.host
            guard let carried = page.parameter.flatMap({ address.value(of: $0) }),
                let target = WebAddress(carried.withoutInvisible, directory.suffixes)
            else { return nil }
            address = target
        }
        return nil
    }

    private mutating func resolve(_ address: WebAddress, in directory: Directory, on day: Day) {
        if address.hasUserInfo { oddities.insert(.userInfo) }
        if address.port != nil { oddities.insert(.port) }
        if WebHost.isNumeric(address.host) { oddities.insert(.numericAddress) }
        if WebHost.isMixedScript(address.host) { oddities.insert(.mixedScript) }
        site = directory.suffixes.site(address.host)
        guard let (suffix, owner) = directory.owner(ofHost: address.host) else {
            host = directory.suffixes.registrable(address.host)
            if directory.looksFamiliar(address.host) { oddities.insert(.lookAlike) }
            return
        }
        host = suffix
        switch owner {
        case .platform(let code): (platform, company) = (code, directory.platform(code)?.company(on: day))
        case .company(let code): company = code
        case .nobody: break
        }
    }
}

extension Directory {
    /// Whether a host that is nobody's in the registry could be taken for one that is somebody's: a known host stands
    /// within it, it is one at a glance, or its own name has a known one in it.
    func looksFamiliar(_ host: String) -> Bool {
        if owner(ofHost: WebHost.glance(host)) != nil { return true }
        let labels = host.split(separator: ".")
        for end in labels.indices.dropLast() where end > 0 {
            let inner = labels[...end].joined(separator: ".")
            if let (suffix, _) = owner(ofHost: inner), suffix.contains(".") { return true }
        }
        let name = suffixes.registrable(host).prefix { $0 != "." }
        return name.split(separator: "-").contains { part in
            part.utf8.count >= 5 && part != name && owner(ofHost: "\(part).com") != nil
        }
    }
}
