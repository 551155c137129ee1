import Casework
import Contract
import Foundation
import Reports
import Store
import TestSupport
import Testing

/// The campaign of 2021 over HTTP: what companies said and did, and eighty complaints, in the order in which they
/// happened, and again with the timeline as late paper.
struct TimelineReplayTests {
    private struct Expectation: Decodable {
        var receivedOn: Day
        var should: String
    }

    private static let root = "/v1/campaigns/internet-2021"

    /// One thing that happened on a day.
    private enum Happening {
        case filing(JSON, Day, should: String)
        case deeds(TimelineEntry.Part, Day)

        var day: Day {
            switch self {
            case .filing(_, let day, _), .deeds(_, let day): day
            }
        }
    }

    private static func filings() throws -> [Happening] {
        let expected = try lines(of: "complaints-sample-expected.ndjson").map { line in
            try snakeCase.decode(Expectation.self, from: line)
        }
        let file = repository.appending(path: "Config/demo/complaints.ndjson")
        let bodies = try Data(contentsOf: file).split(separator: 0x0A).map { try JSON(parsing: Data($0)) }
        return zip(bodies, expected).map { .filing($0, $1.receivedOn, should: $1.should) }
    }

    private static func lines(of name: String) throws -> [Data] {
        try fixture(name).split(separator: 0x0A).map { Data($0) }
    }

    private static func deeds() throws -> [Happening] {
        try TimelineEntry.all().flatMap { entry in
            entry.barriers.map { .deeds($0, entry.on) }
        }
    }

    @Test func `in order of date, the campaign comes to what a clerk worked out`() async throws {
        let all = try Self.filings() + Self.deeds()
        // Sorting keeps the order of one day: filings first, then what companies did.
        try await replay(
            all.enumerated().sorted { ($0.element.day, $0.offset) < ($1.element.day, $1.offset) }.map(\.element))
    }

    @Test func `with the complaints first and the timeline as corrections, it comes to the same`() async throws {
        try await replay(Self.filings() + Self.deeds())
    }

    private func replay(_ happenings: [Happening]) async throws {
        try await withServer { server in
            for happening in happenings {
                switch happening {
                case .filing(let body, let day, let should): try await server.take(body, on: day, should: should)
                case .deeds(let part, let day): try await Self.take(part, on: day, server)
                }
            }
            let goldens = try TimelineState.all()
            for date in ["2021-09-17", "2021-09-28", "2021-10-31", "2021-11-30"] {
                try await Self.check(try #require(goldens[date]), at: date, server)
            }
            try await server.store.checkHistory()
        }
    }

    private static func take(_ part: TimelineEntry.Part, on day: Day, _ server: TestServing) async throws {
        var number = 0
        for deed in part.actions {
            var body: [String: JSON] = ["effective_on": .string(day.description), "reason": .string("paper")]
            var path = "\(root)/barriers/\(number)"
            switch deed.action {
            case "record":
                path = "\(root)/barriers"
                body["kind"] = .string(part.kind.rawValue)
                body["respondent_platform"] = .string(part.respondentPlatform)
                body["target"] = .string(part.target)
                body["scene"] = .string(part.scene)
            case "observe":
                path += "/observations"
                body = ["observed_on": .string(day.description)]
                body["result"] = .string(deed.result?.rawValue ?? "")
                body["method"] = .string(deed.method?.rawValue ?? "")
            case "order":
                path = "\(root)/orders"
                body["company"] = .string(try await server.owner(of: part.respondentPlatform))
                body["barriers"] = .array([.object(["number": .int(number), "due": .string("5wd")])])
            case "await": (path, body["company"]) = ("\(path)/wait", .string(deed.company ?? ""))
            case "claim": (path, body["coverage"]) = ("\(path)/claim", deed.coveragePercent.map { .int($0) } ?? .null)
            case "verify_partly": path += "/partial-verification"
            default:
                let names = [
                    "confirm": "confirmation", "undertake": "undertaking", "start": "start", "refute": "refutation",
                ]
                path += "/\(try #require(names[deed.action]))"
            }
            if number == 0, deed.action != "record" {
                number = try await server.number(of: part.respondentPlatform, part.target, part.scene)
                path = path.replacing("/barriers/0", with: "/barriers/\(number)")
                if deed.action == "order" {
                    body["barriers"] = .array([.object(["number": .int(number), "due": .string("5wd")])])
                }
            }
            let text = JSON.object(body.filter { $0.value != .null }).canonicalText
            let answer = try await server.send("POST", path, text, headers: ["If-Match": "*"])
            let isFine = (200..<300).contains(answer.status)
            #expect(isFine, "\(day) \(deed.action) \(part): \(String(decoding: answer.bytes, as: UTF8.self))")
            if deed.action == "record" { number = answer.json["number"]?.int ?? 0 }
        }
    }

    private static func check(_ goldens: [TimelineState], at date: String, _ server: TestServing) async throws {
        let bytes = try await server.send("GET", "\(root)/progress?as_of=\(date)").bytes
        let report = try ProgressReport(json: bytes)
        for golden in goldens {
            let table = try #require(
                report.table(
                    golden.kind == .blockedLink
                        ? "barriers.links" : golden.kind == .refusedPayment ? "barriers.payments" : "barriers.practices"
                ))
            func cell(_ row: [Cell], _ column: String) -> Cell? { table.index(of: column).map { row[$0] } }
            let found = table.rows.first { row in
                cell(row, "respondent") == .code("platform:\(golden.respondentPlatform)")
                    && cell(row, "target") == .code(golden.target)
                    && cell(row, "scene") == .code("scene:\(golden.scene)")
            }
            let name = "\(date) \(golden.respondentPlatform) \(golden.target) \(golden.scene)"
            let row = try #require(found, "\(name)")
            #expect(cell(row, "remediation") == .code("remediation:\(golden.remediation.rawValue)"), "\(name)")
            #expect(cell(row, "observed") == .code("observed:\(golden.observed.rawValue)"), "\(name)")
            #expect(cell(row, "awaited") == (golden.waitingFor.map { .code("company:\($0)") } ?? Cell.none), "\(name)")
            #expect(cell(row, "coverage") == (golden.claimedCoveragePercent.map(Cell.percent) ?? Cell.none), "\(name)")
        }
    }
}

extension TestServing {
    /// Files a complaint on a day, and lets an officer decide as a clerk would.
    fileprivate func take(_ body: JSON, on day: Day, should: String) async throws {
        guard case .object(var members) = body else { return }
        members["received_on"] = .string(day.description)
        let key = UUID().uuidString
        let filed = try await send(
            "POST", "/v1/complaints", JSON.object(members).canonicalText, headers: ["Idempotency-Key": "\"\(key)\""])
        #expect(filed.status == 201, "\(String(decoding: filed.bytes, as: UTF8.self))")
        guard should == "accept", let reference = filed.json["reference"]?.string else { return }
        let category: String = filed.json["category"]?.string == nil ? #","category":"user_rights""# : ""
        let body = #"{"effective_on":"\#(day)","reason":"paper"\#(category)}"#
        let accepted = try await send(
            "POST", "/v1/complaints/\(reference)/acceptance", body, headers: ["If-Match": "*"])
        #expect(accepted.status == 200, "\(String(decoding: accepted.bytes, as: UTF8.self))")
    }

    fileprivate func owner(of platform: String) async throws -> String {
        let book = try await store.book()
        return book.directory.platform(platform)?.company(on: .on("2021-09-09")) ?? ""
    }

    fileprivate func number(of platform: String, _ target: String, _ scene: String) async throws -> Int {
        let path = "/v1/campaigns/internet-2021/barriers?platform=\(platform)&target=\(target)&scene=\(scene)"
        return try await send("GET", path).json["items"]?[0]?["number"]?.int ?? 0
    }
}
