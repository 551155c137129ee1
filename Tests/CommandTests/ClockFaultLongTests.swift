import Foundation
import Testing

/// The clock of the database jumps while filings come in, and the server's does not.
@Suite(.serialized) struct ClockFaultLongTests {
    /// Lets the clock jump twice by each of some seconds.
    private func jump(_ jumps: [(name: String, seconds: Int)]) async throws {
        try await withProgram { program in
            let clock = try DatabaseClock(of: program)
            let settings = ["RECTIFY_EMBEDDED_POSTGRES_FOLDER": clock.installations]
            try await FaultScene.play(program, settings: settings) { scene in
                for (name, seconds) in jumps + jumps {
                    try await scene.run("database's clock \(name)") {
                        try clock.set(to: seconds)
                        try await scene.filers.untilRefused()
                        // The fault lasts for some rounds of what closes cuts and keeps sums.
                        try await Task.sleep(for: .seconds(5))
                    } mend: {
                        try clock.set(to: 0)
                    }
                }
            }
        }
    }

    @Test func `filings wait while the database's clock is behind what was recorded`() async throws {
        try await jump([("1 h behind", -3600), ("1 day behind", -86_400)])
    }

    @Test func `filings wait while the database's clock is far ahead, and go on when it is right again`() async throws {
        try await jump([("1 h ahead", 3600), ("1 day ahead", 86_400)])
    }
}
