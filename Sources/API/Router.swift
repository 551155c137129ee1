public import Hummingbird
import Store

/// Who is let in at an address.
public enum Entrance: Sendable {
    case everyone
    /// All but officers, who have an address of their own, which the world cannot reach.
    case world

    var admitsOfficers: Bool { self == .everyone }
}

/// Every address the service answers, by who asks.
///
/// - Parameters:
///   - service: What answers.
///   - entrance: At that of the world there is no sign-in, and an officer's token is as good as none.
/// - Returns: A router of its own.
public func router(_ service: Service, _ entrance: Entrance = .everyone) -> Router<Context> {
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    router.addMiddleware {
        ProblemMiddleware(metrics: service.metrics, departure: service.departure, isEncrypted: service.isEncrypted)
        Gate(service: service)
        Authentication(service, entrance)
    }
    let sessions = "/v1/session"
    router.register(routes(service).filter { entrance.admitsOfficers || !$0.path.hasPrefix(sessions) })
    return router
}

/// Every route; the OpenAPI document has the same.
func routes(_ service: Service) -> [Route] {
    // Anyone.
    FilingRoutes(service: service).routes
        + TrackingRoutes(service: service).routes
        + RightsRoutes(service: service).routes
        + EvidenceRoutes(service: service).routes
        + ReferenceRoutes(service: service).routes
        + ImportRoutes(service: service).routes
        + FilerRoutes(service: service).routes
        + WebhookRoutes(service: service).routes
        + LogRoutes(service: service).routes
        // Officers; of barriers, the public sees a part.
        + SessionRoutes(service: service).routes
        + ComplaintRoutes(service: service).routes
        + ComplaintActionRoutes(service: service).routes
        + IdentityRoutes(service: service).routes
        + PersonalDataRoutes(service: service).routes
        + BulkRoutes(service: service).routes
        + WorkRoutes(service: service).routes
        + BarrierRoutes(service: service).routes
        + BarrierActionRoutes(service: service).routes
        + OrderRoutes(service: service).routes
        + ReportRoutes(service: service).routes
        + IssueRoutes(service: service).routes
        + LivePage(service: service).routes
        // Companies with a key.
        + CompanyRoutes(service: service).routes
        // Machines.
        + ProbeRoutes(service: service).routes
        + FeedRoutes(service: service).routes
        + HealthRoutes(service: service).routes
        + DocumentRoutes(service: service).routes
}
