import Testing

/// First starts that are killed at many points.
@Suite(.serialized) struct StartLongTests {
    @Test func `a first start is killed at forty points, and the next one always succeeds`() async throws {
        let starts = try await KilledStarts()
        for step in 1...40 { try await starts.kill(after: Double(step) / 41) }
    }
}
