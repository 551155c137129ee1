public import Foundation
public import Postgres
import Synchronization
public import Transparency

/// Turns events into leaves, and signs what the log is.
///
/// Of several servers one at a time adds to the log, from closed cuts: what lies below one is complete, so that the order
/// of the log is the order of recording, without gaps.
public struct EventLog: Sendable {
    /// The log is not what it was when it was signed: nothing more is signed, so that the change stays visible.
    public struct Changed: Error, CustomStringConvertible {
        public let size: Int

        public var description: String {
            "the log is not what was signed when it had \(size) leaves; nothing is signed until that is understood: "
                + "rectify audit verify"
        }
    }

    private let databases: Databases
    private let signer: NoteSigner?
    /// What this server knows to have been signed, whatever the database says now.
    private let known = KnownCheckpoint()

    /// Events taken in one transaction.
    static let batch = 2000
    /// Roots are kept of subtrees of every eighth height.
    static let keptLevels = 8

    /// - Parameters:
    ///   - databases: Where events are.
    ///   - signer: `nil` where leaves are added and nothing is signed.
    public init(_ databases: Databases, signer: NoteSigner?) {
        self.databases = databases
        self.signer = signer
    }

    /// Takes in everything that was recorded by now.
    ///
    /// - Returns: How many events became leaves.
    /// - Throws: `PostgresError`, or ``MomentError``.
    @discardableResult
    public func bringUp() async throws -> Int {
        let cut = try await databases.work.closeCut()
        var count = 0
        while true {
            let added = try await databases.history.transaction { db in try db.addLeaves(through: cut) }
            count += added
            if added < Self.batch { return count }
            try Task.checkCancellation()
        }
    }

    /// Signs what the log is now, where that was not signed yet.
    ///
    /// - Returns: The signed checkpoint of the whole log; `nil` where it is empty, or there is no key.
    /// - Throws: ``Changed`` where it does not go on from what was signed before, `PostgresError`, or what signing throws.
    @discardableResult
    public func sign() async throws -> String? {
        guard let signer else { return nil }
        return try await databases.history.transaction { [known] db in
            // Whoever adds leaves holds this row, so that the tree stands still.
            let size = try db.first("SELECT size FROM log_place FOR UPDATE") { row in try row.read(Int.self) } ?? 0
            let latest = try db.latestCheckpoint().flatMap { SignedNote($0) }.flatMap { Checkpoint($0.text) }
            for earlier in [latest, known.checkpoint].compactMap(\.self) {
                guard try db.logRoot(ofSize: earlier.size) == earlier.root else { throw Changed(size: earlier.size) }
            }
            guard size > 0 else { return nil }
            if let signed = try db.checkpoint(ofSize: size) { return signed }
            var read = TreeBlocks()
            let root = try GrowingTree(size: size) { try db.treeNode($0, &read) }.root
            let checkpoint = Checkpoint(origin: signer.verifier.name, size: size, root: root)
            let note = try signer.sign(checkpoint.text)
            try db.run(
                """
                INSERT INTO log_checkpoint (size, root, note, signed_at) VALUES (\(size), \(root), \(note), clock_timestamp())
                """)
            known.checkpoint = checkpoint
            return note
        }
    }

    /// Remembers a checkpoint that was kept elsewhere: what is signed from now on has to go on from it.
    public func remember(_ checkpoint: Checkpoint) { known.checkpoint = checkpoint }

    /// The checkpoints of more leaves than a size, the smallest first.
    ///
    /// - Throws: `PostgresError`.
    public func checkpoints(after size: Int) async throws -> [String] {
        try await databases.history.transaction(.readOnly) { db in
            try db.all("SELECT note FROM log_checkpoint WHERE size > \(size) ORDER BY size LIMIT 10000") { row in
                try row.read(String.self)
            }
        }
    }
}

private final class KnownCheckpoint: Sendable {
    private let latest = Mutex<Checkpoint?>(nil)

    var checkpoint: Checkpoint? {
        get { latest.withLock { $0 } }
        set { latest.withLock { $0 = newValue } }
    }
}

extension Connection {
    /// Adds the next events, at most a batch.
    ///
    /// - Returns: How many; none where another server is at it.
    fileprivate func addLeaves(through cut: Date) throws -> Int {
        let place = try first("SELECT size, recorded_at::text, case_id, sequence FROM log_place FOR UPDATE SKIP LOCKED")
        {
            row in
            (
                size: try row.read(Int.self), at: try row.read(String.self), of: try row.read(UUID.self),
                sequence: try row.read(Int.self)
            )
        }
        guard let place else { return 0 }
        let campaigns = try all("SELECT id FROM campaign") { row in try row.read(Int.self) }
        var events = try campaigns.flatMap { campaign in
            try all(
                """
                SELECT \(LoggedEvent.columns) FROM \(LoggedEvent.tables)
                WHERE e.campaign_id = \(campaign) AND e.recorded_at <= \(cut)
                  AND (e.recorded_at, e.case_id, e.sequence) > (\(place.at)::timestamptz, \(place.of), \(place.sequence))
                ORDER BY e.recorded_at, e.case_id, e.sequence LIMIT \(EventLog.batch)
                """
            ) { row in try LoggedEvent(row: &row) }
        }
        if campaigns.count > 1 { events.sort { $0.precedes($1) } }
        events = Array(events.prefix(EventLog.batch))
        guard let last = events.last else { return 0 }
        var read = TreeBlocks()
        var tree = try GrowingTree(size: place.size) { try treeNode($0, &read) }
        var rows = RowBatch(for: .copy)
        for event in events {
            let hash = event.leafHash
            rows.add(
                "log_leaf",
                [
                    "index": .value(tree.size), "campaign_id": .value(event.campaignID),
                    "case_id": .value(event.caseID),
                    "sequence": .value(event.sequence), "note_digest": .value(event.noteDigest), "hash": .value(hash),
                ])
            for (node, hash) in tree.append(hash) where node.level > 0 && node.level % EventLog.keptLevels == 0 {
                rows.add(
                    "log_node", ["level": .value(node.level), "index": .value(node.index), "hash": .value(hash)])
            }
        }
        try copy(rows)
        try run(
            """
            UPDATE log_place SET size = \(tree.size), recorded_at = \(last.recordedAt)::timestamptz,
                                 case_id = \(last.caseID), sequence = \(last.sequence)
            """)
        return events.count
    }

    /// The signed checkpoint of a size.
    func checkpoint(ofSize size: Int) throws -> String? {
        try first("SELECT note FROM log_checkpoint WHERE size = \(size)") { row in try row.read(String.self) }
    }

    /// How far the log is.
    ///
    /// - Returns: Its leaves, up to when events are in it, and when it was signed last; `nil` where nothing is.
    /// - Throws: `PostgresError`.
    public func logState() throws -> (size: Int, loggedThrough: Date?, signedAt: Date?)? {
        try first(
            """
            SELECT size, CASE WHEN size > 0 THEN recorded_at END, (SELECT max(signed_at) FROM log_checkpoint)
            FROM log_place
            """
        ) { row in (size: try row.read(), loggedThrough: try row.read(), signedAt: try row.read()) }
    }

    /// The root that the log had at a size.
    ///
    /// - Returns: `nil` where it never was so large.
    /// - Throws: ``MissingNode``, or `PostgresError`.
    public func logRoot(ofSize size: Int) throws -> Data? {
        let reached = try first("SELECT size FROM log_place") { row in try row.read(Int.self) } ?? 0
        guard size <= reached else { return nil }
        var read = TreeBlocks()
        return try GrowingTree(size: size) { try treeNode($0, &read) }.root
    }

    /// The latest signed checkpoint.
    ///
    /// - Throws: `PostgresError`.
    public func latestCheckpoint() throws -> String? {
        try first("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1") { row in try row.read(String.self) }
    }

    /// Proves an event to be in the log.
    ///
    /// - Parameters:
    ///   - sequence: Its place in the history of the case.
    ///   - caseID: Of which case.
    ///   - campaign: Of which campaign.
    /// - Returns: `nil` where it is in no signed checkpoint yet, which takes a minute or so.
    /// - Throws: `PostgresError`.
    public func logProof(ofEvent sequence: Int, of caseID: UUID, campaign: Int) throws -> LogProof? {
        let leaf = try first(
            """
            SELECT l.index, l.note_digest FROM log_leaf l
            WHERE l.campaign_id = \(campaign) AND l.case_id = \(caseID) AND l.sequence = \(sequence)
            """
        ) { row in (index: try row.read(Int.self), noteDigest: try row.read(Data?.self)) }
        guard let leaf, let note = try latestCheckpoint(),
            let size = SignedNote(note).flatMap({ Checkpoint($0.text) })?.size, leaf.index < size
        else { return nil }
        let event = try first(
            """
            SELECT \(LoggedEvent.columns) FROM \(LoggedEvent.tables)
            WHERE e.campaign_id = \(campaign) AND e.case_id = \(caseID) AND e.sequence = \(sequence)
            """
        ) { row in try LoggedEvent(row: &row, noteDigest: leaf.noteDigest) }
        guard let event else { return nil }
        var read = TreeBlocks()
        let hashes = try MerkleTree.inclusionProof(of: leaf.index, in: size) { try treeNode($0, &read) }
        return LogProof(extra: event.preimage, index: leaf.index, hashes: hashes, checkpoint: note)
    }

    /// Proves one checkpoint's tree to be the beginning of another's.
    ///
    /// - Parameters:
    ///   - first: Size of the smaller.
    ///   - size: Size of the larger, which the log has reached.
    /// - Returns: `nil` where the log is not so large.
    /// - Throws: `PostgresError`.
    public func consistencyProof(from first: Int, to size: Int) throws -> [Data]? {
        let reached = try self.first("SELECT size FROM log_place") { row in try row.read(Int.self) } ?? 0
        guard size <= reached else { return nil }
        var read = TreeBlocks()
        return try MerkleTree.consistencyProof(from: first, to: size) { try treeNode($0, &read) }
    }
}

/// Parts of the log's tree that were read, by the first place of each block.
struct TreeBlocks {
    fileprivate var blocks: [MerkleTree.Place: [Data]] = [:]
}

/// The log's tree is not whole: a leaf or a kept root is missing.
public struct MissingNode: Error, CustomStringConvertible {
    let place: MerkleTree.Place

    public var description: String {
        "the log lacks a hash (level \(place.level), index \(place.index)): rectify audit verify tells what is wrong"
    }
}

extension Connection {
    /// The hash of a complete subtree, from leaves and the roots of each 256, 65 536, … of them.
    ///
    /// - Throws: ``MissingNode``, or `PostgresError`.
    func treeNode(_ place: MerkleTree.Place, _ read: inout TreeBlocks) throws -> Data {
        let level = place.level / EventLog.keptLevels * EventLog.keptLevels
        let (height, width) = (place.level - level, 1 << EventLog.keptLevels)
        // As many of the kept level as lie beneath it, all in one block of them.
        let first = place.index << height
        let block = MerkleTree.Place(level: level, index: first / width)
        let hashes = try read.blocks[block] ?? treeBlock(block)
        read.blocks[block] = hashes
        let begin = first % width
        guard begin + 1 << height <= hashes.count else { throw MissingNode(place: place) }
        var part = Array(hashes[begin..<begin + 1 << height])
        while part.count > 1 {
            part = stride(from: 0, to: part.count, by: 2).map { MerkleTree.nodeHash(part[$0], part[$0 + 1]) }
        }
        return part[0]
    }

    private func treeBlock(_ block: MerkleTree.Place) throws -> [Data] {
        let width = 1 << EventLog.keptLevels
        let (first, end) = (block.index * width, (block.index + 1) * width)
        let rows =
            block.level == 0
            ? try all("SELECT index, hash FROM log_leaf WHERE index >= \(first) AND index < \(end) ORDER BY index") {
                row in
                (try row.read(Int.self), try row.read(Data.self))
            }
            : try all(
                """
                SELECT index, hash FROM log_node
                WHERE level = \(block.level) AND index >= \(first) AND index < \(end) ORDER BY index
                """
            ) { row in (try row.read(Int.self), try row.read(Data.self)) }
        // What comes after a gap stands elsewhere than it says.
        return rows.enumerated().prefix { $0.offset + first == $0.element.0 }.map(\.element.1)
    }
}
