import ArgumentParser
import Testing

@testable import rectify

/// What is wrong with an option is said of the option, with its form and an example.
struct OptionNamesTests {
    @Test(arguments: [
        ("#/effective_on has not come yet", "--on has not come yet"), ("#/reason is required", "--reason is required"),
        ("#/fields/0 is none of these", "#/fields/0 is none of these"),
        ("#/narrative is required", "#/narrative is required"), ("No member of anything", "No member of anything"),
        ("#/blocked_link/reason is too long", "#/blocked_link/reason is too long"),
    ])
    func `a member that an option filled is named by the option`(words: (said: String, expected: String)) {
        #expect(OptionNames(of: ComplaintAccept.self).named(in: words.said) == words.expected)
    }

    @Test func `each command is asked for its own options`() {
        let observe = OptionNames(of: BarrierObserve.self)
        #expect(observe.named(in: "#/observed_on lies before the barrier") == "--on lies before the barrier")
        #expect(observe.named(in: "#/app_version is too long") == "--app-version is too long")
        let list = OptionNames(of: ComplaintList.self)
        #expect(list.named(in: "?/received_from lies after") == "--received-from lies after")
        #expect(list.named(in: "#/effective_on has not come yet") == "#/effective_on has not come yet")
        #expect(OptionNames().named(in: "?/as_of is no day") == "--as-of is no day")
    }

    @Test func `one thing is not several`() {
        #expect(quantity(1, "checkpoint") == "1 checkpoint" && quantity(2, "checkpoint") == "2 checkpoints")
        #expect(quantity(0, "event is", "events are") == "0 events are" && quantity(1, "leaf", "leaves") == "1 leaf")
    }

    @Test(arguments: [
        ["complaint", "accept", "IR21-0000123-4", "--on", "2021/9/18"],
        ["complaint", "list", "--received-from", "18.9.2021"],
        ["report", "internet-2021", "--from", "yesterday"],
        ["campaign", "close", "internet-2021", "--on", "2021-02-30"],
    ])
    func `a day in another form is refused with the form and an example`(arguments: [String]) async throws {
        try await withProgram { program in
            let outcome = try await program.run(arguments)
            #expect(outcome.code == 64, "\(outcome)")
            let isTold = outcome.error.contains("YYYY-MM-DD") && outcome.error.contains("such as 2021-09-17")
            #expect(isTold, "\(outcome.error)")
        }
    }
}
