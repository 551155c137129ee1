import Casework
import Foundation
import TestSupport
import Testing

struct CalendarTests {
    @Test func `deadlines fall due as worked out by hand`() throws {
        let calendar = Complaint.Rules.shipped.calendar
        let vectors = try records("deadline-vectors.csv")
        #expect(vectors.count == 83)
        for vector in vectors {
            let rule = DeadlineRule(
                code: "test", limit: try #require(vector["days"].flatMap(Int.init)),
                unit: try #require(vector["rule_unit"].flatMap(DeadlineRule.Unit.init)),
                rollsIfNonworking: vector["roll"] == "true")
            let start = Day.on(vector["start"] ?? "")
            let due = rule.due(from: start, calendar: calendar)
            #expect(due.on.description == vector["expected"], "\(vector)")
            #expect(
                due.isProvisional
                    == (due.on.year > 2026 && (vector["rule_unit"] != "calendar_days" || vector["roll"] == "true")),
                "\(vector)")
        }
    }

    @Test(arguments: [(2021, 250), (2022, 249), (2026, 248)])
    func `a year has this many working days`(year: Int, days: Int) {
        let calendar = Complaint.Rules.shipped.calendar
        let (first, last) = (Day.on("\(year)-01-01"), Day.on("\(year)-12-31"))
        #expect((first.number...last.number).count { calendar.isWorking(Day(number: $0)) } == days)
    }

    @Test func `a deadline past the loaded years says that it is provisional`() {
        let rule = DeadlineRule(code: "test", limit: 10, unit: .workingDays, rollsIfNonworking: false)
        let calendar = Complaint.Rules.shipped.calendar
        #expect(rule.due(from: .on("2026-12-25"), calendar: calendar).isProvisional)
        #expect(!rule.due(from: .on("2026-12-01"), calendar: calendar).isProvisional)
    }

    @Test func `the day a notice of the next year takes off counts for this one`() {
        #expect(!Complaint.Rules.shipped.calendar.isWorking(.on("2022-12-31")))
    }
}

struct DayTests {
    @Test(arguments: [
        "2021-02-29", "2021-13-01", "2021-00-10", "2021-1-1", "21-01-01", "2021-01-01 ", "", "２021-01-01",
    ])
    func `what the calendar has not is no day`(text: String) {
        #expect(Day(text) == nil)
    }

    @Test func `days count through leap years and back`() {
        for number in stride(from: -200_000, through: 200_000, by: 37) {
            let day = Day(number: number)
            #expect(Day(day.description) == day || day.year < 1)
        }
        #expect(Day.on("2020-02-29") + 366 == .on("2021-03-01"))
        #expect(Day.on("2021-09-17").weekday == 5)
    }

    @Test func `a moment is a day of the campaign's time zone`() throws {
        let zone = Campaign.shipped.zone()
        let lateEvening = try Date("2021-09-17T16:30:00Z", strategy: .iso8601)
        #expect(Day(lateEvening, in: zone) == .on("2021-09-18"))
        #expect(Day(lateEvening, in: .gmt) == .on("2021-09-17"))
    }
}
