import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "See who complained: asked for with a reason, decided by another, and recorded.",
        discussion: """
            rectify identity request IR21-0000123-4 --field phone --reason "the link has to be seen again"
            rectify identity approve IR21-0000123-4 5            # a supervisor, who is someone else
            rectify identity read IR21-0000123-4 5               # within a day; each reading is recorded
            rectify identity disclose IR21-0000123-4 --field name --reason "agreed on the telephone"
            """,
        subcommands: [
            IdentityRequest.self, IdentityApprove.self, IdentityDeny.self, IdentityRead.self, IdentityList.self,
            IdentityDisclose.self, IdentityFind.self, IdentitySearches.self,
        ])
}

/// The parts of an identity that a command is about.
struct FieldOptions: ParsableArguments {
    @Option(name: .customLong("field"), help: "name, phone or email; once for each.")
    var fields: [Identity.Field] = []

    @Option(help: "Why; it is kept in the history.")
    var reason: String

    var members: [String: JSON] {
        ["fields": .array(fields.map { .string($0.rawValue) }), "reason": .string(reason)]
    }

    func validate() throws {
        guard !fields.isEmpty else { throw ValidationError("Say what is meant, such as --field phone.") }
    }
}

struct IdentityRequest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Ask to see parts of who complained.")

    @Argument(help: "Reference.")
    var reference: String

    @OptionGroup var fields: FieldOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let path = "/v1/complaints/\(reference)/unsealings"
        let made: UnsealingBody = try await client.withClient { client in
            try await client.act(on: path, version: nil, fields.members)
        }
        try output.writeUnsealings([made])
        if made.state == .requested {
            Terminal.note("a supervisor decides: rectify identity approve \(reference) \(made.request)")
        }
    }
}

struct IdentityApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let the officer who asked see it, for a day; a supervisor's decision.")

    @OptionGroup var decision: UnsealingDecision

    func run() async throws { try await decision.send("approval") }
}

struct IdentityDeny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny", abstract: "Do not let the officer see it; a supervisor's decision, with a reason.")

    @OptionGroup var decision: UnsealingDecision

    func run() async throws { try await decision.send("denial") }
}

struct UnsealingDecision: ParsableArguments {
    @Argument(help: "Reference.")
    var reference: String

    @Argument(help: "Number of the request, as `identity list` shows it.")
    var request: Int

    @Option(help: "Why.")
    var reason: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func send(_ word: String) async throws {
        let path = "/v1/complaints/\(reference)/unsealings/\(request)/\(word)"
        let decided: UnsealingBody = try await client.withClient { client in
            try await client.act(on: path, version: nil, ["reason": JSON(reason)])
        }
        try output.writeUnsealings([decided])
    }
}

struct IdentityRead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Read what was approved; that it was read is recorded.")

    @Argument(help: "Reference.")
    var reference: String

    @Argument(help: "Number of the request.")
    var request: Int

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let path = "/v1/complaints/\(reference)/unsealings/\(request)/reading"
        let identity: IdentityBody = try await client.withClient { client in
            try await client.act(on: path, version: nil)
        }
        try output.write(
            identity, name: reference,
            fields: [("Name", identity.name), ("Phone", identity.phone), ("Mail", identity.email)])
    }
}

struct IdentityList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List who asked to see whom: of one complaint, or, for supervisors and auditors, of all.")

    @Argument(help: "Reference; left out, all of the campaign.")
    var reference: String?

    @Flag(help: "Only those that wait for a word.")
    var waiting = false

    @OptionGroup var list: CampaignListOptions

    func run() async throws {
        guard let reference else {
            return try list.output.writeUnsealings(
                try await list.items("unsealings", waiting ? [("state", "requested")] : [], of: UnsealingBody.self))
        }
        let page: Page<UnsealingBody> = try await list.client.withClient { client in
            try await client.get("/v1/complaints/\(reference)/unsealings")
        }
        try list.output.writeUnsealings(page.items.filter { !waiting || $0.state == .requested })
    }
}

struct IdentityDisclose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disclose",
        abstract: "Let the company to which it was forwarded see parts of who complained, where that person agreed.")

    @Argument(help: "Reference.")
    var reference: String

    @OptionGroup var fields: FieldOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let _: ComplaintBody = try await client.withClient { client in
            try await client.act(on: "/v1/complaints/\(reference)/disclosure", version: nil, fields.members)
        }
        Terminal.note("disclosed: \(fields.fields.map(\.rawValue).joined(separator: ", "))")
    }
}

struct IdentityFind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Find what someone filed, by telephone number or mail address.",
        discussion: "The number or address is read from a prompt, or from standard input, and is never an argument.")

    @Option(help: "Why; it is kept in the history.")
    var reason: String

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let contact = try Terminal.secret("Telephone number or mail address")
        let kind = contact.contains("@") ? "email" : "phone"
        let page: Page<FoundContactBody> = try await client.withClient { client in
            try await client.act(
                on: "/v1/campaigns/\(try campaign.code)/contact-searches", version: nil,
                [kind: .string(contact), "reason": .string(reason)])
        }
        try output.write(
            page.items, [.init("Reference"), .init("Status"), .init("Received")], name: \.reference
        ) { one in
            [one.reference, one.status.rawValue, one.receivedOn.description]
        }
    }
}

struct IdentitySearches: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "searches",
        abstract: "List who looked for telephone numbers and mail addresses, and why: for supervisors and auditors.")

    @OptionGroup var list: CampaignListOptions

    func run() async throws {
        try list.output.write(
            try await list.items("contact-searches", of: ContactSearchBody.self),
            [.init("At"), .init("By"), .init("Opened"), .init("Reason")],
            csv: ContactSearchBody.csv, name: \.by
        ) { one in
            [one.at.formatted(.iso8601), one.by, one.opened.joined(separator: " "), one.reason ?? "–"]
        }
    }
}

extension OutputOptions {
    fileprivate func writeUnsealings(_ bodies: [UnsealingBody]) throws {
        try write(
            bodies,
            [
                .init("Request"), .init("State"), .init("Fields"), .init("By"), .init("Decided by"), .init("Until"),
                .init("Reason"),
            ], csv: UnsealingBody.csv, name: \.reference
        ) { one in
            [
                "\(one.reference) \(one.request)", one.state.rawValue,
                one.fields.map(\.rawValue).joined(separator: " "), one.requestedBy, one.decidedBy ?? "–",
                one.expiresAt.formatted(.iso8601), one.reason ?? "",
            ]
        }
    }
}
