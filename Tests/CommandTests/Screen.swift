import Foundation
import Subprocess
import TestSupport
import Testing

/// A terminal of 80 columns in which a program runs and keys are pressed, by tmux.
struct Screen {
    let socket: String

    init(_ program: Program, _ arguments: [String], address: String) async throws {
        socket = "rectify-\(UUID().uuidString.prefix(8))"
        let home = program.folder.path(percentEncoded: false)
        let settings = [
            "XDG_STATE_HOME=\(home)state", "XDG_CONFIG_HOME=\(home)config", "RECTIFY_SERVER=\(address)",
            "RECTIFY_HOME=\(repository.path(percentEncoded: false))",
        ]
        let command = ["env"] + settings + [Program.path] + arguments
        _ = try await tmux(["new-session", "-d", "-x", "80", "-y", "40"] + command)
        _ = try await tmux(["set-option", "-g", "remain-on-exit", "on"])
    }

    @discardableResult
    func tmux(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name("tmux"), arguments: Arguments(["-u", "-L", socket, "-f", "/dev/null"] + arguments),
            environment: .inherit.updating(["LANG": "C.UTF-8", "TERM": "xterm"]), output: .string(limit: 1 << 20),
            error: .discarded)
        return result.standardOutput
    }

    func text() async throws -> String { try await tmux(["capture-pane", "-p", "-S", "-200"]) }

    /// The same with the lines joined that the terminal wrapped.
    private func joinedText() async throws -> String { try await tmux(["capture-pane", "-p", "-J", "-S", "-200"]) }

    /// Presses keys, one after another.
    func press(_ keys: String...) async throws {
        for key in keys { try await tmux(["send-keys", key]) }
    }

    /// Types a text as it stands, then presses keys.
    func press(literally text: String, _ keys: String...) async throws {
        try await tmux(["send-keys", "-l", text])
        for key in keys { try await tmux(["send-keys", key]) }
    }

    /// Waits until the screen shows a text.
    func shows(_ wanted: String) async throws {
        do {
            try await until("the screen shows “\(wanted)”") { try await joinedText().contains(wanted) }
        } catch {
            Issue.record("the screen never showed “\(wanted)”:\n\(try await text())")
            throw error
        }
    }

    func close() async throws { try await tmux(["kill-server"]) }
}
