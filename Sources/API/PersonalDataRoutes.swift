import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Store

/// What the authority does about personal data: answers what is asked, holds, and disposes of what it needs no more.
struct PersonalDataRoutes {
    let service: Service
    private static let root = "/v1/complaints/:reference"
    private static let campaign = "/v1/campaigns/:campaign"

    var routes: [Route] {
        [
            Route(.get, Self.root + "/rights-requests", requests),
            Route(.post, Self.root + "/rights-requests", enter),
            Route(.post, Self.root + "/rights-requests/:request/decision", decide),
            Route(.post, Self.root + "/hold") { request, context in try await hold(request, context, isHeld: true) },
            Route(.delete, Self.root + "/hold") { request, context in try await hold(request, context, isHeld: false) },
            Route(.put, Self.root + "/identity", correct),
            Route(.get, Self.campaign + "/rights-requests", open),
            Route(.get, Self.campaign + "/disposals", disposals),
            Route(.post, Self.campaign + "/disposals", propose),
            Route(.get, Self.campaign + "/disposals/:number", items),
            Route(.post, Self.campaign + "/disposals/:number/approval") { request, context in
                try await change(request, context) { db, run in
                    try db.approveDisposal(run.number, campaign: run.campaign, by: run.actor, on: run.day, at: run.now)
                }
            },
            Route(.post, Self.campaign + "/disposals/:number/withdrawal") { request, context in
                try await change(request, context) { db, run in
                    try db.withdrawDisposal(run.number, campaign: run.campaign, by: run.actor, on: run.day, at: run.now)
                }
            },
        ]
    }

    // MARK: Rights

    @Sendable func requests(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.rightsRequests(of: try db.found(reference))
        }
        return try .json(Page(items: found.map { RightsRequestBody($0, isInternal: true) }))
    }

    /// What a complainant asked on the telephone or on paper.
    @Sendable func enter(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let body = try await Body(request)
        let kind = body.reader.requiredCode("kind", as: RightsRequest.Kind.self) ?? .access
        let day = body.reader.day("received_on")
        let reason = body.reader.text("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let made = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.requestRight(
                kind, of: reference, by: officer.actor, receivedOn: day, ActionTerms(reason: reason), book: book,
                at: now)
        }
        return try .json(RightsRequestBody(made, isInternal: true), status: .created)
    }

    @Sendable func decide(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (reference, number) = (try context.reference(), try context.number(of: "request", in: "request"))
        let body = try await Body(request)
        let isGranted = body.reader.bool("granted")
        if isGranted == nil { body.reader.fault("granted", "missing", "is required: true or false") }
        let reasons = body.reader.requiredText("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        var decided = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.decideRight(
                number, of: reference, isGranted: isGranted == true, by: officer.actor, reasons: reasons, book: book,
                at: now)
        }
        if decided.fulfilment == .pending { decided = try await carriedOut(decided, context) }
        return try .json(RightsRequestBody(decided, isInternal: true))
    }

    /// Deletes the key of what is erased.
    ///
    /// Where that cannot be done now, the answer says that it is pending, and the worker does it.
    private func carriedOut(_ decided: RightsRecord, _ context: Context) async throws -> RightsRecord {
        do {
            try await service.databases.finishErasures()
        } catch {
            context.logger.warning(
                "an erasure is pending: the key could not be deleted; the worker tries again",
                metadata: ["request_id": "\(context.requestID.text)", "error": "\(Problem(error).cause ?? "")"])
            return decided
        }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.rightsRequests(of: try db.found(decided.reference))
        }
        return found.first { $0.request.sequence == decided.request.sequence } ?? decided
    }

    /// Puts right what someone said on the telephone or on paper, who has no code.
    @Sendable func correct(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let record = try await service.databases.work.transaction(.readOnly) { db in try db.found(reference) }
        let body = try await Body(request)
        let terms = ActionTerms(reason: body.reader.requiredText("reason", limit: 2000, isProse: true))
        let changed = try await service.correct(record, body, by: officer.actor, terms)
        let parts = try await service.databases.work.transaction(.readOnly) { db in try db.parts(of: changed) }
        return try await service.answer(parts, to: officer.role)
    }

    /// What has to be answered, the oldest first.
    @Sendable func open(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (id, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        let (pageSize, cursor) = try query.finishPage()
        let name = "rights|\(officer.id)|\(campaign.code)"
        let last = try cursor.map { text in
            let place = try service.cursor.positions(text, of: name, count: 3)
            return (day: Day(number: place[0]), number: place[1], sequence: place[2])
        }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.openRightsRequests(ofCampaign: id, after: last, limit: pageSize + 1)
        }
        return try .json(
            Page(
                found, size: pageSize, { RightsRequestBody($0, isInternal: true) },
                next: {
                    service.cursor.text(
                        after: $0.request.receivedOn.number, $0.reference.number, $0.request.sequence, of: name)
                }))
    }

    private func hold(_ request: Request, _ context: Context, isHeld: Bool) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let body = try await Body(request)
        let reason = body.reader.requiredText("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let parts = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.parts(
                of: try db.setHold(isHeld, on: reference, by: officer.actor, reason: reason, book: book, at: now))
        }
        return try await service.answer(parts, to: officer.role)
    }

    // MARK: Disposal

    @Sendable func disposals(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .oversee)
        let (id, _) = try await service.campaign(context)
        let found = try await service.databases.work.transaction(.readOnly) { db in try db.disposals(campaign: id) }
        return try .json(Page(items: found.map(DisposalBody.init)))
    }

    /// Looks what is due, and proposes it unless it is only looked.
    @Sendable func propose(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .dispose)
        let (id, campaign) = try await service.campaign(context)
        let body = try await Body(request)
        let today = Day(service.now(), in: campaign.zone())
        let day = body.reader.day("as_of") ?? today
        if day > today { body.reader.fault("as_of", "in_the_future", "has not come yet") }
        let isDryRun = body.reader.bool("dry_run") ?? false
        try body.finish()
        let now = service.now()
        let found = try await service.databases.work.transaction { db in
            try db.proposeDisposal(in: campaign, id, on: day, by: isDryRun ? nil : officer.actor, at: now)
        }
        let made = DisposalBody(
            number: found.number, asOf: day, proposedBy: found.number.map { _ in officer.name },
            restricted: found.restricted, erased: found.erased,
            items: isDryRun ? found.first.map(DisposalItemBody.init) : nil)
        return try .json(made, status: isDryRun ? .ok : .created)
    }

    @Sendable func items(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .oversee)
        let (id, campaign) = try await service.campaign(context)
        let number = try context.number(of: "disposal")
        let query = try ObjectReader(query: request)
        let (pageSize, cursor) = try query.finishPage()
        let name = "disposal|\(officer.id)|\(campaign.code)|\(number)"
        let last = try cursor.map { try service.cursor.position($0, of: name) } ?? 0
        let found = try await service.databases.work.transaction(.readOnly) { db in
            guard try !db.disposals(campaign: id, number: number).isEmpty else {
                throw CaseError.notFound("disposal \(number)")
            }
            return try db.items(ofDisposal: number, campaign: id, after: last, limit: pageSize + 1)
        }
        return try .json(
            Page(
                found, size: pageSize,
                DisposalItemBody.init,
                next: { service.cursor.text(after: $0.reference.number, of: name) }))
    }

    /// What a supervisor says of a run.
    private struct Word {
        let number: Int
        let campaign: Int
        let actor: Actor
        let day: Day
        let now: Date
    }

    private func change(
        _ request: Request, _ context: Context, _ body: @escaping @Sendable (isolated Connection, Word) throws -> Void
    ) async throws -> Response {
        let officer = try context.officer(for: .dispose)
        let (id, campaign) = try await service.campaign(context)
        try await Body(request).finish()
        let now = service.now()
        let word = Word(
            number: try context.number(of: "disposal"), campaign: id, actor: officer.actor,
            day: Day(now, in: campaign.zone()), now: now)
        let found = try await service.databases.work.transaction { db in
            try body(db, word)
            return try db.disposals(campaign: id, number: word.number)
        }
        guard let changed = found.first else { throw Problem.notFound("disposal \(word.number)") }
        return try .json(DisposalBody(changed))
    }
}

extension DisposalItemBody {
    fileprivate init(_ item: DisposalItem) {
        self.init(reference: item.reference.description, step: item.step, outcome: item.outcome)
    }
}

extension DisposalBody {
    fileprivate init(_ disposal: Disposal) {
        self.init(
            number: disposal.number, asOf: disposal.asOf, proposedBy: disposal.proposer,
            proposedAt: disposal.proposedAt, approvedBy: disposal.approver, withdrawnBy: disposal.withdrawnBy,
            finishedAt: disposal.finishedAt, restricted: disposal.restricted, erased: disposal.erased,
            done: disposal.done, passedBy: disposal.passedBy, pending: disposal.pending)
    }
}
