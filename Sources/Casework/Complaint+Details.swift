import Foundation

extension Complaint.Action {
    /// What the action was told, as history keeps it; ``init(name:details:)`` reads it back.
    public var details: [String: String] {
        let details: [String: String?] =
            switch self {
            case .accept(let category, let scenario): ["category": category, "scenario": scenario]
            case .refuse(let ground): ["ground": ground]
            case .requestInformation(let gap, let isBackEntered):
                ["gap": gap, "back_entered": isBackEntered ? "true" : nil]
            case .respond(let answer, let ground): ["answer": answer.rawValue, "ground": ground]
            case .close(let outcome): ["outcome": outcome.rawValue]
            case .refer(let agency): ["agency": agency]
            case .markDuplicate(let original, let company): ["of": original.text, "company": company]
            case .absorb(let other, let barriers, let runs):
                [
                    "complaint": other.text, "runs": Deadline.text(of: runs),
                    "barriers": barriers.sorted().map(String.init).joined(separator: " "),
                ]
            case .renewAbsorbed(let other, let runs): ["complaint": other.text, "runs": Deadline.text(of: runs)]
            case .release(let other): ["complaint": other.text]
            case .confirmFixed(let other), .denyFixed(let other): ["complaint": other?.text]
            case .rate(let rating, let other): ["rating": String(rating), "complaint": other?.text]
            case .resolve(let resolution): resolution.details
            case .link(let barrier), .unlink(let barrier): ["barrier": String(barrier)]
            case .assign(let officer): ["officer": officer?.text]
            case .transfer(let office): ["office": office]
            case .setPriority(let priority): ["priority": priority.rawValue]
            case .relate(let other, let relation), .unrelate(let other, let relation):
                ["to": other.text, "relation": relation.rawValue]
            case .extendDeadline(let purpose, let units, let isBackEntered):
                ["purpose": purpose.rawValue, "by": String(units), "back_entered": isBackEntered ? "true" : nil]
            case .note(let audience): ["audience": audience.rawValue]
            case .attach(let kind, let digest, let bytes):
                ["kind": kind.rawValue, "sha256": digest, "bytes": String(bytes)]
            case .missDeadline(let purpose, let due): ["purpose": purpose.rawValue, "due_on": due.description]
            case .requestUnsealing(let fields): ["fields": fields.codes]
            case .approveUnsealing(let request), .denyUnsealing(let request): ["request": String(request)]
            case .unseal(let request, let fields): ["request": String(request), "fields": fields.codes]
            case .disclose(let fields, let company): ["fields": fields.codes, "company": company]
            case .requestRight(let kind): ["kind": kind.rawValue]
            case .decideRight(let request, let isGranted): ["request": String(request), "granted": String(isGranted)]
            case .correctIdentity(let fields): ["fields": fields.codes]
            case .setConsent(let discloses): ["disclose_identity": String(discloses)]
            case .restrictData(let run), .eraseData(let run): ["run": run.map(String.init)]
            case .placeHold, .liftHold: [:]
            case .provideInformation, .forward, .withdraw, .undoDuplicate, .reopen, .recalculate, .message: [:]
            }
        return details.compactMapValues(\.self)
    }

    /// Reads an action back from history; `nil` where history does not tell enough.
    public init?(name: String, details: [String: String]) {
        guard let name = Complaint.ActionName(rawValue: name) else { return nil }
        func id(_ name: String) -> UUID? { details[name].flatMap(UUID.init) }
        func number(_ name: String) -> Int? { details[name].flatMap(Int.init) }
        let read: Complaint.Action? =
            switch name {
            case .accept: .accept(category: details["category"], scenario: details["scenario"])
            case .refuse: details["ground"].map { .refuse(ground: $0) }
            case .requestInformation:
                details["gap"].map { .requestInformation(gap: $0, isBackEntered: details.isBackEntered) }
            case .provideInformation: .provideInformation
            case .forward: .forward
            case .respond:
                .respond(details["answer"].flatMap(Complaint.Answer.init) ?? .accepted, ground: details["ground"])
            case .close, .closeUnsubstantiated:
                details["outcome"].flatMap(Complaint.Outcome.init).map { .close($0) }
            case .withdraw: .withdraw
            case .refer: details["agency"].map { .refer(agency: $0) }
            case .markDuplicate: id("of").map { .markDuplicate(of: $0, company: details["company"]) }
            case .undoDuplicate: .undoDuplicate
            case .absorb:
                id("complaint").flatMap { other in
                    details.runs.map { .absorb(other, barriers: details.numbers, runs: $0) }
                }
            case .renewAbsorbed:
                id("complaint").flatMap { other in details.runs.map { .renewAbsorbed(other, runs: $0) } }
            case .release: id("complaint").map { .release($0) }
            case .reopen: .reopen
            case .confirmFixed: .confirmFixed(by: id("complaint"))
            case .denyFixed: .denyFixed(by: id("complaint"))
            case .rate: number("rating").map { .rate($0, by: id("complaint")) }
            case .resolve: Complaint.Resolution(details: details).map { .resolve($0) }
            case .link: number("barrier").map { .link(barrier: $0) }
            case .unlink: number("barrier").map { .unlink(barrier: $0) }
            case .assign: .assign(to: id("officer"))
            case .transfer: details["office"].map { .transfer(office: $0) }
            case .setPriority: details["priority"].flatMap(Complaint.Priority.init).map { .setPriority($0) }
            case .relate: id("to").flatMap { to in details.relation.map { .relate(to, $0) } }
            case .unrelate: id("to").flatMap { to in details.relation.map { .unrelate(to, $0) } }
            case .extendDeadline:
                details.purpose.flatMap { purpose in
                    number("by").map { .extendDeadline(purpose, by: $0, isBackEntered: details.isBackEntered) }
                }
            case .recalculate: .recalculate
            case .note: .note(details["audience"].flatMap(Complaint.Audience.init) ?? .internal)
            case .message: .message
            case .attach:
                details["kind"].flatMap(EvidenceFile.Kind.init).flatMap { kind in
                    number("bytes").map { .attach(kind, sha256: details["sha256"] ?? "", bytes: $0) }
                }
            case .missDeadline:
                details.purpose.flatMap { purpose in
                    details["due_on"].flatMap(Day.init).map { .missDeadline(purpose, dueOn: $0) }
                }
            default: Self.aboutPerson(name, details)
            }
        guard let read else { return nil }
        self = read
    }

    /// What is done about who complained, and what is known of that person.
    private static func aboutPerson(_ name: Complaint.ActionName, _ details: [String: String]) -> Complaint.Action? {
        let request = details["request"].flatMap(Int.init)
        return switch name {
        case .requestUnsealing: .requestUnsealing(details.fields)
        case .approveUnsealing: request.map { .approveUnsealing($0) }
        case .denyUnsealing: request.map { .denyUnsealing($0) }
        case .unseal: request.map { .unseal($0, details.fields) }
        case .disclose: details["company"].map { .disclose(details.fields, to: $0) }
        case .requestRight: details["kind"].flatMap(RightsRequest.Kind.init).map { .requestRight($0) }
        case .decideRight: request.map { .decideRight($0, isGranted: details["granted"] == "true") }
        case .correctIdentity: .correctIdentity(details.fields)
        case .setConsent: .setConsent(disclosesIdentity: details["disclose_identity"] == "true")
        case .placeHold: .placeHold
        case .liftHold: .liftHold
        case .restrictData: .restrictData(run: details["run"].flatMap(Int.init))
        case .eraseData: .eraseData(run: details["run"].flatMap(Int.init))
        default: nil
        }
    }
}

extension Set<Identity.Field> {
    fileprivate var codes: String { map(\.rawValue).sorted().joined(separator: " ") }
}

extension [String: String] {
    fileprivate var fields: Set<Identity.Field> {
        Set((self["fields"] ?? "").split(separator: " ").compactMap { Identity.Field(rawValue: String($0)) })
    }

    fileprivate var purpose: Deadline.Purpose? { self["purpose"].flatMap(Deadline.Purpose.init) }
    fileprivate var relation: Complaint.Relation? { self["relation"].flatMap(Complaint.Relation.init) }
    fileprivate var numbers: [Int] { (self["barriers"] ?? "").split(separator: " ").compactMap { Int($0) } }
    fileprivate var isBackEntered: Bool { self["back_entered"] == "true" }

    /// `nil` where they cannot be read; before there were runs, history held none.
    fileprivate var runs: [Deadline]? {
        // What cannot be read is `nil`, and makes the history one that cannot be replayed.
        try? JSONDecoder().decode([Deadline].self, from: Data((self["runs"] ?? "[]").utf8))
    }
}

extension Deadline {
    /// The runs as history keeps them: enough to carry each on as it was.
    fileprivate static func text(of runs: [Deadline]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Days, numbers and codes can always be encoded.
        return (try? encoder.encode(runs)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// What history calls its due day and state.
    var factName: String {
        let name = "due_\(purpose.rawValue)" + (run == 1 ? "" : "_\(run)")
        return origin.map { "\(name)_of_\($0.text)" } ?? name
    }
}

extension Complaint.Resolution {
    fileprivate var details: [String: String?] {
        var details: [String: String?] = ["category": category, "scenario": scenario]
        if let respondent {
            details["respondent_platform"] = respondent.platform ?? ""
            details["respondent_company"] = respondent.company ?? ""
        }
        if let target {
            details["target_platform"] = target.platform ?? ""
            details["target_company"] = target.company ?? ""
            details["target_host"] = target.host ?? ""
            details["payment_method"] = target.paymentMethod ?? ""
        }
        return details
    }

    /// `nil` for what the first version of the program wrote, which told old and new in one word.
    fileprivate init?(details: [String: String]) {
        guard !details.values.contains(where: { $0.contains(" → ") }) else { return nil }
        func code(_ name: String) -> String? { details[name].flatMap { $0.isEmpty ? nil : $0 } }
        self.init(category: details["category"], scenario: details["scenario"])
        if details["respondent_platform"] != nil {
            respondent = Complaint.Party(platform: code("respondent_platform"), company: code("respondent_company"))
        }
        if details["target_platform"] != nil {
            target = Complaint.Target(
                platform: code("target_platform"), company: code("target_company"), host: code("target_host"),
                paymentMethod: code("payment_method"))
        }
    }
}
