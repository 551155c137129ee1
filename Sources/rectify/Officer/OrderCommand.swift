import ArgumentParser
import Casework
import Client
import Contract
import Reports

struct OrderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "Tell companies what to do about barriers, and follow it up the ladder.",
        groupedSubcommands: [
            CommandGroup(name: "Reading", subcommands: [OrderList.self, OrderShow.self, OrderLetterCommand.self]),
            CommandGroup(
                name: "Acting",
                subcommands: [
                    OrderIssue.self, OrderServe.self, OrderAcknowledge.self, OrderExtend.self, OrderComply.self,
                    OrderBreach.self, OrderEscalate.self, OrderRescind.self, OrderNote.self,
                ]),
        ])
}

struct OrderIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue an order about one or more barriers.",
        discussion: """
            rectify order issue --company tencent --barrier 17 --barrier 18=2021-11-30 --due 5wd
            """)

    @Option(help: "The company.")
    var company: String

    @Option(help: "Number of a barrier, with a limit of its own as 18=10d where it has one; may be repeated.")
    var barrier: [String]

    @Option(help: "The limit of the others: 5wd (working days), 10d (calendar days) or a date.")
    var due: String?

    @Option(help: "Rung of the campaign's ladder, such as guidance_meeting.")
    var rung = "guidance_meeting"

    @Option(help: "Legal basis.")
    var basis: String?

    @Option(help: .day("Day it was issued, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let root = "/v1/campaigns/\(try campaign.code)"
        let body: OrderBody = try await client.withClient { client in
            var items: [JSON] = []
            for text in barrier {
                let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
                let path = try await BarrierAddress.path(of: parts[0], in: "\(root)/barriers", client)
                let number = Int(path.split(separator: "/").last ?? "") ?? 0
                try await warn(number, root, client)
                items.append(
                    .object(
                        ["number": .int(number), "due": JSON(parts.count > 1 ? parts[1] : nil)]
                            .filter { $0.value != .null }))
            }
            return try await client.create(
                at: "\(root)/orders",
                [
                    "company": .string(company), "barriers": .array(items), "due": JSON(due), "rung": .string(rung),
                    "basis": JSON(basis), "effective_on": JSON(on), "reason": JSON(reason),
                ])
        }
        try output.write(body, name: String(body.number), fields: body.fields)
    }

    /// A second order may be meant, but rarely is.
    private func warn(_ barrier: Int, _ root: String, _ client: Client) async throws {
        let standing = Order.Status.standing.map(\.rawValue).joined(separator: ",")
        let page: Page<OrderBody> = try await client.get(
            "\(root)/orders", [("company", company), ("barrier", "\(barrier)"), ("status", standing)])
        guard let other = page.items.first else { return }
        Terminal.note(
            "warning: order \(other.number) about barrier \(barrier) stands already, and this is a second one; "
                + "to give more time: rectify order extend \(other.number)")
    }
}

extension OrderBody {
    fileprivate var label: String { String(number) }

    var fields: [(String, String?)] {
        var fields: [(String, String?)] = [
            ("Order", "\(number) of \(campaign)"), ("Company", company), ("Status", status.rawValue),
            ("Issued on", issuedOn.description), ("Served on", servedOn?.description),
            ("Acknowledged on", acknowledgedOn?.description), ("Ended on", endedOn?.description),
        ]
        for rung in rungs {
            fields.append(("Rung: \(rung.code)", "\(rung.on)\(rung.basis.map { ", \($0)" } ?? "")"))
        }
        for item in items {
            let more = item.extendedBy > 0 ? ", extended by \(item.extendedBy)" : ""
            fields.append(("Barrier \(item.barrier)", "due \(item.dueOn), \(item.state.rawValue)\(more)"))
        }
        fields.append(("Possible now", actions.joined(separator: ", ")))
        return fields
    }
}

struct OrderList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List orders, newest first.")

    @Option(help: "The company.")
    var company: String?

    @Option(help: "One or more of issued, served, acknowledged, breached, complied, rescinded, with commas between.")
    var status: String?

    @Option(help: "Number of a barrier it is about.")
    var barrier: Int?

    @Option(help: "How many at the most.")
    var limit = 200

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let filters: [(name: String, value: String?)] = [
            ("company", company), ("status", status), ("barrier", barrier.map { "\($0)" }),
        ]
        let query = filters.compactMap { filter in filter.value.map { (filter.name, $0) } }
        let path = "/v1/campaigns/\(try campaign.code)/orders"
        let bodies = try await client.withClient { client in
            try await client.list(path, query, limit: limit, of: OrderBody.self)
        }
        try output.write(
            bodies,
            [
                .init("No.", .right), .init("Company"), .init("Status"), .init("Rung"), .init("Issued"), .init("Due"),
                .init("Barriers"),
            ], csv: OrderBody.csv, name: \.label
        ) { body in
            [
                String(body.number), body.company, body.status.rawValue, body.rung, body.issuedOn.description,
                body.dueOn.description, body.items.map { "\($0.barrier)" }.joined(separator: " "),
            ]
        }
    }
}

/// Which order, when the action takes effect, and why.
struct OrderOptions: ParsableArguments {
    @Argument(help: "Number of the order.")
    var number: Int

    @Option(help: .day("Day it took effect, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    var path: String { get throws { "/v1/campaigns/\(try campaign.code)/orders/\(number)" } }
}

/// A command that does one thing to one order, sending the version it saw.
protocol OrderAction: AsyncParsableCommand {
    var order: OrderOptions { get }
    /// The resource beneath the order.
    var resource: String { get }
    var members: [String: JSON] { get }
}

extension OrderAction {
    var members: [String: JSON] { [:] }

    func run() async throws {
        let path = try order.path
        let body = try await order.client.withClient { client in
            let seen: OrderBody = try await client.get(path)
            let sent = members.merging(["effective_on": JSON(order.on), "reason": JSON(order.reason)]) { own, _ in own }
            return try await client.act(on: "\(path)/\(resource)", version: seen.version, sent) as OrderBody
        }
        try order.output.write(body, name: String(body.number), fields: body.fields)
    }
}

struct OrderShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one order with its history.")

    @OptionGroup var order: OrderOptions

    func run() async throws {
        let (body, events) = try await order.client.withClient { client in
            let body: OrderBody = try await client.get(try order.path)
            let events: Page<EventBody> = try await client.get("\(try order.path)/events")
            return (body, events.items)
        }
        try order.output.write(body, name: String(body.number), fields: body.fields)
        guard order.output.output == .table else { return }
        Terminal.write("\n")
        Terminal.write(lines: TextTable(EventBody.columns, events.map(\.row)).lines(width: Terminal.width))
    }
}

struct OrderLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "letter", abstract: "Print the order as a letter to the company.")

    @Argument(help: "Number of the order.")
    var number: Int

    @Option(help: "zh or en.")
    var language = "zh"

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let path = "/v1/campaigns/\(try campaign.code)/orders/\(number)/letter"
        let bytes = try await client.withClient { client in
            try await client.get(path, [("language", language)], accept: "text/markdown")
        }
        Terminal.write(String(decoding: bytes, as: UTF8.self))
    }
}

struct OrderServe: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Enter that the order was served on the company.")

    @OptionGroup var order: OrderOptions
    var resource: String { "service" }
}

struct OrderAcknowledge: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge", abstract: "Enter that the company acknowledges it.")

    @OptionGroup var order: OrderOptions
    var resource: String { "acknowledgement" }
    var members: [String: JSON] { ["on_behalf_of": .string("company")] }
}

struct OrderExtend: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "extend", abstract: "Give more time; takes a supervisor who did not issue it, and --reason.")

    @OptionGroup var order: OrderOptions

    @Option(help: "Days more, counted as the limit counts.")
    var by: Int

    @Option(help: "For this barrier only.")
    var barrier: Int?

    var resource: String { "extension" }
    var members: [String: JSON] { ["by": .int(by), "barrier": JSON(barrier)] }
}

struct OrderComply: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "comply", abstract: "Find that it was complied with: every barrier has to be verified.")

    @OptionGroup var order: OrderOptions
    var resource: String { "compliance" }
}

struct OrderBreach: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "breach", abstract: "Find that it was not complied with in time.")

    @OptionGroup var order: OrderOptions
    var resource: String { "breach" }
}

struct OrderEscalate: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "escalate", abstract: "Climb the campaign's ladder after a breach.")

    @OptionGroup var order: OrderOptions

    @Option(help: "The rung, such as public_notice, app_takedown, administrative_penalty.")
    var rung: String

    @Option(help: "Legal basis.")
    var basis: String

    var resource: String { "escalation" }
    var members: [String: JSON] { ["rung": .string(rung), "basis": .string(basis)] }
}

struct OrderRescind: OrderAction {
    static let configuration = CommandConfiguration(
        commandName: "rescind", abstract: "Take the order back; takes a supervisor and --reason.")

    @OptionGroup var order: OrderOptions
    var resource: String { "rescission" }
}

struct OrderNote: OrderAction {
    static let configuration = CommandConfiguration(commandName: "note", abstract: "Add a note; needs --reason.")

    @OptionGroup var order: OrderOptions
    var resource: String { "notes" }
}
