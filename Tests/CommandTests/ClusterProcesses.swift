import Foundation
import TestSupport

/// One of the two clusters of PostgreSQL that a program has.
enum Cluster: String, CaseIterable {
    case cases = "postgres"
    case keys = "keys/postgres"
}

extension Program {
    /// The first process of a cluster; `nil` where none runs.
    func postmaster(_ cluster: Cluster) -> pid_t? {
        let file = URL(filePath: data).appending(path: "\(cluster.rawValue)/postmaster.pid")
        guard let line = try? String(contentsOf: file, encoding: .utf8).split(separator: "\n").first,
            let process = pid_t(line), Foundation.kill(process, 0) == 0
        else { return nil }
        return process
    }

    /// All processes of a cluster, the first one before the others.
    func processes(of cluster: Cluster) throws -> [pid_t] {
        guard let main = postmaster(cluster) else { return [] }
        return [main]
            + (try Self.all().filter { process in
                let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
                let parent = text?.split(separator: ")").last?.split(separator: " ").dropFirst().first
                return parent.flatMap { pid_t($0) } == main
            })
    }

    /// Sends a signal to all processes of a cluster.
    func signal(_ cluster: Cluster, _ signal: Int32) throws {
        for process in try processes(of: cluster) { Foundation.kill(process, signal) }
    }

    /// Kills everything that works in the program's folder, as when the machine is switched off.
    func killEverything() async throws {
        // Those that a dying one has just started are not missed.
        try await until("all of them have ended") {
            let rest = try Self.all().filter { $0 != getpid() && worksHere($0) && !Self.hasEnded($0) }
            for process in rest { Foundation.kill(process, SIGKILL) }
            return rest.isEmpty
        }
    }

    /// Whether a process names the program's folder in its arguments, or has it as its working directory.
    private func worksHere(_ process: pid_t) -> Bool {
        let (files, here) = (FileManager.default, folder.path(percentEncoded: false))
        let place = try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
        if let place, place.hasPrefix(here) { return true }
        return files.contents(atPath: "/proc/\(process)/cmdline")?.range(of: Data(here.utf8)) != nil
    }

    private static func all() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
    }

    /// Whether nothing of it runs; its parent may not have asked for its exit code yet.
    private static func hasEnded(_ process: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
        return text.split(separator: ")").last?.split(separator: " ").first == "Z"
    }
}
