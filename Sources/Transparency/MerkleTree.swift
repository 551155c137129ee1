import Crypto
public import Foundation

/// The hashes of a Merkle tree as RFC 6962, section 2.1, defines them.
public enum MerkleTree {
    /// The root of a tree without leaves.
    public static let emptyRoot = Data(SHA256.hash(data: Data()))

    /// The hash of a leaf: marked, so that none can pass for a node.
    public static func leafHash(_ leaf: Data) -> Data {
        var hash = SHA256()
        hash.update(data: [0])
        hash.update(data: leaf)
        return Data(hash.finalize())
    }

    /// The hash of the two below.
    public static func nodeHash(_ left: Data, _ right: Data) -> Data {
        var hash = SHA256()
        hash.update(data: [1])
        hash.update(data: left)
        hash.update(data: right)
        return Data(hash.finalize())
    }

    /// Where a complete subtree stands: `index` counts those of the same height from the left.
    public struct Place: Hashable, Sendable {
        /// It has two to this power leaves.
        public let level: Int
        public let index: Int

        public init(level: Int, index: Int) {
            self.level = level
            self.index = index
        }
    }

    /// The root of the leaves in a range that begins where a subtree of its size may.
    ///
    /// - Parameters:
    ///   - range: Of leaves; not empty.
    ///   - node: The hash of a complete subtree.
    /// - Returns: The hash that stands for them in a tree that ends with the range.
    /// - Throws: What `node` throws.
    public static func root(of range: Range<Int>, _ node: (Place) throws -> Data) rethrows -> Data {
        let count = range.count
        if count & (count - 1) == 0 {
            let level = count.trailingZeroBitCount
            return try node(Place(level: level, index: range.lowerBound >> level))
        }
        let middle = range.lowerBound + largestPowerOfTwo(below: count)
        return nodeHash(
            try root(of: range.lowerBound..<middle, node), try root(of: middle..<range.upperBound, node))
    }

    /// The hashes that prove a leaf to be in a tree (RFC 6962, section 2.1.1), from the leaf upwards.
    ///
    /// - Parameters:
    ///   - index: Of the leaf; less than `size`.
    ///   - size: Leaves of the tree.
    ///   - node: The hash of a complete subtree.
    /// - Returns: As many hashes as the leaf lies deep.
    /// - Throws: What `node` throws.
    public static func inclusionProof(
        of index: Int, in size: Int, _ node: (Place) throws -> Data
    ) rethrows -> [Data] {
        var (range, siblings) = (0..<size, [Range<Int>]())
        while range.count > 1 {
            let middle = range.lowerBound + largestPowerOfTwo(below: range.count)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            siblings.append(index < middle ? right : left)
            range = index < middle ? left : right
        }
        return try siblings.reversed().map { try root(of: $0, node) }
    }

    /// The hashes that prove a tree to be the beginning of a larger one (RFC 6962, section 2.1.2).
    ///
    /// - Parameters:
    ///   - first: Leaves of the smaller tree.
    ///   - size: Leaves of the larger.
    ///   - node: The hash of a complete subtree.
    /// - Returns: None where the first is empty or both are one.
    /// - Throws: What `node` throws.
    public static func consistencyProof(
        from first: Int, to size: Int, _ node: (Place) throws -> Data
    ) rethrows -> [Data] {
        guard first > 0, first < size else { return [] }
        var (range, isWhole, ranges) = (0..<size, true, [Range<Int>]())
        while first != range.upperBound {
            let middle = range.lowerBound + largestPowerOfTwo(below: range.count)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            if first <= middle {
                ranges.append(right)
                range = left
            } else {
                ranges.append(left)
                range = right
                isWhole = false
            }
        }
        // The smaller tree itself is known to whoever asks, where it is one subtree of the larger.
        if !isWhole { ranges.append(range) }
        return try ranges.reversed().map { try root(of: $0, node) }
    }

    private static func largestPowerOfTwo(below count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}

// MARK: Verifying

extension MerkleTree {
    /// Whether a proof shows a leaf to be in a tree (RFC 9162, section 2.1.3.2).
    ///
    /// - Parameters:
    ///   - leafHash: Of the leaf.
    ///   - index: Its place.
    ///   - size: Leaves of the tree.
    ///   - root: Of the tree.
    ///   - proof: From ``inclusionProof(of:in:_:)``.
    /// - Returns: False also for what cannot be a proof.
    public static func isIncluded(
        _ leafHash: Data, at index: Int, in size: Int, root: Data, by proof: [Data]
    ) -> Bool {
        guard (0..<max(size, 0)).contains(index) else { return false }
        var (place, last, hash) = (index, size - 1, leafHash)
        for sibling in proof {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = nodeHash(sibling, hash)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether a proof shows that a tree is the beginning of a larger one (RFC 9162, section 2.1.4.2).
    ///
    /// - Parameters:
    ///   - first: Leaves of the smaller tree.
    ///   - firstRoot: Its root.
    ///   - size: Leaves of the larger tree.
    ///   - root: Its root.
    ///   - proof: From ``consistencyProof(from:to:_:)``.
    /// - Returns: False also for what cannot be a proof.
    public static func isConsistent(
        _ first: Int, _ firstRoot: Data, with size: Int, _ root: Data, by proof: [Data]
    ) -> Bool {
        if first == 0 { return firstRoot == emptyRoot && proof.isEmpty && size >= 0 }
        if first == size { return firstRoot == root && proof.isEmpty }
        guard first > 0, first < size, !proof.isEmpty else { return false }
        var path = proof[...]
        if first & (first - 1) == 0 { path = [firstRoot] + path }
        var (place, last) = (first - 1, size - 1)
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        guard let begin = path.popFirst() else { return false }
        var (old, new) = (begin, begin)
        for hash in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                (old, new) = (nodeHash(hash, old), nodeHash(hash, new))
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                new = nodeHash(new, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && old == firstRoot && new == root
    }
}
