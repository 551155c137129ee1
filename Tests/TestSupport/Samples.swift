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

/// The reference data in `Config/`, read as `rectify load` reads them.
public let shippedData: ReferenceData = {
    do {
        var items: [ReferenceItem] = []
        for file in try TestServer.referenceFiles() {
            let document = try JSON(parsing: Data(contentsOf: file))
            items += try ReferenceFile.items(in: document, knowing: ReferenceData(items))
        }
        return try ReferenceData(items)
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
        case .responded: [accept, .forward, .respond]
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
            case .respond: .respond
            case .close: .close(.explained)
            case .closeUnsubstantiated: .close(.unsubstantiated)
            case .withdraw: .withdraw
            case .refer: .refer(agency: "pboc")
            case .markDuplicate: .markDuplicate(of: UUID())
            case .undoDuplicate: .undoDuplicate
            case .reopen: .reopen
            case .resolve: .resolve(.init(scenario: "discriminatory_blocking"))
            case .link: .link(barrier: 7)
            case .unlink: .unlink(barrier: 1)
            case .assign: .assign(to: UUID())
            case .note: .note
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
        case .claimed, .partiallyVerified: barrier.claimedAt = 1
        default: break
        }
        return barrier
    }

    public static let sampleActions: [Action] = [
        .confirm(basis: nil), .order(due: nil), .undertake(scope: nil, by: nil), .start, .await(company: "tencent"),
        .endAwait, .claim(coverage: nil), .verifyPartly(coverage: nil), .verify, .refute,
        .justify(ground: "fraud", until: .on("2022-01-01")), .expire, .dismiss, .revive, .regress,
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
