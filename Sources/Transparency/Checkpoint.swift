public import Foundation

/// What a log says it was: its size and its root (C2SP tlog-checkpoint).
public struct Checkpoint: Sendable, Equatable {
    public let origin: String
    public let size: Int
    public let root: Data

    public init(origin: String, size: Int, root: Data) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the text of a note.
    ///
    /// - Returns: `nil` where it is no checkpoint.
    public init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, !lines[0].isEmpty, let size = Int(lines[1]), size >= 0, String(size) == lines[1],
            let root = Data(base64Encoded: lines[2]), root.count == 32
        else { return nil }
        self.init(origin: lines[0], size: size, root: root)
    }

    /// As it is signed.
    public var text: String { "\(origin)\n\(size)\n\(root.base64EncodedString())\n" }

    /// Why a note is no good checkpoint.
    public enum Invalid: Error, Equatable, CustomStringConvertible {
        case notANote
        case wrongSignature
        case wrongOrigin(String)

        public var description: String {
            switch self {
            case .notANote: "it is no signed checkpoint"
            case .wrongSignature: "its signature is not by the log's key"
            case .wrongOrigin(let origin): "it is of another log, “\(origin)”"
            }
        }
    }

    /// Reads a signed checkpoint.
    ///
    /// - Throws: ``Invalid``.
    public init(signed note: String, by verifier: NoteVerifier) throws(Invalid) {
        guard let parsed = SignedNote(note), let checkpoint = Checkpoint(parsed.text) else { throw .notANote }
        guard verifier.hasSigned(parsed) else { throw .wrongSignature }
        guard checkpoint.origin == verifier.name else { throw .wrongOrigin(checkpoint.origin) }
        self = checkpoint
    }
}

/// A file that proves an entry to be in a log, to whoever has the log's key (C2SP tlog-proof).
public struct LogProof: Sendable, Equatable {
    /// What the entry is worked out from; the application's own.
    public let extra: Data
    public let index: Int
    public let hashes: [Data]
    /// The signed checkpoint.
    public let checkpoint: String

    private static let header = "c2sp.org/tlog-proof@v1"

    public init(extra: Data, index: Int, hashes: [Data], checkpoint: String) {
        self.extra = extra
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// Reads a proof.
    ///
    /// - Returns: `nil` where it is none.
    public init?(_ text: String) {
        guard let gap = text.range(of: "\n\n") else { return nil }
        var lines = text[..<gap.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.header[...] else { return nil }
        guard let extra = lines.popFirst(), extra.hasPrefix("extra "),
            let data = Data(base64Encoded: String(extra.dropFirst(6))),
            let place = lines.popFirst(), place.hasPrefix("index "), let index = Int(place.dropFirst(6))
        else { return nil }
        let hashes = lines.map { Data(base64Encoded: String($0)) }
        guard hashes.count <= 63, hashes.allSatisfy({ $0?.count == 32 }) else { return nil }
        self.init(
            extra: data, index: index, hashes: hashes.compactMap(\.self), checkpoint: String(text[gap.upperBound...]))
    }

    public var text: String {
        let lines = [Self.header, "extra \(extra.base64EncodedString())", "index \(index)"]
        return (lines + hashes.map { $0.base64EncodedString() }).joined(separator: "\n") + "\n\n" + checkpoint
    }

    /// Checks that an entry is in the log.
    ///
    /// - Parameters:
    ///   - entry: What the leaf holds.
    ///   - verifier: The log's key.
    /// - Returns: The checkpoint that it is in; `nil` where the hashes do not lead to its root.
    /// - Throws: ``Checkpoint/Invalid``.
    public func checkpoint(including entry: Data, _ verifier: NoteVerifier) throws(Checkpoint.Invalid) -> Checkpoint? {
        let checkpoint = try Checkpoint(signed: checkpoint, by: verifier)
        let leaf = MerkleTree.leafHash(entry)
        let isIn = MerkleTree.isIncluded(leaf, at: index, in: checkpoint.size, root: checkpoint.root, by: hashes)
        return isIn ? checkpoint : nil
    }
}
