import Casework
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// What clients are told, and what the log says, where the database refuses.
struct DatabaseFaultTests {
    /// Lets the database refuse complaints whose story holds a word, with an error of this SQLSTATE.
    private func refuse(_ word: String, with state: String, _ server: TestServing) async throws {
        try await server.store.owner.withConnection { db in
            try db.run(
                script: """
                    CREATE OR REPLACE FUNCTION refuse_a_word() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF NEW.narrative LIKE '%\(word)%' THEN
                            RAISE EXCEPTION USING ERRCODE = '\(state)', MESSAGE = 'the test says no';
                        END IF;
                        RETURN NEW;
                    END
                    $$;
                    CREATE OR REPLACE TRIGGER refuses_a_word BEFORE INSERT ON complaint
                        FOR EACH ROW EXECUTE FUNCTION refuse_a_word();
                    """)
        }
    }

    private func line(_ number: Int, _ story: String = "群里的淘宝链接打不开。") -> String {
        filing(["client_reference": .string("line-\(number)"), "narrative": .string(story)]) + "\n"
    }

    private func send(
        _ server: TestServing, _ path: String, _ body: String, after: Int = 0
    ) async throws
        -> TestServing.Answer
    {
        try await server.send(
            "POST", "\(path)/lines?after=\(after)", body, headers: ["Content-Type": "application/x-ndjson"])
    }

    private func begin(_ server: TestServing) async throws -> String {
        let begun = try await server.send("POST", "/v1/imports", #"{"campaign":"internet-2021"}"#)
        return begun.json["self"]?.string ?? ""
    }

    @Test(arguments: ["42501", "P0001", "23514", "22023", "XX000", "54000"])
    func `a line of an import that the database refuses is told, and the others are filed`(state: String) async throws {
        let pages = Pages()
        try await withServer(logger: Logger(label: "test") { _ in pages }) { server in
            try await refuse("stone", with: state, server)
            let path = try await begin(server)
            let body = (1...40).map { line($0, $0 % 13 == 0 ? "a stone" : "a link") }.joined()
            let taken = try await send(server, path, body)
            #expect(taken.status == 200, "\(String(decoding: taken.bytes, as: UTF8.self))")
            #expect(taken.json["filed"]?.int == 37 && taken.json["refused"]?.int == 3)
            let results = try await server.send("GET", "\(path)/results").bytes.split(separator: 0x0A)
                .map { try JSON(parsing: $0) }
            for (index, result) in results.enumerated() {
                let isStone = (index + 1) % 13 == 0
                #expect(result["outcome"]?.string == (isStone ? "refused" : "filed"))
                guard isStone else { continue }
                #expect(result["errors"]?[0]?["code"]?.string == "not_storable")
                let detail = result["errors"]?[0]?["detail"]?.string ?? ""
                #expect(detail.contains(state) && detail.contains("operator") && !detail.contains("Something"))
            }
        }
        let told = pages.all.filter { $0.contains("error=PostgreSQL \(state): ") }
        #expect(told.count == 3 && told.allSatisfy { $0.contains(" of import ") }, "\(pages.all)")
        #expect(!pages.all.contains { $0.contains("PostgresError") || $0.contains("error=Problem") })
    }

    @Test func `a database that cannot store anything now refuses no line`() async throws {
        try await withServer { server in
            try await refuse("stone", with: "53200", server)
            let path = try await begin(server)
            let first = (1...500).map { line($0) }.joined()
            let broken = try await send(server, path, first + line(501, "a stone") + line(502))
            #expect(broken.status == 503 && broken.headers["retry-after"] != nil)
            #expect(try await server.send("GET", path).json["lines"]?.int == 500)
            try await refuse("no such word", with: "53200", server)
            let rest = try await send(server, path, line(501, "a stone") + line(502), after: 500)
            #expect(rest.json["filed"]?.int == 502 && rest.json["refused"]?.int == 0)
        }
    }

    @Test func `filings that share a commit with one that is refused are filed`() async throws {
        try await withServer { server in
            try await refuse("stone", with: "42501", server)
            let statuses = try await withThrowingTaskGroup(of: (Bool, Int).self) { group in
                for number in 0..<60 {
                    let isStone = number % 20 == 7
                    group.addTask {
                        let story = JSON.string(isStone ? "a stone" : "a link")
                        return (isStone, try await server.file(["narrative": story], as: nil).status)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (isStone, status) in statuses { #expect(status == (isStone ? 500 : 201)) }
            #expect(try await server.store.count("complaint") == 57)
        }
    }

    @Test func `an import that is older than what was filed before is filed whole`() async throws {
        try await withServer { server in
            // Today, at a barrier that the file attests in 2021; then the file, its latest days first.
            _ = try await server.filed(["occurred_on": .null])
            let file = repository.appending(path: "Config/demo/complaints.ndjson")
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            func day(_ line: Substring) -> String {
                (try? JSON(parsing: line.utf8))?["received_on"]?.string ?? ""
            }
            let path = try await begin(server)
            let body = lines.sorted { day($0) > day($1) }.map { $0 + "\n" }.joined()
            let taken = try await send(server, path, body)
            #expect(taken.status == 200, "\(String(decoding: taken.bytes, as: UTF8.self))")
            #expect(taken.json["filed"]?.int == 80 && taken.json["refused"]?.int == 0)
            let late = try await server.store.count(
                """
                complaint_barrier l JOIN complaint c ON c.campaign_id = l.campaign_id AND c.id = l.complaint_id
                JOIN barrier b ON b.campaign_id = l.campaign_id AND b.id = l.barrier_id
                WHERE b.recorded_on > c.received_on
                """)
            #expect(late == 0, "a barrier stands in the ledger from its oldest complaint on")
            try await server.store.checkHistory()
        }
    }

    @Test func `errors of the database's own state are told as such, by class`() async throws {
        let wanted = [
            ("53100", 507), ("53200", 503), ("53300", 503), ("53400", 503), ("40001", 503), ("40003", 503),
            ("40P01", 503), ("55P03", 503), ("55006", 503), ("57014", 503), ("57P01", 503), ("57P03", 503),
            ("58030", 503), ("08006", 503), ("25006", 503), ("42501", 500), ("XX000", 500), ("22023", 500),
        ]
        let pages = Pages()
        try await withServer(logger: Logger(label: "test") { _ in pages }) { server in
            for (state, status) in wanted {
                try await refuse("stone", with: state, server)
                let answer = try await server.file(["narrative": .string("a stone")], as: nil)
                #expect(answer.status == status, "\(state)")
                #expect((answer.headers["retry-after"] != nil) == (status != 500), "\(state)")
                #expect(pages.all.contains { $0.contains("error=PostgreSQL \(state): ") }, "\(state)")
            }
        }
    }
}
