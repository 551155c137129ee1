public import Foundation

/// A secret of 32 bytes in a file of its own, as base64, which only its user may read.
public enum KeyFile {
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(String)
        case notAKey(String)
        case readableByOthers(String)
        case notRandom(String)

        public var description: String {
            switch self {
            case .unreadable(let path): "the key file \(path) cannot be read"
            case .notAKey(let path): "the key file \(path) has to hold 32 bytes in base64"
            case .notRandom(let path):
                "the key in \(path) can be guessed; make one with: head -c 32 /dev/urandom | base64"
            case .readableByOthers(let path): "the key file \(path) is readable by others; make it mode 0600"
            }
        }
    }

    /// The secret.
    ///
    /// - Throws: ``Failure``.
    public static func read(_ file: URL) throws(Failure) -> Data {
        let path = file.path(percentEncoded: false)
        // What is opened is what is judged and read: behind a symbolic link its target, and nothing that is put in its place
        // in between. A pipe without a writer must not hold the start up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path) }
        guard status.st_mode & 0o077 == 0 else { throw .readableByOthers(path) }
        let text: String
        do {
            text = String(decoding: try handle.read(upToCount: 4096) ?? Data(), as: UTF8.self)
        } catch {
            throw .unreadable(path)
        }
        guard let bytes = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes.count == 32
        else { throw .notAKey(path) }
        guard looksRandom(bytes) else { throw .notRandom(path) }
        return bytes
    }

    /// Whether it may be a key at all: 32 random bytes hardly ever have fewer than 16 different ones, examples and placeholders
    /// do.
    public static func looksRandom(_ bytes: Data) -> Bool { Set(bytes).count >= 16 }

    /// A new secret, as its file holds it.
    public static func newSecret() -> String { Data(randomBytes(32)).base64EncodedString() }
}
