public import Casework

public struct NameBody: Codable, Sendable, Equatable {
    public var zh: String
    public var en: String
    public var vi: String?

    public init(zh: String, en: String, vi: String? = nil) {
        self.zh = zh
        self.en = en
        self.vi = vi
    }
}

public struct CompanyBody: Codable, Sendable, Equatable {
    public var code: String
    public var name: NameBody
    public var parent: String?
    public var uscc: String?
    public var aliases: [String]
    public var platforms: [String]

    public init(_ company: Registry.Company, platforms: [String]) {
        code = company.code
        name = NameBody(zh: company.nameZh, en: company.nameEn)
        parent = company.parent
        uscc = company.uscc
        aliases = company.aliases
        self.platforms = platforms
    }
}

public struct PlatformBody: Codable, Sendable, Equatable {
    public var code: String
    public var name: NameBody
    public var company: String?
    public var hosts: [String]
    public var aliases: [String]

    public init(_ platform: Registry.Platform, company: String?) {
        code = platform.code
        name = NameBody(zh: platform.nameZh, en: platform.nameEn)
        self.company = company
        hosts = platform.hosts
        aliases = platform.aliases
    }
}

public struct PaymentMethodBody: Codable, Sendable, Equatable {
    public var code: String
    public var name: NameBody
    public var company: String
    public var kind: String
    public var aliases: [String]

    public init(_ method: Registry.PaymentMethod) {
        code = method.code
        name = NameBody(zh: method.nameZh, en: method.nameEn)
        company = method.company
        kind = method.kind.rawValue
        aliases = method.aliases
    }
}

/// A code with its names.
public struct LabelBody: Codable, Sendable, Equatable {
    public var code: String
    public var name: NameBody
    /// Whether the regulator printed it; the rest is ours.
    public var official: Bool
    /// Of a scenario: the category it belongs to.
    public var category: String?

    public init(_ label: Label, category: String? = nil) {
        code = label.code
        name = NameBody(zh: label.zh, en: label.en, vi: label.vi)
        official = label.official
        self.category = category
    }
}

public struct CampaignBody: Codable, Sendable, Equatable {
    public var code: String
    public var prefix: String
    public var name: NameBody
    public var authority: String
    public var timeZone: String
    public var launchedOn: Day
    public var plannedEndOn: Day?
    public var closedOn: Day?
    public var categories: [LabelBody]
    public var scenarios: [LabelBody]
    public var linkScenes: [LabelBody]
    public var paymentScenes: [LabelBody]
    public var blockKinds: [LabelBody]
    public var refusalKinds: [LabelBody]
    public var refusalGrounds: [LabelBody]
    public var informationGaps: [LabelBody]
    public var justificationGrounds: [LabelBody]
    public var referralAgencies: [LabelBody]

    public init(_ campaign: Campaign, closedOn: Day?) {
        func bodies(_ labels: [Label]) -> [LabelBody] { labels.map { LabelBody($0) } }
        code = campaign.code
        prefix = campaign.prefix
        name = NameBody(zh: campaign.name.zh, en: campaign.name.en, vi: campaign.name.vi)
        authority = campaign.authority
        timeZone = campaign.timeZone
        launchedOn = campaign.launchedOn
        plannedEndOn = campaign.plannedEndOn
        self.closedOn = closedOn
        categories = bodies(campaign.categories)
        scenarios = campaign.scenarios.map { LabelBody($0.label, category: $0.category) }
        linkScenes = bodies(campaign.linkScenes)
        paymentScenes = bodies(campaign.paymentScenes)
        blockKinds = bodies(campaign.blockKinds)
        refusalKinds = bodies(campaign.refusalKinds)
        refusalGrounds = bodies(campaign.refusalGrounds)
        informationGaps = bodies(campaign.informationGaps)
        justificationGrounds = bodies(campaign.justificationGrounds)
        referralAgencies = bodies(campaign.referralAgencies)
    }
}
