import UnixSignals

/// Runs something that has to tidy up behind itself, also when it is told to stop (SIGINT, SIGTERM, SIGHUP).
///
/// - Throws: What `body` throws; ``Failure`` where it was told to stop.
func interruptible(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup { tasks in
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        tasks.addTask { try await body() }
        tasks.addTask {
            for await _ in signals {
                throw Failure(
                    "told to stop: what was not finished was broken off; do it again", code: Failure.Code.cancelled)
            }
        }
        defer { tasks.cancelAll() }
        try await tasks.next()
    }
}
