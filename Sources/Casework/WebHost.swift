import Foundation

/// The host of a web address, in the form in which it is looked up: A-labels in lower case, no trailing dot.
enum WebHost {
    /// - Returns: `nil` for what cannot be a host: a label that IDNA does not allow, a literal that is no IPv6 address.
    static func ascii(_ host: String) -> String? {
        if host.hasPrefix("[") { return IPAddress.literal(host) }
        var host = host.withoutInvisible
        if host.utf8.allSatisfy({ $0 < 0x80 }) {
            host = host.lowercased()
        } else {
            guard let encoded = encoded(host) else { return nil }
            host = encoded
        }
        if host.hasSuffix(".") { host.removeLast() }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel), host.utf8.count <= 253 else { return nil }
        return labels.last.map { IPAddress.isNumber($0) } == true ? IPAddress.dotted(labels) : host
    }

    /// By Unicode's rules for compatibility (UTS #46).
    private static func encoded(_ host: String) -> String? {
        var components = URLComponents()
        components.scheme = "http"
        components.host = host.precomposedStringWithCompatibilityMapping.lowercased().replacing("。", with: ".")
        guard let encoded = components.encodedHost, !encoded.contains("%") else { return nil }
        return encoded.lowercased()
    }

    /// Letters, digits, hyphens within, and the underscores that some name servers give out; what an A-label says has to be
    /// allowed, and in its normal form.
    private static func isLabel(_ label: Substring) -> Bool {
        guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(isLetter) else { return false }
        guard label.first != "-", label.last != "-" else { return false }
        guard label.hasPrefix("xn--") else { return true }
        guard let name = Punycode.decoded(label.dropFirst(4)), !name.utf8.allSatisfy({ $0 < 0x80 }) else {
            return false
        }
        return name.withoutInvisible == name && encoded(name) == String(label)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
    }

    /// Whether it is an address in numbers, which nobody registers.
    static func isNumeric(_ host: String) -> Bool {
        host.hasPrefix("[") || host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    }

    // MARK: Deceit

    /// Whether a label mixes letters of scripts that look alike, as `таоbао`.
    static func isMixedScript(_ host: String) -> Bool {
        unicode(host).split(separator: ".").contains { label in
            Set(label.unicodeScalars.compactMap(script)).count > 1
        }
    }

    private enum Script {
        case latin
        case greek
        case cyrillic
        case other
    }

    private static func script(_ scalar: Unicode.Scalar) -> Script? {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: .latin
        case 0x370...0x3FF: .greek
        case 0x400...0x52F: .cyrillic
        case 0x530...0x58F, 0x13A0...0x13FF: .other
        default: nil
        }
    }

    /// What the host looks like at a glance: foreign letters and digits as the Latin letters they resemble.
    static func glance(_ host: String) -> String {
        String(unicode(host).map { Self.lookalikes[$0] ?? $0 })
    }

    private static let lookalikes: [Character: Character] = [
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "н": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l",
        "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t", "и": "u", "ѵ": "v", "ԝ": "w",
        "х": "x", "у": "y", "α": "a", "ο": "o", "ρ": "p", "ν": "v", "τ": "t", "ι": "i", "κ": "k", "0": "o", "1": "l",
    ]

    /// The host as people read it.
    private static func unicode(_ host: String) -> String {
        guard host.contains("xn--") else { return host }
        return host.split(separator: ".").map { label in
            label.hasPrefix("xn--") ? Punycode.decoded(label.dropFirst(4)) ?? String(label) : String(label)
        }.joined(separator: ".")
    }
}
