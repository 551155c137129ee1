import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What the complainant can see and do with the tracking code, which never stands in an address.
struct TrackingRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/tracking", show),
            Route(.post, "/v1/tracking/messages") { request, context in
                try await perform(.provideInformation, request, needsMessage: true)
            },
            Route(.post, "/v1/tracking/withdrawal") { request, context in
                try await perform(.withdraw, request, needsMessage: false)
            },
        ]
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        let code = try trackingCode(request)
        let record = try await service.databases.work.transaction(.readOnly) { db in
            try db.complaint(trackedBy: code)
        }
        guard let record else { throw Self.unknown }
        return try answer(record)
    }

    private func perform(
        _ action: Complaint.Action, _ request: Request, needsMessage: Bool
    ) async throws -> Response {
        let code = try trackingCode(request)
        let body = try await Body(request)
        var terms = ActionTerms()
        if needsMessage { terms.message = body.reader.requiredText("message", limit: 4000, isProse: true) }
        try body.finish()
        let book = try await service.references.book()
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.complaint(trackedBy: code)
        }
        guard let found else { throw Self.unknown }
        let key = needsMessage ? try await service.keys.key(of: found) : nil
        let now = service.now()
        let record = try await service.databases.work.transaction { [terms] db in
            try db.perform(action, on: found.reference, by: Actor(.complainant), terms, book: book, at: now, key: key)
        }
        return try answer(record)
    }

    private func answer(_ record: ComplaintRecord) throws -> Response {
        var headers: HTTPFields = [:]
        headers[.referrerPolicy] = "no-referrer"
        return try .json(
            TrackingBody(
                reference: record.reference.description, campaign: record.campaign, complaint: record.complaint),
            headers: headers)
    }

    /// - Throws: ``Problem``, the same for a code that is malformed and one that is nobody's.
    private func trackingCode(_ request: Request) throws -> TrackingCode {
        guard let text = request.headers[.trackingCode] else {
            throw Problem(
                .badRequest, "tracking-code-missing", "The tracking code is missing",
                "Send the code you were given when you filed, as the header Tracking-Code.")
        }
        guard let code = TrackingCode(text) else { throw Self.unknown }
        return code
    }

    private static let unknown = Problem(
        .notFound, "tracking-code-unknown", "No complaint has this code",
        "Check the code: 26 letters and digits, as you were given it when you filed.")
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = Self("Referrer-Policy").unsafelyUnwrapped
}
