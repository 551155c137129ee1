/// Equal requests that are made at the same time share one piece of work.
///
/// At most one piece of work of each key is under way, and one is next. A request that comes while one is under way
/// waits for the next, which all others that come meanwhile share: its answer is never older than the request.
actor SharedWork<Key: Hashable & Sendable, Value: Sendable> {
    private var underWay: [Key: Task<Value, any Error>] = [:]
    private var next: [Key: Task<Value, any Error>] = [:]
    /// Pieces of work begun since the beginning.
    private(set) var begun = 0

    /// - Parameters:
    ///   - key: What is asked for.
    ///   - isTimeless: Whether the answer is the same whenever the work begins; then what is under way is shared too.
    ///   - work: Makes the answer.
    /// - Returns: What `work` returns.
    /// - Throws: What `work` throws, to all that share it.
    func value(
        _ key: Key, isTimeless: Bool, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        if let waiting = next[key] { return try await waiting.value }
        if let current = underWay[key] {
            if isTimeless { return try await current.value }
            let task = Task {
                _ = await current.result
                underWay[key] = next.removeValue(forKey: key)
                return try await finish(key, work)
            }
            next[key] = task
            return try await task.value
        }
        let task = Task { try await finish(key, work) }
        underWay[key] = task
        return try await task.value
    }

    private func finish(_ key: Key, _ work: @Sendable () async throws -> Value) async throws -> Value {
        begun += 1
        defer { if next[key] == nil { underWay[key] = nil } }
        return try await work()
    }
}
