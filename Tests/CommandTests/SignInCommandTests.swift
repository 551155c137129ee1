import Foundation
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
}
