public import Foundation
import Logging

/// Which cluster answers at a connection string.
public struct ClusterIdentity: Sendable {
    public let system: String
    public let version: String
    public let administrator: String
    public let database: String

    /// - Throws: ``PostgresError``.
    public init(of conninfo: String) async throws {
        let database = Database(
            ConnectionSettings(conninfo: conninfo, applicationName: "rectify-backup"),
            limits: PoolLimits(connections: 1), logger: Logger(label: "rectify.backup"))
        do {
            let found = try await database.withConnection { db in
                let names = try db.first(
                    """
                    SELECT system_identifier::text, (SELECT rolname::text FROM pg_roles WHERE oid = 10),
                           current_database()::text
                    FROM pg_control_system()
                    """
                ) { row in (try row.read(String.self), try row.read(String.self), try row.read(String.self)) }
                return (names: names, version: db.serverVersion)
            }
            await database.close()
            (system, administrator, self.database) = found.names ?? ("", "", "")
            version = "\(found.version / 10_000)"
        } catch {
            await database.close()
            throw error
        }
    }
}

extension Database {
    /// Since when the cluster's log could not be archived.
    ///
    /// - Returns: `nil` where the last try went well, or none was made.
    /// - Throws: ``PostgresError``.
    public func archivingFailedAt() async throws -> Date? {
        try await withConnection { db in
            try db.first(
                """
                SELECT last_failed_time FROM pg_stat_archiver
                WHERE last_failed_time > coalesce(last_archived_time, '-infinity')
                """
            ) { row in try row.read(Date.self) }
        }
    }
}
