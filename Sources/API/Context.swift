import Casework
import Foundation
public import Hummingbird
import Logging
import Store
import Synchronization

/// Who a request comes from.
enum Caller: Sendable {
    case anyone
    case officer(Officer)
    /// By a company's own key.
    case company(CompanyBearer)
    /// An organisation that files, by its key.
    case filer(FilerBearer)
}

/// What a handler knows about a request besides the request.
public struct Context: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Ours, not the client's: what a problem and the log line share.
    let requestID: UUID
    private let found = FoundCaller()
    var token: String?
    /// Of the address that asks, as far as anyone may say; the address itself is not kept.
    var network: String
    /// Who opened the connection.
    let peer: String

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = .v7(at: Date())
        peer = source.channel.remoteAddress?.ipAddress ?? ""
        network = networkPrefix(of: peer)
    }

    /// Who asks; set once, by ``Authentication``.
    ///
    /// Each middleware works with a copy of the context of its own. All of them share this value, so that the request log,
    /// which is the outermost, names the caller too.
    var caller: Caller {
        get { found.caller.withLock { $0 } }
        nonmutating set { found.caller.withLock { $0 = newValue } }
    }

    var officer: Officer? { if case .officer(let officer) = caller { officer } else { nil } }
    private var company: CompanyBearer? { if case .company(let company) = caller { company } else { nil } }
    var filer: FilerBearer? { if case .filer(let filer) = caller { filer } else { nil } }

    /// Whether the request is authenticated.
    private var isKnown: Bool { if case .anyone = caller { false } else { true } }

    /// - Throws: ``Problem`` 401 where nobody has signed in, 403 where it is no officer.
    func signedIn() throws -> Officer {
        guard let officer else { throw isKnown ? Problem.otherKey("officers") : Problem.unauthenticated }
        return officer
    }

    /// - Throws: ``Problem`` 401, or `Refusal` where the role does not give the right.
    func officer(for permission: Permission) throws -> Officer {
        let officer = try signedIn()
        guard officer.role.may(permission) else {
            throw Refusal.forbidden(action: permission.rawValue, role: officer.role)
        }
        return officer
    }

    /// - Throws: ``Problem`` 401, or 403 where the key may not be used for this.
    func company(for scope: CompanyBearer.Scope) throws -> CompanyBearer {
        guard let company else { throw isKnown ? Problem.otherKey("companies with a key") : Problem.unauthenticated }
        guard company.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "scope-missing", "Not with this key",
                "The key “\(company.keyName)” lacks the scope “\(scope.rawValue)”; ask the authority for one that has it."
            )
        }
        return company
    }

    /// - Throws: ``Problem`` 401, or 403 where it is no filer.
    func signedInFiler() throws -> FilerBearer {
        guard let filer else { throw isKnown ? Problem.otherKey("filers with a key") : Problem.unauthenticated }
        return filer
    }

    /// - Throws: ``Problem`` 401, or 403 where the key may not be used for this.
    func filer(for scope: FilerBearer.Scope) throws -> FilerBearer {
        let filer = try signedInFiler()
        guard filer.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "scope-missing", "Not with this key",
                "This key of \(filer.name) lacks the scope “\(scope.rawValue)”; ask the authority for one that has it.")
        }
        return filer
    }

    /// - Throws: ``Problem`` where the reference cannot be one.
    func reference() throws -> Reference {
        let text = segment("reference") ?? ""
        guard let reference = Reference(text) else { throw Problem.badReference(text) }
        return reference
    }

    /// A part of the address, however it was written: `%2D` and `-` are the same.
    func segment(_ name: String) -> String? {
        parameters.get(name).map { $0.removingPercentEncoding ?? $0 }
    }

    func campaign() -> String { segment("campaign") ?? "" }

    /// - Throws: ``Problem`` where the number is none.
    func barrierNumber() throws -> Int { try number(of: "barrier") }

    /// - Throws: ``Problem`` where the number is none.
    func number(of kind: String, in segment: String = "number") throws -> Int {
        let text = self.segment(segment) ?? ""
        guard let number = Int(text), number > 0, number <= Int(Int32.max) else {
            throw Problem.notFound("\(kind) \(text)")
        }
        return number
    }
}

extension Context {
    /// What is told of one part of a request that failed by itself; where it is our fault, the log has the cause.
    ///
    /// - Parameters:
    ///   - error: Why it failed.
    ///   - part: Which part it was, for the log.
    /// - Returns: What is told of it.
    func problem(_ error: any Error, of part: String) -> Problem {
        let problem = Problem(error)
        if let cause = problem.cause {
            logger.error(
                "part of a request failed",
                metadata: ["request_id": "\(requestID.text)", "part": "\(part)", "error": "\(cause)"])
        }
        return problem
    }
}

/// The place where the copies of one context keep who asks.
private final class FoundCaller: Sendable {
    let caller = Mutex(Caller.anyone)
}
