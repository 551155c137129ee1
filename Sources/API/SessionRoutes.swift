import Casework
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Store

/// How officers sign in and out, and what they sign in with.
struct SessionRoutes {
    let service: Service

    var routes: [Route] {
        [
            Route(.get, "/v1/session", isBrief: true, show),
            Route(.post, "/v1/session", begin),
            Route(.delete, "/v1/session", end),
            Route(.get, "/v1/session/directory", directory),
            Route(.post, "/v1/session/directory", beginShown),
            Route(.put, "/v1/session/password", setPassword),
            Route(.post, "/v1/session/second-factor", newSecondFactor),
            Route(.post, "/v1/session/second-factor/confirmation") { request, context in
                try await changeSecondFactor(request, context, isOn: true)
            },
            Route(.post, "/v1/session/second-factor/removal") { request, context in
                try await changeSecondFactor(request, context, isOn: false)
            },
        ]
    }

    @Sendable func show(_ request: Request, context: Context) async throws -> Response {
        try .json(SessionBody(try context.signedIn()))
    }

    /// Name, password and code for a token.
    @Sendable func begin(_ request: Request, context: Context) async throws -> Response {
        let body = try await Body(request)
        let name = body.reader.requiredText("name", limit: 40)
        let password = body.reader.requiredText("password", limit: PasswordHash.length.upperBound)
        let code = body.reader.text("code", limit: 10)
        let device = body.reader.text("device", limit: 100)
        try body.finish()
        let isKnown = if let device { try await service.signIn.knows(device, of: name) } else { false }
        // Guesses from elsewhere use up a quota that the officer's own machines do not need.
        let session = try await guess(isKnown ? device ?? "" : name) {
            try await service.signIn.begin(name, password, code, isKnown: isKnown, at: service.now())
        }
        return try .json(SessionBegunBody(session), status: .created)
    }

    /// Where officers of this authority sign in, where they do so in its own directory.
    @Sendable func directory(_ request: Request, context: Context) async throws -> Response {
        guard let directory = service.directory else {
            throw Problem.notFound("directory to sign in with here: directory.issuer names none")
        }
        return try .json(
            DirectoryBody(issuer: directory.settings.issuer, clientID: directory.settings.clientID))
    }

    /// A token of the directory for one of ours.
    @Sendable func beginShown(_ request: Request, context: Context) async throws -> Response {
        guard let directory = service.directory else {
            throw Problem.notFound("directory to sign in with here: directory.issuer names none")
        }
        let body = try await Body(request)
        let token = body.reader.requiredText("id_token", limit: 16_384)
        let nonce = body.reader.text("nonce", limit: 200)
        try body.finish()
        let now = service.now()
        let person: PeopleDirectory.Person
        do {
            person = try await directory.person(from: token, nonce: nonce, at: now)
        } catch let refused as PeopleDirectory.Refused {
            // What was wrong with it helps the operator, and nobody else.
            context.logger.notice("a token of the directory was refused", metadata: ["why": "\(refused)"])
            throw SignInError.wrong
        } catch is PeopleDirectory.Unreachable {
            throw Problem.overloaded("The directory does not answer; try again in a moment.", retryAfter: 10)
        }
        let session = try await service.signIn.begin(
            shownAs: person.name, person.subject, by: directory.settings.issuer, token, until: person.expiresAt, at: now
        )
        return try .json(SessionBegunBody(session), status: .created)
    }

    @Sendable func end(_ request: Request, context: Context) async throws -> Response {
        _ = try context.signedIn()
        guard let token = context.token else { throw Problem.unauthenticated }
        try await service.databases.work.transaction { db in try db.revokeToken(token) }
        return Response(status: .noContent)
    }

    /// Ends all other sessions and tokens of the officer.
    @Sendable func setPassword(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.signedIn()
        let body = try await Body(request)
        let old = body.reader.requiredText("old", limit: PasswordHash.length.upperBound)
        let password = body.reader.requiredText("new", limit: PasswordHash.length.upperBound)
        if let fault = PasswordHash.fault(in: password, of: officer.name) { body.reader.fault("new", "weak", fault) }
        if old == password { body.reader.fault("new", "same", "is the old one") }
        try body.finish()
        try await guess("session of \(officer.name)") {
            try await service.signIn.setPassword(
                password, old: old, of: officer.name, keeping: context.token, at: service.now())
        }
        return Response(status: .noContent)
    }

    @Sendable func newSecondFactor(_ request: Request, context: Context) async throws -> Response {
        let officer = try context.signedIn()
        let body = try await Body(request)
        let password = body.reader.requiredText("password", limit: PasswordHash.length.upperBound)
        try body.finish()
        let factor = try await guess("session of \(officer.name)") {
            try await service.signIn.newSecondFactor(of: officer, password: password)
        }
        return try .json(
            SecondFactorBody(secret: factor.secretText, uri: factor.uri(of: officer.name, issuer: "Rectify")),
            status: .created)
    }

    private func changeSecondFactor(_ request: Request, _ context: Context, isOn: Bool) async throws -> Response {
        let officer = try context.signedIn()
        let body = try await Body(request)
        let code = body.reader.requiredText("code", limit: 10)
        try body.finish()
        try await guess("session of \(officer.name)") {
            try await service.signIn.changeSecondFactor(of: officer, isOn: isOn, code: code, at: service.now())
        }
        return Response(status: .noContent)
    }

    /// Does what can be guessed, as long as there were not too many wrong guesses; what was right is given back.
    ///
    /// Counted before it is known, so that many at once are no more than one after another.
    private func guess<Value: Sendable>(_ whose: String, _ body: () async throws -> Value) async throws -> Value {
        let policy = service.limits.guessing
        let state = service.limits.take(policy, by: whose, at: service.now())
        guard state.isAllowed else { throw Problem.quotaExceeded(policy, policy.fields(state)) }
        do {
            let value = try await body()
            service.limits.giveBack(policy, by: whose)
            return value
        } catch {
            if error as? SignInError != .wrong { service.limits.giveBack(policy, by: whose) }
            throw error
        }
    }
}

extension SessionBody {
    fileprivate init(_ officer: Officer) {
        self.init(name: officer.name, role: officer.role, office: officer.office)
    }
}

extension SessionBegunBody {
    fileprivate init(_ session: SignIn.Session) {
        self.init(
            session: SessionBody(session.officer), token: session.token.secret, expiresAt: session.token.expiresAt,
            mustChangePassword: session.mustChangePassword, device: session.device)
    }
}
