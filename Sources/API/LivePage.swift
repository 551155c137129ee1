import Casework
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Reports
import Store

/// The public edition of the progress report as a page for everyone, made at most once a minute for each language.
struct LivePage {
    let service: Service

    var routes: [Route] { [Route(.get, "/campaigns/:campaign", offers: [.html], show)] }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let query = try ObjectReader(query: request)
        let asked = query.code("language", as: Language.self)
        query.finish()
        try query.faults.finish()
        let language = asked ?? Self.preferred(request.headers[.acceptLanguage])
        let campaign = context.campaign()
        let page = try await service.publicReports.page(of: campaign, language) { report in
            try await links(report, language)
        }
        guard let page else { throw Problem.notFound("campaign \(campaign)") }
        return Response(
            status: .ok,
            headers: [
                .contentType: MediaKind.html.contentType, .cacheControl: "public, max-age=60", .eTag: page.tag,
                .contentLanguage: language.rawValue, .vary: "Accept-Language",
            ], body: .init(byteBuffer: page.html))
    }

    /// The latest issues, to which a page of the present leads.
    private static let issuesLinked = 12

    /// The page in other languages, its figures as data, and what was published.
    private func links(
        _ report: ProgressReport, _ language: Language
    ) async throws -> [(address: String, text: String)] {
        let campaign = report.campaign
        let issues = try await service.databases.reads.withConnection { db in
            try db.issues(of: campaign, before: nil, limit: Self.issuesLinked)
        }
        let data = "/v1/campaigns/\(campaign)/progress"
        // A report without complaints has no weeks, and no table of them.
        let table = report.table("intake.week") == nil ? "intake.total" : "intake.week"
        return Language.allCases.map { ("?language=\($0.rawValue)", Self.name(of: $0)) }
            + [(data + "?format=json", "JSON"), (data + "?format=csv&table=\(table)", "CSV")]
            + issues.map { issue in
                let address = "/v1/campaigns/\(campaign)/issues/\(issue.number)?language=\(language.rawValue)"
                return (address, "\(issue.ofYear)/\(issue.year) (\(issue.asOf))")
            }
    }

    private static func name(of language: Language) -> String {
        switch language {
        case .en: "English"
        case .zh: "中文"
        case .vi: "Tiếng Việt"
        }
    }

    /// The first of the client's languages that there is; English where none is.
    private static func preferred(_ header: String?) -> Language {
        let wishes = (header ?? "").split(separator: ",").map { wish in
            let parts = wish.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (parts.first ?? "", quality)
        }
        for (wish, quality) in wishes.sorted(by: { $0.1 > $1.1 }) where quality > 0 {
            if let language = Language.allCases.first(where: { wish.hasPrefix($0.rawValue.prefix(2).lowercased()) }) {
                return language
            }
        }
        return .en
    }
}
