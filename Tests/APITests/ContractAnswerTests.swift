import Casework
import Contract
import Foundation
import TestSupport
import Testing

@testable import API

/// Document and answers name the same members, with the same types and codes.
struct ContractAnswerTests {
    /// What the server writes, by the name of its schema.
    private static let bodies: [String: any (Decodable & Sendable).Type] = [
        "Barrier": BarrierBody.self, "Observed": ObservedBody.self, "Control": ControlBody.self,
        "Observation": ObservationBody.self, "Undertaking": UndertakingBody.self, "LineResult": LineResultBody.self,
        "Change": ChangeBody.self, "Event": EventBody.self, "FeedEvent": FeedEventBody.self,
        "Problem": ProblemBody.self, "Session": SessionBody.self, "SessionBegun": SessionBegunBody.self,
        "SecondFactor": SecondFactorBody.self,
        "Directory": DirectoryBody.self, "Party": PartyBody.self, "Target": TargetBody.self,
        "BarrierMention": BarrierMention.self, "Deadline": DeadlineBody.self, "Filed": FiledBody.self,
        "ComplaintLine": ComplaintLineBody.self, "Complaint": ComplaintBody.self, "Environment": EnvironmentBody.self,
        "Complainant": ComplainantBody.self, "Relation": RelationBody.self, "Verdict": VerdictBody.self,
        "Message": MessageBody.self, "Checked": CheckedBody.self, "CheckedBatch": CheckedBatchBody.self,
        "BatchItem": BatchItemBody.self, "Order": OrderBody.self, "OrderItem": OrderBody.Item.self,
        "OrderRung": OrderBody.Rung.self, "Explanation": ExplanationBody.self,
        "ExplanationLine": ExplanationBody.Line.self, "ExplanationRule": ExplanationBody.Rule.self,
        "ExplanationExtension": ExplanationBody.Extension.self, "Name": NameBody.self, "Company": CompanyBody.self,
        "Platform": PlatformBody.self, "PaymentMethod": PaymentMethodBody.self, "Label": LabelBody.self,
        "Campaign": CampaignBody.self, "Tracking": TrackingBody.self, "TrackingNote": TrackingBody.Note.self,
        "Queue": QueueBody.self, "Workload": WorkloadBody.self, "Reminder": ReminderBody.self, "Count": CountBody.self,
        "SavedFilter": SavedFilterBody.self, "SuspectedDuplicate": SuspectedDuplicateBody.self,
        "BulkResult": BulkResultBody.self, "Bulk": BulkBody.self, "Forwarded": ForwardedBody.self,
        "SilentCompany": SilentCompanyBody.self, "Fault": Fault.self, "Evidence": EvidenceBody.self,
        "Import": ImportBody.self, "ImportLine": ImportLineBody.self, "ImportCheck": ImportCheckBody.self,
        "FiledLine": FiledLineBody.self,
        "Webhook": WebhookBody.self, "Delivery": DeliveryBody.self, "Issue": IssueBody.self,
        "Consistency": ConsistencyBody.self, "Unsealing": UnsealingBody.self, "Identity": IdentityBody.self,
        "FoundContact": FoundContactBody.self, "RightsRequest": RightsRequestBody.self, "Disposal": DisposalBody.self,
        "DisposalItem": DisposalItemBody.self, "Export": ExportBody.self, "ContactSearch": ContactSearchBody.self,
        "Health": HealthRoutes.Health.self,
    ]

    /// Schemas of the progress report, which writes itself; a real one is looked at below.
    private static let report: Set<String> = ["Progress", "Words", "ColumnKind", "ReportTable"]

    /// Members that never have some of the codes of their type.
    private static let narrower: Set<String> = ["Evidence.sent_by", "DisposalItem.step", "Disposal.items[].step"]

    @Test(arguments: Self.bodies.keys.sorted())
    func `an answer has the members, types and codes of its schema`(name: String) throws {
        let document = try ContractDocument()
        let type = try #require(Self.bodies[name])
        let schema = try #require(document.schemas[name])
        let found = differences(try BodyShape.shape(of: type), schema, at: name, document)
        #expect(found == [])
    }

    @Test func `every schema is that of an answer, or of something that is sent`() throws {
        let document = try ContractDocument()
        var sent: Set<String> = []
        func walk(_ json: JSON) {
            if let name = json["$ref"]?.string?.split(separator: "/").last.map(String.init), !sent.contains(name) {
                sent.insert(name)
                walk(document.schemas[name] ?? .null)
            }
            json.members.values.forEach(walk)
            json.array.forEach(walk)
        }
        for operation in document.operations { walk(operation.json["requestBody"] ?? .null) }
        let known = sent.union(Self.bodies.keys).union(Self.report)
        #expect(Set(document.schemas.keys).subtracting(known) == [])
        #expect(sent.contains("BlockedLink") && sent.contains("RefusedPayment"))
    }

    private func differences(
        _ shape: BodyShape, _ schema: JSON, at place: String, _ document: ContractDocument
    ) -> [String] {
        var schema = document.resolved(schema)
        if let options = schema["anyOf"]?.array, let option = options.first { schema = document.resolved(option) }
        let types = schema["type"]?.string.map { [$0] } ?? (schema["type"]?.array ?? []).compactMap(\.string)
        let type = types.first { $0 != "null" }
        switch shape {
        case .integer: return type == "integer" ? [] : ["\(place) is a whole number, not \(type ?? "nothing")"]
        case .boolean: return type == "boolean" ? [] : ["\(place) is true or false, not \(type ?? "nothing")"]
        case .text(let codes, let format):
            let said = schema["enum"].map { Set($0.array.compactMap(\.string)) }
            var found: [String] = []
            if type != "string" { found.append("\(place) is a text, not \(type ?? "nothing")") }
            if let format, schema["format"]?.string != format { found.append("\(place) is a \(format)") }
            if let codes, said != codes, !(Self.narrower.contains(place) && said?.isSubset(of: codes) == true) {
                found.append("\(place) has the codes \(codes.sorted()), not \(said?.sorted() ?? [])")
            }
            return found
        case .array(let element):
            guard let items = schema["items"] else { return ["\(place) is a list"] }
            return differences(element, items, at: "\(place)[]", document)
        case .dictionary(let element):
            guard let any = schema["additionalProperties"] else { return ["\(place) has members of any name"] }
            return differences(element, any, at: "\(place).*", document)
        case .object(let members):
            return differences(members, schema, at: place, document)
        }
    }

    private func differences(
        _ members: [String: (shape: BodyShape, isRequired: Bool)], _ schema: JSON, at place: String,
        _ document: ContractDocument
    ) -> [String] {
        let said = schema["properties"]?.members ?? [:]
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        var found = Set(said.keys).subtracting(members.keys).sorted().map { "\(place).\($0) is never sent" }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard let schema = said[name] else {
                found.append("\(place).\(name) is not described")
                continue
            }
            if member.isRequired != required.contains(name) {
                found.append("\(place).\(name) is \(member.isRequired ? "always" : "not always") sent")
            }
            found += differences(member.shape, schema, at: "\(place).\(name)", document)
        }
        return found
    }

    // MARK: Real answers

    @Test func `what is really answered is as the document says`() async throws {
        let document = try ContractDocument()
        try await withServer { server in
            let reference = try await server.filed()
            var looked = 0
            for operation in document.operations where operation.method == "GET" {
                guard operation.callers.contains("officer") || operation.callers.contains(""),
                    !operation.path.contains("{id}"), !operation.path.contains("{sha256}")
                else { continue }
                let values = ["campaign": "internet-2021", "reference": reference, "number": "1", "company": "tencent"]
                var path = values.reduce(operation.path) { $0.replacing("{\($1.key)}", with: $1.value) }
                let needs = operation.parameters(in: "query").filter { $0["required"] == .bool(true) }
                if needs.contains(where: { $0["name"]?.string == "campaign" }) { path += "?campaign=internet-2021" }
                let answer = try await server.send("GET", path, as: .supervisor)
                let content = operation.json["responses"]?[String(answer.status)]?["content"]
                guard let schema = content?["application/json"]?["schema"], answer.status < 300 else { continue }
                looked += 1
                let found = mistakes(in: answer.json, schema, at: operation.name, document)
                #expect(found == [])
            }
            #expect(looked > 30)
        }
    }

    /// Where an answer is not as its schema says.
    private func mistakes(in json: JSON, _ schema: JSON, at place: String, _ document: ContractDocument) -> [String] {
        let schema = document.resolved(schema)
        if let options = schema["anyOf"]?.array {
            let all = options.map { mistakes(in: json, $0, at: place, document) }
            return all.contains([]) ? [] : all.first ?? []
        }
        let types = schema["type"]?.string.map { [$0] } ?? (schema["type"]?.array ?? []).compactMap(\.string)
        if let codes = schema["enum"]?.array, !codes.contains(json) { return ["\(place): \(json.canonicalText)"] }
        switch json {
        case .null: return types.contains("null") ? [] : ["\(place) is null"]
        case .bool: return types.contains("boolean") ? [] : ["\(place) is true or false"]
        case .int: return types.contains("integer") || types.contains("number") ? [] : ["\(place) is a number"]
        case .number: return types.contains("number") ? [] : ["\(place) is a number"]
        case .string: return types.contains("string") ? [] : ["\(place) is a text"]
        case .array(let elements):
            guard types.contains("array"), let items = schema["items"] else { return ["\(place) is a list"] }
            return elements.flatMap { mistakes(in: $0, items, at: "\(place)[]", document) }
        case .object(let members):
            guard types.contains("object") else { return ["\(place) is an object"] }
            let required = (schema["required"]?.array ?? []).compactMap(\.string).filter { members[$0] == nil }
            return required.map { "\(place).\($0) is missing" }
                + members.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
                    guard schema["additionalProperties"] != .bool(true) else { return [] }
                    guard let member = schema["properties"]?[name] ?? schema["additionalProperties"] else {
                        return ["\(place).\(name) is not described"]
                    }
                    return mistakes(in: value, member, at: "\(place).\(name)", document)
                }
        }
    }
}
