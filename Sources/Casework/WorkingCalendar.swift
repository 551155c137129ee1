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

extension WorkingCalendar {
    /// More weekdays off than this in a year are more than any country has; China has about twenty.
    private static let mostDaysOff = 40

    /// Why this can hardly be the notice of a year: with such a file loaded, due days would look certain and be wrong.
    ///
    /// - Parameter year: The year that the file is for.
    /// - Returns: The list that looks wrong, and why; none where nothing does.
    public func oddities(in year: Int) -> [(list: String, why: String)] {
        let off = holidays.count { $0.year == year && $0.weekday <= 5 }
        var found: [(list: String, why: String)] = []
        if off == 0 {
            found.append(("holidays", "names no weekday of \(year) as a day off, so it says nothing about that year"))
        } else if off > Self.mostDaysOff {
            found.append(("holidays", "names \(off) weekdays of \(year) as days off; a year has about 20"))
        }
        // A holiday that begins in the last days of a year is announced with the next one.
        if let early = holidays.union(workdays).filter({ $0.year < year && !$0.isInDecember }).min() {
            let list = holidays.contains(early) ? "holidays" : "workdays"
            found.append((list, "names \(early), which lies before December \(year - 1)"))
        }
        let worked = workdays.count { $0.year == year }
        if off > 0, worked > off {
            found.append(
                ("workdays", "names \(worked) weekend days to be worked, more than the \(off) weekdays off in \(year)"))
        }
        return found
    }
}

extension Day {
    fileprivate var isInDecember: Bool { (firstOfMonth + 31).year > year }
}
