import Casework
import Foundation
import Synchronization

/// Writes a value as the bytes of JSON, without anything in between.
///
/// Members stand in `snake_case`, in the order in which a type declares them; those of a dictionary as they are, sorted.
/// Either way the same value is always the same bytes. Moments are RFC 3339 in UTC, cut to milliseconds. Foundation's
/// encoder, which builds a tree first and turns each name anew, took most of the server's time for a page of cases.
struct BodyEncoder: Encoder {
    fileprivate let sink: Sink
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let sink = Sink()
        try sink.write(value)
        return sink.json.bytes
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let names = Names.of(type)
        sink.open(.object(isDictionary: names == nil))
        return KeyedEncodingContainer(Members<Key>(sink: sink, names: names))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        sink.open(.array)
        return Elements(sink: sink)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(sink: sink) }
}

/// The names of the members of one type, as they are written.
private final class Names: Sendable {
    private static let known = Mutex<[ObjectIdentifier: Names]>([:])
    private let written = Mutex<[String: [UInt8]]>([:])

    /// - Returns: `nil` for a dictionary: its names are what somebody wrote, and stay so.
    static func of<Key: CodingKey>(_ type: Key.Type) -> Names? {
        known.withLock { known in
            if let names = known[ObjectIdentifier(type)] { return names }
            guard String(describing: type) != "_DictionaryCodingKey" else { return nil }
            let names = Names()
            known[ObjectIdentifier(type)] = names
            return names
        }
    }

    func bytes(of name: String) -> [UInt8] {
        written.withLock { written in
            if let known = written[name] { return known }
            let made = Array("\"\(name.inSnakeCase)\":".utf8)
            written[name] = made
            return made
        }
    }
}

/// The bytes as they grow, and what is open in them.
private final class Sink {
    enum Shape: Equatable {
        /// Not known yet.
        case open
        case value
        case object(isDictionary: Bool)
        case array
    }

    private struct Frame {
        var shape: Shape = .open
        var start = 0
        /// Where each member begins, and its name; kept where they have to be sorted.
        var members: [(name: String, start: Int)] = []
        var count = 0
    }

    var json = JSONBytes()
    private var frames: [Frame] = []

    func write<Value: Encodable>(_ value: Value) throws {
        // Asked by type and not by a cast, which would cost more than the writing.
        if Value.self == String.self, let text = value as? String { return json.write(text) }
        if Value.self == Int.self, let number = value as? Int { return json.write(number) }
        if Value.self == Bool.self, let flag = value as? Bool { return json.write(flag) }
        if Value.self == Day.self, let day = value as? Day { return json.write(day.description) }
        if Value.self == Date.self, let date = value as? Date { return json.write(date) }
        if Value.self == UUID.self, let id = value as? UUID { return json.write(id.uuidString) }
        if let body = value as? any SelfWriting { return body.write(to: &json) }
        frames.append(Frame(start: json.bytes.count))
        try value.encode(to: BodyEncoder(sink: self))
        close(frames.removeLast())
    }

    // MARK: Containers

    func open(_ shape: Shape) {
        precondition(frames.last?.shape == .open, "a body is written in one container")
        frames[frames.count - 1].shape = shape
        json.bytes.append(shape == .array ? UInt8(ascii: "[") : UInt8(ascii: "{"))
    }

    private func close(_ frame: Frame) {
        switch frame.shape {
        case .value: break
        case .open: json.bytes += [UInt8(ascii: "{"), UInt8(ascii: "}")]
        case .array: json.bytes.append(UInt8(ascii: "]"))
        case .object(let isDictionary):
            if isDictionary { sort(frame) }
            json.bytes.append(UInt8(ascii: "}"))
        }
    }

    private func sort(_ frame: Frame) {
        let ends = frame.members.dropFirst().map { $0.start - 1 } + [json.bytes.count]
        let parts = zip(frame.members, ends).map { (name: $0.name, bytes: json.bytes[$0.start..<$1]) }
        let sorted = parts.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map(\.bytes)
        json.bytes.replaceSubrange((frame.start + 1)..., with: Array(sorted.joined(separator: [UInt8(ascii: ",")])))
    }

    func beginMember(_ name: String, _ names: Names?) {
        beginElement()
        if let names {
            json.bytes.append(contentsOf: names.bytes(of: name))
        } else {
            frames[frames.count - 1].members.append((name, json.bytes.count))
            json.write(name)
            json.bytes.append(UInt8(ascii: ":"))
        }
    }

    func beginElement() {
        let last = frames.count - 1
        if frames[last].count > 0 { json.bytes.append(UInt8(ascii: ",")) }
        frames[last].count += 1
    }

    func beginValue() {
        if frames.last?.shape == .open { frames[frames.count - 1].shape = .value }
    }

    var count: Int { frames.last?.count ?? 0 }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: Sink
    let names: Names?
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.json.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        sink.beginMember(key.stringValue, names)
        try sink.write(value)
    }

    mutating func encode(_ value: String, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.json.write(value)
    }

    mutating func encode(_ value: Int, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.json.write(value)
    }

    mutating func encode(_ value: Bool, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.json.write(value)
    }

    mutating func encode(_ value: Double, forKey key: Key) throws {
        sink.beginMember(key.stringValue, names)
        try sink.json.write(value)
    }

    mutating func nestedContainer<Nested>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { preconditionFailure("a body is written in one container") }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure("a body is written in one container")
    }

    mutating func superEncoder() -> any Encoder { preconditionFailure("a body has no superclass") }
    mutating func superEncoder(forKey key: Key) -> any Encoder { preconditionFailure("a body has no superclass") }
}

private struct Elements: UnkeyedEncodingContainer {
    let sink: Sink
    var codingPath: [any CodingKey] { [] }
    var count: Int { sink.count }

    mutating func encodeNil() {
        sink.beginElement()
        sink.json.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        sink.beginElement()
        try sink.write(value)
    }

    mutating func encode(_ value: Double) throws {
        sink.beginElement()
        try sink.json.write(value)
    }

    mutating func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        preconditionFailure("a body is written in one container")
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        preconditionFailure("a body is written in one container")
    }

    mutating func superEncoder() -> any Encoder { preconditionFailure("a body has no superclass") }
}

private struct Single: SingleValueEncodingContainer {
    let sink: Sink
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() {
        sink.beginValue()
        sink.json.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        sink.beginValue()
        // Numbers of other widths come here as what they are.
        if Value.self != String.self, Value.self != Int.self, let number = value as? any BinaryInteger {
            return sink.json.write(Int(number.description) ?? .max)
        }
        try sink.write(value)
    }

    mutating func encode(_ value: Float) throws { try encode(Double(value)) }

    mutating func encode(_ value: Double) throws {
        sink.beginValue()
        try sink.json.write(value)
    }
}

extension String {
    /// `dueOn` as `due_on`; what is no capital stays.
    fileprivate var inSnakeCase: String {
        unicodeScalars.reduce(into: "") { name, scalar in
            if scalar.properties.isUppercase, !name.isEmpty { name += "_" }
            name += scalar.properties.lowercaseMapping
        }
    }
}
