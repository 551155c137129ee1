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
        arrayText(map(\.postgresText))
    }
}

/// `{…}` as the server reads it, every element in quotation marks.
private func arrayText(_ elements: [String]) -> String {
    var text: [UInt8] = [UInt8(ascii: "{")]
    for element in elements { appendElement(element, to: &text) }
    return closedArray(text)
}

/// Goes on with an array in the making, which begins with `{`; `nil` is NULL.
func appendElement(_ element: String?, to text: inout [UInt8]) {
    if text.count > 1 { text.append(UInt8(ascii: ",")) }
    guard var element else {
        text += "NULL".utf8
        return
    }
    text.append(quote)
    element.withUTF8 { bytes in
        if bytes.contains(where: { $0 == quote || $0 == backslash }) {
            for byte in bytes {
                if byte == quote || byte == backslash { text.append(backslash) }
                text.append(byte)
            }
        } else {
            text.append(contentsOf: bytes)
        }
    }
    text.append(quote)
}

func closedArray(_ text: [UInt8]) -> String { String(decoding: text, as: UTF8.self) + "}" }

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
