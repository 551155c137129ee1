import ArgumentParser
import Casework
import Client
import Contract

struct BarrierRecord: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Enter a barrier in the ledger, from a clue or an inspection.")

    @Option(help: "blocked_link, refused_payment or practice.")
    var kind: Barrier.Kind

    @Option(help: "Platform that bars.")
    var respondent: String

    @Option(help: "What is barred: platform:…, company:…, host:…, method:… or scenario:….")
    var target: String

    @Option(help: "Where it bites, such as one_to_one, group, checkout.")
    var scene: String?

    @Option(help: .day("Day it was found, where that was earlier; needs --reason."))
    var on: Day?

    @Option(help: "Why; kept with the history.")
    var reason: String?

    @OptionGroup var campaign: CampaignOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let members: [String: JSON] = [
            "kind": .string(kind.rawValue), "respondent_platform": .string(respondent), "target": .string(target),
            "scene": JSON(scene), "effective_on": JSON(on), "reason": JSON(reason),
        ]
        let path = "/v1/campaigns/\(try campaign.code)/barriers"
        let (body, before): (BarrierBody, BarrierBody?) = try await client.withClient { client in
            let query = [("platform", respondent), ("target", target), ("scene", scene ?? "other")]
            let known: Page<BarrierBody> = try await client.get(path, query.map { (name: $0.0, value: $0.1) })
            return (try await client.act(on: path, version: nil, members), known.items.first { $0.kind == kind })
        }
        if let before {
            Terminal.note(
                before.recordedOn > body.recordedOn
                    ? "it was in the ledger already; it stands there from \(body.recordedOn) on now"
                    : "it is in the ledger already, from \(body.recordedOn) on; nothing was entered")
        }
        try output.write(
            body, name: String(body.number),
            fields: [("Barrier", String(body.number)), ("Remediation", body.remediation.rawValue)])
    }
}

struct BarrierObserve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observe", abstract: "Enter a dated test of a barrier.",
        discussion: "For a refused payment “blocked” means not offered; for a practice, present.")

    @OptionGroup var address: BarrierAddress

    @Option(help: "blocked, extra_step, partly_open or open.")
    var result: Observation.Result

    @Option(help: "on_site, probe, technical_test, complaint or press.")
    var method: Observation.Method

    @Option(help: "Percent that is open, where the result is partly open.")
    var coverage: Int?

    @Option(help: .day("Day of the test; today where left out."))
    var on: Day?

    @Option(help: "Version of the app tested.")
    var appVersion: String?

    @Option(help: "Operating system tested on.")
    var os: String?

    @Option(help: "Region tested in, such as CN-GD.")
    var region: String?

    @Option(help: "Group of users the tester belongs to.")
    var cohort: String?

    @Option(
        help: "The same kind of link of another company, tested beside it: target=result, such as platform:qq=open.")
    var control: String?

    @Option(help: "A test of the campaign's standard: code=pass, fail or untested; may be repeated.")
    var test: [String] = []

    func validate() throws {
        for pair in test + (control.map { [$0] } ?? []) where pair.split(separator: "=").count != 2 {
            throw ValidationError("“\(pair)” has to look like name=value.")
        }
    }

    func run() async throws {
        var members: [String: JSON] = [
            "result": .string(result.rawValue), "method": .string(method.rawValue), "coverage": JSON(coverage),
            "observed_on": JSON(on), "app_version": JSON(appVersion), "os": JSON(os), "region": JSON(region),
            "cohort": JSON(cohort),
        ]
        if let parts = control?.split(separator: "=").map(String.init) {
            members["control"] = .object(["target": .string(parts[0]), "result": .string(parts[1])])
        }
        if !test.isEmpty {
            let pairs = test.map { $0.split(separator: "=").map(String.init) }
            members["tests"] = .object(pairs.reduce(into: [:]) { $0[$1[0]] = .string($1[1]) })
        }
        let body: BarrierBody = try await address.client.withClient { client in
            try await client.create(at: "\(try await address.path(client))/observations", members)
        }
        try address.show(body)
    }
}

struct BarrierConfirm: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Confirm that the barrier is there and against the rules.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "Legal basis.")
    var basis: String?

    @Option(help: "Scenario of the campaign it falls under.")
    var scenario: String?

    var resource: String { "confirmation" }
    var members: [String: JSON] { ["basis": JSON(basis), "scenario": JSON(scenario)] }
}

struct BarrierUndertake: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "undertake", abstract: "Enter what the company says it will do.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "What it covers.")
    var scope: String?

    @Option(help: .day("Day by which."))
    var by: Day?

    @Option(help: "The company whose part comes first.")
    var waitsFor: String?

    var resource: String { "undertaking" }
    var members: [String: JSON] { ["scope": JSON(scope), "due_on": JSON(by), "waits_for": JSON(waitsFor)] }
}

struct BarrierStart: BarrierAction {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Enter that the work has begun.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "start" }
}

struct BarrierAwait: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "await", abstract: "Enter that another company is waited for, whose delay it then is.",
        discussion: "The respondent's own company cannot be waited for; another company of its group can.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "The company waited for.")
    var company: String

    var resource: String { "wait" }
    var members: [String: JSON] { ["company": .string(company)] }
}

struct BarrierEndAwait: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "end-await", abstract: "End the wait: it goes back to where it was.")

    @OptionGroup var barrier: BarrierOptions

    var method: String { "DELETE" }
    var resource: String { "wait" }
}

struct BarrierClaim: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "claim", abstract: "Enter the company's word that the barrier is gone.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "Percent, where the company gives one.")
    var coverage: Int?

    var resource: String { "claim" }
    var members: [String: JSON] { ["coverage": JSON(coverage)] }
}

struct BarrierVerify: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Declare it gone, by a quorum of fresh observations; or partly, with --partly.",
        discussion: """
            The observations have to differ in observer, day or method, as the campaign says: what one officer enters twice
            on a day, by one method, is one.
            """)

    @OptionGroup var barrier: BarrierOptions

    @Flag(help: "Only a part is open.")
    var partly = false

    @Option(help: "Percent that is open, with --partly.")
    var coverage: Int?

    var resource: String { partly ? "partial-verification" : "verification" }
    var members: [String: JSON] { partly ? ["coverage": JSON(coverage)] : [:] }

    func validate() throws {
        guard partly || coverage == nil else { throw ValidationError("--coverage goes with --partly.") }
    }
}

struct BarrierRefute: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "refute", abstract: "Find the claim false, by an observation made after it.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "refutation" }
}

struct BarrierJustify: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "justify", abstract: "Find the restriction justified, for a time.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "Ground, such as fraud, malware, gambling.")
    var ground: String

    @Option(help: .day("Last day; then it is confirmed again."))
    var until: Day

    var resource: String { "justification" }
    var members: [String: JSON] { ["ground": .string(ground), "until": JSON(until)] }
}

struct BarrierDismiss: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "dismiss", abstract: "Find that there is no barrier; needs --reason.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "dismissal" }
}

struct BarrierRevive: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "revive", abstract: "Take a dismissed barrier up again; takes a supervisor and --reason.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "revival" }
}

struct BarrierRegress: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Find a verified barrier back: its next episode begins.",
        discussion: "It needs a test that says blocked, made since it was verified, or --reason.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "regression" }
}

struct BarrierRetract: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "retract", abstract: "Take back an observation that was entered by mistake; needs --reason.")

    @OptionGroup var barrier: BarrierOptions

    @Option(help: "Its number in the barrier's history.")
    var observation: Int

    var method: String { "DELETE" }
    var resource: String { "observations/\(observation)" }
}

struct BarrierReview: BarrierAction {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Ask whether a verified barrier has come back, or with --close find that it has not; needs --reason.")

    @OptionGroup var barrier: BarrierOptions

    @Flag(help: "Close the review: it has not come back.")
    var close = false

    var method: String { close ? "DELETE" : "POST" }
    var resource: String { "review" }
}

struct BarrierNote: BarrierAction {
    static let configuration = CommandConfiguration(commandName: "note", abstract: "Add a note; needs --reason.")

    @OptionGroup var barrier: BarrierOptions

    var resource: String { "notes" }
}
