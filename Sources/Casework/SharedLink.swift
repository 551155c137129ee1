import Foundation

/// What a text copied from an app points to.
///
/// Nothing is ever fetched.
public struct SharedLink: Sendable, Hashable {
    /// The registry host that fits, else the registrable domain or the address.
    public var host: String?
    public var platform: String?
    public var company: String?
    /// The notice page around the target, which proves the blocking.
    public var wrappedBy: String?
    /// The address itself, in a form in which the same page has the same text; `nil` where there is none.
    public var address: String?

    /// Reads the first web address in `text`, through the notice page around it where it carries its target.
    ///
    /// The host decides. Only where no usable address is left does an app named in the text count, the respondent
    /// left aside.
    public init(_ text: String, in directory: Directory, besides respondent: String?, on day: Day) {
        if let address = Self.address(in: text) {
            let (target, wrapper) = Self.unwrap(address, directory.registry.interstitials)
            wrappedBy = wrapper
            if let target, let host = Self.host(of: target) {
                self.address = Self.normalized(target, host: host)
                resolve(host, in: directory, on: day)
                return
            }
        }
        if let platform = directory.platform(namedIn: text, besides: respondent) {
            (self.platform, company) = (platform, directory.platform(platform)?.company(on: day))
        }
    }

    public var target: Complaint.Target {
        Complaint.Target(platform: platform, company: company, host: host)
    }

    private mutating func resolve(_ host: String, in directory: Directory, on day: Day) {
        guard let (suffix, owner) = directory.owner(ofHost: host) else {
            self.host = Self.site(of: host)
            return
        }
        self.host = suffix
        switch owner {
        case .platform(let code): (platform, company) = (code, directory.platform(code)?.company(on: day))
        case .company(let code): company = code
        case .nobody: break
        }
    }

    // MARK: Addresses

    /// The first `http` or `https` address, without what a sentence puts behind it.
    static func address(in text: String) -> String? {
        let scalars = Array(text.unicodeScalars)
        let folded = scalars.map { Self.narrow($0) }
        guard let start = firstIndex(ofAny: ["http://", "https://"], in: folded) else { return nil }
        var end = start
        while end < folded.count, !isBoundary(folded[end], after: end - start) { end += 1 }
        while end > start, Self.trailing.contains(folded[end - 1]) { end -= 1 }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: folded[start..<end])
        return String(view)
    }

    private static let trailing: Set<Unicode.Scalar> = [")", "]", "}", ",", ".", ";", "!", "?", "'", "\"", ":"]

    /// Full-width letters, digits and signs as their ordinary forms.
    private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        case 0x3002: "."
        default: scalar
        }
    }

    private static func firstIndex(ofAny schemes: [String], in text: [Unicode.Scalar]) -> Int? {
        let lowered = text.map { $0.properties.lowercaseMapping.unicodeScalars.first ?? $0 }
        return lowered.indices.first { index in
            schemes.contains { lowered[index...].starts(with: $0.unicodeScalars) }
        }
    }

    /// An address ends at a space, a quotation mark or bracket, or where Chinese prose goes on after its host.
    private static func isBoundary(_ scalar: Unicode.Scalar, after length: Int) -> Bool {
        if scalar.properties.isWhitespace || scalar.value < 0x20 { return true }
        if "\"<>\\^`{|}“”‘’「」『』【】《》〈〉，、；：！？（）￥…".unicodeScalars.contains(scalar) { return true }
        return false
    }

    /// The target that a notice page carries, or the address itself; no target where the page does not carry it.
    private static func unwrap(
        _ address: String, _ pages: [Registry.Interstitial]
    ) -> (target: String?, wrapper: String?) {
        guard let components = components(of: address), let host = host(of: address) else { return (nil, nil) }
        let page = pages.filter { $0.host == host && components.path.hasPrefix($0.pathPrefix) }
            .max { $0.pathPrefix.utf8.count < $1.pathPrefix.utf8.count }
        guard let page else { return (address, nil) }
        let carried = components.queryItems?.first { $0.name == page.parameter }?.value
        return (carried.flatMap { self.address(in: $0) }, host)
    }

    private static func components(of address: String) -> URLComponents? {
        if let components = URLComponents(string: address), components.host?.isEmpty == false { return components }
        guard let cut = hostEnd(of: address) else { return nil }
        // Prose glued to the address: what follows the last ASCII character is not part of it.
        let ascii = address[..<cut].appending(String(address[cut...].prefix { $0.isASCII }))
        return URLComponents(string: ascii)
    }

    /// Host and path with the parameters in order, without scheme, fragment and what only tracks who shared it.
    private static func normalized(_ address: String, host: String) -> String? {
        guard let components = components(of: address) else { return nil }
        let kept = (components.queryItems ?? []).filter { item in
            !Self.tracking.contains(item.name) && !item.name.hasPrefix("utm_") && !item.name.hasPrefix("share_")
        }
        let query = kept.map { "\($0.name)=\($0.value ?? "")" }.sorted().joined(separator: "&")
        return host + (components.path.isEmpty ? "/" : components.path) + (query.isEmpty ? "" : "?" + query)
    }

    /// Parameters that tell who shared an address, not what it is.
    private static let tracking: Set = [
        "spm", "scm", "fbclid", "gclid", "_ga", "_gl", "msclkid", "ut_sk", "sp_tk", "cpp", "shareurl", "short_name",
        "un", "suid", "sourceType", "pvid", "utparam",
    ]

    private static func hostEnd(of address: String) -> String.Index? {
        guard let scheme = address.range(of: "://") else { return nil }
        return address[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? address.endIndex
    }

    /// The host as A-labels in lower case, without a trailing dot.
    static func host(of address: String) -> String? {
        guard let url = components(of: address)?.url else { return nil }
        let encoded = URLComponents(string: url.absoluteString)?.encodedHost?.lowercased() ?? ""
        let host = encoded.hasSuffix(".") ? String(encoded.dropLast()) : encoded
        return host.isEmpty || host.contains("%") ? nil : host
    }

    /// The registrable domain of a host no registry knows, or the address itself where it is a number.
    ///
    /// Under `.cn` the second level belongs to kinds and provinces; elsewhere two labels are taken as the owner's.
    static func site(of host: String) -> String {
        let isAddress = host.hasPrefix("[") || host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
        let labels = host.split(separator: ".")
        guard !isAddress, labels.count > 2 else { return host }
        let second = labels[labels.count - 2]
        let isSecondLevel = labels.last == "cn" && Self.secondLevels.contains(String(second))
        return labels.suffix(isSecondLevel ? 3 : 2).joined(separator: ".")
    }

    private static let secondLevels: Set<String> = [
        "ac", "com", "edu", "gov", "mil", "net", "org", "ah", "bj", "cq", "fj", "gd", "gs", "gx", "gz", "ha", "hb",
        "he", "hi", "hk", "hl", "hn", "jl", "js", "jx", "ln", "mo", "nm", "nx", "qh", "sc", "sd", "sh", "sn", "sx",
        "tj", "tw", "xj", "xz", "yn", "zj",
    ]
}
