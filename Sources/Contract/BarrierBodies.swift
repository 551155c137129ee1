public import Casework
public import Foundation

/// A barrier of the ledger.
public struct BarrierBody: Codable, Sendable, Equatable {
    public var number: Int
    public var campaign: String
    public var version: Int
    public var kind: Barrier.Kind
    public var respondentPlatform: String
    /// In one word: `platform:taobao`, `method:wechat_pay`.
    public var target: String
    public var scene: String
    public var remediation: Barrier.Remediation
    public var episode: Int
    public var awaitedCompany: String?
    /// By when the company that is waited for should have done its part.
    public var waitDueOn: Day?
    public var coverage: Int?
    public var undertakenBy: Day?
    public var verifiedOn: Day?
    public var justifiedUntil: Day?
    /// Since when it is asked whether the barrier has come back.
    public var reviewOpenedOn: Day?
    public var hasStandingOrder: Bool
    public var falseClaims: Int
    public var recordedOn: Day
    public var changedOn: Day
    public var observed: ObservedBody
    /// Accepted complaints that attest it; for the public left out from 1 to 4.
    public var complaints: Int?
    public var actions: [String]

    public init(
        _ barrier: Barrier, campaign: String, version: Int, observed: ObservedBody, complaints: Int, actions: [String]
    ) {
        number = barrier.number
        self.campaign = campaign
        self.version = version
        kind = barrier.kind
        respondentPlatform = barrier.respondentPlatform
        target = barrier.target.description
        scene = barrier.scene
        remediation = barrier.remediation
        episode = barrier.episode
        awaitedCompany = barrier.awaitedCompany
        waitDueOn = barrier.wait?.dueOn
        coverage = barrier.coverage
        undertakenBy = barrier.undertakenBy
        verifiedOn = barrier.verifiedOn
        justifiedUntil = barrier.justifiedUntil
        reviewOpenedOn = barrier.reviewOpenedOn
        hasStandingOrder = barrier.hasStandingOrder
        falseClaims = barrier.falseClaims
        recordedOn = barrier.recordedOn
        changedOn = barrier.changedOn
        self.observed = observed
        self.complaints = complaints
        self.actions = actions
    }
}

public struct ObservedBody: Codable, Sendable, Equatable {
    public var state: Observed.State
    public var on: Day?
    public var coverage: Int?
    public var isStale: Bool
    /// Whether the latest test with a control saw another company's link do more.
    public var isDiscriminating: Bool

    public init(_ observed: Observed) {
        state = observed.state
        on = observed.on
        coverage = observed.coverage
        isStale = observed.isStale
        isDiscriminating = observed.isDiscriminating
    }
}

/// The same kind of link of another company, tested beside it.
public struct ControlBody: Codable, Sendable, Equatable {
    public var target: String
    public var result: Observation.Result

    public init(_ control: Observation.Control) {
        target = control.target.description
        result = control.result
    }
}

public struct ObservationBody: Codable, Sendable, Equatable {
    /// Its place in the barrier's history, by which it can be taken back.
    public var sequence: Int
    public var on: Day
    public var method: Observation.Method
    public var result: Observation.Result
    public var coverage: Int?
    public var control: ControlBody?
    public var showsDiscrimination: Bool
    /// The tests of the campaign's standard, by code.
    public var tests: [String: Observation.Verdict]
    public var appVersion: String?
    public var os: String?
    public var region: String?
    public var cohort: String?
    public var recordedAt: Date

    public init(
        _ observation: Observation, appVersion: String?, os: String?, region: String?, cohort: String?,
        recordedAt: Date
    ) {
        sequence = observation.sequence
        on = observation.on
        method = observation.method
        result = observation.result
        coverage = observation.coverage
        control = observation.control.map(ControlBody.init)
        showsDiscrimination = observation.showsDiscrimination
        tests = observation.tests
        self.appVersion = appVersion
        self.os = os
        self.region = region
        self.cohort = cohort
        self.recordedAt = recordedAt
    }
}

public struct UndertakingBody: Codable, Sendable, Equatable {
    /// The same for all stages of one undertaking.
    public var id: UUID?
    public var scope: String?
    public var dueOn: Day?
    public var waitsFor: String?
    public var givenOn: Day

    public init(id: UUID?, scope: String?, dueOn: Day?, waitsFor: String?, givenOn: Day) {
        self.id = id
        self.scope = scope
        self.dueOn = dueOn
        self.waitsFor = waitsFor
        self.givenOn = givenOn
    }
}

/// What became of one line of an import.
public struct LineResultBody: Codable, Sendable, Equatable {
    /// Counted from 1.
    public var line: Int
    /// The line of the file, as an editor shows it.
    public var fileLine: Int?
    public var id: String?
    /// `entered`, `known`, `regressed` or `refused`.
    public var outcome: String
    public var problem: ProblemBody?

    public init(line: Int, fileLine: Int?, id: String?, outcome: String, problem: ProblemBody? = nil) {
        self.line = line
        self.fileLine = fileLine
        self.id = id
        self.outcome = outcome
        self.problem = problem
    }
}
