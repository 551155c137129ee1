import Casework
import Crypto
import Foundation
import Postgres
import Synchronization

/// The few rules there are, as they are written with each of very many deadlines.
private let ruleTexts = Mutex<[DeadlineRule: JSONText]>([:])

private func ruleText(_ rule: DeadlineRule) throws -> JSONText {
    if let known = ruleTexts.withLock({ $0[rule] }) { return known }
    let text = try JSONText(encoding: rule)
    ruleTexts.withLock { texts in
        if texts.count >= 256 { texts.removeAll() }
        texts[rule] = text
    }
    return text
}

extension RowBatch {
    /// Everything that a filing leaves behind, but the answer to its key.
    mutating func add(_ filing: PreparedFiling, _ receipt: Receipt) throws {
        let (intake, complaint) = (filing.intake, filing.intake.complaint)
        let (campaign, moment) = (intake.campaignID, receipt.recordedAt)
        addComplaint(filing, receipt)
        for (field, sealed) in filing.sealed {
            addSealed(sealed, field: field, of: complaint.id, campaign: campaign)
        }
        for (kind, digest) in filing.contacts {
            add(
                "contact_digest",
                [
                    "campaign_id": .value(campaign), "complaint_id": .value(complaint.id), "kind": .value(kind),
                    "digest": .value(digest),
                ])
        }
        let place = StepPlace(
            campaign: campaign, case: complaint.id, sequence: 1, writtenBy: 1, on: complaint.receivedOn,
            moment: moment)
        addInterval(of: complaint, place)
        addIntervals(of: complaint.deadlines, place)
        for deadline in complaint.deadlines { try add(deadline, of: complaint.id, campaign: campaign) }
        if let barrier = receipt.barrier { addTie(to: barrier.id, number: receipt.reference.number, place) }
        let digest = FilingDigest(
            filing: intake.filing, complaint: complaint, channel: intake.channel, filedBy: intake.filedBy,
            trackingHash: receipt.trackingCode.hash, keyID: filing.key.id)
        var details = [
            "kind": complaint.kind.rawValue, "channel": intake.channel.rawValue,
            FilingDigest.Member.number: String(receipt.reference.number),
            FilingDigest.Member.filing: digest.text(filing.salt),
            FilingDigest.Member.sealed: FilingDigest.text(ofSealed: filing.sealed),
        ]
        if let barrier = receipt.barrier { details["barrier"] = String(barrier.number) }
        let event = Event(actor: intake.actor, action: "file", details: details, effectiveOn: complaint.receivedOn)
        try add(event, on: complaint.id, .complaint, campaign: campaign, sequence: 1, at: moment)
    }

    private mutating func addComplaint(_ prepared: PreparedFiling, _ receipt: Receipt) {
        let (intake, complaint, filing) = (prepared.intake, prepared.intake.complaint, prepared.intake.filing)
        add(
            "complaint",
            [
                "campaign_id": .value(intake.campaignID), "id": .value(complaint.id),
                "number": .value(receipt.reference.number), "version": .value(1), "kind": .value(complaint.kind),
                "status": .value(complaint.status), "category": .value(complaint.category),
                "scenario": .value(complaint.scenario),
                "respondent_platform": .value(complaint.respondent.platform),
                "respondent_company": .value(complaint.respondent.company),
                "respondent_name": .value(filing.respondentName),
                "target_platform": .value(complaint.target.platform),
                "target_company": .value(complaint.target.company), "target_host": .value(complaint.target.host),
                "payment_method": .value(complaint.target.paymentMethod), "method_name": .value(filing.methodName),
                "scene": .value(filing.scene), "manner": .value(filing.manner),
                "wrapped_by": .value(filing.wrappedBy), "merchant": .value(filing.merchant),
                "office": .value(complaint.office), "received_on": .value(complaint.receivedOn),
                "materials_on": .value(complaint.materialsOn), "changed_on": .value(complaint.changedOn),
                "due_on": .value(complaint.nextDueDay), "recorded_at": .value(receipt.recordedAt),
                "changed_at": .value(receipt.recordedAt), "narrative": .value(filing.narrative),
                "remedy_sought": .value(filing.remedySought), "language": .value(filing.language),
                "occurred_on": .value(filing.occurredOn), "app_version": .value(filing.appVersion),
                "os": .value(filing.os), "region": .value(filing.region), "account_type": .value(filing.accountType),
                "complainant_kind": .value(filing.complainantKind), "age_band": .value(filing.ageBand),
                "disclose_identity": .value(filing.disclosesIdentity),
                "publish_narrative": .value(filing.publishesNarrative),
                "privacy_notice": .value(filing.privacyNotice), "channel": .value(intake.channel),
                "filed_by": .value(intake.filedBy), "client_reference": .value(filing.clientReference),
                "filing_digest": .value(prepared.digest?.stored), "filing_salt": .value(prepared.salt),
                "tracking_hash": .value(receipt.trackingCode.hash), "key_id": .value(prepared.key.id),
                "link_url": .value(filing.linkURL), "link_site": .value(filing.linkSite),
                "link_oddities": .value(filing.linkOddities.map(\.rawValue)),
                "suffix_version": .value(filing.suffixVersion),
            ])
    }

    mutating func addSealed(_ sealed: Data, field: SealedField, of complaint: UUID, campaign: Int) {
        add(
            "complaint_sealed",
            [
                "campaign_id": .value(campaign), "complaint_id": .value(complaint), "field": .value(field.rawValue),
                "sealed": .value(sealed),
            ])
    }

    /// The tie that a filing begins with.
    mutating func addTie(to barrier: UUID, number: Int, _ place: StepPlace) {
        add(
            "complaint_barrier",
            [
                "campaign_id": .value(place.campaign), "complaint_id": .value(place.case),
                "barrier_id": .value(barrier), "number": .value(number), "received_on": .value(place.on),
            ])
        addTieInterval(to: barrier, isLinked: true, place)
    }

    mutating func addTieInterval(to barrier: UUID, isLinked: Bool, _ place: StepPlace) {
        add(
            "complaint_barrier_interval",
            [
                "campaign_id": .value(place.campaign), "complaint_id": .value(place.case),
                "barrier_id": .value(barrier), "sequence": .value(place.sequence),
                "written_by": .value(place.writtenBy), "effective_from": .value(place.on),
                "recorded_at": .value(place.moment), "is_linked": .value(isLinked),
            ])
    }

    mutating func add(_ deadline: Deadline, of complaint: UUID, campaign: Int) throws {
        add(
            "deadline",
            [
                "campaign_id": .value(campaign), "complaint_id": .value(complaint),
                "purpose": .value(deadline.purpose), "origin_id": .value(deadline.origin ?? complaint),
                "run": .value(deadline.run), "company": .value(deadline.company),
                "rule": .value(try ruleText(deadline.rule)), "started_on": .value(deadline.startedOn),
                "began_on": .value(deadline.beganOn), "pauses": .value(try JSONText(encoding: deadline.pauses)),
                "extensions": .value(try JSONText(encoding: deadline.extensions)),
                "back_entered": .value(deadline.backEntered), "due_on": .value(deadline.dueOn),
                "is_provisional": .value(deadline.isProvisional), "state": .value(deadline.state),
                "ended_on": .value(deadline.endedOn), "missed_from": .value(deadline.missedFrom),
            ])
    }

    mutating func addInterval(of complaint: Complaint, _ place: StepPlace) {
        add(
            "complaint_interval",
            [
                "campaign_id": .value(place.campaign), "complaint_id": .value(complaint.id),
                "sequence": .value(place.sequence), "written_by": .value(place.writtenBy),
                "effective_from": .value(place.on), "recorded_at": .value(place.moment),
                "status": .value(complaint.status), "category": .value(complaint.category),
                "scenario": .value(complaint.scenario),
                "respondent_platform": .value(complaint.respondent.platform),
                "respondent_company": .value(complaint.respondent.company),
                "target_platform": .value(complaint.target.platform),
                "target_company": .value(complaint.target.company),
                "payment_method": .value(complaint.target.paymentMethod), "office": .value(complaint.office),
                "officer_id": .value(complaint.officer), "outcome": .value(complaint.outcome),
                "refusal_ground": .value(complaint.refusalGround),
            ])
    }

    mutating func addIntervals(of deadlines: [Deadline], _ place: StepPlace) {
        for deadline in deadlines {
            add(
                "deadline_interval",
                [
                    "campaign_id": .value(place.campaign), "complaint_id": .value(place.case),
                    "purpose": .value(deadline.purpose), "origin_id": .value(deadline.origin ?? place.case),
                    "run": .value(deadline.run), "company": .value(deadline.company),
                    "sequence": .value(place.sequence), "written_by": .value(place.writtenBy),
                    "effective_from": .value(place.on), "recorded_at": .value(place.moment),
                    "started_on": .value(deadline.startedOn), "due_on": .value(deadline.dueOn),
                    "state": .value(deadline.state), "ended_on": .value(deadline.endedOn),
                    "missed_from": .value(deadline.missedFrom), "back_entered": .value(deadline.backEntered),
                ])
        }
    }
}

extension SealedParts {
    /// Each part encrypted with the key of its complaint.
    func sealed(with key: CaseKey, of complaint: UUID) throws -> [(SealedField, Data)] {
        var fields: [(SealedField, String)] = []
        if let identity { fields.append((.identity, try JSONText(encoding: identity).text)) }
        if let linkText { fields.append((.linkText, linkText)) }
        if let passphrase { fields.append((.passphrase, passphrase)) }
        if let controlText { fields.append((.controlText, controlText)) }
        return try fields.map { ($0, try key.seal($1, field: $0, of: complaint)) }
    }
}

extension Identity {
    /// What finds other filings of the same phone or mail address.
    ///
    /// Only the holder of `key` can make it.
    func contactDigests(key: SymmetricKey) -> [(kind: String, digest: Data)] {
        let contacts = [("phone", phoneKey), ("email", emailKey)]
        return contacts.compactMap { kind, value in
            value.map { value in
                (kind, contactDigest(of: value, kind: kind, key: key))
            }
        }
    }
}
