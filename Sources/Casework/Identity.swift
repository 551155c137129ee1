import Foundation

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

    /// The mainland number without country code and signs; other numbers as their digits.
    public var normalisedPhone: String? {
        guard let phone else { return nil }
        var digits = String(
            phone.unicodeScalars.compactMap { $0.properties.numericType == .decimal ? $0 : nil }.map {
                Character(String(Int($0.properties.numericValue ?? 0)))
            })
        for code in ["0086", "86"] where digits.count == 11 + code.count && digits.hasPrefix(code) {
            digits.removeFirst(code.count)
        }
        return digits.isEmpty ? nil : digits
    }

    public var normalisedEmail: String? {
        email?.precomposedStringWithCompatibilityMapping.lowercased().filter { !$0.isWhitespace }
    }

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
