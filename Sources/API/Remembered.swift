/// Keeps expensive values, up to a bound; callers that ask for one while it is made share the computation.
///
/// Beyond the bound those that were not asked for the longest are dropped.
actor Remembered<Key: Hashable & Sendable, Value: Sendable> {
    private struct Entry {
        let value: Value
        let cost: Int
        let at: ContinuousClock.Instant
        /// Counts up with every question.
        var used: Int
    }

    private let life: Duration?
    private let limit: Int
    private let cost: @Sendable (Value) -> Int
    private var made: [Key: Entry] = [:]
    private var making: [Key: Task<Value?, any Error>] = [:]
    private var (spent, questions) = (0, 0)

    /// - Parameters:
    ///   - life: How long a value is good; `nil` where it never changes.
    ///   - limit: What all values that are kept may cost.
    ///   - cost: What a value costs, such as its bytes.
    init(for life: Duration? = nil, upTo limit: Int, cost: @escaping @Sendable (Value) -> Int) {
        self.life = life
        self.limit = limit
        self.cost = cost
    }

    /// - Returns: What is kept, else what `make` makes; `nil`, which is never kept, where there is none.
    /// - Throws: What `make` throws.
    func value(_ key: Key, _ make: @escaping @Sendable () async throws -> Value?) async throws -> Value? {
        questions += 1
        if let found = made[key], life.map({ found.at.duration(to: .now) < $0 }) ?? true {
            made[key]?.used = questions
            return found.value
        }
        if let task = making[key] { return try await task.value }
        let task = Task { try await make() }
        making[key] = task
        defer { making[key] = nil }
        guard let value = try await task.value else { return nil }
        keep(value, key)
        return value
    }

    private func keep(_ value: Value, _ key: Key) {
        if let old = made.removeValue(forKey: key) { spent -= old.cost }
        let cost = cost(value)
        guard cost <= limit else { return }
        while spent + cost > limit, let oldest = made.min(by: { $0.value.used < $1.value.used }) {
            made[oldest.key] = nil
            spent -= oldest.value.cost
        }
        made[key] = Entry(value: value, cost: cost, at: .now, used: questions)
        spent += cost
    }
}
