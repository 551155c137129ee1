import Foundation

/// Proxies whose word is taken for who asks.
///
/// `X-Forwarded-For` is read from its end, past every address that is trusted too; what stands further to the front
/// could have been written by anyone.
public struct TrustedProxies: Sendable {
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

    public init() { networks = [] }

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

    /// The address of who asks.
    ///
    /// - Parameters:
    ///   - peer: Who opened the connection.
    ///   - forwarded: The header `X-Forwarded-For`, all lines of it with commas between.
    /// - Returns: The last of the forwarded addresses that is no proxy of ours, or the peer.
    func client(peer: String, forwarded: String?) -> String {
        var client = peer
        guard !networks.isEmpty, let forwarded, isTrusted(peer) else { return client }
        for hop in forwarded.split(separator: ",").reversed() {
            let address = hop.trimmingCharacters(in: .whitespaces)
            // What is no address ends the part that can be believed.
            guard addressBytes(address) != nil else { return client }
            client = address
            guard isTrusted(address) else { return client }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        guard let bytes = addressBytes(address) else { return false }
        return networks.contains { $0.holds(bytes) }
    }
}

/// Four bytes of IPv4 or sixteen of IPv6; an IPv4 address written in IPv6 is the IPv4 address.
private func addressBytes(_ text: String) -> [UInt8]? {
    var (v4, v6) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    return isMapped ? Array(bytes.suffix(4)) : bytes
}
