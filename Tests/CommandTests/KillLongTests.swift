import Foundation
import TestSupport
import Testing

/// SIGKILL under load, at moments that the seed gives.
@Suite(.serialized) struct KillLongTests {
    /// Kills at a moment that has nothing to do with what the program does just then.
    private func atRandom(_ scene: FaultScene, _ dice: inout Dice, _ kill: () async throws -> Void) async throws {
        try await scene.filers.untilAcknowledged(Int.random(in: 1...40, using: &dice))
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &dice)))
        try await kill()
    }

    private func killPostmaster(_ program: Program, _ cluster: Cluster) throws {
        kill(try #require(program.postmaster(cluster), "\(cluster) does not run"), SIGKILL)
    }

    @Test func `the server is killed twenty times, and nothing acknowledged is lost`() async throws {
        try await withProgram { program in
            try await FaultScene.play(program) { scene in
                var dice = Dice(seed: 17_01)
                for _ in 1...20 {
                    try await scene.run("server killed") {
                        try await atRandom(scene, &dice) { try await scene.kill() }
                    } mend: {
                        try await scene.start()
                    }
                }
            }
        }
    }

    @Test func `the database is killed twenty times under a server that goes on`() async throws {
        try await withProgram { program in
            try await FaultScene.play(program) { scene in
                var dice = Dice(seed: 17_02)
                for number in 1...20 {
                    // Of the keys now and then: they are asked for less often.
                    let cluster: Cluster = number.isMultiple(of: 5) ? .keys : .cases
                    try await scene.run("PostgreSQL killed (\(cluster))") {
                        try await atRandom(scene, &dice) { try killPostmaster(program, cluster) }
                    }
                }
            }
        }
    }

    @Test func `server and databases are killed together`() async throws {
        try await withProgram { program in
            try await FaultScene.play(program) { scene in
                var dice = Dice(seed: 17_03)
                for number in 1...10 {
                    let kind = number.isMultiple(of: 2) ? "everything" : "server and one process of PostgreSQL"
                    try await scene.run("\(kind) killed") {
                        try await atRandom(scene, &dice) {
                            if number.isMultiple(of: 2) { return try await program.killEverything() }
                            // PostgreSQL ends its other processes then, and recovers while the server starts again.
                            kill(try #require(try program.processes(of: .cases).last), SIGKILL)
                            try await scene.kill()
                        }
                    } mend: {
                        try await scene.start()
                    }
                }
            }
        }
    }
}
