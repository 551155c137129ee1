import Casework
import Foundation
import TestSupport

/// Finds out from outside which members a reader of bodies takes, of which type, with which limits and codes.
///
/// Readers name all faults of a body at once, so a body that is wrong in every member tells of every member. Each body
/// also holds a member that no reader knows: it is refused, and nothing is ever carried out.
struct ReaderProbe {
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// What is found in a body.
    struct Found {
        var facts: BodyFacts = [:]
        /// Codes that a fault lists but that are not the program's: the campaign's or the registry's.
        var listed: [String: Set<String>] = [:]
    }

    /// Members whose value decides what else is read.
    let given: [String: JSON]
    /// Members that are not looked into, because that was done in another case or at another address.
    var passedOver: Set<String> = []
    let send: (JSON) async throws -> [Fault]

    private static let unknown = "zz-unknown"

    /// A value somewhere in a body: where faults point, and the body around it.
    private struct Place {
        let pointer: String
        let path: String
        let body: (JSON) -> JSON

        func member(_ name: String, among others: [String: JSON] = [:]) -> Place {
            Place(pointer: "\(pointer)/\(name)", path: path.isEmpty ? name : "\(path)/\(name)") { value in
                body(.object(others.merging([ReaderProbe.unknown: .bool(true), name: value]) { $1 }))
            }
        }

        var element: Place { Place(pointer: "\(pointer)/0", path: "\(path)/*") { body(.array([$0])) } }
        /// The value of any member of a dictionary.
        var anyMember: Place {
            Place(pointer: "\(pointer)/\(ReaderProbe.unknown)", path: path.isEmpty ? "*" : "\(path)/*") { value in
                body(.object([ReaderProbe.unknown: value]))
            }
        }
    }

    func found() async throws -> Found {
        var found = Found()
        try await look(into: Place(pointer: "#", path: "", body: { $0 }), given, &found)
        return found
    }

    // MARK: Objects

    /// Adds the members of an object.
    private func look(into place: Place, _ given: [String: JSON], _ found: inout Found) async throws {
        let faults = try await send(place.body(.object(given.merging([Self.unknown: .bool(true)]) { $1 })))
        let own = "\(place.pointer)/\(Self.unknown)"
        guard let fault = faults.first(where: { $0.pointer == own }) else {
            throw Unexpected(description: "\(place.pointer) takes a member that is not known: \(faults)")
        }
        guard fault.code == "unknown_member" else { return try await look(at: place.anyMember, &found) }
        let names = Self.list(after: "known: ", in: fault.detail)
        for name in names {
            let others = given.filter { $0.key != name }
            try await look(at: place.member(name, among: others), &found)
            let missing =
                others.count == given.count
                ? faults : try await send(place.body(.object(others.merging([Self.unknown: .bool(true)]) { $1 })))
            let path = place.path.isEmpty ? name : "\(place.path)/\(name)"
            found.facts[path]?.isRequired = Self.isMissing("\(place.pointer)/\(name)", in: missing)
        }
    }

    /// Whether the member itself is required, or one in it although it was left out.
    private static func isMissing(_ pointer: String, in faults: [Fault]) -> Bool {
        faults.contains { fault in
            fault.code == "missing" && (fault.pointer == pointer || fault.pointer.hasPrefix(pointer + "/"))
                && fault.detail.hasPrefix("is required") && !fault.detail.contains("where the order")
        }
    }

    // MARK: Values

    /// Adds one value, and what is in it.
    private func look(at place: Place, _ found: inout Found) async throws {
        var fact = MemberFacts()
        let wrong = try await faults(place, .bool(true))
        for fault in wrong {
            switch (fault.code, fault.detail) {
            case ("wrong_type", let detail):
                let words = [
                    "a string": "string", "a whole number": "integer", "an array": "array", "an object": "object",
                ]
                for (word, type) in words where detail.hasPrefix("has to be \(word)") { fact.types.insert(type) }
            case ("unknown_code", let detail):
                fact.types.insert("string")
                fact.codes = Set(Self.list(after: "has to be one of: ", in: detail))
            case ("no_date", _): fact.types.insert("date")
            default: break
            }
        }
        guard fact.codes == nil, fact.types != ["date"] else {
            found.facts[place.path] = fact
            return
        }
        let word = try await faults(place, .string("zz"))
        if word.contains(where: { $0.detail.hasPrefix("has to be true or false") }) { fact.types = ["boolean"] }
        for fault in try await faults(place, .int(.max)) where fault.code == "out_of_range" {
            let numbers = fault.detail.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2, fault.detail.hasPrefix("has to lie between") else { continue }
            fact.types.insert("integer")
            (fact.minimum, fact.maximum) = (numbers[0], numbers[1])
        }
        if fact.types.contains("string"), fact.codes == nil {
            try await readText(place, &fact)
            if let codes = word.first(where: { $0.code == "unknown_code" }) { note(codes, of: place, &fact, &found) }
        }
        if fact.types.contains("array") { try await readArray(place, &fact) }
        // What is refused whatever it is belongs to another case, or cannot be given here at all.
        guard !(wrong + word).contains(where: { $0.code == "not_allowed" }) else { return }
        found.facts[place.path] = fact
        guard !passedOver.contains(place.path) else { return }
        if fact.types.contains("array") { try await look(at: place.element, &found) }
        if fact.types.contains("object") { try await look(into: place, [:], &found) }
    }

    private func note(_ fault: Fault, of place: Place, _ fact: inout MemberFacts, _ found: inout Found) {
        let own = Self.list(after: "is none of ", in: fault.detail)
        if !own.isEmpty {
            (fact.codes, fact.maxLength, fact.refusesBlank) = (Set(own), nil, false)
        } else {
            found.listed[place.path] = Set(Self.list(after: "known: ", in: fault.detail))
        }
    }

    private func readText(_ place: Place, _ fact: inout MemberFacts) async throws {
        // The fault names the limit, however much longer the text is.
        for length in [300, 4500, 20_500] where fact.maxLength == nil {
            let long = try await faults(place, .string(String(repeating: "x", count: length)))
            fact.maxLength = long.filter { $0.code == "too_long" }.compactMap { Self.number(in: $0.detail) }.min()
        }
        fact.refusesBlank = try await faults(place, .string("")).contains { $0.code == "blank" }
    }

    private func readArray(_ place: Place, _ fact: inout MemberFacts) async throws {
        for length in [300, 10_001] where fact.maxItems == nil {
            let long = try await faults(place, .array(Array(repeating: .int(0), count: length)))
            fact.maxItems = long.first { $0.code == "too_many" }.flatMap { Self.number(in: $0.detail) }
        }
        let empty = try await faults(place, .array([]))
        fact.refusesEmpty = empty.contains { $0.code == "empty" || $0.code == "missing" }
    }

    /// The faults of one value; of an element also those that are noted at its list.
    private func faults(_ place: Place, _ value: JSON) async throws -> [Fault] {
        let isElement = place.path.hasSuffix("/*") && place.pointer.hasSuffix("/0")
        let list = isElement ? String(place.pointer.dropLast(2)) : nil
        return try await send(place.body(value)).filter { fault in
            fault.pointer == place.pointer || fault.pointer == list && fault.code == "unknown_code"
        }
    }

    static func list(after words: String, in detail: String) -> [String] {
        guard let start = detail.range(of: words) else { return [] }
        return detail[start.upperBound...].components(separatedBy: ", ").filter { !$0.isEmpty }
    }

    private static func number(in detail: String) -> Int? {
        detail.split(separator: " ").lazy.compactMap { Int($0) }.first
    }
}
