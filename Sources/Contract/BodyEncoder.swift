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
        return sink.bytes
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

    private(set) var bytes: [UInt8] = []
    private var frames: [Frame] = []

    init() {
        bytes.reserveCapacity(4096)
    }

    func write<Value: Encodable>(_ value: Value) throws {
        // Asked by type and not by a cast, which would cost more than the writing.
        if Value.self == String.self, let text = value as? String { return write(text) }
        if Value.self == Int.self, let number = value as? Int { return write(number) }
        if Value.self == Bool.self, let flag = value as? Bool { return write(flag) }
        if Value.self == Day.self, let day = value as? Day { return write(day.description) }
        if Value.self == Date.self, let date = value as? Date { return write(date) }
        if Value.self == UUID.self, let id = value as? UUID { return write(id.uuidString) }
        frames.append(Frame(start: bytes.count))
        try value.encode(to: BodyEncoder(sink: self))
        close(frames.removeLast())
    }

    // MARK: Containers

    func open(_ shape: Shape) {
        precondition(frames.last?.shape == .open, "a body is written in one container")
        frames[frames.count - 1].shape = shape
        bytes.append(shape == .array ? UInt8(ascii: "[") : UInt8(ascii: "{"))
    }

    private func close(_ frame: Frame) {
        switch frame.shape {
        case .value: break
        case .open: bytes += [UInt8(ascii: "{"), UInt8(ascii: "}")]
        case .array: bytes.append(UInt8(ascii: "]"))
        case .object(let isDictionary):
            if isDictionary { sort(frame) }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private func sort(_ frame: Frame) {
        let ends = frame.members.dropFirst().map { $0.start - 1 } + [bytes.count]
        let parts = zip(frame.members, ends).map { (name: $0.name, bytes: bytes[$0.start..<$1]) }
        let sorted = parts.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map(\.bytes)
        bytes.replaceSubrange((frame.start + 1)..., with: Array(sorted.joined(separator: [UInt8(ascii: ",")])))
    }

    func beginMember(_ name: String, _ names: Names?) {
        beginElement()
        if let names {
            bytes.append(contentsOf: names.bytes(of: name))
        } else {
            frames[frames.count - 1].members.append((name, bytes.count))
            write(name)
            bytes.append(UInt8(ascii: ":"))
        }
    }

    func beginElement() {
        let last = frames.count - 1
        if frames[last].count > 0 { bytes.append(UInt8(ascii: ",")) }
        frames[last].count += 1
    }

    func beginValue() {
        if frames.last?.shape == .open { frames[frames.count - 1].shape = .value }
    }

    var count: Int { frames.last?.count ?? 0 }

    // MARK: Values

    func writeNull() { bytes += "null".utf8 }

    func write(_ flag: Bool) { bytes += (flag ? "true" : "false").utf8 }

    func write(_ number: Int) { bytes += String(number).utf8 }

    func write(_ number: Double) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "no number"))
        }
        let text = number.description
        bytes += (text.hasSuffix(".0") ? String(text.dropLast(2)) : text).utf8
    }

    func write(_ date: Date) {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let day = Int((Double(milliseconds) / 86_400_000).rounded(.down))
        let rest = milliseconds - day * 86_400_000
        func padded(_ number: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        let (seconds, fraction) = (rest / 1000, padded(rest % 1000, 3))
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
        bytes += "\"\(Day(number: day))T\(time).\(fraction)Z\"".utf8
    }

    func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { characters in
            var start = 0
            for (index, character) in characters.enumerated()
            where character < 0x20 || character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\") {
                bytes.append(contentsOf: characters[start..<index])
                escape(character)
                start = index + 1
            }
            bytes.append(contentsOf: characters[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func escape(_ character: UInt8) {
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), character]
        case 0x0A: bytes += "\\n".utf8
        case 0x0D: bytes += "\\r".utf8
        case 0x09: bytes += "\\t".utf8
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\u00".utf8) + [digits[Int(character >> 4)], digits[Int(character & 15)]]
        }
    }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: Sink
    let names: Names?
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        sink.beginMember(key.stringValue, names)
        try sink.write(value)
    }

    mutating func encode(_ value: String, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.write(value)
    }

    mutating func encode(_ value: Int, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.write(value)
    }

    mutating func encode(_ value: Bool, forKey key: Key) {
        sink.beginMember(key.stringValue, names)
        sink.write(value)
    }

    mutating func encode(_ value: Double, forKey key: Key) throws {
        sink.beginMember(key.stringValue, names)
        try sink.write(value)
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
        sink.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        sink.beginElement()
        try sink.write(value)
    }

    mutating func encode(_ value: Double) throws {
        sink.beginElement()
        try sink.write(value)
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
        sink.writeNull()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        sink.beginValue()
        // Numbers of other widths come here as what they are.
        if Value.self != String.self, Value.self != Int.self, let number = value as? any BinaryInteger {
            return sink.write(Int(number.description) ?? .max)
        }
        try sink.write(value)
    }

    mutating func encode(_ value: Float) throws { try encode(Double(value)) }

    mutating func encode(_ value: Double) throws {
        sink.beginValue()
        try sink.write(value)
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
