import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// What complainants may do about their own data, with the tracking code: see all of it, put it right, and ask for more.
struct RightsRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/tracking/export", export),
            Route(.put, "/v1/tracking/identity", correct),
            Route(.put, "/v1/tracking/consent", consent),
            Route(.get, "/v1/tracking/rights-requests", list),
            Route(.post, "/v1/tracking/rights-requests", request),
        ]
    }

    /// A copy of what is kept of and about the complainant (PIPL, article 45); files are listed and had at their own addresses.
    @Sendable func export(_ request: Request, context: Context) async throws -> Response {
        try await copy(of: try await service.tracked(request))
    }

    private func copy(of record: ComplaintRecord) async throws -> Response {
        let (sealed, disclosed, asked, seen) = try await service.databases.work.transaction(.readOnly) { db in
            (
                try db.sealedFields(of: Cases([record]))[record.complaint.id] ?? [:],
                try db.disclosures(of: record), try db.rightsRequests(of: record),
                try db.readings(of: record)
            )
        }
        let opened = try await service.keys.open(sealed, of: record)
        let filing = record.filing
        var body = ExportBody(
            tracking: try await service.trackingBody(of: record), kind: record.complaint.kind,
            narrative: filing.narrative,
            environment: EnvironmentBody(
                appVersion: filing.appVersion, os: filing.os, region: filing.region, accountType: filing.accountType),
            identity: IdentityBody(opened.identity ?? Identity()), disclosesIdentity: filing.disclosesIdentity,
            publishesNarrative: filing.publishesNarrative,
            disclosures: disclosed.map { one in
                .init(company: one.company, fields: Identity.Field.allCases.filter(one.fields.contains))
            },
            seen: seen.map { one in
                .init(at: one.at, fields: Identity.Field.allCases.filter(one.fields.contains))
            },
            rightsRequests: asked.map { RightsRequestBody($0) }, dataState: record.dataState)
        (body.scene, body.manner, body.merchant, body.linkUrl) = (
            filing.scene, filing.manner, filing.merchant, filing.linkURL
        )
        (body.respondentName, body.methodName) = (filing.respondentName, filing.methodName)
        (body.complainantKind, body.ageBand) = (filing.complainantKind, filing.ageBand)
        (body.remedySought, body.occurredOn, body.privacyNotice) = (
            filing.remedySought, filing.occurredOn, filing.privacyNotice
        )
        (body.linkText, body.passphrase, body.controlText) = (opened.linkText, opened.passphrase, opened.controlText)
        return try .json(body, headers: [.referrerPolicy: "no-referrer"])
    }

    @Sendable func correct(_ request: Request, context: Context) async throws -> Response {
        let record = try await service.tracked(request)
        let body = try await Body(request)
        let changed = try await service.correct(record, body, by: Actor(.complainant), ActionTerms())
        return try await copy(of: changed)
    }

    @Sendable func consent(_ request: Request, context: Context) async throws -> Response {
        let record = try await service.tracked(request)
        let body = try await Body(request)
        let discloses = body.reader.bool("disclose_identity")
        if discloses == nil { body.reader.fault("disclose_identity", "missing", "is required: true or false") }
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let changed = try await service.databases.work.transaction(as: .system) { db in
            try db.setConsent(
                discloses == true, of: record.reference, by: Actor(.complainant), book: book, at: now)
        }
        return try await copy(of: changed)
    }

    @Sendable func list(_ request: Request, context: Context) async throws -> Response {
        let record = try await service.tracked(request)
        let found = try await service.databases.work.transaction(.readOnly) { db in try db.rightsRequests(of: record) }
        return try .json(Page(items: found.map { RightsRequestBody($0) }), headers: [.referrerPolicy: "no-referrer"])
    }

    @Sendable func request(_ request: Request, context: Context) async throws -> Response {
        let record = try await service.tracked(request)
        let body = try await Body(request)
        let kind = body.reader.requiredCode("kind", as: RightsRequest.Kind.self) ?? .access
        var terms = ActionTerms()
        terms.message = body.reader.text("message", limit: 4000, isProse: true)
        try body.finish()
        let (book, now) = (try await service.references.book(), service.now())
        let key = terms.message == nil ? nil : try await service.keys.key(of: record)
        let made = try await service.databases.work.transaction(as: .system) { [terms] db in
            try db.requestRight(
                kind, of: record.reference, by: Actor(.complainant), receivedOn: nil, terms, book: book, at: now,
                key: key)
        }
        return try .json(RightsRequestBody(made), status: .created, headers: [.referrerPolicy: "no-referrer"])
    }
}

extension Service {
    /// What is given takes the place of what was; what is left out stays, unless it is to be removed.
    func correct(
        _ record: ComplaintRecord, _ body: Body, by actor: Actor, _ terms: ActionTerms
    ) async throws -> ComplaintRecord {
        let given = body.reader.identity()
        let removed = body.reader.texts("remove", limit: 3, length: 10).compactMap { text in
            let field = Identity.Field(rawValue: text)
            if field == nil { body.reader.fault("remove", "unknown_code", "“\(text)” is none of name, phone, email") }
            return field
        }
        if given.isEmpty, removed.isEmpty, body.reader.faults.isEmpty {
            body.reader.fault("phone", "missing", "something to correct is needed: name, phone, email, or remove")
        }
        try body.finish()
        guard let key = try await keys.key(of: record) else { throw Refusal.dataNotUsable(.erased) }
        let (book, now) = (try await references.book(), now())
        return try await databases.work.transaction(as: actor.standing) { db in
            try db.correctIdentity(
                given, without: Set(removed), of: record.reference, by: actor, terms, keys.named, key, book: book,
                at: now)
        }
    }
}

extension RightsRequestBody {
    init(_ record: RightsRecord, isInternal: Bool = false) {
        self.init(
            record.request, of: record.reference.description, record.fulfilment, reasons: record.reasons,
            said: isInternal ? record.said : nil, enteredBy: isInternal ? record.enteredByName : nil)
    }
}
