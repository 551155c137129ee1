import Foundation
import Testing

/// Many idle connections from five addresses of this machine, none of which is 127.0.0.1.
final class Crowd {
    private var sockets: [Int32] = []

    init(of count: Int, at server: ServerProcess) throws {
        let port = try #require(UInt16(server.address.split(separator: ":").last ?? ""))
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
        for index in 0..<count {
            let socket = connection(from: "127.0.0.\(2 + index % 5)", to: port)
            if socket >= 0 { sockets.append(socket) }
        }
    }

    /// Those that the server has not closed.
    var open: Int {
        sockets.count { socket in
            var byte: UInt8 = 0
            return recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }
    }

    func leave() {
        for socket in sockets { close(socket) }
        sockets = []
    }

    deinit { leave() }
}
