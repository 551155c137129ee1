import Casework
import Foundation
import TestSupport
import Testing

/// What complainants say of an ending belongs to that ending and to who says it.
struct VerdictTests {
    private let first = Day.on("2021-09-08")

    private func closed() throws -> Complaint {
        var complaint = try Complaint.sample(status: .accepted)
        try take(&complaint, 3, .close(.explained), on: first)
        return complaint
    }

    private func take(_ complaint: inout Complaint, _ sequence: Int, _ action: Complaint.Action, on day: Day) throws {
        let step = Step(sequence: sequence, action: action, actor: .supervisor, on: day)
        _ = try complaint.apply(step, under: .shipped)
    }

    @Test func `a reopened case has no verdict, and the next ending is asked about again`() throws {
        var complaint = try closed()
        try take(&complaint, 4, .rate(1, by: nil), on: first + 1)
        #expect(complaint.rating == 1 && complaint.isConfirmedFixed == nil)
        try take(&complaint, 5, .denyFixed(by: nil), on: first + 2)
        #expect(complaint.status == .accepted && complaint.rating == nil && complaint.isConfirmedFixed == nil)
        try take(&complaint, 6, .close(.enforced), on: first + 3)
        #expect(complaint.rating == nil && complaint.actions(for: .complainant).contains(.rate))
        try take(&complaint, 7, .rate(4, by: nil), on: first + 4)
        #expect(complaint.rating == 4)
        #expect(
            complaint.verdicts == [
                .init(ending: 3, complaint: complaint.id, isConfirmedFixed: false, rating: 1),
                .init(ending: 6, complaint: complaint.id, rating: 4),
            ])
    }

    @Test func `each of those merged into a case speaks for itself, and one denial opens it again`() throws {
        let (one, two) = (UUID(), UUID())
        var complaint = try closed()
        for (sequence, other) in [(4, one), (5, two)] {
            try take(&complaint, sequence, .absorb(other, barriers: [1], runs: []), on: first)
        }
        try take(&complaint, 6, .rate(5, by: one), on: first + 1)
        try take(&complaint, 7, .confirmFixed(by: one), on: first + 1)
        #expect(complaint.rating == nil && complaint.verdict(of: one)?.rating == 5)
        try take(&complaint, 8, .denyFixed(by: two), on: first + 2)
        #expect(complaint.status == .accepted && complaint.verdict(of: one) == nil)
        #expect(complaint.verdicts.contains(.init(ending: 3, complaint: one, isConfirmedFixed: true, rating: 5)))
        try take(&complaint, 9, .close(.enforced), on: first + 3)
        try take(&complaint, 10, .release(two), on: first + 3)
        #expect(throws: Refusal.self) { try take(&complaint, 11, .rate(2, by: two), on: first + 3) }
        #expect(throws: Refusal.self) { try take(&complaint, 11, .rate(2, by: UUID()), on: first + 3) }
    }

    @Test func `a denial after the time for it is refused, also from who was merged`() throws {
        let other = UUID()
        var complaint = try closed()
        try take(&complaint, 4, .absorb(other, barriers: [], runs: []), on: first)
        let late = first + Campaign.shipped.reopenDays + 1
        #expect(throws: Refusal.windowClosed(endedOn: first, days: Campaign.shipped.reopenDays)) {
            try take(&complaint, 5, .denyFixed(by: other), on: late)
        }
    }

    @Test func `a correction leaves what was said with the ending it was said of`() throws {
        let initial = try Complaint.sample()
        func step(_ sequence: Int, _ action: Complaint.Action, _ days: Int) -> Step<Complaint.Action> {
            Step(sequence: sequence, action: action, actor: .supervisor, on: first + days)
        }
        let steps = [
            step(2, .accept(category: nil, scenario: nil), 0), step(3, .close(.explained), 9),
            step(4, .rate(3, by: nil), 10),
        ]
        // It turns out that it had been closed, and opened again, before.
        let earlier = [step(5, .close(.enforced), 2), step(6, .reopen, 3)]
        let told = try Complaint.replay(steps + earlier, from: initial, under: .shipped)
        #expect(told.last?.state.verdicts == [.init(ending: 3, complaint: initial.id, rating: 3)])
        // What was said takes effect before the ending it was said of: that is not possible.
        #expect(throws: Refusal.self) {
            try Complaint.correct(with: step(5, .rate(2, by: nil), 1), among: steps, from: initial, under: .shipped)
        }
    }

    @Test func `history keeps who said it`() throws {
        let other = UUID()
        for action in [Complaint.Action.rate(2, by: other), .denyFixed(by: other), .confirmFixed(by: nil)] {
            #expect(Complaint.Action(name: action.name.rawValue, details: action.details) == action)
        }
        #expect(
            Complaint.Action(name: "rate", details: ["rating": "4"]) == .rate(4, by: nil), "as it was written before")
    }
}

/// What a step means for the officer who has the case.
struct NoticeTests {
    private static let (own, other) = (Actor.officer, Actor(.officer, id: UUID()))
    private static let outsiders = [Actor(.complainant), Actor(.company, id: UUID()), Actor(.filer, id: UUID())]

    private func notice(
        _ action: Complaint.Action, _ actor: Actor, for party: Actor.Kind? = nil, holder: UUID?
    ) -> Complaint.Notice? {
        Complaint.notice(of: action, by: actor, onBehalfOf: party, holder: holder)
    }

    @Test func `what comes from outside is news for any holder of the case`() {
        for actor in Self.outsiders {
            for holder in [nil, Self.own.id] {
                #expect(notice(.message, actor, holder: holder) == .news)
                #expect(notice(.respond(.accepted, ground: nil), actor, holder: holder) == .news)
                #expect(notice(.setConsent(disclosesIdentity: false), actor, holder: holder) == .news)
            }
        }
        #expect(
            notice(.message, Self.other, for: .complainant, holder: Self.own.id) == .news, "a colleague took the call")
        #expect(notice(.message, Self.own, for: .complainant, holder: Self.own.id) == .seen)
        #expect(notice(.message, Self.own, for: .complainant, holder: nil) == .news)
        #expect(notice(.recalculate, .system, holder: Self.own.id) == nil)
    }

    @Test func `its officer's acts show that it was seen, a colleague's do not, and of nobody's case anyone's do`() {
        #expect(notice(.note(.internal), Self.own, holder: Self.own.id) == .seen)
        #expect(notice(.note(.internal), Self.other, holder: Self.own.id) == nil)
        #expect(notice(.note(.internal), Self.other, holder: nil) == .seen)
        #expect(notice(.assign(to: Self.other.id), Self.other, holder: nil) == .seen)
    }

    @Test func `who gives a case away leaves its news to the next`() {
        #expect(notice(.assign(to: Self.other.id), Self.own, holder: Self.own.id) == nil)
        #expect(notice(.assign(to: nil), Self.own, holder: Self.own.id) == nil)
        #expect(notice(.transfer(office: "gd"), Self.own, holder: Self.own.id) == nil)
    }
}

/// What an organisation is told of a complaint that was merged.
struct MergedNewsTests {
    private func news(_ changes: [String: Event.Change]) -> FilingNews {
        FilingNews(
            campaign: "internet-2021", reference: Reference(prefix: "IR21", number: 2), clientReference: nil,
            sequence: 4,
            changes: changes, effectiveOn: .on("2021-09-20"), recordedAt: Date(timeIntervalSince1970: 0))
    }

    private func data(_ news: FilingNews) throws -> JSON? { try JSON(parsing: news.body.utf8)["data"] }

    @Test func `a merger tells what becomes of the case that goes on, and its end takes that back`() throws {
        let own = FilingNews.View(status: "duplicate", outcome: nil, informationGap: "target_missing", answer: nil)
        let other = FilingNews.View(status: "closed", outcome: "explained", informationGap: nil, answer: "partial")
        var merged = news([
            "status": .init(old: "needs_information", new: "duplicate"), "duplicate_of": .init(old: nil, new: "x"),
        ])
        merged.add(mergerOf: own, with: other, isUndone: false)
        let changes = try #require(try data(merged)?["changes"])
        #expect(changes["handled_with_status"]?["new"]?.string == "closed")
        #expect(changes["outcome"]?["new"]?.string == "explained" && changes["answer"]?["new"]?.string == "partial")
        #expect(changes["information_gap"] == .object(["old": .string("target_missing"), "new": .null]))
        #expect(changes["duplicate_of"] == nil, "the other complaint is not named")
        var undone = news(["status": .init(old: "duplicate", new: "needs_information")])
        undone.add(mergerOf: own, with: other, isUndone: true)
        let back = try #require(try data(undone)?["changes"])
        #expect(back["outcome"] == .object(["old": .string("explained"), "new": .null]))
        #expect(back["information_gap"]?["new"]?.string == "target_missing")
    }

    @Test func `a step of the case that goes on is told as one of the own complaint`() throws {
        var told = news(["status": .init(old: "accepted", new: "closed"), "outcome": .init(old: nil, new: "enforced")])
        told.become(stepOfOther: 17)
        let data = try data(told)
        #expect(data?["sequence"]?.int == 4 && data?["handled_sequence"]?.int == 17)
        #expect(
            data?["changes"]?["status"] == nil && data?["changes"]?["handled_with_status"]?["new"]?.string == "closed")
    }
}
