import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What each member of the staff, the complainant and the company can do to a complaint in each state.
struct CaseworkAccessTests {
    /// How a complaint comes into a state.
    private static let ways: [(state: Complaint.Status, steps: [(String, String)])] = [
        (.received, []),
        (.needsInformation, [("information-requests", #"{"gap":"facts_unclear"}"#)]),
        (.accepted, [("acceptance", "{}")]),
        (.forwarded, [("acceptance", "{}"), ("forwarding", "{}")]),
        (.responded, [("acceptance", "{}"), ("forwarding", "{}"), ("response", #"{"answer":"accepted"}"#)]),
        (.closed, [("acceptance", "{}"), ("closure", #"{"outcome":"explained"}"#)]),
        (.refused, [("refusal", #"{"ground":"out_of_scope"}"#)]),
        (.withdrawn, [("withdrawal", "{}")]),
        (.referred, [("referral", #"{"agency":"pboc"}"#)]),
        (.duplicate, [("duplicate", #"{"of":"{other}"}"#)]),
    ]

    /// One action as the staff asks for it, and as the complainant or the company does, who have addresses of their own.
    private struct Asked {
        let action: Complaint.ActionName
        let request: (method: String, resource: String, body: String)
        var tracking: (resource: String, body: String)?
        var company: String?

        init(
            _ action: Complaint.ActionName, _ resource: String, _ body: String = "{}", method: String = "POST",
            tracking: (String, String)? = nil, company: String? = nil
        ) {
            self.action = action
            request = (method, resource, body)
            self.tracking = tracking
            self.company = company
        }
    }

    private static let asked: [Asked] = [
        Asked(.accept, "acceptance"), Asked(.refuse, "refusal", #"{"ground":"out_of_scope"}"#),
        Asked(.requestInformation, "information-requests", #"{"gap":"facts_unclear"}"#),
        Asked(.provideInformation, "information", tracking: ("messages", #"{"message":"here it is"}"#)),
        Asked(.forward, "forwarding"),
        Asked(.respond, "response", #"{"answer":"accepted"}"#, company: "response"),
        Asked(.close, "closure", #"{"outcome":"explained"}"#),
        Asked(.closeUnsubstantiated, "closure", #"{"outcome":"unsubstantiated"}"#),
        Asked(.withdraw, "withdrawal", tracking: ("withdrawal", "{}")),
        Asked(.refer, "referral", #"{"agency":"pboc"}"#), Asked(.markDuplicate, "duplicate", #"{"of":"{other}"}"#),
        Asked(.undoDuplicate, "duplicate", method: "DELETE"),
        Asked(.reopen, "reopening", #"{"reason":"more is known"}"#),
        Asked(.confirmFixed, "confirmation", #"{"fixed":true}"#, tracking: ("confirmation", #"{"fixed":true}"#)),
        Asked(.denyFixed, "confirmation", #"{"fixed":false}"#, tracking: ("confirmation", #"{"fixed":false}"#)),
        Asked(.rate, "rating", #"{"rating":4}"#, tracking: ("rating", #"{"rating":4}"#)),
        Asked(.resolve, "resolution", #"{"target_platform":"taobao"}"#),
        Asked(.link, "barriers", #"{"number":2}"#), Asked(.unlink, "barriers/1", method: "DELETE"),
        Asked(.assign, "assignment", #"{"officer":"officer-gd"}"#), Asked(.transfer, "office", #"{"office":"zj"}"#),
        Asked(.setPriority, "priority", #"{"priority":"high"}"#), Asked(.relate, "relations", #"{"to":"{other}"}"#),
        Asked(.unrelate, "relations", #"{"to":"{other}"}"#, method: "DELETE"),
        Asked(.extendDeadline, "deadline-extensions", #"{"purpose":"acceptance","by":5}"#),
        Asked(.note, "notes", #"{"reason":"seen"}"#), Asked(.message, "messages", #"{"message":"we look into it"}"#),
    ]

    /// Complaints by state that wait to be asked for something; one that was refused can be asked again.
    private actor Shelf {
        let cast: Cast
        let other: String
        private var ready: [Complaint.Status: [(reference: String, code: String)]] = [:]

        init(_ cast: Cast, other: String) {
            self.cast = cast
            self.other = other
        }

        func take(_ state: Complaint.Status) async throws -> (reference: String, code: String) {
            if let kept = ready[state]?.popLast() { return kept }
            let filed = try await cast.filed()
            let steps = ways.first { $0.state == state }?.steps ?? []
            // One that takes in hundreds would be slow to write.
            let original = state == .duplicate ? try await cast.filed().reference : other
            let filled = steps.map { ($0.0, $0.1.replacing("{other}", with: original)) }
            try await cast.bring(filed.reference, through: filled)
            return filed
        }

        func putBack(_ complaint: (reference: String, code: String), _ state: Complaint.Status) {
            ready[state, default: []].append(complaint)
        }
    }

    /// Who asks for what at which address.
    private func ask(
        _ asked: Asked, as name: String, _ complaint: (reference: String, code: String), _ shelf: Shelf
    ) async throws -> TestServing.Answer? {
        let cast = shelf.cast
        let (version, path) = (["If-Match": "*"], "/v1/complaints/\(complaint.reference)/")
        switch name {
        case "complainant":
            guard let (resource, body) = asked.tracking else { return nil }
            return try await cast.send(
                "POST", "/v1/tracking/\(resource)", body, as: ["Tracking-Code": complaint.code])
        case "company", "other company":
            guard let resource = asked.company else { return nil }
            return try await cast.send(
                "POST", "/v1/company/complaints/\(complaint.reference)/\(resource)", asked.request.body,
                as: cast[name], version)
        default:
            let body = asked.request.body.replacing("{other}", with: shelf.other)
            return try await cast.send(
                asked.request.method, path + asked.request.resource, body, as: cast[name], version)
        }
    }

    @Test func `in each state each may do exactly this, and what may not be is 403, 404 or 409 (G65, G73)`()
        async throws
    {
        try await withServer { server in
            let cast = try await Cast(on: server)
            let (other, _) = try await cast.filed()
            _ = try await cast.send(
                "POST", "\(Cast.campaign)/barriers",
                #"{"kind":"blocked_link","respondent_platform":"wechat","target":"platform:douyin","scene":"group"}"#,
                as: cast["officer-gd"])
            let shelf = Shelf(cast, other: other)
            var tables: [String] = []
            for name in Cast.staff.map(\.name) + ["complainant", "company", "other company"] {
                var rows: [(String, [String])] = []
                for asked in Self.asked {
                    var cells: [String] = []
                    for (state, _) in Self.ways {
                        let complaint = try await shelf.take(state)
                        guard let answer = try await ask(asked, as: name, complaint, shelf) else { continue }
                        // What was refused has changed nothing and can be asked again.
                        if answer.status != 200 { await shelf.putBack(complaint, state) }
                        #expect(
                            [200, 403, 404, 409, 422].contains(answer.status), "\(name) \(state) \(asked.action)")
                        check(answer, asked.action, state, name)
                        cells.append(answer.status == 200 ? "ok" : "\(answer.status)")
                    }
                    if !cells.isEmpty { rows.append((asked.action.rawValue, cells)) }
                }
                tables.append("\(name)\n\n" + matrix(Self.ways.map(\.state.rawValue), rows))
            }
            try expect(tables.joined(separator: "\n\n"), matches: "casework")
            try await server.store.checkHistory()
        }
    }

    /// The state machine of the domain, held against what the server said.
    private func check(
        _ answer: TestServing.Answer, _ action: Complaint.ActionName, _ state: Complaint.Status, _ name: String
    ) {
        guard let role = Cast.staff.first(where: { $0.name == name && $0.office != "zj" })?.role else { return }
        if !Complaint.may(role, action) {
            #expect(answer.status == 403, "\(name) \(state) \(action)")
        } else if !Complaint.states(for: action).contains(state) {
            #expect(answer.status == 409, "\(name) \(state) \(action)")
        }
    }
}
