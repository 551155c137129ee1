public import Casework
import Foundation

/// What companies said and did on one day of the campaign of 2021, from the shared timeline.
public struct TimelineEntry: Decodable, Sendable {
    public var on: Day
    public var barriers: [Part]

    /// What was done about one barrier.
    public struct Part: Decodable, Sendable {
        public var kind: Barrier.Kind
        public var respondentPlatform: String
        public var targetPlatform: String?
        public var paymentMethod: String?
        public var scene: String
        public var actions: [Deed]

        public var target: String { timelineTarget(targetPlatform, paymentMethod) }
    }

    public struct Deed: Decodable, Sendable {
        public var action: String
        public var result: Observation.Result?
        public var method: Observation.Method?
        public var company: String?
        public var coveragePercent: Int?
    }

    public static func all() throws -> [TimelineEntry] {
        try snakeCase.decode([TimelineEntry].self, from: fixture("timeline.json"))
    }
}

/// What a clerk worked out one barrier to be on a date.
public struct TimelineState: Decodable, Sendable {
    public var kind: Barrier.Kind
    public var respondentPlatform: String
    public var targetPlatform: String?
    public var paymentMethod: String?
    public var scene: String
    public var remediation: Barrier.Remediation
    public var observed: Observed.State
    public var waitingFor: String?
    public var claimedCoveragePercent: Int?

    public var target: String { timelineTarget(targetPlatform, paymentMethod) }

    /// The states by date.
    public static func all() throws -> [String: [TimelineState]] {
        try snakeCase.decode([String: [TimelineState]].self, from: fixture("timeline-goldens.json"))
    }
}

private func timelineTarget(_ platform: String?, _ method: String?) -> String {
    method.map { "method:\($0)" } ?? "platform:\(platform ?? "")"
}
