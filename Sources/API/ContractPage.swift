import Casework
import Foundation
import Reports

/// The OpenAPI document as one page that loads nothing from elsewhere.
struct ContractPage {
    private let document: JSON

    /// - Throws: `JSON.SyntaxError`.
    init(_ document: Data) throws {
        self.document = try JSON(parsing: document)
    }

    var html: String {
        let info = document["info"]
        var page = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark">
            <title>Rectify: the API</title><style>\(Self.style)</style></head><body>
            <main><h1>Rectify: the API</h1><p>\(prose(info?["summary"]))</p><p>\(prose(info?["description"]))</p>
            <p>As a document: <a href="/openapi.json">/openapi.json</a></p><h2>How a request says who sends it</h2>
            <dl>\(schemes)</dl>
            """
        for tag in document["tags"]?.elements ?? [] {
            let name = tag["name"]?.text ?? ""
            page += "<section><h2>\(htmlEscaped(name))</h2><p>\(prose(tag["description"]))</p>"
            for (path, method, operation) in operations where operation["tags"]?.elements.first?.text == name {
                page += self.operation(path, method, operation)
            }
            page += "</section>"
        }
        page += "<section><h2>Bodies</h2>"
        for (name, schema) in document["components"]?["schemas"]?.members ?? [] {
            page += "<h3 id=\"\(htmlEscaped(name))\">\(htmlEscaped(name))</h3>"
            page += "<p>\(prose(schema["description"]))</p>"
            let rows = members(of: schema)
            page += rows.isEmpty ? "<p>\(kind(schema))</p>" : table(rows) + rules(of: schema)
        }
        return page + "</section></main></body></html>\n"
    }

    private var schemes: String {
        (document["components"]?["securitySchemes"]?.members ?? []).map { name, scheme in
            let field = scheme["name"]?.text ?? "Authorization: Bearer"
            return
                "<dt>\(htmlEscaped(name)): <code>\(htmlEscaped(field))</code></dt><dd>\(prose(scheme["description"]))</dd>"
        }.joined()
    }

    private var operations: [(path: String, method: String, operation: JSON)] {
        (document["paths"]?.members ?? []).flatMap { path, item in
            item.members.map { (path, $0.0, $0.1) }
        }
    }

    private func operation(_ path: String, _ method: String, _ operation: JSON) -> String {
        var text = "<details><summary><code>\(htmlEscaped(method.uppercased())) \(htmlEscaped(path))</code> "
        text += "\(words(operation["summary"]))</summary>"
        if operation["description"] != nil { text += "<p>\(prose(operation["description"]))</p>" }
        text += "<p>For \(callers(of: operation)).</p>"
        let parameters = operation["parameters"]?.elements ?? []
        if !parameters.isEmpty {
            text += "<table><caption>Parameters</caption><tr><th>Name<th>Type and limits<th>Meaning</tr>"
            for one in parameters {
                let isRequired = one["required"] == .bool(true) ? ", required" : ""
                text += "<tr><td><code>\(words(one["name"]))</code> in the \(words(one["in"]))\(isRequired)"
                text += "<td>\(kind(one["schema"] ?? .null))<td>\(prose(one["description"]))</tr>"
            }
            text += "</table>"
        }
        text += body(operation["requestBody"])
        for (status, response) in operation["responses"]?.members ?? [] {
            let response = resolved(response)
            let contents = (response["content"]?.members ?? []).map {
                "\(htmlEscaped($0.0)) \(kind($0.1["schema"] ?? .null))"
            }
            text += "<p><strong>\(htmlEscaped(status))</strong> \(prose(response["description"])) "
            text += "\(contents.joined(separator: ", "))</p>"
        }
        return text + "</details>"
    }

    /// What is sent, with the members of its members.
    private func body(_ body: JSON?) -> String {
        guard let body else { return "" }
        var text = body["description"] == nil ? "" : "<p>\(prose(body["description"]))</p>"
        let isRequired = body["required"] == .bool(true) ? "required" : "may be left out"
        for (media, content) in body["content"]?.members ?? [] {
            let schema = resolved(content["schema"] ?? .null)
            text += "<p>Body, <code>\(htmlEscaped(media))</code>, \(isRequired). \(prose(schema["description"]))</p>"
            for lines in [schema] + [content["x-itemSchema"]].compactMap({ $0 }).map(resolved) {
                let rows = allMembers(of: lines)
                if !rows.isEmpty { text += table(rows) + rules(of: lines) }
            }
            if let example = content["example"] {
                text += "<p>An example:</p><pre>\(htmlEscaped(example.canonicalText))</pre>"
            }
        }
        return text
    }

    /// Whose credentials are taken.
    private func callers(of operation: JSON) -> String {
        let schemes = (operation["security"]?.elements ?? []).map { $0.members.first?.0 }
        return schemes.isEmpty
            ? "anyone"
            : schemes.map { scheme in
                guard let scheme else { return "anyone" }
                return switch scheme {
                case "tracking": "the holder of the tracking code"
                case "officer": "a signed-in officer"
                default: "a \(htmlEscaped(scheme)) with a key"
                }
            }.joined(separator: " or ")
    }

    // MARK: Members

    private struct Row {
        /// With dots before members of members: `blocked_link.text`, `evidence[].sha256`.
        var name: String
        var isRequired: Bool
        var schema: JSON
    }

    /// The members of one object; the required ones first.
    private func members(of schema: JSON) -> [Row] {
        let required = Set(schema["required"]?.elements.compactMap(\.text) ?? [])
        let rows = (schema["properties"]?.members ?? []).map { name, member in
            Row(name: name, isRequired: required.contains(name), schema: member)
        }
        return rows.filter(\.isRequired) + rows.filter { !$0.isRequired }
    }

    /// How many objects deep members are listed.
    private static let depth = 4

    /// The members of an object, each followed by the members that it has itself.
    private func allMembers(of schema: JSON, depth: Int = Self.depth) -> [Row] {
        guard depth > 0 else { return [] }
        return members(of: schema).flatMap { row in
            let member = resolved(row.schema)
            var (inner, mark) = (member, ".")
            if let items = member["items"] { (inner, mark) = (resolved(items), "[].") }
            var rows = allMembers(of: inner, depth: depth - 1)
            if let any = inner["additionalProperties"], any["type"] != nil {
                rows.append(Row(name: "*", isRequired: false, schema: any))
            }
            return [Row(name: row.name, isRequired: row.isRequired, schema: member)]
                + rows.map { Row(name: row.name + mark + $0.name, isRequired: $0.isRequired, schema: $0.schema) }
        }
    }

    private func table(_ rows: [Row]) -> String {
        var text = "<table><caption>Members</caption><tr><th>Name<th>Type and limits<th>Meaning</tr>"
        for row in rows {
            text += "<tr><td><code>\(htmlEscaped(row.name))</code>\(row.isRequired ? ", required" : "")"
            text += "<td>\(kind(row.schema))<td>\(prose(resolved(row.schema)["description"]))"
            text += "\(examples(row.schema))</tr>"
        }
        return text + "</table>"
    }

    private func examples(_ schema: JSON) -> String {
        let all = (schema["examples"]?.elements ?? []).map { example in
            "<code>\(htmlEscaped(example.text ?? example.canonicalText))</code>"
        }
        return all.isEmpty ? "" : " For example \(all.joined(separator: " or "))"
    }

    // MARK: Rules

    /// What holds between the members of an object, in sentences.
    private func rules(of schema: JSON) -> String {
        let rules = ([schema] + (schema["allOf"]?.elements ?? [])).compactMap { part -> String? in
            guard let condition = part["if"] else {
                let parts = counts(part)
                return parts.isEmpty ? nil : "\(parts.joined(separator: ", "))."
            }
            let (name, value) = condition["properties"]?.members.first ?? ("", .null)
            let parts = consequences(part["then"] ?? .null)
            guard !parts.isEmpty else { return nil }
            return
                "If <code>\(htmlEscaped(name))</code> is <code>\(words(value["const"]))</code>: "
                + "\(parts.joined(separator: ", "))."
        }
        return rules.isEmpty ? "" : "<ul>\(rules.map { "<li>\($0)" }.joined())</ul>"
    }

    private func counts(_ schema: JSON) -> [String] {
        let choices = (schema["oneOf"]?.elements ?? []).compactMap { $0["required"]?.elements.first?.text }
        if !choices.isEmpty {
            return ["Exactly one of " + choices.map { "<code>\(htmlEscaped($0))</code>" }.joined(separator: " and ")]
        }
        guard case .int(let least)? = schema["minProperties"] else { return [] }
        return [schema["maxProperties"] == .int(least) ? "Exactly \(least) member" : "At least \(least) member"]
    }

    private func consequences(_ schema: JSON) -> [String] {
        let types = (schema["properties"]?.members ?? []).map { name, member in
            "<code>\(htmlEscaped(name))</code> is \(kind(member))"
        }
        let required = (schema["required"]?.elements ?? []).map { "<code>\(words($0))</code> is required" }
        let refusals = schema["not"].map { [$0] + ($0["anyOf"]?.elements ?? []) } ?? []
        let refused = refusals.flatMap { $0["required"]?.elements ?? [] }
        return types + required + refused.map { "<code>\(words($0))</code> is not allowed" }
    }

    // MARK: Types

    /// A schema with what it points at; what stands beside the pointer goes first.
    private func resolved(_ schema: JSON) -> JSON {
        guard let pointer = schema["$ref"]?.text else { return schema }
        let target = pointer.split(separator: "/").dropFirst().reduce(document as JSON?) { $0?[String($1)] }
        guard case .object(let found)? = target, case .object(let own) = schema else { return schema }
        return .object(found.merging(own.filter { $0.key != "$ref" }) { $1 })
    }

    private func kind(_ schema: JSON) -> String {
        if let reference = schema["$ref"]?.text?.split(separator: "/").last.map(String.init) {
            let schema = resolved(schema)
            guard isObject(schema) else { return kind(schema) }
            return "<a href=\"#\(htmlEscaped(reference))\">\(htmlEscaped(reference))</a>"
        }
        if let options = schema["anyOf"]?.elements, schema["type"] == nil {
            return options.map(kind).joined(separator: " or ")
        }
        if let codes = schema["enum"]?.elements {
            return "one of " + codes.map { "<code>\(words($0))</code>" }.joined(separator: ", ") + standard(schema)
        }
        let types = schema["type"].map { $0.text.map { [$0] } ?? $0.elements.compactMap(\.text) } ?? []
        return types.map { type in
            switch type {
            case "string": string(schema)
            case "integer": "whole number" + range(schema, "minimum", "maximum", of: "")
            case "boolean": "true or false"
            case "array":
                "list of \(schema["items"].map(kind) ?? "values")" + range(schema, "minItems", "maxItems", of: " items")
            default: htmlEscaped(type)
            }
        }.joined(separator: " or ") + standard(schema)
    }

    private func isObject(_ schema: JSON) -> Bool { schema["type"]?.text == "object" }

    private func string(_ schema: JSON) -> String {
        switch schema["format"]?.text {
        case "date": "date"
        case "date-time": "moment"
        case "uuid": "UUID"
        case "binary": "file"
        default: "text" + range(schema, "minLength", "maxLength", of: " characters")
        }
    }

    private func range(_ schema: JSON, _ low: String, _ high: String, of unit: String) -> String {
        let (least, most) = (schema[low]?.canonicalText, schema[high]?.canonicalText)
        return switch (least, most) {
        case (let least?, let most?): ", \(least) to \(most)\(unit)"
        case (let least?, nil): ", at least \(least)\(unit)"
        case (nil, let most?): ", at most \(most)\(unit)"
        case (nil, nil): ""
        }
    }

    private func standard(_ schema: JSON) -> String {
        schema["default"].map { "; default <code>\(htmlEscaped($0.text ?? $0.canonicalText))</code>" } ?? ""
    }

    /// A description; what stands between backticks is code.
    private func prose(_ json: JSON?) -> String {
        let parts = words(json).split(separator: "`", omittingEmptySubsequences: false)
        return parts.enumerated().map { $0.offset % 2 == 1 ? "<code>\($0.element)</code>" : String($0.element) }
            .joined()
    }

    private func words(_ json: JSON?) -> String { htmlEscaped(json?.text ?? (json == .null ? "null" : "")) }

    /// On a narrow screen each row of a table is a block of lines.
    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:62rem;margin:auto;
        padding:1rem}details{border-top:1px solid #8888;padding:.4rem 0}summary{cursor:pointer}code,pre{font-size:.9em}
        code{overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere}
        table{border-collapse:collapse;width:100%;margin:.5rem 0}
        caption{text-align:left;font-weight:600}td,th{border-bottom:1px solid #8884;text-align:left;
        padding:.2rem .6rem .2rem 0;vertical-align:top}td:nth-child(1){width:28%}td:nth-child(2){width:30%}
        @media(max-width:40rem){table,caption,tbody,tr,td{display:block}th{display:none}
        tr{border-bottom:1px solid #8884;padding:.3rem 0}td,td:nth-child(n){border:0;padding:0;width:auto}}
        """
}

extension JSON {
    fileprivate subscript(_ name: String) -> JSON? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }

    fileprivate var members: [(String, JSON)] {
        if case .object(let members) = self { members.sorted { $0.key < $1.key } } else { [] }
    }
}
