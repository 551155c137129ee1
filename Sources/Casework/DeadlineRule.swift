/// How long something may take, as a rule of law or practice says.
///
/// The day that starts the count is not counted, and a last day that is not worked may move to the next that is
/// (Civil Code, articles 201 and 203).
public struct DeadlineRule: Sendable, Hashable, Codable {
    public enum Unit: String, Sendable, Codable, CaseIterable {
        case workingDays = "working_days"
        case calendarDays = "calendar_days"
    }

    public var code: String
    /// In units of `unit`.
    public var limit: Int
    public var unit: Unit
    public var rollsIfNonworking: Bool
    /// Where the rule is written.
    public var basis: String
    public var effectiveFrom: Day
    /// The first day on which the rule no longer holds; `nil` while it is in force.
    public var effectiveTo: Day?

    public init(
        code: String, limit: Int, unit: Unit, rollsIfNonworking: Bool, basis: String = "",
        effectiveFrom: Day = Day(number: 0), effectiveTo: Day? = nil
    ) {
        self.code = code
        self.limit = limit
        self.unit = unit
        self.rollsIfNonworking = rollsIfNonworking
        self.basis = basis
        self.effectiveFrom = effectiveFrom
        self.effectiveTo = effectiveTo
    }

    /// The last day of the limit counted from `start`, leaving out `pauses`.
    ///
    /// Provisional when a day that was looked at lies outside the loaded calendar.
    public func due(
        from start: Day, pauses: [Deadline.Pause] = [], calendar: WorkingCalendar
    ) -> (on: Day, isProvisional: Bool) {
        var day = start
        var counted = 0
        while counted < limit {
            day = day + 1
            guard !pauses.contains(where: { $0.contains(day) }) else { continue }
            if unit == .calendarDays || calendar.isWorking(day) { counted += 1 }
        }
        if rollsIfNonworking {
            while !calendar.isWorking(day) { day = day + 1 }
        }
        let needsCalendar = unit == .workingDays || rollsIfNonworking
        let isCovered = (start.year...day.year).allSatisfy { calendar.years.contains($0) }
        return (day, needsCalendar && !isCovered)
    }
}
