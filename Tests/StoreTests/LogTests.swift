import Casework
import Foundation
import Postgres
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Transparency

/// History that can be proved.
struct LogTests {
    private static let signer = try? NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32))

    /// A store in which much has happened and been signed, in several checkpoints.
    private func prepared(
        _ store: TestStore, seed: Int, complaints: Int = 60
    ) async throws -> (log: EventLog, verifier: NoteVerifier, saved: [(name: String, note: String)]) {
        let book = try await store.book()
        let signer = try #require(Self.signer)
        let log = EventLog(store.databases, signer: signer)
        var saved: [(name: String, note: String)] = []
        try await Generator(store.owner, book: book, seed: UInt64(seed)).fill(
            complaints, of: "internet-2021", officers: []
        ) { _ in }
        var dice = Dice(seed: seed)
        // The walk goes back and forth in the first twelve barriers; these go on in the order of days.
        _ = try await store.owner.transaction { db in
            for number in 13...18 {
                let action = Barrier.Action.confirm(basis: "Order 20", scenario: nil)
                let day = ActionTerms(effectiveOn: Day(Date(), in: .gmt) + -1, reason: "confirmed")
                _ = try? db.perform(
                    action, onBarrier: number, of: "internet-2021", by: Actor(.supervisor), day, book: book, at: Date())
            }
        }
        for round in 0..<3 {
            try await walk(store, book, steps: 40, &dice)
            try await log.bringUp()
            saved.append(("round \(round)", try #require(try await log.sign())))
        }
        return (log, signer.verifier, saved)
    }

    @Test(arguments: 1...3) func `each event is one leaf, and an audit finds nothing (G91)`(seed: Int) async throws {
        try await withStore { store in
            let (log, verifier, saved) = try await prepared(store, seed: seed)
            let audit = try await store.databases.auditLog(verifier, saved: saved)
            #expect(audit.findings == [])
            let events = try await store.databases.work.transaction(.readOnly) { db in
                try db.first("SELECT count(*) FROM event") { row in try row.read(Int.self) }
            }
            #expect(audit.size == events && audit.checkpoints == 3)
            #expect(try await log.bringUp() == 0, "nothing is taken in twice")
            let again = try await log.sign()
            #expect(again == saved.last?.note, "what was signed is not signed again")
        }
    }

    @Test func `several servers add to one log without gaps`() async throws {
        try await withStore { store in
            let book = try await store.book()
            let signer = try #require(Self.signer)
            try await Generator(store.owner, book: book, seed: 1).fill(30, of: "internet-2021", officers: []) {
                _ in
            }
            let logs = (0..<3).map { _ in EventLog(store.databases, signer: signer) }
            try await withThrowingTaskGroup { tasks in
                for (number, log) in logs.enumerated() {
                    tasks.addTask {
                        var dice = Dice(seed: number)
                        for _ in 0..<6 {
                            try await walk(store, book, steps: 5, &dice)
                            try await log.bringUp()
                            try await log.sign()
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            for log in logs { try await log.bringUp() }
            try await logs[0].sign()
            let audit = try await store.databases.auditLog(signer.verifier)
            #expect(audit.findings == [] && audit.size > 20)
        }
    }

    @Test func `a database put back to an earlier state does not fit what was kept elsewhere`() async throws {
        try await withStore { store in
            let (_, verifier, saved) = try await prepared(store, seed: 9, complaints: 20)
            let last = try #require(saved.last.flatMap { SignedNote($0.note) }.flatMap { Checkpoint($0.text) })
            // A later checkpoint of the same log, of which this database knows nothing.
            let signer = try #require(Self.signer)
            var grown = GrowingTree()
            for _ in 0..<last.size + 5 { grown.append(MerkleTree.leafHash(Data())) }
            let later = try signer.sign(
                Checkpoint(origin: last.origin, size: grown.size, root: grown.root).text)
            let audit = try await store.databases.auditLog(verifier, saved: saved + [("kept", later)])
            #expect(audit.findings.map(\.kind) == [.checkpointMissing, .rolledBack])
        }
    }

    /// What the owner of the tables could do to them; each has to be found.
    private static let edits: [(name: String, sql: String)] = [
        ("action", "UPDATE event SET action = action || 'x' WHERE {event}"),
        ("details", "UPDATE event SET details = details || '{\"added\": \"x\"}' WHERE {event}"),
        ("changes", "UPDATE event SET changes = '{\"rating\": {\"new\": \"1\"}}' WHERE {event}"),
        ("effective day", "UPDATE event SET effective_on = effective_on - 1 WHERE {event}"),
        ("moment", "UPDATE event SET recorded_at = recorded_at - interval '1 microsecond' WHERE {event}"),
        ("actor", "UPDATE event SET actor_id = '01900000-0000-7000-8000-000000000000' WHERE {event}"),
        ("role", "UPDATE event SET actor_role = actor_role || 'x' WHERE {event}"),
        (
            "kind of actor",
            "UPDATE event SET actor_kind = CASE actor_kind WHEN 'system' THEN 'officer' ELSE 'system' END WHERE {event}"
        ),
        ("on whose behalf", "UPDATE event SET on_behalf_of = 'company' WHERE {event}"),
        ("salt", "UPDATE event SET salt = set_byte(salt, 3, 255 - get_byte(salt, 3)) WHERE {event}"),
        ("version", "UPDATE event SET schema_version = schema_version + 1 WHERE {event}"),
        ("number", "UPDATE event SET sequence = sequence + 1000 WHERE {event}"),
        ("another case", "UPDATE event SET case_id = '01900000-0000-7000-8000-000000000001' WHERE {event}"),
        ("deleted", "DELETE FROM event WHERE {event}"),
        (
            "put in",
            """
            INSERT INTO event SELECT (e).* FROM (SELECT jsonb_populate_record(event, jsonb_build_object(
                'sequence', 900, 'recorded_at', recorded_at - interval '1 second')) AS e FROM event WHERE {event}) x
            """
        ),
        (
            "put in, with a leaf beside the row",
            """
            INSERT INTO event SELECT (e).* FROM (SELECT jsonb_populate_record(event, jsonb_build_object('sequence',
                (SELECT max(sequence) + 1 FROM event x WHERE x.case_id = event.case_id))) AS e FROM event WHERE {event}) x;
            ALTER TABLE log_leaf DROP CONSTRAINT log_leaf_index_counts_from_0;
            INSERT INTO log_leaf (index, campaign_id, case_id, sequence, hash)
                SELECT -1, campaign_id, case_id, sequence, sha256('x') FROM event
                WHERE (campaign_id, case_id, sequence) NOT IN (SELECT campaign_id, case_id, sequence FROM log_leaf)
            """
        ),
        (
            "note's readers",
            "UPDATE note SET audience = CASE audience WHEN 'internal' THEN 'complainant' ELSE 'internal' END WHERE {note}"
        ),
        ("note deleted", "DELETE FROM note WHERE {note}"),
        ("place's moment", "UPDATE log_place SET recorded_at = recorded_at - interval '1 microsecond'"),
        ("checkpoint deleted", "DELETE FROM log_checkpoint WHERE {checkpoint}"),
        (
            "status of a complaint to which nothing has happened",
            """
            UPDATE complaint SET status = 'withdrawn', ended_on = received_on WHERE id = (SELECT case_id FROM event
                WHERE case_kind = 'complaint' GROUP BY case_id HAVING count(*) = 1 ORDER BY random() LIMIT 1)
            """
        ),
        ("complaint deleted", "DELETE FROM complaint WHERE {complaint}"),
        ("note changed", "UPDATE note SET text = text || '.' WHERE {note}"),
        ("note's salt", "UPDATE note SET salt = set_byte(salt, 0, 255 - get_byte(salt, 0)) WHERE {note}"),
        (
            "note put in",
            """
            INSERT INTO note (campaign_id, case_id, sequence, text, audience) SELECT campaign_id, case_id, sequence, 'x', 'internal'
            FROM event e WHERE NOT EXISTS (SELECT FROM note n WHERE n.case_id = e.case_id AND n.sequence = e.sequence) LIMIT 1
            """
        ),
        ("leaf changed", "UPDATE log_leaf SET hash = set_byte(hash, 9, 255 - get_byte(hash, 9)) WHERE {leaf}"),
        ("leaf deleted", "DELETE FROM log_leaf WHERE {leaf}"),
        ("leaf of another event", "UPDATE log_leaf SET sequence = sequence + 1000 WHERE {leaf}"),
        ("leaf's note", "UPDATE log_leaf SET note_digest = sha256('x') WHERE {leaf}"),
        ("leaf's note where there is one", "UPDATE log_leaf SET note_digest = sha256('x') WHERE {note}"),
        (
            "leaves swapped",
            "UPDATE log_leaf SET index = CASE index WHEN 3 THEN 99999999 ELSE 3 END WHERE index IN (3, 4); UPDATE log_leaf SET index = 4 WHERE index = 99999999"
        ),
        ("end cut off", "DELETE FROM log_leaf WHERE index > (SELECT max(index) - 3 FROM log_leaf)"),
        (
            "end cut off with its events",
            """
            DELETE FROM note n USING log_leaf l WHERE l.index > (SELECT max(index) - 3 FROM log_leaf)
                AND n.case_id = l.case_id AND n.sequence = l.sequence;
            DELETE FROM event e USING log_leaf l WHERE l.index > (SELECT max(index) - 3 FROM log_leaf)
                AND e.case_id = l.case_id AND e.sequence = l.sequence;
            DELETE FROM log_leaf WHERE index > (SELECT max(index) - 3 FROM log_leaf);
            UPDATE log_place SET size = size - 3
            """
        ),
        ("root kept", "UPDATE log_node SET hash = set_byte(hash, 0, 255 - get_byte(hash, 0)) WHERE index = 0"),
        ("root deleted", "DELETE FROM log_node WHERE index = 0"),
        ("checkpoint's root", "UPDATE log_checkpoint SET root = sha256('x') WHERE {checkpoint}"),
        (
            "checkpoint's words",
            "UPDATE log_checkpoint SET note = replace(note, 'example', 'sample') WHERE {checkpoint}"
        ),
        ("place", "UPDATE log_place SET size = size + 1"),
        (
            "status of a complaint",
            "UPDATE complaint SET status = CASE status WHEN 'accepted' THEN 'received' ELSE 'accepted' END WHERE {complaint}"
        ),
        (
            "state of a barrier",
            "UPDATE barrier SET remediation = CASE remediation WHEN 'verified' THEN 'confirmed' ELSE 'verified' END, claimed_at = NULL WHERE {barrier}"
        ),
    ]

    @Test func `what the owner of the tables changes is found, each of 200 times (G89, G90)`() async throws {
        try await withStore { store in
            let (_, verifier, saved) = try await prepared(store, seed: 5, complaints: 300)
            struct PutBack: Error {}
            for number in 0..<200 {
                let (name, template) = Self.edits[number % Self.edits.count]
                do {
                    try await store.owner.transaction { db in
                        try db.run(script: "SET LOCAL session_replication_role = replica")
                        try db.run(script: "SELECT setseed(\(Double(number) / 200))")
                        let sql = Self.filled(template)
                        try db.run(script: sql)
                        let audit = try db.auditLog(verifier, saved: saved)
                        #expect(!audit.isSound, "\(name) was not found: \(sql)")
                        throw PutBack()
                    }
                } catch is PutBack {}
            }
            #expect(try await store.databases.auditLog(verifier, saved: saved).findings == [])
        }
    }

    /// Cases in which an event changed a fact, and none was back-entered.
    private static func moved(_ kind: String, _ fact: String) -> String {
        """
        SELECT case_id FROM event WHERE case_kind = '\(kind)' GROUP BY case_id
        HAVING bool_or(changes ? '\(fact)')
            AND array_agg(effective_on ORDER BY sequence) = array_agg(effective_on ORDER BY effective_on, sequence)
        """
    }

    private static func filled(_ template: String) -> String {
        let places = [
            "{event}": "(case_id, sequence) = (SELECT case_id, sequence FROM event ORDER BY random() LIMIT 1)",
            "{note}": "(case_id, sequence) = (SELECT case_id, sequence FROM note ORDER BY random() LIMIT 1)",
            "{leaf}": "index = (SELECT index FROM log_leaf ORDER BY random() LIMIT 1)",
            "{checkpoint}": "size = (SELECT size FROM log_checkpoint ORDER BY random() LIMIT 1)",
            "{complaint}":
                "id = (SELECT case_id FROM (\(moved("complaint", "status"))) m JOIN complaint c ON c.id = m.case_id AND c.status IN ('accepted', 'forwarded') ORDER BY random() LIMIT 1)",
            "{barrier}":
                "id = (SELECT case_id FROM (\(moved("barrier", "remediation"))) m ORDER BY random() LIMIT 1)",
        ]
        return places.reduce(template) { $0.replacing($1.key, with: $1.value) }
    }

    @Test func `a server signs nothing that does not go on from what it signed`() async throws {
        try await withStore { store in
            let (log, _, saved) = try await prepared(store, seed: 4, complaints: 10)
            // Leaf, kept checkpoints and all are told anew; the server still knows what it signed.
            try await store.owner.transaction { db in
                try db.run(script: "SET LOCAL session_replication_role = replica")
                try db.run(script: "DELETE FROM log_checkpoint; UPDATE log_leaf SET hash = sha256('x') WHERE index = 1")
            }
            await #expect(throws: EventLog.Changed.self) { try await log.sign() }
            // One that is started on it knows what was kept elsewhere.
            let later = EventLog(store.databases, signer: Self.signer)
            later.remember(try #require(saved.first.flatMap { SignedNote($0.note) }.flatMap { Checkpoint($0.text) }))
            await #expect(throws: EventLog.Changed.self) { try await later.sign() }
        }
    }

    @Test func `what is invented comes into the log whole, or not at all`() async throws {
        try await withStore { store in
            let book = try await store.book()
            let log = EventLog(store.databases, signer: Self.signer)
            let generator = Generator(store.owner, book: book, seed: 1)
            let filling = Task { try await generator.fill(6000, of: "internet-2021", officers: []) { _ in } }
            let watching = Task { while !Task.isCancelled { try await log.bringUp() } }
            try await filling.value
            watching.cancel()
            _ = await watching.result
            try await log.bringUp()
            try await log.sign()
            let audit = try await store.databases.auditLog(try #require(Self.signer).verifier)
            #expect(audit.findings == [] && audit.size > 6000, "\(audit.findings.prefix(3))")
            try await store.owner.transaction { db in
                try db.run(script: "SET LOCAL session_replication_role = replica; DELETE FROM complaint")
            }
            await #expect(throws: Generator.NotEmpty.self) {
                try await generator.fill(20, of: "internet-2021", officers: []) { _ in }
            }
        }
    }

    @Test func `what is refused to the program is refused by the tables (G89)`() async throws {
        try await withStore { store in
            _ = try await prepared(store, seed: 2, complaints: 5)
            let columns = ["event": "action", "log_leaf": "hash", "log_node": "hash", "log_checkpoint": "note"]
            for (table, column) in columns {
                let update = "UPDATE \(table) SET \(column) = \(column)"
                for statement in ["DELETE FROM \(table)", "TRUNCATE \(table) CASCADE", update] {
                    await #expect(throws: (any Error).self, "\(statement)") {
                        try await store.owner.transaction { db in try db.run(script: statement) }
                    }
                }
            }
        }
    }

    @Test func `a verifier of another hand agrees on 1 000 receipts, and refuses what is not so (G91)`() async throws {
        try await withStore { store in
            let (_, verifier, saved) = try await prepared(store, seed: 7, complaints: 1000)
            let folder = FileManager.default.temporaryDirectory.appending(path: "rectify-receipts-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try await store.databases.reads.withConnection { db in
                let events = try db.all(
                    "SELECT campaign_id, case_id, sequence FROM log_leaf ORDER BY hash LIMIT 1000"
                ) { row in (try row.read(Int.self), try row.read(UUID.self), try row.read(Int.self)) }
                #expect(events.count == 1000)
                for (number, (campaign, id, sequence)) in events.enumerated() {
                    let proof = try #require(try db.logProof(ofEvent: sequence, of: id, campaign: campaign))
                    try Data(proof.text.utf8).write(to: folder.appending(path: "\(number).tlog-proof"))
                }
                for (number, pair) in zip(saved, saved.dropFirst()).enumerated() {
                    let sizes = [pair.0, pair.1].compactMap {
                        SignedNote($0.note).flatMap { Checkpoint($0.text) }?.size
                    }
                    let hashes = try #require(try db.consistencyProof(from: sizes[0], to: sizes[1]))
                    let text = hashes.map { $0.base64EncodedString() }.joined(separator: "\n")
                    try Data("\(pair.0.note)====\n\(pair.1.note)====\n\(text)".utf8).write(
                        to: folder.appending(path: "\(number).consistency"))
                }
            }
            let script = repository.appending(path: "Tests/Recount/receipts.py").path(percentEncoded: false)
            let result = try await Subprocess.run(
                .name("python3"), arguments: Arguments([script, folder.path(percentEncoded: false), "\(verifier)"]),
                environment: .inherit.updating(["PYTHONDONTWRITEBYTECODE": "1"]),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput == "1000 receipts hold, 1000 changed ones do not; 2 checkpoints follow\n")
        }
    }
}
