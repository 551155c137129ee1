import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What a company sees and does with a key of its own: what was forwarded to it, its barriers, its orders.
///
/// What is not its own does not exist for it.
struct CompanyRoutes {
    let service: Service
    private static let campaign = "/v1/company/campaigns/:campaign"

    var routes: [Route] {
        [
            Route(.get, Self.campaign + "/complaints", complaints),
            Route(.get, "/v1/company/complaints/:reference", complaint),
            Route(.post, "/v1/company/complaints/:reference/response", respond),
            Route(.get, Self.campaign + "/barriers", barriers),
            Route(.post, Self.campaign + "/barriers/:number/undertaking") { request, context in
                try await act(request, context, scope: .undertake) { $0.undertaking() }
            },
            Route(.post, Self.campaign + "/barriers/:number/claim") { request, context in
                try await act(request, context, scope: .claim) { body in
                    .init(.claim(coverage: body.int("coverage", in: 0...100)))
                }
            },
            Route(.get, Self.campaign + "/orders", orders),
            Route(.post, Self.campaign + "/orders/:number/acknowledgement", acknowledge),
        ]
    }

    // MARK: Complaints

    @Sendable func complaints(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .read)
        let (id, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        enum Flag: String, CaseIterable {
            case yes = "true"
            case no = "false"
        }
        let isUnanswered = query.code("unanswered", as: Flag.self) == .yes
        let (pageSize, cursor) = try query.finishPage()
        let name = "forwarded|\(bearer.company)|\(campaign.code)|\(isUnanswered)"
        let below = try cursor.map { try service.cursor.position($0, of: name) }
        let (records, sealed, disclosed) = try await service.databases.parties.transaction(
            .readOnly, as: bearer.standing
        ) { db in
            let records = try db.forwardedComplaints(
                to: bearer.company, campaign: id, prefix: campaign.prefix, isUnanswered: isUnanswered, below: below,
                limit: pageSize + 1)
            return (
                records, try db.sealedFields(of: Cases(records)), try db.disclosed(of: records, to: bearer.company)
            )
        }
        var items: [ForwardedBody] = []
        for record in records.prefix(pageSize) {
            let identity = try await identity(in: sealed[record.complaint.id] ?? [:], of: record)
            items.append(
                ForwardedBody(
                    record, notes: [], identity, disclosed: disclosed[record.complaint.id], isNamed: false))
        }
        let last = records.count > pageSize ? records[pageSize - 1].reference.number : nil
        return try .json(
            Page(
                items: items,
                next: last.map { service.cursor.text(after: $0, of: name) }))
    }

    @Sendable func complaint(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .read)
        return try await answer(try context.reference(), to: bearer)
    }

    @Sendable func respond(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .respond)
        let reference = try context.reference()
        let versions = try request.expectedVersions()
        let body = try await Body(request)
        let given = body.reader.requiredCode("answer", as: Complaint.Answer.self) ?? .accepted
        let ground = body.reader.text("ground", limit: 200)
        let terms = ActionTerms(ofCompany: body.reader, versions: versions)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        try await anonymously {
            try await service.databases.parties.transaction(as: bearer.standing) { db in
                guard try db.forwardedComplaint(reference, to: bearer.company) != nil else {
                    throw CaseError.notFound("complaint \(reference)")
                }
                _ = try db.perform(
                    .respond(given, ground: ground), on: reference, by: bearer.actor, terms, book: book, at: now)
            }
        }
        return try await answer(reference, to: bearer)
    }

    private func answer(_ reference: Reference, to bearer: CompanyBearer) async throws -> Response {
        let (record, notes, sealed, disclosed) = try await service.databases.parties.transaction(
            .readOnly, as: bearer.standing
        ) {
            db in
            guard let record = try db.forwardedComplaint(reference, to: bearer.company) else {
                throw CaseError.notFound("complaint \(reference)")
            }
            let events = try db.events(of: record.complaint.id, campaign: record.campaignID, limit: 10_000)
            // What was written for a company before this one was asked is not for it.
            let since = events.last { $0.action == Complaint.ActionName.forward.rawValue }?.sequence ?? 0
            let notes = events.filter { $0.audience == .company && $0.sequence > since }.compactMap(\.note)
            let sealed = try db.sealedFields(of: Cases([record]))[record.complaint.id] ?? [:]
            return (record, notes, sealed, try db.disclosed(of: [record], to: bearer.company)[record.complaint.id])
        }
        let identity = try await identity(in: sealed, of: record)
        return try .json(
            ForwardedBody(record, notes: notes, identity, disclosed: disclosed, isNamed: true), version: record.version)
    }

    private func identity(in sealed: [SealedField: Data], of record: ComplaintRecord) async throws -> Identity? {
        try await service.keys.open(sealed.filter { $0.key == .identity }, of: record).identity
    }

    /// What happens for a company; it is not told which officer was faster.
    private func anonymously<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch CaseError.stale(let current, _) {
            throw CaseError.stale(current: current, by: nil)
        }
    }

    // MARK: Barriers and orders

    /// The platforms a company runs today.
    private func platforms(of company: String, _ campaign: Campaign) async throws -> [String] {
        let today = Day(service.now(), in: campaign.zone())
        return try await service.references.book().directory.registry.platforms
            .filter { $0.company(on: today) == company }.map(\.code)
    }

    @Sendable func barriers(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .read)
        let (id, campaign) = try await service.campaign(context)
        var filter = BarrierFilter()
        filter.platforms = try await platforms(of: bearer.company, campaign)
        // What is only alleged is no company's business yet.
        filter.isPublic = true
        return try await service.page(
            of: filter, try ObjectReader(query: request), id, campaign, for: .company, as: bearer.standing)
    }

    private func act(
        _ request: Request, _ context: Context, scope: CompanyBearer.Scope,
        _ read: @Sendable (ObjectReader) -> BarrierActionRoutes.Wanted
    ) async throws -> Response {
        let bearer = try context.company(for: scope)
        let number = try context.barrierNumber()
        let (id, campaign) = try await service.campaign(context)
        let versions = try request.expectedVersions()
        let body = try await Body(request)
        let wanted = read(body.reader)
        var terms = ActionTerms(ofCompany: body.reader, versions: versions)
        try body.finish()
        // Its words may be read again by it.
        terms.onBehalfOf = .company
        let platforms = try await platforms(of: bearer.company, campaign)
        let (book, now) = (try await service.references.book(), service.now())
        let seen = try await anonymously {
            try await service.databases.parties.transaction(as: bearer.standing) { [terms] db in
                guard let barrier = try db.barrier(number, campaign: id)?.barrier, barrier.remediation.isPublic,
                    platforms.contains(barrier.respondentPlatform)
                else { throw CaseError.notFound("barrier \(number)") }
                let record = try db.perform(
                    wanted.action, onBarrier: number, of: campaign.code, by: bearer.actor, terms, wanted.context,
                    book: book, at: now)
                return try db.seen(record, campaign, at: now)
            }
        }
        return try seen.answer(for: .company)
    }

    @Sendable func orders(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .read)
        let (id, campaign) = try await service.campaign(context)
        var filter = OrderFilter()
        filter.company = bearer.company
        filter.isServed = true
        return try await service.page(
            of: filter, try ObjectReader(query: request), id, campaign, for: .company, as: bearer.standing)
    }

    @Sendable func acknowledge(_ request: Request, context: Context) async throws -> Response {
        let bearer = try context.company(for: .respond)
        let number = try context.number(of: "order")
        let (id, campaign) = try await service.campaign(context)
        let versions = try request.expectedVersions()
        let (book, now) = (try await service.references.book(), service.now())
        let record = try await anonymously {
            try await service.databases.parties.transaction(as: bearer.standing) { db in
                guard let order = try db.order(number, campaign: id), order.order.company == bearer.company,
                    order.order.servedOn != nil
                else {
                    throw CaseError.notFound("order \(number)")
                }
                return try db.perform(
                    .acknowledge, onOrder: number, of: campaign.code, by: bearer.actor, ActionTerms(versions: versions),
                    book: book, at: now)
            }
        }
        return try .json(OrderBody(record, for: .company), version: record.version)
    }
}

extension String {
    /// Whether a link names any of these; it is left out then, because with a gap in it it would be another address.
    fileprivate func names(_ words: [String]) -> Bool {
        let plain = removingPercentEncoding ?? self
        return plain.without(words) != plain
    }
}

extension ForwardedBody {
    /// Without what tells who complains, but for the parts that were disclosed to the company.
    fileprivate init(
        _ record: ComplaintRecord, notes: [String], _ identity: Identity?, disclosed: Set<Identity.Field>?,
        isNamed: Bool
    ) {
        let filing = record.filing
        let hidden = Identity.Field.allCases.filter { disclosed?.contains($0) != true }
        let known = hidden.compactMap { identity?[$0] }
        self.init(
            record.complaint, reference: record.reference.description, version: record.version,
            campaign: record.campaign, narrative: redacted(filing.narrative, of: known), notes: notes)
        scene = filing.scene
        manner = filing.manner
        remedySought = filing.remedySought.map { redacted($0, of: known) }
        occurredOn = filing.occurredOn
        if isNamed { linkUrl = filing.linkURL.flatMap { $0.names(known) ? nil : $0 } }
        if let disclosed, isNamed, let identity {
            complainant = ComplainantBody(
                kind: filing.complainantKind, identity: identity.only(disclosed), ageBand: filing.ageBand,
                disclosesIdentity: true)
        }
    }
}
