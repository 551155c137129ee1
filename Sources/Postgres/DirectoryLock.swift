import Foundation

/// Holds a directory for one process, until the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``EmbeddedServer/Failure/inUse(directory:processID:)`` where another process has it.
    init(_ directory: URL) throws {
        let path = directory.appending(path: "rectify.lock").plainPath
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw EmbeddedServer.Failure.cannotPrepare("\(directory.plainPath) cannot be made: \(error.systemReason)")
        }
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw EmbeddedServer.Failure.cannotPrepare("\(path) cannot be opened") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            // Without the number, the failure says only that someone has it.
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            close(descriptor)
            throw EmbeddedServer.Failure.inUse(
                directory: directory.plainPath, processID: holder.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        ftruncate(descriptor, 0)
        let me = Array("\(getpid())\n".utf8)
        _ = write(descriptor, me, me.count)
    }

    deinit {
        close(descriptor)
    }
}
