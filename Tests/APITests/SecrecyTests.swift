import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What is not for someone does not exist for that one, and of what is, only the members that are meant.
struct SecrecyTests {
    /// The paths of all members, with `[]` for the elements of a list.
    private func members(_ json: JSON, _ path: String = "") -> Set<String> {
        switch json {
        case .object(let members):
            members.reduce(into: []) { found, member in
                let own = path.isEmpty ? member.key : "\(path).\(member.key)"
                found.formUnion(member.value == .null ? [] : [own])
                found.formUnion(self.members(member.value, own))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(members($1, path + "[]")) }
        default: []
        }
    }

    /// A complaint in which nothing is left out, as far as one kind has it.
    private static let full = filing([
        "client_reference": .string("own-1"), "remedy_sought": .string("open it"), "language": .string("zh-CN"),
        "scenario": .string("discriminatory_blocking"), "category": .string("market_order"),
        "blocked_link": .object([
            "text": .string("看看 https://item.taobao.com/item.htm?id=1 ￥AbCd1234￥"), "scene": .string("group"),
            "block": .string("interstitial_hard"), "control_text": .string("https://item.jd.com/2.html"),
        ]),
        "environment": .object([
            "app_version": .string("8.0.14"), "os": .string("iOS 15"), "region": .string("CN-GD"),
            "account_type": .string("personal"),
        ]),
        "consent": .object(["publish_narrative": .bool(true), "privacy_notice": .string("2021-09")]),
    ])

    @Test func `who reads a complaint gets these members and no others (G71)`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let filed = try await cast.send(
                "POST", "/v1/complaints", Self.full, as: cast.filer, ["Idempotency-Key": UUID().uuidString])
            #expect(filed.status == 201, "\(String(decoding: filed.bytes, as: UTF8.self))")
            let reference = filed.json["reference"]?.string ?? ""
            let complainant = ["Tracking-Code": filed.json["tracking_code"]?.string ?? ""]
            try await cast.bring(
                reference,
                through: [
                    ("acceptance", "{}"), ("messages", #"{"message":"we ask them"}"#),
                    ("notes", #"{"reason":"for the company","audience":"company"}"#), ("forwarding", "{}"),
                    ("response", #"{"answer":"rejected","ground":"fraud","reason":"they sell fakes"}"#),
                    ("assignment", #"{"officer":"officer-gd"}"#),
                ])
            let readers: [(String, [String: String], String)] = [
                ("officer", cast["officer-gd"], "/v1/complaints/\(reference)"),
                ("auditor", cast["auditor-gd"], "/v1/complaints/\(reference)"),
                ("company", cast["company"], "/v1/company/complaints/\(reference)"),
                ("complainant", complainant, "/v1/tracking"),
            ]
            var seen: [Set<String>] = []
            for (name, headers, path) in readers {
                let answer = try await cast.send("GET", path, as: headers)
                #expect(answer.status == 200, "\(name)")
                seen.append(members(answer.json))
            }
            let list = try await cast.send(
                "GET", "/v1/filer/campaigns/internet-2021/complaints", as: cast.filer)
            seen.append(members(list.json["items"]?[0] ?? .null))
            let rows = seen.reduce(Set()) { $0.union($1) }.sorted().map { path in
                (path, seen.map { $0.contains(path) ? "yes" : "-" })
            }
            try expect(matrix(readers.map(\.0) + ["filer"], rows), matches: "members")
        }
    }

    @Test func `what belongs to others looks like what was never there (G66)`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (reference, code) = try await cast.filed()
            try await cast.bring(reference, through: [("acceptance", "{}"), ("forwarding", "{}")])
            let begun = try await cast.send("POST", "/v1/imports", #"{"campaign":"internet-2021"}"#, as: cast.filer)
            let id = begun.json["id"]?.string ?? ""
            let (nobody, nothing) = (
                Reference(prefix: "IR21", number: 99_999).description, UUID().uuidString.lowercased()
            )
            let pairs: [(whose: String, method: String, foreign: String, missing: String)] = [
                ("other company", "GET", "/v1/company/complaints/\(reference)", "/v1/company/complaints/\(nobody)"),
                (
                    "other company", "POST", "/v1/company/complaints/\(reference)/response",
                    "/v1/company/complaints/\(nobody)/response"
                ),
                ("other filer", "GET", "/v1/imports/\(id)", "/v1/imports/\(nothing)"),
                ("officer-gd", "GET", "/v1/imports/\(id)", "/v1/imports/\(nothing)"),
            ]
            for pair in pairs {
                let body = pair.method == "POST" ? #"{"answer":"accepted"}"# : nil
                func ask(_ path: String) async throws -> (TestServing.Answer, String) {
                    let answer = try await cast.send(pair.method, path, body, as: cast[pair.whose], ["If-Match": "*"])
                    var text = String(decoding: answer.bytes, as: UTF8.self)
                    for known in [reference, nobody, id, nothing, answer.json["request_id"]?.string ?? "-"] {
                        text = text.replacing(known, with: "…")
                    }
                    return (answer, text)
                }
                let (foreign, missing) = (try await ask(pair.foreign), try await ask(pair.missing))
                #expect(foreign.0.status == 404 && foreign.1 == missing.1, "\(pair)")
                #expect(foreign.0.headers.keys.sorted() == missing.0.headers.keys.sorted(), "\(pair)")
                try await checkTimes(pair.foreign, pair.missing) { path in _ = try await ask(path) }
            }
            // A code that is wrong by one letter, and one that was never given.
            let wrong = code.dropLast() + (code.hasSuffix("8") ? "9" : "8")
            for text in [String(wrong), "00000-00000-00000-00000-00000-0"] {
                let answer = try await cast.send("GET", "/v1/tracking", as: ["Tracking-Code": text])
                #expect(answer.status == 404 || answer.status == 401, "\(text)")
            }
        }
    }

    /// Whether something is there must not show in the time either; one that does more would take twice as long.
    ///
    /// Both are asked in turn, so that other load on the machine slows both. What it adds by chance is not in five rounds
    /// one after another.
    private func checkTimes(
        _ foreign: String, _ missing: String, _ ask: (String) async throws -> Void
    ) async throws {
        var ratios: [Double] = []
        for _ in 0..<5 {
            var times: (foreign: [Duration], missing: [Duration]) = ([], [])
            for _ in 0..<60 {
                times.foreign.append(try await ContinuousClock().measure { try await ask(foreign) })
                times.missing.append(try await ContinuousClock().measure { try await ask(missing) })
            }
            ratios.append(times.foreign.sorted()[30] / times.missing.sorted()[30])
            if (0.5...2).contains(ratios.last ?? 0) { return }
        }
        Issue.record("\(foreign) takes \(ratios) times as long as what is not there")
    }

    @Test func `two filers may use the same reference of their own, and neither hears of the other (G69)`() async throws
    {
        try await withServer { server in
            let cast = try await Cast(on: server)
            func file(_ name: String) async throws -> TestServing.Answer {
                try await cast.send(
                    "POST", "/v1/complaints", filing(["client_reference": .string("2021-001")]), as: cast[name],
                    ["Idempotency-Key": UUID().uuidString])
            }
            let (first, second) = (try await file("filer"), try await file("other filer"))
            #expect(first.status == 201 && second.status == 201)
            #expect(first.json["reference"] != second.json["reference"])
            // Its own it is told, whatever others called theirs.
            let own = try await file("filer")
            #expect(own.status == 200 || own.status == 409)
            #expect(own.json["reference"] == nil || own.json["reference"] == first.json["reference"])
            for name in ["filer", "other filer"] {
                let list = try await cast.send(
                    "GET", "/v1/filer/campaigns/internet-2021/complaints", as: cast[name])
                #expect(list.json["items"]?.array.count == 1)
            }
        }
    }
}
