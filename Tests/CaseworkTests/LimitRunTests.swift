import Casework
import Foundation
import TestSupport
import Testing

/// Limits are history: each story is a golden table that a reviewer can read, day by day.
struct LimitRunTests {
    private static let accept = Complaint.Action.accept(category: nil, scenario: nil)
    private static let ask = Complaint.Action.requestInformation(gap: "facts_unclear")
    private static let reply = Complaint.Action.respond(.accepted, ground: nil)

    private static var oneCase: [Story] {
        get throws {
            try [
                Story("a due day that passes unmet is missed from the next day on", ["09-15", "09-16", "10-01"]) { _ in
                },
                Story("a decision after the due day is late", ["09-15", "09-16", "10-31"]) {
                    try $0.take("A", "09-16", accept)
                },
                Story("a refusal fulfils the limit for a decision, in time or late", ["09-15", "09-20"]) {
                    try $0.take("A", "09-20", .refuse(ground: "out_of_scope"))
                },
                Story("a pause on the due day moves it", ["09-15", "09-20", "09-27", "10-31"]) {
                    try $0.take("A", "09-15", ask)
                    try $0.take("A", "09-17", .provideInformation)
                    try $0.take("A", "09-26", accept)
                },
                Story("a pause after the due day moves nothing", ["09-16", "09-17", "10-12", "10-14"]) {
                    try $0.take("A", "09-16", ask)
                    try $0.take("A", "10-12", .provideInformation)
                    try $0.take("A", "10-13", accept)
                },
                Story("more time on the due day moves it", ["09-15", "09-22", "09-23"]) {
                    try $0.take("A", "09-15", .extendDeadline(.acceptance, by: 5))
                },
                Story("more time after the due day is refused", ["09-16"]) {
                    try $0.take("A", "09-16", .extendDeadline(.acceptance, by: 5))
                },
                Story(
                    "a paused run can be extended, and what was granted shows when it goes on",
                    ["09-14", "09-20", "10-08"]
                ) {
                    try $0.take("A", "09-14", ask)
                    try $0.take("A", "09-20", .extendDeadline(.acceptance, by: 5))
                    try $0.take("A", "09-22", .provideInformation)
                },
                Story(
                    "an answer that is counted from days long gone is missed from the day of its step",
                    ["11-01", "11-02"]
                ) {
                    try $0.take("A", "11-02", accept)
                },
                Story(
                    "a late reply stays late after a reopening, and the next run counts beside it",
                    ["10-09", "10-12", "10-31"]
                ) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take("A", "09-28", reply)
                    try $0.take("A", "10-08", .close(.explained))
                    try $0.take("A", "10-12", .denyFixed(by: nil))
                    try $0.take("A", "10-12", .forward)
                    try $0.take("A", "10-13", reply)
                },
                Story("a refused case that is reopened starts a run of the answer only", ["09-20", "09-25"]) {
                    try $0.take("A", "09-20", .refuse(ground: "out_of_scope"))
                    try $0.take("A", "09-25", .reopen)
                },
                Story("a withdrawal after the due day ends the run as missed, one before it ends it without", ["10-20"])
                {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take("A", "09-28", .withdraw)
                },
                Story("the reply is owed by the company it was forwarded to, whatever is resolved later", ["09-27"]) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take(
                        "A", "09-12", .resolve(.init(respondent: .init(platform: "douyin", company: "bytedance"))))
                },
            ]
        }
    }

    @Test func `what happened to a run stays, whatever happens to the case later`() throws {
        try expect(Self.oneCase.map(\.text).joined(separator: "\n"), matches: "limit-runs")
    }

    private static var twoCases: [Story] {
        get throws {
            try [
                Story("what was missed goes on as missed with the one that goes on", ["10-11", "10-12", "10-20"]) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take("B", "09-13", accept)
                    try $0.merge("10-12")
                    try $0.take("B", "10-12", .forward)
                },
                Story("two runs that were missed stay two", ["09-30", "10-12"]) {
                    try $0.merge("09-30")
                    try $0.take("B", "10-12", accept)
                },
                Story("a decision made already is the decision on what is merged into it", ["09-14", "10-20"]) {
                    try $0.take("B", "09-13", accept)
                    try $0.merge("09-14")
                },
                Story(
                    "more time and pauses act on all that are owed, and the earliest is shown",
                    ["09-13", "09-20", "10-31"]
                ) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("B", "09-13", accept)
                    try $0.merge("09-13")
                    try $0.take("B", "09-20", .extendDeadline(.answer, by: 10))
                    try $0.take("B", "09-22", ask)
                    try $0.take("B", "09-24", .provideInformation)
                },
                Story(
                    "a reply that another company owes stays with the duplicate, and is answered there",
                    ["09-20", "09-27", "10-01"]
                ) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take(
                        "B", "09-13", .resolve(.init(respondent: .init(platform: "douyin", company: "bytedance"))))
                    try $0.take("B", "09-13", accept)
                    try $0.merge("09-14")
                    try $0.take("A", "10-01", reply)
                },
                Story("a reply of before a reopening is none to what is merged after it", ["09-24", "09-27"]) {
                    try $0.take("B", "09-13", accept)
                    try $0.take("B", "09-13", .forward)
                    try $0.take("B", "09-20", reply)
                    try $0.take("B", "09-22", .close(.explained))
                    try $0.take("B", "09-23", .reopen)
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.merge("09-24")
                },
                Story("undone, each is as if it had never been merged", ["10-11", "10-12", "10-14"]) {
                    try $0.take("A", "09-08", accept)
                    try $0.take("A", "09-10", .forward)
                    try $0.take("B", "09-13", accept)
                    try $0.merge("09-20")
                    try $0.take("B", "09-21", .extendDeadline(.answer, by: 30))
                    try $0.undo("10-14")
                },
                Story(
                    "what is put right about the merged one is put right for the one that carries it",
                    ["09-30", "10-12"]
                ) {
                    try $0.take("B", "09-13", accept)
                    try $0.merge("10-12")
                    try $0.take("A", "09-14", accept)
                },
            ]
        }
    }

    @Test func `a merger carries what is owed, and undoing it judges each as if it had never been`() throws {
        try expect(Self.twoCases.map(\.text).joined(separator: "\n"), matches: "limit-runs-merged")
    }

    @Test func `a calendar that is loaded later moves what has not ended, and takes no miss back`() throws {
        var rules = Complaint.Rules.shipped
        let old = rules.calendar
        rules.calendar.holidays.formUnion((9...14).map { Day.on("2021-09-\($0 < 10 ? "0" : "")\($0)") })
        for (loadedOn, isMissed) in [("2021-09-15", false), ("2021-09-16", true)] {
            var complaint = try Complaint.sample(on: .on("2021-09-08"))
            let step = Step(
                sequence: 2, action: Complaint.Action.recalculate, actor: Actor(.system), on: Day.on(loadedOn))
            _ = try complaint.apply(step, under: rules)
            let run = try #require(complaint.deadline(.acceptance))
            #expect(run.dueOn > .on("2021-09-20"))
            #expect(run.isMissed(at: .on("2021-09-20")) == isMissed, "loaded on \(loadedOn)")
            // Late paper about something else replays the case under the calendars that were known then.
            var replayed = rules
            replayed.earlierCalendars = [(1, old)]
            let late = Step(
                sequence: 3, action: Complaint.Action.setPriority(.high), actor: Actor.officer, on: Day.on("2021-09-09")
            )
            let filed = try Complaint.sample(on: .on("2021-09-08"))
            let told = try Complaint.correct(with: late, among: [step], from: filed, under: replayed)
            #expect(told.after.last?.state.deadline(.acceptance)?.missedFrom == run.missedFrom)
        }
    }

    @Test func `a pause or more time that is entered after the fact takes a supervisor`() throws {
        let complaint = try Complaint.sample(status: .accepted, on: .on("2021-09-08"))
        func isBackEntry(_ action: Complaint.Action, _ actor: Actor, on day: String, recorded: String) throws -> Bool {
            try complaint.isBackEntry(
                action, by: actor, on: .on(day), recordedOn: .on(recorded), today: .on("2021-10-20"))
        }
        #expect(try !isBackEntry(Self.ask, .officer, on: "2021-10-20", recorded: "2021-09-08"), "today")
        #expect(
            try !isBackEntry(Self.ask, .officer, on: "2021-09-10", recorded: "2021-10-20"), "a paper file, in order")
        #expect(
            try !isBackEntry(Self.accept, .officer, on: "2021-09-10", recorded: "2021-09-08"), "moves no limit back")
        #expect(throws: Refusal.backEntry(action: "request_information", on: .on("2021-09-10"))) {
            try isBackEntry(Self.ask, .officer, on: "2021-09-10", recorded: "2021-09-08")
        }
        #expect(try isBackEntry(Self.ask, .supervisor, on: "2021-09-10", recorded: "2021-09-08"))
        let extend = Complaint.Action.extendDeadline(.answer, by: 5)
        #expect(try isBackEntry(extend, .supervisor, on: "2021-09-10", recorded: "2021-09-08"))
    }
}

/// What happens to one or two complaints of 2021, received on 8 and 13 September, told as a table.
private struct Story {
    private struct Case {
        let initial: Complaint
        var state: Complaint
        var steps: [Step<Complaint.Action>] = []

        init(received day: String) throws {
            initial = try Complaint.sample(on: .on(day))
            state = initial
        }

        func state(asOf day: Day) throws -> Complaint? {
            guard initial.receivedOn <= day else { return nil }
            let revisions = try Complaint.replay(steps, from: initial, under: .shipped)
            return revisions.last { $0.step.on <= day }?.state ?? initial
        }
    }

    private let title: String
    private let days: [String]
    private var cases: [String: Case]
    private var lines: [String] = []
    private var sequence = 1

    init(_ title: String, _ days: [String], _ happens: (inout Story) throws -> Void) rethrows {
        (self.title, self.days) = (title, days)
        cases = (try? ["A": Case(received: "2021-09-08"), "B": Case(received: "2021-09-13")]) ?? [:]
        try happens(&self)
    }

    mutating func take(_ name: String, _ day: String, _ action: Complaint.Action) throws {
        sequence += 1
        guard var one = cases[name] else { return }
        let step = Step(sequence: sequence, action: action, actor: Actor.supervisor, on: Day.on("2021-\(day)"))
        let carried = try carried()
        do {
            _ = try Complaint.replay(one.steps + [step], from: one.initial, under: .shipped)
            one.steps.append(step)
            lines.append("  \(day)  \(name)  \(action.name.rawValue)")
        } catch {
            lines.append("  \(day)  \(name)  \(action.name.rawValue): refused")
        }
        one.state = try one.state(asOf: .last) ?? one.state
        cases[name] = one
        if name == "A", let now = try self.carried(), let carried, now.runs != carried.runs {
            try take("B", "\(now.on)".replacing("2021-", with: ""), .renewAbsorbed(one.initial.id, runs: now.runs))
        }
    }

    mutating func merge(_ day: String) throws {
        guard let a = cases["A"]?.state, let b = cases["B"]?.state else { return }
        let company = b.respondent.company
        try take("A", day, .markDuplicate(of: b.id, company: company))
        try take("B", day, .absorb(a.id, barriers: [1], runs: a.runsCarried(into: company)))
    }

    mutating func undo(_ day: String) throws {
        guard let a = cases["A"]?.state else { return }
        try take("A", day, .undoDuplicate)
        try take("B", day, .release(a.id))
    }

    /// What B took over from A.
    private func carried() throws -> (on: Day, runs: [Deadline])? {
        guard let one = cases["A"] else { return nil }
        let revisions = try Complaint.replay(one.steps, from: one.initial, under: .shipped)
        return Complaint.runsCarried(in: revisions, from: one.initial)
    }

    var text: String {
        let isPair = lines.contains { $0.contains("  B  ") }
        let seen = days.flatMap { day -> [String] in
            let day = Day.on("2021-\(day)")
            return (isPair ? ["A", "B"] : ["A"]).flatMap { name -> [String] in
                let state = (try? cases[name]?.state(asOf: day)) ?? nil
                return (state?.deadlines ?? []).filter { $0.state != .suspended }.map { run in
                    let missed = run.firstMissedDay(at: day).map { ", missed from \($0)" } ?? ""
                    let owner = run.company.map { " by \($0)" } ?? ""
                    let origin = run.origin == nil ? "" : " of A"
                    let number = "\(run.purpose.rawValue) \(run.run)\(origin)\(owner)"
                    return "    as of \(day)  \(name)  \(number): \(run.state.rawValue), due \(run.dueOn)\(missed)"
                }
            }
        }
        return ([title] + lines + seen).joined(separator: "\n") + "\n"
    }
}
