public import Foundation

/// One dated test of a barrier.
public struct Observation: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable, Codable {
        case onSite = "on_site"
        case probe
        case technicalTest = "technical_test"
        case complaint
        case press

        /// Whether it is the authority's own proof, which a quorum needs.
        public var isProof: Bool { self == .probe || self == .onSite }
    }

    /// What was seen.
    ///
    /// For a refused payment `blocked` means not offered; for a practice, present.
    public enum Result: String, Sendable, CaseIterable, Codable {
        case blocked
        case extraStep = "extra_step"
        case partlyOpen = "partly_open"
        case open

        /// From closed to open, to compare two results.
        public var openness: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// The same kind of link of another company, tested in the same scene at the same time.
    public struct Control: Sendable, Hashable, Codable {
        public var target: Barrier.Target
        public var result: Result

        public init(target: Barrier.Target, result: Result) {
            self.target = target
            self.result = result
        }
    }

    /// What one test of the campaign's standard came to.
    public enum Verdict: String, Sendable, CaseIterable, Codable {
        case pass
        case fail
        case untested
    }

    public var on: Day
    public var method: Method
    public var result: Result
    /// Percent, where the result is partly open and the extent is known.
    public var coverage: Int?
    public var control: Control?
    /// By the code of the test.
    public var tests: [String: Verdict]
    /// The officer who entered it, or whose token a probe has; `nil` where it is not known.
    public var observer: UUID?
    /// Its place in the barrier's history; 0 before it has one.
    public var sequence: Int
    /// The place of the step that took it back.
    public var retractedBy: Int?

    public init(
        on: Day, method: Method, result: Result, coverage: Int? = nil, control: Control? = nil,
        tests: [String: Verdict] = [:], observer: UUID? = nil, sequence: Int = 0, retractedBy: Int? = nil
    ) {
        self.on = on
        self.method = method
        self.result = result
        self.coverage = coverage
        self.control = control
        self.tests = tests
        self.observer = observer
        self.sequence = sequence
        self.retractedBy = retractedBy
    }

    /// Whether it shows discrimination: what another company's link may do, this one may not.
    public var showsDiscrimination: Bool {
        control.map { result.openness < $0.result.openness } ?? false
    }
}

/// What we see of a barrier: always worked out from its observations, never set by hand.
public struct Observed: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable, Codable {
        case unobserved
        case blocked
        case extraStep = "extra_step"
        case partlyOpen = "partly_open"
        case open

        public init(_ result: Observation.Result) {
            switch result {
            case .blocked: self = .blocked
            case .extraStep: self = .extraStep
            case .partlyOpen: self = .partlyOpen
            case .open: self = .open
            }
        }
    }

    public var state: State
    public var on: Day?
    public var coverage: Int?
    public var isStale: Bool
    /// Whether the latest observation with a control shows that another company's link may do more.
    public var isDiscriminating: Bool

    public static let nothing = Observed(state: .unobserved, on: nil, coverage: nil, isStale: false)

    public init(state: State, on: Day?, coverage: Int?, isStale: Bool, isDiscriminating: Bool = false) {
        self.state = state
        self.on = on
        self.coverage = coverage
        self.isStale = isStale
        self.isDiscriminating = isDiscriminating
    }

    /// The latest observation decides; it is stale once older than the campaign's limit at the end of `day`.
    public init(_ observations: [Observation], at day: Day, staleAfterDays: Int) {
        let standing = observations.filter { $0.on <= day && $0.retractedBy == nil }
        guard let latest = standing.max(by: { ($0.on, $0.sequence) < ($1.on, $1.sequence) }) else {
            self = .nothing
            return
        }
        self.init(
            state: State(latest.result), on: latest.on, coverage: latest.coverage,
            isStale: day - latest.on > staleAfterDays, isDiscriminating: latest.showsDiscrimination)
    }
}
