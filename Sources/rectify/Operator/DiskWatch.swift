import API
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Says that a disk fills before it is full: as figures, and as a warning at 85 and 95 percent.
///
/// A database on another machine cannot be looked at from here; its size is a figure, and its disk is that machine's.
struct DiskWatch: ServiceLifecycle.Service {
    private let folders: [(name: String, path: String)]
    private let gauge: DiskGauge
    private let logger: Logger
    /// The highest step that was warned of, by disk.
    private let warned = WarnedSteps()

    private static let every: Duration = .seconds(30)

    init(_ deployment: Deployment, _ settings: Settings, _ gauge: DiskGauge, _ logger: Logger) {
        folders =
            [
                ("data", deployment.directory?.path(percentEncoded: false) ?? ""),
                ("backups", settings["backup.folder"]),
                ("keys_backups", settings["backup.keys_folder"]),
                ("checkpoints", settings["history.checkpoints_folder"]),
            ].filter { !$0.1.isEmpty }
        self.gauge = gauge
        self.logger = logger
    }

    func run() async throws {
        await repeatedly(every: folders.isEmpty ? .zero : Self.every) { look() }
    }

    private func look() {
        let readings = folders.compactMap { Self.reading(of: $0.path, named: $0.name) }
        gauge.set(readings)
        for reading in readings {
            guard let percent = warned.step(to: reading) else { continue }
            logger.warning(
                "a disk fills; at 100 percent nothing more is stored",
                metadata: [
                    "disk": "\(reading.name)", "percent": "\(percent)",
                    "free_mib": "\((reading.totalBytes - reading.usedBytes) >> 20)",
                ])
        }
    }

    /// - Returns: `nil` where there is no such folder yet.
    private static func reading(of path: String, named name: String) -> DiskGauge.Reading? {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return nil }
        // Blocks that only the administrator may use are as good as full.
        let block = Int(disk.f_frsize)
        let used = (Int(disk.f_blocks) - Int(disk.f_bfree)) * block
        return DiskGauge.Reading(name: name, usedBytes: used, totalBytes: used + Int(disk.f_bavail) * block)
    }
}

/// Which steps of disks were warned of: each once, and again after the disk was five percent emptier.
final class WarnedSteps: Sendable {
    private static let steps = [95, 85]
    private let state = Mutex<[String: Int]>([:])

    /// - Returns: How full the disk is in percent, where a step is reached that was not warned of.
    func step(to reading: DiskGauge.Reading) -> Int? {
        let percent = Int(reading.ratio * 100)
        return state.withLock { warned in
            let last = warned[reading.name] ?? 0
            guard let step = Self.steps.first(where: { percent >= $0 }), step > last else {
                if percent < last - 5 { warned[reading.name] = Self.steps.first { percent >= $0 } ?? 0 }
                return nil
            }
            warned[reading.name] = step
            return percent
        }
    }
}
