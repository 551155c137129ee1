import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct PrivacyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privacy", abstract: "Answer what people ask about their data, hold data, and dispose of them.",
        discussion: """
            rectify privacy requests                                     # what has to be answered, the oldest first
            rectify privacy enter IR21-0000123-4 --kind erasure          # what was asked on the telephone
            rectify privacy grant IR21-0000123-4 7 --reason "..."        # an erasure is carried out at once
            rectify privacy hold IR21-0000123-4 --reason "a court asks"
            rectify privacy dispose --dry-run                            # what the rules of retention ask for today
            rectify privacy dispose                                      # proposes it; someone else approves:
            rectify privacy approve 1
            """,
        subcommands: [
            PrivacyRequests.self, PrivacyEnter.self, PrivacyGrant.self, PrivacyRefuse.self, PrivacyHold.self,
            PrivacyRelease.self, PrivacyDispose.self, PrivacyApprove.self, PrivacyWithdraw.self, PrivacyRuns.self,
        ])
}

struct PrivacyRequests: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests", abstract: "List what has to be answered, or everything asked about one complaint.")

    @Argument(help: "Reference; left out, what is open in the campaign.")
    var reference: String?

    @OptionGroup var list: CampaignListOptions

    func run() async throws {
        guard let reference else {
            return try list.output.writeRequests(
                try await list.items("rights-requests", of: RightsRequestBody.self))
        }
        let page: Page<RightsRequestBody> = try await list.client.withClient { client in
            try await client.get("/v1/complaints/\(reference)/rights-requests")
        }
        try list.output.writeRequests(page.items)
    }
}

struct PrivacyEnter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enter", abstract: "Enter what a complainant asked on the telephone or on paper.")

    @Argument(help: "Reference.")
    var reference: String

    @Option(help: "access, correction, restriction or erasure.")
    var kind: RightsRequest.Kind

    @Option(help: "What was said.")
    var reason: String?

    @Option(help: "The day it was received, where that was earlier, as 2021-09-13.")
    var receivedOn: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let made: RightsRequestBody = try await client.withClient { client in
            try await client.act(
                on: "/v1/complaints/\(reference)/rights-requests", version: nil,
                [
                    "kind": .string(kind.rawValue), "reason": JSON(reason), "received_on": JSON(receivedOn),
                ])
        }
        try output.writeRequests([made])
    }
}

struct RightsDecision: ParsableArguments {
    @Argument(help: "Reference.")
    var reference: String

    @Argument(help: "Number of the request, as `privacy requests` shows it.")
    var request: Int

    @Option(help: "Why; the complainant can read it.")
    var reason: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func send(granted: Bool) async throws {
        let decided: RightsRequestBody = try await client.withClient { client in
            try await client.act(
                on: "/v1/complaints/\(reference)/rights-requests/\(request)/decision", version: nil,
                ["granted": .bool(granted), "reason": .string(reason)])
        }
        try output.writeRequests([decided])
        if decided.fulfilment == .pending {
            Terminal.note("pending: the key is not deleted yet; the server's worker does it (GET /readyz/worker)")
        }
    }
}

struct PrivacyGrant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Grant what was asked; a restriction or an erasure is carried out. A supervisor's decision.",
        discussion: """
            Data are restricted or erased where the case has ended: refused, closed or withdrawn; end it first, or refuse
            with that as the reason. What a complainant wrote with the code is in the conversation (`complaint show`).
            A copy for who has no code, and a correction, are had and made by hand.
            """)

    @OptionGroup var decision: RightsDecision

    @Flag(help: "Do not ask before.")
    var yes = false

    func run() async throws {
        if !yes {
            try Terminal.confirm(
                "Grant request \(decision.request) of \(decision.reference)? What is erased cannot be brought back.",
                else: "give --yes where nobody can be asked")
        }
        try await decision.send(granted: true)
    }
}

struct PrivacyRefuse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refuse", abstract: "Refuse what was asked, with reasons. A supervisor's decision.")

    @OptionGroup var decision: RightsDecision

    func run() async throws { try await decision.send(granted: false) }
}

struct HoldOptions: ParsableArguments {
    @Argument(help: "Reference.")
    var reference: String

    @Option(help: "Why; it is kept in the history.")
    var reason: String

    @OptionGroup var client: ClientOptions

    func send(_ method: String) async throws -> ComplaintBody {
        try await client.withClient { client in
            try await client.act(
                method, on: "/v1/complaints/\(reference)/hold", version: nil, ["reason": .string(reason)])
        }
    }
}

struct PrivacyHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep its data whatever the rules of retention say. A supervisor's decision.")

    @OptionGroup var options: HoldOptions

    func run() async throws { Terminal.note("held: \(try await options.send("POST").reference)") }
}

struct PrivacyRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let the rules of retention hold again. A supervisor's decision.")

    @OptionGroup var options: HoldOptions

    func run() async throws { Terminal.note("no longer held: \(try await options.send("DELETE").reference)") }
}

struct PrivacyDispose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispose", abstract: "Propose to restrict and erase what the rules of retention ask for.",
        discussion: "Another supervisor approves it; the server carries it out, one complaint after another.")

    @Option(help: "By which day the rules are asked, as 2025-01-31; left out, today.")
    var asOf: String?

    @Flag(help: "Only look.")
    var dryRun = false

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let made: DisposalBody = try await client.withClient { client in
            try await client.act(
                on: "/v1/campaigns/\(try campaign.code)/disposals", version: nil,
                ["as_of": JSON(asOf), "dry_run": .bool(dryRun)])
        }
        try output.writeDisposals([made])
        if output.output == .table, let items = made.items, !items.isEmpty {
            Terminal.write(lines: [""])
            try output.writeItems(
                items.map { DisposalItemBody(reference: $0.reference, step: $0.step, outcome: "due") })
            let all = made.restricted + made.erased
            if all > items.count { Terminal.note("the first \(items.count) of \(all)") }
        }
        if let number = made.number {
            Terminal.note("another supervisor approves it: rectify privacy approve \(number)")
        }
    }
}

struct RunOptions: ParsableArguments {
    @Argument(help: "Number of the run.")
    var number: Int

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func send(_ word: String) async throws {
        let changed: DisposalBody = try await client.withClient { client in
            try await client.act(
                on: "/v1/campaigns/\(try campaign.code)/disposals/\(number)/\(word)", version: nil)
        }
        try output.writeDisposals([changed])
    }
}

struct PrivacyApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Let a run that someone else proposed go on. What is erased cannot be brought back.")

    @OptionGroup var options: RunOptions

    @Flag(help: "Do not ask before.")
    var yes = false

    func run() async throws {
        if !yes {
            try Terminal.confirm(
                "Approve run \(options.number)? What is erased cannot be brought back.",
                else: "give --yes where nobody can be asked")
        }
        try await options.send("approval")
    }
}

struct PrivacyWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Take a run back. One that is being carried out stops; what it has done stays done.")

    @OptionGroup var options: RunOptions

    func run() async throws { try await options.send("withdrawal") }
}

struct PrivacyRuns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs, or what one of them does about each complaint.")

    @Argument(help: "Number of a run; left out, all runs.")
    var number: Int?

    @OptionGroup var list: CampaignListOptions

    func run() async throws {
        guard let number else {
            let path = "/v1/campaigns/\(try list.campaign.code)/disposals"
            let page: Page<DisposalBody> = try await list.client.withClient { client in try await client.get(path) }
            return try list.output.writeDisposals(page.items)
        }
        try list.output.writeItems(try await list.items("disposals/\(number)", of: DisposalItemBody.self))
    }
}

extension OutputOptions {
    fileprivate func writeRequests(_ bodies: [RightsRequestBody]) throws {
        try write(
            bodies,
            [
                .init("Reference"), .init("Request", .right), .init("Kind"), .init("State"), .init("Carried out"),
                .init("Received"), .init("Due"), .init("Entered by"), .init("Said"), .init("Reasons"),
            ], name: \.reference
        ) { one in
            [
                one.reference, String(one.request), one.kind.rawValue, one.state.rawValue,
                one.fulfilment?.rawValue ?? "–", one.receivedOn.description, one.dueOn.description,
                one.enteredBy ?? "the complainant", one.said ?? "–", one.reasons ?? "",
            ]
        }
    }

    fileprivate func writeItems(_ items: [DisposalItemBody]) throws {
        try write(
            items, [.init("Reference"), .init("Step"), .init("Outcome")], name: \.reference
        ) { one in [one.reference, one.step.rawValue, one.outcome ?? "waits"] }
    }

    fileprivate func writeDisposals(_ bodies: [DisposalBody]) throws {
        try write(
            bodies,
            [
                .init("Run", .right), .init("As of"), .init("Restrict", .right), .init("Erase", .right),
                .init("Done", .right), .init("Passed by", .right), .init("Pending", .right), .init("Proposed by"),
                .init("Approved by"),
                .init("Withdrawn by"), .init("Finished"),
            ], name: \.label
        ) { one in
            [
                one.number.map(String.init) ?? "–", one.asOf.description, String(one.restricted), String(one.erased),
                String(one.done), String(one.passedBy), one.pending.map(String.init) ?? "–", one.proposedBy ?? "–",
                one.approvedBy ?? "–",
                one.withdrawnBy ?? "–", one.finishedAt?.formatted(.iso8601) ?? "–",
            ]
        }
    }
}

extension DisposalBody {
    fileprivate var label: String { number.map(String.init) ?? "" }
}
