public import Foundation

/// A type with a PostgreSQL text representation.
public protocol PostgresValue {
    /// What the server is told a parameter of this type is.
    static var postgresType: PostgresType { get }
    init?(postgresText: String)
    var postgresText: String { get }
}

/// The object id of a server type, and of its array.
public struct PostgresType: Sendable, Hashable {
    let oid: UInt32
    let arrayOID: UInt32

    /// Left to the server to infer from where the parameter stands: text, codes, whatever fits.
    public static let inferred = PostgresType(oid: 0, arrayOID: 1009)
    public static let bool = PostgresType(oid: 16, arrayOID: 1000)
    public static let bytea = PostgresType(oid: 17, arrayOID: 1001)
    public static let bigint = PostgresType(oid: 20, arrayOID: 1016)
    public static let date = PostgresType(oid: 1082, arrayOID: 1182)
    public static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
    public static let numeric = PostgresType(oid: 1700, arrayOID: 1231)
    public static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
    public static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
}

extension String: PostgresValue {
    public static var postgresType: PostgresType { .inferred }
    @inlinable public init?(postgresText: String) { self = postgresText }
    @inlinable public var postgresText: String { self }
}

extension Int: PostgresValue {
    public static var postgresType: PostgresType { .bigint }
    public init?(postgresText: String) { self.init(postgresText) }
    public var postgresText: String { String(self) }
}

extension Bool: PostgresValue {
    public static var postgresType: PostgresType { .bool }

    public init?(postgresText: String) {
        guard postgresText == "t" || postgresText == "f" else { return nil }
        self = postgresText == "t"
    }

    public var postgresText: String { self ? "t" : "f" }
}

extension UUID: PostgresValue {
    public static var postgresType: PostgresType { .uuid }

    public init?(postgresText: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var high: UInt8?
        for character in postgresText.utf8 where character != UInt8(ascii: "-") {
            guard let digit = character.hexDigit else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard bytes.count == 16, high == nil else { return nil }
        self.init(uuid: bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
    }

    public var postgresText: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var end = 0
                for (index, byte) in bytes.enumerated() {
                    if [4, 6, 8, 10].contains(index) {
                        text[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    (text[end], text[end + 1]) = byte.hexDigits
                    end += 2
                }
                return end
            }
        }
    }
}

extension Decimal: PostgresValue {
    public static var postgresType: PostgresType { .numeric }
    public init?(postgresText: String) { self.init(string: postgresText, locale: Locale(identifier: "en_US_POSIX")) }
    public var postgresText: String { description }
}

/// Bytes travel as `bytea` in the hex form.
extension Data: PostgresValue {
    public static var postgresType: PostgresType { .bytea }

    public init?(postgresText: String) {
        let text = Array(postgresText.utf8)
        guard text.starts(with: Array("\\x".utf8)), text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = text[index].hexDigit, let low = text[index + 1].hexDigit else { return nil }
            bytes.append(high << 4 | low)
        }
        self = Data(bytes)
    }

    public var postgresText: String {
        withUnsafeBytes { bytes in
            String(unsafeUninitializedCapacity: 2 + 2 * bytes.count) { text in
                (text[0], text[1]) = (UInt8(ascii: "\\"), UInt8(ascii: "x"))
                for (index, byte) in bytes.enumerated() {
                    (text[2 * index + 2], text[2 * index + 3]) = byte.hexDigits
                }
                return 2 + 2 * bytes.count
            }
        }
    }
}

/// A JSON document, kept as the text that came or goes.
public struct JSONText: PostgresValue, Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }
    public static var postgresType: PostgresType { .jsonb }
    public init?(postgresText: String) { text = postgresText }
    public var postgresText: String { text }
}

extension PostgresValue where Self: RawRepresentable, RawValue: PostgresValue {
    @inlinable public static var postgresType: PostgresType { RawValue.postgresType }

    @inlinable
    public init?(postgresText: String) {
        guard let rawValue = RawValue(postgresText: postgresText) else { return nil }
        self.init(rawValue: rawValue)
    }

    @inlinable public var postgresText: String { rawValue.postgresText }
}

extension UInt8 {
    fileprivate var hexDigits: (UInt8, UInt8) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
        return (digit(self >> 4), digit(self & 15))
    }

    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
