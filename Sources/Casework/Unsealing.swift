public import Foundation

extension Identity {
    /// The parts of an identity that are asked for, shown and disclosed one by one.
    public enum Field: String, Sendable, CaseIterable, Codable {
        case name
        case phone
        case email
    }

    /// Without what is not among `fields`.
    public func only(_ fields: Set<Field>) -> Identity {
        Identity(
            name: fields.contains(.name) ? name : nil, phone: fields.contains(.phone) ? phone : nil,
            email: fields.contains(.email) ? email : nil)
    }

    public subscript(_ field: Field) -> String? {
        switch field {
        case .name: name
        case .phone: phone
        case .email: email
        }
    }
}

/// An officer's wish to see who complained, and what became of it.
///
/// Who asks says why; where the campaign wants it, and for a minor always, a supervisor who is someone else decides. Then
/// only who asked may read, for a day, and each reading is an event of its own.
public struct Unsealing: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable, Codable {
        /// Waits for a supervisor.
        case requested
        case approved
        case denied
        /// Not decided in time, or its time to be read is over.
        case expired
    }

    /// What a supervisor said, and when.
    public struct Decision: Sendable, Equatable {
        /// `nil` where the campaign wants no second person.
        public let by: UUID?
        public let isApproved: Bool
        public let at: Date

        public init(by: UUID?, isApproved: Bool, at: Date) {
            self.by = by
            self.isApproved = isApproved
            self.at = at
        }
    }

    /// The place of the request in the complaint's history.
    public let sequence: Int
    public let fields: Set<Identity.Field>
    public let requestedBy: UUID
    public let requestedAt: Date
    public var decision: Decision?
    /// Whether use of the data was restricted since: what was asked before does not come back with a reopened case.
    public var isOver = false

    /// A request that is not decided after so long has to be made again.
    public static let timeToDecide: TimeInterval = 7 * 86_400
    /// So long after it was approved it can be read.
    public static let timeToRead: TimeInterval = 86_400

    public init(
        sequence: Int, fields: Set<Identity.Field>, requestedBy: UUID, requestedAt: Date, decision: Decision? = nil
    ) {
        self.sequence = sequence
        self.fields = fields
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
        self.decision = decision
    }

    /// When it ends to be of use: to be decided, or to be read.
    public var expiresAt: Date {
        guard let decision else { return requestedAt + Self.timeToDecide }
        return decision.at + Self.timeToRead
    }

    public func state(at now: Date) -> State {
        if decision?.isApproved == false { return .denied }
        if isOver || now >= expiresAt { return .expired }
        return decision == nil ? .requested : .approved
    }

    /// Approves or denies it.
    ///
    /// - Throws: `Refusal` where it is decided or too old, or it is the own wish.
    public mutating func decide(_ isApproved: Bool, by officer: UUID, at now: Date) throws(Refusal) {
        guard officer != requestedBy else {
            throw .selfApproval("whoever asked to see the identity cannot decide about it")
        }
        let state = state(at: now)
        guard state == .requested else {
            throw .outOfOrder(action: "decide", state: state.rawValue, allowed: [])
        }
        decision = Decision(by: officer, isApproved: isApproved, at: now)
    }

    /// Whether the officer may read now.
    ///
    /// - Throws: `Refusal`.
    public func checkReading(by officer: UUID?, at now: Date) throws(Refusal) {
        guard officer == requestedBy else { throw .othersRequest }
        let state = state(at: now)
        guard state == .approved else {
            throw .outOfOrder(
                action: Complaint.ActionName.unseal.rawValue, state: state.rawValue,
                allowed: state == .requested ? [Complaint.ActionName.approveUnsealing.rawValue] : [])
        }
    }
}

extension Identity {
    /// With the parts that are given in place of those that were, and without those that were taken away.
    public func corrected(by given: Identity, without removed: Set<Field>) -> Identity {
        func part(_ field: Field) -> String? { given[field] ?? (removed.contains(field) ? nil : self[field]) }
        return Identity(name: part(.name), phone: part(.phone), email: part(.email))
    }
}
