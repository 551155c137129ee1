import Foundation
import HTTPTypes
public import Hummingbird
import Postgres
import Store
import Synchronization

/// What the server counts about itself, in Prometheus' text format (version 0.0.4).
///
/// A label is a route as it is registered, a known method, a status or the name of a pool: never what a client has sent.
final class Metrics: Sendable {
    private struct Series: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Durations {
        var counts = [Int](repeating: 0, count: Metrics.bounds.count)
        var sum: Double = 0
        var count = 0

        mutating func add(_ seconds: Double) {
            if let place = Metrics.bounds.firstIndex(where: { seconds <= $0 }) { counts[place] += 1 }
            sum += seconds
            count += 1
        }
    }

    private struct State {
        var requests: [Series: Int] = [:]
        var durations: [String: Durations] = [:]
    }

    /// Seconds, as Prometheus' own clients have them.
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

    private let state = Mutex(State())
    private let begun = Date()

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - method: As the client has it; one that HTTP does not know is counted as “other”.
    ///   - route: The path as it is registered, without what stands in its places; `nil` where there is none.
    ///   - status: Of the answer.
    ///   - took: From the end of the request's head to the beginning of the answer; `nil` where nothing was done.
    func note(_ method: String, _ route: String?, status: Int, took: Duration?) {
        let route = route ?? "none"
        let series = Series(method: Self.methods.contains(method) ? method : "other", route: route, status: status)
        state.withLock { state in
            state.requests[series, default: 0] += 1
            if let took { state.durations[route, default: Durations()].add(took / .seconds(1)) }
        }
    }

    /// The page of all figures.
    ///
    /// - Parameters:
    ///   - service: What is looked at.
    ///   - sums: Up to when the sums of reports are complete, by campaign; `nil` where the database does not tell.
    ///   - log: How far the log of history is; the same.
    /// - Returns: Lines in Prometheus' form.
    func text(
        of service: Service, sums: [(campaign: String, knownAt: Date)]?,
        log: (size: Int, loggedThrough: Date?, signedAt: Date?)?
    ) -> String {
        let state = state.withLock { $0 }
        var page = MetricsPage()
        page.family("rectify_http_requests_total", "counter", "Requests answered.") { page in
            for (series, count) in state.requests.sorted(by: { "\($0.key)" < "\($1.key)" }) {
                page.line(
                    [("method", series.method), ("route", series.route), ("status", "\(series.status)")], count)
            }
        }
        page.family(
            "rectify_http_request_duration_seconds", "histogram",
            "From the head of a request to the head of its answer."
        ) { page in
            for (route, durations) in state.durations.sorted(by: { $0.key < $1.key }) {
                var sum = 0
                for (bound, count) in zip(Self.bounds, durations.counts) {
                    sum += count
                    page.line([("route", route), ("le", "\(bound)")], sum, suffix: "_bucket")
                }
                page.line([("route", route), ("le", "+Inf")], durations.count, suffix: "_bucket")
                page.line([("route", route)], durations.sum, suffix: "_sum")
                page.line([("route", route)], durations.count, suffix: "_count")
            }
        }
        page.gauge("rectify_requests_under_way", "Requests being answered.", service.requests.count)
        page.gauge("rectify_filings_under_way", "Filings being answered.", service.filings.count)
        let connections = service.connections.figures
        page.gauge("rectify_connections", "Connections of clients that are open.", connections.admitted)
        page.gauge(
            "rectify_connections_at_most", "Connections of clients that may be open.", service.connections.atOnce)
        page.counter("rectify_connections_refused_total", "Connections closed at once.", connections.refused)
        page.lane(service.intaker.laneState)
        page.counter(
            "rectify_password_hashes_total", "Passwords hashed or compared.", service.signIn.passwordHashes)
        page.pools(service.databases)
        if let sums {
            let help = "Up to when the sums of reports are complete, in seconds since 1970."
            page.family("rectify_report_sums_known_at_seconds", "gauge", help) { page in
                for (campaign, knownAt) in sums {
                    page.line([("campaign", campaign)], knownAt.timeIntervalSince1970.rounded())
                }
            }
        }
        if let log {
            page.gauge("rectify_history_leaves", "Events in the log of history.", log.size)
            for (name, help, moment) in [
                ("logged_through", "Of the last event in the log, in seconds since 1970.", log.loggedThrough),
                ("signed_at", "When the log was signed last, in seconds since 1970.", log.signedAt),
            ] {
                guard let moment else { continue }
                page.gauge("rectify_history_\(name)_seconds", help, moment.timeIntervalSince1970.rounded())
            }
        }
        page.process(begun: begun)
        return page.text
    }
}

/// A page of figures that is being written.
private struct MetricsPage {
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

/// The figures, on a listener of their own: they are the operator's and nobody else's.
public func metricsRouter(_ service: Service) -> Router<Context> {
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    router.get("/metrics") { _, _ in
        // A database that is away must not take the other figures with it.
        let known = try? await service.databases.health.withConnection { db in
            (sums: try db.momentsOfSums(), log: try db.logState())
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
            body: .init(
                byteBuffer: ByteBuffer(string: service.metrics.text(of: service, sums: known?.sums, log: known?.log))))
    }
    return router
}
