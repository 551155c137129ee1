import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Where an organisation with a key is told what becomes of its filings, and what it was told.
struct WebhookRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/filer/webhook", show),
            Route(.put, "/v1/filer/webhook", set),
            Route(.delete, "/v1/filer/webhook", remove),
            Route(.get, "/v1/filer/webhook/deliveries", deliveries),
            Route(.post, "/v1/filer/webhook/replays", replay),
        ]
    }

    private func webhook(of filer: UUID) async throws -> Webhook? {
        try await service.databases.work.transaction(.readOnly) { db in try db.webhook(of: filer) }
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        guard let webhook = try await webhook(of: try context.filer(for: .webhook).filer) else {
            throw Problem.notFound("webhook; set one with PUT")
        }
        return try .json(WebhookBody(webhook, secret: nil))
    }

    /// Sets the address and makes a new secret, told in this answer and never again.
    @Sendable func set(_ request: Request, context: Context) async throws -> Response {
        let filer = try context.filer(for: .webhook).filer
        let body = try await Body(request)
        let url = body.reader.requiredText("url", limit: WebhookTarget.limit)
        try body.finish()
        let target = try WebhookTarget(url, allowing: service.webhookNetworks)
        let (secret, sealed) = try await service.keys.newSecret(of: filer, after: try await webhook(of: filer))
        let set = try await service.databases.work.transaction { [now = service.now()] db in
            try db.setWebhook(target.url, sealed, of: filer, at: now)
            return try db.webhook(of: filer)
        }
        guard let set else { throw Problem.internalError }
        let text = "whsec_" + secret.base64EncodedString()
        return try .json(WebhookBody(set, secret: text), headers: [.cacheControl: "no-store"])
    }

    @Sendable func remove(_ request: Request, context: Context) async throws -> Response {
        let filer = try context.filer(for: .webhook).filer
        let wasThere = try await service.databases.work.transaction { db in try db.removeWebhook(of: filer) }
        guard wasThere else { throw Problem.notFound("webhook") }
        return Response(status: .noContent)
    }

    @Sendable func deliveries(_ request: Request, context: Context) async throws -> Response {
        let filer = try context.filer(for: .webhook).filer
        let query = try ObjectReader(query: request)
        let state = query.code("state", as: WebhookDelivery.State.self)
        let (pageSize, cursor) = try query.finishPage()
        let name = "deliveries|\(filer)|\(state?.rawValue ?? "")"
        let position = try service.cursor.place(cursor, of: name).map { ($0.recordedAt, $0.caseID) }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.deliveries(to: filer, state, after: position, limit: pageSize + 1)
        }
        return try .json(
            Page(found, size: pageSize, DeliveryBody.init) { last in
                let place = FeedPosition(recordedAt: last.recordedAt, caseID: last.id, sequence: 0)
                return service.cursor.text(after: place.numbers, of: name)
            })
    }

    /// Sends anew what is named, or all that was given up.
    @Sendable func replay(_ request: Request, context: Context) async throws -> Response {
        let filer = try context.filer(for: .webhook).filer
        let body = try await Body(request)
        let texts = body.reader.texts("deliveries", limit: 100, length: 36)
        let named = body.reader.has("deliveries") ? texts : nil
        let ids = named?.compactMap { UUID(uuidString: $0) }
        if ids?.count != named?.count { body.reader.fault("deliveries", "not_an_id", "holds what is no id") }
        try body.finish()
        let count = try await service.databases.work.transaction { [now = service.now()] db in
            guard try db.webhook(of: filer) != nil else { throw Problem.notFound("webhook; set one with PUT") }
            return try db.replay(ids, to: filer, at: now)
        }
        return try .json(ReplayBody(replayed: count), status: .accepted)
    }
}

extension WebhookBody {
    fileprivate init(_ webhook: Webhook, secret: String?) {
        self.init(
            url: webhook.url, createdAt: webhook.createdAt, secret: secret, pending: webhook.pending,
            dead: webhook.dead)
    }
}

extension DeliveryBody {
    fileprivate init(_ delivery: WebhookDelivery) {
        self.init(
            id: delivery.id, campaign: delivery.campaign, reference: delivery.subject, sequence: delivery.sequence,
            handledSequence: delivery.handledSequence, state: delivery.state.rawValue, attempts: delivery.attempts,
            nextAttemptAt: delivery.nextAttemptAt,
            lastStatus: delivery.lastStatus, lastError: delivery.lastError, recordedAt: delivery.recordedAt,
            endedAt: delivery.endedAt)
    }
}
