/// What the name of an officer may not be.
///
/// The database checks its letters and its length.
public enum OfficerName {
    /// Words that mean something else where a name is read or shown: values of filters and commands (`none`, `me`, and what
    /// people expect beside them), and the kinds of actors that history shows.
    public static let reserved: Set<String> = [
        "all", "any", "anyone", "company", "complainant", "everyone", "filer", "me", "mine", "nobody", "none", "null",
        "system", "unassigned",
    ]

    /// What names have in common that people take for one another: `0` looks like `o`, and `1` and a capital `I` like `l`.
    ///
    /// - Parameter name: As it is typed.
    /// - Returns: A key to compare; not to be shown.
    public static func likeness(of name: String) -> String {
        name.replacing("I", with: "l").folded.replacing("0", with: "o").replacing("1", with: "l")
    }
}
