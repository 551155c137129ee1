import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// Who may do what, as the server answers it: the documented matrix is what is kept under `Golden`.
struct AccessTests {
    /// What is sent where more than `{}` is needed to be let in.
    ///
    /// Whatever would change the case is sent for a version it never had, so that one case serves all.
    private static let bodies: [String: String] = [
        "POST /v1/complaints": filing(),
        "POST /v1/complaint-batches": #"{"items":[\#(filing())],"atomic":true}"#,
        "POST /v1/tracking/withdrawal": #"{"why":"let me think"}"#,
        "POST /v1/tracking/confirmation": #"{"fixed":false}"#,
        "POST /v1/tracking/rating": #"{"rating":4}"#,
        "POST /v1/tracking/messages": #"{"message":"and?"}"#,
        "POST /v1/complaints/{reference}/refusal": #"{"ground":"out_of_scope"}"#,
        "POST /v1/complaints/{reference}/information-requests": #"{"gap":"facts_unclear"}"#,
        "POST /v1/complaints/{reference}/closure": #"{"outcome":"explained"}"#,
        "POST /v1/complaints/{reference}/response": #"{"answer":"accepted"}"#,
        "POST /v1/complaints/{reference}/referral": #"{"agency":"pboc"}"#,
        "POST /v1/complaints/{reference}/duplicate": #"{"of":"{other}"}"#,
        "POST /v1/complaints/{reference}/resolution": #"{"target_platform":"taobao"}"#,
        "POST /v1/complaints/{reference}/barriers": #"{"number":1}"#,
        "POST /v1/complaints/{reference}/assignment": #"{"officer":"me"}"#,
        "POST /v1/complaints/{reference}/office": #"{"office":"zj"}"#,
        "POST /v1/complaints/{reference}/priority": #"{"priority":"high"}"#,
        "POST /v1/complaints/{reference}/relations": #"{"to":"{other}"}"#,
        "DELETE /v1/complaints/{reference}/relations": #"{"to":"{other}"}"#,
        "POST /v1/complaints/{reference}/deadline-extensions": #"{"purpose":"answer","by":5}"#,
        "POST /v1/complaints/{reference}/confirmation": #"{"fixed":true}"#,
        "POST /v1/complaints/{reference}/rating": #"{"rating":4}"#,
        "POST /v1/complaints/{reference}/reopening": #"{"reason":"more is known"}"#,
        "POST /v1/complaints/{reference}/notes": #"{"reason":"seen"}"#,
        "POST /v1/complaints/{reference}/messages": #"{"message":"we look into it"}"#,
        "POST /v1/complaints/{reference}/evidence": "a note",
        "POST /v1/complaints/{reference}/unsealings": #"{"fields":["phone"],"reason":"to call back"}"#,
        "POST /v1/complaints/{reference}/unsealings/{request}/approval": "{}",
        "POST /v1/complaints/{reference}/unsealings/{request}/denial": #"{"reason":"not needed"}"#,
        "POST /v1/complaints/{reference}/disclosure": #"{"fields":["name"],"reason":"agreed"}"#,
        "POST /v1/campaigns/{campaign}/contact-searches": #"{"phone":"13800000001","reason":"a call"}"#,
        "PUT /v1/tracking/identity": #"{"phone":"13800000001"}"#,
        "PUT /v1/complaints/{reference}/identity": #"{"phone":"13800000001","reason":"a call"}"#,
        "PUT /v1/tracking/consent": #"{"disclose_identity":false}"#,
        "POST /v1/tracking/rights-requests": #"{"kind":"access"}"#,
        "POST /v1/complaints/{reference}/rights-requests": #"{"kind":"correction"}"#,
        "POST /v1/complaints/{reference}/rights-requests/{request}/decision":
            #"{"granted":false,"reason":"it is right"}"#,
        "POST /v1/complaints/{reference}/hold": #"{"reason":"a court asks"}"#,
        "DELETE /v1/complaints/{reference}/hold": #"{"reason":"it has ended"}"#,
        "POST /v1/campaigns/{campaign}/disposals": #"{"dry_run":true}"#,
        "POST /v1/bulk-actions":
            #"{"action":"priority","parameters":{"priority":"high"},"references":["{reference}"]}"#,
        "PUT /v1/filters/{name}": #"{"query":{"campaign":"internet-2021","status":"received"}}"#,
        "POST /v1/campaigns/{campaign}/reminders/seen": #"{"ids":["00000000-0000-7000-8000-000000000000"]}"#,
        "POST /v1/campaigns/{campaign}/barriers":
            #"{"kind":"blocked_link","respondent_platform":"wechat","target":"platform:douyin","scene":"group"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/observations": #"{"result":"blocked","method":"press"}"#,
        "DELETE /v1/campaigns/{campaign}/barriers/{number}/observations/{sequence}": #"{"reason":"typing error"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/dismissal": #"{"reason":"nothing in it"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/revival": #"{"reason":"there is"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/review": #"{"reason":"new complaints"}"#,
        "DELETE /v1/campaigns/{campaign}/barriers/{number}/review": #"{"reason":"it holds"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/notes": #"{"reason":"seen"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/wait": #"{"company":"alibaba"}"#,
        "POST /v1/campaigns/{campaign}/barriers/{number}/justification": #"{"ground":"fraud","until":"2099-01-01"}"#,
        "POST /v1/campaigns/{campaign}/orders":
            #"{"company":"tencent","due":"5wd","rung":"self_examination","barriers":[{"number":1}]}"#,
        "POST /v1/campaigns/{campaign}/orders/{number}/escalation": #"{"rung":"guidance_meeting","basis":"Order 20"}"#,
        "POST /v1/campaigns/{campaign}/orders/{number}/extension": #"{"by":5,"reason":"holidays"}"#,
        "POST /v1/campaigns/{campaign}/orders/{number}/rescission": #"{"reason":"issued by mistake"}"#,
        "POST /v1/campaigns/{campaign}/orders/{number}/notes": #"{"reason":"seen"}"#,
        "POST /v1/campaigns/{campaign}/undertakings":
            #"{"respondent_platform":"wechat","target":"platform:taobao","stages":[{"scene":"group","due_on":"2099-01-01"}]}"#,
        "POST /v1/campaigns/{campaign}/probe-results": "",
        "POST /v1/imports": #"{"campaign":"internet-2021"}"#,
        "POST /v1/imports/dry-run": #"{"kind":"other"}"#,
        "POST /v1/imports/{id}/lines": #"{"kind":"other"}"#,
        "POST /v1/company/complaints/{reference}/response": #"{"answer":"accepted"}"#,
        "PUT /v1/filer/webhook": #"{"url":"https://127.0.0.1/in"}"#,
    ]

    /// What would end the campaign, or begin or end someone's session: let in, and sent back for what it lacks.
    private static let undone: Set<String> = [
        "POST /v1/session/directory", "POST /v1/campaigns/{campaign}/closure", "POST /v1/campaigns/{campaign}/issues",
        "POST /v1/session",
        "PUT /v1/session/password", "POST /v1/session/second-factor",
        "POST /v1/session/second-factor/confirmation", "POST /v1/session/second-factor/removal",
        "POST /v1/tracking/withdrawal",
    ]

    /// What is asked for besides the address.
    private static let queries = [
        "GET /v1/complaints": "?campaign=internet-2021", "GET /v1/events": "?campaign=internet-2021",
        "GET /v1/log/consistency": "?from=0&to=0", "POST /v1/imports/dry-run": "?campaign=internet-2021",
        "GET /v1/campaigns/{campaign}/progress/cases": "?figure=handling.status.count&row=status:received",
    ]

    /// Paths whose documents of another kind are asked for.
    private static let types = [
        "POST /v1/campaigns/{campaign}/probe-results": "application/x-ndjson",
        "POST /v1/imports/dry-run": "application/x-ndjson",
        "POST /v1/imports/{id}/lines": "application/x-ndjson", "POST /v1/complaints/{reference}/evidence": "text/plain",
    ]

    /// Signing out comes last: it ends what the others need.
    private static func operations() throws -> [(name: String, isVersioned: Bool)] {
        let document = try JSON(parsing: Data(contentsOf: repository.appending(path: "Config/openapi.json")))
        guard case .object(let paths)? = document["paths"] else { return [] }
        var found: [(String, Bool)] = []
        for (path, item) in paths {
            guard case .object(let methods) = item else { continue }
            for (method, operation) in methods where method != "parameters" {
                let parameters = operation["parameters"]?.array ?? []
                let isVersioned = parameters.contains {
                    $0["name"]?.string == "If-Match" || $0["$ref"]?.string?.hasSuffix("IfMatch") == true
                }
                found.append(("\(method.uppercased()) \(path)", isVersioned))
            }
        }
        let last = "DELETE /v1/session"
        return found.sorted { ($0.0 == last ? "~" : path($0.0), $0.0) < ($1.0 == last ? "~" : path($1.0), $1.0) }
    }

    private static func path(_ operation: String) -> String { String(operation.drop { $0 != "/" }) }

    /// A case that everything can be asked of: forwarded to a company, with a barrier, an order, a file and an issue.
    private func scene(_ cast: Cast) async throws -> (cast: Cast, places: [String: String]) {
        let (reference, code) = try await cast.filed()
        let (other, _) = try await cast.filed()
        try await cast.bring(reference, through: [("acceptance", "{}"), ("forwarding", "{}")])
        let boss = cast["supervisor-gd"]
        func make(
            _ method: String, _ path: String, _ body: String, as who: [String: String]? = nil
        ) async throws
            -> TestServing.Answer
        {
            let headers = ["If-Match": "*", "Idempotency-Key": UUID().uuidString]
            let answer = try await cast.send(method, path, body, as: who ?? boss, headers)
            #expect(answer.status < 300, "\(path): \(String(decoding: answer.bytes, as: UTF8.self))")
            return answer
        }
        let root = Cast.campaign
        _ = try await make("POST", "\(root)/barriers/1/confirmation", "{}")
        _ = try await make("POST", "\(root)/barriers/1/observations", #"{"result":"blocked","method":"press"}"#)
        _ = try await make("POST", "\(root)/orders", Self.bodies["POST /v1/campaigns/{campaign}/orders"] ?? "")
        _ = try await make("POST", "\(root)/orders/1/service", "{}")
        let asked = try await make(
            "POST", "/v1/complaints/\(reference)/unsealings", #"{"fields":["phone"],"reason":"to call back"}"#,
            as: cast["officer-gd"])
        let right = try await make(
            "POST", "/v1/tracking/rights-requests", #"{"kind":"restriction"}"#, as: ["Tracking-Code": code])
        let published = try await make("POST", "\(root)/issues", #"{"as_of":"2021-10-31"}"#)
        let begun = try await make("POST", "/v1/imports", #"{"campaign":"internet-2021"}"#, as: cast.filer)
        let file = try await cast.send(
            "POST", "/v1/complaints/\(reference)/evidence", "seen", as: ["Tracking-Code": code],
            ["Content-Type": "text/plain", "Content-Disposition": "attachment; filename=\"seen.txt\""])
        #expect(published.status == 201 && file.status == 201)
        // The public edition stands on sums.
        let (databases, references) = (cast.server.store.databases, cast.server.store.references)
        try await ReportSums(databases, references: references).bringUp()
        let places = [
            "campaign": "internet-2021", "reference": reference, "other": other, "number": "1", "sequence": "3",
            "company": "tencent", "name": "mine", "id": begun.json["id"]?.string ?? "",
            "sha256": file.json["sha256"]?.string ?? "", "request": asked.json["request"]?.int.map(String.init) ?? "",
            "right": right.json["request"]?.int.map(String.init) ?? "",
        ]
        return (cast.with(trackingCode: code), places)
    }

    @Test func `each address lets in exactly these, and what must stay secret is not there for others (G65)`()
        async throws
    {
        try await withServer { server in
            _ = try await Worker(server.store.databases, references: server.store.references).round(at: Date())
            let (cast, places) = try await scene(try await Cast(on: server))
            var rows: [(String, [String])] = []
            for (operation, isVersioned) in try Self.operations() {
                let method = String(operation.prefix { $0 != " " })
                func filled(_ text: String) -> String {
                    let text = text.replacing("rights-requests/{request}", with: "rights-requests/{right}")
                    return places.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
                }
                let path = filled(Self.path(operation))
                let query = Self.queries[operation] ?? ""
                var headers = ["Idempotency-Key": UUID().uuidString]
                if isVersioned { headers["If-Match"] = "\"0\"" }
                if let type = Self.types[operation] { headers["Content-Type"] = type }
                if path.hasSuffix("/evidence") {
                    headers["Content-Disposition"] = "attachment; filename=\"note.txt\""
                }
                let body = method == "GET" ? nil : filled(Self.bodies[operation] ?? "{}")
                var cells: [String] = []
                for principal in cast.principals {
                    headers["Idempotency-Key"] = UUID().uuidString
                    let answer = try await cast.send(method, path + query, body, as: principal.headers, headers)
                    guard answer.code != "tracking-code-missing" else {
                        cells.append("code")
                        continue
                    }
                    let isMeant = answer.status < 500 && ![400, 405, 406, 415, 422, 428].contains(answer.status)
                    #expect(
                        isMeant || answer.status == 422 && Self.undone.contains(operation),
                        "\(operation) as \(principal.name): \(String(decoding: answer.bytes, as: UTF8.self))")
                    cells.append([401, 403, 404].contains(answer.status) ? "\(answer.status)" : "yes")
                }
                rows.append((operation, cells))
            }
            #expect(rows.count * cast.principals.count > 500)
            try expect(matrix(cast.principals.map(\.name), rows), matches: "access")
        }
    }
}
