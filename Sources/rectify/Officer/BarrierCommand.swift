import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct BarrierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "barrier", abstract: "Read and work the campaign's issue ledger.",
        groupedSubcommands: [
            CommandGroup(name: "Reading", subcommands: [BarrierList.self, BarrierShow.self]),
            CommandGroup(
                name: "Finding",
                subcommands: [
                    BarrierRecord.self, BarrierObserve.self, BarrierRetract.self, BarrierImport.self,
                    BarrierConfirm.self,
                ]),
            CommandGroup(
                name: "Remediation",
                subcommands: [
                    BarrierUndertake.self, BarrierStages.self, BarrierStart.self, BarrierAwait.self,
                    BarrierEndAwait.self, BarrierClaim.self,
                ]),
            CommandGroup(
                name: "Judging",
                subcommands: [
                    BarrierVerify.self, BarrierRefute.self, BarrierJustify.self, BarrierDismiss.self,
                    BarrierRevive.self, BarrierReview.self, BarrierRegress.self, BarrierNote.self,
                ]),
        ])
}

/// A barrier by its number, or by `respondent/target/scene`.
struct BarrierAddress: ParsableArguments {
    @Argument(help: "Number, or respondent/target/scene such as wechat/platform:taobao/group.")
    var barrier: String

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard Int(barrier) == nil, barrier.split(separator: "/").count != 3 else { return }
        throw ValidationError("“\(barrier)” is neither a number nor respondent/target/scene.")
    }

    /// The path of the barrier.
    func path(_ client: Client) async throws -> String {
        try await Self.path(of: barrier, in: "/v1/campaigns/\(try campaign.code)/barriers", client)
    }

    static func path(of barrier: String, in root: String, _ client: Client) async throws -> String {
        if let number = Int(barrier) { return "\(root)/\(number)" }
        let parts = barrier.split(separator: "/").map(String.init)
        guard parts.count == 3 else {
            throw Failure("“\(barrier)” is neither a number nor respondent/target/scene", code: Failure.Code.invalid)
        }
        let query = [("platform", parts[0]), ("target", parts[1]), ("scene", parts[2])]
        let found = try await client.list(root, query, limit: 2, of: BarrierBody.self)
        guard let body = found.first else {
            throw Failure("there is no barrier \(barrier) in the ledger", code: Failure.Code.notFound)
        }
        return "\(root)/\(body.number)"
    }

    func show(_ body: BarrierBody) throws {
        try output.write(
            body, name: String(body.number),
            fields: [
                ("Barrier", String(body.number)), ("Remediation", body.remediation.rawValue),
                ("Observed", body.observed.state.rawValue), ("Version", String(body.version)),
            ])
    }
}

/// A command that does one thing to one barrier, sending the version it saw.
protocol BarrierAction: AsyncParsableCommand {
    var barrier: BarrierOptions { get }
    var method: String { get }
    /// The resource beneath the barrier.
    var resource: String { get }
    var members: [String: JSON] { get }
}

extension BarrierAction {
    var method: String { "POST" }
    var members: [String: JSON] { [:] }

    func run() async throws {
        let address = barrier.address
        let body = try await address.client.withClient { client in
            let path = try await address.path(client)
            let seen: BarrierBody = try await client.get(path)
            let sent = members.merging(barrier.members) { own, _ in own }
            return try await client.act(method, on: "\(path)/\(resource)", version: seen.version, sent) as BarrierBody
        }
        try address.show(body)
    }
}

/// Which barrier, when the action takes effect, and why.
struct BarrierOptions: ParsableArguments {
    @OptionGroup var address: BarrierAddress

    @Option(help: .day("Day it took effect, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    var members: [String: JSON] { ["effective_on": JSON(on), "reason": JSON(reason)] }
}

struct BarrierList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the ledger.")

    @Option(help: "blocked_link, refused_payment or practice.")
    var kind: String?

    @Option(help: "One or more states with commas between, such as claimed,partially_verified.")
    var remediation: String?

    @Option(help: "Respondent platform.")
    var platform: String?

    @Option(help: "Target, such as platform:taobao or method:wechat_pay.")
    var target: String?

    @Option(help: "under-review, regressed or stale-observations.")
    var queue: String?

    @Option(help: "How many at the most.")
    var limit = 200

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let filters: [(name: String, value: String?)] = [
            ("kind", kind), ("remediation", remediation), ("platform", platform), ("target", target),
            ("queue", queue),
        ]
        let query = filters.compactMap { filter in filter.value.map { (filter.name, $0) } }
        let path = "/v1/campaigns/\(try campaign.code)/barriers"
        let bodies = try await client.withClient { client in
            try await client.list(path, query, limit: limit, of: BarrierBody.self)
        }
        try output.write(
            bodies, BarrierBody.columns, csv: BarrierBody.csv, name: { String($0.number) }, row: \.row)
    }
}

extension BarrierBody {
    static let columns: [TextTable.Column] = [
        .init("No.", .right), .init("Respondent"), .init("Target"), .init("Scene"), .init("Remediation"),
        .init("Observed"), .init("Accepted", .right), .init("Changed"),
    ]

    var row: [String] {
        [
            String(number), respondentPlatform, target, scene,
            remediation.rawValue + (episode > 1 ? " (episode \(episode))" : ""),
            observed.state.rawValue + (observed.isStale ? " (stale)" : ""), complaints.map(String.init) ?? "c",
            changedOn.description,
        ]
    }
}

struct BarrierShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one barrier with its observations and history.")

    @OptionGroup var address: BarrierAddress

    func run() async throws {
        let (body, observations, events) = try await address.client.withClient { client in
            let path = try await address.path(client)
            let body: BarrierBody = try await client.get(path)
            let observations: Page<ObservationBody> = try await client.get("\(path)/observations")
            let events: Page<EventBody> = try await client.get("\(path)/events")
            return (body, observations.items, events.items)
        }
        try address.output.write(
            body, name: String(body.number),
            fields: [
                ("Barrier", "\(body.number) of \(body.campaign)"), ("Kind", body.kind.rawValue),
                ("Respondent", body.respondentPlatform), ("Target", body.target), ("Scene", body.scene),
                ("Remediation", body.remediation.rawValue), ("Episode", String(body.episode)),
                ("Waits for", body.awaitedCompany.map { "\($0), due \(body.waitDueOn?.description ?? "?")" }),
                ("Coverage", body.coverage.map { "\($0) %" }), ("Undertaken by", body.undertakenBy?.description),
                ("Verified on", body.verifiedOn?.description),
                ("Under review since", body.reviewOpenedOn?.description),
                ("Justified until", body.justifiedUntil?.description),
                ("Order stands", body.hasStandingOrder ? "yes" : "no"), ("False claims", String(body.falseClaims)),
                (
                    "Observed",
                    body.observed.state.rawValue + (body.observed.isStale ? ", stale" : "")
                        + (body.observed.isDiscriminating ? ", discriminating" : "")
                ),
                ("Accepted complaints", body.complaints.map(String.init)),
                ("Possible now", body.actions.joined(separator: ", ")),
            ])
        guard address.output.output == .table else { return }
        if !observations.isEmpty {
            Terminal.write("\n")
            let columns: [TextTable.Column] = [
                .init("No.", .right), .init("Tested"), .init("How"), .init("Result"), .init("Control"), .init("Tests"),
            ]
            let table = TextTable(columns, observations.map(\.row))
            Terminal.write(lines: table.lines(width: Terminal.width))
        }
        Terminal.write("\n")
        Terminal.write(lines: TextTable(EventBody.columns, events.map(\.row)).lines(width: Terminal.width))
    }
}

extension ObservationBody {
    /// The test beside its control, so that discrimination is seen.
    fileprivate var row: [String] {
        let beside = control.map { "\($0.target) \($0.result.rawValue)\(showsDiscrimination ? " (!)" : "")" }
        let passed = tests.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
        return [
            String(sequence), on.description, method.rawValue,
            result.rawValue + (coverage.map { " \($0) %" } ?? ""), beside ?? "", passed.joined(separator: " "),
        ]
    }
}
