import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Rows in the forms of the version before are read again by the worker.
struct RereadingTests {
    /// Writes what a version before wrote, and notes, as the migration does where there are rows, that they are to be read again.
    private func write(_ script: String, _ server: TestServing) async throws {
        try await server.store.owner.withConnection { db in
            try db.run(
                script: "UPDATE worker_mark SET moment = now() + interval '1 day' WHERE name = 'reread-until';" + script
            )
        }
    }

    private func listed(_ query: String, _ server: TestServing) async throws -> [String] {
        let answer = try await server.send("GET", "/v1/complaints?campaign=internet-2021&\(query)")
        return answer.json["items"]?.array.compactMap { $0["reference"]?.string } ?? []
    }

    @Test func `a page with who shared it in its address is the page, and its twin is found`() async throws {
        try await withServer { server in
            let worker = Worker(server.store.databases, references: server.store.references)
            let old = try await server.filed(["complainant": .null])
            let new = try await server.filed(["complainant": .null])
            let shared = "https://item.taobao.com/item.htm?spm=a1z10.1&id=1&un=0a1b2c&share_crt_v=1"
            try await write("UPDATE complaint SET link_url = '\(shared)' WHERE number = 1", server)
            func reasons() async throws -> [String] {
                let found = try await server.send("GET", "/v1/complaints/\(new)/duplicates").json
                let pair = found["items"]?.array.first { $0["reference"]?.string == old }
                return pair?["reasons"]?.array.compactMap(\.string) ?? []
            }
            #expect(try await !reasons().contains("same_link"))
            #expect(try await worker.readAgain(with: server.store.keys) == 1)
            #expect(try await reasons().contains("same_link"))
            let url = try await server.send("GET", "/v1/complaints/\(old)").json["link_url"]?.string
            #expect(url == "https://item.taobao.com/item.htm?id=1")
            #expect(try await worker.readAgain(with: server.store.keys) == 0, "nothing is left to do")
        }
    }

    @Test(arguments: ["+852 5123 4567", "+86 10 6234 5678", "010-62345678转801", "xiaohe＠example。cn"])
    func `a contact that was kept in another form is found`(contact: String) async throws {
        try await withServer { server in
            let worker = Worker(server.store.databases, references: server.store.references)
            let kind = contact.contains("＠") ? "email" : "phone"
            let person: [String: JSON] = ["kind": .string("individual"), kind: .string(contact)]
            let reference = try await server.filed(["complainant": .object(person)])
            try await write("UPDATE contact_digest SET digest = '\\x00010203040506070809000102030405'", server)
            func found() async throws -> [String?] {
                let body = JSON.object([kind: .string(contact), "reason": .string("a call")]).canonicalText
                let answer = try await server.send("POST", "/v1/campaigns/internet-2021/contact-searches", body)
                return answer.json["items"]?.array.map { $0["reference"]?.string } ?? []
            }
            #expect(try await found().isEmpty)
            #expect(try await worker.readAgain(with: server.store.keys) == 1)
            #expect(try await found() == [reference])
            // One that had no digest at all, because the version before knew none for it.
            try await write("DELETE FROM contact_digest; DELETE FROM worker_mark WHERE name LIKE 'reread|%'", server)
            #expect(try await worker.readAgain(with: server.store.keys) == 1)
            #expect(try await found() == [reference])
        }
    }

    @Test func `a region that was written as a name is listed, seen and assigned by its code`() async throws {
        try await withServer { server in
            let worker = Worker(server.store.databases, references: server.store.references)
            let reference = try await server.filed([
                "environment": .object(["region": .string("CN-GD")]), "received_on": .string("2021-09-17"),
            ])
            let strange = try await server.filed(["environment": .object(["region": .string("CN-GX")])])
            let seen = #"{"result":"open","method":"probe","observed_on":"2021-09-18","region":"CN-GD"}"#
            let observations = "/v1/campaigns/internet-2021/barriers/1/observations"
            #expect(try await server.send("POST", observations, seen).status == 201)
            try await write(
                """
                UPDATE complaint SET region = '广东省' WHERE number = 1;
                UPDATE complaint SET region = 'somewhere' WHERE number = 2;
                UPDATE observation SET region = 'Guangdong' WHERE region IS NOT NULL;
                INSERT INTO office (code, name_zh, name_en, regions) VALUES
                    ('gd', '广东', 'Guangdong', '{广东,cn-gd}'), ('gx', '广西', 'Guangxi', '{CN-HN,广西}'),
                    ('sc', '四川', 'Sichuan', '{CN-SC}'), ('cd', '成都', 'Chengdu', '{四川}');
                INSERT INTO report_cut (campaign_id, known_at, calendar_at) SELECT id, now(), now() FROM campaign;
                """, server)
            #expect(try await listed("region=CN-GD", server).isEmpty)
            #expect(try await worker.readAgain(with: server.store.keys) == 4)
            #expect(try await listed("region=CN-GD", server) == [reference])
            #expect(try await listed("region=CN-GX", server).isEmpty && !strange.isEmpty)
            let rows = try await server.send("GET", observations).json["items"]?.array ?? []
            #expect(rows.compactMap { $0["region"]?.string } == ["CN-GD"])
            let offices = try await server.store.databases.work.transaction(.readOnly) { db in try db.offices() }
            let regions = Dictionary(uniqueKeysWithValues: offices.map { ($0.code, $0.regions) })
            #expect(regions["gd"] == ["CN-GD"] && regions["gx"] == ["CN-HN", "CN-GX"])
            #expect(regions["cd"] == ["四川"], "another office has it; the operator decides")
            #expect(try await server.store.count("report_cut") == 0, "sums that count regions are made again")
            let moved = try await server.file(["environment": .object(["region": .string("广西")])]).json
            let office = try await server.send("GET", "/v1/complaints/\(moved["reference"]?.string ?? "")").json[
                "office"]
            #expect(office?.string == "gx")
        }
    }

    @Test func `what was broken off goes on, and what was recorded later is left alone`() async throws {
        try await withServer { server in
            let worker = Worker(server.store.databases, references: server.store.references)
            let begun = try await server.send("POST", "/v1/imports", #"{"campaign":"internet-2021"}"#)
            let lines = (1...1200).map { filing(["client_reference": .string("\($0)"), "complainant": .null]) + "\n" }
            let taken = try await server.send(
                "POST", "\(begun.json["self"]?.string ?? "")/lines", lines.joined(),
                headers: ["Content-Type": "application/x-ndjson"])
            #expect(taken.json["filed"]?.int == 1200)
            let old = "https://item.taobao.com/item.htm?id=1&share_crt_v=1"
            try await write("UPDATE complaint SET link_url = '\(old)'", server)
            func left() async throws -> Int {
                try await server.store.owner.withConnection { db in
                    try db.first("SELECT count(*) FROM complaint WHERE link_url = \(old)") { try $0.read(Int.self) }
                        ?? 0
                }
            }
            let first = Task { try await worker.readAgain(with: server.store.keys) }
            while try await left() == 1200 { await Task.yield() }
            first.cancel()
            _ = try? await first.value
            let rest = try await left()
            #expect(rest > 0, "it was broken off")
            let second = Worker(server.store.databases, references: server.store.references)
            // The lease of the one that is gone runs out by itself; here it is ended.
            try await server.store.owner.withConnection { db in
                _ = try db.run("UPDATE worker_lease SET expires_at = now() - interval '1 second'")
            }
            #expect(try await second.readAgain(with: server.store.keys) == rest)
            #expect(try await left() == 0)
            // Past the moment that the migration noted, nothing is looked at.
            try await server.store.owner.withConnection { db in
                try db.run(
                    script: """
                        UPDATE worker_mark SET moment = (SELECT max(moment) FROM worker_mark WHERE name LIKE 'reread|%')
                        WHERE name = 'reread-until';
                        UPDATE worker_mark SET moment = now() WHERE name LIKE 'reread%|%';
                        UPDATE complaint SET link_url = '\(old)' WHERE number = 7;
                        """)
            }
            #expect(try await second.readAgain(with: server.store.keys) == 0)
        }
    }
}
