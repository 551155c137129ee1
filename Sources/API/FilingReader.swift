import Casework
import Foundation
import HTTPTypes
import Store

/// Reads and understands the body of a filing (design: one shape for the API and for imports).
struct FilingReader {
    let book: ReferenceBook
    let party: FilingParty
    let now: Date

    /// Lengths in code points, the same in the database's constraints.
    enum Limit {
        static let code = 60
        static let name = 200
        static let pasted = 4000
        static let narrative = 20_000
        static let remedy = 2000
    }

    /// - Throws: `InvalidDocument` with every fault of the body, or ``Problem`` where the campaign takes no filings.
    func intake(_ reader: ObjectReader) throws -> Intake {
        let code = reader.requiredText("campaign", limit: Limit.code)
        guard let (campaignID, campaign) = book.campaign(code) else {
            if !code.isEmpty { reader.fault("campaign", "unknown_code", "“\(code)” is no campaign; see /v1/campaigns") }
            try reader.faults.finish()
            throw Problem.notFound("campaign \(code)")
        }
        let today = Day(now, in: campaign.zone())
        let receivedOn = receivedOn(reader, campaign, today: today)
        let kind = reader.requiredCode("kind", as: Campaign.Kind.self) ?? .other
        var filing = Filing(narrative: reader.requiredText("narrative", limit: Limit.narrative, isProse: true))
        let scenario = reader.text("scenario", limit: Limit.code)
        let category = reader.text("category", limit: Limit.code)
        check(category, scenario, campaign, reader)
        let respondent = respondent(reader, &filing, on: receivedOn)
        var sealed = SealedParts()
        let (target, page) = target(kind, reader, &filing, &sealed, campaign, respondent, on: receivedOn)
        details(reader, &filing, campaign, receivedOn)
        sealed.identity = complainant(reader, &filing)
        reader.finish()
        try reader.faults.finish()
        if let closedOn = book.closedOn[code], receivedOn > closedOn {
            throw Problem(
                .conflict, "campaign-closed", "The campaign is closed",
                "“\(code)” took filings until \(closedOn). See /v1/campaigns for others.")
        }
        let complaint = Complaint.received(
            id: .v7(at: now), kind: kind,
            category: campaign.category(given: category, scenario: scenario, kind: kind), scenario: scenario,
            respondent: respondent, target: target, on: receivedOn, under: book.data.rules(for: campaign))
        return Intake(
            campaignID: campaignID, campaign: code, prefix: campaign.prefix, complaint: complaint, filing: filing,
            sealed: sealed,
            actor: party.actor, channel: party.channel, filedBy: party.filedBy,
            namesReceivedOn: reader.has("received_on"), linkPage: page)
    }

    private func receivedOn(_ reader: ObjectReader, _ campaign: Campaign, today: Day) -> Day {
        let given = reader.day("received_on")
        guard reader.has("received_on") else { return today }
        let day = given ?? today
        if !party.mayBackdate {
            let detail = "may be given by officers, and with keys of the scope “history”; leave it out"
            reader.fault("received_on", "not_allowed", detail)
        }
        if day > today { reader.fault("received_on", "in_the_future", "has not come yet; today is \(today)") }
        if day < campaign.launchedOn {
            reader.fault("received_on", "out_of_range", "lies before the campaign began, \(campaign.launchedOn)")
        }
        return day
    }

    private func check(_ category: String?, _ scenario: String?, _ campaign: Campaign, _ reader: ObjectReader) {
        do {
            try campaign.check(category: category, scenario: scenario)
        } catch .unknownCode(let field, let value, let known) {
            reader.fault(field, "unknown_code", "“\(value)” is not known; known: \(known.joined(separator: ", "))")
        } catch .categoryMismatch(let scenario, let category, let expected) {
            let detail = "“\(scenario)” belongs to “\(expected)”, not to “\(category)”; leave one of them out"
            reader.fault("scenario", "category_mismatch", detail)
        } catch {
            reader.fault("category", "invalid", "does not fit")
        }
    }

    /// One of platform, company, or a free name, which is resolved through aliases or left for triage.
    private func respondent(_ parent: ObjectReader, _ filing: inout Filing, on day: Day) -> Complaint.Party {
        guard let reader = parent.object("respondent") else {
            parent.fault("respondent", "missing", "is required: one of platform, company or name")
            return Complaint.Party()
        }
        defer { reader.finish() }
        let platform = reader.text("platform", limit: Limit.code)
        let company = reader.text("company", limit: Limit.code)
        let name = reader.text("name", limit: Limit.name)
        guard [platform, company, name].compactMap(\.self).count == 1 else {
            parent.fault("respondent", "ambiguous", "has to hold exactly one of platform, company and name")
            return Complaint.Party()
        }
        if let platform {
            if book.directory.platform(platform) == nil {
                reader.fault(
                    "platform", "unknown_code", "“\(platform)” is no platform; see /v1/platforms, or give a name")
            }
            return book.directory.party(platform: platform, on: day)
        }
        if let company {
            if book.directory.company(company) == nil {
                reader.fault("company", "unknown_code", "“\(company)” is no company; see /v1/companies, or give a name")
            }
            return Complaint.Party(company: company)
        }
        filing.respondentName = name
        return name.map { book.directory.party(named: $0, on: day) } ?? Complaint.Party()
    }

    /// - Returns: What is barred, and the page of a link (``SharedLink/page``).
    private func target(
        _ kind: Campaign.Kind, _ parent: ObjectReader, _ filing: inout Filing, _ sealed: inout SealedParts,
        _ campaign: Campaign, _ party: Complaint.Party, on day: Day
    ) -> (Complaint.Target, page: String?) {
        let members: [Campaign.Kind: String] = [.blockedLink: "blocked_link", .refusedPayment: "refused_payment"]
        for (other, member) in members where other != kind && parent.has(member) {
            parent.fault(member, "not_allowed", "goes with kind “\(other.rawValue)” only")
            _ = parent.object(member)
        }
        guard let member = members[kind] else { return (Complaint.Target(), nil) }
        guard let reader = parent.object(member) else {
            parent.fault(member, "missing", "is required for kind “\(kind.rawValue)”")
            return (Complaint.Target(), nil)
        }
        defer { reader.finish() }
        filing.scene = known("scene", reader, campaign.scenes(of: kind))
        if kind == .blockedLink {
            filing.manner = known("block", reader, campaign.blockKinds)
            let text = reader.requiredText("text", limit: Limit.pasted, isProse: true)
            sealed.linkText = text.isEmpty ? nil : text
            sealed.controlText = reader.text("control_text", limit: Limit.pasted, isProse: true)
            let link = SharedLink(text, in: book.directory, excluding: party.platform, on: day)
            sealed.passphrase = link.passphrase
            (filing.wrappedBy, filing.linkURL, filing.linkSite) = (link.wrappedBy, link.address, link.site)
            filing.linkOddities = link.oddities.sorted { $0.rawValue < $1.rawValue }
            if link.site != nil { filing.suffixVersion = book.directory.suffixes.version }
            return (link.target, link.page)
        }
        filing.manner = known("refusal", reader, campaign.refusalKinds)
        filing.merchant = reader.text("merchant", limit: Limit.name)
        let name = reader.requiredText("method", limit: Limit.name)
        filing.methodName = name
        let method = book.directory.method(named: name)
        return (Complaint.Target(company: method?.company, paymentMethod: method?.code), nil)
    }

    private func known(_ name: String, _ reader: ObjectReader, _ labels: [Label]) -> String {
        let code = reader.requiredText(name, limit: Limit.code)
        if !code.isEmpty, !labels.contains(where: { $0.code == code }) {
            let known = labels.map(\.code).joined(separator: ", ")
            reader.fault(name, "unknown_code", "“\(code)” is not known; known: \(known)")
        }
        return code
    }

    private func details(
        _ reader: ObjectReader, _ filing: inout Filing, _ campaign: Campaign, _ receivedOn: Day
    ) {
        filing.clientReference = reader.text("client_reference", limit: 100)
        filing.remedySought = reader.text("remedy_sought", limit: Limit.remedy, isProse: true)
        filing.language = reader.text("language", limit: 35)
        filing.occurredOn = reader.day("occurred_on")
        if let occurredOn = filing.occurredOn, occurredOn > receivedOn {
            reader.fault("occurred_on", "out_of_range", "lies after the day of receipt, \(receivedOn)")
        }
        if let environment = reader.object("environment") {
            filing.appVersion = environment.text("app_version", limit: 60)
            filing.os = environment.text("os", limit: 60)
            filing.region = environment.region(of: campaign.countries)
            filing.accountType = environment.text("account_type", limit: 60)
            environment.finish()
        }
        if let consent = reader.object("consent") {
            filing.publishesNarrative = consent.bool("publish_narrative") ?? false
            filing.privacyNotice = consent.text("privacy_notice", limit: 20)
            consent.finish()
        }
    }

    private enum ComplainantKind: String, CaseIterable {
        case individual
        case merchant
        case enterprise
        case association
        case agency
        case media
    }

    private enum AgeBand: String, CaseIterable {
        case under14 = "lt14"
        case under18 = "14_17"
        case adult
    }

    private func complainant(_ parent: ObjectReader, _ filing: inout Filing) -> Identity? {
        guard let reader = parent.object("complainant") else { return nil }
        defer { reader.finish() }
        filing.complainantKind = reader.requiredCode("kind", as: ComplainantKind.self)?.rawValue
        filing.ageBand = reader.code("age_band", as: AgeBand.self)?.rawValue
        filing.disclosesIdentity = reader.bool("disclose_identity") ?? false
        let identity = reader.identity()
        return identity.isEmpty ? nil : identity
    }
}
