import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// What people really send, sent to a server: the tables under `Tests/Fixtures/reality`, from filing to answer.
struct RealityVectorTests {
    private func link(_ text: String) -> JSON {
        .object(["text": .string(text), "scene": .string("group"), "block": .string("interstitial_hard")])
    }

    private func complainant(_ kind: String, _ contact: String) -> JSON {
        .object(["kind": .string("individual"), kind: .string(contact)])
    }

    /// The references of what was filed with a contact.
    private func found(_ kind: String, _ contact: String, _ server: TestServing) async throws -> [String] {
        let body = JSON.object([kind: .string(contact), "reason": .string("a call")]).canonicalText
        let answer = try await server.send("POST", "/v1/campaigns/internet-2021/contact-searches", body)
        return answer.json["items"]?.array.compactMap { $0["reference"]?.string } ?? []
    }

    @Test func `contacts are taken or refused, and found in their plain form`() async throws {
        try await withServer { server in
            for row in realityTable("contacts") {
                let (kind, typed) = (row["kind"], row["typed"])
                let answer = try await server.file(["complainant": complainant(kind, typed)])
                guard row["expected"] == "taken" else {
                    #expect(answer.faults == ["#/complainant/\(kind) \(row["expected"])"], "\(row)")
                    continue
                }
                let reference = try #require(answer.json["reference"]?.string, "\(row)")
                let plain = row["canonical"].isEmpty ? typed : row["canonical"]
                #expect(try await found(kind, plain, server).contains(reference), "\(row)")
            }
        }
    }

    @Test func `two spellings of one contact are one person, and two contacts are two`() async throws {
        try await withServer { server in
            for row in realityTable("contact-pairs") {
                let reference = try await server.filed(["complainant": complainant(row["kind"], row["first"])])
                let isFound = try await found(row["kind"], row["second"], server).contains(reference)
                #expect(isFound == (row["same"] == "yes"), "\(row)")
            }
        }
    }

    @Test func `one place is one row, one filter and one office`() async throws {
        try await withServer { server in
            try await server.store.databases.work.transaction { db in
                try db.save(Office(code: "gd", nameZh: "广东", nameEn: "Guangdong", regions: ["CN-GD"]))
            }
            for row in realityTable("regions") {
                let reference = try await server.filed([
                    "environment": .object(["region": .string(row["typed"])])
                ])
                let seen = try await server.send("GET", "/v1/complaints/\(reference)").json
                #expect(seen["environment"]?["region"]?.string == row["region"], "\(row)")
                #expect(seen["office"]?.string == row["office"], "\(row)")
                for filter in [row["region"], row["typed"]] {
                    let name = filter.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                    let list = try await server.send("GET", "/v1/complaints?campaign=internet-2021&region=\(name)").json
                    let listed = list["items"]?.array.map { $0["reference"]?.string } ?? []
                    #expect(listed.contains(reference), "\(row), by \(filter)")
                }
            }
            let wrong = try await server.file(["environment": .object(["region": .string("somewhere")])])
            #expect(wrong.faults == ["#/environment/region bad_region"])
            let unknown = try await server.send("GET", "/v1/complaints?campaign=internet-2021&region=CN-XX")
            #expect(unknown.status == 422 || unknown.status == 400)
        }
    }

    @Test func `a company reads a story without the numbers in it`() async throws {
        try await withServer { server in
            let cast = try await Cast(on: server)
            for row in realityTable("redaction") {
                let reference = try await server.filed([
                    "narrative": .string(row["narrative"]), "complainant": .null,
                ])
                for step in ["acceptance", "forwarding"] {
                    let step = "/v1/complaints/\(reference)/\(step)"
                    _ = try await server.send("POST", step, "{}", headers: ["If-Match": "*"])
                }
                let path = "/v1/company/complaints/\(reference)"
                let seen = try await server.send("GET", path, as: nil, headers: cast["company"]).json
                let narrative = try #require(seen["narrative"]?.string, "\(row)")
                let plain = narrative.folded.filter { $0.isLetter || $0.isNumber || $0 == "@" || $0 == "." }
                for value in row.values("hidden") {
                    #expect(!plain.contains(value.lowercased()), "\(row): \(narrative)")
                }
                for value in row.values("kept") { #expect(narrative.contains(value), "\(row): \(narrative)") }
            }
        }
    }

    @Test func `words are found at once, and after they were indexed`() async throws {
        try await withServer { server in
            var filed: [(row: RealityRow, reference: String)] = []
            for row in realityTable("search") {
                filed.append((row, try await server.filed(["narrative": .string(row["narrative"])])))
            }
            func check(_ moment: String) async throws {
                for (row, reference) in filed {
                    let words = row["words"].addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                    let list = try await server.send("GET", "/v1/complaints?campaign=internet-2021&text=\(words)").json
                    let listed = list["items"]?.array.map { $0["reference"]?.string } ?? []
                    #expect(listed.contains(reference) == (row["found"] == "yes"), "\(row), \(moment)")
                }
            }
            try await check("at once")
            let worker = Worker(server.store.databases, references: server.store.references)
            _ = try await worker.round(at: Date())
            try await check("indexed")
        }
    }

    @Test func `a text that says nothing is refused, wherever something has to be said`() async throws {
        try await withServer { server in
            for row in realityTable("texts") {
                let path = row["member"].split(separator: ".").map(String.init)
                var changes: [String: JSON] = [path[0]: .string(row["text"])]
                if path.count == 2 {
                    var part: [String: JSON] = [path[1]: .string(row["text"])]
                    if path[0] == "complainant" { part["kind"] = .string("individual") }
                    changes = [path[0]: .object(part)]
                }
                let answer = try await server.file(changes)
                let expected = row["expected"] == "taken" ? [] : ["#/\(path.joined(separator: "/")) blank"]
                #expect(answer.faults == expected, "\(row)")
            }
        }
    }

    @Test func `what browsers call a JPEG is a JPEG`() async throws {
        try await withServer { server in
            let filed = try await server.file(as: nil).json
            let path = "/v1/complaints/\(filed["reference"]?.string ?? "")/evidence"
            for row in realityTable("evidence") {
                let name = row["name"].addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                let headers = [
                    "Content-Type": row["content_type"], "Tracking-Code": filed["tracking_code"]?.string ?? "",
                    "Content-Disposition": "attachment; filename*=UTF-8''\(name)",
                ]
                let bytes = Array(try fixture("reality/evidence/\(row["bytes"])"))
                let answer = try await server.send("POST", path, bytes: bytes, as: nil, headers: headers)
                switch row["expected"] {
                case "taken": #expect((200...201).contains(answer.status), "\(row): \(answer.json)")
                case "refused": #expect(answer.status == 422, "\(row)")
                default:
                    let codes = [answer.code ?? ""] + answer.faults
                    let isTold = codes.contains { $0.hasSuffix(row["expected"]) }
                    #expect(answer.status == 422 && isTold, "\(row): \(answer.json)")
                }
            }
        }
    }

    @Test func `the address that was pasted is found, or none`() async throws {
        try await withServer { server in
            for row in realityTable("links") {
                let reference = try await server.filed(["blocked_link": link(row["text"])])
                let seen = try await server.send("GET", "/v1/complaints/\(reference)").json
                let (target, url) = (seen["target"], seen["link_url"]?.string)
                guard row["no_address"] != "only" else {
                    #expect(url == nil && target?["host"]?.string == nil, "\(row)")
                    continue
                }
                if url == nil, row["no_address"] == "allowed" { continue }
                for part in ["platform", "company", "host"] {
                    #expect((target?[part]?.string ?? "") == row[part], "\(row): \(part)")
                }
                let schemeless = url?.replacing(/^https?:/, with: "")
                #expect(schemeless == row["link_url"].replacing(/^https?:/, with: ""), "\(row)")
            }
        }
    }

    @Test(arguments: realityTable("link-pairs")) func `one page has one key`(row: RealityRow) async throws {
        try await withServer { server in
            var references: [String] = []
            for side in ["first", "second"] {
                references.append(try await server.filed(["blocked_link": link(row[side])]))
            }
            let worker = Worker(server.store.databases, references: server.store.references)
            _ = try await worker.round(at: Date())
            let found = try await server.send("GET", "/v1/complaints/\(references[1])/duplicates").json
            let pair = found["items"]?.array.first { $0["reference"]?.string == references[0] }
            let reasons = pair?["reasons"]?.array.compactMap(\.string) ?? []
            #expect(reasons.contains("same_link") == (row["same"] == "yes"), "\(reasons)")
            for reference in references {
                let url = try await server.send("GET", "/v1/complaints/\(reference)").json["link_url"]?.string ?? ""
                for value in row.values("not_in_key") { #expect(!url.contains(value), "\(url)") }
            }
        }
    }
}
