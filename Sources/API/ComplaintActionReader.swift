import Casework
import Foundation
import Postgres
import Store

/// Reads what a body asks for; single actions and bulk actions are written alike.
struct ComplaintActionReader {
    let body: ObjectReader
    let book: ReferenceBook
    /// Who asks: “me”.
    let officer: Officer

    /// What is asked for, once names in it are looked up in the transaction.
    typealias Wanted = @Sendable (isolated Connection) throws -> Complaint.Action

    /// What is changed of a complaint, alone or in bulk, by the name that addresses have for it.
    enum Resource: String, CaseIterable, Sendable {
        case acceptance, refusal, information, forwarding, response, closure, withdrawal, referral, duplicate
        case informationRequests = "information-requests"
        case undoDuplicate = "undo-duplicate"
        case reopening, resolution, barriers, assignment, office, priority, relations
        case undoRelation = "undo-relation"
        case deadlineExtensions = "deadline-extensions"
        case confirmation, rating, notes

        /// Whether a reason is required, for one complaint or in bulk.
        var needsReason: Bool { self == .reopening || self == .notes }
    }

    /// The action that the body asks for.
    func action(_ resource: Resource) -> Wanted {
        switch resource {
        case .acceptance:
            let (category, scenario) = (body.text("category", limit: 60), body.text("scenario", limit: 60))
            return { _ in .accept(category: category, scenario: scenario) }
        case .refusal: return wanted(.refuse(ground: body.requiredText("ground", limit: 60)))
        case .informationRequests: return wanted(.requestInformation(gap: body.requiredText("gap", limit: 60)))
        case .information: return wanted(.provideInformation)
        case .forwarding: return wanted(.forward)
        case .response:
            let answer = body.requiredCode("answer", as: Complaint.Answer.self) ?? .accepted
            return wanted(.respond(answer, ground: body.text("ground", limit: 200)))
        case .closure:
            return wanted(.close(body.requiredCode("outcome", as: Complaint.Outcome.self) ?? .explained))
        case .withdrawal: return wanted(.withdraw)
        case .referral: return wanted(.refer(agency: body.requiredText("agency", limit: 60)))
        case .duplicate: return duplicate()
        case .undoDuplicate: return wanted(.undoDuplicate)
        case .reopening: return wanted(.reopen)
        case .resolution: return resolution()
        case .barriers: return wanted(.link(barrier: body.requiredInt("number", in: 1...Int(Int32.max))))
        case .assignment: return assignment()
        case .office: return wanted(.transfer(office: body.requiredText("office", limit: 20)))
        case .priority:
            return wanted(.setPriority(body.requiredCode("priority", as: Complaint.Priority.self) ?? .normal))
        case .relations, .undoRelation: return relation(isUndone: resource == .undoRelation)
        case .deadlineExtensions:
            let purpose = body.requiredCode("purpose", as: Deadline.Purpose.self) ?? .answer
            return wanted(.extendDeadline(purpose, by: body.requiredInt("by", in: 1...365)))
        case .confirmation, .rating, .notes: return said(resource)
        }
    }

    /// What the complainant, or the officer, says about the case.
    private func said(_ resource: Resource) -> Wanted {
        switch resource {
        case .confirmation:
            if !body.has("fixed") { body.fault("fixed", "missing", "is required") }
            return wanted(body.bool("fixed") == true ? .confirmFixed(by: nil) : .denyFixed(by: nil))
        case .rating: return wanted(.rate(body.requiredInt("rating", in: 1...5), by: nil))
        default: return wanted(.note(body.code("audience", as: Complaint.Audience.self) ?? .internal))
        }
    }

    private func wanted(_ action: Complaint.Action) -> Wanted { { _ in action } }

    private func reference(_ name: String) -> (text: String, reference: Reference?) {
        let text = body.requiredText(name, limit: 40)
        let reference = Reference(text)
        if reference == nil, !text.isEmpty {
            body.fault(name, "bad_reference", "is no reference such as IR21-0000123-4")
        }
        return (text, reference)
    }

    private func duplicate() -> Wanted {
        let (text, reference) = reference("of")
        return { db in
            guard let reference, let original = try db.complaint(reference) else {
                throw Refusal.notADuplicate("there is no complaint \(text)")
            }
            return .markDuplicate(of: original.complaint.id)
        }
    }

    private func relation(isUndone: Bool) -> Wanted {
        let (text, reference) = reference("to")
        let relation = body.code("relation", as: Complaint.Relation.self) ?? .related
        return { db in
            guard let reference, let other = try db.complaint(reference) else {
                throw Refusal.invalid(field: "to", reason: "there is no complaint \(text)")
            }
            return isUndone ? .unrelate(other.complaint.id, relation) : .relate(other.complaint.id, relation)
        }
    }

    private func assignment() -> Wanted {
        // Said in so many words: what is left out by mistake takes nobody's cases away.
        let name = body.requiredText("officer", limit: 40)
        return { [officer] db in
            guard name != "none" else { return .assign(to: nil) }
            guard Complaint.may(officer.role, .assign) else {
                throw Refusal.forbidden(action: Complaint.ActionName.assign.rawValue, role: officer.role)
            }
            if name == "me" { return .assign(to: officer.id) }
            do {
                return .assign(to: try db.officer(named: name).id)
            } catch OfficerError.unknown {
                throw Refusal.invalid(field: "officer", reason: "“\(name)” is no officer in service")
            }
        }
    }

    /// What intake left open: who is meant, what is barred, which class it falls under.
    private func resolution() -> Wanted {
        let directory = book.directory
        func known<Entity>(_ name: String, _ example: String, _ find: (String) -> Entity?) -> Entity? {
            guard let code = body.text(name, limit: 60) else { return nil }
            let found = find(code)
            if found == nil {
                body.fault(name, "unknown_code", "“\(code)” is not in the registry; give a code such as \(example)")
            }
            return found
        }
        let platform = known("respondent_platform", "wechat", directory.platform)
        let company = known("respondent_company", "tencent", directory.company)
        let target = known("target_platform", "taobao", directory.platform)
        let targetCompany = known("target_company", "alibaba", directory.company)
        let method = known("payment_method", "wechat_pay", directory.method(_:))
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
