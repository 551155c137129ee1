/// An array travels as the server writes it: `{a,"b c",NULL}`. One dimension, no NULL inside.
extension Array: PostgresValue where Element: PostgresValue {
    public static var postgresType: PostgresType {
        PostgresType(oid: Element.postgresType.arrayOID, arrayOID: 0)
    }

    public init?(postgresText: String) {
        guard let texts = arrayElements([UInt8](postgresText.utf8)) else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(texts.count)
        for text in texts {
            guard let element = Element(postgresText: text) else { return nil }
            elements.append(element)
        }
        self = elements
    }

    public var postgresText: String {
        let quoted = map { element in
            let escaped = element.postgresText.utf8.flatMap { byte in
                byte == backslash || byte == quote ? [backslash, byte] : [byte]
            }
            return "\"" + String(decoding: escaped, as: UTF8.self) + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }
}

private let backslash = UInt8(ascii: "\\")
private let quote = UInt8(ascii: "\"")

/// Splits `{…}` into the texts of its elements, or `nil` where it is nested, holds NULL or is not an array.
private func arrayElements(_ text: [UInt8]) -> [String]? {
    guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count >= 2 else { return nil }
    if text.count == 2 { return [] }
    var elements: [String] = []
    var element: [UInt8] = []
    var (inQuotes, wasQuoted, escaped) = (false, false, false)

    func finish() -> Bool {
        if !wasQuoted && element == Array("NULL".utf8) { return false }
        elements.append(String(decoding: element, as: UTF8.self))
        (element, wasQuoted) = ([], false)
        return true
    }

    for byte in text[1..<(text.count - 1)] {
        switch byte {
        case _ where escaped:
            element.append(byte)
            escaped = false
        case backslash:
            escaped = true
        case quote:
            inQuotes.toggle()
            wasQuoted = true
        case UInt8(ascii: ",") where !inQuotes:
            guard finish() else { return nil }
        case UInt8(ascii: "{") where !inQuotes:
            return nil
        default:
            element.append(byte)
        }
    }
    return finish() ? elements : nil
}
