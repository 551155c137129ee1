import Foundation

/// An address on the web, taken apart and put in a form in which the same page has the same text.
struct WebAddress: Hashable {
    let scheme: String
    let host: String
    /// Only one that is not the web's own, 80 or 443.
    let port: Int?
    let path: String
    /// `name=value` as it was written, escapes put in order.
    let parameters: [String]
    /// A way within the page (`#!/goods/9`, `#/song?id=1`), or a place on it.
    let fragment: String?
    let hasUserInfo: Bool

    /// - Returns: `nil` for what is no `http` or `https` address with a host that can exist.
    init?(_ text: String, _ suffixes: PublicSuffixes) {
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
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            guard digits.isEmpty || (Int(digits).map { (0...65_535).contains($0) } ?? false) else { return nil }
            (given, authority) = (Int(digits), authority[..<colon])
        }
        port = given == 80 || given == 443 ? nil : given
        guard let host = WebHost.ascii(Escapes.resolved(String(authority))), suffixes.canHold(host) else { return nil }
        self.host = host
        var tail = rest[end...]
        var fragment: Substring?
        if let hash = tail.firstIndex(of: "#") {
            // WeChat adds `#wechat_redirect` to what has one already.
            fragment = tail[tail.index(after: hash)...].prefix { $0 != "#" }
            tail = tail[..<hash]
        }
        self.fragment = fragment.map { Escapes.ordered(String($0)) }
        let mark2 = tail.firstIndex(of: "?")
        path = Self.path(String(tail[..<(mark2 ?? tail.endIndex)]))
        let query = mark2.map { tail[tail.index(after: $0)...] } ?? ""
        parameters = query.split(separator: "&").map { Escapes.ordered(String($0)) }
    }

    /// A parameter's value, its escapes resolved once.
    func value(of name: String) -> String? {
        let found = parameters.first { $0.hasPrefix(name + "=") }
        return found.map { Escapes.resolved(String($0.dropFirst(name.utf8.count + 1))) }
    }

    /// Without what only tells who shared it, the rest of the parameters sorted.
    ///
    /// - Parameters:
    ///   - rules: Tell what that is.
    ///   - suffixes: Tell which addresses within parameters have a host that can exist.
    ///   - depth: How many addresses this one is within; those within two others stay as they are.
    /// - Returns: The text to compare and to show.
    func normalized(by rules: LinkRules, _ suffixes: PublicSuffixes, depth: Int = 0) -> String {
        let rule = rules.rule(host: host, path: path)
        let cleaner = Cleaner(rule: rule, rules: rules, suffixes: suffixes, depth: depth)
        let kept = cleaner.parameters(parameters)
        let authority = port.map { "\(host):\($0)" } ?? host
        let query = kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
        let end = fragment.flatMap(cleaner.fragment).map { "#" + $0 } ?? ""
        return "\(scheme)://\(authority)\(cleaner.path(path))\(query)\(end)"
    }

    /// Dots taken out (RFC 3986, 5.2.4).
    private static func path(_ text: String) -> String {
        let segments = Escapes.ordered(text).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
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

/// Takes out of an address what tells who shared it.
private struct Cleaner {
    let rule: LinkRules.Rule
    let rules: LinkRules
    let suffixes: PublicSuffixes
    let depth: Int

    func parameters(_ parameters: some Sequence<String>) -> [String] {
        func name(_ parameter: String) -> String { String(parameter.prefix { $0 != "=" }) }
        return parameters.compactMap(part).map(within).sorted { left, right in
            (name(left), left) < (name(right), right)
        }
    }

    /// A parameter, unless it is to be dropped; some programs add others behind a second question mark.
    private func part(_ parameter: String) -> String? {
        let parts = parameter.split(separator: "?", omittingEmptySubsequences: false)
        let kept = parts.filter { !rule.drops(String($0)) }.joined(separator: "?")
        return kept.isEmpty ? nil : kept
    }

    /// An address within a parameter is cleaned as well; any other value stays as it is.
    private func within(_ parameter: String) -> String {
        guard depth < 2, let sign = parameter.firstIndex(of: "=") else { return parameter }
        let value = parameter[parameter.index(after: sign)...]
        guard value.lowercased().hasPrefix("http"), let address = WebAddress(Escapes.resolved(String(value)), suffixes)
        else { return parameter }
        let clean = address.normalized(by: rules, suffixes, depth: depth + 1)
        let isAsBefore = address.normalized(by: LinkRules([]), suffixes, depth: 2) == clean
        return isAsBefore ? parameter : "\(parameter[...sign])\(Escapes.component(clean))"
    }

    /// `/a;jsessionid=1` without what follows the semicolon.
    func path(_ path: String) -> String {
        guard path.contains(";") else { return path }
        return path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            let parts = segment.split(separator: ";", omittingEmptySubsequences: false)
            return (parts.prefix(1) + parts.dropFirst().filter { !rule.drops(String($0)) }).joined(separator: ";")
        }.joined(separator: "/")
    }

    /// A way within the page, cleaned like a query; `nil` for a place on the page, which tells no page from another.
    func fragment(_ fragment: String) -> String? {
        guard fragment.hasPrefix("!") || fragment.hasPrefix("/") else { return nil }
        let sign = fragment.firstIndex { $0 == "?" || $0 == "&" } ?? fragment.endIndex
        let way = String(fragment[..<sign])
        let kept = parameters(fragment[sign...].dropFirst().split(separator: "&").map(String.init))
        let isStart = way.allSatisfy { $0 == "!" || $0 == "/" }
        if isStart && kept.isEmpty { return nil }
        return kept.isEmpty ? way : "\(way)?\(kept.joined(separator: "&"))"
    }
}
