import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Store

struct FilingRoutes {
    let service: Service

    var routes: [Route] {
        [Route(.post, "/v1/complaints", file)]
    }

    @Sendable func file(_ request: Request, context: Context) async throws -> Response {
        if let officer = context.officer, officer.role != .officer, officer.role != .supervisor {
            throw Refusal.forbidden(action: "file", role: officer.role)
        }
        let body = try await Body(request)
        let key = try idempotencyKey(request, isAnonymous: context.officer == nil)
        let book = try await service.references.book()
        let intake = try FilingReader(book: book, officer: context.officer, now: service.now()).intake(body)
        let principal = context.officer.map { "officer:\($0.id.uuidString)" } ?? "anonymous"
        let idempotent = IdempotentRequest(
            principal: principal, key: key, method: "POST", path: "/v1/complaints", body: body.bytes)
        let (answer, isReplay) = try await service.intaker.file(intake, request: idempotent) { receipt in
            StoredAnswer(
                status: 201, location: Self.link(receipt.reference),
                body: try Coding.encoder.encode(FiledBody(receipt, intake)))
        }
        var headers: HTTPFields = [
            .contentType: MediaKind.json.contentType, .location: answer.location, .eTag: "\"1\"",
        ]
        if isReplay { headers[.idempotentReplayed] = "true" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    static func link(_ reference: Reference) -> String { "/v1/complaints/\(reference)" }

    /// A quoted string or a bare token; long enough that nobody guesses one, since it opens the stored answer.
    private func idempotencyKey(_ request: Request, isAnonymous: Bool) throws -> String {
        let least = isAnonymous ? 32 : 16
        var key = request.headers[.idempotencyKey]?.trimmingCharacters(in: .whitespaces) ?? ""
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = String(key.dropFirst().dropLast()) }
        let isFine = (least...255).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isFine else {
            throw Problem(
                .badRequest, key.isEmpty ? "idempotency-key-missing" : "idempotency-key-bad",
                "Idempotency-Key is \(key.isEmpty ? "missing" : "not good")",
                "Send a fresh UUID as Idempotency-Key (\(least) to 255 visible characters), and the same one again "
                    + "when you repeat this filing.")
        }
        return key
    }
}

extension FiledBody {
    fileprivate init(_ receipt: Receipt, _ intake: Intake) {
        let complaint = receipt.complaint
        self.init(
            id: complaint.id, reference: receipt.reference.description, trackingCode: receipt.trackingCode.text,
            status: complaint.status, campaign: intake.campaign, category: complaint.category,
            respondent: PartyBody(
                platform: complaint.respondent.platform, company: complaint.respondent.company,
                name: intake.filing.respondentName),
            target: TargetBody(complaint.target), barriers: receipt.barrier.map { [BarrierMention($0)] } ?? [],
            deadlines: complaint.deadlines.map(DeadlineBody.init), receivedOn: complaint.receivedOn,
            recordedAt: receipt.recordedAt, link: FilingRoutes.link(receipt.reference))
    }
}

extension BarrierMention {
    init(_ summary: BarrierSummary) {
        self.init(number: summary.number, remediation: summary.remediation, observed: summary.observed)
    }
}
