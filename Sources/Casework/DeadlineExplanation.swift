/// A deadline, told day by day.
public struct DeadlineExplanation: Sendable, Equatable {
    /// Why a day was counted or not.
    public enum Reason: String, Sendable, CaseIterable, Codable {
        /// The day that starts the count (Civil Code, article 201).
        case dayZero = "day_zero"
        case counted
        case weekend
        case holiday
        /// A weekend day that is worked to make up for a holiday.
        case makeUpDay = "make_up_day"
        /// The case waited for information.
        case paused
        /// The last day is not worked and the rule moves it (Civil Code, article 203).
        case rolled
    }

    public struct Line: Sendable, Equatable {
        public var day: Day
        public var reason: Reason
        /// How many days of the limit are used up at its end.
        public var count: Int
        /// Whether no notice on holidays is loaded for its year.
        public var isUncovered: Bool
    }

    public var deadline: Deadline
    public var lines: [Line]

    /// Days told at the most.
    public static let limit = 1000

    /// Counts again, as `DeadlineRule.due` does, and says why.
    public init(_ deadline: Deadline, calendar: WorkingCalendar) {
        self.deadline = deadline
        let rule = deadline.extendedRule
        lines = [Line(day: deadline.startedOn, reason: .dayZero, count: 0, isUncovered: false)]
        var day = deadline.startedOn
        var count = 0
        func note(_ reason: Reason) {
            let isUncovered = !calendar.years.contains(day.year)
            lines.append(Line(day: day, reason: reason, count: count, isUncovered: isUncovered))
        }
        while count < rule.limit, lines.count < Self.limit {
            day = day + 1
            if deadline.pauses.contains(where: { $0.contains(day) }) {
                note(.paused)
            } else if rule.unit == .calendarDays {
                count += 1
                note(.counted)
            } else if calendar.isWorking(day) {
                count += 1
                note(day.weekday > 5 ? .makeUpDay : .counted)
            } else {
                note(calendar.holidays.contains(day) ? .holiday : .weekend)
            }
        }
        guard rule.rollsIfNonworking else { return }
        while !calendar.isWorking(day), lines.count < Self.limit {
            day = day + 1
            note(.rolled)
        }
    }
}
