import Casework
import Crypto
import Foundation
import Postgres

extension Connection {
    /// Everything that a filing leaves behind, but the answer to its key.
    func insert(_ intake: Intake, _ receipt: Receipt, key: CaseKey, contactKey: SymmetricKey) throws {
        let complaint = intake.complaint
        try insertComplaint(intake, receipt, key: key)
        try insertSealed(intake, key: key)
        try insertContacts(intake, contactKey: contactKey)
        try insertText(intake.filing.narrative, of: complaint.id, campaign: intake.campaignID)
        let place = StepPlace(
            campaign: intake.campaignID, case: complaint.id, sequence: 1, writtenBy: 1, on: complaint.receivedOn,
            moment: receipt.recordedAt)
        try saveInterval(of: complaint, place)
        try saveIntervals(of: complaint.deadlines, place)
        for deadline in complaint.deadlines { try save(deadline, of: complaint.id, campaign: intake.campaignID) }
        if let barrier = receipt.barrier {
            try run(
                """
                INSERT INTO complaint_barrier (campaign_id, complaint_id, barrier_id, number)
                VALUES (\(intake.campaignID), \(complaint.id), \(barrier.id), \(receipt.reference.number))
                """)
            try saveIntervals(ofBarriers: [barrier.number: true], place)
        }
        var details = ["kind": complaint.kind.rawValue, "channel": intake.channel.rawValue]
        if let barrier = receipt.barrier { details["barrier"] = String(barrier.number) }
        let event = Event(actor: intake.actor, action: "file", details: details, effectiveOn: complaint.receivedOn)
        try record(
            event, on: complaint.id, .complaint, campaign: intake.campaignID, sequence: 1, at: receipt.recordedAt)
    }

    /// The pairs of characters by which the text is found.
    func insertText(_ text: String, of complaint: UUID, campaign: Int) throws {
        try run(
            """
            INSERT INTO complaint_text (campaign_id, complaint_id, pairs)
            VALUES (\(campaign), \(complaint), \(characterPairs(in: text)))
            ON CONFLICT DO NOTHING
            """)
    }

    private func insertComplaint(_ intake: Intake, _ receipt: Receipt, key: CaseKey) throws {
        let (complaint, filing) = (intake.complaint, intake.filing)
        try run(
            """
            INSERT INTO complaint (
                campaign_id, id, number, version, kind, status, category, scenario, respondent_platform,
                respondent_company, respondent_name, target_platform, target_company, target_host, payment_method,
                method_name, scene, manner, wrapped_by, merchant, office, received_on, materials_on, changed_on,
                due_on, recorded_at, changed_at, narrative, remedy_sought, language, occurred_on, app_version, os,
                region, account_type, complainant_kind, age_band, disclose_identity, publish_narrative,
                privacy_notice, channel, filed_by, client_reference, tracking_hash, key_id, link_url,
                link_site, link_oddities, suffix_version)
            VALUES (
                \(intake.campaignID), \(complaint.id), \(receipt.reference.number), 1, \(complaint.kind),
                \(complaint.status), \(complaint.category), \(complaint.scenario), \(complaint.respondent.platform),
                \(complaint.respondent.company), \(filing.respondentName), \(complaint.target.platform),
                \(complaint.target.company), \(complaint.target.host), \(complaint.target.paymentMethod),
                \(filing.methodName), \(filing.scene), \(filing.manner), \(filing.wrappedBy), \(filing.merchant),
                \(complaint.office), \(complaint.receivedOn), \(complaint.materialsOn), \(complaint.changedOn),
                \(complaint.nextDueDay), \(receipt.recordedAt), \(receipt.recordedAt), \(filing.narrative),
                \(filing.remedySought), \(filing.language), \(filing.occurredOn), \(filing.appVersion), \(filing.os),
                \(filing.region), \(filing.accountType), \(filing.complainantKind), \(filing.ageBand),
                \(filing.disclosesIdentity), \(filing.publishesNarrative), \(filing.privacyNotice), \(intake.channel),
                \(intake.filedBy), \(filing.clientReference), \(receipt.trackingCode.hash), \(key.id),
                \(filing.linkURL), \(filing.linkSite), \(filing.linkOddities.map(\.rawValue)),
                \(filing.suffixVersion))
            """)
    }

    private func insertSealed(_ intake: Intake, key: CaseKey) throws {
        var fields: [(SealedField, String)] = []
        if let identity = intake.sealed.identity { fields.append((.identity, try JSONText(encoding: identity).text)) }
        if let text = intake.sealed.linkText { fields.append((.linkText, text)) }
        if let text = intake.sealed.passphrase { fields.append((.passphrase, text)) }
        if let text = intake.sealed.controlText { fields.append((.controlText, text)) }
        for (field, text) in fields {
            try insertSealed(text, field: field, of: intake.complaint.id, campaign: intake.campaignID, key: key)
        }
    }

    func insertSealed(_ text: String, field: SealedField, of complaint: UUID, campaign: Int, key: CaseKey) throws {
        try run(
            """
            INSERT INTO complaint_sealed (campaign_id, complaint_id, field, sealed)
            VALUES (\(campaign), \(complaint), \(field.rawValue),
                    \(try key.seal(text, field: field, of: complaint)))
            """)
    }

    private func insertContacts(_ intake: Intake, contactKey: SymmetricKey) throws {
        for (kind, digest) in intake.sealed.identity?.contactDigests(key: contactKey) ?? [] {
            try run(
                """
                INSERT INTO contact_digest (campaign_id, complaint_id, kind, digest)
                VALUES (\(intake.campaignID), \(intake.complaint.id), \(kind), \(digest))
                """)
        }
    }
}

extension Identity {
    /// What finds other filings of the same phone or mail address.
    ///
    /// Only the holder of `key` can make it.
    func contactDigests(key: SymmetricKey) -> [(kind: String, digest: Data)] {
        let contacts = [("phone", normalisedPhone), ("email", normalisedEmail)]
        return contacts.compactMap { kind, value in
            value.map { (kind, digest(kind, $0, key: key)) }
        }
    }
}

/// What finds the same value again without telling it: only the holder of `key` can make it.
private func digest(_ kind: String, _ value: String, key: SymmetricKey) -> Data {
    Data(HMAC<SHA256>.authenticationCode(for: Data("\(kind)|\(value)".utf8), using: key).prefix(16))
}
