import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import Reports
import Store

/// The progress of a campaign, in the form the client asks for.
struct ReportRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/campaigns/:campaign/progress", offers: Self.offers, progress),
            Route(.get, "/v1/campaigns/:campaign/progress/cases", cases),
        ]
    }

    private static let offers: [MediaKind] = [.json, .html, .csv, .markdown]

    /// Officers see either edition of any day, everyone else the public one of the last whole week.
    @Sendable func progress(_ request: Request, context: Context) async throws -> Response {
        let kind = try MediaKind.negotiated(request, offers: Self.offers)
        let query = try ObjectReader(query: request)
        let asked = AskedReport(query)
        let edition = query.code("edition", as: ProgressReport.Edition.self)
        let language = query.code("language", as: Language.self) ?? .en
        let table = query.text("table", limit: 60)
        let profile = query.code("profile", as: Profile.self)
        query.passOver("format")
        query.finish()
        try query.faults.finish()
        let shown: ProgressReport?
        if context.officer == nil, edition != .internal, !asked.isParticular {
            shown = try await service.publicReports.report(of: context.campaign())
        } else {
            // A day of one's own would show single complaints in the differences, and an earlier moment is costly.
            _ = try context.officer(for: .read)
            try await refuseDayBeforeLaunch(asked, context)
            shown = try await service.databases.progress(
                of: context.campaign(), asOf: asked.day, knownAt: asked.moment, from: asked.begin,
                edition: edition ?? .internal)
        }
        guard let shown else { throw asked.notKnown(context.campaign()) }
        let form = Renderings.Form(
            kind: kind, language: language, table: kind == .csv ? table ?? "intake.total" : nil,
            isForExcel: kind == .csv && profile == .excel)
        var response = try await written(shown, form)
        // Beside the report, whose bytes are the same for ever: up to where history was signed when it was asked for.
        let note = try await service.databases.reads.withConnection { db in try db.latestCheckpoint() }
        response.headers[.logCheckpoint] = note.map { $0.split(separator: "\n").prefix(3).joined(separator: " ") }
        return response
    }

    private func written(_ shown: ProgressReport, _ form: Renderings.Form) async throws -> Response {
        if form.kind == .csv, let code = form.table, shown.table(code) == nil {
            let known = shown.tables.map(\.code).joined(separator: ", ")
            throw Problem.invalid([
                Fault(pointer: "?/table", code: "unknown", detail: "is none of the report's: \(known)")
            ])
        }
        let subject = Renderings.Subject.report(
            campaign: shown.campaign, edition: shown.edition, period: shown.period, knownAt: shown.knownAt)
        let load: @Sendable () async throws -> ProgressReport? = { shown }
        let bytes = try await service.renderings.bytes(of: subject, as: form, from: load) { shown in
            switch form.kind {
            case .html: shown.html(form.language)
            case .markdown: shown.markdown(form.language)
            case .json, .plain: String(decoding: shown.json(), as: UTF8.self)
            case .csv: shown.table(form.table ?? "").map { shown.csv($0, isForExcel: form.isForExcel) } ?? ""
            }
        }
        let written = bytes ?? ByteBuffer()
        return switch form.kind {
        case .html, .markdown: .bytes(written, as: form.kind)
        case .json, .plain: .file(written, as: .json, named: "\(shown.campaign)-\(shown.asOf).json")
        case .csv: .file(written, as: .csv, named: "\(form.table ?? "").csv")
        }
    }

    private enum Profile: String, CaseIterable {
        case data
        case excel
    }

    /// The complaints behind a number: a figure, and the code of its row.
    @Sendable func cases(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let query = try ObjectReader(query: request)
        let asked = AskedReport(query)
        let figure = query.requiredText("figure", limit: 80)
        let row = query.requiredText("row", limit: 200)
        let company = query.text("company", limit: 60)
        let limit = query.pageSize()
        query.finish()
        try query.faults.finish()
        guard let filter = SlotFilter(behind: figure, row: row, company: company) else {
            throw Problem.invalid([
                Fault(pointer: "?/figure", code: "unknown", detail: "does not count complaints by such a row")
            ])
        }
        try await refuseDayBeforeLaunch(asked, context)
        let found = try await service.databases.references(
            behind: filter, in: context.campaign(), asOf: asked.day, knownAt: asked.moment, from: asked.begin,
            limit: limit)
        guard let found else { throw asked.notKnown(context.campaign()) }
        return try .json(Page(items: found.map { CaseBehindBody(reference: $0.description) }))
    }

    /// Zeros for days before there was anything to count would look like figures.
    private func refuseDayBeforeLaunch(_ asked: AskedReport, _ context: Context) async throws {
        let campaign = context.campaign()
        guard let day = asked.day, let known = try await service.references.book().campaign(campaign)?.campaign,
            day < known.launchedOn
        else { return }
        throw Problem.invalid([
            Fault(
                pointer: "?/as_of", code: "out_of_range", detail: "lies before the campaign began, \(known.launchedOn)")
        ])
    }
}

/// Which report is asked for.
private struct AskedReport {
    let day: Day?
    let begin: Day?
    private(set) var moment: Date?

    /// Whether more than the state of now is asked for.
    var isParticular: Bool { day != nil || begin != nil || moment != nil }

    /// Why there is no report: no such campaign, or none yet at the moment that was asked for.
    func notKnown(_ campaign: String) -> Problem {
        guard let moment else { return .notFound("campaign \(campaign)") }
        return .notFound("campaign \(campaign), as known at \(moment.formatted(.iso8601))")
    }

    init(_ query: ObjectReader) {
        (begin, day) = query.days(from: "from", to: "as_of")
        guard let text = query.text("known_at", limit: 40) else { return }
        moment = Coding.preciseMoment(text)
        if let moment { _ = query.accepted(Day(moment, in: .gmt), "known_at") }
        if moment == nil { query.fault("known_at", "no_moment", "has to look like 2026-11-22T10:00:00Z") }
    }
}

extension HTTPField.Name {
    /// Origin, number of leaves and root of the latest signed checkpoint.
    fileprivate static let logCheckpoint = Self("Log-Checkpoint").unsafelyUnwrapped
}
