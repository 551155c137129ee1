public import Foundation

/// In what capacity someone acts.
public enum Role: String, Sendable, CaseIterable, Codable {
    case officer
    case supervisor
    case auditor
    case admin
    case complainant
    case company
    case filer
    case system

    /// The roles a member of the authority's staff can hold.
    public static let ofOfficers: [Role] = [.officer, .supervisor, .auditor, .admin]
}

/// Who acts: the role that gives the right, and the person or company behind it.
public struct Actor: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case officer
        case complainant
        case company
        case filer
        case system
    }

    public var role: Role
    /// The officer's or filer's id; `nil` for the system and for a complainant, who is known by the case alone.
    public var id: UUID?
    /// The offices whose cases an officer may change; `nil` is all of them.
    public var offices: Set<String>?

    public init(_ role: Role, id: UUID? = nil, offices: Set<String>? = nil) {
        self.role = role
        self.id = id
        self.offices = offices
    }

    public static let system = Actor(.system)

    /// - Throws: `Refusal.wrongOffice` where the case is another office's.
    public func check(office: String) throws(Refusal) {
        guard kind == .officer, let offices, !offices.contains(office) else { return }
        throw .wrongOffice(office)
    }

    public var kind: Kind {
        switch role {
        case .officer, .supervisor, .auditor, .admin: .officer
        case .complainant: .complainant
        case .company: .company
        case .filer: .filer
        case .system: .system
        }
    }
}
