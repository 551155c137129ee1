import Foundation

/// Addresses in numbers, each in its one form.
enum IPAddress {
    /// An IPv6 address in brackets, in the form of RFC 5952; `nil` for what is none.
    static func literal(_ host: String) -> String? {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &bytes) == 1 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return "[" + String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + "]"
    }

    static func isNumber(_ label: Substring) -> Bool {
        label.hasPrefix("0x") || label.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// An IPv4 address in whatever base and number of parts, as browsers read it (WHATWG URL, 3.5).
    static func dotted(_ labels: [Substring]) -> String? {
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
}
