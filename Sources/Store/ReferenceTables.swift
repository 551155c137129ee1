import Casework
import Postgres

extension Connection {
    /// Brings the tables that others refer to up to the latest versions.
    func project(_ data: ReferenceData) throws {
        let registry = data.directory.registry
        try project(registry.companies)
        try project(registry.platforms)
        try projectHosts(registry)
        for method in registry.paymentMethods {
            try run(
                """
                INSERT INTO payment_method (code, name_zh, name_en, company, kind, aliases)
                VALUES (\(method.code), \(method.nameZh), \(method.nameEn), \(method.company), \(method.kind),
                        \(method.aliases))
                ON CONFLICT (code) DO UPDATE
                SET name_zh = excluded.name_zh, name_en = excluded.name_en, company = excluded.company,
                    kind = excluded.kind, aliases = excluded.aliases
                """)
        }
        for calendar in data.calendars.values { try project(calendar) }
        for campaign in data.campaigns.values.sorted(by: { $0.code < $1.code }) { try project(campaign) }
    }

    private func project(_ companies: [Registry.Company]) throws {
        for company in companies {
            try run(
                """
                INSERT INTO company (code, name_zh, name_en, uscc, aliases)
                VALUES (\(company.code), \(company.nameZh), \(company.nameEn), \(company.uscc), \(company.aliases))
                ON CONFLICT (code) DO UPDATE
                SET name_zh = excluded.name_zh, name_en = excluded.name_en, uscc = excluded.uscc,
                    aliases = excluded.aliases
                """)
        }
        // Parents last: a company may stand before its parent.
        for company in companies {
            try run("UPDATE company SET parent = \(company.parent) WHERE code = \(company.code)")
        }
    }

    private func project(_ platforms: [Registry.Platform]) throws {
        for platform in platforms {
            try run(
                """
                INSERT INTO platform (code, name_zh, name_en, aliases)
                VALUES (\(platform.code), \(platform.nameZh), \(platform.nameEn), \(platform.aliases))
                ON CONFLICT (code) DO UPDATE
                SET name_zh = excluded.name_zh, name_en = excluded.name_en, aliases = excluded.aliases
                """)
            try run("DELETE FROM platform_ownership WHERE platform = \(platform.code)")
            for (position, owner) in platform.ownership.enumerated() {
                try run(
                    """
                    INSERT INTO platform_ownership (platform, position, company, valid_from, valid_to)
                    VALUES (\(platform.code), \(position), \(owner.company), \(owner.from), \(owner.to))
                    """)
            }
        }
    }

    private func projectHosts(_ registry: Registry) throws {
        let owned = registry.platforms.flatMap { platform in platform.hosts.map { ($0, platform.code) } }
        let hosts: [(String, String?, String?)] =
            owned.map { ($0, $1, nil) } + registry.sharedHosts.map { ($0.host, nil, $0.company) }
        for (host, platform, company) in hosts {
            try run(
                """
                INSERT INTO host (host, platform, company) VALUES (\(host), \(platform), \(company))
                ON CONFLICT (host) DO UPDATE SET platform = excluded.platform, company = excluded.company
                """)
        }
    }

    private func project(_ calendar: WorkingCalendar) throws {
        for year in calendar.years.sorted() {
            try run(
                "INSERT INTO calendar_year (region, year) VALUES (\(calendar.region), \(year)) ON CONFLICT DO NOTHING")
        }
        try run("DELETE FROM calendar_day WHERE region = \(calendar.region)")
        for day in calendar.holidays.union(calendar.workdays).sorted() {
            try run(
                """
                INSERT INTO calendar_day (region, day, is_working)
                VALUES (\(calendar.region), \(day), \(calendar.workdays.contains(day)))
                """)
        }
    }

    private func project(_ campaign: Campaign) throws {
        let id = try first(
            """
            INSERT INTO campaign (id, code, prefix, name_zh, name_en, name_vi, time_zone, calendar_region,
                                  launched_on, planned_end_on)
            VALUES ((SELECT coalesce(max(id), 0) + 1 FROM campaign), \(campaign.code), \(campaign.prefix),
                    \(campaign.name.zh), \(campaign.name.en), \(campaign.name.vi), \(campaign.timeZone),
                    \(campaign.calendarRegion), \(campaign.launchedOn), \(campaign.plannedEndOn))
            ON CONFLICT (code) DO UPDATE
            SET name_zh = excluded.name_zh, name_en = excluded.name_en, name_vi = excluded.name_vi,
                prefix = excluded.prefix, time_zone = excluded.time_zone,
                calendar_region = excluded.calendar_region, launched_on = excluded.launched_on,
                planned_end_on = excluded.planned_end_on
            RETURNING id
            """
        ) { row in try row.read(Int.self) }
        guard let id else { return }
        try run("INSERT INTO campaign_counter (campaign_id) VALUES (\(id)) ON CONFLICT DO NOTHING")
        for (position, category) in campaign.categories.enumerated() {
            try run(
                """
                INSERT INTO category (campaign_id, code, position, name_zh, name_en, name_vi, is_official)
                VALUES (\(id), \(category.code), \(position), \(category.zh), \(category.en), \(category.vi),
                        \(category.official))
                ON CONFLICT (campaign_id, code) DO UPDATE
                SET position = excluded.position, name_zh = excluded.name_zh, name_en = excluded.name_en,
                    name_vi = excluded.name_vi, is_official = excluded.is_official
                """)
        }
        try projectScenariosAndRules(of: campaign, id: id)
    }

    private func projectScenariosAndRules(of campaign: Campaign, id: Int) throws {
        for scenario in campaign.scenarios {
            let label = scenario.label
            try run(
                """
                INSERT INTO scenario (campaign_id, code, category_code, name_zh, name_en, name_vi, is_official)
                VALUES (\(id), \(label.code), \(scenario.category), \(label.zh), \(label.en), \(label.vi),
                        \(label.official))
                ON CONFLICT (campaign_id, code) DO UPDATE
                SET category_code = excluded.category_code, name_zh = excluded.name_zh, name_en = excluded.name_en,
                    name_vi = excluded.name_vi, is_official = excluded.is_official
                """)
        }
        for rule in campaign.rules {
            try run(
                """
                INSERT INTO deadline_rule (campaign_id, code, effective_from, effective_to, limit_count, limit_unit,
                                           roll_if_nonworking, basis)
                VALUES (\(id), \(rule.code), \(rule.effectiveFrom), \(rule.effectiveTo), \(rule.limit), \(rule.unit),
                        \(rule.rollsIfNonworking), \(rule.basis))
                ON CONFLICT (campaign_id, code, effective_from) DO UPDATE
                SET effective_to = excluded.effective_to, limit_count = excluded.limit_count,
                    limit_unit = excluded.limit_unit, roll_if_nonworking = excluded.roll_if_nonworking,
                    basis = excluded.basis
                """)
        }
    }
}
