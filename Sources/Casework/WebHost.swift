import Foundation

/// The host of a web address, in the form in which it is looked up: A-labels in lower case, no trailing dot.
enum WebHost {
    /// - Returns: `nil` for what cannot be a host.
    static func ascii(_ host: String) -> String? {
        var host = host
        if host.utf8.allSatisfy({ $0 < 0x80 }) {
            host = host.lowercased()
        } else {
            host = host.precomposedStringWithCompatibilityMapping.lowercased().replacing("。", with: ".")
            var components = URLComponents()
            components.scheme = "http"
            components.host = host
            guard let encoded = components.encodedHost, !encoded.contains("%") else { return nil }
            host = encoded.lowercased()
        }
        if host.hasSuffix(".") { host.removeLast() }
        if host.hasPrefix("[") { return host.hasSuffix("]") && host.contains(":") ? host : nil }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let isFine = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy(Self.isLetter)
        }
        guard isFine, host.utf8.count <= 253 else { return nil }
        return labels.last.map { isNumber($0) } == true ? dotted(labels) : host
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
    }

    /// Whether it is an address in numbers, which nobody registers.
    static func isNumeric(_ host: String) -> Bool {
        host.hasPrefix("[") || host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    }

    private static func isNumber(_ label: Substring) -> Bool {
        label.hasPrefix("0x") || label.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// An IPv4 address in whatever base and number of parts, as browsers read it (WHATWG URL, 3.5).
    private static func dotted(_ labels: [Substring]) -> String? {
        let parts = labels.compactMap { label -> Int? in
            if label.hasPrefix("0x") { return label.count == 2 ? 0 : Int(label.dropFirst(2), radix: 16) }
            return label.hasPrefix("0") && label.count > 1 ? Int(label.dropFirst(), radix: 8) : Int(label)
        }
        guard parts.count == labels.count, parts.count <= 4, let last = parts.last else { return nil }
        let free = 8 * (5 - parts.count)
        guard parts.dropLast().allSatisfy({ $0 <= 255 }), last < 1 << free else { return nil }
        let number = parts.dropLast().enumerated().reduce(last) { $0 | $1.element << (24 - 8 * $1.offset) }
        return [24, 16, 8, 0].map { String(number >> $0 & 255) }.joined(separator: ".")
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
            label.hasPrefix("xn--") ? decoded(label.dropFirst(4)) ?? String(label) : String(label)
        }.joined(separator: ".")
    }

    /// Punycode (RFC 3492).
    private static func decoded(_ label: Substring) -> String? {
        var scalars: [Unicode.Scalar] = []
        var rest = label
        if let dash = label.lastIndex(of: "-") {
            scalars = Array(label[..<dash].unicodeScalars)
            rest = label[label.index(after: dash)...]
        }
        var (code, bias, index) = (128, 72, 0)
        var digits = rest.utf8.makeIterator()
        var next = digits.next()
        while next != nil {
            let start = index
            var (weight, base) = (1, 36)
            while true {
                guard let byte = next, let digit = digit(byte) else { return nil }
                next = digits.next()
                let (product, isOver) = digit.multipliedReportingOverflow(by: weight)
                guard !isOver, index < 1 << 40 else { return nil }
                index += product
                let threshold = min(max(base - bias, 1), 26)
                if digit < threshold { break }
                (weight, base) = (weight * (36 - threshold), base + 36)
                guard weight < 1 << 40 else { return nil }
            }
            let count = scalars.count + 1
            bias = adapted(index - start, count: count, isFirst: start == 0)
            code += index / count
            index %= count
            guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else { return nil }
            scalars.insert(scalar, at: index)
            index += 1
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x61...0x7A: Int(byte) - 0x61
        case 0x30...0x39: Int(byte) - 0x30 + 26
        default: nil
        }
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var base = 0
        while delta > 455 { (delta, base) = (delta / 35, base + 36) }
        return base + 36 * delta / (delta + 38)
    }
}
