import Foundation
import Store
import Subprocess
import SystemPackage

/// Where the key-encryption key comes from: a file, or a program that asks whoever keeps it.
enum KeySource {
    case file(URL)
    /// A program and its arguments, with blanks between; no shell reads it.
    case command(String)

    /// - Throws: `KeyFile.Failure`, or ``Failure`` where the program fails or prints no key.
    func key() async throws -> KeyEncryptionKey {
        switch self {
        case .file(let file): return try KeyEncryptionKey(file: file)
        case .command(let line):
            let words = line.split(separator: " ").map(String.init)
            guard let program = words.first else { throw Failure("keys.command names no program", code: 64) }
            let printed = try await Self.printed(by: program, Array(words.dropFirst()))
            // What it printed is never told: it may be the key.
            guard let bytes = Data(base64Encoded: printed.trimmingCharacters(in: .whitespacesAndNewlines)),
                bytes.count == 32
            else { throw Failure("keys.command (\(program)) has to print 32 bytes in base64", code: 69) }
            guard KeyFile.looksRandom(bytes) else {
                throw Failure("the key that keys.command (\(program)) prints can be guessed", code: 69)
            }
            return KeyEncryptionKey(bytes)
        }
    }

    private static func printed(by program: String, _ arguments: [String]) async throws -> String {
        try await withThrowingTaskGroup { tasks in
            tasks.addTask {
                let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
                let result = try await Subprocess.run(
                    executable, arguments: Arguments(arguments), output: .string(limit: 4096), error: .discarded)
                guard result.terminationStatus.isSuccess else {
                    throw Failure("keys.command (\(program)) failed: \(result.terminationStatus)", code: 69)
                }
                return result.standardOutput
            }
            tasks.addTask {
                try await Task.sleep(for: .seconds(30))
                throw Failure("keys.command (\(program)) printed nothing within 30 seconds", code: 69)
            }
            defer { tasks.cancelAll() }
            return try await tasks.next() ?? ""
        }
    }
}

/// A file with a new secret that only its user may read, on disk when this returns; one that is there stays.
///
/// - Throws: ``Failure``, or what writing throws.
func makeSecret(_ file: URL) throws {
    let path = file.path(percentEncoded: false)
    guard !FileManager.default.fileExists(atPath: path) else { return }
    // Written under a name of this process first, so that a process that is killed leaves no file with half a secret.
    removeDrafts(of: file)
    let draft = path + ".new-\(getpid())"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure("\(draft) cannot be written: \(String(cString: strerror(errno)))") }
    defer { unlink(draft) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data((KeyFile.newSecret() + "\n").utf8))
    try handle.synchronize()
    // Unlike a rename, this never replaces a secret that another process has made in the meantime.
    guard link(draft, path) == 0 || errno == EEXIST else {
        throw Failure("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// Removes what processes that were killed have left of secrets that were never used.
private func removeDrafts(of file: URL) {
    let folder = file.deletingLastPathComponent()
    let beginning = file.lastPathComponent + ".new-"
    // Where the folder cannot be read, the secret cannot be made either, and that is said.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
    for name in names where name.hasPrefix(beginning) {
        guard let process = pid_t(name.dropFirst(beginning.count)), kill(process, 0) != 0 || process == getpid() else {
            continue
        }
        unlink(folder.appending(path: name).path(percentEncoded: false))
    }
}
