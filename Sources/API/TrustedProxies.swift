import Foundation

/// Proxies whose word is taken for who asks.
///
/// `X-Forwarded-For` is read from its end, past every address that is trusted too; what stands further to the front
/// could have been written by anyone.
public struct TrustedProxies: Sendable {
    private let networks: NetworkList

    public init(_ networks: NetworkList = NetworkList()) {
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
        guard !networks.isEmpty, let forwarded, networks.holds(peer) else { return client }
        for hop in forwarded.split(separator: ",").reversed() {
            let address = hop.trimmingCharacters(in: .whitespaces)
            // What is no address ends the part that can be believed.
            guard addressBytes(address) != nil else { return client }
            client = address
            guard networks.holds(address) else { return client }
        }
        return client
    }
}
