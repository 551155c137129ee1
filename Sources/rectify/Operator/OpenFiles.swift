import Foundation
import NIOCore

/// How many files and connections the process may have open (RLIMIT_NOFILE), and what they are for.
enum OpenFiles {
    /// Standard streams, locks, the log, listeners, and what libdispatch and a program that is started need.
    private static let own = 25
    /// Of each event loop: what it waits with, is woken by and is timed by.
    private static let ofLoop = 3
    /// With less room for clients a server would look dead.
    private static let fewest = 4
    /// Even where more files may be open: each connection takes memory too.
    private static let most = 10_000

    /// The limit in force.
    static var limit: Int {
        var limit = rlimit()
        getrlimit(resource, &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard one, and lets a process with few files have few event loops.
    ///
    /// A shell or a service gives 1,024 by default, although more is allowed.
    static func raiseLimit() {
        var limit = rlimit()
        getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        // Where it is not granted, what is left is counted all the same.
        setrlimit(resource, &limit)
        let loops = max(1, self.limit / 32)
        if loops < ProcessInfo.processInfo.activeProcessorCount { NIOSingletons.groupLoopCountSuggestion = loops }
    }

    /// How many connections of clients there is room for.
    ///
    /// - Parameter databases: Connections that all pools may open.
    /// - Returns: At least four.
    /// - Throws: ``Failure`` where hardly any is left.
    static func connections(databases: Int) throws -> Int {
        let limit = limit
        // Connections that the server opens by itself: messages to filers, the authority's directory.
        let outward = min(max(0, limit - 64) / 8, 192)
        let needed = own + ofLoop * NIOSingletons.groupLoopCountSuggestion + databases
        let room = limit - needed - outward
        guard room >= fewest else {
            throw Failure(
                "the limit of open files is \(limit), and at least \(needed + fewest) are needed; raise it (ulimit -n, "
                    + "LimitNOFILE=), or set fewer database.*_connections", code: Failure.Code.unavailable)
        }
        return min(room, most)
    }

    #if os(Linux)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif
}
