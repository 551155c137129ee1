/// One entity of reference data, as a file says it and as the ledger of versions keeps it.
public struct ReferenceItem: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case company
        case platform
        case sharedHost = "shared_host"
        case interstitial
        case linkRule = "link_rule"
        case paymentMethod = "payment_method"
        case campaign
        case calendar
    }

    public var kind: Kind
    public var code: String
    /// Its text is canonical, so that equal entities have equal texts.
    public var document: JSON

    public init(kind: Kind, code: String, document: JSON) {
        self.kind = kind
        self.code = code
        self.document = document
    }

    public static func == (left: ReferenceItem, right: ReferenceItem) -> Bool {
        left.kind == right.kind && left.code == right.code && left.document == right.document
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(code)
    }
}

/// All reference data at one moment.
public struct ReferenceData: Sendable {
    public private(set) var directory: Directory
    public private(set) var campaigns: [String: Campaign] = [:]
    public private(set) var calendars: [String: WorkingCalendar] = [:]

    public init() {
        directory = Directory(Registry())
    }

    /// - Throws: ``InvalidDocument`` where an item is not what its kind says.
    public init(
        _ items: [ReferenceItem], suffixes: PublicSuffixes = PublicSuffixes()
    ) throws(InvalidDocument) {
        let faults = FaultList()
        var registry = Registry()
        for item in items {
            let reader = ObjectReader(item.document, at: "#/\(item.kind.rawValue)/\(item.code)", faults: faults)
            switch item.kind {
            case .company: registry.companies.append(.init(reading: reader))
            case .platform: registry.platforms.append(.init(reading: reader))
            case .sharedHost: registry.sharedHosts.append(.init(reading: reader))
            case .interstitial: registry.interstitials.append(.init(reading: reader))
            case .linkRule: registry.linkRules.append(.init(reading: reader))
            case .paymentMethod: registry.paymentMethods.append(.init(reading: reader))
            case .campaign: campaigns[item.code] = Campaign(reading: reader)
            case .calendar:
                let year = WorkingCalendar(reading: reader)
                calendars[year.region, default: WorkingCalendar(region: year.region)].add(year)
            }
        }
        try faults.finish()
        directory = Directory(registry, suffixes: suffixes)
    }

    /// The rules for a campaign: itself and the calendar of its region.
    public func rules(for campaign: Campaign) -> Complaint.Rules {
        let region = campaign.calendarRegion
        return Complaint.Rules(campaign: campaign, calendar: calendars[region] ?? WorkingCalendar(region: region))
    }
}

extension WorkingCalendar {
    fileprivate mutating func add(_ other: WorkingCalendar) {
        years.formUnion(other.years)
        holidays.formUnion(other.holidays)
        workdays.formUnion(other.workdays)
    }
}
