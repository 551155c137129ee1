import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// Everyone who may stand at the door, and a case of the office `gd` that each of them asks for.
struct Cast {
    /// Someone, and what that one sends to be known.
    struct Principal {
        let name: String
        let headers: [String: String]
    }

    static let campaign = "/v1/campaigns/internet-2021"

    let server: TestServing
    let principals: [Principal]
    /// Of the filer that owns the case.
    let filer: [String: String]

    /// The members of the staff whose rights differ.
    static let staff: [(name: String, role: Role, office: String)] = [
        ("officer-gd", .officer, "gd"), ("officer-zj", .officer, "zj"), ("officer-centre", .officer, "centre"),
        ("supervisor-gd", .supervisor, "gd"), ("supervisor-zj", .supervisor, "zj"), ("auditor-gd", .auditor, "gd"),
        ("admin-centre", .admin, "centre"),
    ]

    /// Those of the staff alone, in the same order.
    var staff: [Principal] { principals.filter { one in Self.staff.contains { $0.name == one.name } } }

    subscript(_ name: String) -> [String: String] { principals.first { $0.name == name }?.headers ?? [:] }

    /// Makes offices, officers and keys.
    ///
    /// The complainant's tracking code is added by ``withCase()``.
    init(on server: TestServing) async throws {
        self.server = server
        let made = try await server.store.databases.work.transaction { db in
            var made: [(String, String)] = []
            for (code, region) in [("gd", "CN-GD"), ("zj", "CN-ZJ")] {
                try db.save(Office(code: code, nameZh: code, nameEn: code, regions: [region]))
            }
            for (name, company) in [("company", "tencent"), ("other company", "alibaba")] {
                let scopes = Set(CompanyBearer.Scope.allCases)
                let key = try db.issueKey(to: company, named: "desk", scopes: scopes, lasting: 1, at: Date())
                made.append((name, key.secret))
            }
            for (name, filer) in [("filer", "council"), ("other filer", "union")] {
                let scopes = Set(FilerBearer.Scope.allCases)
                made.append((name, try db.issueKey(toFiler: filer, scopes: scopes, lasting: 1, at: Date()).secret))
            }
            for (name, role, office) in Self.staff {
                _ = try db.addOfficer(named: name, role: role, office: office, at: Date())
                made.append((name, try db.issueToken(toOfficerNamed: name, lasting: 1, at: Date()).secret))
            }
            return made
        }
        let known = made.map { Principal(name: $0, headers: ["Authorization": "Bearer \($1)"]) }
        principals = [Principal(name: "anyone", headers: [:])] + known
        filer = known.first { $0.name == "filer" }?.headers ?? [:]
    }

    private init(_ cast: Cast, principals: [Principal]) {
        (server, filer) = (cast.server, cast.filer)
        self.principals = principals
    }

    /// The same with a complainant, who has the code.
    func with(trackingCode: String) -> Cast {
        Cast(self, principals: principals + [Principal(name: "complainant", headers: ["Tracking-Code": trackingCode])])
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, as principal: [String: String],
        _ more: [String: String] = [:]
    ) async throws -> TestServing.Answer {
        try await server.send(method, path, body, as: nil, headers: principal.merging(more) { $1 })
    }

    /// A complaint of the office `gd`, sent by the filer.
    func filed() async throws -> (reference: String, code: String) {
        let environment = JSON.object(["region": .string("CN-GD")])
        let answer = try await send(
            "POST", "/v1/complaints",
            filing(["environment": environment, "client_reference": .string(UUID().uuidString)]), as: filer,
            ["Idempotency-Key": UUID().uuidString])
        #expect(answer.status == 201, "\(String(decoding: answer.bytes, as: UTF8.self))")
        return (answer.json["reference"]?.string ?? "", answer.json["tracking_code"]?.string ?? "")
    }

    /// Brings a complaint on, each step by the supervisor of its office.
    func bring(_ reference: String, through steps: [(String, String)]) async throws {
        for (step, body) in steps {
            let answer = try await send(
                "POST", "/v1/complaints/\(reference)/\(step)", body, as: self["supervisor-gd"], ["If-Match": "*"])
            #expect(answer.status == 200, "\(step): \(String(decoding: answer.bytes, as: UTF8.self))")
        }
    }
}
