import Casework
public import Foundation
public import Postgres
public import Transparency

/// What an audit of the log found.
public struct LogAudit: Sendable {
    /// One thing that is not as it has to be.
    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        /// What is wrong, for programs.
        public enum Kind: String, Sendable {
            case eventChanged = "event_changed"
            case eventMissing = "event_missing"
            case eventInserted = "event_inserted"
            case noteChanged = "note_changed"
            case noteMissing = "note_missing"
            case leafMissing = "leaf_missing"
            case outOfOrder = "out_of_order"
            case nodeChanged = "node_changed"
            case checkpointWrong = "checkpoint_wrong"
            case checkpointMissing = "checkpoint_missing"
            case logBehind = "log_behind"
            case issueDiffers = "issue_differs"
            case rolledBack = "rolled_back"
            case caseDiffers = "case_differs"
            case filingChanged = "filing_changed"
            case sealedChanged = "sealed_changed"
        }

        public let kind: Kind
        public let detail: String

        public var description: String { "\(kind.rawValue): \(detail)" }
    }

    /// So many are told, at the most; the rest is counted.
    public static let limit = 100

    public private(set) var findings: [Finding] = []
    public private(set) var count = 0
    /// Leaves that were looked at.
    public private(set) var size = 0
    public private(set) var root = MerkleTree.emptyRoot
    /// Events that are not in the log yet.
    public fileprivate(set) var waiting = 0
    /// Leaves that are in no checkpoint yet.
    public var unsigned: Int { size - signedSize }
    fileprivate var signedSize = 0
    /// Checkpoints that fit, of the database and of those that were handed in.
    public fileprivate(set) var checkpoints = 0

    public var isSound: Bool { count == 0 }

    fileprivate mutating func reached(_ tree: GrowingTree) {
        (size, root) = (tree.size, tree.root)
    }

    mutating func found(_ kind: Finding.Kind, _ detail: String) {
        count += 1
        if findings.count < Self.limit { findings.append(Finding(kind: kind, detail: detail)) }
    }
}

extension Databases {
    /// Works the whole log out anew from the events, and holds it against leaves, kept roots and checkpoints, and the cases
    /// against their events.
    ///
    /// - Parameters:
    ///   - verifier: The log's key.
    ///   - saved: Checkpoints that were kept elsewhere, by name; only these show that the database was put back or that its
    ///     end was told anew.
    ///   - progress: Told how many leaves were looked at.
    /// - Returns: What was found; nothing where everything is as it was signed.
    /// - Throws: `PostgresError`.
    public func auditLog(
        _ verifier: NoteVerifier, saved: [(name: String, note: String)] = [],
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> LogAudit {
        let audit = try await reports.transaction(.snapshot) { db in
            try db.auditLog(verifier, saved: saved, progress: progress)
        }
        // Reports may not read what is sealed, officers' work may.
        return try await work.transaction(.snapshot) { [audit] db in
            var audit = audit
            try db.compareSealed(&audit)
            return audit
        }
    }
}

/// A root that was signed, and by which name it is known.
private struct SignedRoot {
    let name: String
    let root: Data
}

extension Connection {
    /// The same within a transaction.
    ///
    /// - Parameters:
    ///   - verifier: The log's key.
    ///   - saved: Checkpoints that were kept elsewhere.
    ///   - isCopy: Whether no server works on it, so that its last events wait to be taken in and signed.
    ///   - progress: Told how many leaves were looked at.
    /// - Returns: As `Databases.auditLog`.
    /// - Throws: `PostgresError`.
    public func auditLog(
        _ verifier: NoteVerifier, saved: [(name: String, note: String)] = [], ofCopy isCopy: Bool = false,
        progress: (Int) -> Void = { _ in }
    ) throws -> LogAudit {
        // Signatures are checked between two statements, however many there are.
        try run(script: "SET LOCAL idle_in_transaction_session_timeout = 0")
        var audit = LogAudit()
        var expected = try signedRoots(verifier, saved, &audit)
        try walkLeaves(&expected, &audit, progress)
        for (size, root) in expected.sorted(by: { $0.key < $1.key }) {
            audit.found(.rolledBack, "the log has \(audit.size) leaves; \(root.name) says \(size)")
        }
        try lookForStrangers(&audit)
        try lookBehindTheEnd(&audit, isWatched: !isCopy)
        try compareCases(&audit)
        try compareFilings(&audit)
        try compareLedger(&audit)
        if isCopy { try compareSealed(&audit) }
        try compareIssues(&audit)
        try compareVerdicts(&audit)
        try comparePersonalData(&audit)
        return audit
    }

    /// The roots that the log has to have at its sizes; notes that are no good are found at once.
    fileprivate func signedRoots(
        _ verifier: NoteVerifier, _ saved: [(name: String, note: String)], _ audit: inout LogAudit
    ) throws -> [Int: SignedRoot] {
        let own = try all("SELECT size, root, note FROM log_checkpoint ORDER BY size") { row in
            (size: try row.read(Int.self), root: try row.read(Data.self), note: try row.read(String.self))
        }
        var roots: [Int: SignedRoot] = [:]
        func add(_ name: String, _ note: String) -> Checkpoint? {
            do {
                let checkpoint = try Checkpoint(signed: note, by: verifier)
                if let other = roots[checkpoint.size], other.root != checkpoint.root {
                    audit.found(.checkpointWrong, "\(name) and \(other.name) have one size and different roots")
                }
                roots[checkpoint.size] = roots[checkpoint.size] ?? SignedRoot(name: name, root: checkpoint.root)
                return checkpoint
            } catch {
                audit.found(.checkpointWrong, "\(name): \(error)")
                return nil
            }
        }
        let sizes = Set(own.map(\.size))
        for (name, note) in saved {
            guard let checkpoint = add(name, note), !sizes.contains(checkpoint.size), checkpoint.size > 0 else {
                continue
            }
            audit.found(.checkpointMissing, "\(name) was signed, and the database does not have it")
        }
        for row in own {
            let name = "the checkpoint of size \(row.size)"
            guard let checkpoint = add(name, row.note) else { continue }
            if checkpoint.size != row.size || checkpoint.root != row.root {
                audit.found(.checkpointWrong, "\(name) is not what was signed")
            }
        }
        roots[0] = nil
        return roots
    }

    private struct Leaf {
        let index: Int
        let hash: Data
        let name: String
        let noteDigest: Data?
        let event: LoggedEvent?
    }

    static let auditPage = 5000

    fileprivate func walkLeaves(
        _ expected: inout [Int: SignedRoot], _ audit: inout LogAudit, _ progress: (Int) -> Void
    ) throws {
        let kept = try keptNodes()
        let erased = try erasures()
        var (tree, last) = (GrowingTree(), nil as LoggedEvent?)
        var nodes = 0
        while true {
            let page = try leaves(from: tree.size)
            for leaf in page {
                guard leaf.index == tree.size else {
                    // What follows would all be found to be wrong.
                    audit.found(.leafMissing, "after \(tree.size - 1) comes \(leaf.index)")
                    return audit.reached(tree)
                }
                check(leaf, after: last, erased, &audit)
                last = leaf.event ?? last
                for (place, hash) in tree.append(leaf.hash) where place.level > 0 {
                    guard place.level % EventLog.keptLevels == 0 else { continue }
                    nodes += 1
                    if kept[place] != hash { audit.found(.nodeChanged, "level \(place.level), index \(place.index)") }
                }
                if let signed = expected.removeValue(forKey: tree.size) {
                    if signed.root == tree.root {
                        audit.checkpoints += 1
                        audit.signedSize = tree.size
                    } else {
                        audit.found(.checkpointWrong, "\(signed.name): its root is not that of \(tree.size) leaves")
                    }
                }
            }
            progress(tree.size)
            if page.count < Self.auditPage { break }
        }
        if nodes != kept.count { audit.found(.nodeChanged, "\(kept.count) roots are kept, of \(nodes)") }
        audit.reached(tree)
    }

    private func check(
        _ leaf: Leaf, after last: LoggedEvent?, _ erased: [UUID: Int], _ audit: inout LogAudit
    ) {
        guard let event = leaf.event else { return audit.found(.eventMissing, leaf.name) }
        // Where a case was erased, which is an event as well, the words before that have gone with its data.
        if leaf.noteDigest != nil, !event.hasNote, event.sequence >= erased[event.caseID] ?? 0 {
            audit.found(.noteMissing, leaf.name)
        }
        if event.noteDigest != leaf.noteDigest { audit.found(.noteChanged, leaf.name) }
        if event.leafHash != leaf.hash {
            audit.found(.eventChanged, leaf.name)
        }
        if let last, !last.precedes(event) { audit.found(.outOfOrder, leaf.name) }
    }

    /// The place of the erasure in the history of each case that was erased.
    private func erasures() throws -> [UUID: Int] {
        let rows = try all(
            """
            SELECT e.case_id, max(e.sequence) FROM event e
            JOIN complaint c ON c.campaign_id = e.campaign_id AND c.id = e.case_id
            WHERE e.action = 'erase_data' AND e.case_kind = 'complaint' AND c.data_state IN ('erasing', 'erased')
            GROUP BY e.case_id
            """
        ) { row in (try row.read(UUID.self), try row.read(Int.self)) }
        return Dictionary(rows) { first, _ in first }
    }

    private func leaves(from index: Int) throws -> [Leaf] {
        let end = index + Self.auditPage
        let events = try all(
            """
            SELECT l.index, l.note_digest, \(LoggedEvent.columns) FROM log_leaf l
            JOIN event e ON (e.campaign_id, e.case_id, e.sequence) = (l.campaign_id, l.case_id, l.sequence)
            JOIN campaign c ON c.id = e.campaign_id
            LEFT JOIN note n ON (n.campaign_id, n.case_id, n.sequence) = (l.campaign_id, l.case_id, l.sequence)
            WHERE l.index >= \(index) AND l.index < \(end)
            """
        ) { row in
            let (index, note): (Int, Data?) = (try row.read(), try row.read())
            return (index, try LoggedEvent(row: &row, noteDigest: note))
        }
        let byIndex = Dictionary(events, uniquingKeysWith: { first, _ in first })
        return try all(
            """
            SELECT index, hash, note_digest, case_id, sequence FROM log_leaf
            WHERE index >= \(index) AND index < \(end) ORDER BY index
            """
        ) { row in
            let (index, hash, note): (Int, Data, Data?) = (try row.read(), try row.read(), try row.read())
            let name = "leaf \(index), case \(try row.read(UUID.self).text), event \(try row.read(Int.self))"
            return Leaf(index: index, hash: hash, name: name, noteDigest: note, event: byIndex[index])
        }
    }

    private func keptNodes() throws -> [MerkleTree.Place: Data] {
        let rows = try all("SELECT level, index, hash FROM log_node") { row in
            (MerkleTree.Place(level: try row.read(), index: try row.read()), try row.read(Data.self))
        }
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }

    /// Events that lie before the end of the log and are not in it, and leaves beside the row of them.
    fileprivate func lookForStrangers(_ audit: inout LogAudit) throws {
        let counted = try first("SELECT (SELECT size FROM log_place), count(*), min(index), max(index) FROM log_leaf") {
            row in
            (try row.read(Int?.self), try row.read(Int.self), try row.read(Int?.self), try row.read(Int?.self))
        }
        if let (place, count, low, high) = counted,
            (place ?? -1, count) != (audit.size, audit.size)
                || count > 0 && (low, high) != (0, audit.size - 1)
        {
            audit.found(
                .leafMissing,
                "\(audit.size) leaves stand in a row; there are \(count), and the log went to \(place ?? 0)")
        }
        let strangers = try all(
            """
            SELECT e.case_id, e.sequence FROM log_place p
            JOIN event e ON (e.recorded_at, e.case_id, e.sequence) <= (p.recorded_at, p.case_id, p.sequence)
            LEFT JOIN log_leaf l ON (l.campaign_id, l.case_id, l.sequence) = (e.campaign_id, e.case_id, e.sequence)
                AND l.index >= 0 AND l.index < p.size
            WHERE l.index IS NULL ORDER BY e.recorded_at LIMIT \(LogAudit.limit)
            """
        ) { row in "case \(try row.read(UUID.self).text), event \(try row.read(Int.self))" }
        for stranger in strangers { audit.found(.eventInserted, stranger) }
    }

    /// Whether the log's place is where its last leaf is, and events after it do not wait for long.
    fileprivate func lookBehindTheEnd(_ audit: inout LogAudit, isWatched: Bool) throws {
        let isAtLast = try first(
            """
            SELECT NOT EXISTS (
                SELECT FROM log_place p JOIN log_leaf l ON l.index = p.size - 1
                JOIN event e ON (e.campaign_id, e.case_id, e.sequence) = (l.campaign_id, l.case_id, l.sequence)
                WHERE (e.recorded_at, e.case_id, e.sequence) <> (p.recorded_at, p.case_id, p.sequence))
            """
        ) { row in try row.read(Bool.self) }
        if isAtLast == false { audit.found(.logBehind, "the log's place is not that of its last leaf") }
        let late = try first(
            """
            SELECT count(*), coalesce(min(e.recorded_at) < now() - interval '10 minutes', false)
            FROM log_place p JOIN event e ON (e.recorded_at, e.case_id, e.sequence) > (p.recorded_at, p.case_id, p.sequence)
            """
        ) { row in (count: try row.read(Int.self), isLate: try row.read(Bool.self)) }
        audit.waiting = late?.count ?? 0
        guard isWatched else { return }
        let isUnsignedLong = try first(
            """
            SELECT coalesce(min(e.recorded_at) < now() - interval '1 day', false) FROM log_leaf l
            JOIN event e ON (e.campaign_id, e.case_id, e.sequence) = (l.campaign_id, l.case_id, l.sequence)
            WHERE l.index = \(audit.size - audit.unsigned)
            """
        ) { row in try row.read(Bool.self) }
        if audit.unsigned > 0, audit.signedSize == 0 || isUnsignedLong == true {
            audit.found(.checkpointMissing, "the last \(audit.unsigned) of \(audit.size) leaves were never signed")
        }
        if late?.isLate == true {
            audit.found(.logBehind, "\(audit.waiting) events wait to come into the log, some for over ten minutes")
        }
    }
}
