import Casework
import Foundation
import NIOCore
import NIOPosix

/// An address that messages may be sent to: the public internet by TLS, and networks the operator names.
///
/// Whoever gives an address must not be able to make this server talk to its own neighbours, so the host is looked up
/// once and the connection goes to what was found, whatever the name says a moment later.
struct WebhookTarget: Sendable {
    static let limit = 2000
    let url: String
    let host: String
    let allowed: NetworkList
}

extension WebhookTarget {
    /// - Throws: `InvalidDocument`, where the address cannot be one.
    init(_ text: String, allowing allowed: NetworkList) throws {
        func unfit(_ code: String, _ detail: String) -> InvalidDocument {
            InvalidDocument(faults: [Fault(pointer: "#/url", code: code, detail: detail)])
        }
        // The host as the client that connects sees it, or what was looked up would not be what is connected to.
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = URL(string: text)?.host, host.wholeMatch(of: /[A-Za-z0-9.:\-]+/) != nil
        else { throw unfit("not_a_url", "is no address such as https://example.cn/rectify") }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw unfit("not_a_url", "may have neither a user nor a fragment; messages are signed")
        }
        guard ["https", "http"].contains(scheme), parts.port.map({ (1...65_535).contains($0) }) ?? true else {
            throw unfit("not_a_url", "begins with https://, and a port lies between 1 and 65535")
        }
        let isPublic = addressBytes(host) == nil ? Self.mayBePublic(name: host) : NetworkList.isPublic(host)
        guard isPublic || allowed.holds(host) else {
            throw unfit("not_public", "leads to an address that is not in the public internet")
        }
        guard scheme == "https" || allowed.holds(host) else {
            throw unfit("not_encrypted", "has to begin with https://")
        }
        self.init(url: text, host: host, allowed: allowed)
    }

    /// Whether a name can be one of the public internet: those that never are need not be looked up to be refused
    /// (RFC 6761, RFC 6762), nor what some read as a number.
    private static func mayBePublic(name: String) -> Bool {
        let labels = name.lowercased().split(separator: ".")
        guard labels.count > 1, let last = labels.last else { return false }
        let isNumber = last.allSatisfy(\.isNumber) || last.hasPrefix("0x")
        return !isNumber && !["localhost", "local", "internal", "invalid", "test", "example", "onion"].contains(last)
    }

    /// Why nothing can be sent there.
    struct Unreachable: Error {
        let reason: String
    }

    /// The address to connect to.
    ///
    /// - Throws: ``Unreachable``.
    func resolved(on threads: NIOThreadPool) async throws(Unreachable) -> String {
        let found: String?
        do {
            found = try await threads.runIfActive { [host] in
                try SocketAddress.makeAddressResolvingHost(host, port: 0).ipAddress
            }
        } catch {
            throw Unreachable(reason: "the name of the host was not found")
        }
        guard let address = found, NetworkList.isPublic(address) || allowed.holds(address) else {
            throw Unreachable(reason: "the host is not in the public internet")
        }
        return address
    }
}
