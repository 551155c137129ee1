import Foundation
import Subprocess
import Synchronization
import TestSupport
import Testing

/// A program under load, to which faults happen, run by run; after each run its data are compared with its acknowledgements.
///
/// A table of the runs is printed at the end, a line for each kind of fault: `make test-long` shows it.
final class FaultScene: Sendable {
    let program: Program
    let filers: FilerCrowd
    let ledger: AcknowledgementLedger
    private let settings: [String: String]
    private let running = Mutex<ServerProcess?>(nil)
    private let tokens = Mutex((officer: "", filer: ""))
    private let rows = Mutex<[Row]>([])

    /// What happened in the runs of one fault.
    private struct Row {
        let fault: String
        var runs = 0
        var acknowledged = 0
        var lost = 0
        var doubled = 0
        var refused = 0
        var unanswered = 0
        /// Seconds from the end of the fault until a filing was acknowledged again.
        var seconds: [Double] = []

        var line: String {
            let times = seconds.map { String(format: "%.1f", $0) }.joined(separator: " ")
            let counts = [runs, acknowledged, lost, doubled, refused, unanswered].map(String.init)
            return (["fault", fault] + counts + [times]).joined(separator: " | ")
        }
    }

    private init(_ program: Program, _ settings: [String: String]) throws {
        self.program = program
        // History is signed within the shortest of scenes.
        self.settings = settings.merging(["RECTIFY_HISTORY_CHECKPOINT_SECONDS": "15"]) { own, _ in own }
        ledger = try AcknowledgementLedger(of: program)
        filers = FilerCrowd(ledger)
    }

    /// Lends `body` a program that takes filings of a crowd, and checks at the end that nothing but refusals was answered and
    /// that its history is sound.
    ///
    /// - Parameters:
    ///   - program: Whose data were not used yet.
    ///   - settings: Of the server, by the names of their environment variables.
    ///   - body: Makes the runs. It may stop the server and start it again.
    /// - Throws: What `body` throws, or why the program does not run.
    static func play(
        _ program: Program, settings: [String: String] = [:], _ body: (FaultScene) async throws -> Void
    ) async throws {
        let scene = try FaultScene(program, settings)
        try await scene.start()
        try await scene.issueTokens()
        scene.filers.start(token: scene.tokens.withLock { $0.filer })
        do {
            try await scene.filers.untilAcknowledged(10)
            try await body(scene)
        } catch {
            scene.show()
            try? await scene.filers.stop()
            try? await scene.kill()
            throw error
        }
        try await scene.filers.stop()
        scene.show()
        #expect(scene.filers.tally.unexpected == [])
        let audit = try await program.run("audit", "verify", "--data", program.data)
        #expect(audit.code == 0, "\(audit)")
        try await scene.stop()
    }

    private func issueTokens() async throws {
        func token(_ arguments: [String]) async throws -> String {
            let made = try await program.run(arguments + ["--data", program.data])
            try #require(made.code == 0, "\(made)")
            return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let officer = try await token(["officer", "add", "zhang", "--role", "officer"])
        let filer = try await token(["filer", "add", "council"])
        tokens.withLock { $0 = (officer, filer) }
    }

    // MARK: The server

    private var server: ServerProcess {
        get throws { try #require(running.withLock { $0 }, "the server was not started") }
    }

    /// Starts the server, and turns the filers to it.
    ///
    /// - Parameter changes: Settings beside those of the scene.
    /// - Throws: Where it does not start; what it said is recorded as an issue.
    func start(_ changes: [String: String] = [:]) async throws {
        let log = URL(filePath: program.path("server.log"))
        do {
            let server = try await ServerProcess(program, settings: settings.merging(changes) { $1 }, log: log)
            running.withLock { $0 = server }
            filers.turn(to: server.address)
        } catch {
            let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            Issue.record("the server did not start: \(said.suffix(4000))")
            throw error
        }
    }

    /// Stops it in good order.
    func stop() async throws { #expect(try await server.stop() == 0) }

    /// Kills it, its databases not.
    func kill() async throws { try await server.kill() }

    /// Runs a command with the settings of the scene.
    func run(_ arguments: String..., settings changes: [String: String] = [:]) async throws -> Program.Outcome {
        let all = settings.merging(changes) { $1 }
        return try await program.run(
            arguments + ["--data", program.data],
            environment: Dictionary(uniqueKeysWithValues: all.map { (.init(stringLiteral: $0), $1) }))
    }

    /// Starts a command with the settings of the scene, which the test may kill.
    func begin(_ arguments: String..., settings changes: [String: String] = [:]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments + ["--data", program.data]
        process.environment = ProcessInfo.processInfo.environment
            .merging(["RECTIFY_HOME": repository.path(percentEncoded: false)]) { $1 }
            .merging(settings) { $1 }.merging(changes) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    // MARK: Runs

    /// Lets a fault happen, mends it, and checks everything acknowledged so far.
    ///
    /// - Parameters:
    ///   - name: Of the kind of fault, in the table.
    ///   - fault: Brings it about, and returns when it is over.
    ///   - mend: Does what an operator would, or the machine when it comes back.
    /// - Throws: What the two throw, or ``TookTooLong`` where filings are not taken again.
    func run(
        _ name: String, _ fault: () async throws -> Void, mend: () async throws -> Void = {}
    ) async throws {
        let (before, known) = (filers.tally, ledger.count)
        try await fault()
        let (over, then) = (ContinuousClock.now, filers.tally)
        try await mend()
        try await filers.untilAcknowledged(1, after: then.acknowledged)
        let seconds = over.duration(to: .now) / .seconds(1)
        try await filers.untilAcknowledged(10)
        let after = filers.tally
        let verdict = try await ledger.check(
            program, at: try server.address, officer: tokens.withLock { $0.officer }, openingFrom: known)
        #expect(verdict.isSound, "\(name): \(verdict)")
        rows.withLock { rows in
            let place = rows.firstIndex { $0.fault == name } ?? rows.endIndex
            if place == rows.endIndex { rows.append(Row(fault: name)) }
            rows[place].runs += 1
            rows[place].acknowledged += after.acknowledged - before.acknowledged
            rows[place].lost += verdict.lost.count
            rows[place].doubled += verdict.doubled.count
            rows[place].refused += after.refused - before.refused
            rows[place].unanswered += after.unanswered - before.unanswered
            rows[place].seconds.append(seconds)
        }
    }

    private func show() {
        for row in rows.withLock({ $0 }) { print(row.line) }
        print("fault answers:", filers.tally.problems.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
    }
}
