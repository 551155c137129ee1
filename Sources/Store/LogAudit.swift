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
            case leafMissing = "leaf_missing"
            case outOfOrder = "out_of_order"
            case nodeChanged = "node_changed"
            case checkpointWrong = "checkpoint_wrong"
            case rolledBack = "rolled_back"
            case caseDiffers = "case_differs"
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
    /// Checkpoints that fit, of the database and of those that were handed in.
    public fileprivate(set) var checkpoints = 0

    public var isSound: Bool { count == 0 }

    fileprivate mutating func reached(_ tree: GrowingTree) {
        (size, root) = (tree.size, tree.root)
    }

    fileprivate mutating func found(_ kind: Finding.Kind, _ detail: String) {
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
        try await reports.transaction(.snapshot) { db in try db.auditLog(verifier, saved: saved, progress: progress) }
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
    ///   - progress: Told how many leaves were looked at.
    /// - Returns: As `Databases.auditLog`.
    /// - Throws: `PostgresError`.
    public func auditLog(
        _ verifier: NoteVerifier, saved: [(name: String, note: String)] = [], progress: (Int) -> Void = { _ in }
    ) throws -> LogAudit {
        var audit = LogAudit()
        var expected = try signedRoots(verifier, saved, &audit)
        try walkLeaves(&expected, &audit, progress)
        for (size, root) in expected.sorted(by: { $0.key < $1.key }) {
            audit.found(.rolledBack, "the log has \(audit.size) leaves; \(root.name) says \(size)")
        }
        try lookForStrangers(&audit)
        try compareCases(&audit)
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
        for (name, note) in saved { _ = add(name, note) }
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

    private static let auditPage = 5000

    fileprivate func walkLeaves(
        _ expected: inout [Int: SignedRoot], _ audit: inout LogAudit, _ progress: (Int) -> Void
    ) throws {
        let kept = try keptNodes()
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
                check(leaf, after: last, &audit)
                last = leaf.event ?? last
                for (place, hash) in tree.append(leaf.hash) where place.level > 0 {
                    guard place.level % EventLog.keptLevels == 0 else { continue }
                    nodes += 1
                    if kept[place] != hash { audit.found(.nodeChanged, "level \(place.level), index \(place.index)") }
                }
                if let signed = expected.removeValue(forKey: tree.size) {
                    if signed.root == tree.root {
                        audit.checkpoints += 1
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

    private func check(_ leaf: Leaf, after last: LoggedEvent?, _ audit: inout LogAudit) {
        guard let event = leaf.event else { return audit.found(.eventMissing, leaf.name) }
        if event.leafHash != leaf.hash {
            // A note that differs from what the leaf says is told as such: the event itself may be sound.
            let kind: LogAudit.Finding.Kind = event.noteDigest == leaf.noteDigest ? .eventChanged : .noteChanged
            audit.found(kind, leaf.name)
        }
        if let last, !last.precedes(event) { audit.found(.outOfOrder, leaf.name) }
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
        let byIndex = Dictionary(uniqueKeysWithValues: events)
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

    /// Events that lie before the end of the log and are not in it, and places that the log has gone past.
    fileprivate func lookForStrangers(_ audit: inout LogAudit) throws {
        let place = try first("SELECT size FROM log_place") { row in try row.read(Int.self) }
        if place != audit.size {
            audit.found(.leafMissing, "the log went to size \(place ?? 0), and has \(audit.size) leaves in a row")
        }
        let strangers = try all(
            """
            SELECT e.case_id, e.sequence FROM log_place p
            JOIN event e ON (e.recorded_at, e.case_id, e.sequence) <= (p.recorded_at, p.case_id, p.sequence)
            LEFT JOIN log_leaf l ON (l.campaign_id, l.case_id, l.sequence) = (e.campaign_id, e.case_id, e.sequence)
            WHERE l.index IS NULL ORDER BY e.recorded_at LIMIT \(LogAudit.limit)
            """
        ) { row in "case \(try row.read(UUID.self).text), event \(try row.read(Int.self))" }
        for stranger in strangers { audit.found(.eventInserted, stranger) }
    }

    /// Cases that stand somewhere else than their events left them.
    ///
    /// A fact that no event ever changed stands as it was filed, which the log does not hold. Cases with back-entered steps
    /// are left out: what their events changed was told anew since.
    fileprivate func compareCases(_ audit: inout LogAudit) throws {
        for (kind, facts) in Self.provedFacts {
            let differing = try all(
                """
                WITH corrected AS (
                    SELECT DISTINCT case_id FROM (
                        SELECT case_id, effective_on < max(effective_on) OVER (
                            PARTITION BY case_id ORDER BY sequence
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_late
                        FROM event WHERE case_kind = \(kind)) o
                    WHERE is_late),
                told AS (
                    SELECT e.case_id, f.key AS fact,
                           (array_agg(f.value ->> 'new' ORDER BY e.sequence DESC))[1] AS value
                    FROM event e, jsonb_each(e.changes) f
                    WHERE e.case_kind = \(kind) AND e.case_id NOT IN (SELECT case_id FROM corrected) GROUP BY 1, 2)
                SELECT t.case_id, t.fact, t.value, s.value
                FROM (\(facts)) s JOIN told t ON t.case_id = s.case_id AND t.fact = s.fact
                WHERE t.value IS DISTINCT FROM s.value LIMIT \(LogAudit.limit)
                """
            ) { row in
                let (id, fact): (UUID, String) = (try row.read(), try row.read())
                let (told, value): (String?, String?) = (try row.read(), try row.read())
                return "\(kind.rawValue) \(id.text): \(fact) is \(value ?? "–"), its events say \(told ?? "–")"
            }
            for text in differing { audit.found(.caseDiffers, text) }
        }
        let gaps = try all(
            """
            SELECT case_id, max(sequence), count(*) FROM event GROUP BY campaign_id, case_id
            HAVING max(sequence) <> count(*) LIMIT \(LogAudit.limit)
            """
        ) { row in
            "case \(try row.read(UUID.self).text) has \(try row.read(Int.self)) events by number"
                + " and \(try row.read(Int.self)) by count"
        }
        for text in gaps { audit.found(.eventMissing, text) }
    }

    private static let provedFacts: [(CaseKind, SQL)] = [
        (
            .complaint,
            """
            SELECT c.id AS case_id, f.fact, f.value FROM complaint c CROSS JOIN LATERAL (VALUES
                ('status', c.status), ('category', c.category), ('scenario', c.scenario),
                ('respondent_platform', c.respondent_platform), ('respondent_company', c.respondent_company),
                ('target_platform', c.target_platform), ('target_company', c.target_company),
                ('payment_method', c.payment_method), ('office', c.office), ('officer', c.officer_id::text),
                ('priority', c.priority), ('outcome', c.outcome), ('refusal_ground', c.refusal_ground),
                ('information_gap', c.information_gap), ('agency', c.agency), ('duplicate_of', c.duplicate_of::text),
                ('answer', c.answer), ('answer_ground', c.answer_ground), ('forwarded_to', c.forwarded_to),
                ('confirmed_fixed', c.confirmed_fixed::text), ('rating', c.rating::text)) f(fact, value)
            """
        ),
        (
            .barrier,
            """
            SELECT b.id AS case_id, f.fact, f.value FROM barrier b CROSS JOIN LATERAL (VALUES
                ('remediation', b.remediation), ('episode', b.episode::text),
                ('awaited_company', b.awaited_company), ('coverage', b.coverage::text),
                ('justified_until', b.justified_until::text), ('false_claims', b.false_claims::text)) f(fact, value)
            """
        ),
    ]
}
