import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign in with a token, with name and password, or in the authority's directory.",
        discussion: """
            Token, password and code are read from a prompt, or from standard input, a line each, and are never arguments:
            those show in the list of processes.

            rectify officer add zhang --role officer | rectify login      with a token
            rectify login --name zhang                                    with a password and, where there is one, a code
            rectify login --directory                                     in the directory, by a browser on this machine
            rectify login --directory --device                            in the directory, by a browser anywhere
            """)

    @Option(help: "Your name, to sign in with a password.")
    var name: String?

    @Flag(help: "Sign in in the authority's own directory.")
    var directory = false

    @Flag(help: "With --directory: by a browser on another machine, with a code to type.")
    var device = false

    @Option(help: "With --directory: the port on this machine that the browser comes back to; left out, a free one.")
    var callbackPort = 0

    @OptionGroup var options: ClientOptions

    func validate() throws {
        if directory, name != nil { throw ValidationError("--directory and --name are two ways: give one.") }
        if device, !directory { throw ValidationError("--device goes with --directory.") }
    }

    func run() async throws {
        let address = try options.address
        // What can fail on this machine is tried first: a code or a directory's token is taken once.
        try TokenFile().checkWritable()
        var settings = try ClientSettings.read()
        // It is replaced; what cannot be read of it is not revoked, as after a lost file.
        let replaced = try? TokenFile().kept()
        let (token, session) =
            if directory {
                try await signInInDirectory()
            } else if let name { try await signIn(as: name) } else { try await showToken() }
        try TokenFile().write(token, for: address, name: session.name)
        if let server = options.server {
            settings.server = server
            try settings.write()
        }
        Terminal.note("signed in to \(address) as \(session.name), \(session.role.rawValue)")
        if let replaced, let words = Self.words(about: replaced, at: address, now: session.name) {
            Terminal.note(words)
        }
    }

    /// Whose session on this machine the new one replaces; `nil` where it is the same officer's at the same server.
    private static func words(about old: TokenFile.Kept, at address: String, now name: String) -> String? {
        let place = old.server == address ? "" : " at \(old.server)"
        switch old.name {
        case name? where place.isEmpty: return nil
        case let other?: return "this replaces the session of \(other)\(place)"
        case nil: return "this replaces the session that was kept here\(place)"
        }
    }

    private func showToken() async throws -> (String, SessionBody) {
        let token = try Terminal.secret("Token")
        do {
            let session: SessionBody = try await client(token) { client in try await client.get("/v1/session") }
            return (token, session)
        } catch let error where (error as? ProblemBody)?.status != 401 {
            Terminal.note(
                "The token was not used up. If it is not kept anywhere, the operator makes another: "
                    + "rectify officer token NAME")
            throw error
        }
    }

    private func signInInDirectory() async throws -> (String, SessionBody) {
        let found: DirectoryBody = try await client(nil) { client in try await client.get("/v1/session/directory") }
        let directory = try await DirectorySignIn(found)
        var shown: [String: JSON]
        if device {
            let code = try await directory.deviceCode()
            Terminal.note("open \(code.verificationURIComplete ?? code.verificationURI) and type \(code.userCode)")
            shown = ["id_token": .string(try await directory.token(for: code))]
        } else {
            shown = try await LoopbackListener.listening(on: callbackPort) { redirect, code in
                let attempt = try directory.attempt(redirect: redirect)
                Terminal.note("open this in a browser on this machine:\n\(attempt.address)")
                let token = try await directory.token(for: try await code(attempt.state), of: attempt)
                return ["id_token": .string(token), "nonce": .string(attempt.nonce)]
            }
        }
        let begun: SessionBegunBody = try await client(nil) { [shown] client in
            try await client.act(on: "/v1/session/directory", version: nil, shown)
        }
        return (begun.token, SessionBody(name: begun.name, role: begun.role, office: begun.office))
    }

    private func signIn(as name: String) async throws -> (String, SessionBody) {
        var body: [String: JSON] = ["name": .string(name), "password": .string(try Terminal.secret("Password"))]
        if let device = try TokenFile.device.read(for: try options.address) { body["device"] = .string(device) }
        let begun: SessionBegunBody
        do {
            begun = try await begin(body)
        } catch let problem as ProblemBody where problem.code == "code-needed" {
            body["code"] = .string(try Terminal.secret("Code of the second factor"))
            begun = try await begin(body)
        }
        // Without it the next sign-in counts as one from an unknown machine, and works all the same.
        if let device = begun.device { try? TokenFile.device.write(device, for: try options.address, name: name) }
        if begun.mustChangePassword {
            Terminal.note("set a password of your own before anything else: rectify password")
        }
        return (begun.token, SessionBody(name: begun.name, role: begun.role, office: begun.office))
    }

    private func begin(_ body: [String: JSON]) async throws -> SessionBegunBody {
        try await client(nil) { client in try await client.act(on: "/v1/session", version: nil, body) }
    }

    private func client<Value>(_ token: String?, _ body: (Client) async throws -> Value) async throws -> Value {
        let client = Client(server: try options.address, token: token)
        do {
            let value = try await body(client)
            try await client.close()
            return value
        } catch {
            // The first error is the one to tell.
            try? await client.close()
            throw error
        }
    }
}

struct PasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Set another password; all other sessions and tokens of yours end.",
        discussion: "The old and the new one are read from a prompt, or from standard input, a line each.")

    @OptionGroup var options: ClientOptions

    func run() async throws {
        let old = try Terminal.secret("Old password")
        let new = try Terminal.newPassword()
        try await options.withClient { client in
            try await client.tell("PUT", "/v1/session/password", ["old": .string(old), "new": .string(new)])
        }
        Terminal.note("the password is set")
    }
}

struct SecondFactor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "second-factor", abstract: "Use codes of an application besides the password, or stop that.",
        discussion: """
            The secret goes into an application for codes (RFC 6238), by hand or as a picture of the otpauth address. It is in
            use once a code was typed.
            """)

    @Flag(help: "Take the second factor away; needs a code of it.")
    var remove = false

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            let path = "/v1/session/second-factor"
            if !remove {
                let password = JSON.string(try Terminal.secret("Password"))
                let factor: SecondFactorBody = try await client.act(on: path, version: nil, ["password": password])
                Terminal.write(lines: [factor.secret, factor.uri])
            }
            let code = JSON.string(try Terminal.secret("Code"))
            try await client.tell("POST", path + (remove ? "/removal" : "/confirmation"), ["code": code])
        }
        Terminal.note(
            remove ? "the password alone is enough now" : "from now on a code is asked for, another one each time")
    }
}

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign out: revoke the token and forget it.")

    @OptionGroup var options: ClientOptions

    func run() async throws {
        guard try TokenFile().kept() != nil else { return Terminal.note("nobody is signed in") }
        do {
            try await options.withClient { client in try await client.endSession() }
        } catch let problem as ProblemBody where problem.status == 401 {
            Terminal.note("the token had ended before")
        }
        try TokenFile().remove()
        Terminal.note("signed out")
    }
}

struct WhoAmI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Say who is signed in, and with which role.")

    @OptionGroup var options: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session: SessionBody = try await options.withClient { client in try await client.get("/v1/session") }
        try output.write(
            session, name: session.name,
            fields: [
                ("Name", session.name), ("Role", session.role.rawValue), ("Office", session.office),
                ("Server", try options.address),
            ])
    }
}
