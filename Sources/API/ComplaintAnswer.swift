import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// A complaint with what is shown beside it.
struct ComplaintParts: Sendable {
    let record: ComplaintRecord
    let barriers: [BarrierSummary]
    let sameContact: [Reference]
    let sealed: [SealedField: Data]
    let messages: [SealedMessage]
    /// Those of the complaints it names.
    let references: [UUID: Reference]
    /// Complaints that point at this one.
    let inverse: [(complaint: UUID, relation: Complaint.Relation)]
    let isSuspected: Bool
}

extension Connection {
    func parts(of record: ComplaintRecord) throws -> ComplaintParts {
        guard let parts = try parts(of: [record]).first else { throw CaseError.notFound("\(record.reference)") }
        return parts
    }

    /// The parts of several complaints, with one statement for each kind of part.
    func parts(of records: [ComplaintRecord]) throws -> [ComplaintParts] {
        let cases = Cases(records)
        let (inverse, barriers) = (try relationsPointing(at: cases), try barriers(ofComplaints: cases))
        let (contacts, sealed) = (try complaintsOfSameContact(as: cases), try sealedFields(of: cases))
        let messages = try messages(of: records)
        var named = Cases()
        for record in records {
            let complaint = record.complaint
            for id in complaint.absorbed.map(\.complaint) + complaint.relations.map(\.complaint)
                + (inverse[complaint.id] ?? []).map(\.complaint) + complaint.verdicts.map(\.complaint)
            {
                named.add(id, of: record.campaignID)
            }
        }
        let numbers = try numbers(of: named)
        return records.map { record in
            let (id, prefix) = (record.complaint.id, record.reference.prefix)
            return ComplaintParts(
                record: record, barriers: barriers[id] ?? [],
                sameContact: (contacts[id] ?? []).map { Reference(prefix: prefix, number: $0) },
                sealed: sealed[id] ?? [:], messages: messages[id] ?? [],
                references: numbers.mapValues { Reference(prefix: prefix, number: $0) }, inverse: inverse[id] ?? [],
                isSuspected: record.isSuspected)
        }
    }
}

extension Service {
    /// A complaint as an officer sees it, with identity masked.
    ///
    /// What was done is done: where the keys cannot be reached, the sealed parts are left out rather than the answer.
    func answer(_ parts: ComplaintParts, to role: Role) async throws -> Response {
        // A case with much to open, or names to compare, would hold up the thread that reads connections.
        guard parts.isBrief else {
            return try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await written(parts, to: role)
            }
        }
        return try await written(parts, to: role)
    }

    private func written(_ parts: ComplaintParts, to role: Role) async throws -> Response {
        var opened = OpenedParts()
        var messages: [OpenedMessage] = []
        do {
            // What is restricted is kept and not used: nothing of it is opened.
            if parts.record.dataState == .active {
                opened = try await keys.open(parts.sealed, of: parts.record)
                messages = try await keys.open(parts.messages)
            }
            opened.isErased = opened.isErased || parts.record.dataState.isGone
        } catch is PostgresError {
            opened.isUnavailable = true
        }
        var body = ComplaintBody(parts, opened, messages, for: role)
        let (complaint, filing) = (parts.record.complaint, parts.record.filing)
        let directory = try await references.book().directory
        if complaint.respondent == Complaint.Party(), let name = filing.respondentName {
            body.respondentCandidates = directory.candidates(named: name)
        }
        if complaint.kind == .refusedPayment, complaint.target.paymentMethod == nil, let name = filing.methodName {
            body.methodCandidates = directory.methodCandidates(named: name)
        }
        return try .json(body, version: parts.record.version)
    }
}

extension ComplaintBody {
    init(_ parts: ComplaintParts, _ opened: OpenedParts, _ messages: [OpenedMessage], for role: Role) {
        let (record, filing) = (parts.record, parts.record.filing)
        self.init(
            id: record.complaint.id, reference: record.reference.description, version: record.version,
            campaign: record.campaign, complaint: record.complaint, officer: record.officerName,
            duplicateOf: record.duplicateOf?.description,
            absorbed: record.complaint.absorbed.compactMap { parts.references[$0.complaint]?.description },
            relations: parts.relations, isSuspected: parts.isSuspected, recordedAt: record.recordedAt,
            changedAt: record.changedAt, barriers: parts.barriers.map(BarrierMention.init),
            narrative: filing.narrative,
            environment: EnvironmentBody(
                appVersion: filing.appVersion, os: filing.os, region: filing.region, accountType: filing.accountType),
            channel: record.channel.rawValue, sameContact: parts.sameContact.map(\.description),
            messages: messages.map(MessageBody.init), isErased: opened.isErased,
            isSealedUnavailable: opened.isUnavailable, dataState: record.dataState, isHeld: record.isHeld,
            actions: record.complaint.actions(for: role).map(\.rawValue))
        verdicts = parts.verdicts
        isNews = record.newsAt != nil
        respondent.name = filing.respondentName
        methodName = filing.methodName
        scene = filing.scene
        manner = filing.manner
        wrappedBy = filing.wrappedBy
        merchant = filing.merchant
        linkText = opened.linkText
        (linkUrl, linkSite, linkOddities) = (filing.linkURL, filing.linkSite, filing.linkOddities)
        passphrase = opened.passphrase
        controlText = opened.controlText
        remedySought = filing.remedySought
        language = filing.language
        occurredOn = filing.occurredOn
        clientReference = filing.clientReference
        if filing.complainantKind != nil {
            complainant = ComplainantBody(
                kind: filing.complainantKind, identity: opened.identity?.masked(isMinor: filing.isMinors),
                ageBand: filing.ageBand, disclosesIdentity: filing.disclosesIdentity)
        }
    }
}

extension ComplaintParts {
    /// Whether it is written down within two milliseconds: few messages and ties, and no name to look for.
    fileprivate var isBrief: Bool {
        let (complaint, filing) = (record.complaint, record.filing)
        return messages.count <= 8 && references.count <= 50
            && (complaint.respondent != Complaint.Party() || filing.respondentName == nil)
            && (complaint.target.paymentMethod != nil || filing.methodName == nil)
    }

    /// What was said of endings, in their order.
    fileprivate var verdicts: [VerdictBody] {
        record.complaint.verdicts.compactMap { verdict in
            references[verdict.complaint].map { reference in
                VerdictBody(
                    ending: verdict.ending, reference: reference.description,
                    confirmedFixed: verdict.isConfirmedFixed, rating: verdict.rating)
            }
        }
        .sorted { ($0.ending, $0.reference) < ($1.ending, $1.reference) }
    }

    /// The ties to other complaints, in both directions.
    fileprivate var relations: [RelationBody] {
        func body(_ id: UUID, _ relation: Complaint.Relation, isInverse: Bool) -> RelationBody? {
            references[id].map { reference in
                RelationBody(reference: reference.description, relation: relation, isInverse: isInverse)
            }
        }
        let own = record.complaint.relations.compactMap { body($0.complaint, $0.relation, isInverse: false) }
        let others = inverse.compactMap { body($0.complaint, $0.relation, isInverse: true) }
        return (own + others).sorted { ($0.reference, $0.relation.rawValue) < ($1.reference, $1.relation.rawValue) }
    }
}

extension MessageBody {
    init(_ opened: OpenedMessage) {
        let message = opened.message
        self.init(
            reference: message.reference.description, event: message.event, from: message.from, on: message.on,
            text: opened.text)
    }
}
