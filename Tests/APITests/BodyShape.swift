import Casework
import Foundation

/// What a value of a body may be, found by letting its type decode itself.
indirect enum BodyShape {
    /// With the codes of an enumeration, or a format such as `date`.
    case text(codes: Set<String>?, format: String?)
    case integer
    case boolean
    case array(BodyShape)
    case dictionary(BodyShape)
    /// By the name as it is written; what is not required can be left out.
    case object([String: (shape: BodyShape, isRequired: Bool)])

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    static func shape<Value: Decodable>(of type: Value.Type) throws -> BodyShape { try sample(type).shape }

    /// Some value of the type, and its shape.
    fileprivate static func sample<Value: Decodable>(_ type: Value.Type) throws -> (value: Value, shape: BodyShape) {
        func known(_ value: Any, _ shape: BodyShape) throws -> (value: Value, shape: BodyShape) {
            guard let value = value as? Value else { throw Unreadable(description: "\(type)") }
            return (value, shape)
        }
        switch type {
        case is String.Type: return try known("", .text(codes: nil, format: nil))
        case is Int.Type: return try known(0, .integer)
        case is Bool.Type: return try known(false, .boolean)
        case is Day.Type: return try known(Day(number: 0), .text(codes: nil, format: "date"))
        case is Date.Type: return try known(Date(), .text(codes: nil, format: "date-time"))
        case is UUID.Type: return try known(UUID(), .text(codes: nil, format: "uuid"))
        default: break
        }
        if let enumeration = type as? any CaseIterable.Type {
            let cases = allCases(of: enumeration)
            let codes = cases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
            guard let first = cases.first, !codes.isEmpty else { throw Unreadable(description: "\(type)") }
            return try known(first, .text(codes: Set(codes), format: nil))
        }
        let recorder = ShapeRecorder()
        let value = try Value(from: recorder)
        guard let shape = recorder.shape else { throw Unreadable(description: "\(type)") }
        return (value, shape)
    }

    private static func allCases<Code: CaseIterable>(of type: Code.Type) -> [Any] { type.allCases.map { $0 as Any } }
}

/// Answers what a type asks for, and notes that it was asked.
private final class ShapeRecorder: Decoder {
    var shape: BodyShape?
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        let isDictionary = String(describing: type) == "_DictionaryCodingKey"
        if !isDictionary, shape == nil { shape = .object([:]) }
        return KeyedDecodingContainer(ShapeMembers<Key>(recorder: self, isDictionary: isDictionary))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { ShapeElements(recorder: self) }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw BodyShape.Unreadable(description: "a value of its own kind")
    }

    func note(_ name: String, _ shape: BodyShape, isRequired: Bool) {
        guard case .object(var members) = self.shape ?? .object([:]) else { return }
        members[name] = (shape, isRequired)
        self.shape = .object(members)
    }
}

private struct ShapeMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: ShapeRecorder
    let isDictionary: Bool
    var codingPath: [any CodingKey] { [] }
    /// One member, of any name.
    var allKeys: [Key] { isDictionary ? [Key(stringValue: "*")].compactMap(\.self) : [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (value, shape) = try BodyShape.sample(type)
        if isDictionary {
            recorder.shape = .dictionary(shape)
        } else {
            recorder.note(Self.written(key), shape, isRequired: true)
        }
        return value
    }

    // These three have an answer of their own in the protocol, which would not tell that they may be left out.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(type, key)
    }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        let (value, shape) = try BodyShape.sample(type)
        recorder.note(Self.written(key), shape, isRequired: false)
        return value
    }

    /// `dueOn` as `due_on`.
    private static func written(_ key: Key) -> String {
        key.stringValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        throw BodyShape.Unreadable(description: "a container in a container")
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw BodyShape.Unreadable(description: "a container in a container")
    }

    func superDecoder() throws -> any Decoder { throw BodyShape.Unreadable(description: "a superclass") }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw BodyShape.Unreadable(description: "a superclass") }
}

private struct ShapeElements: UnkeyedDecodingContainer {
    let recorder: ShapeRecorder
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex > 0 }
    var currentIndex = 0

    init(recorder: ShapeRecorder) { self.recorder = recorder }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        currentIndex += 1
        let (value, shape) = try BodyShape.sample(type)
        recorder.shape = .array(shape)
        return value
    }

    mutating func nestedContainer<Nested>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        throw BodyShape.Unreadable(description: "a container in a container")
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw BodyShape.Unreadable(description: "a container in a container")
    }

    mutating func superDecoder() throws -> any Decoder { throw BodyShape.Unreadable(description: "a superclass") }
}
