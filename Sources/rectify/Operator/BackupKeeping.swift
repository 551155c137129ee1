import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Store

/// Looks after backups while a server works: keys are not kept longer than was promised, and whoever is on call is told when
/// a log is not archived any more or no backup was taken for long.
struct BackupKeeping: ServiceLifecycle.Service {
    private let places: BackupPlaces
    /// Connection strings of our own clusters, which archive their logs by our settings.
    private let archiving: [(name: String, conninfo: String)]
    private let logger: Logger

    private static let every: Duration = .seconds(600)
    private static let alarm: TimeInterval = 36 * 3600

    /// - Throws: ``Failure`` where the folders cannot be used.
    init(_ deployment: Deployment, _ settings: Settings, _ logger: Logger) throws {
        places = try BackupPlaces(settings)
        let isEmbedded = deployment.login != nil
        archiving = [
            ("backup.folder", places.cases != nil, deployment.ownerURL),
            ("backup.keys_folder", places.keys != nil, deployment.ownerKeysURL),
        ].filter { isEmbedded && $0.1 }.map { ($0.0, $0.2) }
        self.logger = logger
    }

    func run() async throws {
        guard places.cases != nil || places.keys != nil else { return await repeatedly(every: .zero) {} }
        await repeatedly(every: Self.every) { await look() }
    }

    private func look() async {
        await attempt {
            let deleted = try await places.keys?.expire(.days(BackupPlaces.daysOfKeys)) ?? 0
            if deleted > 0 { logger.notice("backups of the keys were deleted", metadata: ["count": "\(deleted)"]) }
        }
        for (name, place) in [("backup.folder", places.cases), ("backup.keys_folder", places.keys)] {
            guard let place else { continue }
            await attempt {
                let age = try place.all().last.map { Date().timeIntervalSince($0.about.takenAt) }
                guard age.map({ $0 > Self.alarm }) ?? true else { return }
                logger.warning(
                    "no backup was taken lately; rectify backup",
                    metadata: ["where": "\(name)", "hours": "\(age.map { "\(Int($0 / 3600))" } ?? "never")"])
            }
        }
        for (name, conninfo) in archiving {
            await attempt {
                guard let failure = try await archiveFailure(conninfo) else { return }
                logger.error(
                    "the log is not archived; it is kept here until it can be, and fills the disk",
                    metadata: ["where": "\(name)", "since": "\(failure.ISO8601Format())"])
            }
        }
    }

    /// One thing that hinders must not hide the next.
    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch EmbeddedServer.Failure.inUse {
            // Someone takes a backup, or deletes old ones.
        } catch  where !(error is CancellationError) {
            logger.warning("backups could not be looked after; it is tried again", metadata: ["error": "\(error)"])
        } catch {}  // Cancelled: the server ends.
    }

    /// Since when the log has not been archived.
    private func archiveFailure(_ conninfo: String) async throws -> Date? {
        let database = Database(
            ConnectionSettings(conninfo: conninfo, applicationName: "rectify-backup"),
            limits: PoolLimits(connections: 1), logger: logger)
        return try await closing(database) { try await database.archivingFailedAt() }
    }
}
