/// Who a complainant is.
///
/// Kept sealed, shown masked.
public struct Identity: Sendable, Hashable, Codable {
    public var name: String?
    public var phone: String?
    public var email: String?

    public init(name: String? = nil, phone: String? = nil, email: String? = nil) {
        self.name = name
        self.phone = phone
        self.email = email
    }

    public var isEmpty: Bool { name == nil && phone == nil && email == nil }

    /// What the telephone number is found by; `nil` where it is none.
    public var phoneKey: String? { phone.flatMap(Telephone.init)?.key }

    /// What the mail address is found by; `nil` where it is none.
    public var emailKey: String? { email.flatMap(MailAddress.init)?.description }

    /// As much as an officer needs to recognise the person on the telephone; nothing at all of a minor.
    public func masked(isMinor: Bool) -> Identity {
        guard !isMinor else {
            return Identity(
                name: name.map { _ in "***" }, phone: phone.map { _ in "***" }, email: email.map { _ in "***" })
        }
        return Identity(
            name: name.map { $0.prefix(1) + "**" }.map(String.init),
            phone: phone.map { $0.count < 8 ? "****" : "\($0.prefix(3))****\($0.suffix(2))" },
            email: email.map { address in
                guard let at = address.firstIndex(of: "@") else { return "***" }
                return "\(address.prefix(1))***\(address[at...])"
            })
    }
}
