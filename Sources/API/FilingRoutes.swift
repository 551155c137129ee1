import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Store

struct FilingRoutes {
    let service: Service

    /// Filings one request may hold.
    private static let batch = 100
    /// Bytes of such a request.
    private static let batchBytes = 4 * 1024 * 1024

    var routes: [Route] {
        [
            Route(.post, "/v1/complaints", isBrief: true, file),
            Route(.post, "/v1/complaint-batches", fileMany),
        ]
    }

    @Sendable func file(_ request: Request, context: Context) async throws -> Response {
        let party = try context.filingParty()
        let query = try ObjectReader(query: request)
        let isTrial = query.flag("validate_only")
        query.finish()
        try query.faults.finish()
        let body = try await Body(request)
        guard service.filings.enter(service.filingsAtOnce) else { throw Problem.tooManyFilings }
        defer { service.filings.leave() }
        let idempotent = try request.idempotent(for: party.principal, body.bytes, isTrial: isTrial)
        // Not on the thread that reads connections: while a filing is understood and sealed, others are turned away at once.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            let intake = try await reader(party).intake(body.reader)
            guard let idempotent else {
                try await service.intaker.check(intake)
                return try .json(CheckedBody(intake))
            }
            let (answer, isReplay) = try await service.intaker.file(
                intake, request: idempotent, answer: Self.answer(intake))
            return Response(answer, isReplay: isReplay)
        }
    }

    private func reader(_ party: FilingParty) async throws -> FilingReader {
        FilingReader(book: try await service.references.book(), party: party, now: service.now())
    }

    private static func answer(_ intake: Intake) -> @Sendable (Receipt) throws -> StoredAnswer {
        { receipt in
            StoredAnswer(
                status: 201, location: link(receipt.reference), version: 1,
                body: Data(try Coding.bytes(of: FiledBody(receipt, intake))))
        }
    }

    // MARK: Many at once

    /// Up to a hundred filings: all of them or none, or each by itself.
    @Sendable func fileMany(_ request: Request, context: Context) async throws -> Response {
        let party = try context.filingParty()
        let body = try await Body(request, limit: Self.batchBytes)
        guard service.filings.enter(service.filingsAtOnce) else { throw Problem.tooManyFilings }
        defer { service.filings.leave() }
        let isAtomic = body.reader.bool("atomic") ?? true
        let isTrial = body.reader.bool("validate_only") ?? false
        let once = try request.idempotent(for: party.principal, body.bytes, isTrial: isTrial)
        if !body.reader.has("items") { body.reader.fault("items", "missing", "is required: one to 100 filings") }
        let items = body.reader.elements("items", limit: Self.batch)
        if items.isEmpty, body.reader.has("items") {
            body.reader.fault("items", "empty", "has to hold one to 100 filings")
        }
        try body.finish()
        let read = try await read(items, party)
        if isAtomic {
            // Why an item is refused is in its faults.
            let faults = read.flatMap { item in (try? item.get()) == nil ? item.faults : [] }
            guard faults.isEmpty else { throw Problem.invalid(faults) }
            let intakes = try read.map { try $0.get() }
            for intake in intakes where isTrial { try await service.intaker.check(intake) }
            guard let once else { return try .json(CheckedBatchBody(items: intakes.map(CheckedBody.init))) }
            let (answer, isReplay) = try await service.intaker.fileTogether(
                intakes, request: once, answer: intakes.map(Self.answer)
            ) { answers in
                StoredAnswer(status: 201, location: "", version: nil, body: Self.joined(answers.map(\.body)))
            }
            return Response(answer, isReplay: isReplay)
        }
        return try await eachByItself(read, items, once, context)
    }

    /// Reads each filing; one whose own reference stands in the batch before is at fault.
    private func read(_ items: [JSON], _ party: FilingParty) async throws -> [Result<Intake, any Error>] {
        let reader = try await reader(party)
        var seen: [String: Int] = [:]
        return items.enumerated().map { index, item in
            Result {
                let filing = ObjectReader(item, at: "#/items/\(index)", faults: FaultList())
                let intake = try reader.intake(filing)
                if let own = intake.filing.clientReference {
                    if let other = seen[own] {
                        filing.fault("client_reference", "duplicate", "stands in item \(other) too")
                        try filing.faults.finish()
                    }
                    seen[own] = index
                }
                return intake
            }
        }
    }

    private func eachByItself(
        _ read: [Result<Intake, any Error>], _ items: [JSON], _ once: IdempotentRequest?, _ context: Context
    ) async throws -> Response {
        let results = await withTaskGroup(of: BatchItemBody.self) { group in
            for (index, item) in read.enumerated() {
                group.addTask {
                    do {
                        let intake = try item.get()
                        guard let once else {
                            try await service.intaker.check(intake)
                            return BatchItemBody(index: index, status: 200)
                        }
                        // Each has the batch's key and its own place, so that a batch sent again files nothing twice.
                        let own = once.part(index, body: Data(items[index].canonicalText.utf8))
                        let (answer, _) = try await service.intaker.file(
                            intake, request: own, answer: Self.answer(intake))
                        var body = BatchItemBody(index: index, status: answer.status)
                        body.complaint = try Coding.decoder.decode(FiledBody.self, from: answer.body)
                        return body
                    } catch {
                        let problem = context.problem(error, of: "item \(index)")
                        var body = BatchItemBody(index: index, status: problem.status.code)
                        body.problem = problem.body(requestID: context.requestID)
                        return body
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return try .json(
            Page(items: results.sorted { $0.index < $1.index }), status: .init(code: 207, reasonPhrase: "Multi-Status"))
    }

    private static func joined(_ bodies: [Data]) -> Data {
        Data("{\"items\":[".utf8) + bodies.joined(separator: Data(",".utf8)) + Data("]}".utf8)
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

extension Result<Intake, any Error> {
    /// What was wrong with a filing of a batch.
    fileprivate var faults: [Fault] {
        guard case .failure(let error) = self else { return [] }
        if let document = error as? InvalidDocument { return document.faults }
        let problem = Problem(error)
        return problem.errors ?? [Fault(pointer: "#/items", code: problem.code, detail: problem.detail)]
    }
}

extension CheckedBody {
    fileprivate init(_ intake: Intake) {
        let complaint = intake.complaint
        self.init(
            campaign: intake.campaign, category: complaint.category,
            respondent: PartyBody(
                platform: complaint.respondent.platform, company: complaint.respondent.company,
                name: intake.filing.respondentName),
            target: TargetBody(complaint.target), linkUrl: intake.filing.linkURL,
            deadlines: complaint.deadlines.map(DeadlineBody.init))
    }
}
