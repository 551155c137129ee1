/// What is dear to make, kept for a while; whoever asks while it is being made waits for that one.
actor Remembered<Key: Hashable & Sendable, Value: Sendable> {
    private let life: Duration
    private var made: [Key: (value: Value, at: ContinuousClock.Instant)] = [:]
    private var making: [Key: Task<Value?, any Error>] = [:]

    /// - Parameter life: How long a value stands for the next who ask.
    init(for life: Duration) {
        self.life = life
    }

    /// - Returns: What is kept, else what `make` makes; `nil`, which is never kept, where there is none.
    func value(_ key: Key, _ make: @escaping @Sendable () async throws -> Value?) async throws -> Value? {
        if let found = made[key], found.at.duration(to: .now) < life { return found.value }
        if let task = making[key] { return try await task.value }
        let task = Task { try await make() }
        making[key] = task
        defer { making[key] = nil }
        guard let value = try await task.value else { return nil }
        made[key] = (value, .now)
        return value
    }
}
