import Casework
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Signing in through the ministry's own directory, with a real one.
struct PeopleDirectoryTests {
    /// A sign-in that has begun on the command line, and waits for the person.
    private final class Login: Sendable {
        private let process: Process
        private let errors: URL

        init(_ program: Program, _ arguments: [String]) throws {
            process = Process()
            process.executableURL = URL(filePath: Program.path)
            process.arguments = ["login", "--directory"] + arguments
            let home = program.folder.path(percentEncoded: false)
            process.environment = ProcessInfo.processInfo.environment.merging([
                "XDG_STATE_HOME": home + "state", "XDG_CONFIG_HOME": home + "config",
                "RECTIFY_HOME": repository.path(percentEncoded: false),
            ]) { $1 }
            errors = program.folder.appending(path: "login-\(UUID())")
            try Data().write(to: errors)
            process.standardError = try FileHandle(forWritingTo: errors)
            process.standardOutput = FileHandle.nullDevice
            try process.run()
        }

        var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

        /// The part of what it says that fits, once it says so.
        func waits(for pattern: Regex<(Substring, Substring)>) async throws -> String {
            try await until("it says more than: \(said)") { said.contains(pattern) || !process.isRunning }
            return try String(#require(said.firstMatch(of: pattern), "it said: \(said)").output.1)
        }

        func ended() async throws -> Int32 {
            try await until("the sign-in ends") { !process.isRunning }
            return process.terminationStatus
        }
    }

    private func withDirectory(
        _ body: (Program, DirectoryIssuer, ServerProcess, [String]) async throws -> Void
    ) async throws {
        try await withProgram { program in
            let issuer = try await DirectoryIssuer(in: program.folder, port: try freePort())
            let settings = ["RECTIFY_DIRECTORY_ISSUER": issuer.issuer]
            let server = try await ServerProcess(program, settings: settings)
            _ = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            try await body(
                program, issuer, server, ["--server", server.address, "--callback-port", "\(issuer.callbackPort)"])
            #expect(await server.stop() == 0)
            issuer.stop()
        }
    }

    @Test func `an officer signs in by a browser on the same machine, with PKCE`() async throws {
        try await withDirectory { program, issuer, server, to in
            let login = try Login(program, to)
            let address = try await login.waits(for: /(http:\/\/127\S+\/auth\?\S+)/)
            for part in ["code_challenge=", "code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
                #expect(address.contains(part))
            }
            var browser = try await issuer.browser(of: "zhang")
            // An answer to something else is passed by: only what was asked for counts.
            let back = try #require(address.firstMatch(of: /redirect_uri=([^&]+)/)?.output.1.removingPercentEncoding)
            _ = try await browser.open("\(back)?code=forged&state=other")
            let page = try await browser.open(address + "&g_continue")
            #expect(page.contains("close this page"), "\(page)")
            #expect(try await login.ended() == 0, "\(login.said)")
            #expect(login.said.contains("as zhang, officer"))
            #expect(try await program.run("whoami", "-o", "name").output == "zhang\n")
            #expect(try await program.run("complaint", "list").code == 0)
        }
    }

    @Test func `an officer signs in by another device, and who is no officer does not`() async throws {
        try await withDirectory { program, issuer, server, to in
            for (name, code) in [("zhang", Int32(0)), ("stranger", 4)] {
                let login = try Login(program, ["--device"] + to)
                let address = try await login.waits(for: /open (http\S+) and type/)
                let typed = try await login.waits(for: /and type (\S+)/)
                #expect(!typed.isEmpty)
                var browser = try await issuer.browser(of: name)
                _ = try await browser.open(address + "&g_continue")
                #expect(try await login.ended() == code, "\(login.said)")
            }
            #expect(try await program.run("whoami", "-o", "name").output == "zhang\n")
        }
    }

    @Test func `the directory's keys may change`() async throws {
        try await withDirectory { program, issuer, server, to in
            func signIn() async throws -> Login {
                let login = try Login(program, to)
                let address = try await login.waits(for: /(http:\/\/127\S+\/auth\?\S+)/)
                var browser = try await issuer.browser(of: "zhang")
                _ = try await browser.open(address + "&g_continue")
                return login
            }
            #expect(try await signIn().ended() == 0)
            try await issuer.changeKey()
            // Asked for at once, since the token names a key that is not known; but not more than once in ten seconds.
            var codes: [Int32] = []
            try await until("the new key is known") {
                if !codes.isEmpty { try await Task.sleep(for: .seconds(1)) }
                codes.append(try await signIn().ended())
                return codes.last == 0
            }
            #expect(codes.dropLast().allSatisfy { $0 == 4 }, "\(codes)")
        }
    }
}
