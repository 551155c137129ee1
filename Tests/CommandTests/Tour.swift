import Foundation
import TestSupport

/// The guided tour of the README: its commands, in order, with what it says they print.
struct Tour {
    struct Step {
        let command: String
        /// Empty where the README shows nothing of it.
        let shown: String
    }

    let steps: [Step]

    init(readme: String) {
        let tour = readme.components(separatedBy: "\n## ").first { $0.hasPrefix("A guided tour") } ?? ""
        var steps: [Step] = []
        // Every other part lies between fences.
        for (index, part) in tour.components(separatedBy: "```").enumerated() where index % 2 == 1 {
            guard part.hasPrefix("console\n") else { continue }
            steps += Self.steps(of: part.dropFirst("console\n".count).components(separatedBy: "\n"))
        }
        self.steps = steps
    }

    private static func steps(of lines: [String]) -> [Step] {
        var steps: [Step] = []
        var (command, shown): (String?, [String]) = (nil, [])
        func step() -> [Step] {
            command.map { [Step(command: $0, shown: shown.joined(separator: "\n").trimmed)] } ?? []
        }
        for line in lines {
            if line.hasPrefix("$ ") {
                steps += step()
                (command, shown) = (String(line.dropFirst(2)), [])
            } else if let begun = command, shown.isEmpty, begun.goesOn {
                command = begun + "\n" + line
            } else {
                shown.append(line)
            }
        }
        return steps + step()
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }

    /// Whether a shell waits for more: after a backslash, or within quotes.
    fileprivate var goesOn: Bool {
        hasSuffix("\\") || count { $0 == "'" } % 2 == 1
    }
}

/// What the README says is printed, held against what is.
///
/// Moments, ids, codes, digests and sizes fit any other of their kind, “…” fits anything, and how far columns are apart
/// does not matter. Where the README names the same moment or code again, it is the same one.
final class TourText {
    private static let kinds = [
        #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"#,
        #"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"#,
        #"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}-[0-9A-Z]"#,
        #"\d{8}T\d{6}Z-[0-9a-f]{4}"#,
        #"[A-Za-z0-9+/]{43}="#,
        #"[0-9A-F]{8}-(?=…)"#,
        #"\b(?=[0-9]*[a-f])[0-9a-f]{8,64}\b"#,
        // Days of today; those of the campaign are as they are.
        #"\b(?!2021|2022)\d{4}-\d\d-\d\d\b"#,
        #"\d+(?:\.\d+)? MB"#,
    ]

    /// What stands in the README, and what it was in this run.
    private var known: [String: String] = [:]

    /// A command of the README with the codes and moments of this run.
    func current(_ text: String) -> String {
        known.reduce(text) { $0.replacing($1.key, with: $1.value) }
    }

    /// Whether it is what was shown; what is new in it is remembered.
    func fits(_ printed: String, _ shown: String) throws -> Bool {
        var (pattern, tokens) = ("", [String]())
        let whole = NSRange(shown.startIndex..., in: shown)
        var place = shown.startIndex
        let volatile = try NSRegularExpression(pattern: Self.kinds.joined(separator: "|"))
        for match in volatile.matches(in: shown, range: whole) {
            guard let range = Range(match.range, in: shown) else { continue }
            let token = String(shown[range])
            pattern += Self.literal(shown[place..<range.lowerBound])
            if let current = known[token] {
                pattern += NSRegularExpression.escapedPattern(for: current)
            } else if let kind = Self.kinds.first(where: { Self.isWhole(token, of: $0) }) {
                pattern += "(\(kind.replacing("(?=…)", with: "")))"
                tokens.append(token)
            }
            place = range.upperBound
        }
        pattern += Self.literal(shown[place...])
        let text = printed.trimmed
        let range = NSRange(text.startIndex..., in: text)
        guard let match = try NSRegularExpression(pattern: "\\A\(pattern)\\z").firstMatch(in: text, range: range) else {
            return false
        }
        for (index, token) in tokens.enumerated() {
            // Days and sizes come again and are not the same.
            guard token.count >= 16, let range = Range(match.range(at: index + 1), in: text) else { continue }
            known[token] = String(text[range])
        }
        return true
    }

    private static func isWhole(_ token: String, of kind: String) -> Bool {
        (token + "…").range(of: "\\A(?:\(kind))(?:…|\\z)", options: .regularExpression) != nil
    }

    /// Words as they stand; any space is as good as any other, and “…” is whatever there is.
    private static func literal(_ text: Substring) -> String {
        text.replacing(/\s*…\s*/, with: "…").split(separator: "…", omittingEmptySubsequences: false).map { part in
            part.replacing(/\s+/, with: " ").split(separator: " ", omittingEmptySubsequences: false)
                .map { NSRegularExpression.escapedPattern(for: String($0)) }.joined(separator: "\\s+")
        }.joined(separator: "[\\s\\S]*?")
    }
}
