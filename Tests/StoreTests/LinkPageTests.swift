import Casework
import Postgres
import TestSupport
import Testing

@testable import Store

/// The database compares pages as the program does.
struct LinkPageTests {
    /// Every link of the tables, as it is stored.
    private static let links: [SharedLink] = {
        let texts =
            realityTable("links").map { $0["text"] }
            + realityTable("link-pairs").flatMap { [$0["first"], $0["second"]] }
        return texts.map { SharedLink($0, in: .shipped, excluding: nil, on: .on("2021-09-18")) }
    }()

    @Test func `the page of each link is the same in the database, in its index and in the program`() async throws {
        let links = Self.links.filter { $0.address != nil }
        #expect(links.count > 50)
        try await withStore { store in
            try await store.owner.withConnection { db in
                let pages = try db.all(
                    "SELECT \(pageOf("l")) FROM unnest(\(links.compactMap(\.address))) WITH ORDINALITY AS u(l, n) ORDER BY n"
                ) { row in try row.read(String.self) }
                #expect(pages == links.compactMap(\.page))
                let index = try db.first("SELECT pg_get_indexdef('complaint_by_page'::regclass)") { row in
                    try row.read(String.self)
                }
                // As the database prints the same expression.
                #expect(index?.contains("md5(substr(link_url, strpos(link_url, ':'::text)))") == true, "\(index ?? "")")
            }
        }
    }

    @Test func `a link that is stored is stored in the same form when it is read again`() {
        for link in Self.links {
            guard let address = link.address else { continue }
            #expect(Directory.shipped.normalizedLink(address) == address)
        }
    }
}
