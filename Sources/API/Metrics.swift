import Foundation
import HTTPTypes
public import Hummingbird
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

    private struct State {
        var requests: [Series: Int] = [:]
        var durations: [String: Durations] = [:]
    }

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
    ///   - known: What had to be asked for.
    /// - Returns: Lines in Prometheus' form.
    func text(of service: Service, _ known: KnownFigures) -> String {
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
                page.histogram([("route", route)], durations)
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
        page.computing(service, reportsMade: known.reportsMade)
        page.counter(
            "rectify_password_hashes_total", "Passwords hashed or compared.", service.signIn.passwordHashes)
        page.pools(service.databases)
        page.disks(service.disks.readings)
        if let figures = known.ofDatabase { page.database(figures) }
        page.process(begun: begun)
        return page.text
    }
}

/// Figures that are not at hand.
struct KnownFigures {
    /// `nil` where the database does not answer.
    let ofDatabase: DatabaseFigures?
    let reportsMade: Int
}

/// The figures, on a listener of their own: they are the operator's and nobody else's.
public func metricsRouter(_ service: Service) -> Router<Context> {
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    router.get("/metrics") { _, _ in
        // A database that is away must not take the other figures with it.
        let known = KnownFigures(
            // As said.
            ofDatabase: try? await service.databases.figures(), reportsMade: await service.databases.reportsMade)
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
            body: .init(
                byteBuffer: ByteBuffer(string: service.metrics.text(of: service, known))))
    }
    return router
}
