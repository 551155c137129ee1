import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

private let any = ["If-Match": "*"]

/// What comes from outside to an open case is news until its officer has looked or acted.
struct NewsTests {
    private struct Case {
        let server: TestServing
        let reference: String
        let code: [String: String]
        var path: String { "/v1/complaints/\(reference)" }

        init(_ server: TestServing, _ changes: [String: JSON] = [:], isTaken: Bool = true) async throws {
            self.server = server
            let filed = try await server.file(changes, as: nil).json
            reference = filed["reference"]?.string ?? ""
            code = ["Tracking-Code": filed["tracking_code"]?.string ?? ""]
            if isTaken { try await act("assignment", #"{"officer":"me"}"#) }
        }

        func act(_ resource: String, _ body: String = "{}", as role: Role = .officer) async throws {
            let answer = try await server.send("POST", "\(path)/\(resource)", body, as: role, headers: any)
            #expect(answer.status == 200, "\(resource): \(answer.words)")
        }

        func write(_ message: String = "还有一件事") async throws {
            let body = JSON.object(["message": .string(message)]).canonicalText
            let answer = try await server.send("POST", "/v1/tracking/messages", body, as: nil, headers: code)
            #expect(answer.status == 200, "\(answer.words)")
        }

        func attach(_ query: String = "", _ headers: [String: String]? = nil) async throws {
            let file = ["Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=\"a.jpg\""]
            let answer = try await server.send(
                "POST", "\(path)/evidence\(query)", bytes: SampleFile.jpeg(), as: headers == nil ? nil : .officer,
                headers: file.merging(headers ?? code) { $1 })
            #expect([200, 201].contains(answer.status), "\(answer.words)")
        }

        /// Whether it stands in the queue and is marked in the list; the two have to agree.
        var isNews: Bool {
            get async throws {
                let queue = try await server.send("GET", "/v1/complaints?campaign=internet-2021&queue=news").json
                let list = try await server.send("GET", "/v1/complaints?campaign=internet-2021").json
                let line = list["items"]?.array.first { $0["reference"]?.string == reference }
                let isThere = queue["items"]?.array.contains { $0["reference"]?.string == reference } == true
                #expect(line?["is_news"] == .bool(isThere))
                return isThere
            }
        }

        var status: String? {
            get async throws {
                let list = try await server.send("GET", "/v1/complaints?campaign=internet-2021").json
                return list["items"]?.array.first { $0["reference"]?.string == reference }?["status"]?.string
            }
        }

        func reminders(as role: Role = .officer) async throws -> Int {
            let list = try await server.send("GET", "/v1/campaigns/internet-2021/reminders", as: role).json
            return list["items"]?.array.count { $0["topic"]?.string == "news" && $0["subject"]?.string == reference }
                ?? 0
        }
    }

    @Test func `a message is news until the officer of the case looks, and nobody else's look counts`() async throws {
        try await withServer { server in
            let one = try await Case(server)
            #expect(try await !one.isNews)
            try await one.write()
            #expect(try await one.isNews)
            #expect(try await one.reminders() == 1)
            #expect(try await one.reminders(as: .supervisor) == 0, "it is its officer's")
            try await one.write("再补充一句")
            #expect(try await one.reminders() == 1, "it is said once")
            for (role, headers) in [
                (Role.supervisor, [:]), (.auditor, [:]), (.officer, ["If-None-Match": "\"2\""]),
                (.officer, ["Sec-Purpose": "prefetch"]),
            ] {
                _ = try await server.send("GET", one.path, as: role, headers: headers)
            }
            _ = try await server.send("HEAD", one.path)
            #expect(try await one.isNews)
            let version = try await server.send("GET", one.path, as: .supervisor).json["version"]
            let shown = try await server.send("GET", one.path)
            #expect(shown.json["is_news"] == .bool(true), "it says what was news before the look")
            #expect(try await !one.isNews)
            #expect(try await one.reminders() == 0)
            let again = try await server.send("GET", one.path).json
            #expect(again["is_news"] == .bool(false) && again["version"] == version, "a look is no part of history")
            try await server.store.checkHistory()
        }
    }

    @Test func `it ends also when the officer acts, and goes with the case to another`() async throws {
        try await withServer { server in
            let one = try await Case(server)
            try await one.write()
            try await one.act("notes", #"{"reason":"a colleague's"}"#, as: .supervisor)
            #expect(try await one.isNews)
            try await one.act("notes", #"{"reason":"I ring them"}"#)
            #expect(try await !one.isNews)
            try await one.write()
            try await one.act("assignment", #"{"officer":"test-supervisor"}"#)
            #expect(try await one.isNews, "who has it now has not seen it")
            _ = try await server.send("GET", one.path)
            #expect(try await one.isNews)
            _ = try await server.send("GET", one.path, as: .supervisor)
            #expect(try await !one.isNews)
            // What a colleague enters for the complainant is news; what its officer enters is known.
            try await one.act("messages", #"{"message":"电话","on_behalf_of":"complainant"}"#)
            #expect(try await one.isNews)
        }
    }

    @Test func `of nobody's case the news stay until someone takes it or acts`() async throws {
        try await withServer { server in
            let one = try await Case(server, isTaken: false)
            try await one.write()
            #expect(try await one.reminders() == 1)
            #expect(try await one.reminders(as: .supervisor) == 1, "all are told")
            _ = try await server.send("GET", one.path)
            #expect(try await one.isNews)
            try await one.act("assignment", #"{"officer":"me"}"#)
            #expect(try await !one.isNews)
        }
    }

    @Test func `files, consent, a company's answer and a denial are news`() async throws {
        try await withServer { server in
            let one = try await Case(server)
            func seen() async throws { _ = try await server.send("GET", one.path) }
            try await one.attach()
            #expect(try await one.isNews)
            try await seen()
            let consent = try await server.send(
                "PUT", "/v1/tracking/consent", #"{"disclose_identity":true}"#, as: nil, headers: one.code)
            #expect(consent.status == 200, "\(consent.words)")
            #expect(try await one.isNews)
            try await seen()
            try await one.act("acceptance")
            try await one.act("forwarding")
            #expect(try await !one.isNews)
            let key = try await server.store.databases.work.transaction { db in
                try db.issueKey(
                    to: "tencent", named: "desk", scopes: Set(CompanyBearer.Scope.allCases), lasting: 1, at: Date()
                ).secret
            }
            let answer = try await server.send(
                "POST", "/v1/company/complaints/\(one.reference)/response", #"{"answer":"accepted"}"#, as: nil,
                headers: any.merging(["Authorization": "Bearer \(key)"]) { $1 })
            #expect(answer.status == 200, "\(answer.words)")
            #expect(try await one.isNews)
            #expect(try await one.reminders() == 1)
            try await seen()
            try await one.act("closure", #"{"outcome":"explained"}"#)
            let rated = try await server.send(
                "POST", "/v1/tracking/rating", #"{"rating":1}"#, as: nil, headers: one.code)
            #expect(rated.status == 200, "\(rated.words)")
            #expect(try await !one.isNews, "a closed case has no news")
            _ = try await server.send(
                "POST", "/v1/tracking/confirmation", #"{"fixed":false}"#, as: nil, headers: one.code)
            #expect(try await one.isNews)
            try await server.store.checkHistory()
        }
    }

    @Test func `what is said of a merged complaint is news for the case that goes on`() async throws {
        try await withServer { server in
            let (one, other) = (try await Case(server), try await Case(server, isTaken: false))
            try await other.act("duplicate", #"{"of":"\#(one.reference)"}"#)
            _ = try await server.send("GET", one.path)
            #expect(try await !one.isNews)
            try await other.write()
            #expect(try await one.isNews)
            #expect(try await !other.isNews)
            #expect(try await one.reminders() == 1)
        }
    }

    @Test func `a file counts as what was asked for, unless its sender says otherwise`() async throws {
        try await withServer { server in
            let one = try await Case(server)
            try await one.act("information-requests", #"{"gap":"target_missing"}"#)
            try await one.attach("?answers_request=false")
            #expect(try await one.status == "needs_information")
            #expect(try await one.isNews)
            // The same file again, meant as the answer.
            try await one.attach()
            #expect(try await one.status == "received")
            try await one.act("information-requests", #"{"gap":"target_missing"}"#)
            let token = ["Authorization": "Bearer \(server.tokens[.officer] ?? "")"]
            try await one.attach("", token)
            #expect(try await one.status == "needs_information", "an officer's own file is no answer")
            try await one.attach("?answers_request=true", token)
            #expect(try await one.status == "received")
            let wrong = try await server.send(
                "POST", "\(one.path)/evidence?answers_request=maybe", bytes: SampleFile.jpeg(), as: nil,
                headers: one.code.merging([
                    "Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=\"a.jpg\"",
                ]) { $1 })
            #expect(wrong.faults == ["?/answers_request wrong_type"])
            try await server.store.checkHistory()
        }
    }
}
