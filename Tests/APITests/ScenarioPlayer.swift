import Casework
import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import API

/// Plays the steps of one scenario over HTTP, as officers, complainants, a filer and an operator.
struct ScenarioPlayer {
    /// A complaint of the scenario.
    struct Filed {
        let reference: String
        let code: String
    }

    /// What a step that goes wrong says of itself.
    struct Stop: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    static let campaign = "/v1/campaigns/internet-2021"
    let server: TestServing
    let receiver: Receiver
    let worker: Worker
    private let scenario: Scenario
    private let url: String
    /// Officers' tokens, by name.
    private var tokens: [String: String] = [:]
    private var filed: [String: Filed] = [:]
    /// What officers saw of a complaint when it was remembered.
    private(set) var remembered: [String: JSON] = [:]
    /// The key of the organisation that files, once it has filed something.
    private(set) var filerKey: String?
    /// Whether a step was refused that may be.
    private var isRefused = false

    init(_ scenario: Scenario, on server: TestServing, receiver: Receiver, at url: String) async throws {
        (self.scenario, self.server, self.receiver, self.url) = (scenario, server, receiver, url)
        worker = Worker(server.store.databases, references: server.store.references)
        let cast = scenario.officers.merging(
            ["li": .object(["role": .string("officer")]), "boss": .object(["role": .string("supervisor")])]
        ) { own, _ in own }
        tokens = try await server.store.databases.work.transaction { db in
            try db.save(Office(code: "gd", nameZh: "广东", nameEn: "Guangdong", regions: ["CN-GD"]))
            var tokens: [String: String] = [:]
            for (name, officer) in cast {
                let role = officer["role"]?.string.flatMap(Role.init) ?? .officer
                let office = officer["office"]?.string ?? Office.central
                _ = try db.addOfficer(named: name, role: role, office: office, at: Date())
                tokens[name] = try db.issueToken(toOfficerNamed: name, lasting: 1, at: Date()).secret
            }
            return tokens
        }
    }

    /// Plays all steps; what does not hold is recorded with the step that expects it.
    mutating func play() async throws {
        for (index, step) in scenario.steps.enumerated() {
            let name = "\(scenario.id), step \(index + 1) of \(scenario.steps.count), \(step.canonicalText)"
            do {
                try await play(step)
            } catch let stop as Stop where step["expect"] != nil || step["any_of"] != nil {
                // The steps after it may say more of what is wrong.
                Issue.record("\(name): \(stop)\n(\(scenario.what))")
            } catch let stop as Stop {
                throw Stop("\(name): \(stop)\n(\(scenario.what))")
            }
        }
    }

    private mutating func play(_ step: JSON) async throws {
        if let name = step["file"]?.string {
            filed[name] = try await file(step)
        } else if let resource = step["do"]?.string {
            try note(try await act("POST", resource, step), step)
        } else if let resource = step["undo"]?.string {
            try note(try await act("DELETE", resource, step), step)
        } else if let file = step["attach"]?.string {
            try note(try await attach(file, step), step)
        } else if let command = step["operator"]?.string {
            try await operate(command.split(separator: " ").map(String.init))
        } else if let calendar = step["load"] {
            try await load(calendar, step)
        } else if let name = step["remember"]?.string {
            remembered[name] = try await noticeable(try complaint(name))
        } else if step["unless_refused"]?.bool != true || !isRefused {
            try await expect(step)
        }
    }

    // MARK: Requests

    /// The complaint that the scenario calls so.
    func complaint(_ name: String?) throws -> Filed {
        guard let found = filed[name ?? ""] else { throw Stop("no complaint is called “\(name ?? "")”") }
        return found
    }

    /// A resource as an officer reads it.
    func get(_ path: String, by name: String = "li") async throws -> JSON {
        try await read(path, ["Authorization": "Bearer \(tokens[name] ?? "")"])
    }

    func read(_ path: String, _ headers: [String: String]) async throws -> JSON {
        let answer = try await server.send("GET", path, as: nil, headers: headers)
        guard answer.status == 200 else { throw Stop("GET \(path): \(answer.words)") }
        return answer.json
    }

    // MARK: Steps

    private mutating func file(_ step: JSON) async throws -> Filed {
        var members = scenario.filing.merging(step["with"]?.members ?? [:]) { _, own in own }
        members["campaign"] = .string("internet-2021")
        if let day = step["received_on"] { members["received_on"] = day }
        var headers = ["Idempotency-Key": UUID().uuidString]
        switch step["by"]?.string ?? "li" {
        case "anyone": break
        case "filer": headers["Authorization"] = "Bearer \(try await keyOfFiler())"
        case let name: headers["Authorization"] = "Bearer \(tokens[name] ?? "")"
        }
        let answer = try await server.send(
            "POST", "/v1/complaints", JSON.object(members).canonicalText, as: nil, headers: headers)
        guard answer.status == 201, let reference = answer.json["reference"]?.string,
            let code = answer.json["tracking_code"]?.string
        else { throw Stop(answer.words) }
        return Filed(reference: reference, code: code)
    }

    /// The key of the organisation, which sets its webhook first.
    private mutating func keyOfFiler() async throws -> String {
        if let filerKey { return filerKey }
        let key = try await server.store.databases.work.transaction { db in
            try db.issueKey(
                toFiler: "council", scopes: Set(FilerBearer.Scope.allCases), lasting: 1, at: Date()
            ).secret
        }
        let answer = try await server.send(
            "PUT", "/v1/filer/webhook", JSON.object(["url": .string(url)]).canonicalText, as: nil,
            headers: ["Authorization": "Bearer \(key)"])
        guard answer.status == 200 else { throw Stop("the webhook: \(answer.words)") }
        filerKey = key
        return key
    }

    private func act(_ method: String, _ resource: String, _ step: JSON) async throws -> TestServing.Answer {
        let complaint = try complaint(step["to"]?.string)
        var body = try (step["body"]?.members ?? [:]).mapValues { value in
            guard let text = value.string, text.hasPrefix("@") else { return value }
            return JSON.string(try self.complaint(String(text.dropFirst())).reference)
        }
        let name = step["by"]?.string ?? "li"
        if name == "complainant" {
            return try await server.send(
                method, "/v1/tracking/\(resource)", JSON.object(body).canonicalText, as: nil,
                headers: ["Tracking-Code": complaint.code])
        }
        if let day = step["on"] {
            body["effective_on"] = day
            body["reason"] = .string("as the paper says")
        }
        return try await server.send(
            method, "/v1/complaints/\(complaint.reference)/\(resource)", JSON.object(body).canonicalText, as: nil,
            headers: ["Authorization": "Bearer \(tokens[name] ?? "")", "If-Match": "*"])
    }

    private func attach(_ file: String, _ step: JSON) async throws -> TestServing.Answer {
        let complaint = try complaint(step["to"]?.string)
        let name = file.split(separator: "/").last ?? ""
        return try await server.send(
            "POST", "/v1/complaints/\(complaint.reference)/evidence", bytes: Array(try fixture("reality/\(file)")),
            as: nil,
            headers: [
                "Tracking-Code": complaint.code, "Content-Type": "image/jpeg",
                "Content-Disposition": "attachment; filename=\"\(name)\"",
            ])
    }

    /// Checks that a step was taken, or refused with a reason, as it should be.
    private mutating func note(_ answer: TestServing.Answer, _ step: JSON) throws {
        let isTaken = (200..<300).contains(answer.status)
        let isReasoned = (400..<500).contains(answer.status) && answer.json["detail"]?.string?.isEmpty == false
        switch step["answer"]?.string ?? "taken" {
        case "refused": guard isReasoned else { throw Stop("it should be refused: \(answer.words)") }
        case "either": guard isTaken || isReasoned else { throw Stop(answer.words) }
        default: guard isTaken else { throw Stop(answer.words) }
        }
        if !isTaken { isRefused = true }
    }

    /// What the operator's commands do, by the same functions.
    private func operate(_ words: [String]) async throws {
        func option(_ name: String) throws -> String {
            guard let index = words.firstIndex(of: name), words.indices.contains(index + 1) else {
                throw Stop("\(name) is missing")
            }
            return words[index + 1]
        }
        guard words.count >= 3, words[0] == "officer" else { throw Stop("it is no command of this test") }
        let name = words[2]
        switch words[1] {
        case "disable":
            try await server.store.databases.work.transaction { db in try db.disableOfficer(named: name, at: Date()) }
        case "revoke":
            let office = try option("--office")
            try await server.store.databases.work.transaction { db in
                try db.revoke(office: office, fromOfficerNamed: name)
            }
        case "grant":
            let (role, office) = (Role(rawValue: try option("--role")) ?? .officer, try option("--office"))
            try await server.store.databases.work.transaction { db in
                try db.grant(role, in: office, toOfficerNamed: name)
            }
        default: throw Stop("it is no command of this test")
        }
    }

    /// Loads a calendar: a file of the scenarios, or the shipped year with more holidays.
    private mutating func load(_ calendar: JSON, _ step: JSON) async throws {
        var document: JSON
        if let file = calendar.string {
            document = try JSON(parsing: fixture("reality/\(file)"))
        } else {
            let name = "\(calendar["region"]?.string ?? "")-\(calendar["year"]?.int ?? 0).json"
            let shipped = try Data(contentsOf: repository.appending(path: "Config/calendars/\(name)"))
            var members = try JSON(parsing: shipped).members
            let days = (members["holidays"]?.array ?? []) + (calendar["more_holidays"]?.array ?? [])
            members["holidays"] = .array(days.sorted { $0.string ?? "" < $1.string ?? "" })
            document = .object(members)
        }
        do {
            try await server.store.databases.work.transaction { [document] db in
                let known = try db.referenceBook().data
                _ = try db.load(ReferenceFile.items(in: document, knowing: known))
            }
        } catch let invalid as InvalidDocument where step["answer"]?.string == "either" {
            guard invalid.faults.contains(where: { !$0.detail.isEmpty }) else { throw invalid }
            isRefused = true
        }
    }
}

extension TestServing.Answer {
    /// What came, to see why a step failed.
    var words: String { "the answer is \(status) \(String(decoding: bytes, as: UTF8.self).prefix(500))" }
}
