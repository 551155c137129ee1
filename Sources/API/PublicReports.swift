import Casework
import Foundation
import Reports
import Store

/// What everyone may see of a campaign: its state at the end of the last whole week, worked out at most once a minute.
///
/// Whoever could choose the day, or watch the figures move with every complaint, would see single ones in the differences.
actor PublicReports {
    private struct Made {
        let report: ProgressReport
        let at: ContinuousClock.Instant
    }

    private let databases: Databases
    private let references: ReferenceCache
    private let now: @Sendable () -> Date
    private var made: [String: Made] = [:]
    private var making: [String: Task<ProgressReport?, any Error>] = [:]

    private static let life: Duration = .seconds(60)

    init(_ databases: Databases, _ references: ReferenceCache, now: @escaping @Sendable () -> Date) {
        self.databases = databases
        self.references = references
        self.now = now
    }

    /// - Returns: `nil` where there is no such campaign.
    /// - Throws: `NotSummed` while the sums are not there, or as `Databases.progress`.
    func report(of code: String) async throws -> ProgressReport? {
        if let made = made[code], made.at.duration(to: .now) < Self.life { return made.report }
        if let task = making[code] { return try await task.value }
        guard let campaign = try await references.book().campaign(code)?.campaign else { return nil }
        let day = Day(now(), in: campaign.zone()).monday + -1
        let task = Task { [databases] in
            try await databases.progress(of: code, asOf: day, edition: .public, source: .sums)
        }
        making[code] = task
        defer { making[code] = nil }
        guard let report = try await task.value else { return nil }
        made[code] = Made(report: report, at: .now)
        return report
    }
}
