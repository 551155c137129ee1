import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Who is who, for everyone.
struct ReferenceRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/campaigns", campaigns),
            Route(.get, "/v1/campaigns/:campaign", campaign),
            Route(.post, "/v1/campaigns/:campaign/closure", close),
            Route(.get, "/v1/campaigns/:campaign/categories", categories),
            Route(.get, "/v1/companies", companies),
            Route(.get, "/v1/companies/:company", company),
            Route(.get, "/v1/platforms", platforms),
            Route(.get, "/v1/payment-methods", methods),
        ]
    }

    @Sendable func campaigns(_ request: Request, context: Context) async throws -> Response {
        let book = try await service.references.book()
        let campaigns = book.data.campaigns.values.sorted { $0.launchedOn > $1.launchedOn }
        return try .json(Page(items: campaigns.map { CampaignBody($0, closedOn: book.closedOn[$0.code]) }))
    }

    @Sendable func campaign(_ request: Request, context: Context) async throws -> Response {
        let book = try await service.references.book()
        guard let (_, campaign) = book.campaign(context.campaign()) else {
            throw Problem.notFound("campaign \(context.campaign())")
        }
        return try .json(CampaignBody(campaign, closedOn: book.closedOn[campaign.code]))
    }

    @Sendable func categories(_ request: Request, context: Context) async throws -> Response {
        guard let (_, campaign) = try await service.references.book().campaign(context.campaign()) else {
            throw Problem.notFound("campaign \(context.campaign())")
        }
        return try .json(Page(items: campaign.categories.map { LabelBody($0) }))
    }

    /// Ends the taking of filings.
    ///
    /// A supervisor's decision.
    @Sendable func close(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .closeCampaign)
        guard let (id, campaign) = try await service.references.book().campaign(context.campaign()) else {
            throw Problem.notFound("campaign \(context.campaign())")
        }
        let body = try await Body(request)
        let day = body.reader.requiredDay("closed_on")
        try body.finish()
        try await service.databases.work.transaction { db in try db.closeCampaign(id, on: day, by: officer.actor) }
        service.references.forget()
        return try .json(CampaignBody(campaign, closedOn: day))
    }

    @Sendable func companies(_ request: Request, context: Context) async throws -> Response {
        let book = try await service.references.book()
        let companies = book.directory.registry.companies.sorted { $0.code < $1.code }
        return try .json(Page(items: companies.map { body($0, book) }))
    }

    @Sendable func company(_ request: Request, context: Context) async throws -> Response {
        let book = try await service.references.book()
        let code = context.segment("company") ?? ""
        let named = book.directory.party(named: code, on: today).company
        guard let company = book.directory.company(code) ?? named.flatMap(book.directory.company) else {
            throw Problem.notFound("company \(code)")
        }
        return try .json(body(company, book))
    }

    @Sendable func platforms(_ request: Request, context: Context) async throws -> Response {
        let directory = try await service.references.book().directory
        let platforms = directory.registry.platforms.sorted { $0.code < $1.code }
        return try .json(Page(items: platforms.map { PlatformBody($0, company: $0.company(on: today)) }))
    }

    @Sendable func methods(_ request: Request, context: Context) async throws -> Response {
        let directory = try await service.references.book().directory
        let methods = directory.registry.paymentMethods.sorted { $0.code < $1.code }
        return try .json(Page(items: methods.map(PaymentMethodBody.init)))
    }

    private func body(_ company: Registry.Company, _ book: ReferenceBook) -> CompanyBody {
        let platforms = book.directory.registry.platforms.filter { $0.company(on: today) == company.code }
        return CompanyBody(company, platforms: platforms.map(\.code).sorted())
    }

    private var today: Day { Day(service.now(), in: .gmt) }
}
