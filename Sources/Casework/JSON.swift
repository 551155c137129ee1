/// A JSON document, read strictly.
///
/// What readers disagree about is refused: duplicate members, a byte-order mark, encodings other than UTF-8, trailing
/// commas, lone surrogates, and nesting deeper than ``JSON/maximumDepth``.
public indirect enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    /// A number that is not a whole one, kept as it was written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    public static let maximumDepth = 32

    /// Why a text is no JSON, and where.
    public struct SyntaxError: Error, Equatable, Sendable {
        public let reason: String
        /// Bytes from the start.
        public let offset: Int
    }

    /// - Throws: ``SyntaxError``.
    public init(parsing bytes: some Sequence<UInt8>) throws(SyntaxError) {
        let bytes = Array(bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw SyntaxError(reason: "the text is not UTF-8", offset: 0)
        }
        var parser = Parser(bytes: bytes)
        self = try parser.document()
    }

    /// What the value is, in words for an error.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSON.SyntaxError) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw error("the text begins with a byte-order mark") }
        let value = try value(depth: 1)
        skipSpace()
        guard position == bytes.count else { throw error("something follows the document") }
        return value
    }

    private func error(_ reason: String) -> JSON.SyntaxError { JSON.SyntaxError(reason: reason, offset: position) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth <= JSON.maximumDepth else { throw error("it is nested deeper than \(JSON.maximumDepth)") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .none: throw error("the text ends too early")
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw error("there is no such word") }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSON.SyntaxError) -> JSON {
        position += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
            let name = try string()
            guard members[name] == nil else { throw error("the member “\(name)” stands twice") }
            skipSpace()
            guard take(":") else { throw error("a colon is missing") }
            members[name] = try value(depth: depth + 1)
            skipSpace()
        } while take(",")
        guard take("}") else { throw error("a comma or a closing brace is missing") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSON.SyntaxError) -> JSON {
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw error("a comma or a closing bracket is missing") }
        return .array(elements)
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20:
                throw error("a control character stands unescaped in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSON.SyntaxError) {
        guard let byte = current else { throw error("a string does not end") }
        let plain: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
        ]
        if let character = plain[byte] {
            position += 1
            text.append(character)
            return
        }
        guard take("u") else { throw error("there is no such escape") }
        var code = try codeUnit()
        if (0xD800...0xDBFF).contains(code) {
            guard take("\\"), take("u") else { throw error("half of a surrogate pair is missing") }
            let low = try codeUnit()
            guard (0xDC00...0xDFFF).contains(low) else { throw error("half of a surrogate pair is missing") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair is missing") }
        text.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    private mutating func codeUnit() throws(JSON.SyntaxError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let digits = String(validating: bytes[position..<(position + 4)], as: UTF8.self),
            digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let code = UInt32(digits, radix: 16)
        else { throw error("an escape needs four hexadecimal digits") }
        position += 4
        return code
    }

    private mutating func number() throws(JSON.SyntaxError) -> JSON {
        let start = position
        _ = take("-")
        let firstDigit = current
        let whole = digits()
        guard whole > 0, whole == 1 || firstDigit != UInt8(ascii: "0") else { throw error("there is no such value") }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() > 0 else { throw error("a number ends too early") }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("-") { _ = take("+") }
            guard digits() > 0 else { throw error("a number ends too early") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int(text) { return .int(value) }
        return .number(text)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }
}
