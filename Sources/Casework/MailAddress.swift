/// A mail address in its one form, whatever full stop, at sign or form of its host an input method gave.
public struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address in ordinary signs and small letters, its host as A-labels (RFC 5890).
    public let description: String

    /// - Returns: `nil` for what can be no address: not one at sign, no name before it, a name with blanks or quotes, or a
    ///   host that cannot exist (RFC 5321, 4.1.2; RFC 6531 for names that are not ASCII).
    public init?(_ typed: String) {
        var text = typed.folded.replacing(/^\s+|\s+$/, with: "").replacing(/[。｡]/, with: ".")
        if text.hasPrefix("mailto:") { text.removeFirst("mailto:".count) }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isName(parts[0]), let host = WebHost.ascii(String(parts[1])), Self.isHost(host)
        else { return nil }
        description = "\(parts[0])@\(host)"
    }

    private static func isName(_ name: Substring) -> Bool {
        let atoms = name.split(separator: ".", omittingEmptySubsequences: false)
        return name.utf8.count <= 64
            && atoms.allSatisfy { $0.wholeMatch(of: /[a-z0-9!#$%&'*+\/=?^_`{|}~\-\p{L}\p{M}\p{N}]+/) != nil }
    }

    private static func isHost(_ host: String) -> Bool {
        let labels = host.split(separator: ".")
        return labels.count >= 2 && !WebHost.isNumeric(host)
            && labels.allSatisfy { $0.wholeMatch(of: /[a-z0-9]([a-z0-9\-]*[a-z0-9])?/) != nil }
    }
}
