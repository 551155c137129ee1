import Foundation
import Store
import Subprocess
import TestSupport
import Testing

/// Signing in on the command line, with a password.
struct SignInCommandTests {
    @Test func `an officer signs in with a password that was set for them, and sets another`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            _ = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let set = ["officer", "password", "zhang", "--data", program.data]
            let weak = try await program.run(set, input: "short\n")
            #expect(weak.code == 7 && weak.error.contains("12 to 256"), "\(weak.error)")
            #expect(try await program.run(set, input: "first given words\n").code == 0)
            let login = ["login", "--name", "zhang", "--server", server.address]
            let wrong = try await program.run(login, input: "other words here\n")
            #expect(wrong.code == 4 && wrong.error.contains("wrong"), "\(wrong.error)")
            let first = try await program.run(login, input: "first given words\n")
            #expect(first.code == 0 && first.error.contains("rectify password"), "\(first.error)")
            let held = try await program.run("complaint", "list")
            #expect(held.code != 0 && held.error.contains("password of your own"), "\(held.error)")
            let changed = try await program.run("password", input: "first given words\ntall trees fall\n")
            #expect(changed.code == 0, "\(changed.error)")
            #expect(try await program.run("complaint", "list").code == 0)
            #expect(try await program.run("logout").code == 0)
            #expect(try await program.run(login, input: "tall trees fall\n").code == 0)
            #expect(try await program.run("whoami", "-o", "name").output == "zhang\n")
            #expect(try await program.run(login, input: "\n").code == 2, "nothing was given")
            let removed = try await program.run("second-factor", "--remove", input: "123456\n")
            #expect(removed.code == 6, "\(removed.error)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a sign-in that fails uses up nothing, and one as somebody else says whose session it replaces`()
        async throws
    {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let again = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            #expect(again.code == 7 && again.error.contains("rectify officer token zhang"), "\(again.error)")
            let nowhere = try await program.run("login", "--server", "http://127.0.0.1:1", input: added.output)
            #expect(nowhere.code == 69 && nowhere.error.contains("not used up"), "\(nowhere.error)")
            #expect(try await program.run("whoami", "--server", server.address).code == 4)
            let first = try await program.run("login", "--server", server.address, input: added.output)
            #expect(first.code == 0 && !first.error.contains("replaces"), "\(first.error)")
            let same = try await program.run("login", "--server", server.address, input: added.output)
            #expect(same.code == 0 && !same.error.contains("replaces"), "\(same.error)")
            let boss = try await program.run("officer", "add", "boss", "--role", "supervisor", "--data", program.data)
            let wrong = try await program.run("login", "--server", server.address, input: "rct_wrong\n")
            #expect(wrong.code == 4)
            #expect(try await program.run("whoami", "-o", "name").output == "zhang\n", "nothing was replaced")
            let other = try await program.run("login", "--server", server.address, input: boss.output)
            #expect(other.code == 0 && other.error.contains("replaces the session of zhang"), "\(other.error)")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `a code of the second factor is not used up where this machine cannot keep the session`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            _ = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let set = ["officer", "password", "zhang", "--data", program.data]
            #expect(try await program.run(set, input: "first given words\n").code == 0)
            let login = ["login", "--name", "zhang", "--server", server.address]
            #expect(try await program.run(login, input: "first given words\n").code == 0)
            #expect(try await program.run("password", input: "first given words\ntall trees fall\n").code == 0)
            let factor = try await SecondFactorScreen.set(program, server.address, password: "tall trees fall")
            func code() -> String { factor.code(at: OneTimeCode.step(of: Date()) + 1) }

            let file = program.folder.appending(path: "no-folder")
            try Data().write(to: file)
            let typed = "tall trees fall\n\(code())\n"
            let unkept = try await program.run(
                login, input: typed, environment: ["XDG_STATE_HOME": file.path(percentEncoded: false)])
            #expect(unkept.code == 1 && unkept.error.contains("cannot be made"), "\(unkept.error)")
            let kept = try await program.run(login, input: typed)
            #expect(kept.code == 0, "\(kept.error)")
            let twice = try await program.run(login, input: typed)
            #expect(twice.code == 4, "now it is used up")
            #expect(try await program.run("whoami", "-o", "name").output == "zhang\n", "and the session is still there")
            #expect(await server.stop() == 0)
        }
    }

    @Test func `an empty variable of the environment is as good as none`() async throws {
        try await withProgram { program in
            let server = try await ServerProcess(program)
            let added = try await program.run("officer", "add", "zhang", "--role", "officer", "--data", program.data)
            let home = program.folder.appending(path: "home").path(percentEncoded: false)
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let empty: [Environment.Key: String?] = [
                "HOME": home, "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "RECTIFY_SERVER": "", "RECTIFY_CAMPAIGN": "",
            ]
            let login = try await program.run(
                ["login", "--server", server.address], input: added.output, environment: empty)
            #expect(login.code == 0, "\(login.error)")
            #expect(FileManager.default.fileExists(atPath: home + "/.local/state/rectify/token"))
            #expect(FileManager.default.fileExists(atPath: home + "/.config/rectify/client.yaml"))
            let list = try await program.run(["complaint", "list"], environment: empty)
            #expect(list.code == 0, "\(list.error)")
            #expect(await server.stop() == 0)
        }
    }
}

/// Sets a second factor at a terminal, as an officer does.
enum SecondFactorScreen {
    /// - Returns: What makes its codes; the one of now is used up.
    static func set(_ program: Program, _ address: String, password: String) async throws -> OneTimeCode {
        let screen = try await Screen(program, ["second-factor"], address: address)
        try await screen.shows("Password:")
        try await screen.press(literally: password, "Enter")
        try await screen.shows("otpauth://")
        try await screen.shows("Code:")
        let shown = try await screen.text().replacing("\n", with: "")
        let secret = try #require(shown.firstMatch(of: /secret=([A-Z2-7]{32})/)?.output.1)
        let factor = OneTimeCode(secret: try #require(Data(base32: String(secret))))
        try await screen.press(literally: factor.code(at: OneTimeCode.step(of: Date())), "Enter")
        try await screen.shows("from now on a code is asked for")
        try await screen.close()
        return factor
    }
}
