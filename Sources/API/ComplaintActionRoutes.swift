import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Store

/// Every change of a complaint is a resource beneath it.
struct ComplaintActionRoutes {
    let service: Service

    var routes: [Route] {
        ComplaintActionReader.Resource.allCases.map { resource in
            // A note changes nothing that another officer may have changed meanwhile.
            let needsVersion = resource != .notes
            let (method, name) = Self.address(of: resource)
            return Route(method, Self.path(name)) { request, context in
                try await perform(resource, request, context, needsVersion: needsVersion)
            }
        } + [
            Route(.post, Self.path("messages")) { request, context in
                try await perform(request, context, needsReason: false, needsVersion: false) { body, _ in
                    if !body.has("message") { body.fault("message", "missing", "is required") }
                    return { _ in .message }
                }
            },
            Route(.delete, Self.path("barriers/:number")) { request, context in
                let number = try context.barrierNumber()
                return try await perform(request, context, needsReason: false, needsVersion: true) { _, _ in
                    { _ in .unlink(barrier: number) }
                }
            },
        ]
    }

    /// What undoes something is asked for by DELETE, at the address of what it undoes.
    private static func address(of resource: ComplaintActionReader.Resource) -> (HTTPRequest.Method, String) {
        switch resource {
        case .undoDuplicate: (.delete, ComplaintActionReader.Resource.duplicate.rawValue)
        case .undoRelation: (.delete, ComplaintActionReader.Resource.relations.rawValue)
        default: (.post, resource.rawValue)
        }
    }

    private static func path(_ name: String) -> String { "/v1/complaints/:reference/\(name)" }

    private func perform(
        _ resource: ComplaintActionReader.Resource, _ request: Request, _ context: Context, needsVersion: Bool
    ) async throws -> Response {
        let officer = try context.officer(for: .read)
        return try await perform(
            request, context, needsReason: resource.needsReason, needsVersion: needsVersion
        ) { body, book in
            ComplaintActionReader(body: body, book: book, officer: officer).action(resource)
        }
    }

    /// Who asks, what they want, one transaction, the complaint as it is then.
    private func perform(
        _ request: Request, _ context: Context, needsReason: Bool, needsVersion: Bool,
        _ read: @Sendable (ObjectReader, ReferenceBook) -> ComplaintActionReader.Wanted
    ) async throws -> Response {
        let officer = try context.officer(for: .read)
        let reference = try context.reference()
        let versions = needsVersion ? try request.expectedVersions() : nil
        let body = try await Body(request)
        let book = try await service.references.book()
        let wanted = read(body.reader, book)
        let terms = ActionTerms(reading: body.reader, versions: versions, needsReason: needsReason)
        try body.finish()
        let now = service.now()
        let key = terms.message == nil ? nil : try await service.caseKey(of: reference)
        let parts = try await terms.judged {
            try await service.databases.work.transaction(as: officer.actor.standing) { db in
                let record = try db.perform(
                    try wanted(db), on: reference, by: officer.actor, terms, book: book, at: now, key: key)
                return try db.parts(of: record)
            }
        }
        return try await service.answer(parts, to: officer.role)
    }
}

extension ActionTerms {
    /// The members every action of a company may have: it acts today and for itself, and writes to the authority alone.
    init(ofCompany body: ObjectReader, versions: [Int]?) {
        self.init(
            versions: versions, reason: body.text("reason", limit: 4000, isProse: true), evidence: body.evidence())
    }

    /// The members every action may have: when it takes effect, why, and what was said.
    init(reading body: ObjectReader, versions: [Int]?, needsReason: Bool = false) {
        self.init(
            effectiveOn: body.day("effective_on"), versions: versions,
            reason: needsReason
                ? body.requiredText("reason", limit: 4000, isProse: true)
                : body.text("reason", limit: 4000, isProse: true),
            message: body.text("message", limit: 4000, isProse: true), onBehalfOf: body.code("on_behalf_of"),
            evidence: body.evidence())
    }
}

extension ObjectReader {
    /// What a company names to show that it did what it says: a description, and the digest of a file it keeps.
    fileprivate func evidence() -> [ActionTerms.Evidence] {
        objects("evidence", limit: 20).map { item in
            defer { item.finish() }
            let description = item.requiredText("description", limit: 1000, isProse: true)
            let hex = item.text("sha256", limit: 64)
            if let hex, hex.count != 64 || !hex.allSatisfy(\.isHexDigit) {
                item.fault("sha256", "invalid", "has to be 64 hexadecimal digits")
            }
            return ActionTerms.Evidence(
                description: description, sha256: hex.flatMap { Data(postgresText: "\\x" + $0) })
        }
    }
}

extension Service {
    func caseKey(of reference: Reference) async throws -> CaseKey? {
        let record = try await databases.work.transaction(.readOnly) { db in try db.complaint(reference) }
        guard let record else { throw CaseError.notFound("complaint \(reference)") }
        return try await keys.key(of: record)
    }
}
