import Casework
import Foundation
import Postgres
import Reports
import Store
import TestSupport
import Testing

@testable import API

/// What has to hold between the steps of a scenario.
extension ScenarioPlayer {
    /// Checks an expectation: at once, within a time, or for a time.
    ///
    /// The server's own work is done by rounds that are asked for here, so that no test waits for a clock: what has to come
    /// within a time comes with the next rounds, what has to stay for a time stays after several.
    ///
    /// - Throws: ``Stop`` with what was found instead.
    func expect(_ step: JSON) async throws {
        if step["within"] != nil {
            try await eventually { try await check(step) }
        } else if step["for"] != nil {
            for _ in 0..<3 {
                try await check(step)
                try await work()
            }
            try await check(step)
        } else {
            try await check(step)
        }
    }

    /// Lets the worker do what it does all the time.
    private func work() async throws {
        guard let done = try await worker.round(at: Date()) else { throw Stop("another worker has the lease") }
        guard done.failures.isEmpty else { throw Stop("the worker failed: \(done.failures)") }
    }

    private func eventually(_ check: () async throws -> Void) async throws {
        for _ in 0..<500 {
            try await work()
            do {
                return try await check()
            } catch is Stop {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await check()
    }

    private func check(_ step: JSON) async throws {
        if let choices = step["any_of"]?.array {
            var found: [String] = []
            for choice in choices {
                do {
                    return try await check(choice)
                } catch let stop as Stop {
                    found.append(stop.description)
                }
            }
            throw Stop("none of them holds: \(found.joined(separator: "; "))")
        }
        switch step["expect"]?.string {
        case "timeliness", "intake": try await checkReport(step)
        case "deadline", "company_view": try await checkDueDay(step)
        case "complaint", "tracking", "filer_list": try Self.check(step, in: try await document(step))
        case "message_to_filer": try checkMessages(step)
        case "queue", "workload": try await checkWork(step)
        case "noticed":
            let name = step["of"]?.string ?? ""
            guard let before = remembered[name] else { throw Stop("“\(name)” was not remembered") }
            guard try await noticeable(try complaint(name)) != before else { throw Stop("nothing has changed") }
        case "open_again", "events", "conversation": try await checkCase(step)
        default: throw Stop("it is no expectation of this test")
        }
    }

    // MARK: Reports

    /// The report counted from all complaints, and made of sums.
    private func checkReport(_ step: JSON) async throws {
        for isOfSums in [false, true] {
            if isOfSums {
                try await ReportSums(server.store.databases, references: server.store.references).bringUp()
            }
            do {
                try check(step, try await report(step))
            } catch let stop as Stop where isOfSums {
                throw Stop("of sums: \(stop)")
            }
        }
    }

    private func report(_ step: JSON) async throws -> ProgressReport {
        let days = [step["from"]?.string.map { "from=\($0)" }, step["as_of"]?.string.map { "as_of=\($0)" }]
        let query = days.compactMap(\.self).joined(separator: "&")
        return try ProgressReport(json: Data(try await get("\(Self.campaign)/progress?\(query)").canonicalText.utf8))
    }

    private func check(_ step: JSON, _ report: ProgressReport) throws {
        let isIntake = step["expect"]?.string == "intake"
        let code = isIntake ? "intake.total" : "timeliness"
        guard let table = report.table(code) else { throw Stop("the report has no table \(code)") }
        let wanted = Cell.code("deadline:\(step["row"]?.string ?? "")")
        guard let row = table.rows.first(where: { isIntake || $0.first == wanted }) else {
            throw Stop("the table has no row \(step["row"]?.string ?? "")")
        }
        func figure(_ name: String) throws -> Int {
            if name == "missed" { return try figure("late") + figure("overdue") }
            guard let index = table.index(of: name), case .count(let count) = row[index] else {
                throw Stop("the table has no figure \(name)")
            }
            return count
        }
        let columns = ["period", "previous", "last_year"]
        let figures = isIntake ? step.members.filter { columns.contains($0.key) } : step["figures"]?.members ?? [:]
        var wrong: [String] = []
        for (name, count) in figures.sorted(by: { $0.key < $1.key }) {
            let found = try figure(name)
            if found != count.int { wrong.append("\(name) is \(found)") }
        }
        guard wrong.isEmpty else { throw Stop(wrong.joined(separator: ", ")) }
    }

    // MARK: Due days

    private func checkDueDay(_ step: JSON) async throws {
        let complaint = try complaint(step["of"]?.string)
        let body = try await get("/v1/complaints/\(complaint.reference)")
        var found: JSON?
        if step["expect"]?.string == "company_view" {
            let company = body["respondent"]?["company"]?.string ?? ""
            let key = try await server.store.databases.work.transaction { db in
                try db.issueKey(
                    to: company, named: "desk-\(UUID().text.prefix(8))", scopes: [.read], lasting: 1, at: Date()
                ).secret
            }
            found = try await read(
                "/v1/company/complaints/\(complaint.reference)", ["Authorization": "Bearer \(key)"])
        } else {
            found = body["deadlines"]?.array.first { $0["purpose"] == step["purpose"] }
        }
        guard let found else { throw Stop("there is no such limit") }
        if let due = step["due_on"], !due.oneOrMore.contains(found["due_on"] ?? .null) {
            throw Stop("it is due on \(found["due_on"]?.string ?? "no day")")
        }
        if let flag = step["is_provisional"], found["is_provisional"] != flag {
            throw Stop("is_provisional is \(found["is_provisional"]?.canonicalText ?? "missing")")
        }
    }

    // MARK: What someone sees of a complaint

    private func document(_ step: JSON) async throws -> JSON {
        let complaint = try complaint(step["of"]?.string)
        switch step["expect"]?.string {
        case "tracking": return try await read("/v1/tracking", ["Tracking-Code": complaint.code])
        case "filer_list":
            let list = try await read(
                "/v1/filer/campaigns/internet-2021/complaints", ["Authorization": "Bearer \(filerKey ?? "")"])
            let line = list["items"]?.array.first { $0["reference"]?.string == complaint.reference }
            guard let line else { throw Stop("it does not stand in the organisation's list") }
            return line
        default: return try await get("/v1/complaints/\(complaint.reference)")
        }
    }

    private func checkMessages(_ step: JSON) throws {
        let reference = try complaint(step["of"]?.string).reference
        let messages = try receiver.messages.map { try JSON(parsing: $0.body.utf8) }
            .filter { $0["data"]?["reference"]?.string == reference }
        let wrong = messages.map { message in
            do {
                try Self.check(step, in: message)
                return nil as String?
            } catch {
                return "\(error)"
            }
        }
        // One says what has to be said; none says what must not be.
        let isFine = step["shows"] == nil ? !wrong.contains { $0 != nil } : wrong.contains(nil)
        guard isFine, !messages.isEmpty || step["shows"] == nil else {
            throw Stop("\(messages.count) messages, \(wrong.compactMap(\.self).joined(separator: "; "))")
        }
    }

    private static func check(_ step: JSON, in document: JSON) throws {
        for (name, value) in step["members"]?.members ?? [:] where (document[name] ?? .null) != value {
            throw Stop("\(name) is \(document[name]?.canonicalText ?? "left out")")
        }
        if let action = step["can"], document["actions"]?.array.contains(action) != true {
            throw Stop("the actions are \(document["actions"]?.canonicalText ?? "left out")")
        }
        for (name, value) in step["shows"]?.members ?? [:] where !document.shows(value, in: name) {
            throw Stop("no member “\(name)” is \(value.canonicalText) in \(document.canonicalText)")
        }
        for (name, value) in step["shows_not"]?.members ?? [:] where document.shows(value, in: name) {
            throw Stop("a member “\(name)” is \(value.canonicalText) in \(document.canonicalText)")
        }
    }

    // MARK: Work

    private func checkWork(_ step: JSON) async throws {
        guard step["expect"]?.string == "queue" else {
            let lines = try await get("\(Self.campaign)/workload")["items"]?.array ?? []
            let nameless = lines.count { $0["officer"]?.string == "" }
            if let wanted = step["lines_without_officer"]?.int, nameless != wanted {
                throw Stop("\(nameless) lines are nobody's")
            }
            let overdue = lines.reduce(0) { $0 + ($1["overdue"]?.int ?? 0) }
            if let wanted = step["overdue"]?.int, overdue != wanted { throw Stop("\(overdue) are overdue") }
            return
        }
        let name = step["name"]?.string ?? ""
        let list = try await get("/v1/complaints?campaign=internet-2021&queue=\(name)&page_size=200")
        let found = Set(list["items"]?.array.compactMap { $0["reference"]?.string } ?? [])
        for (member, isWanted) in [("has", true), ("has_not", false)] {
            for complaint in step[member]?.oneOrMore ?? [] {
                let isThere = found.contains(try self.complaint(complaint.string).reference)
                guard isThere == isWanted else {
                    throw Stop("\(complaint.string ?? "") is \(isThere ? "" : "not ")in the queue")
                }
            }
        }
    }

    /// Everything that officers see without opening the case.
    func noticeable(_ complaint: Filed) async throws -> JSON {
        let list = try await get("/v1/complaints?campaign=internet-2021&page_size=200")
        var line = list["items"]?.array.first { $0["reference"]?.string == complaint.reference }?.members ?? [:]
        line["version"] = nil
        return .object([
            "queues": try await get("\(Self.campaign)/queues"), "workload": try await get("\(Self.campaign)/workload"),
            "reminders": try await get("\(Self.campaign)/reminders"), "line": .object(line),
        ])
    }

    private func checkCase(_ step: JSON) async throws {
        let names = step["of"]?.oneOrMore.map(\.string) ?? []
        switch step["expect"]?.string {
        case "open_again":
            let open = Complaint.Status.open.map(\.rawValue)
            var statuses: [String] = []
            for name in names {
                let body = try await get("/v1/complaints/\(try complaint(name).reference)")
                statuses.append(body["status"]?.string ?? "")
            }
            guard statuses.contains(where: open.contains) else { throw Stop("they are \(statuses)") }
        case "events":
            let reference = try complaint(names.first ?? nil).reference
            let events = try await get("/v1/complaints/\(reference)/events")["items"]?.array ?? []
            let count = events.count { $0["action"] == step["action"] }
            guard count == step["count"]?.int else { throw Stop("there are \(count)") }
        default:
            let reference = try complaint(names.first ?? nil).reference
            let messages = try await get("/v1/complaints/\(reference)")["messages"]?.array ?? []
            guard messages.contains(where: { $0["text"] == step["has"] }) else {
                throw Stop("the conversation is \(messages.map { $0["text"]?.string ?? "" })")
            }
        }
    }
}

extension JSON {
    /// Whether a member with this in its name has the value, or holds it, at any depth.
    fileprivate func shows(_ value: JSON, in name: String) -> Bool {
        switch self {
        case .object(let members):
            members.contains { key, member in
                key.contains(name) && member.holds(value) || member.shows(value, in: name)
            }
        case .array(let elements): elements.contains { $0.shows(value, in: name) }
        default: false
        }
    }

    private func holds(_ value: JSON) -> Bool {
        switch self {
        case .object(let members): members.values.contains { $0.holds(value) }
        case .array(let elements): elements.contains { $0.holds(value) }
        default: self == value
        }
    }
}
