public import Casework
public import Foundation

extension Day {
    /// A day written in a test.
    ///
    /// A slip there ends the test run.
    public static func on(_ text: String) -> Day {
        guard let day = Day(text) else { preconditionFailure("\(text) is no day") }
        return day
    }
}

extension Campaign {
    /// The campaign as the product ships it.
    public static let shipped = shippedData.campaigns["internet-2021"].unwrapped
}

extension Complaint.Rules {
    public static let shipped = shippedData.rules(for: .shipped)
}

extension Directory {
    public static let shipped = shippedData.directory
}

/// The public suffix list as Debian has it.
public let shippedSuffixes: PublicSuffixes = {
    guard let list = FileManager.default.contents(atPath: "/usr/share/publicsuffix/public_suffix_list.dat") else {
        preconditionFailure("Debian's package publicsuffix is missing")
    }
    return PublicSuffixes(list: list, version: "debian")
}()

/// The reference data in `Config/`, read as `rectify load` reads them.
public let shippedData: ReferenceData = {
    do {
        var items: [ReferenceItem] = []
        for file in try TestServer.referenceFiles() {
            let document = try JSON(parsing: Data(contentsOf: file))
            items += try ReferenceFile.items(in: document, knowing: ReferenceData(items))
        }
        return try ReferenceData(items, suffixes: shippedSuffixes)
    } catch {
        preconditionFailure("the shipped reference data are wrong: \(error)")
    }
}()

extension Optional {
    fileprivate var unwrapped: Wrapped {
        guard let self else { preconditionFailure("the campaign is not shipped") }
        return self
    }
}

extension Actor {
    public static let officer = Actor(.officer, id: UUID())
    public static let supervisor = Actor(.supervisor, id: UUID())
}

extension Complaint {
    /// A complaint about a blocked link, brought to `status` by the shortest way.
    public static func sample(status: Status = .received, on day: Day = .on("2021-09-08")) throws -> Complaint {
        var complaint = Complaint.received(
            id: UUID(), kind: .blockedLink, category: "market_order", scenario: nil,
            respondent: Party(platform: "wechat", company: "tencent"),
            target: Target(platform: "taobao", company: "alibaba", host: "taobao.com"), on: day, under: .shipped)
        complaint.barriers = [1]
        for action in path(to: status) {
            _ = try complaint.apply(action, by: .supervisor, on: day, under: .shipped)
        }
        return complaint
    }

    private static func path(to status: Status) -> [Action] {
        let accept = Action.accept(category: nil, scenario: nil)
        return switch status {
        case .received: []
        case .needsInformation: [.requestInformation(gap: "target_missing")]
        case .accepted: [accept]
        case .forwarded: [accept, .forward]
        case .responded: [accept, .forward, .respond(.accepted, ground: nil)]
        case .closed: [accept, .close(.explained)]
        case .refused: [.refuse(ground: "out_of_scope")]
        case .withdrawn: [.withdraw]
        case .referred: [.refer(agency: "samr")]
        case .duplicate: [.markDuplicate(of: UUID())]
        }
    }

    /// One action of each name, with what it needs to succeed.
    public static let sampleActions: [(name: ActionName, action: Action)] = ActionName.allCases.map { name in
        let action: Action =
            switch name {
            case .accept: .accept(category: nil, scenario: nil)
            case .refuse: .refuse(ground: "out_of_scope")
            case .requestInformation: .requestInformation(gap: "facts_unclear")
            case .provideInformation: .provideInformation
            case .forward: .forward
            case .respond: .respond(.accepted, ground: nil)
            case .close: .close(.explained)
            case .closeUnsubstantiated: .close(.unsubstantiated)
            case .withdraw: .withdraw
            case .refer: .refer(agency: "pboc")
            case .markDuplicate: .markDuplicate(of: UUID())
            case .undoDuplicate: .undoDuplicate
            case .absorb: .absorb(UUID(), barriers: [1, 2], runs: [])
            case .renewAbsorbed: .renewAbsorbed(UUID(), runs: [])
            case .release: .release(UUID())
            case .reopen: .reopen
            case .confirmFixed: .confirmFixed(by: nil)
            case .denyFixed: .denyFixed(by: nil)
            case .rate: .rate(4, by: nil)
            case .resolve: .resolve(.init(scenario: "discriminatory_blocking"))
            case .link: .link(barrier: 7)
            case .unlink: .unlink(barrier: 1)
            case .assign: .assign(to: UUID())
            case .transfer: .transfer(office: "gd")
            case .setPriority: .setPriority(.high)
            case .relate: .relate(UUID(), .related)
            case .unrelate: .unrelate(UUID(), .related)
            case .extendDeadline: .extendDeadline(.answer, by: 5)
            case .recalculate: .recalculate
            case .note: .note(.internal)
            case .message: .message
            case .attach: .attach(.png, sha256: String(repeating: "0a", count: 32), bytes: 1000)
            case .missDeadline: .missDeadline(.answer, dueOn: .on("2021-10-08"))
            case .requestUnsealing: .requestUnsealing([.phone])
            case .approveUnsealing: .approveUnsealing(3)
            case .denyUnsealing: .denyUnsealing(3)
            case .unseal: .unseal(3, [.phone])
            case .disclose: .disclose([.name], to: "tencent")
            case .requestRight: .requestRight(.erasure)
            case .decideRight: .decideRight(3, isGranted: true)
            case .correctIdentity: .correctIdentity([.phone])
            case .setConsent: .setConsent(disclosesIdentity: false)
            case .placeHold: .placeHold
            case .liftHold: .liftHold
            case .restrictData: .restrictData(run: nil)
            case .eraseData: .eraseData(run: 1)
            }
        return (name, action)
    }
}

extension Barrier {
    public static func sample(_ remediation: Remediation = .alleged, on day: Day = .on("2021-09-08")) -> Barrier {
        var barrier = Barrier(
            number: 1, kind: .blockedLink, respondentPlatform: "wechat", target: .platform("taobao"), scene: "group",
            recordedOn: day)
        barrier.remediation = remediation
        switch remediation {
        case .pendingCounterparty: (barrier.stateBeforeAwait, barrier.awaitedCompany) = (.confirmed, "tencent")
        case .justified: barrier.justifiedUntil = day + 30
        case .claimed, .partiallyVerified: barrier.claim = Mark(on: day, sequence: 1)
        case .verified: barrier.verifiedOn = day
        default: break
        }
        return barrier
    }

    /// One action of each name.
    public static let sampleActions: [Action] = [
        .record, .observe(Observation(on: .on("2021-09-08"), method: .press, result: .open)), .retract(2),
        .confirm(basis: nil, scenario: nil), .order(due: nil), .liftOrder, .undertake(by: nil), .start,
        .await(company: "tencent"), .endAwait, .claim(coverage: nil), .verifyPartly(coverage: nil), .verify, .refute,
        .justify(ground: "fraud", until: .on("2022-01-01")), .expire, .dismiss, .revive, .openReview(complaints: 3),
        .closeReview, .regress, .recalculate, .note, .missDeadline(dueOn: .on("2021-09-23")),
    ]
}

extension Barrier.Rules {
    public static func shipped(_ observations: [Observation] = []) -> Barrier.Rules {
        Barrier.Rules(campaign: .shipped, calendar: Complaint.Rules.shipped.calendar, observations: observations)
    }
}

extension Order.Rules {
    /// With every barrier of the sample as it is said.
    public static func shipped(_ remediation: Barrier.Remediation = .verified) -> Order.Rules {
        var ledger = Complaint.Ledger()
        ledger.add(1, from: .on("2021-01-01"), remediation)
        return Order.Rules(campaign: .shipped, calendar: Complaint.Rules.shipped.calendar, ledger: ledger)
    }
}

extension Order {
    /// An order about barrier 1, brought to `status`; due on 2021-09-15.
    public static func sample(_ status: Status = .issued, on day: Day = .on("2021-09-08")) -> Order {
        let rule = DeadlineRule(code: "order", limit: 5, unit: .workingDays, rollsIfNonworking: false)
        let deadline = Deadline(.order, rule: rule, from: day, calendar: Complaint.Rules.shipped.calendar)
        var order = Order(
            number: 1, company: "tencent", rung: Rung(code: "guidance_meeting", on: day, basis: nil),
            items: [Item(barrier: 1, deadline: deadline)], issuedOn: day, issuedBy: nil)
        order.status = status
        return order
    }

    /// One action of each name.
    public static let sampleActions: [Action] = [
        .issue, .serve, .acknowledge, .extend(barrier: nil, by: 5), .comply, .breach,
        .escalate(rung: "public_notice", basis: "Order 20"), .rescind, .recalculate,
        .missDeadline(barrier: 1, dueOn: .on("2021-09-15")), .note,
    ]
}

/// Rows and columns for a golden file.
public func matrix(_ columns: [String], _ rows: [(String, [String])]) -> String {
    let first = (rows.map(\.0.count).max() ?? 0) + 2
    let widths = columns.indices.map { index in
        ([columns[index]] + rows.map { $0.1[index] }).map(\.count).max() ?? 0
    }
    func line(_ head: String, _ cells: [String]) -> String {
        let padded = zip(cells, widths).map { $0.padding(toLength: $1 + 2, withPad: " ", startingAt: 0) }
        return head.padding(toLength: first, withPad: " ", startingAt: 0) + padded.joined()
    }
    return ([line("", columns)] + rows.map { line($0.0, $0.1) }).joined(separator: "\n")
}

/// Reads test data whose members are in `snake_case`.
public let snakeCase: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
}()

/// A file of test data.
public func fixture(_ name: String) throws -> Data {
    try Data(contentsOf: repository.appending(path: "Tests/Fixtures/\(name)"))
}

/// The records of a CSV file without quotes, each by its column names.
public func records(_ name: String) throws -> [[String: String]] {
    let lines = try String(decoding: fixture(name), as: UTF8.self).split(whereSeparator: \.isNewline)
    let header = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return lines.dropFirst().map { line in
        let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return Dictionary(uniqueKeysWithValues: zip(header, cells))
    }
}
