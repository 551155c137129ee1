import Foundation
import TestSupport
import Testing

/// PostgreSQL stops answering, and goes on later: a disk that hangs, a machine that is moved.
@Suite(.serialized) struct FrozenDatabaseLongTests {
    @Test func `filings go on when a frozen database thaws`() async throws {
        try await withProgram { program in
            try await FaultScene.play(program) { scene in
                for (seconds, clusters) in [
                    (1, [Cluster.cases]), (1, [.keys]), (1, Cluster.allCases), (10, [.cases]), (10, [.keys]),
                    (40, Cluster.allCases),
                ] {
                    try await scene.run("PostgreSQL frozen for \(seconds) s") {
                        for cluster in clusters { try freeze(cluster, of: program) }
                        // The fault lasts so long.
                        try await Task.sleep(for: .seconds(seconds))
                    } mend: {
                        for cluster in clusters { try program.signal(cluster, SIGCONT) }
                    }
                }
            }
        }
    }

    /// The first process before the others: it would start more of them.
    private func freeze(_ cluster: Cluster, of program: Program) throws {
        kill(try #require(program.postmaster(cluster)), SIGSTOP)
        try program.signal(cluster, SIGSTOP)
    }
}
