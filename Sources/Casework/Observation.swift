/// One dated test of a barrier.
public struct Observation: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable, Codable {
        case onSite = "on_site"
        case probe
        case technicalTest = "technical_test"
        case complaint
        case press
    }

    /// What was seen.
    ///
    /// For a refused payment `blocked` means not offered; for a practice, present.
    public enum Result: String, Sendable, CaseIterable, Codable {
        case blocked
        case extraStep = "extra_step"
        case partlyOpen = "partly_open"
        case open
    }

    public var on: Day
    public var method: Method
    public var result: Result
    /// Percent, where the result is partly open and the extent is known.
    public var coverage: Int?
    /// Its place in the barrier's history; 0 before it has one.
    public var sequence: Int

    public init(on: Day, method: Method, result: Result, coverage: Int? = nil, sequence: Int = 0) {
        self.on = on
        self.method = method
        self.result = result
        self.coverage = coverage
        self.sequence = sequence
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

    public static let nothing = Observed(state: .unobserved, on: nil, coverage: nil, isStale: false)

    public init(state: State, on: Day?, coverage: Int?, isStale: Bool) {
        self.state = state
        self.on = on
        self.coverage = coverage
        self.isStale = isStale
    }

    /// The latest observation decides; it is stale once older than the campaign's limit at the end of `day`.
    public init(_ observations: [Observation], at day: Day, staleAfterDays: Int) {
        let latest = observations.filter { $0.on <= day }.max { ($0.on, $0.sequence) < ($1.on, $1.sequence) }
        guard let latest else {
            self = .nothing
            return
        }
        self.init(
            state: State(latest.result), on: latest.on, coverage: latest.coverage,
            isStale: day - latest.on > staleAfterDays)
    }
}
