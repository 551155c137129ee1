import Casework
import Foundation

/// How a record of a CSV becomes a filing: which column is which member, and what all records have in common.
///
/// `{"columns": {"链接": "blocked_link.text", "描述": "narrative"}, "constants": {"kind": "blocked_link"}}`. A column that
/// is named nowhere is passed over and listed, a cell that holds nothing is left out. Truths and days are read as spreadsheets
/// write them; an identifier that became a power of ten is refused, since its digits are gone, and so is what a spreadsheet writes
/// where it has no value to show.
struct CSVMapping {
    private let columns: [String: [String]]
    private let constants: [[String]: JSON]

    /// Columns and constants that a mapping names, at the most; a filing has fewer members.
    static let limit = 200

    /// The members of a filing that a cell can hold, as the contract lists them; a test compares the two.
    static let members: Set<[String]> = {
        let groups = [
            "":
                "campaign kind received_on narrative scenario category client_reference remedy_sought language occurred_on",
            "respondent": "platform company name", "blocked_link": "scene block text control_text",
            "refused_payment": "scene refusal merchant method",
            "environment": "app_version os region account_type", "consent": "publish_narrative privacy_notice",
            "complainant": "kind age_band disclose_identity name phone email",
        ]
        return Set(
            groups.flatMap { group, names in
                names.split(separator: " ").map { (group.isEmpty ? [] : [group]) + [String($0)] }
            })
    }()

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
        if let names = reader.object("columns"), Self.isReadable(names) {
            var taken: [[String]: String] = [:]
            for name in names.names {
                let path = Self.path(names.requiredText(name, limit: 100), of: "the column “\(name)”") { code, detail in
                    names.fault(name, code, detail)
                }
                if let other = taken[path] {
                    let member = path.joined(separator: ".")
                    names.fault(
                        name, "duplicate", "the columns “\(other)” and “\(name)” are both \(member); leave one out")
                }
                (columns[name], taken[path]) = (path, name)
            }
            names.finish()
        } else if !reader.has("columns") {
            reader.fault("columns", "missing", "is required: which column is which member")
        }
        if let fixed = reader.object("constants"), Self.isReadable(fixed) {
            for name in fixed.names {
                let path = Self.path(name, of: "the constant “\(name)”") { code, detail in
                    fixed.fault(name, code, detail)
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

    /// A member as it is named in a mapping; one that no filing has is a fault.
    private static func path(
        _ text: String, of place: String, fault: (_ code: String, _ detail: String) -> Void
    ) -> [String] {
        let path = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // A blank member of a column is a fault already.
        if !(text.isBlank && place.hasPrefix("the column")), !members.contains(path) {
            let known = members.map { $0.joined(separator: ".") }.sorted().joined(separator: ", ")
            fault("no_member", "\(place) names “\(text)”, which is no member of a filing; it has \(known)")
        }
        return path
    }

    /// Which columns of a header the mapping does not name; those without a name by their place, but not those at the end, which
    /// spreadsheets add.
    func ignored(in header: [String]) -> [String] {
        let end = header.lastIndex { !$0.isBlank } ?? -1
        return header.prefix(end + 1).enumerated().filter { columns[$1] == nil }.map { place, name in
            name.isBlank ? "column \(place + 1)" : String(name.prefix(100))
        }
    }

    /// A fault of a line, with the column that its member came from.
    func named(_ fault: Fault) -> Fault {
        let column = columns.first { _, path in fault.pointer == "#/\(path.joined(separator: "/"))" }?.key
        guard let column else { return fault }
        return Fault(pointer: fault.pointer, code: fault.code, detail: "\(fault.detail) (column “\(column)”)")
    }

    /// Notes what is wrong with the names of a part; where there are too many of them, or odd ones, they are not read one by one.
    private static func isReadable(_ part: ObjectReader) -> Bool {
        guard part.names.count <= limit else {
            part.faults.add(part.pointer, "too_many", "may have \(limit) members at the most")
            return false
        }
        let odd = part.names.filter { $0.utf8.contains(0) }
        for name in odd { part.fault(name, "control_character", "may not hold U+0000") }
        return odd.isEmpty
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
        if let why = cell.whyNoValue {
            fault("no_value", why)
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
