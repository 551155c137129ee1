import Casework
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Reports
import Store

/// The public edition of the progress report as a page for everyone, made at most once a minute for each language.
struct LivePage {
    let service: Service
    private let pages = Pages()

    init(service: Service) {
        self.service = service
    }

    var routes: [Route] { [Route(.get, "/campaigns/:campaign", offers: [.html], show)] }

    /// How long a page is shown as it is.
    private static let life: Duration = .seconds(60)

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let query = try ObjectReader(query: request)
        let asked = query.code("language", as: Language.self)
        query.finish()
        try query.faults.finish()
        let language = asked ?? Self.preferred(request.headers[.acceptLanguage])
        let page = try await pages.page(PageKey(campaign: context.campaign(), language: language)) { key in
            guard let report = try await service.publicReports.report(of: key.campaign) else { return nil }
            let links = Language.allCases.map { (address: "?language=\($0.rawValue)", text: Self.name(of: $0)) }
            let address = "/v1/campaigns/\(key.campaign)/progress"
            return report.html(
                key.language, links: links + [(address, "JSON"), (address + "?table=intake.week", "CSV")])
        }
        guard let page else { throw Problem.notFound("campaign \(context.campaign())") }
        return Response(
            status: .ok,
            headers: [
                .contentType: MediaKind.html.contentType, .cacheControl: "public, max-age=60", .eTag: page.tag,
                .contentLanguage: language.rawValue, .vary: "Accept-Language",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'", .referrerPolicy: "no-referrer",
            ], body: .init(byteBuffer: ByteBuffer(string: page.html)))
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

    fileprivate struct PageKey: Hashable {
        let campaign: String
        let language: Language
    }

    fileprivate struct Page {
        let html: String
        let tag: String
        let made: ContinuousClock.Instant
    }

    /// Pages that were made; whoever asks while one is being made waits for that one.
    private actor Pages {
        private var pages: [PageKey: Page] = [:]
        private var making: [PageKey: Task<Page?, any Error>] = [:]

        func page(
            _ key: PageKey, _ make: @escaping @Sendable (PageKey) async throws -> String?
        ) async throws -> Page? {
            if let page = pages[key], page.made.duration(to: .now) < LivePage.life { return page }
            if let task = making[key] { return try await task.value }
            let task = Task { () throws -> Page? in
                guard let html = try await make(key) else { return nil }
                let digest = SHA256.hash(data: Data(html.utf8)).prefix(16)
                return Page(html: html, tag: "\"\(hexadecimal(Data(digest)))\"", made: .now)
            }
            making[key] = task
            defer { making[key] = nil }
            guard let page = try await task.value else { return nil }
            pages[key] = page
            return page
        }
    }
}
