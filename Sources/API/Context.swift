import Casework
import Foundation
public import Hummingbird
import Store

/// What a handler knows about a request besides the request.
public struct Context: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Ours, not the client's: what a problem and the log line share.
    let requestID: UUID
    var officer: Officer?
    var token: String?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = .v7(at: Date())
    }

    /// - Throws: ``Problem`` 401 where nobody has signed in.
    func signedIn() throws -> Officer {
        guard let officer else { throw Problem.unauthenticated }
        return officer
    }

    /// - Throws: ``Problem`` 401, or 403 where the role does not read cases.
    func reader() throws -> Officer {
        let officer = try signedIn()
        guard [.officer, .supervisor, .auditor].contains(officer.role) else {
            throw Refusal.forbidden(action: "read", role: officer.role)
        }
        return officer
    }

    /// - Throws: ``Problem`` where the reference cannot be one.
    func reference() throws -> Reference {
        let text = parameters.get("reference") ?? ""
        guard let reference = Reference(text) else { throw Problem.badReference(text) }
        return reference
    }

    func campaign() -> String { parameters.get("campaign") ?? "" }

    /// - Throws: ``Problem`` where the number is none.
    func barrierNumber() throws -> Int {
        let text = parameters.get("number") ?? ""
        guard let number = Int(text), number > 0 else { throw Problem.notFound("barrier \(text)") }
        return number
    }
}
