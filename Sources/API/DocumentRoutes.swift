import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Reports

/// The contract itself: as the OpenAPI document, and as a page to read.
struct DocumentRoutes {
    let service: Service

    var routes: [Route] {
        // Made once: every answer sends the same bytes, however many are on their way.
        let contract = ByteBuffer(bytes: service.contract)
        let page = Result { ByteBuffer(string: try ContractPage(service.contract).html) }
        return [
            Route(.get, "/openapi.json") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: MediaKind.json.contentType, .cacheControl: "max-age=300"],
                    body: .init(byteBuffer: contract))
            },
            Route(.get, "/docs", offers: [.html]) { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: MediaKind.html.contentType, .cacheControl: "max-age=300"],
                    body: .init(byteBuffer: try page.get()))
            },
        ]
    }
}

extension HTTPField.Name {
    static let contentSecurityPolicy = Self("Content-Security-Policy").unsafelyUnwrapped
}

/// The OpenAPI document as one page without anything from elsewhere.
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
            <main><h1>Rectify: the API</h1><p>\(words(info?["summary"]))</p><p>\(words(info?["description"]))</p>
            <p>As a document: <a href="/openapi.json">/openapi.json</a></p><h2>Who asks</h2><dl>\(schemes)</dl>
            """
        for tag in document["tags"]?.elements ?? [] {
            let name = tag["name"]?.text ?? ""
            page += "<section><h2>\(htmlEscaped(name))</h2>"
            for (path, method, operation) in operations where operation["tags"]?.elements.first?.text == name {
                page += self.operation(path, method, operation)
            }
            page += "</section>"
        }
        page += "<section><h2>Bodies</h2>"
        for (name, schema) in document["components"]?["schemas"]?.members ?? [] {
            page += "<h3 id=\"\(htmlEscaped(name))\">\(htmlEscaped(name))</h3>"
            page += "<p>\(words(schema["description"]))</p>\(table(schema))"
        }
        return page + "</section></main></body></html>\n"
    }

    private var schemes: String {
        (document["components"]?["securitySchemes"]?.members ?? []).map { name, scheme in
            let field = scheme["name"]?.text ?? "Authorization: Bearer"
            return
                "<dt>\(htmlEscaped(name)): <code>\(htmlEscaped(field))</code></dt><dd>\(words(scheme["description"]))</dd>"
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
        if operation["description"] != nil { text += "<p>\(words(operation["description"]))</p>" }
        text += "<p>For \(whom(operation)).</p>"
        let parameters = operation["parameters"]?.elements ?? []
        if !parameters.isEmpty {
            text += "<table><caption>Parameters</caption><tr><th>Name<th>In<th>What</tr>"
            for one in parameters {
                let isRequired = one["required"] == .bool(true) ? ", required" : ""
                text += "<tr><td><code>\(words(one["name"]))</code><td>\(words(one["in"]))\(isRequired)"
                text += "<td>\(words(one["description"])) \(kind(one["schema"] ?? .null))</tr>"
            }
            text += "</table>"
        }
        for (media, content) in operation["requestBody"]?["content"]?.members ?? [] {
            text += "<p>Body, <code>\(htmlEscaped(media))</code>: \(kind(content["schema"] ?? .null))</p>"
            text += table(content["schema"] ?? .null)
            if let example = content["example"] { text += "<pre>\(htmlEscaped(example.canonicalText))</pre>" }
        }
        for (status, response) in operation["responses"]?.members ?? [] {
            let contents = (response["content"]?.members ?? []).map {
                "\(htmlEscaped($0.0)) \(kind($0.1["schema"] ?? .null))"
            }
            text += "<p><strong>\(htmlEscaped(status))</strong> \(words(response["description"])) "
            text += "\(contents.joined(separator: ", "))</p>"
        }
        return text + "</details>"
    }

    /// Whose credentials are taken.
    private func whom(_ operation: JSON) -> String {
        let schemes = (operation["security"]?.elements ?? []).map { $0.members.first?.0 }
        return schemes.map { scheme in
            guard let scheme else { return "anyone" }
            return scheme == "tracking" ? "whoever has the tracking code" : "a signed-in \(htmlEscaped(scheme))"
        }.joined(separator: " or ")
    }

    /// The members of an object.
    private func table(_ schema: JSON) -> String {
        let members = schema["properties"]?.members ?? []
        guard !members.isEmpty else { return "" }
        let required = Set(schema["required"]?.elements.compactMap(\.text) ?? [])
        var text = "<table><caption>Members</caption><tr><th>Name<th>Type<th>What</tr>"
        for (name, member) in members {
            text += "<tr><td><code>\(htmlEscaped(name))</code>\(required.contains(name) ? ", required" : "")"
            text += "<td>\(kind(member))<td>\(words(member["description"]))</tr>"
        }
        return text + "</table>"
    }

    private func kind(_ schema: JSON) -> String {
        if let reference = schema["$ref"]?.text?.split(separator: "/").last {
            return "<a href=\"#\(htmlEscaped(String(reference)))\">\(htmlEscaped(String(reference)))</a>"
        }
        if let options = schema["anyOf"]?.elements { return options.map(kind).joined(separator: " or ") }
        if let codes = schema["enum"]?.elements {
            return codes.map { "<code>\(words($0))</code>" }.joined(separator: " ")
        }
        var text = schema["type"]?.elements.map(words).joined(separator: " or ") ?? ""
        if text.isEmpty { text = words(schema["type"]) }
        if let format = schema["format"] { text += " (\(words(format)))" }
        if case .int(let limit)? = schema["maxLength"] { text += ", at most \(limit)" }
        if let items = schema["items"] { text += " of \(kind(items))" }
        return text
    }

    private func words(_ json: JSON?) -> String { htmlEscaped(json?.text ?? (json == .null ? "null" : "")) }

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:62rem;margin:auto;
        padding:1rem}details{border-top:1px solid #8888;padding:.4rem 0}summary{cursor:pointer}code,pre{font-size:.9em}
        pre{white-space:pre-wrap;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%;margin:.5rem 0}
        caption{text-align:left;font-weight:600}td,th{border-bottom:1px solid #8884;text-align:left;padding:.2rem .6rem .2rem 0;
        vertical-align:top}
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
