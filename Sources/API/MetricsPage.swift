import Foundation
import Postgres
import Store

/// Durations counted in steps.
struct Durations {
    /// Seconds, as Prometheus' own clients have them.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private(set) var counts = [Int](repeating: 0, count: bounds.count)
    private(set) var sum: Double = 0
    private(set) var count = 0

    mutating func add(_ seconds: Double) {
        if let place = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[place] += 1 }
        sum += seconds
        count += 1
    }
}

/// A page of figures that is being written.
struct MetricsPage {
    private(set) var text = ""
    private var name = ""

    mutating func family(_ name: String, _ kind: String, _ help: String, _ lines: (inout MetricsPage) -> Void) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
        lines(&self)
    }

    /// Labels are names of our own, in which nothing has to be escaped.
    mutating func line(_ labels: [(String, String)], _ value: some CustomStringConvertible, suffix: String = "") {
        let list = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        text += "\(name)\(suffix)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        family(name, "gauge", help) { $0.line([], value) }
    }

    mutating func counter(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        family(name, "counter", help) { $0.line([], value) }
    }

    /// - Parameters:
    ///   - labels: As in ``line(_:_:suffix:)``.
    ///   - durations: What is shown.
    mutating func histogram(_ labels: [(String, String)], _ durations: Durations) {
        var sum = 0
        for (bound, count) in zip(Durations.bounds, durations.counts) {
            sum += count
            line(labels + [("le", "\(bound)")], sum, suffix: "_bucket")
        }
        line(labels + [("le", "+Inf")], durations.count, suffix: "_bucket")
        line(labels, durations.sum, suffix: "_sum")
        line(labels, durations.count, suffix: "_count")
    }

    /// What is computed away from the event loops, and how late those are.
    mutating func computing(_ service: Service, reportsMade: Int) {
        let state = service.databases.compute.state
        gauge("rectify_computations_waiting", "Computations that wait or are under way.", state.waiting)
        counter("rectify_computations_total", "Renderings, images and the like that were computed.", state.done)
        counter("rectify_computations_turned_away_total", "Computations refused: too many waited.", state.turnedAway)
        counter("rectify_reports_made_total", "Reports that were counted; equal requests share one.", reportsMade)
        family("rectify_event_loop_lag_seconds", "histogram", "How late an event loop runs what is due.") { page in
            page.histogram([], service.loops.durations)
        }
        gauge(
            "rectify_event_loop_lag_longest_seconds", "The longest lag of this minute and the one before.",
            service.loops.longest)
    }

    mutating func disks(_ readings: [DiskGauge.Reading]) {
        guard !readings.isEmpty else { return }
        family("rectify_disk_used_bytes", "gauge", "Of the disk that something is written to.") { page in
            for one in readings { page.line([("disk", one.name)], one.usedBytes) }
        }
        family("rectify_disk_size_bytes", "gauge", "Of the disk, without what is reserved for its administrator.") {
            page in for one in readings { page.line([("disk", one.name)], one.totalBytes) }
        }
    }

    mutating func database(_ figures: DatabaseFigures) {
        let help = "Up to when the sums of reports are complete, in seconds since 1970."
        family("rectify_report_sums_known_at_seconds", "gauge", help) { page in
            for (campaign, knownAt) in figures.sums {
                page.line([("campaign", campaign)], knownAt.timeIntervalSince1970.rounded())
            }
        }
        gauge(
            "rectify_database_clock_ahead_seconds",
            "Of the database's clock before this server's; over 300 nothing is recorded.",
            (figures.clockAhead * 1000).rounded() / 1000)
        gauge("rectify_database_size_bytes", "Of the first database.", figures.bytes)
        gauge(
            "rectify_filer_storage_bytes_at_most", "Stored by the filer that has stored the most.",
            figures.mostStoredByFiler)
        gauge(
            "rectify_erasures_pending", "Approved erasures that are not carried out yet.", figures.erasuresPending)
        gauge("rectify_worker_is_missing", "1 where no server has a worker that works.", figures.worker == nil ? 0 : 1)
        guard let log = figures.log else { return }
        gauge("rectify_history_leaves", "Events in the log of history.", log.size)
        for (name, help, moment) in [
            ("history_logged_through", "Of the last event in the log, in seconds since 1970.", log.loggedThrough),
            ("history_signed_at", "When the log was signed last, in seconds since 1970.", log.signedAt),
        ] {
            guard let moment else { continue }
            gauge("rectify_\(name)_seconds", help, moment.timeIntervalSince1970.rounded())
        }
    }

    mutating func lane(_ lane: FilingLaneState) {
        gauge("rectify_filing_lane_waiting", "Filings that wait for a commit to share.", lane.waiting)
        counter("rectify_filing_batches_total", "Commits of filings that were tried.", lane.batches)
        counter("rectify_filings_written_total", "Filings whose outcome a commit has settled.", lane.written)
        counter(
            "rectify_filings_turned_away_total", "Filings that waited too long, or found the lane full.",
            lane.turnedAway)
        counter(
            "rectify_filing_batches_taken_apart_total", "Commits that failed and were tried again filing by filing.",
            lane.takenApart)
    }

    mutating func pools(_ databases: Databases) {
        let states = databases.pools.map { ($0.name, $0.database.poolState) }
        func family(_ name: String, _ kind: String, _ help: String, _ value: (PoolState) -> Int) {
            self.family(name, kind, help) { page in
                for (pool, state) in states { page.line([("pool", pool)], value(state)) }
            }
        }
        family("rectify_database_connections", "gauge", "Connections open or being opened.") { $0.connections }
        family("rectify_database_connections_at_most", "gauge", "Connections a pool may open.") { $0.atMost }
        family("rectify_database_connections_at_rest", "gauge", "Connections that nobody uses.") { $0.atRest }
        family("rectify_database_waiting", "gauge", "Pieces of work that wait for a connection.") { $0.waiting }
        family("rectify_database_refused_total", "counter", "Pieces of work that got no connection.") { $0.refused }
    }

    /// The names that Prometheus' own clients use.
    mutating func process(begun: Date) {
        gauge(
            "process_start_time_seconds", "When the server began, in seconds since 1970.",
            (begun.timeIntervalSince1970 * 1000).rounded() / 1000)
        // A figure that the system does not give is left out.
        if let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        {
            gauge("process_resident_memory_bytes", "Memory in use.", pages * Int(getpagesize()))
        }
        // As above.
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            gauge("process_open_fds", "Files and connections open.", files)
        }
    }
}
