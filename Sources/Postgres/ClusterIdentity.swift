public import Foundation
import Logging

/// Which cluster answers at a connection string, and by whom and for what it was asked.
public struct ClusterIdentity: Sendable {
    /// The identifier that it has from its making.
    public let system: String
    /// Major version of PostgreSQL.
    public let version: String
    /// Who may do everything in it.
    public let administrator: String
    /// The database that the connection string names.
    public let database: String

    /// - Throws: ``EmbeddedServer/Failure`` where it is of a kind that cannot be backed up here, or ``PostgresError``.
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
                let odd = try db.first(
                    """
                    SELECT CASE WHEN current_setting('wal_segment_size') <> '16MB' THEN 'segments of its log are not of 16 MB'
                                WHEN EXISTS (SELECT FROM pg_tablespace WHERE oid >= 16384) THEN 'it has tablespaces' END
                    """
                ) { row in try row.read(String?.self) }
                if let odd = odd ?? nil {
                    throw EmbeddedServer.Failure.cannotPrepare(
                        "this PostgreSQL cannot be backed up by this command: \(odd); use its administrator's means")
                }
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
