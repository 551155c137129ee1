import Foundation

/// What a running PostgreSQL notes about itself in `postmaster.pid`, one fact a line (its sources: `utils/pidfile.h`).
struct PostmasterFile {
    /// What is known of the main process of a server.
    enum Life: Equatable {
        case runs(PostmasterFile.Status)
        case died
        /// The system could not tell, such as where no file can be opened because too many are; nothing may be done about
        /// a server on this ground.
        case unknown(String)
    }

    enum Status: Equatable { case ready, standby, starting, stopping }

    let process: pid_t
    /// Where the server listens; empty as long as it is not noted.
    let port: Substring
    let status: Status

    /// - Returns: `nil` where there is no such file: no server runs.
    /// - Throws: ``EmbeddedServer/Failure/cannotPrepare(_:)`` where it is there and cannot be read.
    init?(of data: URL) throws {
        let file = data.appending(path: "postmaster.pid")
        let text: String
        do {
            text = try String(contentsOf: file, encoding: .utf8)
        } catch  where error.isNoSuchFile {
            return nil
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(file.plainPath) cannot be read: \(error.systemReason)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let process = lines.first.flatMap({ pid_t($0) }), process > 0 else {
            throw EmbeddedServer.Failure.cannotPrepare("\(file.plainPath) names no process; where none runs, delete it")
        }
        self.process = process
        port = lines.count > 3 ? lines[3] : ""
        // The state is the eighth line, filled up with blanks.
        switch lines.count > 7 ? lines[7].prefix(while: { $0 != " " }) : "" {
        case "ready": status = .ready
        case "standby": status = .standby
        case "stopping": status = .stopping
        default: status = .starting
        }
    }

    /// Whether the server in a data directory lives.
    static func life(in data: URL) -> Life {
        do {
            guard let file = try PostmasterFile(of: data) else { return .died }
            // As the first process of a container we have to collect a dead server; it looks alive until then.
            if waitpid(file.process, nil, WNOHANG) == file.process { return .died }
            guard kill(file.process, 0) != 0, errno != EPERM else { return .runs(file.status) }
            return errno == ESRCH ? .died : .unknown(String(cString: strerror(errno)))
        } catch {
            return .unknown("\(error)")
        }
    }
}
