public import Casework

/// How many complaints count for each slot at the end of a day.
public struct Tally: Sendable {
    fileprivate var counts: [Slot: Int] = [:]

    public init() {}

    public mutating func add(_ count: Int, to slot: Slot) { counts[slot, default: 0] += count }
}

/// A ``Tally`` by measure, for a report.
struct Counts {
    struct Entry {
        var company: String
        var value: String
        var day: Day
        var count: Int
    }

    private let byMeasure: [Measure: [Entry]]

    init(_ tally: Tally) {
        byMeasure = tally.counts.reduce(into: [:]) { groups, count in
            guard count.value != 0 else { return }
            let slot = count.key
            groups[slot.measure, default: []].append(
                Entry(company: slot.company, value: slot.value, day: slot.day, count: count.value))
        }
    }

    func entries(_ measure: Measure) -> [Entry] { byMeasure[measure] ?? [] }

    func sum(_ measure: Measure, where condition: (Entry) -> Bool = { _ in true }) -> Int {
        entries(measure).reduce(0) { condition($1) ? $0 + $1.count : $0 }
    }

    /// By value, where `condition` holds.
    func byValue(_ measure: Measure, where condition: (Entry) -> Bool = { _ in true }) -> [String: Int] {
        entries(measure).reduce(into: [:]) { sums, entry in
            if condition(entry) { sums[entry.value, default: 0] += entry.count }
        }
    }

    func byCompany(_ measure: Measure, where condition: (Entry) -> Bool = { _ in true }) -> [String: Int] {
        entries(measure).reduce(into: [:]) { sums, entry in
            if condition(entry) { sums[entry.company, default: 0] += entry.count }
        }
    }

    /// How often each number of days occurs among the lengths of one step.
    func lengths(of step: CaseFacts.Step) -> Histogram {
        entries(.step).reduce(into: Histogram()) { histogram, entry in
            let parts = entry.value.split(separator: "/")
            guard parts.count == 2, parts[0] == step.rawValue, let days = Int(parts[1]) else { return }
            histogram.add(entry.count, at: days)
        }
    }
}

/// How often each number of days occurs.
struct Histogram {
    private(set) var counts: [Int: Int] = [:]

    init(_ days: [Int] = []) {
        for day in days { add(1, at: day) }
    }

    mutating func add(_ count: Int, at days: Int) { counts[days, default: 0] += count }

    var total: Int { counts.values.reduce(0, +) }

    /// The smallest number of days that at least so many percent do not exceed (nearest rank); `nil` for none.
    func percentile(_ percent: Int) -> Int? {
        let total = total
        guard total > 0 else { return nil }
        let rank = (total * percent + 99) / 100
        var sum = 0
        for (days, count) in counts.sorted(by: { $0.key < $1.key }) {
            sum += count
            if sum >= rank { return days }
        }
        return nil
    }
}

/// The days a report is about, and what they are compared with: the period before, and the same a year before.
public struct ReportPeriod: Sendable, Hashable {
    public let from: Day
    public let to: Day

    /// - Parameters:
    ///   - from: The first day; left out, the first of the month of the last day.
    ///   - to: The last day.
    public init(from: Day?, to: Day) {
        self.from = from ?? to.firstOfMonth
        self.to = to
    }

    /// As many whole months before, where this is whole months; else as many days, directly before.
    ///
    /// - Parameter figures: The version of the figures whose rule holds; up to the second, several months were days.
    /// - Returns: The period that ends on the eve of this one.
    public func previous(_ figures: Int = ProgressReport.currentFigures) -> ReportPeriod {
        guard let months = comparedMonths(figures) else {
            return ReportPeriod(from: from + (from - to) + -1, to: from + -1)
        }
        let first = (0..<months).reduce(from) { day, _ in (day + -1).firstOfMonth }
        return ReportPeriod(from: first, to: from + -1)
    }

    /// The same months of the year before, to their last day, where this is whole months; else the same days, where a
    /// leap day is the last of February.
    ///
    /// - Parameter figures: As for ``previous(_:)``.
    /// - Returns: The period a year before.
    public func lastYear(_ figures: Int = ProgressReport.currentFigures) -> ReportPeriod {
        guard figures >= Self.monthsSince, wholeMonths != nil else {
            return ReportPeriod(from: from.yearBefore, to: to.yearBefore)
        }
        return ReportPeriod(from: from.yearBefore, to: (to + 1).yearBefore + -1)
    }

    /// The version of the figures since which whole months are compared with whole months.
    private static let monthsSince = 3

    /// The whole months that are compared with as many; earlier versions of the figures did so for a single one only.
    private func comparedMonths(_ figures: Int) -> Int? {
        wholeMonths.flatMap { $0 == 1 || figures >= Self.monthsSince ? $0 : nil }
    }

    /// How many calendar months this is, each of them whole; `nil` where it begins or ends within one.
    private var wholeMonths: Int? {
        guard from == from.firstOfMonth, to + 1 == (to + 1).firstOfMonth else { return nil }
        var (first, months) = (to.firstOfMonth, 1)
        while first > from { (first, months) = ((first + -1).firstOfMonth, months + 1) }
        return months
    }

    public func contains(_ day: Day) -> Bool { from <= day && day <= to }
}
