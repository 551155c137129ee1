import Foundation

/// Addresses and networks, as an operator writes them: with commas between, such as `127.0.0.1,10.0.0.0/8`.
public struct NetworkList: Sendable {
    /// What was written is no list of addresses and networks.
    public struct Malformed: Error, CustomStringConvertible {
        let entry: String
        public var description: String {
            "“\(entry)” is no address such as 127.0.0.1, and no network such as 10.0.0.0/8"
        }
    }

    private struct Network: Sendable {
        let bytes: [UInt8]
        let bits: Int

        func holds(_ address: [UInt8]) -> Bool {
            guard address.count == bytes.count else { return false }
            return (0..<bits).allSatisfy { bit in
                (address[bit / 8] ^ bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
            }
        }
    }

    private let networks: [Network]

    /// - Throws: ``Malformed``.
    public init(_ list: String) throws(Malformed) {
        var networks: [Network] = []
        for entry in list.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = parts.first, parts.count <= 2, let bytes = addressBytes(String(first)) else {
                throw Malformed(entry: entry)
            }
            let bits = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
            guard let bits, (0...(bytes.count * 8)).contains(bits) else { throw Malformed(entry: entry) }
            networks.append(Network(bytes: bytes, bits: bits))
        }
        self.networks = networks
    }

    public init() { networks = [] }

    private init(known list: [String]) {
        networks = list.compactMap { entry in
            let parts = entry.split(separator: "/")
            guard let bytes = addressBytes(String(parts[0])), let bits = Int(parts[1]) else { return nil }
            return Network(bytes: bytes, bits: bits)
        }
    }

    var isEmpty: Bool { networks.isEmpty }

    func holds(_ address: String) -> Bool {
        guard let bytes = addressBytes(address) else { return false }
        return networks.contains { $0.holds(bytes) }
    }

    /// IPv4 that is not the public internet (IANA's special-purpose address registry, RFC 6890).
    private static let special = NetworkList(known: [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        // Of the global IPv6 addresses: documentation, and tunnels that lead to any IPv4 address.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ])

    /// All of IPv6 that is handed out to the public internet.
    private static let global = NetworkList(known: ["2000::/3"])

    /// Whether an address lies in the public internet.
    static func isPublic(_ address: String) -> Bool {
        guard let bytes = addressBytes(address), !special.holds(address) else { return false }
        return bytes.count == 4 || global.holds(address)
    }
}

/// Four bytes of IPv4 or sixteen of IPv6; an IPv4 address written in IPv6 is the IPv4 address.
func addressBytes(_ text: String) -> [UInt8]? {
    var (v4, v6) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    return isMapped ? Array(bytes.suffix(4)) : bytes
}
