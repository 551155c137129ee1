import Casework
import Crypto
import Foundation
import NIOCore
import Reports
import Store

/// What everyone may see of a campaign: its state at the end of the last whole week, worked out at most once a minute.
///
/// Whoever could choose the day, or watch the figures move with every complaint, would see single ones in the differences.
struct PublicReports {
    /// A page with its entity tag.
    struct Page {
        let html: ByteBuffer
        let tag: String
    }

    private struct PageKey: Hashable {
        let campaign: String
        let language: Language
    }

    private let databases: Databases
    private let references: ReferenceCache
    private let now: @Sendable () -> Date
    /// One report of each of so many campaigns.
    private let reports = Remembered<String, ProgressReport>(for: .seconds(60), upTo: 64) { _ in 1 }
    /// The report behind a page is up to a minute old itself.
    private let pages = Remembered<PageKey, Page>(for: .seconds(60), upTo: 16 << 20) { $0.html.readableBytes }

    init(_ databases: Databases, _ references: ReferenceCache, now: @escaping @Sendable () -> Date) {
        self.databases = databases
        self.references = references
        self.now = now
    }

    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: `NotSummed` while the sums are not there, or as `Databases.progress`.
    func report(of code: String) async throws -> ProgressReport? {
        try await reports.value(code) { [databases, references, now] in
            guard let campaign = try await references.book().campaign(code)?.campaign else { return nil }
            let day = Day(now(), in: campaign.zone()).monday + -1
            return try await databases.progress(of: code, asOf: day, edition: .public, source: .sums)
        }
    }

    /// The same as a page in one language.
    ///
    /// - Returns: As ``report(of:)``.
    /// - Throws: As ``report(of:)``.
    func page(
        of code: String, _ language: Language,
        links: @escaping @Sendable (ProgressReport) async throws -> [(address: String, text: String)]
    ) async throws -> Page? {
        try await pages.value(PageKey(campaign: code, language: language)) {
            guard let report = try await report(of: code) else { return nil }
            let links = try await links(report)
            return try await databases.compute.run {
                let html = report.html(language, links: links)
                let digest = SHA256.hash(data: Data(html.utf8)).prefix(16)
                return Page(html: ByteBuffer(string: html), tag: "\"\(hexadecimal(Data(digest)))\"")
            }
        }
    }
}
