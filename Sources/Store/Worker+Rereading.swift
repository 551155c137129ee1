import Casework
import Crypto
import Foundation
import Postgres

/// Complaints read in one statement, and looked at in one round, at the most; of one region, rows that one statement changes.
private let (rowsAtOnce, rowsOfRound, changedAtOnce) = (500, 20_000, 200)

extension Worker {
    /// Reads again what versions before wrote in other forms: pages of links, digests of contacts and of filings, regions.
    ///
    /// It goes on where it stood, through what was recorded until the moment that migration 0038 noted, and then does nothing any
    /// more. A row that is right already is left alone, so that doing it twice changes nothing. Each complaint is changed in a
    /// transaction of its own, regions 200 rows at a time: nobody waits longer than for an officer's action.
    ///
    /// A case stays with its office, though a region that can be read now may belong to another one: officers transfer it. The
    /// target of a complaint stays, too, since officers may have resolved it.
    ///
    /// - Parameter keys: Open the identities that contacts are found by.
    /// - Returns: How many rows were changed; `nil` where another worker has the lease.
    /// - Throws: `PostgresError`, or what reading reference data throws; what was done before stays done.
    public func readAgain(with keys: CaseKeys) async throws -> Int? {
        guard let fence = try await takeLease() else { return nil }
        let book = try await references.book()
        let campaigns = book.data.campaigns.keys.sorted().compactMap { code in book.campaign(code).map { (code, $0.id) }
        }
        let names = campaigns.flatMap { code, _ in ["reread|\(code)", "reread-regions|\(code)"] }
        let (until, isDone) = try await databases.work.transaction(.readOnly) { db in
            let until = try db.workerMark("reread-until")
            return (until, try names.allSatisfy { try db.workerMark($0) >= until })
        }
        guard !isDone else { return 0 }
        let cut = min(try await databases.work.closeCut(), until)
        var changed = 0
        do {
            changed += try await work(fence) { db in try db.readOfficesAgain() }
            for (code, id) in campaigns {
                let view = Rereading(campaign: id, code: code, fence: fence, until: until, cut: cut, book: book)
                changed += try await readRegionsAgain(view)
                changed += try await readComplaintsAgain(view, keys)
            }
        } catch is LeaseLost {
            return changed
        }
        return changed
    }

    private func readComplaintsAgain(_ view: Rereading, _ keys: CaseKeys) async throws -> Int {
        var (looked, changed) = (0, 0)
        while looked < rowsOfRound {
            let rows = try await work(view.fence) { db in try db.rowsToReadAgain(view) }
            var corrections: [Correction] = []
            for row in rows {
                if let correction = try await Correction(row, view.book.directory, keys) {
                    corrections.append(correction)
                }
            }
            changed += try await each(corrections, view.fence) { db, correction in try db.apply(correction, view) }
            let end = rows.count < rowsAtOnce ? view.cut : rows.last?.recordedAt ?? view.cut
            try await work(view.fence) { db in try db.setWorkerMark("reread|\(view.code)", end) }
            looked += rows.count
            if rows.count < rowsAtOnce { break }
        }
        return changed
    }

    private func readRegionsAgain(_ view: Rereading) async throws -> Int {
        let name = "reread-regions|\(view.code)"
        let since = try await work(view.fence) { db in try db.workerMark(name) }
        // All rows of a region are looked at together; while servers of before may still write, once an hour is enough.
        guard since < view.until, view.cut == view.until || view.cut > since.addingTimeInterval(3600) else { return 0 }
        var changed = 0
        for table in [RegionTable.complaint, .observation] {
            var last = ""
            while true {
                let known = try await work(view.fence) { [last] db in try db.regions(in: table, view, after: last) }
                for region in known {
                    guard let read = Region(region)?.description, read != region else { continue }
                    while true {
                        let count = try await work(view.fence) { db in try db.change(region, to: read, in: table, view)
                        }
                        changed += count
                        if changed >= rowsOfRound { return changed }
                        if count < changedAtOnce { break }
                    }
                }
                guard known.count == rowsAtOnce, let end = known.last else { break }
                last = end
            }
        }
        try await work(view.fence) { db in try db.setWorkerMark(name, view.cut) }
        return changed
    }
}

/// One campaign, as it is read again.
private struct Rereading: Sendable {
    let campaign: Int
    let code: String
    let fence: Int
    /// What was recorded later is in the form of this version.
    let until: Date
    /// Up to when this round reads.
    let cut: Date
    let book: ReferenceBook
}

/// What a complaint was found by when it was read.
private struct OldRow: Sendable {
    let id: UUID
    let recordedAt: Date
    let link: String?
    let key: UUID?
    let identity: Data?
    /// By their kind.
    let contacts: [String: Data]
    /// Whose reference it has, and what it says, where its digest is none that is compared.
    let filer: UUID?
    let narrative: String?
}

/// What is to be written in place of it.
private struct Correction: Sendable {
    let row: OldRow
    private(set) var link: String?
    private(set) var contacts: [String: Data]
    private(set) var digest: Data?

    /// - Returns: `nil` where everything is right already.
    /// - Throws: `PostgresError` where keys cannot be read. What cannot be opened, because its key was erased or it was tampered
    ///   with, is left as it is.
    init?(_ row: OldRow, _ directory: Directory, _ keys: CaseKeys) async throws {
        self.row = row
        link = row.link.map { directory.normalizedLink($0) ?? $0 }
        contacts = row.contacts
        if let sealed = row.identity, let id = row.key, let key = try await keys.key(id) {
            // What was tampered with is left as it is; the audit of history tells of it.
            if let text = try? key.open(sealed, field: .identity, of: row.id),
                // As above.
                let identity = try? JSONText(text).decoded(as: Identity.self)
            {
                let found = identity.contactDigests(key: keys.named.contactIndex)
                contacts = Dictionary(uniqueKeysWithValues: found.map { ($0.kind, $0.digest) })
            }
        }
        if let filer = row.filer, let narrative = row.narrative {
            digest = ReferenceDigest.stored(ofNarrative: narrative, filer: filer, key: keys.named.filingDigest)
        }
        if link == row.link, contacts == row.contacts, digest == nil { return nil }
    }
}

private enum RegionTable {
    case complaint
    case observation

    var name: SQL { self == .complaint ? "complaint" : "observation" }
    var key: SQL { self == .complaint ? "(campaign_id, id)" : "(campaign_id, barrier_id, sequence)" }
    var columns: SQL { self == .complaint ? "campaign_id, id" : "campaign_id, barrier_id, sequence" }
}

extension Connection {
    fileprivate func rowsToReadAgain(_ view: Rereading) throws -> [OldRow] {
        let since = try workerMark("reread|\(view.code)")
        return try all(
            """
            SELECT c.id, c.recorded_at, c.link_url, c.key_id, s.sealed, p.digest, m.digest, o.filed_by, o.narrative
            FROM complaint c
            LEFT JOIN complaint_sealed s
                ON s.campaign_id = c.campaign_id AND s.complaint_id = c.id AND s.field = \(SealedField.identity)
            LEFT JOIN contact_digest p ON p.campaign_id = c.campaign_id AND p.complaint_id = c.id AND p.kind = 'phone'
            LEFT JOIN contact_digest m ON m.campaign_id = c.campaign_id AND m.complaint_id = c.id AND m.kind = 'email'
            LEFT JOIN LATERAL (
                -- A narrative out of which a name was taken is not what was sent.
                SELECT c.filed_by, c.narrative
                WHERE c.client_reference IS NOT NULL AND coalesce(octet_length(c.filing_digest), 32) = 32
                  AND NOT EXISTS (SELECT FROM event WHERE campaign_id = c.campaign_id AND case_id = c.id
                                  AND action = 'correct_identity')) o ON true
            WHERE c.campaign_id = \(view.campaign) AND c.recorded_at > \(since) AND c.recorded_at <= \(view.cut)
              AND c.data_state IN ('active', 'restricted')
            ORDER BY c.recorded_at FETCH FIRST (\(rowsAtOnce)) ROWS WITH TIES
            """
        ) { row in
            let (id, recordedAt): (UUID, Date) = (try row.read(), try row.read())
            let (link, key, identity): (String?, UUID?, Data?) = (try row.read(), try row.read(), try row.read())
            let contacts: [String: Data?] = ["phone": try row.read(), "email": try row.read()]
            return OldRow(
                id: id, recordedAt: recordedAt, link: link, key: key, identity: identity,
                contacts: contacts.compactMapValues(\.self), filer: try row.read(), narrative: try row.read())
        }
    }

    /// Writes what was read again, unless the complaint was changed meanwhile: then it has the forms of now.
    ///
    /// - Returns: Whether something was written.
    fileprivate func apply(_ correction: Correction, _ view: Rereading) throws -> Bool {
        let (row, campaign) = (correction.row, view.campaign)
        guard let known = try lockedComplaint(id: row.id, campaign: campaign), known.filing.linkURL == row.link,
            try sealedFields(of: Cases([known]))[row.id]?[.identity] == row.identity, !known.dataState.isGone
        else { return false }
        try run(
            """
            UPDATE complaint SET link_url = \(correction.link),
                                 filing_digest = coalesce(\(correction.digest), filing_digest)
            WHERE campaign_id = \(campaign) AND id = \(row.id)
            """)
        if correction.contacts != row.contacts {
            try run("DELETE FROM contact_digest WHERE campaign_id = \(campaign) AND complaint_id = \(row.id)")
            for (kind, digest) in correction.contacts {
                try run(
                    """
                    INSERT INTO contact_digest (campaign_id, complaint_id, kind, digest)
                    VALUES (\(campaign), \(row.id), \(kind), \(digest))
                    """)
            }
        }
        // What was not known for a duplicate may be known for one now.
        if let record = try complaint(id: row.id, campaign: campaign) { _ = try flag(record) }
        return true
    }

    /// The next regions that are written in a table, each once.
    fileprivate func regions(in table: RegionTable, _ view: Rereading, after last: String) throws -> [String] {
        try all(
            """
            WITH RECURSIVE known AS (
                (SELECT region FROM \(table.name) WHERE campaign_id = \(view.campaign) AND region > \(last)
                 ORDER BY region LIMIT 1)
                UNION ALL
                SELECT n.region FROM known k CROSS JOIN LATERAL (
                    SELECT region FROM \(table.name) WHERE campaign_id = \(view.campaign) AND region > k.region
                    ORDER BY region LIMIT 1) n)
            SELECT region FROM known LIMIT \(rowsAtOnce)
            """
        ) { row in try row.read() }
    }

    /// Writes a region in its one form, in some of the rows that have it.
    ///
    /// - Returns: In how many.
    fileprivate func change(_ region: String, to read: String, in table: RegionTable, _ view: Rereading) throws -> Int {
        // They count regions, and are made again by the server.
        if table == .complaint { try forgetSums(of: view.campaign) }
        return try run(
            """
            UPDATE \(table.name) SET region = \(read) WHERE \(table.key) IN (
                SELECT \(table.columns) FROM \(table.name)
                WHERE campaign_id = \(view.campaign) AND region = \(region) LIMIT \(changedAtOnce))
            """)
    }

    /// Writes the regions of offices in their one form; one that two offices have in different forms stays for the operator.
    fileprivate func readOfficesAgain() throws -> Int {
        var changed = 0
        for office in try offices() {
            let regions = office.regions.map { Region($0)?.description ?? $0 }
            guard regions != office.regions else { continue }
            var read = office
            read.regions = regions.enumerated().filter { regions.firstIndex(of: $1) == $0 }.map(\.element)
            do {
                try save(read)
                changed += 1
            } catch is OfficeError {
                continue
            }
        }
        return changed
    }
}
