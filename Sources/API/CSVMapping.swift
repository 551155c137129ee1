import Casework
import Foundation

/// How a record of a CSV becomes a filing: which column is which member, and what all records have in common.
///
/// `{"columns": {"链接": "blocked_link.text", "描述": "narrative"}, "constants": {"kind": "blocked_link"}}`. A column that
/// is named nowhere is passed over, a cell that holds nothing is left out. Truths and days are read as spreadsheets write
/// them; an identifier that became a power of ten is refused, since its digits are gone.
struct CSVMapping {
    private let columns: [String: [String]]
    private let constants: [[String]: JSON]

    /// Columns and constants that a mapping names, at the most; a filing has fewer members.
    static let limit = 200

    /// Members that are true or false.
    private static let truths: Set<[String]> = [
        ["complainant", "disclose_identity"], ["consent", "publish_narrative"],
    ]
    private static let days: Set<[String]> = [["received_on"], ["occurred_on"]]
    /// Members that may look like a power of ten, or are judged by the reader of filings.
    ///
    /// The own reference is the filer's, whatever it looks like: two filings that have the same are told apart by what they say.
    private static let texts: Set<[String]> = [
        ["narrative"], ["remedy_sought"], ["client_reference"], ["complainant", "phone"], ["complainant", "email"],
    ]

    /// Members that are kept as they were pasted; from other cells the blanks and tabs that programs pad them with are taken off.
    private static let prose: Set<[String]> = [
        ["narrative"], ["remedy_sought"], ["blocked_link", "text"], ["blocked_link", "control_text"],
    ]

    /// Reads a mapping and notes what is wrong with it.
    init(_ reader: ObjectReader?) {
        guard let reader else {
            (columns, constants) = ([:], [:])
            return
        }
        var (columns, constants) = ([String: [String]](), [[String]: JSON]())
        if let names = reader.object("columns"), Self.isWithinLimit(names) {
            for name in names.names {
                columns[name] = names.requiredText(name, limit: 100).split(separator: ".").map(String.init)
                if columns[name]?.isEmpty == true || (columns[name]?.count ?? 0) > 2 {
                    names.fault(name, "invalid", "has to be a member such as narrative, or blocked_link.text")
                }
            }
            names.finish()
        } else if !reader.has("columns") {
            reader.fault("columns", "missing", "is required: which column is which member")
        }
        if let fixed = reader.object("constants"), Self.isWithinLimit(fixed) {
            for name in fixed.names {
                let path = name.split(separator: ".").map(String.init)
                if !(1...2).contains(path.count) {
                    fixed.fault(name, "invalid", "has to be a member such as kind, or blocked_link.scene")
                }
                constants[path] = Self.value(fixed.requiredText(name, limit: 200), at: path) { code, detail in
                    fixed.fault(name, code, detail)
                }
            }
            fixed.finish()
        }
        reader.finish()
        (self.columns, self.constants) = (columns, constants)
    }

    /// Notes what is wrong with the names of a part; where there are too many of them, they are not read one by one.
    private static func isWithinLimit(_ part: ObjectReader) -> Bool {
        guard part.names.count <= limit else {
            part.faults.add(part.pointer, "too_many", "may have \(limit) members at the most")
            return false
        }
        for name in part.names where name.utf8.contains(0) {
            part.fault(name, "control_character", "may not hold U+0000")
        }
        return true
    }

    /// The filing that a record tells; what is wrong with a cell is noted at its member.
    func filing(_ fields: [String], under header: [String], _ faults: FaultList) -> JSON {
        var members: [String: JSON] = [:]
        for (path, value) in constants { members.set(value, at: path) }
        for (name, field) in zip(header, fields) {
            guard let path = columns[name] else { continue }
            let value = Self.value(field, at: path) { code, detail in
                faults.add("#/\(path.joined(separator: "/"))", code, detail)
            }
            if let value { members.set(value, at: path) }
        }
        return .object(members)
    }

    /// What a cell says as a member; `nil` where the member is left out.
    private static func value(
        _ text: String, at path: [String], fault: (_ code: String, _ detail: String) -> Void
    ) -> JSON? {
        let cell = SpreadsheetCell(text)
        guard !cell.isEmpty else { return nil }
        if truths.contains(path) {
            if let truth = cell.truth { return .bool(truth) }
            fault("wrong_type", "has to be \(SpreadsheetCell.truthForms); leave the cell empty for neither")
            return nil
        }
        if days.contains(path) {
            if let day = cell.day { return .string(day.description) }
            fault("no_date", cell.whyNoDay)
            return nil
        }
        if !texts.contains(path), cell.isPowerOfTen {
            let detail =
                "was written as a power of ten, so its digits are gone; format the column as text and enter it again"
            fault("power_of_ten", detail)
        }
        return .string(prose.contains(path) ? text : text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Columns that stand twice in the header, so that it is not certain which is meant.
    func doubled(in header: [String]) -> [String] {
        let counts = header.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return columns.keys.filter { counts[$0, default: 0] > 1 }.sorted()
    }

    /// Whether a header names a column in letters of its own, which another encoding would not have given.
    func isProved(by header: [String]) -> Bool {
        columns.keys.contains { name in header.contains(name) && !name.utf8.allSatisfy { $0 < 0x80 } }
    }

    /// Columns that the mapping names and the header has not.
    func missing(in header: [String]) -> [String] { Set(columns.keys).subtracting(header).sorted() }
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
