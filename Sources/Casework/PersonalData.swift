/// How far what is known about a complainant may still be used (PIPL, article 47).
public enum DataState: String, Sendable, CaseIterable, Codable {
    case active
    /// Kept and protected, and no longer used: the law does not let it be deleted yet.
    case restricted
    /// The key is being deleted; nothing is shown any more.
    case erasing
    case erased

    /// Whether nothing of it can be shown any more.
    public var isGone: Bool { self == .erasing || self == .erased }
}

/// What a complainant may ask of the authority about the own data (PIPL, articles 44 to 50).
public struct RightsRequest: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// A copy of everything; with the tracking code it can be had without asking.
        case access
        case correction
        case restriction
        case erasure
    }

    public enum State: String, Sendable, CaseIterable, Codable {
        case open
        case granted
        case refused
    }

    /// The place of the request in the complaint's history.
    public let sequence: Int
    public let kind: Kind
    public let receivedOn: Day
    public var state: State

    /// Days in which it has to be answered; the law says “promptly”, and thirty is the practice.
    public static let days = 30

    public init(sequence: Int, kind: Kind, receivedOn: Day, state: State = .open) {
        self.sequence = sequence
        self.kind = kind
        self.receivedOn = receivedOn
        self.state = state
    }

    public var dueOn: Day { receivedOn + Self.days }

    /// Whether what was granted is carried out.
    public enum Fulfilment: String, Sendable, CaseIterable, Codable {
        /// It is decided, and what was asked for has not happened yet: the key of the data is still there.
        case pending
        case done
    }

    /// How far what was granted is carried out.
    ///
    /// - Parameter data: The state of the complaint's data.
    /// - Returns: `nil` where nothing is to be carried out, or people do it: a copy and a correction.
    public func fulfilment(_ data: DataState) -> Fulfilment? {
        guard state == .granted else { return nil }
        switch kind {
        case .erasure: return data == .erased ? .done : .pending
        case .restriction: return data == .active ? .pending : .done
        case .access, .correction: return nil
        }
    }

    /// - Throws: `Refusal` where it is answered already.
    public mutating func decide(_ isGranted: Bool) throws(Refusal) {
        guard state == .open else { throw .outOfOrder(action: "decide", state: state.rawValue, allowed: []) }
        state = isGranted ? .granted : .refused
    }
}

/// How long what is known about complainants is kept once their complaint has ended.
public struct RetentionRule: Sendable, Hashable, Codable {
    /// How the complaint has ended.
    public var statuses: [Complaint.Status]
    /// With which outcomes, where it was closed; empty is any.
    public var outcomes: [Complaint.Outcome]
    /// Days after its end until the data are restricted.
    public var restrictAfterDays: Int
    /// Days after its end until they are erased.
    public var eraseAfterDays: Int

    public init(
        statuses: [Complaint.Status], outcomes: [Complaint.Outcome] = [], restrictAfterDays: Int, eraseAfterDays: Int
    ) {
        self.statuses = statuses
        self.outcomes = outcomes
        self.restrictAfterDays = restrictAfterDays
        self.eraseAfterDays = eraseAfterDays
    }

    func fits(_ status: Complaint.Status, _ outcome: Complaint.Outcome?) -> Bool {
        statuses.contains(status) && (outcomes.isEmpty || outcome.map(outcomes.contains) == true)
    }

    /// What is to be done about the data of a complaint that has ended, if anything.
    ///
    /// The first rule that fits decides; a legal hold keeps everything as it is.
    public static func step(
        for status: Complaint.Status, _ outcome: Complaint.Outcome?, endedOn: Day, state: DataState, isHeld: Bool,
        on day: Day, by rules: [RetentionRule]
    ) -> DataState? {
        guard !isHeld, let rule = rules.first(where: { $0.fits(status, outcome) }) else { return nil }
        let age = day.number - endedOn.number
        if age >= rule.eraseAfterDays { return state == .active || state == .restricted ? .erased : nil }
        return age >= rule.restrictAfterDays && state == .active ? .restricted : nil
    }
}

extension Campaign {
    /// What holds where the campaign says nothing: two years for what was refused or sent twice, three for the rest,
    /// restricted after half a year.
    public static let standardRetention = [
        RetentionRule(statuses: [.refused, .duplicate], restrictAfterDays: 180, eraseAfterDays: 730),
        RetentionRule(statuses: [.closed, .withdrawn, .referred], restrictAfterDays: 180, eraseAfterDays: 1095),
    ]

    public var retentionRules: [RetentionRule] { retention ?? Self.standardRetention }
}

extension RetentionRule {
    init(reading reader: ObjectReader) {
        let statuses = reader.texts("statuses", limit: 10, length: 30).compactMap { text -> Complaint.Status? in
            let status = Complaint.Status(rawValue: text)
            if status?.isOpen ?? true {
                reader.fault("statuses", "unknown_code", "“\(text)” is no status that ends a case")
            }
            return status
        }
        if !reader.has("statuses") { reader.fault("statuses", "missing", "is required") }
        let outcomes = reader.texts("outcomes", limit: 10, length: 30).compactMap { text -> Complaint.Outcome? in
            let outcome = Complaint.Outcome(rawValue: text)
            if outcome == nil { reader.fault("outcomes", "unknown_code", "“\(text)” is no outcome") }
            return outcome
        }
        let restrict = reader.requiredInt("restrict_after_days", in: 0...36_500)
        let erase = reader.requiredInt("erase_after_days", in: 1...36_500)
        if erase < restrict {
            reader.fault(
                "erase_after_days", "out_of_range", "may not be less than restrict_after_days, which is \(restrict)")
        }
        self.init(statuses: statuses, outcomes: outcomes, restrictAfterDays: restrict, eraseAfterDays: erase)
        reader.finish()
    }
}
