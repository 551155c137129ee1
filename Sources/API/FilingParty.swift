import Casework
import Foundation
import HTTPTypes
import Store

/// Who files: anyone, an officer, or an organisation with a key.
struct FilingParty: Sendable {
    /// Whose idempotency keys these are.
    let principal: String
    let actor: Actor
    let channel: Channel
    /// Whose own references are held against them; anyone's are not.
    let filedBy: UUID?
    /// Whether a filing may be said to have come before today.
    let mayBackdate: Bool

    static let anyone = FilingParty(
        principal: "anonymous", actor: Actor(.complainant), channel: .public, filedBy: nil, mayBackdate: false)
}

extension Context {
    /// - Throws: ``Problem`` 403 where this officer, or this key, does not file.
    func filingParty() throws -> FilingParty {
        if filer != nil { return FilingParty(try self.filer(for: .file)) }
        guard officer != nil else { return .anyone }
        let officer = try officer(for: .file)
        return FilingParty(
            principal: "officer:\(officer.id.uuidString)", actor: officer.actor, channel: .officer,
            filedBy: officer.id, mayBackdate: true)
    }

    /// Who sends whole files: an officer or a filer, never anyone.
    ///
    /// - Throws: ``Problem`` 401 or 403.
    func importingParty() throws -> FilingParty {
        if filer != nil { return FilingParty(try self.filer(for: .import)) }
        _ = try signedIn()
        return try filingParty()
    }
}

extension FilingParty {
    fileprivate init(_ filer: FilerBearer) {
        self.init(
            principal: "filer:\(filer.filer.uuidString)", actor: filer.actor, channel: .filer, filedBy: filer.filer,
            mayBackdate: filer.scopes.contains(.history))
    }
}
