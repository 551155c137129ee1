public import Foundation

/// A tree to which leaves are added at its end: of what is there only the roots of its complete subtrees are kept.
public struct GrowingTree: Sendable, Equatable {
    /// Leaves so far.
    public private(set) var size = 0
    /// The largest first; one for each bit of the size.
    private var peaks: [Data] = []

    public init() {}

    /// A tree of so many leaves.
    ///
    /// - Parameters:
    ///   - size: Leaves of it.
    ///   - node: The hash of a complete subtree.
    /// - Throws: What `node` throws.
    public init(size: Int, _ node: (MerkleTree.Place) throws -> Data) rethrows {
        self.size = size
        var begin = 0
        for level in stride(from: Int.bitWidth - 2, through: 0, by: -1) where size & 1 << level != 0 {
            peaks.append(try node(MerkleTree.Place(level: level, index: begin >> level)))
            begin += 1 << level
        }
    }

    /// Adds a leaf.
    ///
    /// - Parameter leafHash: From ``MerkleTree/leafHash(_:)``.
    /// - Returns: The subtrees that are complete with it, the smallest, the leaf itself, first.
    @discardableResult
    public mutating func append(_ leafHash: Data) -> [(place: MerkleTree.Place, hash: Data)] {
        var (hash, level, completed) = (leafHash, 0, [(place: MerkleTree.Place, hash: Data)]())
        completed.append((MerkleTree.Place(level: 0, index: size), leafHash))
        while size >> level & 1 == 1 {
            hash = MerkleTree.nodeHash(peaks.removeLast(), hash)
            level += 1
            completed.append((MerkleTree.Place(level: level, index: size >> level), hash))
        }
        peaks.append(hash)
        size += 1
        return completed
    }

    public var root: Data {
        guard var root = peaks.last else { return MerkleTree.emptyRoot }
        for peak in peaks.dropLast().reversed() { root = MerkleTree.nodeHash(peak, root) }
        return root
    }
}
