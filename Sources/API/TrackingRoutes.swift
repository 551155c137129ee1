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
            // What was asked for brings the case on; anything else is only said.
            Route(.post, "/v1/tracking/messages") { request, _ in
                try await perform(request, needsMessage: true) { _, complaint in
                    complaint.status == .needsInformation ? .provideInformation : .message
                }
            },
            Route(.post, "/v1/tracking/withdrawal") { request, _ in
                try await perform(request) { _, _ in .withdraw }
            },
            Route(.post, "/v1/tracking/confirmation") { request, _ in
                try await perform(request) { body, _ in
                    if !body.has("fixed") { body.fault("fixed", "missing", "is required: true or false") }
                    return body.bool("fixed") == true ? .confirmFixed : .denyFixed
                }
            },
            Route(.post, "/v1/tracking/rating") { request, _ in
                try await perform(request) { body, _ in .rate(body.requiredInt("rating", in: 1...5)) }
            },
        ]
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        try await answer(try await service.tracked(request))
    }

    private func perform(
        _ request: Request, needsMessage: Bool = false,
        _ read: @Sendable (ObjectReader, Complaint) -> Complaint.Action
    ) async throws -> Response {
        let found = try await service.tracked(request)
        let body = try await Body(request)
        let action = read(body.reader, found.complaint)
        var terms = ActionTerms()
        terms.message =
            needsMessage
            ? body.reader.requiredText("message", limit: 4000, isProse: true)
            : body.reader.text("message", limit: 4000, isProse: true)
        try body.finish()
        let book = try await service.references.book()
        let key = terms.message == nil ? nil : try await service.keys.key(of: found)
        let now = service.now()
        do {
            let record = try await service.databases.work.transaction(as: .system) { [terms] db in
                try db.perform(
                    action, on: found.reference, by: Actor(.complainant), terms, book: book, at: now, key: key)
            }
            return try await answer(record)
        } catch Refusal.hasDuplicates {
            // Why is nobody else's business; what to do is said.
            throw Problem(
                .conflict, "ask-the-authority", "The authority has to look at it first",
                "Write a message that you withdraw; an officer carries it out.")
        }
    }

    private func answer(_ record: ComplaintRecord) async throws -> Response {
        try .json(try await service.trackingBody(of: record), headers: [.referrerPolicy: "no-referrer"])
    }
}

extension Service {
    /// A complaint as the complainant follows it.
    func trackingBody(of record: ComplaintRecord) async throws -> TrackingBody {
        let (sealed, notes, other) = try await databases.work.transaction(.readOnly) { db in
            let other = try record.duplicateOf.flatMap { try db.complaint($0)?.complaint.status }
            return (try db.messages(of: [record])[record.complaint.id] ?? [], try db.outwardNotes(of: record), other)
        }
        // A complainant reads the own conversation only, not that of complaints merged into it.
        let own = sealed.filter { $0.reference == record.reference }
        let messages: [OpenedMessage]
        do {
            messages = try await keys.open(own)
        } catch is PostgresError {
            messages = []
        }
        return TrackingBody(
            reference: record.reference.description, campaign: record.campaign, complaint: record.complaint,
            handledWithStatus: other, messages: messages.map(MessageBody.init),
            notes: notes.map { TrackingBody.Note(on: $0.on, text: $0.text) })
    }

    /// The complaint whose tracking code stands in the request.
    ///
    /// - Throws: ``Problem``, the same for a code that is malformed and one that is nobody's.
    func tracked(_ request: Request) async throws -> ComplaintRecord {
        guard let text = request.headers[.trackingCode] else {
            throw Problem(
                .badRequest, "tracking-code-missing", "The tracking code is missing",
                "Send the code you were given when you filed, as the header Tracking-Code.")
        }
        guard let record = try await complaint(trackedBy: text) else { throw Problem.unknownTrackingCode }
        return record
    }

    /// The complaint with this code, if it is one at all.
    func complaint(trackedBy text: String) async throws -> ComplaintRecord? {
        guard let code = TrackingCode(text) else { return nil }
        return try await databases.work.transaction(.readOnly) { db in try db.complaint(trackedBy: code) }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy").unsafelyUnwrapped
}
