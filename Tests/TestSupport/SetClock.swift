public import Foundation
import Synchronization

/// A clock that is set forward.
public final class SetClock: Sendable {
    private let offset = Mutex<TimeInterval>(0)

    public init() {}

    public var now: Date { offset.withLock { Date() + $0 } }

    public func pass(days: Double = 0, hours: Double = 0) {
        offset.withLock { $0 += (days * 24 + hours) * 3600 }
    }
}

extension Sequence {
    /// One after the other.
    public func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
