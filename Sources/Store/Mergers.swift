public import Casework
public import Foundation
public import Postgres

extension Complaint.Action {
    /// Whether it says what a complainant thinks of an ending.
    var isVerdict: Bool {
        switch self {
        case .confirmFixed, .denyFixed, .rate: true
        default: false
        }
    }

    /// The same, said by the filer of a complaint that was merged.
    fileprivate func said(by other: UUID) -> Complaint.Action {
        switch self {
        case .confirmFixed: .confirmFixed(by: other)
        case .denyFixed: .denyFixed(by: other)
        case .rate(let rating, _): .rate(rating, by: other)
        default: self
        }
    }
}

// MARK: Acting

extension Connection {
    /// What the filer of a merged complaint says of an ending is said of the case that goes on.
    ///
    /// Words that come along stay with the own complaint, under its own key.
    ///
    /// - Returns: The merged complaint, as it is then.
    func perform(
        _ action: Complaint.Action, of record: ComplaintRecord, on original: Reference, by actor: Actor,
        _ terms: ActionTerms, book: ReferenceBook, at now: Date, key: CaseKey?
    ) throws -> ComplaintRecord {
        if terms.message != nil {
            let words = ActionTerms(message: terms.message, onBehalfOf: terms.onBehalfOf)
            _ = try perform(.message, on: record.reference, by: actor, words, book: book, at: now, key: key)
        }
        let rest = ActionTerms(effectiveOn: terms.effectiveOn, reason: terms.reason, onBehalfOf: terms.onBehalfOf)
        _ = try perform(
            action.said(by: record.complaint.id), on: original, by: actor, rest, book: book, at: now)
        return try complaint(record.reference) ?? record
    }

    /// Keeps a message or a file; where the case waits for information, it counts as that and brings the case on.
    ///
    /// The filer of a merged complaint answers for the case that goes on; message and file stay with the own complaint.
    ///
    /// - Parameters:
    ///   - action: The message or the file.
    ///   - answersRequest: Whether it counts as what was asked for.
    ///   - reference: The own complaint.
    ///   - actor: Who sends it.
    ///   - terms: What comes along.
    ///   - book: The reference data that hold.
    ///   - now: The moment.
    ///   - key: The key of the own complaint.
    /// - Returns: The own complaint as it is then.
    /// - Throws: As ``perform(_:on:by:_:book:at:key:)``; nothing is changed then.
    public func keep(
        _ action: Complaint.Action, answersRequest: Bool, on reference: Reference, by actor: Actor,
        _ terms: ActionTerms, book: ReferenceBook, at now: Date, key: CaseKey?
    ) throws -> ComplaintRecord {
        try lockPair(action, reference)
        guard let own = try lockedComplaint(reference) else { throw CaseError.notFound(reference.description) }
        let open = try own.duplicateOf.flatMap { try complaint($0) } ?? own
        guard answersRequest, open.complaint.status == .needsInformation else {
            return try perform(action, on: reference, by: actor, terms, book: book, at: now, key: key)
        }
        if action == .message, open.reference == reference {
            return try perform(.provideInformation, on: reference, by: actor, terms, book: book, at: now, key: key)
        }
        _ = try perform(action, on: reference, by: actor, terms, book: book, at: now, key: key)
        try answerRequest(on: reference, by: actor, book: book, at: now)
        return try complaint(reference) ?? own
    }

    /// Brings on a case that waits for information, where it does: the own one, or the one that it was merged into.
    ///
    /// - Throws: As ``perform(_:on:by:_:book:at:key:)``; nothing is changed then.
    public func answerRequest(on reference: Reference, by actor: Actor, book: ReferenceBook, at now: Date) throws {
        guard let own = try complaint(reference) else { throw CaseError.notFound(reference.description) }
        let open = try own.duplicateOf.flatMap { try complaint($0) } ?? own
        guard open.complaint.status == .needsInformation else { return }
        _ = try perform(.provideInformation, on: open.reference, by: actor, ActionTerms(), book: book, at: now)
    }
}

// MARK: Telling

/// What became of the case that goes on, as the filer of a complaint that was merged into it may see it.
public struct Handling: Sendable {
    /// The case; of it only status, gap, outcome, the company's answer and what can be done are told.
    public let complaint: Complaint
    /// The case, and all that were merged into it: whose names the words for one must not tell another.
    public let all: [ComplaintRecord]
    /// What the authority wrote for complainants to read since the merger, oldest first.
    public let notes: [OutwardNote]
    /// What it wrote with the question that is open, and with the ending that stands, still sealed.
    public let messages: [SealedMessage]
}

extension Connection {
    /// What becomes of a complaint that was merged; `nil` where it was not.
    public func handling(of record: ComplaintRecord) throws -> Handling? {
        guard let reference = record.duplicateOf, let original = try complaint(reference) else { return nil }
        let begin = try first(
            """
            SELECT max(sequence) FROM event
            WHERE campaign_id = \(original.campaignID) AND case_id = \(original.complaint.id) AND action = 'absorb'
              AND details ->> 'complaint' = \(record.complaint.id.text)
            """
        ) { row in try row.read(Int?.self) }
        let (since, all) = ((begin ?? nil) ?? 0, try merged(into: original))
        guard original.dataState == .active else {
            return Handling(complaint: original.complaint, all: all, notes: [], messages: [])
        }
        return Handling(
            complaint: original.complaint, all: all, notes: try outwardNotes(of: original, after: since),
            messages: try answers(of: original))
    }

    /// A complaint and those that were merged into it.
    public func merged(into record: ComplaintRecord) throws -> [ComplaintRecord] {
        guard !record.complaint.absorbed.isEmpty else { return [record] }
        let numbers = try numbers(
            of: record.complaint.absorbed.reduce(into: Cases()) { $0.add($1.complaint, of: record.campaignID) })
        let references = numbers.values.map { Reference(prefix: record.reference.prefix, number: $0) }
        return [record] + (try complaints(references)).values.sorted { $0.reference.number < $1.reference.number }
    }

    /// The authority's words that came with the latest question while it is open, and with the ending that stands.
    private func answers(of record: ComplaintRecord) throws -> [SealedMessage] {
        let action: [String]
        switch record.complaint.status {
        case .needsInformation: action = [Complaint.ActionName.requestInformation.rawValue]
        case .closed:
            action = [Complaint.ActionName.close.rawValue, Complaint.ActionName.closeUnsubstantiated.rawValue]
        default: return []
        }
        let sequence = try first(
            """
            SELECT sequence FROM event
            WHERE campaign_id = \(record.campaignID) AND case_id = \(record.complaint.id) AND action = ANY(\(action))
            ORDER BY effective_on DESC, sequence DESC LIMIT 1
            """
        ) { row in try row.read(Int.self) }
        return (try messages(of: [record])[record.complaint.id] ?? []).filter {
            $0.reference == record.reference && $0.event == sequence && $0.from == .officer
        }
    }
}

/// What becomes of merged complaints, without anything of the cases that go on but that.
public struct HandlingLine: Sendable {
    public let status: Complaint.Status
    public let outcome: Complaint.Outcome?
    public let informationGap: String?
    public let answer: Complaint.Answer?
}

extension Connection {
    /// What became of the cases that go on, by their ids.
    public func handling(of originals: [UUID], campaign: Int) throws -> [UUID: HandlingLine] {
        guard !originals.isEmpty else { return [:] }
        let rows = try all(
            """
            SELECT id, status, outcome, information_gap, answer FROM complaint
            WHERE campaign_id = \(campaign) AND id = ANY(\(originals))
            """
        ) { row in
            (
                try row.read(UUID.self),
                HandlingLine(
                    status: try row.read(), outcome: try row.read(), informationGap: try row.read(),
                    answer: try row.read())
            )
        }
        return Dictionary(rows) { first, _ in first }
    }
}
