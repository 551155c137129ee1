import Casework
import TestSupport
import Testing

@testable import Reports

/// What a period is compared with.
struct PeriodTests {
    private func compared(_ from: String, _ to: String, figures: Int = ProgressReport.currentFigures) -> [String] {
        let period = ReportPeriod(from: .on(from), to: .on(to))
        return [period.previous(figures), period.lastYear(figures)].map { "\($0.from) \($0.to)" }
    }

    @Test(arguments: [
        // A month, also the one that has a leap day, and the one that follows such a year.
        ("2021-09-01", "2021-09-30", "2021-08-01 2021-08-31", "2020-09-01 2020-09-30"),
        ("2024-03-01", "2024-03-31", "2024-02-01 2024-02-29", "2023-03-01 2023-03-31"),
        ("2024-02-01", "2024-02-29", "2024-01-01 2024-01-31", "2023-02-01 2023-02-28"),
        ("2023-02-01", "2023-02-28", "2023-01-01 2023-01-31", "2022-02-01 2022-02-28"),
        ("2025-02-01", "2025-02-28", "2025-01-01 2025-01-31", "2024-02-01 2024-02-29"),
        // Two months, a quarter, half a year, a year, and more.
        ("2024-01-01", "2024-02-29", "2023-11-01 2023-12-31", "2023-01-01 2023-02-28"),
        ("2022-01-01", "2022-03-31", "2021-10-01 2021-12-31", "2021-01-01 2021-03-31"),
        ("2021-10-01", "2021-12-31", "2021-07-01 2021-09-30", "2020-10-01 2020-12-31"),
        ("2021-07-01", "2021-12-31", "2021-01-01 2021-06-30", "2020-07-01 2020-12-31"),
        ("2024-01-01", "2024-12-31", "2023-01-01 2023-12-31", "2023-01-01 2023-12-31"),
        ("2023-01-01", "2023-12-31", "2022-01-01 2022-12-31", "2022-01-01 2022-12-31"),
        ("2021-11-01", "2023-02-28", "2020-07-01 2021-10-31", "2020-11-01 2022-02-28"),
    ])
    func `whole months are compared with as many whole months, and with the same of the year before, to their last day`(
        from: String, to: String, previous: String, lastYear: String
    ) {
        #expect(compared(from, to) == [previous, lastYear])
    }

    @Test(arguments: [
        ("2024-03-05", "2024-03-14", "2024-02-24 2024-03-04", "2023-03-05 2023-03-14"),
        ("2021-09-01", "2021-09-29", "2021-08-03 2021-08-31", "2020-09-01 2020-09-29"),
        ("2021-09-02", "2021-09-30", "2021-08-04 2021-09-01", "2020-09-02 2020-09-30"),
        ("2024-02-01", "2024-02-28", "2024-01-04 2024-01-31", "2023-02-01 2023-02-28"),
        ("2024-02-10", "2024-02-29", "2024-01-21 2024-02-09", "2023-02-10 2023-02-28"),
        ("2021-09-17", "2021-09-17", "2021-09-16 2021-09-16", "2020-09-17 2020-09-17"),
    ])
    func `other periods are compared by days`(from: String, to: String, previous: String, lastYear: String) {
        #expect(compared(from, to) == [previous, lastYear])
    }

    @Test func `an issue that was published by the rule before is read with the days it was made of`() throws {
        #expect(
            compared("2022-01-01", "2022-03-31", figures: 2) == ["2021-10-03 2021-12-31", "2021-01-01 2021-03-31"])
        #expect(
            compared("2024-02-01", "2024-02-29", figures: 2) == ["2024-01-01 2024-01-31", "2023-02-01 2023-02-28"])
        #expect(
            compared("2025-02-01", "2025-02-28", figures: 2) == ["2025-01-01 2025-01-31", "2024-02-01 2024-02-28"])
        var report = RenderingTests.report()
        report.period = ReportPeriod(from: .on("2021-07-01"), to: .on("2021-09-30"))
        report.figuresVersion = 2
        #expect(report.preface(.en).last?.contains("before: 2021-03-31 to 2021-06-30") == true)
        report.figuresVersion = ProgressReport.currentFigures
        #expect(report.preface(.en).last?.contains("before: 2021-04-01 to 2021-06-30") == true)
    }
}
