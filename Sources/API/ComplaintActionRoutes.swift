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

    /// What the body asks for, once names in it are looked up in the transaction.
    private typealias Wanted = @Sendable (isolated Connection) throws -> Complaint.Action

    var routes: [Route] {
        [
            action(.post, "acceptance") { body, _ in
                let (category, scenario) = (body.text("category", limit: 60), body.text("scenario", limit: 60))
                return { _ in .accept(category: category, scenario: scenario) }
            },
            action(.post, "refusal") { body, _ in
                let ground = body.requiredText("ground", limit: 60)
                return { _ in .refuse(ground: ground) }
            },
            action(.post, "information-requests") { body, _ in
                let gap = body.requiredText("gap", limit: 60)
                return { _ in .requestInformation(gap: gap) }
            },
            action(.post, "information") { _, _ in { _ in .provideInformation } },
            action(.post, "forwarding") { _, _ in { _ in .forward } },
            action(.post, "response") { _, _ in { _ in .respond } },
            action(.post, "closure") { body, _ in
                let outcome = body.requiredCode("outcome", as: Complaint.Outcome.self) ?? .explained
                return { _ in .close(outcome) }
            },
            action(.post, "withdrawal") { _, _ in { _ in .withdraw } },
            action(.post, "referral") { body, _ in
                let agency = body.requiredText("agency", limit: 60)
                return { _ in .refer(agency: agency) }
            },
            action(.post, "duplicate", duplicate),
            action(.delete, "duplicate") { _, _ in { _ in .undoDuplicate } },
            action(.post, "reopening", needsReason: true) { _, _ in { _ in .reopen } },
            action(.post, "resolution", resolution),
            action(.post, "barriers") { body, _ in
                let number = body.requiredInt("number", in: 1...Int(Int32.max))
                return { _ in .link(barrier: number) }
            },
            action(.post, "assignment", assignment),
            action(.post, "notes", needsReason: true, needsVersion: false) { _, _ in { _ in .note } },
            Route(.delete, "/v1/complaints/:reference/barriers/:number") { request, context in
                let number = try context.barrierNumber()
                return try await perform(request, context) { _, _ in { _ in .unlink(barrier: number) } }
            },
        ]
    }

    private func action(
        _ method: HTTPRequest.Method, _ name: String, needsReason: Bool = false, needsVersion: Bool = true,
        _ read: @escaping @Sendable (ObjectReader, ReferenceBook) -> Wanted
    ) -> Route {
        Route(method, "/v1/complaints/:reference/\(name)") { request, context in
            try await perform(request, context, needsReason: needsReason, needsVersion: needsVersion, read)
        }
    }

    /// Who asks, what they want, one transaction, the complaint as it is then.
    private func perform(
        _ request: Request, _ context: Context, needsReason: Bool = false, needsVersion: Bool = true,
        _ read: @Sendable (ObjectReader, ReferenceBook) -> Wanted
    ) async throws -> Response {
        let officer = try context.reader()
        let reference = try context.reference()
        let versions = needsVersion ? try request.expectedVersions() : nil
        let body = try await Body(request)
        let book = try await service.references.book()
        let wanted = read(body.reader, book)
        let terms = ActionTerms(reading: body.reader, versions: versions, needsReason: needsReason)
        try body.finish()
        let now = service.now()
        let key = terms.message == nil ? nil : try await service.caseKey(of: reference)
        let parts = try await service.databases.work.transaction { db in
            let record = try db.perform(
                try wanted(db), on: reference, by: officer.actor, terms, book: book, at: now, key: key)
            return try db.parts(of: record)
        }
        return try await service.answer(parts, to: officer.role)
    }

    @Sendable private func duplicate(_ body: ObjectReader, _ book: ReferenceBook) -> Wanted {
        let text = body.requiredText("of", limit: 40)
        let reference = Reference(text)
        if reference == nil, !text.isEmpty {
            body.fault("of", "bad_reference", "is no reference such as IR21-0000123-4")
        }
        return { db in
            guard let reference, let original = try db.complaint(reference) else {
                throw Refusal.notADuplicate("there is no complaint \(text)")
            }
            return .markDuplicate(of: original.complaint.id)
        }
    }

    @Sendable private func assignment(_ body: ObjectReader, _ book: ReferenceBook) -> Wanted {
        let name = body.text("officer", limit: 40)
        return { db in
            guard let name else { return .assign(to: nil) }
            do {
                return .assign(to: try db.officer(named: name).id)
            } catch OfficerError.unknown {
                throw Refusal.invalid(field: "officer", reason: "“\(name)” is no officer in service")
            }
        }
    }

    /// What intake left open: who is meant, what is barred, which class it falls under.
    @Sendable private func resolution(_ body: ObjectReader, _ book: ReferenceBook) -> Wanted {
        let directory = book.directory
        func known<Entity>(_ name: String, _ find: (String) -> Entity?) -> Entity? {
            guard let code = body.text(name, limit: 60) else { return nil }
            let found = find(code)
            if found == nil { body.fault(name, "unknown_code", "“\(code)” is not in the registry") }
            return found
        }
        let platform = known("respondent_platform", directory.platform)
        let company = known("respondent_company", directory.company)
        let target = known("target_platform", directory.platform)
        let targetCompany = known("target_company", directory.company)
        let method = known("payment_method", directory.method(_:))
        let (category, scenario) = (body.text("category", limit: 60), body.text("scenario", limit: 60))
        let members = [platform != nil, company != nil, target != nil, targetCompany != nil, method != nil]
        if !members.contains(true), category == nil, scenario == nil, body.faults.isEmpty {
            body.faults.add(body.pointer, "empty", "has to name something to resolve, such as target_platform")
        }
        var resolution = Complaint.Resolution(category: category, scenario: scenario)
        if platform != nil || company != nil {
            resolution.respondent = Complaint.Party(platform: platform?.code, company: company?.code)
        }
        if target != nil || targetCompany != nil || method != nil {
            resolution.target = Complaint.Target(
                platform: target?.code, company: targetCompany?.code ?? method?.company, paymentMethod: method?.code)
        }
        return { [resolution] _ in .resolve(resolution) }
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
            message: body.text("message", limit: 4000, isProse: true), onBehalfOf: body.code("on_behalf_of"))
    }
}

extension Service {
    func caseKey(of reference: Reference) async throws -> CaseKey? {
        let record = try await databases.work.transaction(.readOnly) { db in try db.complaint(reference) }
        guard let record else { throw CaseError.notFound("complaint \(reference)") }
        return try await keys.key(of: record)
    }
}
