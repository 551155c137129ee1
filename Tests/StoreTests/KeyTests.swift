import Casework
import Crypto
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// The keys of complaints, and the key that they are kept under.
struct KeyTests {
    private static let old = KeyEncryptionKey(Data((0..<32).map { UInt8($0) }))
    private static let new = KeyEncryptionKey(Data((32..<64).map { UInt8($0) }))

    /// Files complaints of people called 1, 2, …, and gives them as they are stored.
    private func file(_ names: Range<Int>, _ store: TestStore, _ keys: CaseKeys) async throws -> [Reference] {
        let book = try await store.book()
        let intaker = Intaker(store.databases, keys: keys)
        return try await names.asyncMap { name in
            let complaint = Complaint.received(
                id: UUID(), kind: .other, category: "user_rights", scenario: nil, respondent: .init(), target: .init(),
                on: .on("2021-09-08"), under: .shipped)
            let intake = Intake(
                campaignID: book.campaign("internet-2021")?.id ?? 0, campaign: "internet-2021", prefix: "IR21",
                complaint: complaint, filing: Filing(narrative: "不能注销账号。"),
                sealed: SealedParts(identity: Identity(name: "\(name)")), actor: Actor(.complainant), channel: .public)
            let (answer, _) = try await intaker.file(intake, request: nil) { receipt in
                StoredAnswer(status: 201, location: receipt.reference.description, version: 1, body: Data())
            }
            return try #require(Reference(answer.location))
        }
    }

    private func opened(_ reference: Reference, _ store: TestStore, _ keys: CaseKeys) async throws -> OpenedParts {
        let (record, sealed) = try await store.databases.work.transaction(.readOnly) { db in
            let record = try #require(try db.complaint(reference))
            return (record, try db.sealedFields(of: Cases([record]))[record.complaint.id] ?? [:])
        }
        return try await keys.open(sealed, of: record)
    }

    @Test func `keys come under a new key while complaints come in, and the old one is needed no more (G85)`()
        async throws
    {
        try await withStore { store in
            // The store's own keys stand for servers that were never restarted.
            let before = try await CaseKeys(store.databases.keys, KeyRing(store.encryptionKey))
            let first = try await file(0..<20, store, before)
            let ring = KeyRing(Self.new, previous: [store.encryptionKey])
            let after = try await CaseKeys(store.databases.keys, ring)
            async let filing = file(20..<120, store, after)
            let count = try await store.databases.rewrap(ring)
            let second = try await filing
            #expect(count >= 512, "all that were made ahead, and those with names")
            #expect(try await store.databases.rewrap(ring) == 0, "nothing is left to do")
            #expect(try await store.databases.keyCounts().map(\.keyID) == [Self.new.id])
            let alone = try await CaseKeys(store.databases.keys, KeyRing(Self.new))
            for (name, reference) in (first + second).enumerated() {
                #expect(try await opened(reference, store, alone).identity?.name == "\(name)")
            }
            // Found by the same digests, and signed in with the same second factors: keys with names were carried over.
            #expect(try await file(0..<1, store, alone).count == 1)
            await #expect(throws: UnsuitableServer.keysOfAnotherKeyFile(Self.new.id)) {
                _ = try await CaseKeys(store.databases.keys, KeyRing(store.encryptionKey))
            }
            await #expect(throws: UnsuitableServer.self) {
                try await store.databases.checkSuitability(KeyRing(Self.old))
            }
            try await store.databases.checkSuitability(KeyRing(Self.new))
        }
    }

    @Test func `what a key was deleted of opens nowhere any more (G85)`() async throws {
        try await withStore { store in
            let references = try await file(0..<2, store, store.keys)
            _ = try await store.databases.keys.withConnection { db in
                try db.run("DELETE FROM case_key WHERE claimed_at IS NOT NULL")
            }
            for reference in references {
                let parts = try await opened(reference, store, store.keys)
                #expect(parts.isErased && parts.identity == nil)
            }
        }
    }

    @Test func `a key that a backup brings back is deleted again`() async throws {
        try await withStore { store in
            let reference = try await file(0..<1, store, store.keys)[0]
            let kept = try await store.databases.keys.withConnection { db in
                try db.all("SELECT id, wrapped, kek_id FROM case_key WHERE claimed_at IS NOT NULL") { row in
                    (try row.read(UUID.self), try row.read(Data.self), try row.read(String.self))
                }
            }
            let (book, now) = (try await store.book(), Date(timeIntervalSince1970: 1_640_000_000))
            _ = try await store.databases.work.transaction(as: .system) { db in
                let supervisor = Actor(.supervisor, id: nil)
                _ = try db.perform(.withdraw, on: reference, by: supervisor, ActionTerms(), book: book, at: now)
                let asked = try db.requestRight(
                    .erasure, of: reference, by: Actor(.complainant), receivedOn: nil, ActionTerms(), book: book,
                    at: now)
                return try db.decideRight(
                    asked.request.sequence, of: reference, isGranted: true, by: supervisor, reasons: "asked",
                    book: book,
                    at: now)
            }
            #expect(try await store.databases.finishErasures() == 1)
            _ = try await store.databases.keys.transaction { db in
                for (id, wrapped, kek) in kept {
                    try db.run(
                        """
                        INSERT INTO case_key (id, wrapped, kek_id, created_at, claimed_at)
                        VALUES (\(id), \(wrapped), \(kek), now(), now()) ON CONFLICT DO NOTHING
                        """)
                }
            }
            let worker = Worker(store.databases, references: store.references)
            #expect(try await worker.round(at: now)?.failures == [])
            #expect(try await opened(reference, store, store.keys).isErased)
        }
    }

    @Test func `a sealed field in another place, or with one bit changed, does not open (G84)`() async throws {
        try await withStore { store in
            let references = try await file(0..<2, store, store.keys)
            func expectRefused(_ script: String) async throws {
                struct PutBack: Error {}
                let sealed = try await store.owner.withConnection { db in
                    try db.all("SELECT complaint_id, field, sealed FROM complaint_sealed") { row in
                        (try row.read(UUID.self), try row.read(String.self), try row.read(Data.self))
                    }
                }
                try await store.owner.withConnection { db in try db.run(script: script) }
                await #expect(throws: DamagedSeal.self) { _ = try await opened(references[0], store, store.keys) }
                for (id, field, bytes) in sealed {
                    _ = try await store.owner.withConnection { db in
                        try db.run(
                            "UPDATE complaint_sealed SET sealed = \(bytes) WHERE complaint_id = \(id) AND field = \(field)"
                        )
                    }
                }
                #expect(try await opened(references[0], store, store.keys).identity?.name == "0")
            }
            try await expectRefused(
                """
                UPDATE complaint_sealed s SET sealed = o.sealed FROM complaint_sealed o
                WHERE o.complaint_id <> s.complaint_id AND o.field = s.field
                """)
            for bit in [0, 7, 100] {
                try await expectRefused(
                    "UPDATE complaint_sealed SET sealed = set_bit(sealed, \(bit), 1 - get_bit(sealed, \(bit)))")
            }
        }
    }
}
