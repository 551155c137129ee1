import Foundation
import TestSupport
import Testing

/// What the server shows in a browser.
struct PageTests {
    @Test func `the page of the API opens without a network and shuts nobody out (G30)`() async throws {
        try await withServer { server in
            let page = try await server.send("GET", "/docs", as: nil)
            let html = String(decoding: page.bytes, as: UTF8.self)
            #expect(!html.contains("src="), "nothing is loaded from anywhere")
            #expect(try await Browser.violations(of: html) == [])
        }
    }
}
