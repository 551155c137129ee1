import Casework
import Foundation
import TestSupport

/// What the contract says of one member of a body or one parameter, or what a reader does with it.
struct MemberFacts: Equatable, CustomStringConvertible {
    /// `string`, `date`, `integer`, `boolean`, `array`, `object`.
    var types: Set<String> = []
    /// The codes that are taken, where the program has the list.
    var codes: Set<String>?
    var maxLength: Int?
    var refusesBlank = false
    var minimum: Int?
    var maximum: Int?
    var maxItems: Int?
    var refusesEmpty = false
    var isRequired = false

    var description: String {
        var parts = [types.sorted().joined(separator: "|")]
        if let codes { parts.append("one of \(codes.sorted())") }
        let numbers = [
            ("maxLength", maxLength), ("minimum", minimum), ("maximum", maximum), ("maxItems", maxItems),
        ]
        parts += numbers.compactMap { name, number in number.map { "\(name) \($0)" } }
        if refusesBlank { parts.append("not blank") }
        if refusesEmpty { parts.append("not empty") }
        if isRequired { parts.append("required") }
        return parts.joined(separator: ", ")
    }
}

/// Members by their path: `blocked_link/text`, `evidence/*/sha256`.
typealias BodyFacts = [String: MemberFacts]

/// The OpenAPI document under `Config`.
struct ContractDocument {
    let json: JSON

    struct Operation {
        let method: String
        let path: String
        let json: JSON

        var name: String { "\(method) \(path)" }
        var parameters: [JSON] { json["parameters"]?.array ?? [] }
        /// The schemes that are taken; an empty name is anyone.
        var callers: [String] { (json["security"]?.array ?? []).map { $0.members.keys.first ?? "" } }

        func body(_ media: String) -> JSON? { json["requestBody"]?["content"]?[media] }
        func parameters(in place: String) -> [JSON] { parameters.filter { $0["in"]?.string == place } }
    }

    init() throws {
        json = try JSON(parsing: Data(contentsOf: repository.appending(path: "Config/openapi.json")))
    }

    var operations: [Operation] {
        (json["paths"]?.members ?? [:]).sorted { $0.key < $1.key }.flatMap { path, item in
            item.members.sorted { $0.key < $1.key }.map {
                Operation(method: $0.key.uppercased(), path: path, json: $0.value)
            }
        }
    }

    var schemas: [String: JSON] { json["components"]?["schemas"]?.members ?? [:] }

    /// A schema with what it points at; lists of required members are joined, the rest of its own goes first.
    func resolved(_ schema: JSON) -> JSON {
        guard let name = schema["$ref"]?.string?.split(separator: "/").last.map(String.init) else { return schema }
        let target = resolved(schemas[name] ?? .null)
        let required = (target["required"]?.array ?? []) + (schema["required"]?.array ?? [])
        var members = target.members.merging(schema.members.filter { $0.key != "$ref" }) { $1 }
        if !required.isEmpty { members["required"] = .array(required) }
        return .object(members)
    }

    // MARK: Bodies

    /// The values of the member on which others depend; one empty case where none depends on any.
    func cases(of schema: JSON) -> [[String: String]] {
        let conditions = (resolved(schema)["allOf"]?.array ?? []).compactMap { $0["if"]?["properties"]?.members.first }
        let cases = conditions.map { [$0.key: $0.value["const"]?.string ?? ""] }
        return cases.isEmpty ? [[:]] : cases
    }

    /// The members of a body in one case.
    func facts(of schema: JSON, in given: [String: String] = [:]) -> BodyFacts {
        var schema = resolved(schema)
        var refused: Set<String> = []
        for part in schema["allOf"]?.array ?? [] {
            let condition = part["if"]?["properties"]?.members.first
            guard let condition, given[condition.key] == condition.value["const"]?.string, let then = part["then"]
            else { continue }
            let refusals = then["not"].map { [$0] + ($0["anyOf"]?.array ?? []) } ?? []
            refused.formUnion(refusals.flatMap { $0["required"]?.array ?? [] }.compactMap(\.string))
            var members = schema.members
            members["required"] = .array((schema["required"]?.array ?? []) + (then["required"]?.array ?? []))
            members["properties"] = .object(
                (schema["properties"]?.members ?? [:]).merging(then["properties"]?.members ?? [:]) { $1 })
            schema = .object(members)
        }
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        var facts: BodyFacts = [:]
        for (name, member) in schema["properties"]?.members ?? [:] where !refused.contains(name) {
            for (path, fact) in self.facts(at: name, member) { facts[path] = fact }
            facts[name]?.isRequired = required.contains(name)
        }
        if let any = schema["additionalProperties"], any["type"] != nil {
            for (path, fact) in self.facts(at: "*", any) { facts[path] = fact }
        }
        return facts
    }

    private func facts(at path: String, _ schema: JSON) -> BodyFacts {
        let schema = resolved(schema)
        var facts: BodyFacts = [path: fact(of: schema)]
        if let items = schema["items"] {
            for (inner, fact) in self.facts(at: "\(path)/*", items) { facts[inner] = fact }
        }
        for (inner, fact) in self.facts(of: schema) { facts["\(path)/\(inner)"] = fact }
        return facts
    }

    /// What is said of one value.
    func fact(of schema: JSON) -> MemberFacts {
        let options = (schema["anyOf"]?.array ?? [schema]).map(resolved)
        var fact = MemberFacts()
        for option in options {
            let type = option["format"]?.string == "date" ? "date" : option["type"]?.string ?? "any"
            fact.types.insert(type)
            if let codes = option["enum"]?.array { fact.codes = Set(codes.compactMap(\.string)) }
            fact.maxLength = fact.maxLength ?? option["maxLength"]?.int
            fact.refusesBlank = fact.refusesBlank || (option["minLength"]?.int ?? 0) > 0
            fact.minimum = fact.minimum ?? option["minimum"]?.int
            fact.maximum = fact.maximum ?? option["maximum"]?.int
            fact.maxItems = fact.maxItems ?? option["maxItems"]?.int
            fact.refusesEmpty = fact.refusesEmpty || (option["minItems"]?.int ?? 0) > 0
        }
        return fact
    }

    /// A value with no more than what is required.
    func smallest(_ schema: JSON) -> JSON {
        let schema = resolved(schema)
        if let option = schema["anyOf"]?.array.first { return smallest(option) }
        if let example = schema["examples"]?.array.first ?? schema["enum"]?.array.first { return example }
        switch schema["type"]?.string {
        case "object":
            let required = (schema["required"]?.array ?? []).compactMap(\.string)
            return .object(
                required.reduce(into: [:]) { $0[$1] = smallest(schema["properties"]?[$1] ?? .null) })
        case "array": return .array([smallest(schema["items"] ?? .null)])
        case "integer": return .int(schema["minimum"]?.int ?? 1)
        case "boolean": return .bool(true)
        default: return .string(schema["format"]?.string == "date" ? "2021-09-17" : "x")
        }
    }

    /// The description of a member by its path in ``facts(of:in:)``.
    func description(of path: String, in schema: JSON) -> String {
        member(path, of: schema)["description"]?.string ?? ""
    }

    /// A member by its path in ``facts(of:in:)``.
    func member(_ path: String, of schema: JSON) -> JSON {
        let found = path.split(separator: "/").reduce(schema) { schema, name in
            let schema = resolved(schema)
            if name == "*" { return schema["items"] ?? schema["additionalProperties"] ?? .null }
            return schema["properties"]?[String(name)] ?? .null
        }
        return resolved(found)
    }
}
