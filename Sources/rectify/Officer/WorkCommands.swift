import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See what waits, and keep filters of one's own.",
        subcommands: [QueueList.self, QueueShow.self, QueueSave.self, QueueRemove.self],
        defaultSubcommand: QueueList.self)
}

struct QueueList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the queues with what is in them, and the filters that were kept.")

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (queues, filters) = try await client.withClient { client in
            let queues: Page<QueueBody> = try await client.get("/v1/campaigns/\(try campaign.code)/queues")
            let filters: Page<SavedFilterBody> = try await client.get("/v1/filters")
            return (queues.items, filters.items)
        }
        try output.write(
            queues, [.init("Queue"), .init("Count", .right), .init("Of"), .init("What is in it")],
            csv: QueueBody.csv, name: \.name
        ) { [$0.name, "\($0.count)\($0.isMore ? "+" : "")", $0.kind + "s", $0.title] }
        guard output.output == .table, !filters.isEmpty else { return }
        Terminal.write("\n")
        let rows = filters.map {
            [$0.name, $0.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")]
        }
        Terminal.write(lines: TextTable([.init("Filter"), .init("Query")], rows).lines(width: Terminal.width))
    }
}

struct QueueShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what is in a queue.")

    @Argument(help: "Its name, such as new, mine, news, overdue, regressed.")
    var name: String

    @Option(help: "How many at the most.")
    var limit = 50

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await client.withClient { client in
            let code = try campaign.code
            let queues: Page<QueueBody> = try await client.get("/v1/campaigns/\(code)/queues")
            guard let queue = queues.items.first(where: { $0.name == name }) else {
                let known = queues.items.map(\.name).joined(separator: ", ")
                throw Failure("there is no queue “\(name)”; there are: \(known)", code: Failure.Code.notFound)
            }
            if queue.kind == "barrier" {
                let bodies = try await client.list(
                    "/v1/campaigns/\(code)/barriers", [("queue", name)], limit: limit, of: BarrierBody.self)
                try output.write(
                    bodies, BarrierBody.columns, csv: BarrierBody.csv, name: { String($0.number) }, row: \.row)
            } else {
                let lines = try await client.list(
                    "/v1/complaints", [("campaign", code), ("queue", name)], limit: limit, of: ComplaintLineBody.self)
                try output.write(
                    lines, ComplaintLineBody.columns, csv: ComplaintLineBody.csv, name: \.reference, row: \.row)
            }
        }
    }
}

struct QueueSave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Keep a filter under a name, for `complaint list --filter NAME`.")

    @Argument(help: "A name of one's own, such as wechat-late.")
    var name: String

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        var query = filters.typed
        query["campaign"] = try campaign.code
        let body: SavedFilterBody = try await client.withClient { client in
            try await client.act(
                "PUT", on: "/v1/filters/\(encoded(name))", version: nil,
                ["query": .object(query.mapValues { .string($0) })])
        }
        Terminal.note("kept as \(body.name)")
    }
}

struct QueueRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Forget a filter.")

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.withClient { client in
            _ = try await client.send(Client.Call("DELETE", "/v1/filters/\(encoded(name))"))
        }
        Terminal.note("forgot \(name)")
    }
}

/// A name as a part of an address.
private func encoded(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? name
}

struct Workload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how much each officer has open, and what is nobody's.")

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page: Page<WorkloadBody> = try await client.withClient { client in
            try await client.get("/v1/campaigns/\(try campaign.code)/workload")
        }
        try output.write(
            page.items,
            [
                .init("Officer"), .init("Office"), .init("Open", .right), .init("Late", .right),
                .init("Urgent", .right), .init("Next due"),
            ], csv: WorkloadBody.csv, name: \.officer
        ) { line in
            [
                line.officer.isEmpty ? "(nobody)" : line.officer, line.offices.joined(separator: ", "), "\(line.open)",
                "\(line.overdue)", "\(line.urgent)", line.nextDueOn?.description ?? "",
            ]
        }
    }
}

struct ReminderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reminder", abstract: "See what one is reminded of, and mark it as seen.",
        subcommands: [ReminderList.self, ReminderSeen.self], defaultSubcommand: ReminderList.self)
}

struct ReminderList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List reminders, latest first.")

    @Flag(help: "Everyone's, not only one's own and nobody's.")
    var all = false

    @OptionGroup var list: CampaignListOptions

    func run() async throws {
        try list.output.write(
            try await list.items("reminders", [("whose", all ? "all" : "mine")], of: ReminderBody.self),
            [.init("What"), .init("Case"), .init("For"), .init("Since"), .init("Details")],
            csv: ReminderBody.csv, name: \.label
        ) { one in
            [
                one.topic, "\(one.caseKind == "complaint" ? "" : "\(one.caseKind) ")\(one.subject)",
                one.officer ?? "all", one.recordedAt.formatted(.iso8601),
                one.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; "),
            ]
        }
    }
}

struct ReminderSeen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seen", abstract: "Mark reminders as seen: those named, or one's own all.")

    @Argument(help: "Ids, as `reminder list -o name` prints them; left out, all of one's own.")
    var ids: [String] = []

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let count = try await client.withClient { client in
            let path = "/v1/campaigns/\(try campaign.code)/reminders"
            var chosen = ids
            if chosen.isEmpty {
                chosen = try await client.list(path, [("whose", "mine")], limit: 1000, of: ReminderBody.self)
                    .map { $0.id.uuidString }
            }
            var count = 0
            for start in stride(from: 0, to: chosen.count, by: 200) {
                let part = chosen[start..<min(start + 200, chosen.count)].map { JSON.string($0) }
                let body: CountBody = try await client.act(on: "\(path)/seen", version: nil, ["ids": .array(part)])
                count += body.count
            }
            return count
        }
        Terminal.note("\(count) marked as seen")
    }
}

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow everything that happens, one JSON object a line.",
        discussion: """
            rectify events --follow
            rectify events --after CURSOR       # a cursor that an earlier run printed on standard error
            """)

    @Option(help: "Go on after this cursor.")
    var after: String?

    @Flag(help: "Wait for more.")
    var follow = false

    @Option(help: "How many at the most.")
    var limit = 1_000_000

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let code = try campaign.code
        var cursor = after
        var count = 0
        try await client.withClient { client in
            while count < limit {
                let known = cursor.map { [(name: "cursor", value: $0)] } ?? []
                let wait = follow ? [(name: "wait", value: "25")] : []
                let page: Page<FeedEventBody> = try await client.get(
                    "/v1/events", [("campaign", code), ("page_size", "\(min(500, limit - count))")] + known + wait)
                count += page.items.count
                cursor = page.next ?? cursor
                Terminal.write(
                    lines: try page.items.map { String(decoding: try Coding.bytes(of: $0), as: UTF8.self) })
                if page.items.isEmpty, !follow { break }
            }
        }
        if let cursor { Terminal.note("go on with: rectify events --after \(cursor)") }
    }
}

extension ReminderBody {
    fileprivate var label: String { id.text }
}
