public import Casework
public import Foundation
public import Postgres

extension Connection {
    /// Puts a corrected identity in the place of the one before.
    ///
    /// - Parameters:
    ///   - given: Parts that take the place of what was; that is taken out of the complainant's story too.
    ///   - removed: Parts that are taken away.
    ///   - reference: Of which complaint.
    ///   - actor: Who corrects it.
    ///   - terms: Why, where an officer does.
    ///   - keys: What it is found with.
    ///   - key: The key of the complaint.
    ///   - book: The reference data that hold.
    ///   - now: The moment.
    /// - Returns: The complaint as it is then.
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, `PostgresError`, or `CryptoKitError`; nothing is changed then.
    public func correctIdentity(
        _ given: Identity, without removed: Set<Identity.Field>, of reference: Reference, by actor: Actor,
        _ terms: ActionTerms, _ keys: NamedKeys, _ key: CaseKey, book: ReferenceBook, at now: Date
    ) throws -> ComplaintRecord {
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        try known.complaint.admit(actor, to: .correctIdentity)
        try known.checkUse()
        let (campaign, id) = (known.campaignID, known.complaint.id)
        let before = try sealedFields(of: Cases([known]))[id]?[.identity].map { sealed in
            try JSONText(key.open(sealed, field: .identity, of: id)).decoded(as: Identity.self)
        }
        let identity = (before ?? Identity()).corrected(by: given, without: removed)
        let fields = Set(Identity.Field.allCases.filter { given[$0] != nil }).union(removed)
        let sealed = try key.seal(try JSONText(encoding: identity).text, field: .identity, of: id)
        // What is no longer right, or no longer wanted, would stand in the story, and nobody would know it for a name.
        let gone = fields.compactMap { before?[$0] == identity[$0] ? nil : before?[$0] }
        var filing = known.filing
        filing.narrative = filing.narrative.without(gone)
        filing.remedySought = filing.remedySought?.without(gone)
        let (digested, salt) = try digested(filing, .identity, sealed, of: known, in: terms)
        let record = try perform(.correctIdentity(fields), on: reference, by: actor, digested, book: book, at: now)
        if let salt { try save(filingSalt: salt, of: known) }
        try run(
            """
            INSERT INTO complaint_sealed (campaign_id, complaint_id, field, sealed)
            VALUES (\(campaign), \(id), \(SealedField.identity), \(sealed))
            ON CONFLICT (campaign_id, complaint_id, field) DO UPDATE SET sealed = excluded.sealed
            """)
        if !gone.isEmpty { try save(filing, of: known) }
        try run("DELETE FROM contact_digest WHERE campaign_id = \(campaign) AND complaint_id = \(id)")
        for (kind, digest) in identity.contactDigests(key: keys.contactIndex) {
            try run(
                """
                INSERT INTO contact_digest (campaign_id, complaint_id, kind, digest)
                VALUES (\(campaign), \(id), \(kind), \(digest))
                """)
        }
        return record
    }

    /// The terms with digests of what was filed, as it is with a change, under a new salt: by the old one, what was taken out
    /// could be guessed from the digest before.
    ///
    /// - Returns: The terms, and the salt to be kept; as they are, and none, where the filing has no digest.
    private func digested(
        _ filing: Filing, _ field: SealedField? = nil, _ sealed: Data? = nil, of record: ComplaintRecord,
        in terms: ActionTerms
    ) throws -> (ActionTerms, salt: Data?) {
        guard var digest = try filingDigest(of: record) else { return (terms, nil) }
        var terms = terms
        digest.filing = filing
        let salt = Data(randomBytes(FilingDigest.saltLength))
        terms.digests[FilingDigest.Member.filing] = digest.text(salt)
        if let field, let sealed {
            let others = try sealedParts(of: record).filter { $0.0 != field }
            terms.digests[FilingDigest.Member.sealed] = FilingDigest.text(ofSealed: others + [(field, sealed)])
        }
        return (terms, salt)
    }

    /// What the complainant wrote, without words that were taken out, and what it is found by.
    private func save(_ filing: Filing, of record: ComplaintRecord) throws {
        let (campaign, id) = (record.campaignID, record.complaint.id)
        let narrative = filing.narrative
        try run(
            """
            UPDATE complaint SET narrative = \(narrative), remedy_sought = \(filing.remedySought)
            WHERE campaign_id = \(campaign) AND id = \(id)
            """)
        try run(
            """
            UPDATE complaint_text SET pairs = \(characterPairs(in: narrative))
            WHERE campaign_id = \(campaign) AND complaint_id = \(id)
            """)
    }

    /// The complainant agrees to be named to the company, or no longer does.
    ///
    /// - Throws: `Refusal`, ``CaseError``, ``MomentError``, or `PostgresError`; nothing is changed then.
    public func setConsent(
        _ disclosesIdentity: Bool, of reference: Reference, by actor: Actor, book: ReferenceBook, at now: Date
    ) throws -> ComplaintRecord {
        let action = Complaint.Action.setConsent(disclosesIdentity: disclosesIdentity)
        try lockPair(action, reference)
        guard let known = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        var filing = known.filing
        filing.disclosesIdentity = disclosesIdentity
        let (terms, salt) = try digested(filing, of: known, in: ActionTerms())
        let record = try perform(action, on: reference, by: actor, terms, book: book, at: now)
        if let salt { try save(filingSalt: salt, of: known) }
        try run(
            """
            UPDATE complaint SET disclose_identity = \(disclosesIdentity)
            WHERE campaign_id = \(record.campaignID) AND id = \(record.complaint.id)
            """)
        return try complaint(reference) ?? record
    }
}
