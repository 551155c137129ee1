import Foundation
import Reports

/// Reads single keys and short lines from a terminal, or one of either a line from anything else.
final class Keyboard {
    /// What was pressed.
    enum Key: Equatable {
        case character(Character)
        case enter
        case escape
        case backspace

        /// As a prompt shows it.
        var shown: String {
            switch self {
            case .character(let character): printable(String(character))
            case .enter, .backspace: ""
            case .escape: "Esc"
            }
        }
    }

    private let isTerminal = isatty(STDIN_FILENO) == 1
    private var saved = termios()
    private lazy var keys = KeyDecoder { [unowned self] isPatient in byte(isPatient: isPatient) }

    init() {
        guard isTerminal else { return }
        tcgetattr(STDIN_FILENO, &saved)
        setRaw(isPatient: true)
    }

    /// The next key; `nil` at the end of input.
    func key() -> Key? {
        guard !isTerminal else { return keys.next() }
        return readLine().map { line in
            line.first.map { $0 == "\u{1B}" ? .escape : .character($0) } ?? .enter
        }
    }

    /// A line, with a question before it; `nil` where Esc was pressed or the input has ended.
    func line(_ question: String) -> String? {
        Terminal.write(question)
        guard isTerminal else {
            guard let line = readLine(), !line.contains("\u{1B}") else { return nil }
            return line.trimmingCharacters(in: .whitespaces)
        }
        var text = ""
        while let key = keys.next() {
            switch key {
            case .enter:
                Terminal.write("\n")
                return text.trimmingCharacters(in: .whitespaces)
            case .escape:
                Terminal.write("\n")
                return nil
            case .backspace:
                let columns = text.popLast().map { displayWidth(printable(String($0))) } ?? 0
                Terminal.write(String(repeating: "\u{8} \u{8}", count: columns))
            case .character(let character):
                text.append(character)
                Terminal.write(printable(String(character)))
            }
        }
        return nil
    }

    func restore() {
        guard isTerminal else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
    }

    /// Keys come at once and are not shown by the terminal itself.
    ///
    /// - Parameter isPatient: Whether a read waits for a byte, or gives up after a tenth of a second.
    private func setRaw(isPatient: Bool) {
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &raw.c_cc) { keys in
            keys[Int(VMIN)] = isPatient ? 1 : 0
            keys[Int(VTIME)] = isPatient ? 0 : 1
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    }

    private func byte(isPatient: Bool) -> UInt8? {
        if !isPatient { setRaw(isPatient: false) }
        defer { if !isPatient { setRaw(isPatient: true) } }
        var byte: UInt8 = 0
        return read(STDIN_FILENO, &byte, 1) == 1 ? byte : nil
    }
}

/// Makes keys of the bytes that a terminal sends: UTF-8, and escape sequences for keys that are no characters.
struct KeyDecoder {
    /// The next byte; `nil` at the end of input, or, where the caller is not patient, where none comes at once.
    let byte: (_ isPatient: Bool) -> UInt8?
    /// A byte that was read and belongs to the next key.
    private var pending: UInt8?

    init(_ byte: @escaping (_ isPatient: Bool) -> UInt8?) {
        self.byte = byte
    }

    /// The next key that means something; `nil` at the end of input and for Ctrl-D.
    mutating func next() -> Keyboard.Key? {
        while let first = take(isPatient: true) {
            switch first {
            case 0x04: return nil
            case 0x0A, 0x0D: return .enter
            case 0x08, 0x7F: return .backspace
            case 0x1B: if isEscapeAlone() { return .escape }
            case 0x20...0x7E: return .character(Character(Unicode.Scalar(first)))
            case 0xC2...0xF4: if let character = character(after: first) { return .character(character) }
            // Other control characters, and what can begin no character, are passed over.
            default: continue
            }
        }
        return nil
    }

    private mutating func take(isPatient: Bool) -> UInt8? {
        defer { pending = nil }
        return pending ?? byte(isPatient)
    }

    /// The rest of a character of several bytes; what does not go on as it should is passed over.
    private mutating func character(after first: UInt8) -> Character? {
        var bytes = [first]
        let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        while bytes.count < count {
            guard let more = take(isPatient: true) else { return nil }
            guard more & 0xC0 == 0x80 else {
                pending = more
                return nil
            }
            bytes.append(more)
        }
        return String(validating: bytes, as: UTF8.self)?.first
    }

    /// Whether an escape was the key itself.
    ///
    /// Otherwise an arrow or function key sent it, and what belongs to that is read and passed over.
    private mutating func isEscapeAlone() -> Bool {
        guard let second = take(isPatient: false) else { return true }
        guard second == UInt8(ascii: "[") || second == UInt8(ascii: "O") else {
            pending = second
            return true
        }
        // A sequence ends with the first letter or “~” (ECMA-48).
        while let more = take(isPatient: false) { if (0x40...0x7E).contains(more) { break } }
        return false
    }
}
