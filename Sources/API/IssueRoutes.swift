import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import Reports
import Store

/// Published reports: frozen, numbered, open to everyone in their public edition.
struct IssueRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/campaigns/:campaign/issues", list),
            Route(.post, "/v1/campaigns/:campaign/issues", publish),
            Route(.get, "/v1/campaigns/:campaign/issues/:number", offers: [.json, .html, .markdown], show),
        ]
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let query = try ObjectReader(query: request)
        let (pageSize, cursor) = try query.finishPage()
        let campaign = context.campaign()
        guard try await service.references.book().campaign(campaign) != nil else {
            throw Problem.notFound("campaign \(campaign)")
        }
        let name = "issues|\(campaign)"
        let isInternal = context.officer != nil
        let before = try cursor.map { try service.cursor.position($0, of: name) }
        let found = try await service.databases.reads.withConnection { db in
            try db.issues(of: campaign, before: before, limit: pageSize + 1)
        }
        return try .json(
            Page(found, size: pageSize, { IssueBody($0, of: campaign, isInternal: isInternal) }) {
                service.cursor.text(after: $0.number, of: name)
            })
    }

    /// A supervisor's decision.
    @Sendable func publish(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .publishReport)
        let body = try await Body(request)
        if !body.reader.has("as_of") { body.reader.fault("as_of", "missing", "is required") }
        let (begin, last) = body.reader.days(from: "from", to: "as_of")
        let corrected = body.reader.int("corrects", in: 1...Int(Int32.max))
        try body.finish()
        guard let day = last else { throw Problem.internalError }
        let campaign = context.campaign()
        let issue = try await service.databases.publish(
            campaign, asOf: day, from: begin, correcting: corrected, by: officer)
        guard let issue else { throw Problem.notFound("campaign \(campaign)") }
        let made = IssueBody(issue, of: campaign, isInternal: true)
        return try .json(made, status: .created, headers: [.location: made.link])
    }

    /// As it was published, byte for byte: the internal edition for officers, the public one for everyone.
    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let kind = try MediaKind.negotiated(request, offers: [.json, .html, .markdown])
        let query = try ObjectReader(query: request)
        let edition = query.code("edition", as: ProgressReport.Edition.self)
        let language = query.code("language", as: Language.self) ?? .en
        query.passOver("format")
        query.finish()
        try query.faults.finish()
        if edition == .internal || context.officer != nil { _ = try context.officer(for: .read) }
        let (campaign, number) = (context.campaign(), try context.number(of: "issue"))
        let isPublic = edition == .public || edition == nil && context.officer == nil
        guard let issue = try await head(number, campaign) else {
            throw Problem.notFound("issue \(number) of \(campaign)")
        }
        let form = Renderings.Form(kind: kind, language: kind == .json ? .en : language)
        guard let bytes = try await bytes(of: issue, in: campaign, isPublic: isPublic, as: form) else {
            throw Problem.notFound("issue \(number) of \(campaign)")
        }
        guard kind == .json else { return .bytes(bytes, as: kind) }
        return .file(bytes, as: .json, named: "\(campaign)-issue-\(number).json")
    }

    /// An issue without its document.
    private func head(_ number: Int, _ campaign: String) async throws -> ReportIssue? {
        let found = try await service.databases.reads.withConnection { db in
            try db.issues(of: campaign, before: number + 1, limit: 1)
        }
        return found.first { $0.number == number }
    }

    /// What is frozen is read and rendered once for each form and language.
    private func bytes(
        of issue: ReportIssue, in campaign: String, isPublic: Bool, as form: Renderings.Form
    ) async throws -> ByteBuffer? {
        let correction = form.kind == .html ? issue.correctedBy : nil
        let links = correction.map { [Self.link(toCorrection: $0, of: campaign, form.language)] } ?? []
        let subject = Renderings.Subject.issue(
            campaign: campaign, number: issue.number, isPublic: isPublic, correctedBy: correction)
        return try await service.renderings.bytes(of: subject, as: form) {
            try await service.databases.reads.withConnection { db in
                try db.issue(issue.number, of: campaign, isPublic ? .public : .internal)?.document
            }
        } _: { document in
            switch form.kind {
            case .html: try ProgressReport(json: document).html(form.language, links: links)
            case .markdown: try ProgressReport(json: document).markdown(form.language)
            case .json, .csv, .plain: String(decoding: document, as: UTF8.self)
            }
        }
    }
}

extension IssueRoutes {
    /// What was wrong in an issue stands in it for ever; its reader is told where it was put right.
    private static func link(
        toCorrection number: Int, of campaign: String, _ language: Language
    ) -> (address: String, text: String) {
        let words = Words(
            en: "Corrected by issue \(number)", zh: "已由总第\(number)期更正", vi: "Đã được số \(number) đính chính")
        return ("/v1/campaigns/\(campaign)/issues/\(number)?language=\(language.rawValue)", words[language])
    }
}

extension IssueBody {
    /// - Parameters:
    ///   - issue: What was published.
    ///   - campaign: Of which campaign.
    ///   - isInternal: Whether an officer asks.
    fileprivate init(_ issue: ReportIssue, of campaign: String, isInternal: Bool) {
        self.init(
            number: issue.number, year: issue.year, ofYear: issue.ofYear, corrects: issue.corrects,
            correctedBy: issue.correctedBy, asOf: issue.asOf, periodFrom: issue.periodFrom, knownAt: issue.knownAtText,
            sha256: isInternal ? hexadecimal(issue.digest) : nil,
            publicSha256: hexadecimal(issue.publicDigest), publishedBy: isInternal ? issue.publishedBy : nil,
            publishedAt: issue.publishedAt, checkpoint: issue.checkpoint,
            link: "/v1/campaigns/\(campaign)/issues/\(issue.number)")
    }
}
