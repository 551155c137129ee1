import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing
import Transparency

/// What was filed, and what became of it, is what its events say: an audit finds whatever was changed beside them.
struct FilingAuditTests {
    private static let supervisor = Actor(.supervisor)

    private struct Scene {
        let store: TestStore
        let verifier: NoteVerifier
        /// Ids of the complaints, in the order of filing.
        let ids: [UUID]

        func audit() async throws -> LogAudit { try await store.databases.auditLog(verifier) }

        /// What an audit finds after a change, which is taken back.
        ///
        /// In the statement `{n1}` is the first complaint, and `{1}` what belongs to it.
        func findings(after template: String) async throws -> [LogAudit.Finding] {
            let sql = ids.enumerated().reduce(template) { text, one in
                text.replacing("{\(one.offset + 1)}", with: "complaint_id = '\(one.element.text)'")
                    .replacing("{n\(one.offset + 1)}", with: "id = '\(one.element.text)'")
            }
            struct PutBack: Error { let findings: [LogAudit.Finding] }
            do {
                try await store.owner.transaction { [verifier] db in
                    try db.run(script: "SET LOCAL session_replication_role = replica")
                    try db.run(script: sql)
                    throw PutBack(findings: try db.auditLog(verifier, ofCopy: true).findings)
                }
            } catch let done as PutBack {
                return done.findings
            }
            return []
        }
    }

    private func file(_ narrative: String, _ name: String, on store: TestStore) async throws -> UUID {
        let book = try await store.book()
        let complaint = Complaint.received(
            id: UUID(), kind: .blockedLink, category: "market_order", scenario: nil,
            respondent: .init(platform: "wechat", company: "tencent"),
            target: .init(platform: "taobao", company: "alibaba", host: "taobao.com"), on: .on("2021-09-08"),
            under: .shipped)
        var filing = Filing(narrative: narrative)
        (filing.scene, filing.remedySought, filing.region) = ("group", "\(name) wants it open", "CN-GD")
        let intake = Intake(
            campaignID: book.campaign("internet-2021")?.id ?? 0, campaign: "internet-2021", prefix: "IR21",
            complaint: complaint, filing: filing,
            sealed: SealedParts(identity: Identity(name: name, phone: "13912345678"), linkText: "看 taobao.com"),
            actor: Actor(.complainant), channel: .public)
        _ = try await Intaker(store.databases, keys: store.keys).file(intake, request: nil) { receipt in
            StoredAnswer(status: 201, location: receipt.reference.description, version: 1, body: Data())
        }
        return complaint.id
    }

    /// Three complaints: worked on with a correction of the past, merged into the first, and only filed.
    private func withScene(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        try await withStore { store in
            let signer = try NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32))
            var ids: [UUID] = []
            for name in ["金丝雀甲", "金丝雀乙", "金丝雀丙"] {
                ids.append(try await file("\(name)：群里的淘宝链接打不开。", name, on: store))
            }
            let book = try await store.book()
            var references: [Reference] = []
            for id in ids { references.append(try await store.reference(of: id)) }
            for reference in references.prefix(2) {
                try await store.write(to: reference, "请等一下", book)
            }
            try await store.databases.work.transaction(as: .system) { [ids, references] db in
                let steps: [(Int, Complaint.Action, String?)] = [
                    (0, .accept(category: nil, scenario: nil), "2021-09-10"), (0, .forward, "2021-09-20"),
                    (0, .setPriority(.urgent), "2021-09-12"), (1, .markDuplicate(of: ids[0], company: nil), nil),
                ]
                for (number, action, day) in steps {
                    let terms = ActionTerms(effectiveOn: day.map { .on($0) }, reason: "entered")
                    _ = try db.perform(
                        action, on: references[number], by: Self.supervisor, terms, book: book, at: Date())
                }
            }
            let log = EventLog(store.databases, signer: signer)
            try await log.bringUp()
            try await log.sign()
            try await body(Scene(store: store, verifier: signer.verifier, ids: ids))
        }
    }

    private static let edits: [(kind: LogAudit.Finding.Kind, sql: String)] = [
        (.filingChanged, "UPDATE complaint SET narrative = narrative || ' ' WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET remedy_sought = NULL WHERE {n1}"),
        (.filingChanged, "UPDATE complaint SET region = 'CN-ZJ' WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET disclose_identity = true WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET channel = 'officer' WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET respondent_name = 'x' WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET tracking_hash = sha256('x') WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET key_id = gen_random_uuid() WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET filing_salt = NULL WHERE {n3}"),
        (.filingChanged, "UPDATE complaint SET filing_salt = decode(repeat('ab', 16), 'hex') WHERE {n3}"),
        (.filingChanged, "UPDATE complaint_interval SET respondent_company = 'alibaba' WHERE sequence = 1 AND {3}"),
        (.caseDiffers, "UPDATE complaint SET respondent_company = 'alibaba' WHERE {n3}"),
        (.caseDiffers, "UPDATE complaint SET office = 'gd' WHERE {n3}"),
        (.caseDiffers, "UPDATE complaint SET version = version + 1 WHERE {n3}"),
        (.caseDiffers, "UPDATE complaint SET number = 77 WHERE {n3}"),
        (.caseDiffers, "UPDATE complaint SET materials_on = materials_on + 1 WHERE {n3}"),
        (.caseDiffers, "UPDATE complaint SET due_on = due_on + 1 WHERE {n1}"),
        (.caseDiffers, "UPDATE barrier SET version = version + 1"),
        (.caseDiffers, "UPDATE barrier_interval SET remediation = 'verified'"),
        (.caseDiffers, "UPDATE barrier_interval SET effective_from = effective_from - 1"),
        (.caseDiffers, "DELETE FROM barrier_interval"),
        (.caseDiffers, "UPDATE deadline SET due_on = due_on + 9 WHERE {1} AND purpose = 'company_reply'"),
        (.caseDiffers, "UPDATE deadline SET state = 'void', ended_on = started_on WHERE {3}"),
        (.caseDiffers, "DELETE FROM deadline WHERE {3}"),
        (.caseDiffers, "UPDATE deadline_interval SET due_on = due_on + 9 WHERE {3}"),
        (.caseDiffers, "UPDATE deadline_interval SET missed_from = due_on + 1 WHERE {1} AND sequence = 4"),
        (.caseDiffers, "DELETE FROM deadline_interval WHERE {3}"),
        (.caseDiffers, "UPDATE complaint_interval SET status = 'closed' WHERE {1} AND sequence = 3"),
        (.caseDiffers, "UPDATE complaint_interval SET effective_from = effective_from - 1 WHERE {1} AND sequence = 3"),
        (.caseDiffers, "UPDATE complaint_interval SET retracted_at = now() WHERE {1} AND sequence = 3"),
        (
            .caseDiffers,
            "UPDATE complaint_interval SET recorded_at = recorded_at - interval '1 day' WHERE {1} AND sequence = 3"
        ),
        (.caseDiffers, "DELETE FROM complaint_barrier_interval WHERE {3}"),
        (.caseDiffers, "DELETE FROM complaint_barrier WHERE {3}"),
        (.caseDiffers, "UPDATE complaint SET absorbed = '[]' WHERE {n1}"),
        (.sealedChanged, "DELETE FROM complaint_sealed WHERE {3} AND field = 'identity'"),
        (
            .sealedChanged,
            """
            UPDATE complaint_sealed s SET sealed = o.sealed FROM complaint_sealed o
            WHERE s.field = 'identity' AND o.field = 'identity' AND s.complaint_id <> o.complaint_id
            """
        ),
        (
            .sealedChanged,
            """
            UPDATE complaint_sealed s SET sealed = o.sealed FROM complaint_sealed o
            WHERE s.field LIKE 'message%' AND o.field LIKE 'message%' AND s.complaint_id <> o.complaint_id
            """
        ),
    ]

    @Test func `what is changed beside the events is found, and named`() async throws {
        try await withScene { scene in
            #expect(try await scene.audit().findings == [])
            for (kind, template) in Self.edits {
                let findings = try await scene.findings(after: template)
                #expect(findings.contains { $0.kind == kind }, "\(template): \(findings)")
            }
            #expect(try await scene.audit().findings == [], "and all of it was taken back")
        }
    }

    @Test func `a corrected identity and a changed consent are proved as they are now`() async throws {
        try await withScene { scene in
            let (store, reference) = (scene.store, try await scene.store.reference(of: scene.ids[2]))
            let book = try await store.book()
            let record = try #require(
                try await store.databases.work.transaction(.readOnly) { db in try db.complaint(reference) })
            let key = try #require(try await store.keys.key(of: record))
            let before = try await store.salt(of: scene.ids[2])
            try await store.databases.work.transaction(as: .system) { db in
                _ = try db.correctIdentity(
                    Identity(name: "另一个"), without: [], of: reference, by: Actor(.complainant), ActionTerms(),
                    store.keys.named, key, book: book, at: Date())
                _ = try db.setConsent(true, of: reference, by: Actor(.complainant), book: book, at: Date())
            }
            #expect(
                try await store.salt(of: scene.ids[2]) != before, "by the old salt what was taken out could be guessed")
            let log = EventLog(
                store.databases, signer: try NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32)))
            try await log.bringUp()
            try await log.sign()
            #expect(try await scene.audit().findings == [])
            let changed = try await scene.findings(after: "UPDATE complaint SET narrative = '金丝雀丙' WHERE {n3}")
            #expect(changed.map(\.kind) == [.filingChanged], "\(changed)")
            let withdrawn = try await scene.findings(
                after: "UPDATE complaint SET disclose_identity = false WHERE {n3}")
            #expect(withdrawn.map(\.kind) == [.filingChanged], "\(withdrawn)")
        }
    }

    @Test func `an erasure takes the salt with the data, and the rest is proved as before`() async throws {
        try await withScene { scene in
            let (store, reference) = (scene.store, try await scene.store.reference(of: scene.ids[2]))
            let book = try await store.book()
            try await store.databases.work.transaction(as: .system) { db in
                _ = try db.perform(
                    .withdraw, on: reference, by: Actor(.complainant), ActionTerms(), book: book, at: Date())
                let asked = try db.requestRight(
                    .erasure, of: reference, by: Actor(.complainant), receivedOn: nil, ActionTerms(), book: book,
                    at: Date())
                _ = try db.decideRight(
                    asked.request.sequence, of: reference, isGranted: true, by: Self.supervisor, reasons: "as asked",
                    book: book, at: Date())
            }
            try await store.databases.finishErasures()
            #expect(try await store.salt(of: scene.ids[2]) == nil, "the digest that stays says nothing without it")
            let log = EventLog(
                store.databases, signer: try NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32)))
            try await log.bringUp()
            try await log.sign()
            #expect(try await scene.audit().findings == [])
            let changed = try await scene.findings(
                after: "UPDATE deadline SET due_on = due_on + 1 WHERE {3}")
            #expect(changed.contains { $0.kind == .caseDiffers }, "\(changed)")
        }
    }

    @Test func `digests are shown to nobody, and one of before there were any is verified as before`() async throws {
        try await withStore { store in
            let id = try await file("旧的", "甲", on: store)
            let shown = try await store.databases.work.transaction(.readOnly) { db in
                try db.events(of: id, campaign: 1, limit: 10).map(\.details)
            }
            #expect(shown.count == 1 && Set(shown[0].keys).isSubset(of: ["kind", "channel", "barrier"]), "\(shown)")
            try await store.owner.transaction { db in
                try db.run(script: "SET LOCAL session_replication_role = replica")
                try db.run(
                    script: """
                        UPDATE event SET details = details - '{filing_digest,sealed_digest,number}'::text[];
                        UPDATE complaint SET filing_salt = NULL
                        """)
            }
            let signer = try NoteSigner(name: "example.org/log", seed: Data(repeating: 3, count: 32))
            let log = EventLog(store.databases, signer: signer)
            try await log.bringUp()
            try await log.sign()
            #expect(try await store.databases.auditLog(signer.verifier).findings == [])
        }
    }
}

extension TestStore {
    fileprivate func salt(of id: UUID) async throws -> Data? {
        try await owner.transaction { db in
            try db.first("SELECT filing_salt FROM complaint WHERE id = \(id)") { row in try row.read(Data?.self) }
                ?? nil
        }
    }

    fileprivate func reference(of id: UUID) async throws -> Reference {
        let number = try await owner.transaction { db in
            try db.first("SELECT number FROM complaint WHERE id = \(id)") { row in try row.read(Int.self) }
        }
        return Reference(prefix: "IR21", number: try #require(number))
    }

    /// A message of the authority to the complainant.
    fileprivate func write(to reference: Reference, _ words: String, _ book: ReferenceBook) async throws {
        let record = try #require(
            try await databases.work.transaction(.readOnly) { db in try db.complaint(reference) })
        let key = try await keys.key(of: record)
        try await databases.work.transaction(as: .system) { db in
            _ = try db.perform(
                .message, on: reference, by: Actor(.supervisor), ActionTerms(message: words), book: book, at: Date(),
                key: key)
        }
    }
}
