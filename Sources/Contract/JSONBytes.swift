import Casework
import Foundation

/// A body that writes itself, member by member.
///
/// For those that come by the page, where finding out what each member is costs more than writing it. It writes the same
/// as ``BodyEncoder`` would.
protocol SelfWriting {
    func write(to json: inout JSONBytes)
}

/// The bytes of JSON as they grow.
struct JSONBytes {
    var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(4096)
    }

    mutating func writeNull() { bytes += "null".utf8 }

    mutating func write(_ flag: Bool) { bytes += (flag ? "true" : "false").utf8 }

    mutating func write(_ number: Int) { bytes += String(number).utf8 }

    mutating func write(_ number: Double) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "no number"))
        }
        let text = number.description
        bytes += (text.hasSuffix(".0") ? String(text.dropLast(2)) : text).utf8
    }

    mutating func write(_ date: Date) {
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

    mutating func write(_ text: String) {
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

    private mutating func escape(_ character: UInt8) {
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

    // MARK: Members

    /// An object whose members `body` writes.
    mutating func object(_ body: (inout JSONBytes) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func member(_ name: StaticString) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Left out where there is none.
    mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        member(name)
        write(text)
    }

    mutating func member(_ name: StaticString, _ number: Int) {
        member(name)
        write(number)
    }

    mutating func member(_ name: StaticString, _ flag: Bool) {
        member(name)
        write(flag)
    }

    mutating func member(_ name: StaticString, _ day: Day?) { member(name, day?.description) }

    mutating func member(_ name: StaticString, _ numbers: [Int]) {
        member(name)
        bytes.append(UInt8(ascii: "["))
        for (index, number) in numbers.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(number)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func member(_ name: StaticString, _ body: some SelfWriting) {
        member(name)
        body.write(to: &self)
    }
}
