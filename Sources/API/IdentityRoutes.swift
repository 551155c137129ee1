import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Seeing who complained, and letting the company know: each asked for with a reason, decided, and kept in history.
struct IdentityRoutes {
    let service: Service
    private static let root = "/v1/complaints/:reference"

    var routes: [Route] {
        [
            Route(.post, Self.root + "/unsealings", request),
            Route(.get, Self.root + "/unsealings", list),
            Route(.post, Self.root + "/unsealings/:request/approval") { request, context in
                try await decide(request, context, isApproved: true)
            },
            Route(.post, Self.root + "/unsealings/:request/denial") { request, context in
                try await decide(request, context, isApproved: false)
            },
            Route(.post, Self.root + "/unsealings/:request/reading", read),
            Route(.post, Self.root + "/disclosure", disclose),
            Route(.get, "/v1/campaigns/:campaign/unsealings", overview),
            Route(.post, "/v1/campaigns/:campaign/contact-searches", search),
            Route(.get, "/v1/campaigns/:campaign/contact-searches", searches),
        ]
    }

    // MARK: Seeing

    @Sendable func request(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let body = try await Body(request)
        let fields = body.reader.identityFields()
        let reason = body.reader.requiredText("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let made = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.requestUnsealing(fields, of: reference, by: officer.actor, reason: reason, book: book, at: now)
        }
        return try .json(UnsealingBody(made, at: now), status: .created)
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        _ = try context.officer(for: .read)
        let reference = try context.reference()
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.unsealings(of: try db.found(reference))
        }
        let now = service.now()
        return try .json(Page(items: found.map { UnsealingBody($0, at: now) }))
    }

    private func decide(_ request: Request, _ context: Context, isApproved: Bool) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (reference, number) = (try context.reference(), try context.number(of: "request", in: "request"))
        let body = try await Body(request)
        let reason =
            isApproved
            ? body.reader.text("reason", limit: 2000, isProse: true)
            : body.reader.requiredText("reason", limit: 2000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let decided = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.decideUnsealing(
                number, of: reference, isApproved: isApproved, by: officer.actor, reason: reason, book: book, at: now)
        }
        return try .json(UnsealingBody(decided, at: now))
    }

    /// Told only after the event that says so is committed.
    @Sendable func read(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let (reference, number) = (try context.reference(), try context.number(of: "request", in: "request"))
        let body = try await Body(request)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        // Nothing is recorded as read that cannot be.
        guard try await service.caseKey(of: reference) != nil else {
            throw Problem(
                .gone, "erased", "Erased", "The key of this complaint was erased; nobody can read it any more.")
        }
        let (record, fields, sealed) = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            try db.recordReading(number, of: reference, by: officer.actor, book: book, at: now)
        }
        let identity = try await service.keys.open(sealed, of: record).identity ?? Identity()
        return try .json(IdentityBody(identity.only(fields)))
    }

    /// Who asked to see whom: for supervisors and auditors.
    @Sendable func overview(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .oversee)
        let (id, campaign) = try await service.campaign(context)
        enum Which: String, CaseIterable {
            case requested
            case all
        }
        let query = try ObjectReader(query: request)
        let which = query.code("state", as: Which.self) ?? .all
        let (pageSize, cursor) = try query.finishPage()
        let name = "unsealings|\(officer.id)|\(campaign.code)|\(which)"
        let position = try service.cursor.place(cursor, of: name).map { ($0.recordedAt, $0.caseID) }
        let now = service.now()
        let waiting = which == .requested ? now - Unsealing.timeToDecide : nil
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.unsealings(ofCampaign: id, waitingSince: waiting, after: position, limit: pageSize + 1)
        }
        return try .json(
            Page(found, size: pageSize, { UnsealingBody($0, at: now) }) { last in
                let place = FeedPosition(
                    recordedAt: last.unsealing.requestedAt, caseID: last.complaint, sequence: 0)
                return service.cursor.text(after: place.numbers, of: name)
            })
    }

    // MARK: Finding

    /// What someone filed who calls or writes: the number or address goes in the body, never in an address.
    @Sendable func search(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .searchContacts)
        let (id, campaign) = try await service.campaign(context)
        let body = try await Body(request)
        let (phone, email) = (body.reader.phone(), body.reader.email())
        if (phone == nil) == (email == nil) {
            body.reader.fault("phone", "ambiguous", "exactly one of phone and email is needed")
        }
        let reason = body.reader.requiredText("reason", limit: 2000, isProse: true)
        try body.finish()
        let state = service.limits.take(service.limits.searching, by: "officer \(officer.id)", at: service.now())
        guard state.isAllowed else {
            throw Problem.quotaExceeded(service.limits.searching, service.limits.searching.fields(state))
        }
        let found = try await service.keys.complaints(
            of: phone.map(Contact.phone) ?? .email(email ?? ""), in: id, by: officer.actor, reason: reason,
            on: Day(service.now(), in: campaign.zone()), service.databases.work)
        return try .json(
            Page(
                items: found.map { record in
                    FoundContactBody(
                        reference: record.reference.description, status: record.complaint.status,
                        receivedOn: record.complaint.receivedOn)
                }))
    }

    /// Which number was looked for is kept nowhere; that someone looked, and why, is for supervisors and auditors.
    @Sendable func searches(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .oversee)
        let (id, campaign) = try await service.campaign(context)
        let query = try ObjectReader(query: request)
        let (pageSize, cursor) = try query.finishPage()
        let name = "contact-searches|\(officer.id)|\(campaign.code)"
        let position = try cursor.map { try service.cursor.position($0, of: name) }
        let found = try await service.databases.work.transaction(.readOnly) { db in
            try db.contactSearches(ofCampaign: id, before: position, limit: pageSize + 1)
        }
        return try .json(
            Page(
                found, size: pageSize,
                { ContactSearchBody(by: $0.officer, at: $0.at, reason: $0.reason, opened: $0.opened) }
            ) { last in service.cursor.text(after: last.sequence, of: name) })
    }

    // MARK: Disclosing

    @Sendable func disclose(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let body = try await Body(request)
        let fields = body.reader.identityFields()
        let terms = ActionTerms(
            reason: body.reader.requiredText("reason", limit: 2000, isProse: true))
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let parts = try await service.databases.work.transaction(as: officer.actor.standing) { db in
            let record = try db.disclose(fields, of: reference, by: officer.actor, terms, book: book, at: now)
            return try db.parts(of: record)
        }
        return try await service.answer(parts, to: officer.role)
    }
}

extension ObjectReader {
    /// Which parts of an identity are meant; at least one.
    fileprivate func identityFields() -> Set<Identity.Field> {
        let known = Identity.Field.allCases.map(\.rawValue).joined(separator: ", ")
        if !has("fields") { fault("fields", "missing", "is required: some of \(known)") }
        let fields = texts("fields", limit: Identity.Field.allCases.count, length: 10).compactMap { text in
            let field = Identity.Field(rawValue: text)
            if field == nil { fault("fields", "unknown_code", "“\(text)” is none of \(known)") }
            return field
        }
        if has("fields"), fields.isEmpty, faults.isEmpty { fault("fields", "empty", "has to name some of \(known)") }
        return Set(fields)
    }
}

extension UnsealingBody {
    fileprivate init(_ record: UnsealingRecord, at now: Date) {
        self.init(
            record.unsealing, of: record.reference.description, by: record.requester, decidedBy: record.decider,
            reason: record.reason, at: now)
    }
}
