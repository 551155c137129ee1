import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store
import Transparency

/// The log that proves history: what was signed, with what, and proofs for whoever keeps them.
struct LogRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/log/key", offers: [.plain], key),
            Route(.get, "/v1/log/checkpoint", offers: [.plain], checkpoint),
            Route(.get, "/v1/log/consistency", consistency),
            Route(.get, "/v1/tracking/receipt", offers: [.plain], receipt),
            Route(.get, "/v1/complaints/:reference/events/:sequence/proof", offers: [.plain], proof),
        ]
    }

    @Sendable func key(_ request: Request, context: Context) async throws -> Response {
        guard let key = service.logKey else { throw notYet }
        return .text("\(key)\n", as: .plain)
    }

    @Sendable func checkpoint(_ request: Request, context: Context) async throws -> Response {
        let note = try await service.databases.reads.withConnection { db in try db.latestCheckpoint() }
        guard let note else { throw notYet }
        return .text(note, as: .plain)
    }

    /// Shows that one checkpoint's log is the beginning of another's.
    @Sendable func consistency(_ request: Request, context: Context) async throws -> Response {
        let query = try ObjectReader(query: request)
        for name in ["from", "to"] where !query.has(name) { query.fault(name, "missing", "is required: a size") }
        let first = query.number("from", in: 0...Int.max) ?? 0
        let size = query.number("to", in: 0...Int.max) ?? first
        if first > size { query.fault("from", "out_of_range", "lies after “to”") }
        query.finish()
        try query.faults.finish()
        let hashes = try await service.databases.reads.withConnection { db in
            try db.consistencyProof(from: first, to: size)
        }
        guard let hashes else {
            throw Problem.invalid([
                Fault(pointer: "?/to", code: "out_of_range", detail: "is more than the log has leaves")
            ])
        }
        return try .json(ConsistencyBody(from: first, to: size, hashes: hashes.map { $0.base64EncodedString() }))
    }

    /// What the complainant keeps: the proof that the filing stands in history.
    @Sendable func receipt(_ request: Request, context: Context) async throws -> Response {
        let found = try await service.tracked(request)
        return try await proof(ofEvent: 1, of: found)
    }

    @Sendable func proof(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        let sequence = try context.number(of: "event", in: "sequence")
        let found = try await service.databases.reads.withConnection { db in try db.found(reference) }
        return try await proof(ofEvent: sequence, of: found)
    }

    private func proof(ofEvent sequence: Int, of record: ComplaintRecord) async throws -> Response {
        let proof = try await service.databases.reads.withConnection { db in
            try db.logProof(ofEvent: sequence, of: record.complaint.id, campaign: record.campaignID)
        }
        guard let proof else {
            guard sequence <= record.sequence else {
                throw Problem.notFound("event \(sequence) of \(record.reference)")
            }
            throw notYet
        }
        var response = Response.text(proof.text, as: .plain)
        response.headers[.contentDisposition] =
            "attachment; filename=\"\(record.reference)-\(sequence).tlog-proof\""
        return response
    }

    private var notYet: Problem {
        guard service.logKey != nil else {
            return Problem(.notFound, "history-not-signed", "Not signed", "This server signs no history.")
        }
        return Problem(
            .conflict, "not-signed-yet", "Not signed yet",
            "It is signed within a minute or so; ask again then.",
            headers: [.retryAfter: "60"])
    }
}
