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

/// Filters that are refused say what would be right.
struct FilterFaultTests {
    @Test(arguments: [
        ("complaints?campaign=internet-2021&platform=WeChat2", "?/platform unknown_code", "such as wechat"),
        ("complaints?campaign=internet-2021&target=x", "?/target unknown_code", "such as wechat"),
        ("complaints?campaign=internet-2021&company=x", "?/company unknown_code", "such as tencent"),
        ("complaints?campaign=internet-2021&method=x", "?/method unknown_code", "such as wechat_pay"),
        ("complaints?campaign=internet-2021&office=x", "?/office unknown_code", "the offices are centre"),
        ("complaints?campaign=internet-2021&category=x", "?/category unknown_code", "known: "),
        ("complaints?campaign=internet-2021&scenario=x", "?/scenario unknown_code", "known: "),
        ("complaints?campaign=internet-2021&officer=x", "?/officer unknown_code", "“me” or “none”"),
        (
            "complaints?campaign=internet-2021&received_from=2021-09-18&received_to=2021-09-17",
            "?/received_from out_of_range", "exchange"
        ),
        (
            "complaints?campaign=internet-2021&due_from=2021-09-18&due_to=2021-09-17", "?/due_from out_of_range",
            "exchange"
        ),
        ("campaigns/internet-2021/progress?from=2021-10-02&as_of=2021-10-01", "?/from out_of_range", "exchange"),
        ("campaigns/internet-2021/barriers?platform=x", "?/platform unknown_code", "such as wechat"),
    ])
    func `a filter that fits nothing is refused with the right form`(
        wrong: (path: String, fault: String, words: String)
    ) async throws {
        try await withServer { server in
            let answer = try await server.send("GET", "/v1/\(wrong.path)")
            #expect(answer.faults == [wrong.fault], "\(answer.json)")
            let detail = answer.json["errors"]?[0]?["detail"]?.string ?? answer.json["detail"]?.string
            #expect(detail?.contains(wrong.words) == true, "\(answer.json)")
        }
    }
}
