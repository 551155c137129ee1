import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Reports
import Store

/// The progress of a campaign, in the form the client asks for.
struct ReportRoutes {
    let service: Service

    var routes: [Route] {
        [Route(.get, "/v1/campaigns/:campaign/progress", offers: Self.offers, progress)]
    }

    private static let offers: [MediaKind] = [.json, .html, .csv, .markdown]

    @Sendable func progress(_ request: Request, context: Context) async throws -> Response {
        _ = try context.reader()
        let kind = try MediaKind.negotiated(request, offers: Self.offers)
        let query = try ObjectReader(query: request)
        let day = query.day("as_of")
        var moment: Date?
        if let text = query.text("known_at", limit: 40) {
            moment = Coding.preciseMoment(text)
            if let known = moment, known < Date(timeIntervalSince1970: 946_684_800) {
                query.fault("known_at", "out_of_range", "lies before the year 2000")
            }
            if moment == nil { query.fault("known_at", "no_moment", "has to look like 2026-11-22T10:00:00Z") }
        }
        query.finish()
        try query.faults.finish()
        let code = context.campaign()
        guard
            let report = try await service.databases.progress(of: code, asOf: day, knownAt: moment)
        else { throw Problem.notFound("campaign \(code)") }
        switch kind {
        case .html: return .text(report.html(), as: .html)
        case .csv: return .text(report.csv(), as: .csv)
        case .markdown: return .text(report.markdown(), as: .markdown)
        case .json: return .text(String(decoding: try report.json(), as: UTF8.self), as: .json)
        }
    }
}
