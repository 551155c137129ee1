import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

struct ReferenceTests {
    @Test func `the shipped files are loaded and can be read back`() async throws {
        try await withStore { store in
            let book = try await store.book()
            #expect(book.directory.registry.platforms.count == 56)
            #expect(book.campaign("internet-2021")?.campaign.prefix == "IR21")
        }
    }
}
