import AsyncHTTPClient
import Casework
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// What operators see of a server.
struct OperationTests {
    @Test func `figures can be read by Prometheus, and name nobody (G32)`() async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil).json
            let code = filed["tracking_code"]?.string ?? ""
            let reference = filed["reference"]?.string ?? ""
            _ = try await server.send("GET", "/v1/tracking", as: nil, headers: ["Tracking-Code": code])
            _ = try await server.send("GET", "/v1/complaints/\(reference)?who=xiaohe@example.cn")
            _ = try await server.send("GET", "/nothing/\(reference)")
            _ = try await server.send("BREW", "/v1/complaints")
            let page = try await server.metrics()
            let samples = try PrometheusPage(page).samples
            #expect(
                samples["rectify_http_requests_total{method=\"POST\",route=\"/v1/complaints\",status=\"201\"}"] == 1)
            #expect(
                samples[
                    "rectify_http_requests_total{method=\"GET\",route=\"/v1/complaints/{reference}\",status=\"200\"}"]
                    == 1)
            #expect(samples["rectify_http_requests_total{method=\"GET\",route=\"NotFound\",status=\"404\"}"] == 1)
            #expect(samples["rectify_report_sums_known_at_seconds{campaign=\"internet-2021\"}"] == nil, "none begun")
            let begun = Date()
            try await ReportSums(server.store.databases, references: server.store.references).bringUp()
            let later = try PrometheusPage(try await server.metrics()).samples
            let summed = later["rectify_report_sums_known_at_seconds{campaign=\"internet-2021\"}"] ?? 0
            #expect((begun.timeIntervalSince1970 - 1...Date().timeIntervalSince1970 + 1).contains(summed))
            #expect(samples["rectify_filings_written_total"] == 1 && samples["rectify_filing_batches_total"] == 1)
            #expect(samples["rectify_database_connections_at_most{pool=\"health\"}"] == 1)
            #expect((samples["process_resident_memory_bytes"] ?? 0) > 1_000_000)
            for secret in [reference, code, "xiaohe", "BREW", filed["id"]?.string ?? "?"] {
                #expect(!page.contains(secret), "\(secret)")
            }
            #expect(try await server.send("GET", "/metrics", as: nil).status == 404, "not where everyone asks")
        }
    }

    @Test func `a request is logged under its client's trace, or under a new one (G31)`() async throws {
        let pages = Pages()
        let logger = Logger(label: "test") { _ in pages }
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let parent = "00f067aa0ba902b7"
        try await withServer(logger: logger) { server in
            let none = String(repeating: "0", count: 32)
            for header in [
                "00-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01-more", "00-\(none)-\(parent)-01",
                "00-\(trace)-0000000000000000-01", "ff-\(trace)-\(parent)-01", "00-\(trace.uppercased())-\(parent)-01",
                "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)", "nonsense",
            ] {
                let answer = try await server.send("GET", "/livez", headers: ["traceparent": header])
                #expect(answer.status == 200)
            }
        }
        let traces = pages.all.compactMap { $0.firstMatch(of: /trace_id=([0-9a-f]{32})\b/)?.output.1 }
        #expect(traces.count == 9 && traces.prefix(2).allSatisfy { $0 == trace })
        #expect(Set(traces).count == 8 && !traces.contains(String(repeating: "0", count: 32)[...]))
    }

    @Test func `the log names who asked: officer, company or filer, also where that was refused`() async throws {
        let pages = Pages()
        try await withServer(logger: Logger(label: "test") { _ in pages }) { server in
            let keys = try await server.store.databases.work.transaction { db in
                [
                    try db.issueKey(to: "tencent", named: "desk", scopes: [.read], lasting: 1, at: Date()).secret,
                    try db.issueKey(toFiler: "council", scopes: [.file], lasting: 1, at: Date()).secret,
                ]
            }
            func ask(_ path: String, _ key: String?) async throws {
                let headers = key.map { ["Authorization": "Bearer \($0)"] } ?? [:]
                _ = try await server.send("GET", path, as: nil, headers: headers)
            }
            let officer = server.tokens[.officer]
            try await ask("/v1/campaigns/internet-2021/queues", officer)
            try await ask("/v1/filer/webhook", officer)
            try await ask("/v1/company/campaigns/internet-2021/complaints", keys[0])
            try await ask("/v1/session", keys[0])
            try await ask("/v1/filer/campaigns/internet-2021/complaints", keys[1])
            try await ask("/v1/filer/webhook", keys[1])
            try await ask("/v1/session", "rfk_unknown")
            try await ask("/v1/campaigns", nil)
        }
        let named = pages.all.filter { $0.contains("request answered") }.map { line in
            let who = line.firstMatch(of: /(officer|company|filer)=(\S+)/).map { "\($0.output.1) \($0.output.2)" }
            return "\(line.firstMatch(of: /status=(\d+)/)?.output.1 ?? "") \(who ?? "nobody")"
        }
        #expect(
            named == [
                "200 officer test-officer", "403 officer test-officer", "200 company tencent", "403 company tencent",
                "200 filer council", "403 filer council", "401 nobody", "200 nobody",
            ])
    }

    @Test func `with too many under way a filing is turned away at its head, and the connection goes on (G40)`()
        async throws
    {
        let pages = Pages()
        try await withServer(filingsAtOnce: 0, logger: Logger(label: "test") { _ in pages }) { server in
            for _ in 0..<3 {
                let away = try await server.file(as: nil)
                #expect(away.status == 503 && away.code == "unavailable" && away.headers["retry-after"] == "1")
                #expect(away.headers["x-request-id"] == away.json["request_id"]?.string)
                #expect(away.headers["cache-control"] == "no-store")
            }
            let batch = try await server.send(
                "POST", "/v1/complaint-batches?a=1", "{\"items\":[\(filing())]}", as: nil)
            #expect(batch.status == 503)
            #expect(try await server.send("GET", "/v1/campaigns", as: nil).status == 200, "whoever reads is let in")
            let counted = "rectify_http_requests_total{method=\"POST\",route=\"/v1/complaints\",status=\"503\"} 3"
            #expect(try await server.metrics().contains(counted))
        }
        #expect(pages.all.filter { $0.contains("turned away") }.count == 1, "one line in ten seconds")
    }

    /// What must stand in no answer: our files, our SQL, our libraries and their versions.
    private static let telltales = [
        ".swift", "Sources/", "SELECT ", "INSERT ", "UPDATE ", "pg_", "libpq", "Hummingbird", "SwiftNIO", "NIOCore",
        "/tmp/", "/home/", "/root/", "Fatal error", "constraint", "relation \"", "PostgresError", "Swift.",
    ]

    @Test func `no answer tells how it was made, whatever was sent (G43)`() async throws {
        let bodies = [
            "", "{", "[]", "null", "{\"x\":1}", "\u{FEFF}{}", "{\"a\":1,\"a\":2}", "{\"narrative\":\"\\u0000\"}",
            "{\"campaign\":\"'; DROP TABLE complaint; --\"}", "{\"campaign\":{\"a\":[1e999]}}",
            String(repeating: "[", count: 600), "{\"officer\":-1,\"reason\":\"\\ud800\"}", "a,b\n1,2",
        ]
        try await withServer { server in
            let service = Service(
                databases: server.store.databases, references: server.store.references, keys: server.store.keys)
            let reference = try await server.filed()
            var (count, statuses) = (0, Set<Int>())
            for route in routes(service) where !["/docs", "/openapi.json", "/v1/events"].contains(route.path) {
                for (index, body) in bodies.enumerated() {
                    let odd = ["x", "%00", "9999999999999999999", "..%2F..", "'", reference][(index + count) % 6]
                    let path = route.path.replacing(/:\w+/) { match in
                        match.output == ":reference" ? reference : match.output == ":campaign" ? "internet-2021" : odd
                    }
                    let query = ["", "?campaign=%27", "?cursor=AAAA", "?page_size=1e9", "?sort=%00", "?a=%ff"][
                        index % 6]
                    let answer = try await server.send(
                        route.method.rawValue, path + query, route.method == .get ? nil : body, as: .supervisor,
                        headers: ["Idempotency-Key": "\"\(UUID().uuidString)\"", "If-Match": "\"1\""])
                    let text = String(decoding: answer.bytes, as: UTF8.self) + "\(answer.headers)"
                    for telltale in Self.telltales {
                        #expect(
                            !text.contains(telltale),
                            "\(route.method) \(path)\(query): \(telltale) in \(text.prefix(300))")
                    }
                    #expect(answer.status != 500, "\(route.method) \(path)\(query) \(body.prefix(40))")
                    if answer.status >= 400 {
                        #expect(
                            answer.headers["content-type"] == "application/problem+json", "\(path): \(answer.status)")
                        #expect(answer.json["status"]?.int == answer.status && answer.json["request_id"] != nil)
                    }
                    statuses.insert(answer.status)
                    count += 1
                }
            }
            #expect(count > 1000 && statuses.isSuperset(of: [400, 404, 422]), "\(count) \(statuses)")
        }
    }

    @Test func `a name is one however its signs are composed, and kept as it came (G27)`() async throws {
        let (composed, apart) = ("José.Núñez@example.cn", "José.Núñez@example.cn".decomposedStringWithCanonicalMapping)
        try await withServer { server in
            var references: [String] = []
            for (index, address) in [composed, apart].enumerated() {
                references.append(
                    try await server.filed([
                        "complainant": .object([
                            "kind": .string("individual"), "name": .string(apart), "email": .string(address),
                        ]),
                        "narrative": .string("\(index) \(apart)"),
                        "respondent": .object([
                            "name": .string(index == 0 ? "Wé".precomposedStringWithCanonicalMapping + "Chat" : "WeChat")
                        ]),
                    ]))
            }
            let same = try await server.send("GET", "/v1/complaints/\(references[1])/duplicates")
            let reasons = same.json["items"]?[0]?["reasons"]?.array.compactMap(\.string) ?? []
            #expect(reasons.contains("same_filer"), "\(String(decoding: same.bytes, as: UTF8.self))")
            let shown = try await server.send("GET", "/v1/complaints/\(references[1])")
            let narrative = shown.json["narrative"]?.string ?? ""
            #expect(Array(narrative.unicodeScalars) == Array("1 \(apart)".unicodeScalars), "not composed anew")
        }
    }
}

/// A page in Prometheus' text format, read by the letter.
private struct PrometheusPage {
    struct Malformed: Error { let line: String }

    let samples: [String: Double]

    init(_ text: String) throws {
        var (samples, types): ([String: Double], [String: String]) = ([:], [:])
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let help = line.wholeMatch(of: /# HELP ([a-z_]+) .+/) {
                guard types[String(help.output.1)] == nil else { throw Malformed(line: "\(line)") }
            } else if let type = line.wholeMatch(of: /# TYPE ([a-z_]+) (counter|gauge|histogram)/) {
                types[String(type.output.1)] = String(type.output.2)
            } else if let sample = line.wholeMatch(
                of: /(([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})?) ([-+0-9.eE]+)/)
            {
                let name = String(sample.output.2)
                let isKnown = types[name] != nil || types[name + (sample.output.3 ?? "")] != nil
                guard isKnown, let value = Double(sample.output.6) else { throw Malformed(line: "\(line)") }
                guard samples.updateValue(value, forKey: String(sample.output.1)) == nil else {
                    throw Malformed(line: "twice: \(line)")
                }
            } else {
                throw Malformed(line: "\(line)")
            }
        }
        guard text.hasSuffix("\n") else { throw Malformed(line: "the end") }
        self.samples = samples
    }
}
