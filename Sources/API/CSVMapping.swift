import Casework

/// How a record of a CSV becomes a filing: which column is which member, and what all records have in common.
///
/// `{"columns": {"链接": "blocked_link.text", "描述": "narrative"}, "constants": {"kind": "blocked_link"}}`. A column that
/// is named nowhere is passed over, an empty field is left out; `true` and `false` are taken for what they say where the
/// member is a truth.
struct CSVMapping {
    private let columns: [String: [String]]
    private let constants: [[String]: JSON]

    /// Members that are true or false.
    private static let truths: Set<[String]> = [
        ["complainant", "disclose_identity"], ["consent", "publish_narrative"],
    ]

    /// Reads a mapping and notes what is wrong with it.
    init(_ reader: ObjectReader?) {
        guard let reader else {
            (columns, constants) = ([:], [:])
            return
        }
        var (columns, constants) = ([String: [String]](), [[String]: JSON]())
        if let names = reader.object("columns") {
            for name in names.names {
                columns[name] = names.requiredText(name, limit: 100).split(separator: ".").map(String.init)
                if columns[name]?.isEmpty == true || (columns[name]?.count ?? 0) > 2 {
                    names.fault(name, "invalid", "has to be a member such as narrative, or blocked_link.text")
                }
            }
            names.finish()
        } else {
            reader.fault("columns", "missing", "is required: which column is which member")
        }
        if let fixed = reader.object("constants") {
            for name in fixed.names {
                let path = name.split(separator: ".").map(String.init)
                if !(1...2).contains(path.count) {
                    fixed.fault(name, "invalid", "has to be a member such as kind, or blocked_link.scene")
                }
                constants[path] = Self.value(fixed.requiredText(name, limit: 200), at: path)
            }
            fixed.finish()
        }
        reader.finish()
        (self.columns, self.constants) = (columns, constants)
    }

    /// The filing that a record tells.
    func filing(_ fields: [String], under header: [String]) -> JSON {
        var members: [String: JSON] = [:]
        for (path, value) in constants { members.set(value, at: path) }
        for (name, field) in zip(header, fields) where !field.isEmpty {
            guard let path = columns[name] else { continue }
            members.set(Self.value(field, at: path), at: path)
        }
        return .object(members)
    }

    private static func value(_ text: String, at path: [String]) -> JSON {
        let isTruth = truths.contains(path) && ["true", "false"].contains(text)
        return isTruth ? .bool(text == "true") : .string(text)
    }

    /// Columns that the mapping names and the header has not.
    func missing(in header: [String]) -> [String] { columns.keys.filter { !header.contains($0) }.sorted() }
}

extension [String: JSON] {
    fileprivate mutating func set(_ value: JSON, at path: [String]) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            self[first] = value
            return
        }
        var inner: [String: JSON] = [:]
        if case .object(let members)? = self[first] { inner = members }
        inner.set(value, at: Array(path.dropFirst()))
        self[first] = .object(inner)
    }
}
