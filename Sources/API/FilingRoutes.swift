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
        let principal = context.officer.map { "officer:\($0.id.uuidString)" } ?? "anonymous"
        let idempotent = try request.idempotent(for: principal, body.bytes)
        let book = try await service.references.book()
        let intake = try FilingReader(book: book, officer: context.officer, now: service.now()).intake(body)
        let (answer, isReplay) = try await service.intaker.file(intake, request: idempotent) { receipt in
            StoredAnswer(
                status: 201, location: Self.link(receipt.reference), version: 1,
                body: try Coding.encoder.encode(FiledBody(receipt, intake)))
        }
        return Response(answer, isReplay: isReplay)
    }

    static func link(_ reference: Reference) -> String { "/v1/complaints/\(reference)" }
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
