import Foundation
import TestSupport
import Testing

/// SIGKILL while an operator's command is at work: it is run once more, and nothing is missing.
@Suite(.serialized) struct BrokenWorkLongTests {
    /// What is killed.
    private enum Victim: String, CaseIterable {
        case command
        case server
        case postmaster = "PostgreSQL"
        case everything
    }

    private func strike(_ victim: Victim, _ process: Process, _ scene: FaultScene) async throws {
        switch victim {
        case .command: kill(process.processIdentifier, SIGKILL)
        case .server: try await scene.kill()
        case .postmaster: if let main = scene.program.postmaster(.cases) { kill(main, SIGKILL) }
        case .everything: try await scene.program.killEverything()
        }
        process.waitUntilExit()
    }

    /// Starts the server again where it was killed.
    private func goOn(after victim: Victim, _ scene: FaultScene, _ settings: [String: String] = [:]) async throws {
        guard [.server, .everything].contains(victim) else { return }
        try await scene.start(settings)
    }

    /// Runs a command until it succeeds; what it says while the database still comes back is not final.
    private func complete(_ scene: FaultScene, _ command: String, _ settings: [String: String] = [:]) async throws {
        var last: Program.Outcome?
        for _ in 1...20 {
            let outcome = try await scene.run(command, settings: settings)
            if outcome.code == 0 { return }
            last = outcome
            try await Task.sleep(for: .milliseconds(500))
        }
        Issue.record("\(command): \(last.map { "\($0)" } ?? "")")
    }

    // MARK: Migrations

    /// The product's own files with some migrations more, each of which writes every complaint again.
    private func home(_ program: Program, run: Int) throws -> String {
        let (files, home) = (FileManager.default, program.path("home-\(run)"))
        let before = run == 1 ? repository.path(percentEncoded: false) : program.path("home-\(run - 1)")
        try files.createDirectory(atPath: home, withIntermediateDirectories: true)
        try files.copyItem(atPath: before + "/Config", toPath: home + "/Config")
        try files.copyItem(atPath: before + "/Migrations", toPath: home + "/Migrations")
        let known = try files.contentsOfDirectory(atPath: home + "/Migrations").filter { $0.hasSuffix(".sql") }.count
        for number in 1...3 {
            let column = "probe_\(run)_\(number)"
            let script = """
                SET LOCAL ROLE rectify_owner;
                ALTER TABLE complaint ADD COLUMN \(column) text;
                UPDATE complaint SET \(column) = narrative;
                SELECT pg_sleep(0.2);

                """
            let name = String(format: "%04d_probe_\(run)_\(number).sql", known + number)
            try Data(script.utf8).write(to: URL(filePath: "\(home)/Migrations/\(name)"))
        }
        return home
    }

    @Test func `a migration is killed under load, and done the next time`() async throws {
        try await withProgram { program in
            try await FaultScene.play(program) { scene in
                var dice = Dice(seed: 17_04)
                for (run, victim) in (Victim.allCases + Victim.allCases).enumerated() {
                    let settings = ["RECTIFY_HOME": try home(program, run: run + 1)]
                    try await scene.run("killed while migrating (\(victim.rawValue))") {
                        let process = try scene.begin("migrate", settings: settings)
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...1200, using: &dice)))
                        try await strike(victim, process, scene)
                    } mend: {
                        try await goOn(after: victim, scene, settings)
                        try await complete(scene, "migrate", settings)
                    }
                    let status = try await scene.run("migrate", "--status", settings: settings)
                    #expect(status.code == 0 && !status.output.contains("waits  "), "\(status)")
                }
            }
        }
    }

    // MARK: Backups

    @Test func `a backup is killed under load, and the next one is whole`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            try await FaultScene.play(program, settings: places.settings) { scene in
                var dice = Dice(seed: 17_05)
                for victim in Victim.allCases + [.command] {
                    try await scene.run("killed while backing up (\(victim.rawValue))") {
                        let process = try scene.begin("backup")
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500, using: &dice)))
                        try await strike(victim, process, scene)
                    } mend: {
                        try await goOn(after: victim, scene)
                    }
                    try await complete(scene, "backup")
                    let verified = try await scene.run("verify-backup")
                    #expect(verified.code == 0, "after \(victim): \(verified)")
                }
            }
        }
    }

    @Test func `a restore is killed, and the next one brings everything back`() async throws {
        try await withProgram { program in
            let places = try Places(program)
            try await FaultScene.play(program, settings: places.settings) { scene in
                var dice = Dice(seed: 17_06)
                try await complete(scene, "backup")
                for victim in [Victim.command, .everything, .command, .everything] {
                    try await scene.run("killed while restoring (\(victim.rawValue))") {
                        try await scene.stop()
                        try FileManager.default.removeItem(atPath: program.path("data/postgres"))
                        let process = try scene.begin("restore")
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...4000, using: &dice)))
                        try await strike(victim, process, scene)
                    } mend: {
                        // It may have been done just before.
                        if !FileManager.default.fileExists(atPath: program.path("data/postgres")) {
                            try await complete(scene, "restore")
                        }
                        try await scene.start()
                    }
                    try await complete(scene, "backup")
                }
            }
        }
    }
}
