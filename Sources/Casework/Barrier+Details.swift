extension Barrier.Action {
    /// What the action was told, as history keeps it; ``init(name:details:on:sequence:)`` reads it back.
    public var details: [String: String] {
        let details: [String: String?] =
            switch self {
            case .observe(let observation): observation.details
            case .retract(let sequence): ["observation": String(sequence)]
            case .confirm(let basis, let scenario): ["basis": basis, "scenario": scenario]
            case .order(let due): ["due_on": due?.description]
            case .undertake(let by): ["by": by?.description]
            case .await(let company): ["company": company]
            case .claim(let coverage), .verifyPartly(let coverage): ["coverage": coverage.map { String($0) }]
            case .justify(let ground, let until): ["ground": ground, "until": until.description]
            case .openReview(let complaints): ["complaints": String(complaints)]
            case .missDeadline(let due): ["due_on": due.description]
            case .record, .liftOrder, .start, .endAwait, .verify, .refute, .expire, .dismiss, .revive, .closeReview,
                .regress, .recalculate, .note:
                [:]
            }
        return details.compactMapValues(\.self)
    }

    /// Reads an action back from history; `nil` where history does not tell enough.
    public init?(name: String, details: [String: String], on day: Day, sequence: Int) {
        guard let name = Barrier.ActionName(rawValue: name) else { return nil }
        func number(_ name: String) -> Int? { details[name].flatMap(Int.init) }
        func date(_ name: String) -> Day? { details[name].flatMap(Day.init) }
        let read: Barrier.Action? =
            switch name {
            case .record: .record
            case .observe: Observation(details: details, on: day, sequence: sequence).map { .observe($0) }
            case .retract: number("observation").map { .retract($0) }
            case .confirm: .confirm(basis: details["basis"], scenario: details["scenario"])
            case .order: .order(due: date("due_on"))
            case .liftOrder: .liftOrder
            case .undertake: .undertake(by: date("by"))
            case .start: .start
            case .await: details["company"].map { .await(company: $0) }
            case .endAwait: .endAwait
            case .claim: .claim(coverage: number("coverage"))
            case .verifyPartly: .verifyPartly(coverage: number("coverage"))
            case .verify: .verify
            case .refute: .refute
            case .justify:
                details["ground"].flatMap { ground in date("until").map { .justify(ground: ground, until: $0) } }
            case .expire: .expire
            case .dismiss: .dismiss
            case .revive: .revive
            case .openReview: .openReview(complaints: number("complaints") ?? 0)
            case .closeReview: .closeReview
            case .regress: .regress
            case .recalculate: .recalculate
            case .note: .note
            case .missDeadline: date("due_on").map { .missDeadline(dueOn: $0) }
            }
        guard let read else { return nil }
        self = read
    }
}

extension Observation {
    fileprivate var details: [String: String?] {
        var details: [String: String?] = [
            "result": result.rawValue, "method": method.rawValue, "coverage": coverage.map { String($0) },
            "control": control?.target.description, "control_result": control?.result.rawValue,
        ]
        for (test, verdict) in tests { details["test_\(test)"] = verdict.rawValue }
        return details
    }

    fileprivate init?(details: [String: String], on day: Day, sequence: Int) {
        guard let result = details["result"].flatMap(Result.init), let method = details["method"].flatMap(Method.init)
        else { return nil }
        var tests: [String: Verdict] = [:]
        for (name, value) in details where name.hasPrefix("test_") {
            tests[String(name.dropFirst(5))] = Verdict(rawValue: value)
        }
        var control: Control?
        if let target = details["control"].flatMap(Barrier.Target.init),
            let seen = details["control_result"].flatMap(Result.init)
        {
            control = Control(target: target, result: seen)
        }
        self.init(
            on: day, method: method, result: result, coverage: details["coverage"].flatMap(Int.init),
            control: control, tests: tests, sequence: sequence)
    }
}
