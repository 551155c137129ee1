/// Something wrong with one place of a document.
public struct Fault: Sendable, Equatable, Codable {
    /// A JSON pointer as the fragment of an address, such as `#/respondent/name` (RFC 6901, 6).
    public let pointer: String
    /// Stable and short, for programs, such as `missing`, `unknown_member`, `too_long`.
    public let code: String
    /// For people: what is wrong and what would be right.
    public let detail: String

    /// Control characters of a client’s text are escaped: U+0000 is `%00` in a pointer and `\u0000` in a detail.
    ///
    /// PostgreSQL keeps no text with U+0000, and a fault of a line of an import is kept.
    public init(pointer: String, code: String, detail: String) {
        self.pointer = pointer.escapingControls { "%" + $0.suffix(2) }
        self.code = code
        self.detail = detail.escapingControls { "\\u" + $0 }
    }
}

extension String {
    /// The text with each character of C0 and DEL replaced; `escape` gets its four hexadecimal digits.
    fileprivate func escapingControls(_ escape: (String) -> String) -> String {
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.value < 0x20 || scalar.value == 0x7F else { return text.unicodeScalars.append(scalar) }
            text += escape((scalar.value < 0x10 ? "000" : "00") + String(scalar.value, radix: 16, uppercase: true))
        }
    }
}

/// All that is wrong with a document, at once.
public struct InvalidDocument: Error, Sendable, Equatable {
    public let faults: [Fault]

    public init(faults: [Fault]) {
        self.faults = faults
    }
}

/// Collects faults while a document is read from its root to its leaves.
public final class FaultList {
    /// Faults reported at the most; the rest is counted only.
    public static let limit = 100
    public private(set) var faults: [Fault] = []
    private var count = 0

    public init() {}

    public func add(_ pointer: String, _ code: String, _ detail: String) {
        count += 1
        if faults.count < Self.limit { faults.append(Fault(pointer: pointer, code: code, detail: detail)) }
    }

    public var isEmpty: Bool { count == 0 }

    /// - Throws: ``InvalidDocument`` where anything was wrong.
    public func finish() throws(InvalidDocument) {
        guard isEmpty else { throw InvalidDocument(faults: faults) }
    }
}

/// Reads the members of one object, once each, and tells what is wrong with them.
///
/// A reader never stops at the first fault: it notes it and gives a stand-in, and whoever began the reading throws at
/// the end. `null` is the same as absent.
public final class ObjectReader {
    public let pointer: String
    public let faults: FaultList
    private let members: [String: JSON]
    private var seen: Set<String> = []

    /// Reads `json`, which should be an object.
    public init(_ json: JSON, at pointer: String = "#", faults: FaultList) {
        self.pointer = pointer
        self.faults = faults
        if case .object(let members) = json {
            self.members = members
        } else {
            members = [:]
            faults.add(pointer, "wrong_type", "has to be an object, not \(json.kind)")
        }
    }

    public var names: [String] { members.keys.sorted() }

    public func place(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x7E || $0 == 0x2F }) else { return pointer + "/" + name }
        return "\(pointer)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
    }

    /// Whether the member is there and not `null`.
    public func has(_ name: String) -> Bool { members[name].map { $0 != .null } ?? false }

    public func isNumber(_ name: String) -> Bool {
        if case .int = members[name] { true } else { false }
    }

    public func fault(_ name: String, _ code: String, _ detail: String) { faults.add(place(name), code, detail) }

    private func take(_ name: String) -> JSON? {
        seen.insert(name)
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    private func missing(_ name: String) { fault(name, "missing", "is required") }

    private func wrongType(_ name: String, _ wanted: String, _ found: JSON) {
        fault(name, "wrong_type", "has to be \(wanted), not \(found.kind)")
    }

    /// A text of one line, of at most `limit` code points, without control characters and without signs that turn the
    /// direction of what follows: a name, a code, a version.
    ///
    /// Prose is taken as people paste it: there only U+0000 is refused, which no store keeps, and what shows the text
    /// has to make the rest harmless.
    public func text(_ name: String, limit: Int, isProse: Bool = false) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else {
            wrongType(name, "a string", value)
            return nil
        }
        return checked(text, at: place(name), limit: limit, isProse: isProse)
    }

    public func requiredText(_ name: String, limit: Int, isProse: Bool = false) -> String {
        if !has(name) { missing(name) }
        return text(name, limit: limit, isProse: isProse) ?? ""
    }

    private func checked(_ text: String, at place: String, limit: Int, isProse: Bool = false) -> String? {
        let isRefused: (Unicode.Scalar) -> Bool = { scalar in
            isProse ? scalar.value == 0 : scalar.isControl || scalar.turnsDirection
        }
        if text.unicodeScalars.contains(where: isRefused) {
            let allowed =
                isProse
                ? "may not hold U+0000"
                : "has to be one line, without tabs, line breaks, other control characters and marks of direction"
            faults.add(place, "control_character", allowed)
        }
        if text.isBlank {
            faults.add(place, "blank", "may not be blank; what is not required can be left out")
        }
        let length = text.unicodeScalars.count
        if length > limit {
            faults.add(place, "too_long", "may have \(limit) characters at the most; these are \(length)")
            // It is refused. The rest of the reading is spared what is too long for it.
            return String(text.unicodeScalars.prefix(limit))
        }
        return text
    }

    public func bool(_ name: String) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let bool) = value else {
            wrongType(name, "true or false", value)
            return nil
        }
        return bool
    }

    public func int(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .int(let int) = value else {
            wrongType(name, "a whole number", value)
            return nil
        }
        if !range.contains(int) {
            fault(name, "out_of_range", "has to lie between \(range.lowerBound) and \(range.upperBound)")
        }
        return int
    }

    public func requiredInt(_ name: String, in range: ClosedRange<Int>) -> Int {
        if !has(name) { missing(name) }
        return int(name, in: range) ?? range.lowerBound
    }

    /// A date such as `2021-09-17`.
    public func day(_ name: String) -> Day? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let day = Day(text) else {
            fault(name, "no_date", "has to be a date that exists, such as 2021-09-17")
            return nil
        }
        return accepted(day, name)
    }

    /// Notes a day outside ``Day/accepted`` as a fault.
    ///
    /// - Returns: The day; the nearest that is accepted where it is none of them.
    public func accepted(_ day: Day, _ name: String) -> Day {
        let range = Day.accepted
        guard !range.contains(day) else { return day }
        fault(name, "out_of_range", "has to lie between \(range.lowerBound) and \(range.upperBound)")
        return day < range.lowerBound ? range.lowerBound : range.upperBound
    }

    public func requiredDay(_ name: String) -> Day {
        if !has(name) { missing(name) }
        return day(name) ?? Day.earliest
    }

    /// One of the cases of an enumeration, by its raw value.
    public func code<Code: RawRepresentable & CaseIterable>(
        _ name: String, as type: Code.Type = Code.self
    ) -> Code? where Code.RawValue == String {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let code = Code(rawValue: text) else {
            let known = Code.allCases.map(\.rawValue).joined(separator: ", ")
            fault(name, "unknown_code", "has to be one of: \(known)")
            return nil
        }
        return code
    }

    public func requiredCode<Code: RawRepresentable & CaseIterable>(
        _ name: String, as type: Code.Type = Code.self
    ) -> Code? where Code.RawValue == String {
        if !has(name) { missing(name) }
        return code(name)
    }

    /// A member as it is, whatever that is.
    public func json(_ name: String) -> JSON? { take(name) }

    /// A member that is an object itself.
    public func object(_ name: String) -> ObjectReader? {
        take(name).map { ObjectReader($0, at: place(name), faults: faults) }
    }

    /// The elements of a member that is an array of objects; one that is missing counts as empty.
    public func objects(_ name: String, limit: Int = 10_000) -> [ObjectReader] {
        array(name, limit: limit).enumerated().map { index, element in
            ObjectReader(element, at: "\(place(name))/\(index)", faults: faults)
        }
    }

    /// The elements of a member that is an array, as they are.
    public func elements(_ name: String, limit: Int) -> [JSON] { array(name, limit: limit) }

    /// The elements of a member that is an array of strings.
    public func texts(_ name: String, limit: Int = 10_000, length: Int = 200) -> [String] {
        array(name, limit: limit).enumerated().compactMap { index, element in
            guard case .string(let text) = element else {
                faults.add("\(place(name))/\(index)", "wrong_type", "has to be a string, not \(element.kind)")
                return nil
            }
            return checked(text, at: "\(place(name))/\(index)", limit: length)
        }
    }

    private func array(_ name: String, limit: Int) -> [JSON] {
        guard let value = take(name) else { return [] }
        guard case .array(let elements) = value else {
            wrongType(name, "an array", value)
            return []
        }
        if elements.count > limit { fault(name, "too_many", "may have \(limit) elements at the most") }
        return Array(elements.prefix(limit))
    }

    /// Reports members that nobody asked for.
    ///
    /// Call it when all have been read.
    public func finish() {
        for name in names where !seen.contains(name) {
            let known = seen.sorted().joined(separator: ", ")
            fault(name, "unknown_member", known.isEmpty ? "is not known here" : "is not known here; known: \(known)")
        }
    }
}
