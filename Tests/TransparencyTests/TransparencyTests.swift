import Foundation
import Testing

@testable import Transparency

/// The tree and its proofs, against values of another hand and against itself.
struct TransparencyTests {
    /// The leaves and roots that Certificate Transparency's own tests use.
    private static let leaves = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    private static let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    /// Leaves, and every complete subtree over them.
    private struct Built {
        var tree = GrowingTree()
        var nodes: [MerkleTree.Place: Data] = [:]
        var leaves: [Data] = []

        init(_ count: Int) {
            for number in 0..<count {
                leaves.append(MerkleTree.leafHash(Data("leaf \(number)".utf8)))
                for (place, hash) in tree.append(leaves[number]) { nodes[place] = hash }
            }
        }

        func node(_ place: MerkleTree.Place) -> Data { nodes[place] ?? Data() }

        func root(of size: Int) -> Data { GrowingTree(size: size, node).root }
    }

    @Test func `roots are those of RFC 6962's own vectors`() {
        #expect(MerkleTree.emptyRoot.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        var tree = GrowingTree()
        for (leaf, root) in zip(Self.leaves, Self.roots) {
            tree.append(MerkleTree.leafHash(Data(hex: leaf)))
            #expect(tree.root.hex == root)
        }
    }

    @Test func `every leaf of every tree can be proved, and nothing else (G90)`() {
        let built = Built(70)
        for size in 1...70 {
            let root = built.root(of: size)
            for index in 0..<size {
                let proof = MerkleTree.inclusionProof(of: index, in: size, built.node)
                func holds(_ leaf: Data, _ index: Int, _ size: Int, _ root: Data, _ proof: [Data]) -> Bool {
                    MerkleTree.isIncluded(leaf, at: index, in: size, root: root, by: proof)
                }
                #expect(holds(built.leaves[index], index, size, root, proof))
                #expect(!holds(built.leaves[(index + 1) % 70], index, size, root, proof))
                #expect(!holds(built.leaves[index], index + 1, size, root, proof))
                #expect(!holds(built.leaves[index], index, size, MerkleTree.emptyRoot, proof))
                #expect(!holds(built.leaves[index], index, size, root, proof + [root]))
                if !proof.isEmpty { #expect(!holds(built.leaves[index], index, size, root, Array(proof.dropLast()))) }
            }
        }
        #expect(!MerkleTree.isIncluded(built.leaves[0], at: 0, in: 0, root: MerkleTree.emptyRoot, by: []))
        #expect(!MerkleTree.isIncluded(built.leaves[0], at: -1, in: 5, root: built.root(of: 5), by: []))
    }

    @Test func `every tree is proved to begin every larger one, and no other (G90)`() {
        let built = Built(40)
        let other = Built(41)
        for first in 0...40 {
            for size in first...40 {
                let (old, new) = (built.root(of: first), built.root(of: size))
                let proof = MerkleTree.consistencyProof(from: first, to: size, built.node)
                #expect(MerkleTree.isConsistent(first, old, with: size, new, by: proof), "\(first) \(size)")
                let strange = other.root(of: 41)
                #expect(!MerkleTree.isConsistent(first, strange, with: size, new, by: proof))
                if first > 0, first < size {
                    #expect(!MerkleTree.isConsistent(first, old, with: size, strange, by: proof))
                    #expect(!MerkleTree.isConsistent(first, old, with: size, new, by: proof + [old]))
                }
            }
        }
    }

    @Test func `a checkpoint holds by its log's key alone`() throws {
        let signer = try NoteSigner(name: "example.org/log", seed: Data(repeating: 7, count: 32))
        let checkpoint = Checkpoint(origin: "example.org/log", size: 5, root: Built(5).tree.root)
        let note = try signer.sign(checkpoint.text)
        let verifier = try #require(NoteVerifier("\(signer.verifier)"))
        #expect(try Checkpoint(signed: note, by: verifier) == checkpoint)
        let other = try NoteSigner(name: "example.org/log", seed: Data(repeating: 8, count: 32)).verifier
        #expect(throws: Checkpoint.Invalid.wrongSignature) { try Checkpoint(signed: note, by: other) }
        let changed = note.replacing("\n5\n", with: "\n6\n")
        #expect(throws: Checkpoint.Invalid.wrongSignature) { try Checkpoint(signed: changed, by: verifier) }
        let strange = try signer.sign(Checkpoint(origin: "example.org/other", size: 5, root: checkpoint.root).text)
        #expect(throws: Checkpoint.Invalid.wrongOrigin("example.org/other")) {
            try Checkpoint(signed: strange, by: verifier)
        }
        for text in ["", "\n", "a\n\n", note + "x", note.replacing("—", with: "-"), "a\n05\nAA==\n\n— a b\n"] {
            #expect(throws: Checkpoint.Invalid.notANote) { try Checkpoint(signed: text, by: verifier) }
        }
        for text in ["", "a+b+c", "\(verifier)x", "\(verifier)".replacing("example", with: "sample")] {
            #expect(NoteVerifier(text) == nil, "\(text)")
        }
    }

    @Test func `a proof is read back, and proves without anything else`() throws {
        let signer = try NoteSigner(name: "log", seed: Data(repeating: 7, count: 32))
        let built = Built(9)
        let note = try signer.sign(Checkpoint(origin: "log", size: 9, root: built.tree.root).text)
        let hashes = MerkleTree.inclusionProof(of: 3, in: 9, built.node)
        let proof = LogProof(extra: Data("what it is".utf8), index: 3, hashes: hashes, checkpoint: note)
        let read = try #require(LogProof(proof.text))
        #expect(read == proof)
        #expect(try read.checkpoint(including: Data("leaf 3".utf8), signer.verifier)?.size == 9)
        #expect(try read.checkpoint(including: Data("leaf 4".utf8), signer.verifier) == nil)
        #expect(LogProof(proof.text.replacing("index 3", with: "index x")) == nil)
        #expect(LogProof("") == nil)
    }
}

extension Data {
    fileprivate init(hex: String) {
        self.init(
            stride(from: 0, to: hex.count, by: 2).compactMap { place in
                let begin = hex.index(hex.startIndex, offsetBy: place)
                return UInt8(hex[begin..<hex.index(begin, offsetBy: 2)], radix: 16)
            })
    }

    fileprivate var hex: String { map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}
