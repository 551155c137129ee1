import Synchronization

/// How full disks are, as the operator's program has looked last.
public final class DiskGauge: Sendable {
    /// One disk.
    public struct Reading: Sendable {
        /// What is written there: `data`, `backups`, `keys_backups` or `checkpoints`.
        public let name: String
        public let usedBytes: Int
        public let totalBytes: Int

        public init(name: String, usedBytes: Int, totalBytes: Int) {
            self.name = name
            self.usedBytes = usedBytes
            self.totalBytes = totalBytes
        }

        /// Between 0 and 1.
        public var ratio: Double { totalBytes > 0 ? Double(usedBytes) / Double(totalBytes) : 0 }
    }

    private let state = Mutex<[Reading]>([])

    public init() {}

    public var readings: [Reading] { state.withLock { $0 } }

    public func set(_ readings: [Reading]) { state.withLock { $0 = readings } }
}
