/// An address on the web, taken apart and put in a form in which the same page has the same text.
struct WebAddress: Hashable {
    let scheme: String
    let host: String
    /// Only one that is not the scheme's own.
    let port: Int?
    let path: String
    /// `name=value` as it was written, escapes put in order.
    let parameters: [String]
    /// Kept only where it is a way within the page (`#!`).
    let fragment: String?
    let hasUserInfo: Bool

    /// - Returns: `nil` for what is no `http` or `https` address with a host.
    init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var authority = rest[..<end]
        let at = authority.lastIndex(of: "@")
        hasUserInfo = at != nil
        if let at { authority = authority[authority.index(after: at)...] }
        var given: Int?
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.isEmpty || (Int(digits).map { (0...65_535).contains($0) } ?? false) else { return nil }
            (given, authority) = (Int(digits), authority[..<colon])
        }
        port = given == (scheme == "http" ? 80 : 443) ? nil : given
        guard let host = WebHost.ascii(Self.decoded(String(authority))) else { return nil }
        self.host = host
        var tail = rest[end...]
        var fragment: Substring?
        if let hash = tail.firstIndex(of: "#") {
            fragment = tail[tail.index(after: hash)...]
            tail = tail[..<hash]
        }
        self.fragment = fragment.flatMap { $0.hasPrefix("!") ? String($0) : nil }
        let mark2 = tail.firstIndex(of: "?")
        path = Self.path(String(tail[..<(mark2 ?? tail.endIndex)]))
        let query = mark2.map { tail[tail.index(after: $0)...] } ?? ""
        parameters = query.split(separator: "&").map { Self.ordered(String($0)) }
    }

    /// A parameter's value, its escapes resolved once.
    func value(of name: String) -> String? {
        let found = parameters.first { $0.hasPrefix(name + "=") }
        return found.map { Self.decoded(String($0.dropFirst(name.utf8.count + 1))) }
    }

    /// Without what only tells who shared it, the rest of the parameters sorted.
    var normalized: String {
        let tracking = TrackingParameters(host: host)
        func name(_ parameter: String) -> String { String(parameter.prefix { $0 != "=" }) }
        let kept = parameters.filter { !tracking.contains(name($0)) }.sorted { left, right in
            (name(left), left) < (name(right), right)
        }
        let authority = port.map { "\(host):\($0)" } ?? host
        let query = kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
        let end = fragment.map { "#" + $0 } ?? ""
        return "\(scheme)://\(authority)\(path)\(query)\(end)"
    }

    // MARK: Escapes and dots (RFC 3986, 6.2.2)

    /// Escapes in upper case, and none of a character that needs none.
    private static func ordered(_ text: String) -> String {
        guard text.utf8.contains(0x25) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard let byte = escaped(bytes, index) else {
                result.append(bytes[index])
                index += 1
                continue
            }
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [0x25, hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    private static func decoded(_ text: String) -> String {
        guard text.utf8.contains(0x25) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = escaped(bytes, index) {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func escaped(_ bytes: [UInt8], _ index: Int) -> UInt8? {
        guard bytes[index] == 0x25, index + 2 < bytes.count else { return nil }
        guard let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2]) else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func path(_ text: String) -> String {
        let segments = ordered(text).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var kept: [Substring] = []
        for (place, segment) in segments.enumerated() {
            let isLast = place == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                if !kept.isEmpty { kept.removeLast() }
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}

/// Parameters that tell who shared an address, not what it is.
///
/// Some are known everywhere, the others on their own hosts only (names from the field's lists, re-typed).
private struct TrackingParameters {
    private let own: [String]

    init(host: String) {
        own =
            Self.byHost.first { name, _ in host == name || host.hasSuffix("." + name) }?.names ?? []
    }

    func contains(_ name: String) -> Bool { Self.matches(name, Self.everywhere) || Self.matches(name, own) }

    /// A name that ends in `*` stands for all that begin so.
    private static func matches(_ name: String, _ list: [String]) -> Bool {
        list.contains { $0.last == "*" ? name.hasPrefix($0.dropLast()) : name == $0 }
    }

    private static let everywhere = ["utm_*", "spm", "scm*", "fbclid", "gclid", "_ga", "_gl", "msclkid"]

    private static let taobao = [
        "price", "sourceType", "suid", "ut_sk", "un", "share_crt_v", "sp_tk", "cpp", "shareurl", "short_name", "app",
        "pvid", "algo_*", "ns", "abbucket", "ali_refid", "ali_trackid", "acm", "utparam", "pos", "abtest", "trackInfo",
        "utkn", "scene", "mytmenu", "turing_bucket", "impid", "bft*",
    ]

    private static let byHost: [(host: String, names: [String])] = [
        ("taobao.com", taobao), ("tmall.com", taobao + ["user_number_id", "activity_id"]),
        (
            "bilibili.com",
            [
                "spm_id_from", "from*", "seid", "mid", "share_*", "vd_source", "buvid", "plat_id", "unique_k",
                "timestamp", "up_id",
            ]
        ),
        (
            "xiaohongshu.com",
            [
                "xhsshare", "author_share", "xsec_source", "share_*", "appuid", "shareRedId", "apptime",
                "app_platform", "app_version",
            ]
        ),
        (
            "tiktok.com",
            ["u_code", "_d", "_t", "_r", "user_id", "share_app_name", "share_iid", "timestamp", "source"]
        ),
        ("weibo.com", ["weibo_id", "dt_dapp"]), ("weibo.cn", ["weibo_id", "dt_dapp"]),
    ]
}
