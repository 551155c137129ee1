import Foundation

/// Escapes in addresses (RFC 3986, 2.1 and 6.2.2).
enum Escapes {
    /// Escapes in upper case, none of a character that needs none, and one of each character that an address may not hold as it is,
    /// in UTF-8 as browsers write it.
    ///
    /// Escapes of signs that nobody sees are left out, but for those that make letters and pictures in some scripts.
    static func ordered(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 != 0x25 && isAllowed($0) }) else { return text }
        let bytes = Array(text.precomposedStringWithCanonicalMapping.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let invisible = invisibleLength(bytes, index)
            if invisible > 0 {
                index += invisible
            } else if let byte = escaped(bytes, index) {
                if isUnreserved(byte) { result.append(byte) } else { append(byte, to: &result) }
                index += 3
            } else {
                if isAllowed(bytes[index]) { result.append(bytes[index]) } else { append(bytes[index], to: &result) }
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// With every escape resolved once.
    static func resolved(_ text: String) -> String {
        guard text.utf8.contains(0x25) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = escaped(bytes, index) {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// As the value of a parameter: everything but letters, digits and `-._~` escaped.
    static func component(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) { result.append(byte) } else { append(byte, to: &result) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        result += [0x25, hexadecimal(byte >> 4), hexadecimal(byte & 15)]
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    private static func escaped(_ bytes: [UInt8], _ index: Int) -> UInt8? {
        guard index + 2 < bytes.count, bytes[index] == 0x25 else { return nil }
        guard let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2]) else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// Whether an address may hold it as it is (RFC 3986, 2); a lone percent sign does, as browsers have it.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!#$%&'()*+,/:;=?@[]".utf8.contains(byte)
    }

    /// How long the escapes of an invisible sign are here; 0 where there is none.
    ///
    /// Joiners and selectors of variants stay: names of pages in Persian and pictures are made with them.
    private static func invisibleLength(_ bytes: [UInt8], _ index: Int) -> Int {
        guard let first = escaped(bytes, index), first >= 0xC2 else { return 0 }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        let read = (0..<length).compactMap { escaped(bytes, index + 3 * $0) }
        guard read.count == length, let scalar = String(validating: read, as: UTF8.self)?.unicodeScalars.first else {
            return 0
        }
        let isJoiner = (0x200C...0x200D).contains(scalar.value) || scalar.properties.isVariationSelector
        return scalar.isInvisible && !isJoiner ? 3 * length : 0
    }
}
