import Casework
import Foundation
import TestSupport
import Testing

@testable import API

/// What HTTP promises to those who build on it.
struct ProtocolTests {
    @Test func `what has not changed is not sent again (G10)`() async throws {
        try await withServer { server in
            let path = "/v1/complaints/\(try await server.filed())"
            let tag = try #require(try await server.send("GET", path).headers["etag"])
            for list in [tag, "\"9\", W/\(tag)", "*"] {
                let same = try await server.send("GET", path, headers: ["If-None-Match": list])
                #expect(same.status == 304 && same.bytes.isEmpty && same.headers["etag"] == tag, "\(list)")
            }
            #expect(try await server.send("GET", path, headers: ["If-None-Match": "\"9\""]).status == 200)
            _ = try await server.send("POST", "\(path)/acceptance", "{}", headers: ["If-Match": tag])
            #expect(try await server.send("GET", path, headers: ["If-None-Match": tag]).status == 200)
        }
    }

    @Test func `a page has a size between one and two hundred (G17)`() async throws {
        try await withServer { server in
            for _ in 0..<3 { _ = try await server.filed() }
            let list = "/v1/complaints?campaign=internet-2021&page_size="
            for (size, count) in [("0", 3), ("1000000000", 3), ("2", 2)] {
                let page = try await server.send("GET", list + size)
                #expect(page.status == 200 && page.json["items"]?.array.count == count, "\(size)")
            }
            for size in ["-1", "x", "1.5", "9223372036854775808"] {
                let refused = try await server.send("GET", list + size)
                #expect((400...422).contains(refused.status) && refused.code != nil, "\(size): \(refused.status)")
            }
        }
    }

    @Test(arguments: ["1.0", "1e0", "1e2", "9223372036854775808", "-1", "0", "6", "\"3\"", "null", "[]"])
    func `a number that is no whole number in its range is refused (G26)`(rating: String) async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil).json
            let answer = try await server.send(
                "POST", "/v1/tracking/rating", "{\"rating\":\(rating)}", as: nil,
                headers: ["Tracking-Code": filed["tracking_code"]?.string ?? ""])
            #expect([400, 409, 422].contains(answer.status), "\(rating): \(answer.status)")
        }
    }

    @Test func `what a complainant is shown is kept nowhere and leads nowhere (G78)`() async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil)
            let code = ["Tracking-Code": filed.json["tracking_code"]?.string ?? ""]
            let shown = try await server.send("GET", "/v1/tracking", as: nil, headers: code)
            #expect(filed.headers["cache-control"] == "no-store" && shown.headers["cache-control"] == "no-store")
            #expect(shown.status == 200 && shown.headers["referrer-policy"] == "no-referrer")
            #expect(shown.headers["x-content-type-options"] == "nosniff")
        }
    }
}
