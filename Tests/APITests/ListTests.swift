import Casework
import Foundation
import TestSupport
import Testing

/// In which order complaints are listed, and what is said of days.
struct ListTests {
    @Test func `the newest is what was received last, not what was entered last`() async throws {
        try await withServer { server in
            var byDay: [(day: String, reference: String)] = []
            for day in ["2021-09-08", "2021-09-22", "2021-09-20", "2021-09-21", "2021-09-20"] {
                byDay.append((day, try await server.filed(["received_on": .string(day)])))
            }
            let expected = byDay.sorted { ($0.day, $0.reference) > ($1.day, $1.reference) }.map(\.reference)
            func list(_ sort: String) async throws -> [String] {
                var (seen, cursor): ([String], String?) = ([], nil)
                repeat {
                    let path = "/v1/complaints?campaign=internet-2021&page_size=2\(sort)"
                    let page = try await server.send("GET", path + (cursor.map { "&cursor=\($0)" } ?? "")).json
                    seen += page["items"]?.array.compactMap { $0["reference"]?.string } ?? []
                    cursor = page["next"]?.string
                } while cursor != nil
                return seen
            }
            for sort in ["", "&sort=newest", "&status=received", "&barrier=1", "&received_from=2021-09-01"] {
                #expect(try await list(sort) == expected, "\(sort)")
            }
            #expect(try await list("&sort=oldest") == expected.reversed())
            #expect(try await list("&sort=oldest&received_from=2021-09-21") == expected.prefix(2).reversed())
        }
    }

    @Test func `what is refused for an earlier day says as of which day`() async throws {
        try await withServer { server in
            let reference = try await server.filed(["received_on": .string("2021-09-08")])
            let (path, tag) = ("/v1/complaints/\(reference)", ["If-Match": "*"])
            func act(_ resource: String, _ more: String = "", _ day: String? = "2021-09-20") async throws -> String {
                let on = day.map { #""effective_on":"\#($0)","# } ?? ""
                let answer = try await server.send(
                    "POST", "\(path)/\(resource)", "{\(on)\"reason\":\"paper\"\(more)}", headers: tag)
                #expect(answer.status == 409 || answer.status == 422, "\(resource)")
                return answer.json["detail"]?.string ?? ""
            }
            #expect(try await act("forwarding").hasPrefix("As of 2021-09-20: “forward” cannot be done while it is"))
            #expect(try await act("closure", #","outcome":"remediated""#).hasPrefix("As of 2021-09-20: "))
            #expect(try await act("forwarding", "", nil).hasPrefix("“forward” cannot be done"))
            let early = try await act("acceptance", "", "2021-09-01")
            #expect(early.hasPrefix("It cannot take effect on 2021-09-01"), "it names the day already")
            let bulk = """
                {"action":"forwarding","references":["\(reference)"],"effective_on":"2021-09-20","reason":"paper"}
                """
            let result = try await server.send("POST", "/v1/bulk-actions", bulk).json["items"]?[0]
            #expect(result?["problem"]?["detail"]?.string?.hasPrefix("As of 2021-09-20: ") == true)
        }
    }
}
