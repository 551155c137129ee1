/// A table for people, lined up also where Chinese stands beside Latin.
public struct TextTable: Sendable {
    public enum Alignment: Sendable {
        case left
        case right
    }

    public struct Column: Sendable {
        public var title: String
        public var alignment: Alignment

        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    public var columns: [Column]
    public var rows: [[String]]

    public init(_ columns: [Column], _ rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Lines under a heading.
    ///
    /// - Parameters:
    ///   - width: So many columns of the terminal at the most: a last column of text is cut, to eight; what still does not
    ///     fit goes on below, under its first column again.
    ///   - hasHeader: Whether the titles stand above.
    /// - Returns: The lines; none where there is neither a heading nor a row.
    public func lines(width: Int? = nil, hasHeader: Bool = true) -> [String] {
        let cells = rows.map { $0.map { printable($0) } }
        let titles = columns.map { $0.title.uppercased() }
        var widths = columns.indices.map { index in
            ((hasHeader ? [titles] : []) + cells).map { displayWidth($0[index]) }.max() ?? 0
        }
        let natural = widths
        if let width, let last = widths.indices.last, columns[last].alignment == .left {
            let others = widths.dropLast().reduce(0) { $0 + $1 + 2 }
            widths[last] = min(widths[last], max(8, width - others))
        }
        if let width, widths.reduce(0, { $0 + $1 + 2 }) - 2 > width {
            // It stands in another line then, where there is room.
            if let last = widths.indices.last { widths[last] = natural[last] }
            widths[0] = min(widths[0], max(8, width / 2))
            for index in widths.indices.dropFirst() {
                widths[index] = min(widths[index], max(8, width - widths[0] - 2))
            }
        }
        func line(_ cells: [String], _ part: [Int]) -> String {
            let padded = part.map { index in
                let cell = cut(cells[index], to: widths[index])
                let space = String(repeating: " ", count: max(0, widths[index] - displayWidth(cell)))
                return columns[index].alignment == .left ? cell + space : space + cell
            }
            return padded.joined(separator: "  ").trimmingTrailingSpace
        }
        return parts(widths, width).flatMap { part in
            (hasHeader ? [line(titles, part)] : []) + cells.map { line($0, part) }
        }
    }

    /// Which columns stand beside one another: all, or as many as fit, each time with the first.
    private func parts(_ widths: [Int], _ width: Int?) -> [[Int]] {
        guard let width, let first = widths.first else { return [Array(widths.indices)] }
        var parts = [[0]]
        var used = first
        for index in widths.indices.dropFirst() {
            if used + 2 + widths[index] > width, parts[parts.count - 1].count > 1 {
                parts.append([0])
                used = first
            }
            parts[parts.count - 1].append(index)
            used += 2 + widths[index]
        }
        return parts
    }

    private func cut(_ text: String, to width: Int) -> String {
        guard displayWidth(text) > width else { return text }
        var kept = ""
        var used = 0
        for character in text {
            let next = displayWidth(String(character))
            if used + next > width - 1 { break }
            kept.append(character)
            used += next
        }
        return kept + "…"
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}

/// A text in lines of so many columns at the most, parted between words where there are any.
public func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for character in printable(text) {
        guard displayWidth(line) + displayWidth(String(character)) > width, !line.isEmpty else {
            line.append(character)
            continue
        }
        if character == " " {
            lines.append(line)
            line = ""
        } else if let space = line.lastIndex(of: " "), displayWidth(String(line[..<space])) > width / 2 {
            lines.append(String(line[..<space]))
            line = line[line.index(after: space)...] + String(character)
        } else {
            lines.append(line)
            line = String(character)
        }
    }
    return lines + [line]
}

/// Columns a text takes in a terminal: two for East Asian wide characters and emoji, none for marks.
public func displayWidth(_ text: String) -> Int {
    text.reduce(0) { $0 + width(of: $1) }
}

private func width(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if character.unicodeScalars.count > 1, first.properties.isEmoji, first.value > 0x238C { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch first.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
        return 2
    default:
        return first.properties.isEmojiPresentation ? 2 : 1
    }
}
