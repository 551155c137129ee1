/// A file of reference data: a registry, a campaign, or a calendar year.
public enum ReferenceFile {
    /// Takes the file apart into entities, checking each and how they fit together.
    ///
    /// - Parameters:
    ///   - file: The document.
    ///   - known: What is loaded already; a file may refer to it.
    ///   - isConfirmed: Whether somebody says that a calendar is right although it looks like no year's notice.
    /// - Returns: The entities, in the order of the file.
    /// - Throws: ``InvalidDocument`` with every fault and its place; what only has to be confirmed is `unusual`.
    public static func items(
        in file: JSON, knowing known: ReferenceData, isConfirmed: Bool = false
    ) throws(InvalidDocument) -> [ReferenceItem] {
        guard case .object(let members) = file else {
            throw InvalidDocument(faults: [Fault(pointer: "#", code: "wrong_type", detail: "has to be an object")])
        }
        if members["campaign"] != nil { return [try campaign(file, known)] }
        if members["year"] != nil { return [try calendar(file, isConfirmed: isConfirmed)] }
        return try registry(file, known)
    }

    private static func campaign(_ file: JSON, _ known: ReferenceData) throws(InvalidDocument) -> ReferenceItem {
        let faults = FaultList()
        let campaign = Campaign(reading: ObjectReader(file, faults: faults))
        for other in known.campaigns.values where other.prefix == campaign.prefix && other.code != campaign.code {
            faults.add("#/campaign/prefix", "duplicate", "the campaign “\(other.code)” has this prefix")
        }
        try faults.finish()
        return ReferenceItem(kind: .campaign, code: campaign.code, document: file)
    }

    private static func calendar(_ file: JSON, isConfirmed: Bool) throws(InvalidDocument) -> ReferenceItem {
        let faults = FaultList()
        let calendar = WorkingCalendar(reading: ObjectReader(file, faults: faults))
        try faults.finish()
        let year = calendar.years.first ?? 0
        if !isConfirmed {
            for (list, why) in calendar.oddities(in: year) { faults.add("#/\(list)", "unusual", why) }
            try faults.finish()
        }
        return ReferenceItem(kind: .calendar, code: "\(calendar.region)-\(year)", document: file)
    }

    private static func registry(_ file: JSON, _ known: ReferenceData) throws(InvalidDocument) -> [ReferenceItem] {
        let faults = FaultList()
        let reader = ObjectReader(file, faults: faults)
        var items: [ReferenceItem] = []
        var registry = Registry()

        func read<Entity>(
            _ name: String, _ kind: ReferenceItem.Kind, _ code: KeyPath<Entity, String>,
            _ make: (ObjectReader) -> Entity
        ) -> [Entity] {
            guard case .object(let members) = file, case .array(let documents)? = members[name] else {
                _ = reader.objects(name)
                return []
            }
            let entities = reader.objects(name).map(make)
            for (document, entity) in zip(documents, entities) {
                items.append(ReferenceItem(kind: kind, code: entity[keyPath: code], document: document))
            }
            return entities
        }
        registry.companies = read("companies", .company, \.code, Registry.Company.init(reading:))
        registry.platforms = read("platforms", .platform, \.code, Registry.Platform.init(reading:))
        registry.sharedHosts = read("shared_hosts", .sharedHost, \.host, Registry.SharedHost.init(reading:))
        registry.interstitials = read("interstitials", .interstitial, \.address, Registry.Interstitial.init(reading:))
        registry.linkRules = read("link_parameters", .linkRule, \.code, Registry.LinkRule.init(reading:))
        registry.paymentMethods = read("payment_methods", .paymentMethod, \.code, Registry.PaymentMethod.init(reading:))
        reader.finish()
        if items.isEmpty && faults.isEmpty {
            faults.add("#", "empty", "has to hold a campaign, a calendar year, or lists of a registry")
        }
        check(registry, known, faults)
        try faults.finish()
        return items
    }

    /// Codes stand once, references lead somewhere, and no two platforms share a name or a host.
    private static func check(_ registry: Registry, _ known: ReferenceData, _ faults: FaultList) {
        let companies = Set(registry.companies.map(\.code) + known.directory.registry.companies.map(\.code))
        let platforms = Set(registry.platforms.map(\.code) + known.directory.registry.platforms.map(\.code))
        func company(_ code: String?, _ place: String) {
            guard let code, !companies.contains(code) else { return }
            faults.add(place, "unknown_code", "“\(code)” is no company")
        }
        func unique(_ values: [(value: String, place: String)], _ what: String) {
            var seen: Set<String> = []
            for (value, place) in values where !seen.insert(value).inserted {
                faults.add(place, "duplicate", "the \(what) “\(value)” stands twice")
            }
        }
        unique(registry.companies.enumerated().map { ($1.code, "#/companies/\($0)/code") }, "company")
        unique(registry.platforms.enumerated().map { ($1.code, "#/platforms/\($0)/code") }, "platform")
        unique(registry.paymentMethods.enumerated().map { ($1.code, "#/payment_methods/\($0)/code") }, "method")
        unique(registry.linkRules.enumerated().map { ($1.code, "#/link_parameters/\($0)/code") }, "rule")
        let ruled = Set(registry.linkRules.map(\.code))
        unique(
            known.directory.registry.linkRules.filter { !ruled.contains($0.code) }.flatMap {
                $0.places.map { ($0, "#") }
            }
                + registry.linkRules.enumerated().flatMap { index, rule in
                    rule.places.enumerated().map { ($1, "#/link_parameters/\(index)/places/\($0)") }
                }, "place")
        // What is loaded already and not replaced by this file has its names and hosts, too.
        let codes = Set(registry.platforms.map(\.code))
        let others = known.directory.registry.platforms.filter { !codes.contains($0.code) }
        let taken = others.flatMap { Set(([$0.nameZh, $0.nameEn] + $0.aliases).map(Directory.key)) }.map { ($0, "#") }
        unique(
            taken
                + registry.platforms.enumerated().flatMap { index, platform in
                    Set(([platform.nameZh, platform.nameEn] + platform.aliases).map(Directory.key)).map {
                        ($0, "#/platforms/\(index)/aliases")
                    }
                }, "name")
        unique(
            others.flatMap { $0.hosts.map { ($0, "#") } }
                + registry.platforms.enumerated().flatMap { index, platform in
                    platform.hosts.map { ($0, "#/platforms/\(index)/hosts") }
                } + registry.sharedHosts.enumerated().map { ($1.host, "#/shared_hosts/\($0)/host") }, "host")
        for (index, entry) in registry.companies.enumerated() { company(entry.parent, "#/companies/\(index)/parent") }
        for (index, platform) in registry.platforms.enumerated() {
            for (order, owner) in platform.ownership.enumerated() {
                company(owner.company, "#/platforms/\(index)/ownership/\(order)/company")
            }
        }
        for (index, host) in registry.sharedHosts.enumerated() {
            company(host.company, "#/shared_hosts/\(index)/company")
        }
        for (index, method) in registry.paymentMethods.enumerated() {
            company(method.company, "#/payment_methods/\(index)/company")
        }
        for (index, page) in registry.interstitials.enumerated() {
            guard let platform = page.platform, !platforms.contains(platform) else { continue }
            faults.add("#/interstitials/\(index)/platform", "unknown_code", "“\(platform)” is no platform")
        }
    }
}
