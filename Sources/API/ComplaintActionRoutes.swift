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
        let decisions = ["acceptance", "refusal", "information-requests", "information", "forwarding", "closure"]
        let endings = ["response", "withdrawal", "referral", "duplicate", "resolution", "barriers"]
        let work = ["assignment", "office", "priority", "relations", "deadline-extensions", "confirmation", "rating"]
        return (decisions + endings + work).map { name in
            Route(.post, Self.path(name)) { request, context in try await perform(name, request, context) }
        } + [
            Route(.post, Self.path("reopening")) { request, context in
                try await perform("reopening", request, context)
            },
            Route(.post, Self.path("notes")) { request, context in
                try await perform("notes", request, context, needsVersion: false)
            },
            Route(.post, Self.path("messages")) { request, context in
                try await perform("messages", request, context, needsVersion: false)
            },
            Route(.delete, Self.path("duplicate")) { request, context in
                try await perform("undo-duplicate", request, context)
            },
            Route(.delete, Self.path("relations")) { request, context in
                try await perform("undo-relation", request, context)
            },
            Route(.delete, Self.path("barriers/:number")) { request, context in
                let number = try context.barrierNumber()
                return try await perform(request, context, needsReason: false, needsVersion: true) { _, _ in
                    { _ in .unlink(barrier: number) }
                }
            },
        ]
    }

    private static func path(_ name: String) -> String { "/v1/complaints/:reference/\(name)" }

    private func perform(
        _ name: String, _ request: Request, _ context: Context, needsVersion: Bool = true
    ) async throws -> Response {
        let officer = try context.officer(for: .read)
        let needsReason = ComplaintActionReader.needsReason(name)
        return try await perform(request, context, needsReason: needsReason, needsVersion: needsVersion) { body, book in
            guard let wanted = ComplaintActionReader(body: body, book: book, officer: officer).action(name) else {
                preconditionFailure("a route without an action: \(name)")
            }
            return wanted
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
