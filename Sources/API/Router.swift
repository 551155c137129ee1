public import Hummingbird
import Store

/// Every address the service answers, by who asks.
public func router(_ service: Service) -> Router<Context> {
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    router.addMiddleware {
        ProblemMiddleware(metrics: service.metrics, departure: service.departure, isEncrypted: service.isEncrypted)
        Gate(service: service)
        Authentication(service.databases)
    }
    router.register(routes(service))
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
