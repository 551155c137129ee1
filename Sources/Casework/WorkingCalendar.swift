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
}
