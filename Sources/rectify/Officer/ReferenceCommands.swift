import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports
import Store

struct CompanyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "company", abstract: "Look up companies.", subcommands: [CompanyList.self, CompanyShow.self])
}

struct CompanyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the companies of the registry.")

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page: Page<CompanyBody> = try await client.withClient { client in try await client.get("/v1/companies") }
        let columns = ["Code", "Name", "中文", "Platforms"].map { TextTable.Column($0) }
        try output.write(page.items, columns, csv: CompanyBody.csv, name: \.code) {
            [$0.code, $0.name.en, $0.name.zh, $0.platforms.joined(separator: " ")]
        }
    }
}

struct CompanyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one company.")

    @Argument(help: "Code or name, such as tencent or 腾讯.")
    var code: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let name = code.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? code
        let body: CompanyBody = try await client.withClient { client in try await client.get("/v1/companies/\(name)") }
        try output.write(
            body, name: body.code,
            fields: [
                ("Code", body.code), ("Name", body.name.en), ("中文", body.name.zh), ("Parent", body.parent),
                ("Credit code", body.uscc), ("Also called", body.aliases.joined(separator: ", ")),
                ("Platforms", body.platforms.joined(separator: ", ")),
            ])
    }
}

struct CampaignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign", abstract: "Look up campaigns, and close them.",
        subcommands: [CampaignList.self, CampaignShow.self, CampaignClose.self])
}

struct CampaignList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the campaigns.")

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page: Page<CampaignBody> = try await client.withClient { client in try await client.get("/v1/campaigns") }
        let columns = ["Code", "Name", "Launched", "Closed"].map { TextTable.Column($0) }
        try output.write(page.items, columns, name: \.code) {
            [$0.code, $0.name.en, $0.launchedOn.description, $0.closedOn?.description ?? ""]
        }
    }
}

struct CampaignShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one campaign with the codes that officers use.")

    @Argument(help: "Code, such as internet-2021.")
    var code: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body: CampaignBody = try await client.withClient { client in try await client.get("/v1/campaigns/\(code)") }
        func codes(_ labels: [LabelBody]) -> String { labels.map(\.code).joined(separator: ", ") }
        try output.write(
            body, name: body.code,
            fields: [
                ("Code", body.code), ("Name", body.name.en), ("中文", body.name.zh), ("References", "\(body.prefix)-…"),
                ("Launched on", body.launchedOn.description), ("Planned end", body.plannedEndOn?.description),
                ("Closed on", body.closedOn?.description), ("Categories", codes(body.categories)),
                ("Scenarios", codes(body.scenarios)), ("Scenes of links", codes(body.linkScenes)),
                ("Scenes of payment", codes(body.paymentScenes)), ("Refusal grounds", codes(body.refusalGrounds)),
                ("Information gaps", codes(body.informationGaps)), ("Agencies", codes(body.referralAgencies)),
                ("Justifications", codes(body.justificationGrounds)),
            ])
    }
}

struct CampaignClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Take no more filings after a day; takes a supervisor.")

    @Argument(help: "Code, such as internet-2021.")
    var code: String

    @Option(help: .day("The last day on which filings are taken."))
    var on: Day

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body: CampaignBody = try await client.withClient { client in
            try await client.act(on: "/v1/campaigns/\(code)/closure", version: nil, ["closed_on": JSON(on)])
        }
        try output.write(
            body, name: body.code, fields: [("Code", body.code), ("Closed on", body.closedOn?.description)])
        Terminal.note("this server refuses later filings from now on, others \(ReferenceCache.delay)")
    }
}
