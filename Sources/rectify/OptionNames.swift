import ArgumentParser

/// The options of a command, by which a user knows what the server knows as members and parameters.
struct OptionNames {
    private let options: Set<Substring>

    /// Of no command: only parameters of a query are named as options.
    init() { options = [] }

    init(of command: any ParsableCommand.Type) {
        let help = command.helpMessage(includeHidden: true, columns: 1000)
        options = Set(help.matches(of: /--([a-z][a-z\-]*)/).map(\.output.1))
    }

    /// Members that an option of another name fills.
    private static let others: [Substring: [String]] = [
        "effective_on": ["on"], "observed_on": ["on"], "closed_on": ["on"], "due_on": ["by"],
        "respondent_platform": ["respondent", "platform"], "target_platform": ["target"], "payment_method": ["method"],
        "purpose": ["deadline"], "number": ["barrier"], "barriers": ["barrier"], "fields": ["field"],
        "reason": ["text"],
        "new": ["password"],
    ]

    /// A sentence that begins with the place of a fault, with the option in its place: `#/effective_on has not come yet` is
    /// `--on has not come yet`.
    ///
    /// What the command has no option for, such as a member of a file that it sends, stays as it is.
    func named(in text: String) -> String {
        guard let found = text.prefixMatch(of: /([#?])\/(\S+)/) else { return text }
        let parts = found.output.2.split(separator: "/")
        // An element of a list came from an option that is repeated.
        let isListed = parts.count == 2 && Int(parts[1]) != nil
        guard let member = parts.first, parts.count == 1 || isListed else { return text }
        let typed = String(member.replacing("_", with: "-"))
        let known = ([typed] + (Self.others[member] ?? [])).first { options.contains($0[...]) }
        guard let name = known ?? (found.output.1 == "?" ? typed : nil) else { return text }
        return "--\(name)" + text[found.range.upperBound...]
    }
}

/// A number of things in words: “1 checkpoint”, “2 checkpoints”.
///
/// - Parameters:
///   - count: How many there are.
///   - one: The name of one.
///   - many: The name of several, where that is not the other with an “s”.
/// - Returns: Number and name.
func quantity(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
}
