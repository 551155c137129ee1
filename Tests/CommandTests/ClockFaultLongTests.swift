import Foundation
import Testing

/// The clock of the database jumps while filings come in.
@Suite(.serialized) struct ClockFaultLongTests {
    @Test func `filings wait while the database's clock is wrong, and go on when it is right again`() async throws {
        try await withProgram { program in
            let clock = try DatabaseClock(of: program)
            let settings = ["RECTIFY_EMBEDDED_POSTGRES_FOLDER": clock.installations]
            try await FaultScene.play(program, settings: settings) { scene in
                for (name, seconds) in [("1 h ahead", 3600), ("1 day ahead", 86_400)] {
                    for jump in [seconds, -seconds, seconds] {
                        try await scene.run(
                            "database's clock " + (jump > 0 ? name : name.replacing("ahead", with: "behind"))
                        ) {
                            try clock.set(to: jump)
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
    }
}
