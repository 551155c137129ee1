public import Foundation
public import Postgres

/// Why a moment cannot be used.
public enum MomentError: Error, Equatable {
    /// The database's clock stands at or before what reports have read already.
    case clockBehindCut
    /// Writers begun before the moment did not end in time.
    case cutStillOpen
    /// The moment lies in the future.
    case inTheFuture(now: Date)
    /// The database's clock is so many seconds ahead of this server's: one of them is wrong.
    case clockAhead(seconds: Int)

    /// Seconds that the database's clock may be ahead of the server's.
    ///
    /// A jump further is not recorded and not closed over: nothing could be recorded until the true time has passed it.
    static let tolerance: TimeInterval = 300

    /// - Parameters:
    ///   - clock: What the database's clock says.
    ///   - own: What the server's says, read after it.
    /// - Throws: ``clockAhead(seconds:)``.
    static func check(_ clock: Date, against own: Date) throws(MomentError) {
        let ahead = clock.timeIntervalSince(own)
        guard ahead <= tolerance else { throw .clockAhead(seconds: Int(min(ahead, 1e12))) }
    }
}

extension Connection {
    /// The moment at which this transaction records what it does; always later than the case's last.
    ///
    /// The transaction takes its number before it reads the clock. So whoever fixes a moment and then waits for all
    /// lower numbers to end has seen everything recorded up to that moment.
    ///
    /// - Throws: ``MomentError/clockBehindCut``, ``MomentError/clockAhead(seconds:)``, or `PostgresError`.
    func recordingMoment(after last: Date? = nil) throws -> Date {
        let moment = try first(
            """
            WITH begun AS MATERIALIZED (SELECT pg_current_xact_id()::text AS number)
            SELECT begun.number, closed_through, clock_timestamp(),
                   greatest(clock_timestamp(), \(last)::timestamptz + interval '1 microsecond')
            FROM begun, closed_cut
            """
        ) { row in
            (try row.read(String.self), try row.read(Date.self), try row.read(Date.self), try row.read(Date.self))
        }
        guard let (_, closedThrough, clock, moment) = moment else { throw MomentError.clockBehindCut }
        try MomentError.check(clock, against: ownTime)
        guard moment > closedThrough else { throw MomentError.clockBehindCut }
        return moment
    }
}

extension Connection {
    /// What the database's clock says.
    ///
    /// - Throws: `PostgresError`.
    func clock() throws -> Date {
        try first("SELECT clock_timestamp()") { row in try row.read(Date.self) } ?? .distantPast
    }
}

extension Database {
    /// Closes the cut at `moment`, or now: what was recorded up to it is complete and will not change.
    ///
    /// Writers are short, so the wait is; it ends after the time that is waited for a lock, usually two seconds.
    ///
    /// - Returns: The moment of the cut.
    /// - Throws: ``MomentError``, or `PostgresError`.
    public func closeCut(through moment: Date? = nil) async throws -> Date {
        let (now, own) = try await withConnection { db in (try db.clock(), db.ownTime) }
        guard moment ?? now <= now else { throw MomentError.inTheFuture(now: now) }
        let cut = moment ?? now
        try MomentError.check(cut, against: own)
        let number = try await transaction { db in
            try db.first(
                """
                UPDATE closed_cut SET closed_through = greatest(closed_through, \(cut))
                RETURNING pg_current_xact_id()::xid::text
                """
            ) { row in try row.read(String.self) }
        }
        let deadline = ContinuousClock.now + lockTimeout
        repeat {
            // Sessions of others show their numbers to whoever may read all statistics, which is checked at the start.
            let isClosed = try await withConnection { db in
                try db.first(
                    """
                    SELECT NOT EXISTS (
                        SELECT FROM pg_stat_activity
                        WHERE datname = current_database() AND age(backend_xid) > age(\(number)::xid))
                    """
                ) { row in try row.read(Bool.self) }
            }
            if isClosed == true { return cut }
            try await Task.sleep(for: .milliseconds(5))
        } while ContinuousClock.now < deadline
        throw MomentError.cutStillOpen
    }
}
