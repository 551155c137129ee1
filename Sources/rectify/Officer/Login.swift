import ArgumentParser
import Casework
import Client
import Contract
import Foundation
import Reports

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign in with a token, read from a prompt or from standard input.",
        discussion: "The token is never an argument: it would show in the list of processes.")

    @OptionGroup var options: ClientOptions

    func run() async throws {
        let token = try read().trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty else { throw Failure("no token was given", code: Failure.Code.cancelled) }
        let client = Client(server: try options.address, token: token)
        let session: SessionBody
        do {
            session = try await client.get("/v1/session")
            try await client.close()
        } catch {
            try? await client.close()
            throw error
        }
        try TokenFile().write(token, for: try options.address)
        if let server = options.server {
            var settings = try ClientSettings.read()
            settings.server = server
            try settings.write()
        }
        Terminal.note("signed in to \(client.server) as \(session.name), \(session.role.rawValue)")
    }

    private func read() throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { return readLine() ?? "" }
        guard let typed = getpass("Token: ") else { throw Failure("no token was given", code: Failure.Code.cancelled) }
        return String(cString: typed)
    }
}

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign out: revoke the token and forget it.")

    @OptionGroup var options: ClientOptions

    func run() async throws {
        guard try TokenFile().read() != nil else { return Terminal.note("nobody is signed in") }
        do {
            try await options.withClient { client in try await client.endSession() }
        } catch let problem as ProblemBody where problem.status == 401 {
            Terminal.note("the token had ended before")
        }
        TokenFile().remove()
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
