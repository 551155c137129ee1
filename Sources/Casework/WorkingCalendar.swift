/// Which days are worked in a region: weekdays without holidays, and the weekend days worked to make up for them.
///
/// Source: the State Council's yearly notices on holidays. A year's file may name a day of the year before.
public struct WorkingCalendar: Sendable, Hashable {
    public var region: String
    /// The years whose notice is loaded.
    ///
    /// A day outside them is taken as an ordinary weekday or weekend.
    public var years: Set<Int>
    public var holidays: Set<Day>
    public var workdays: Set<Day>

    public init(region: String, years: Set<Int> = [], holidays: Set<Day> = [], workdays: Set<Day> = []) {
        self.region = region
        self.years = years
        self.holidays = holidays
        self.workdays = workdays
    }

    public func isWorking(_ day: Day) -> Bool {
        if holidays.contains(day) { return false }
        return day.weekday <= 5 || workdays.contains(day)
    }

    /// How many days are worked after one day, up to and with another.
    public func workingDays(after start: Day, through end: Day) -> Int {
        guard start < end else { return 0 }
        // Whole weeks have five; the holidays and worked weekends between are few.
        let weeks = (end - start) / 7
        let rest = (start.number + weeks * 7 + 1)..<(end.number + 1)
        let weekdays = weeks * 5 + rest.count { Day(number: $0).weekday <= 5 }
        let off = holidays.count { start < $0 && $0 <= end && $0.weekday <= 5 }
        return weekdays - off + workdays.count { start < $0 && $0 <= end && $0.weekday > 5 && !holidays.contains($0) }
    }
}
